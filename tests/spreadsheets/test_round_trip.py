"""Export and import are each other's inverse, also after a spreadsheet has read and saved the file."""

import csv
import datetime
import io
import re

import pytest
from openpyxl import load_workbook

from catalogue.models import Edition
from catalogue.spreadsheets import rewritten
from catalogue.spreadsheets.plan import Plan
from catalogue.spreadsheets.writer import to_csv, to_xlsx
from tests.support.spreadsheets import plan, workbook_bytes

pytestmark = pytest.mark.django_db

EDITIONS = ["2021", "2023", "2026"]


def exported(slug: str, kind: str) -> bytes:
    edition = Edition.objects.get(slug=slug)
    return b"".join({"csv": to_csv, "xlsx": to_xlsx}[kind](edition.documents(), edition=edition))


def assert_unchanged(shown: Plan) -> None:
    assert [str(fault) for fault in shown.faults] == []
    assert len(shown.rows) > 70
    assert {row.action_label for row in shown.rows} == {"没有变化"}
    assert shown.ignored_rows == 0


def as_a_number_or_day(text: str) -> object:
    """Return a text as a spreadsheet understands it that was told nothing of its column."""
    if re.fullmatch("[0-9]{4}-[0-9]{2}(-[0-9]{2})?", text):
        return datetime.date.fromisoformat(text if len(text) == 10 else f"{text}-01")
    return float(text) if rewritten.figure(text) else text


def rewritten_csv(content: bytes) -> bytes:
    """Read and save a CSV file as Excel does in Chinese: days as 2026/1/1, no mark for UTF-8."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")):
        values = [as_a_number_or_day(text) for text in row]
        writer.writerow(
            f"{value.year}/{value.month}/{value.day}" if isinstance(value, datetime.date) else value for value in values
        )
    return out.getvalue().encode()


def rewritten_workbook(content: bytes, *, typed: bool) -> bytes:
    """Read and save a workbook; ``typed``: with each number and day as such, not as text."""
    book = load_workbook(io.BytesIO(content))
    for sheet in book if typed else ():
        for row in sheet.iter_rows(min_row=2):
            for cell in row:
                if isinstance(cell.value, str):
                    cell.number_format = "General"
                    cell.value = as_a_number_or_day(cell.value)
    return workbook_bytes(book)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("slug", EDITIONS)
def test_every_edition_comes_back_unchanged(slug, kind):
    assert_unchanged(plan(exported(slug, kind), slug=slug))


@pytest.mark.parametrize("slug", EDITIONS)
def test_a_csv_saved_by_a_spreadsheet_comes_back_unchanged(slug):
    assert_unchanged(plan(rewritten_csv(exported(slug, "csv")), slug=slug))


@pytest.mark.parametrize("typed", [False, True])
@pytest.mark.parametrize("slug", EDITIONS)
def test_a_workbook_saved_by_a_spreadsheet_comes_back_unchanged(slug, typed):
    assert_unchanged(plan(rewritten_workbook(exported(slug, "xlsx"), typed=typed), slug=slug))
