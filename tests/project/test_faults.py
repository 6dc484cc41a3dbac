"""Short runs of the fault tests: killed processes and concurrent saves, in databases of their own.

The long runs are ``python -m tests.faults.kill_publisher``, ``race_publisher`` and ``concurrent_saves``; for PostgreSQL
put ``python tests/postgres.py`` before the command.
"""

import os
import subprocess
import sys

import pytest

from tests.faults.own import ROOT

pytestmark = [pytest.mark.long, pytest.mark.own_database]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["kill_publisher", "--runs", "10", "--services", "8"], "10 次 kill -9 之后"),
        (["race_publisher", "--runs", "6"], "6 次竞争"),
        (["concurrent_saves", "--editors", "10", "--saves", "4"], "每次接受的都在记录中"),
        (["published_elsewhere"], "两个进程都答出新版本"),
    ],
    ids=["kill-9", "race", "10-editors", "elsewhere"],
)
def test_no_publication_and_no_save_is_lost(command, expected):
    completed = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-W", "error", "-m", f"tests.faults.{command[0]}", *command[1:]],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )

    assert completed.returncode == 0, completed.stdout + completed.stderr
    assert expected in completed.stdout
