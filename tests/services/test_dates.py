"""Dates as people write them."""

import pytest

from services import dates


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
