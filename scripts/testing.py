"""What ``scripts/test`` does once it has a Python: install, and run pytest on SQLite and on PostgreSQL.

The halves run side by side where there are two cores, which takes half the time. What is printed stays apart: the
SQLite half's as it comes, the PostgreSQL half's after it. Neither has a keyboard; for ``--pdb`` run pytest itself.
"""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from typing import IO

import installing
import stopping

# Nothing of the machine's own configuration, nor anything under var/, has a say in a test.
ENVIRONMENT = {
    "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
    "BEHIND_PROXY": "false",
    # As in production, but that a test client speaks plain HTTP.
    "DEBUG": "false",
    "HTTPS": "false",
    "SECRET_KEY": f"only-for-this-run-of-the-tests-{secrets.token_urlsafe(32)}",
}
# Seconds a half has to end when it is told to: more than ``postgres.py`` gives its own command.
PATIENCE = 30
PYTHON = str(installing.PYTHON)


def main(arguments: list[str]) -> int:
    """Run both halves whatever the first one says; return the worse exit code."""
    stopping.listen()
    try:
        with stopping.quietly(), installing.alone():
            installing.install("requirements-dev.txt")
    except installing.Refused as error:
        sys.exit(str(error))
    pytest = [PYTHON, "-W", "error", "-m", "pytest"]
    if sys.stdout.isatty():
        pytest.append("--color=yes")
    commands = {
        # What touches no database is run once, by the other half: the walk in Chromium is this one's.
        "SQLite": [*pytest, "--only-with-database", *arguments],
        "PostgreSQL": [PYTHON, str(installing.ROOT / "tests" / "postgres.py"), *pytest, *arguments],
    }
    codes = run(commands, together=(os.cpu_count() or 1) > 1)
    results = [f"{name} {'通过' if code == 0 else f'失败（退出码 {code}）'}" for name, code in codes.items()]
    installing.say(f"\n测试结果：{'；'.join(results)}")
    return max(codes.values())


def run(commands: dict[str, list[str]], *, together: bool) -> dict[str, int]:
    """Run named commands, two at the same time or one after the other; return each one's exit code.

    If we are told to stop, so are they, as by Ctrl-C: pytest then drops its database and ``postgres.py`` its server.
    """
    first, second = commands
    children = []
    with tempfile.TemporaryFile() as aside:
        try:
            installing.say(f"\n━━━━ 测试：{first}{f'（{second} 同时进行，随后显示）' if together else ''} ━━━━")
            children.append(start(commands[first]))
            if together:
                children.append(start(commands[second], output=aside))
            codes = {first: ended(children[0])}
            installing.say(f"\n━━━━ 测试：{second} ━━━━")
            if not together:
                children.append(start(commands[second]))
            codes[second] = ended(children[1])
        except SystemExit:
            for child in children:
                child.send_signal(signal.SIGINT)
            for child in children:
                # A KeyboardInterrupt raised inside a __del__ is lost, so not for ever.
                try:
                    child.wait(PATIENCE)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()
            sys.exit(130)
        aside.seek(0)
        shutil.copyfileobj(aside, sys.stdout.buffer)
    sys.stdout.flush()
    return codes


def start(command: list[str], *, output: IO[bytes] | None = None) -> subprocess.Popen:
    """Start a command in the project's folder, out of reach of the terminal's Ctrl-C, which we pass on once."""
    environment = {key: value for key, value in os.environ.items() if key not in {"DATABASE_URL", "HOST", "PORT"}}
    return subprocess.Popen(  # noqa: S603 - our own words and the user's, no shell
        command,
        cwd=installing.ROOT,
        env=environment | ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output else None,
        start_new_session=True,
    )


def ended(child: subprocess.Popen) -> int:
    """Wait for a child; return its exit code, 1 if a signal ended it."""
    code = child.wait()
    return code if code >= 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
