"""Runs pytest on SQLite and on PostgreSQL in parallel; the output of PostgreSQL is printed when both have ended."""

import os
import secrets
import shutil
import signal
import sys
import tempfile
from subprocess import Popen

# As in production, except that a test client uses plain HTTP. Overrides the machine's own environment.
ENVIRONMENT = {"ALLOWED_HOSTS": "testserver,localhost,127.0.0.1", "BEHIND_PROXY": "false", "DATABASE_URL": ""}
ENVIRONMENT |= {"DEBUG": "false", "HTTPS": "false", "SECRET_KEY": secrets.token_urlsafe(64)}


def main(arguments: list[str]) -> int:
    """Run pytest with these arguments on both databases; return an exit code.

    Without arguments run all tests but those marked ``long``, and of those that use the database through
    the models alone half on each database (``half_of()`` in tests/conftest.py).
    """
    environment = os.environ | ENVIRONMENT
    pytest = [sys.executable, "-W", "error", "-m", "pytest", *(arguments or ["-m", "not long"])]
    halves = ([], []) if arguments else (["--half", "first"], ["--half", "second"])
    with tempfile.TemporaryFile() as output:
        # A test that touches no database is run once, on the SQLite side, which ends first.
        sqlite = Popen([*pytest, *halves[0]], env=environment)  # noqa: S603 - our own command
        server = [sys.executable, "tests/postgres.py", *pytest, *halves[1], "--only-with-database"]
        postgresql = Popen(server, env=environment, stdout=output)  # noqa: S603 - our own command
        # The terminal sends Ctrl-C to the children too, so it is ignored here.
        signal.signal(signal.SIGINT, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: [child.send_signal(signal.SIGINT) for child in (sqlite, postgresql)])
        codes = sqlite.wait(), postgresql.wait()
        output.seek(0)
        shutil.copyfileobj(output, sys.stdout.buffer)
    # pytest exits with 5 if it collects no tests, as when no selected test uses the database.
    passed = codes[0] == 0, codes[1] in {0, 5}
    print(f"SQLite {'通过' if passed[0] else '失败'}；PostgreSQL {'通过' if passed[1] else '失败'}")
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
