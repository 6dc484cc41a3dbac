"""Dates and numbers as spreadsheets rewrite them, read back: 2026/1/1, 46023, 840.0, 8.4E+2, １，９２０.

Pure functions. A text that is neither gives None; what can be read in two ways raises AmbiguousDateError.
"""

import datetime
import re
import unicodedata
from decimal import Decimal

MAX_FIGURE_CHARS = 28
_FIGURE = re.compile(r"[+-]?([0-9]{1,3}(,[0-9]{3})+|[0-9]+)(\.[0-9]+)?(E[+-]?[0-9]{1,2})?", re.IGNORECASE)
_DAY = re.compile(r"([0-9]{4})([-/.年])\s*([0-9]{1,2})[-/.月]\s*([0-9]{1,2})日?(?:[T\s]+([0-9:.]+)Z?)?")
_COMPACT_DAY = re.compile(r"((?:19|20)[0-9]{2})([01][0-9])([0-3][0-9])")
_MONTH = re.compile(r"((?:19|20)[0-9]{2})[-/年]\s*([0-9]{1,2})月?")
_YEAR = re.compile(r"((?:19|20)[0-9]{2})年")
# 1/2/2026 is a day of January here and of February there; Jan-26 is a month there and a day here.
_AMBIGUOUS = re.compile(
    r"[0-9]{1,2}[-/.][0-9]{1,2}[-/.]([0-9]{4}|[0-9]{2})([T\s]+[0-9:.]+)?"
    r"|[A-Za-z]{3,9}[-/ ][0-9]{2,4}|[0-9]{1,2}[-/ ][A-Za-z]{3,9}([-/ ][0-9]{2,4})?"
)
_ENGLISH_MONTH = re.compile(r"([A-Za-z]{3})-([0-9]{2})")
# Days since the last one of 1899, as most spreadsheets count them: from 1954 to 2119.
_FIRST_DAY, SERIALS = datetime.date(1899, 12, 30), range(20_000, 80_000)
_MIDNIGHT = re.compile(r"0{1,2}(:00){0,2}(\.0+)?")


class AmbiguousDateError(Exception):
    """A text that may be several days, or a day with a time."""


def figure(text: str) -> str | None:
    """Return a number in plain digits, without separators, exponent and idle zeros; None if it is no number."""
    plain = unicodedata.normalize("NFKC", text).strip()
    # A longer one is no figure, and Decimal would round it.
    if len(plain) > MAX_FIGURE_CHARS or not _FIGURE.fullmatch(plain):
        return None
    value = Decimal(plain.replace(",", ""))
    return f"{value.normalize():f}" if value else "0"


def day(text: str) -> str | None:
    """Return a day, month or year in the form of ISO 8601, None if the text is none.

    Raises AmbiguousDateError, and ValueError for a day that no calendar has.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if match := _DAY.fullmatch(plain):
        year, _, month, day_of_month, time = match.groups()
        if time and not _MIDNIGHT.fullmatch(time):
            raise AmbiguousDateError
        return datetime.date(int(year), int(month), int(day_of_month)).isoformat()
    if match := _COMPACT_DAY.fullmatch(plain):
        return datetime.date(*map(int, match.groups())).isoformat()
    if match := _MONTH.fullmatch(plain):
        return datetime.date(int(match[1]), int(match[2]), 1).isoformat()[:7]
    if match := _YEAR.fullmatch(plain):
        return match[1]
    if _AMBIGUOUS.fullmatch(plain):
        raise AmbiguousDateError
    number = figure(plain)
    if number and number.isdecimal() and int(number) in SERIALS:
        return (_FIRST_DAY + datetime.timedelta(days=int(number))).isoformat()
    return number if number and re.fullmatch("(19|20)[0-9]{2}", number) else None


def is_same(text: str, current: str) -> bool:
    """Whether a text is a current value, rewritten: as a number, or as a date, a month as its first day too."""
    if figure(current) is not None and figure(current) == figure(text):
        return True
    try:
        current_day = day(current)
        if current_day is None:
            return False
        if match := _ENGLISH_MONTH.fullmatch(text.strip()):
            month = datetime.date.fromisoformat(f"{current_day}-01").strftime("%b %y") if len(current_day) == 7 else ""
            return month == f"{match[1].title()} {match[2]}"
        read = day(text)
    except (AmbiguousDateError, ValueError):
        return False
    return read == current_day or (len(current_day) == 7 and read == f"{current_day}-01")
