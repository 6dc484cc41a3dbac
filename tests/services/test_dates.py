"""Dates as people write them."""

import datetime

import pytest

from services.text import dates


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("2027年1月1日", "2027-01-01"),
        ("2027-1-1", "2027-01-01"),
        ("2027/01/1", "2027-01-01"),
        ("2027.1.1", "2027-01-01"),
        (" ２０２７ 年 １ 月 １ 日 ", "2027-01-01"),
        ("2027－01－01", "2027-01-01"),
        ("2026年11月20号", "2026-11-20"),
        ("2026年11月", "2026-11"),
        ("2026年", "2026"),
        ("2026", "2026"),
        ("明年一月", "明年一月"),
        ("1.1.2027", "1.1.2027"),
        ("", ""),
    ],
)
def test_a_date_is_read_as_people_write_it(written, iso):
    assert dates.iso(written) == iso


@pytest.mark.parametrize(
    ("date", "exists"),
    [
        ("2028-02-29", True),
        ("2027-02-29", False),
        ("2027-13", False),
        ("2027-12", True),
        ("2027", True),
        ("0000", False),
    ],
)
def test_a_day_is_in_the_calendar_or_not(date, exists):
    assert dates.exists(date) == exists


@pytest.mark.parametrize(
    ("day", "count", "due"),
    [
        ("2026-11-23", 1, "2026-11-24"),  # Monday
        ("2026-11-27", 1, "2026-11-30"),  # Friday: the weekend does not count
        ("2026-11-28", 1, "2026-11-30"),  # received on a Saturday
        ("2026-11-23", 5, "2026-11-30"),
        ("2026-11-23", 15, "2026-12-14"),
    ],
)
def test_a_deadline_counts_working_days_from_the_day_after(day, count, due):
    first, last = datetime.date.fromisoformat(day), datetime.date.fromisoformat(due)

    assert dates.working_days_after(first, count) == last
    assert dates.working_days_between(first, last) == count


@pytest.mark.parametrize(
    ("earlier", "later", "number"),
    [
        ("2026-11-23", "2026-11-23", 0),
        ("2026-11-24", "2026-11-23", 0),
        ("2026-11-27", "2026-11-29", 0),  # a weekend
        ("2026-11-28", "2026-12-06", 5),
        ("2026-11-23", "2026-12-07", 10),
    ],
)
def test_working_days_between_two_days(earlier, later, number):
    assert (
        dates.working_days_between(datetime.date.fromisoformat(earlier), datetime.date.fromisoformat(later)) == number
    )
