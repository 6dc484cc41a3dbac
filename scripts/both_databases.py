"""Runs pytest on SQLite and on PostgreSQL side by side; what the second one prints follows when both have ended."""

import os
import secrets
import shutil
import signal
import sys
import tempfile
from subprocess import Popen

# As in production, but that a test client speaks plain HTTP; nothing of the machine's own configuration has a say.
ENVIRONMENT = {"ALLOWED_HOSTS": "testserver,localhost,127.0.0.1", "BEHIND_PROXY": "false", "DATABASE_URL": ""}
ENVIRONMENT |= {"DEBUG": "false", "HTTPS": "false", "SECRET_KEY": secrets.token_urlsafe(64)}


def main(arguments: list[str]) -> int:
    """Run pytest with these arguments, or without the tests marked ``long`` if there are none; return an exit code."""
    environment = os.environ | ENVIRONMENT
    pytest = [sys.executable, "-W", "error", "-m", "pytest", *(arguments or ["-m", "not long"])]
    with tempfile.TemporaryFile() as output:
        # A test that touches no database is run once, on the PostgreSQL side.
        sqlite = Popen([*pytest, "--only-with-database"], env=environment)  # noqa: S603 - our own words
        postgresql = Popen([sys.executable, "tests/postgres.py", *pytest], env=environment, stdout=output)  # noqa: S603
        # The terminal's Ctrl-C reaches them by itself.
        signal.signal(signal.SIGINT, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: [child.send_signal(signal.SIGINT) for child in (sqlite, postgresql)])
        codes = sqlite.wait(), postgresql.wait()
        output.seek(0)
        shutil.copyfileobj(output, sys.stdout.buffer)
    # 5: nothing to run, as where no test asked for touches a database.
    passed = codes[0] in {0, 5}, codes[1] == 0
    print(f"SQLite {'通过' if passed[0] else '失败'}；PostgreSQL {'通过' if passed[1] else '失败'}")
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
