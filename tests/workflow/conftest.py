"""A copy of ``fixtures/`` that tests of the load may change."""

import shutil
from pathlib import Path

import pytest

from catalogue.models import Edition
from tests.support.editions import shorten
from tests.support.paths import FIXTURES


@pytest.fixture
def folder(tmp_path) -> Path:
    return shutil.copytree(FIXTURES, tmp_path / "fixtures")


@pytest.fixture
def short_editions(db) -> None:
    """The three editions with a dozen services each: to verify them is then quick."""
    for edition in Edition.objects.order_by("number"):
        shorten(edition)
