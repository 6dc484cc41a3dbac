"""Cache invalidation across processes: ``python -m tests.faults.published_elsewhere``.

On PostgreSQL, under tests/postgres.py. Two workers of a server answer the list of editions from their caches; after an
edition is published in another process, both must list it. Prints after how many seconds they do.
"""

import argparse
import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.request import urlopen

from tests.faults import own

# Number of consecutive responses, on a connection each, that must come from both workers.
ANSWERS = 40
# Seconds until a server must answer, and until an edition must be listed.
PATIENCE = 60.0


@contextlib.contextmanager
def served(url: str) -> Iterator[str]:
    """Run two workers on a database; yield their base URL once they answer."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {"DEBUG": "false", "HTTPS": "false", "ALLOWED_HOSTS": "127.0.0.1", "DATABASE_URL": url}
    command = ["-m", "granian", "--interface", "wsgi", "--workers", "2", "--no-ws", "--log-level", "warning"]
    server = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, *command, "--host", "127.0.0.1", "--port", str(port), "config.wsgi:application"],
        cwd=own.ROOT,
        env=os.environ | settings | {"SECRET_KEY": secrets.token_urlsafe(64)},
    )
    try:
        base, started = f"http://127.0.0.1:{port}", time.monotonic()
        while time.monotonic() - started < PATIENCE:
            with contextlib.suppress(OSError):
                slugs(base)
                break
        yield base
    finally:
        server.terminate()
        server.wait(30)


def slugs(base: str) -> set[str]:
    """Return the slugs of the editions that a worker lists."""
    with urlopen(f"{base}/api/v1/editions/", timeout=10) as response:  # noqa: S310 - a server of ours on loopback
        return {edition["slug"] for edition in json.load(response)["results"]}


def main() -> int:
    with own.database() as database:
        from django.db import connections

        from catalogue.audit.log import AuditContext
        from catalogue.models import Edition
        from catalogue.workflow import publishing

        own.build(services=4)
        connections.close_all()
        with served(database.url) as base:
            for _ in range(ANSWERS):
                assert slugs(base) == {"first"}
            publishing.publish(Edition.objects.get(slug="second"), context=AuditContext(at=own.AT))
            published_at = last_stale = time.monotonic()
            in_a_row = 0
            while in_a_row < ANSWERS and time.monotonic() - published_at < PATIENCE:
                if slugs(base) == {"first", "second"}:
                    in_a_row += 1
                else:
                    in_a_row, last_stale = 0, time.monotonic()
        print(f"发布后 {last_stale - published_at:.2f} 秒起，两个进程都答出新版本")
        return 0 if in_a_row == ANSWERS else 1


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    sys.exit(main())
