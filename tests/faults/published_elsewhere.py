"""An edition is published in one process, and others have a cache: ``python -m tests.faults.published_elsewhere``.

On PostgreSQL, under postgres.py. Two workers of a server answer the list of editions from their caches; once an
edition is published elsewhere, both have to tell of it, with nobody's help. Says after how long they did.
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

# So many answers in a row, each on a connection of its own, are those of both workers.
ANSWERS = 40
# Seconds in which a server has to begin, and an edition to be seen.
PATIENCE = 60.0


@contextlib.contextmanager
def served(url: str) -> Iterator[str]:
    """Run two workers on a database, and give their address once they answer."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    settings = {"DEBUG": "false", "HTTPS": "false", "ALLOWED_HOSTS": "127.0.0.1", "DATABASE_URL": url}
    command = ["-m", "granian", "--interface", "wsgi", "--workers", "2", "--no-ws", "--log-level", "warning"]
    server = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, *command, "--host", "127.0.0.1", "--port", str(port), "config.wsgi:application"],
        cwd=own.ROOT,
        env=os.environ | settings | {"SECRET_KEY": secrets.token_urlsafe(64)},
    )
    try:
        base, begun = f"http://127.0.0.1:{port}", time.monotonic()
        while time.monotonic() - begun < PATIENCE:
            with contextlib.suppress(OSError):
                slugs(base)
                break
        yield base
    finally:
        server.terminate()
        server.wait(30)


def slugs(base: str) -> set[str]:
    """Return the editions that a worker tells of."""
    with urlopen(f"{base}/api/v1/editions/", timeout=10) as answer:  # noqa: S310 - a server of ours on loopback
        return {edition["slug"] for edition in json.load(answer)["results"]}


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
            begun = last = time.monotonic()
            row = 0
            while row < ANSWERS and time.monotonic() - begun < PATIENCE:
                if slugs(base) == {"first", "second"}:
                    row += 1
                else:
                    row, last = 0, time.monotonic()
        print(f"发布后 {last - begun:.2f} 秒起，两个进程都答出新版本")
        return 0 if row == ANSWERS else 1


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    sys.exit(main())
