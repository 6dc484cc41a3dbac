"""Dates and numbers as spreadsheets rewrite them are read back, and what is ambiguous is said to be so."""

import datetime

import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from catalogue.spreadsheets import rewritten
from tests.support.spreadsheets import CITATION_CELLS, list_row, make_csv, make_workbook, plan

# A service whose standard is of a day, and one whose standard is of a year.
OF_A_DAY, OF_A_YEAR = "NM-04-16", "NM-01-07"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("840.0", "840"),
        ("8.4E+2", "840"),
        ("8.4e2", "840"),
        ("１，９２０", "1920"),
        ("1,920.50", "1920.5"),
        (" 0.0 ", "0"),
        ("1" * 40, None),  # more digits than a figure has
        ("1,92", None),  # no thousands separator
        ("840元", None),
        ("840/670", None),
        ("", None),
    ],
)
def test_a_number_is_read_as_it_was_before_a_spreadsheet_rewrote_it(text, read):
    assert rewritten.figure(text) == read


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026-01-01", "2026-01-01"),
        ("2026/1/1", "2026-01-01"),
        ("2026.1.1", "2026-01-01"),
        ("2026-01-01 00:00:00", "2026-01-01"),
        ("2026/1/1 0:00", "2026-01-01"),
        ("2026-01-01T00:00:00", "2026-01-01"),
        ("2026年1月1日", "2026-01-01"),
        ("２０２６年１月１日", "2026-01-01"),
        ("20260101", "2026-01-01"),
        ("46023", "2026-01-01"),
        ("46023.0", "2026-01-01"),
        ("2026年2月", "2026-02"),
        ("2026-02", "2026-02"),
        ("2023.0", "2023"),
        ("2018/2020", None),  # two years
        ("2019/2024-07-01", None),
        ("2025秋季学期", None),
        ("100000", None),  # no serial number of a day near enough
    ],
)
def test_a_date_is_read_in_the_forms_of_spreadsheets(text, read):
    assert rewritten.day(text) == read


@pytest.mark.parametrize("text", ["1/2/2026", "01-02-26", "Jan-26", "1-Jan-2026", "2026-01-01 08:00:00"])
def test_an_ambiguous_date_is_not_guessed(text):
    with pytest.raises(rewritten.AmbiguousDateError):
        rewritten.day(text)


@pytest.mark.parametrize(
    ("text", "current"),
    [("2026-02-01", "2026-02"), ("Feb-26", "2026-02"), ("2026/2/1", "2026-02"), ("2026/1/1", "2026年1月1日")],
)
def test_a_rewritten_value_is_the_same(text, current):
    assert rewritten.is_same(text, current)


@pytest.mark.parametrize(
    ("text", "current"), [("2026-02-02", "2026-02"), ("Mar-26", "2026-02"), ("Jan-26", "2026-01-26")]
)
def test_another_value_is_not_the_same(text, current):
    assert not rewritten.is_same(text, current)


@pytest.mark.parametrize(
    "write", ["{0:%Y}/{0.month}/{0.day}", "{0} 00:00:00", "{0:%Y}年{0.month}月{0.day}日", "serial", "２０{0:%y-%m-%d}"]
)
def test_a_rewritten_date_of_a_csv_is_no_change(db, write):
    day = datetime.date.fromisoformat(list_row(OF_A_DAY)["标准所属时间"])
    text = str((day - datetime.date(1899, 12, 30)).days) if write == "serial" else write.format(day)

    shown = plan(make_csv(list_row(OF_A_DAY, 标准所属时间=text)))

    assert (shown.faults, [row.action for row in shown.rows]) == ([], [None])


@pytest.mark.parametrize("write", [lambda day: day, lambda day: datetime.datetime.combine(day, datetime.time())])
def test_a_date_cell_of_a_workbook_is_no_change(db, write):
    day = datetime.date.fromisoformat(list_row(OF_A_DAY)["标准所属时间"])

    shown = plan(make_workbook(list_row(OF_A_DAY) | {"标准所属时间": write(day)}))

    assert (shown.faults, [row.action for row in shown.rows]) == ([], [None])


@pytest.mark.parametrize("cell", [datetime.date(2027, 1, 1), "2027/1/1", "2027年1月1日", 46388])
def test_a_new_date_is_proposed_in_one_form(db, cell):
    row = list_row(OF_A_YEAR) | CITATION_CELLS | {"标准所属时间": cell, "核实情况": "转述"}

    shown = plan(make_workbook(row))

    assert [planned.entry_data["standard_as_of"] for planned in shown.rows] == ["2027-01-01"]


@pytest.mark.parametrize(
    "cell",
    ["1/2/2027", "2027-01-02 08:30:00", datetime.datetime.combine(datetime.date(2027, 1, 2), datetime.time(8, 30))],
)
def test_an_ambiguous_date_is_refused_by_its_cell(db, cell):
    (fault,) = plan(make_workbook(list_row(OF_A_YEAR) | {"标准所属时间": cell})).faults

    assert "（标准所属时间） 列：" in str(fault)
    assert "2026-01-02" in str(fault)


@pytest.mark.parametrize("write", ["{}.0", "{}E+0", "{}.00"])
def test_a_rewritten_number_is_no_change(db, write):
    row = list_row(OF_A_YEAR)

    shown = plan(make_csv(row | {"序号": write.format(row["序号"])}))

    assert (shown.faults, [row.action for row in shown.rows]) == ([], [None])


def test_a_day_without_its_format_is_counted_from_the_epoch_of_the_workbook(db):
    row = list_row(OF_A_DAY)
    days = (datetime.date.fromisoformat(row["标准所属时间"]) - datetime.date(1904, 1, 1)).days

    content = make_workbook(row | {"标准所属时间": days}, change=lambda book: setattr(book, "epoch", CALENDAR_MAC_1904))

    shown = plan(content)
    assert (shown.faults, [planned.action for planned in shown.rows]) == ([], [None])
