"""Reading a table: what is written in other ways means the same, and nothing is lost."""

import warnings
from contextlib import suppress
from random import Random

import pytest
from openpyxl import Workbook
from openpyxl.styles import Font

from catalogue.spreadsheets.limits import UnreadableFileError
from catalogue.spreadsheets.reader import read_table
from tests.spreadsheets.test_refused_files import SHEET
from tests.support.spreadsheets import SHARE, SHARES, list_row, make_csv, make_workbook, repack_workbook, workbook_with


def test_radicals_copied_out_of_a_pdf_become_characters(db):
    table = read_table("a.csv", make_csv(list_row(编者说明="养⽼；⺠政；⻘年")))

    assert table.rows[0].cells["note"] == "养老；民政；青年"


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("甲_x000D_\n乙", "甲\n乙"),
        ("甲_x000D_乙", "甲\n乙"),
        ("甲_x0009_乙", "甲\t乙"),
        ("甲_x4E59_", "甲乙"),
        ("_x005F_x000B_", "_x000B_"),
        ("a_x005F_x005F_b", "a_x005F_b"),
        ("x005F_", "x005F_"),
        ("_x00_ _xGGGG_", "_x00_ _xGGGG_"),
    ],
)
def test_escapes_of_a_workbook_are_decoded_once(db, written, text):
    table = read_table("a.xlsx", make_workbook(list_row() | {"编者说明": written}))

    assert table.rows[0].cells["note"] == text


def test_merged_cells_without_a_value_lose_nothing(db):
    content = make_workbook(list_row(), change=lambda book: book["清单"].merge_cells("A5:C6"))

    assert len(read_table("a.xlsx", content).rows) == 1


def test_an_honest_workbook_with_a_thousand_formats_is_read(db):
    def paint(book: Workbook) -> None:
        for number in range(1000):
            book["清单"].cell(3 + number, 1).font = Font(size=1 + number % 100, color=f"{number:06X}")

    assert len(read_table("a.xlsx", make_workbook(list_row(), change=paint)).rows) == 1


def test_a_small_part_that_repeats_itself_is_no_danger(db):
    content = repack_workbook(make_workbook(list_row()), lambda parts: parts.update({"xl/media/a.emf": b"\0" * 2**20}))

    assert len(read_table("a.xlsx", content).rows) == 1


def test_damaged_bytes_of_a_workbook_cause_no_unexpected_error(db):
    content, random = make_workbook(list_row()), Random(7)  # noqa: S311 - not for secrets
    for _ in range(300):
        damaged = bytearray(content)
        for _ in range(random.randint(1, 4)):
            damaged[random.randrange(4, len(damaged))] = random.randrange(256)
        with suppress(UnreadableFileError), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            read_table("a.xlsx", bytes(damaged))


def test_a_damaged_part_of_a_workbook_causes_no_unexpected_error(db):
    content, random = make_workbook(list_row()), Random(7)  # noqa: S311 - not for secrets
    for name in (SHEET, "xl/workbook.xml", "xl/styles.xml", "[Content_Types].xml") * 60:

        def damage(parts: dict[str, bytes], name: str = name) -> None:
            position = random.randrange(len(parts[name]))
            parts[name] = parts[name][:position] + bytes([random.randrange(32, 127)]) + parts[name][position + 1 :]

        with suppress(UnreadableFileError), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            read_table("a.xlsx", repack_workbook(content, damage))


def test_a_number_of_a_format_that_the_workbook_does_not_have_is_read(db):
    content = workbook_with(SHARES, SHARE | {"百分之几": 80})

    def damage(parts):
        name = "xl/worksheets/sheet2.xml"
        parts[name] = parts[name].replace(b'<c r="D2"', b'<c r="D2" s="999"')
        assert b's="999"' in parts[name]

    (row,) = read_table("a.xlsx", repack_workbook(content, damage)).values["shares"]

    assert row.cells["percent"] == "80"
