"""Processes that are killed and editors who save at once, in databases of their own; the long forms are commands.

``python -m tests.faults.kill_publisher``, ``race_publisher`` and ``concurrent_saves``, on PostgreSQL each after
``python tests/postgres.py``.
"""

import os
import subprocess
import sys

import pytest

from tests.faults.own import ROOT

pytestmark = [pytest.mark.long, pytest.mark.own_database]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["kill_publisher", "--runs", "10", "--services", "8"], "10 次 kill -9 之后"),
        (["race_publisher", "--runs", "6"], "6 次竞争"),
        (["concurrent_saves", "--editors", "10", "--saves", "4"], "每次接受的都在记录中"),
        (["published_elsewhere"], "两个进程都答出新版本"),
    ],
    ids=["kill-9", "race", "10-editors", "elsewhere"],
)
def test_nothing_is_lost(command, said):
    ran = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-W", "error", "-m", f"tests.faults.{command[0]}", *command[1:]],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert said in ran.stdout
