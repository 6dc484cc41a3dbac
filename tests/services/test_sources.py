"""The first day on which a source may be cited."""

import datetime

import pytest
from django.core.exceptions import ValidationError

from services.sources import Source, last_day


@pytest.mark.parametrize(
    ("date", "in_force_from", "citable_from"),
    [
        ("2021-11-05", None, "2021-11-05"),
        ("2018-08", None, "2018-08-31"),  # a month counts from its last day
        ("2020-02", None, "2020-02-29"),
        ("2018", None, "2018-12-31"),  # a year from its last day
        (None, None, "2026-01-01"),  # without a date, from 2026
        ("2021-08-20", datetime.date(2022, 1, 1), "2022-01-01"),  # in force later than dated
    ],
)
def test_a_source_is_citable_from_the_last_possible_day_of_its_date(date, in_force_from, citable_from):
    source = Source(date=date, in_force_from=in_force_from)

    assert source.first_citable_day() == datetime.date.fromisoformat(citable_from)


@pytest.mark.parametrize("date", ["2021-02-30", "2021-13", "2021-00", "2021-01-00"])
def test_a_day_or_month_that_does_not_exist_is_refused(date):
    with pytest.raises(ValueError, match="month|day"):
        last_day(date)
    with pytest.raises(ValidationError, match="没有"):
        Source(date=date).clean()


def test_the_legal_aid_law_is_citable_from_2022(db):
    source = Source.objects.get(code="law-legal-aid")

    assert (source.date, source.citable_from) == ("2021-08-20", datetime.date(2022, 1, 1))


@pytest.mark.parametrize("date", ["9" * 12, "9" * 30, f"2027-01-{'0' * 9}{'9' * 30}"])
def test_a_date_of_very_many_digits_is_refused(date):
    with pytest.raises(ValidationError):
        Source(title="通知", date=date).full_clean()
