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
