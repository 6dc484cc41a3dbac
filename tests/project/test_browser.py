"""The desk in Chromium, from proposal to published edition; skipped if Chromium is not installed."""

import os
import subprocess
import sys

import pytest
from django.db import connection

from tests.browser.walk import chromium
from tests.faults.own import ROOT

pytestmark = [pytest.mark.long, pytest.mark.own_database]


@pytest.mark.skipif(chromium() is None, reason="no Chromium on this machine (Debian: chromium, fonts-noto-cjk)")
@pytest.mark.skipif(connection.vendor != "sqlite", reason="pages look alike on both databases: walked through on one")
def test_four_people_take_a_change_from_proposal_to_edition():
    """By keyboard, under the content security policy, with axe and a check for English words on every page."""
    completed = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "tests.browser.walk", "--tour"],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )

    assert completed.returncode == 0, completed.stdout + completed.stderr
    assert "从建议到发布走通" in completed.stdout
