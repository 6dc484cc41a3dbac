"""Dates as people write them, turned into ISO 8601. Pure: no database, no request, no clock."""

import datetime
import re
import unicodedata

WRITTEN = re.compile(r"([0-9]{4})(?:[年./-](?:([0-9]{1,2})(?:[月./-](?:([0-9]{1,2})[日号]?)?)?)?)?")


def iso(text: str) -> str:
    """Return a day, month or year in ISO 8601: 2027年1月1日, ２０２７/1/1 and 2027.1.1 are 2027-01-01.

    Another text is returned as it is. Whether the day exists is not checked (``exists()``).
    """
    match = WRITTEN.fullmatch("".join(unicodedata.normalize("NFKC", text).split()))
    return "-".join(part.zfill(2) for part in match.groups() if part) if match else text


def exists(date: str) -> bool:
    """Whether an ISO day, month or year is in the calendar."""
    try:
        datetime.date.fromisoformat((date + "-01-01")[:10])
    except ValueError:
        return False
    return True


def is_working_day(day: datetime.date) -> bool:
    """Whether a day is Monday to Friday. Statutory holidays and the weekends worked for them are not known."""
    return day.isoweekday() <= 5


def working_days_after(day: datetime.date, count: int) -> datetime.date:
    """Return the working day that is ``count`` working days (from 1) after a day, which itself does not count."""
    while count:
        day += datetime.timedelta(1)
        count -= is_working_day(day)
    return day


def working_days_between(earlier: datetime.date, later: datetime.date) -> int:
    """Return the number of working days after one day until another one, which counts; 0 if it is not later."""
    weeks, rest = divmod(max(0, (later - earlier).days), 7)
    return 5 * weeks + sum(is_working_day(later - datetime.timedelta(number)) for number in range(rest))
