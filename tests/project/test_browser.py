"""The desk as people use it: from proposal to published edition in Chromium, where it is installed."""

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
    """By keyboard, with axe on every page, under the content security policy, and without an English word."""
    walked = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "tests.browser.walk", "--tour"],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )

    assert walked.returncode == 0, walked.stdout + walked.stderr
    assert "从建议到发布走通" in walked.stdout
