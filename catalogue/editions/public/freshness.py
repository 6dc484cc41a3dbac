"""How fresh the values of an entry are: when each was last held against its source, and until when it holds. Pure.

These days are not part of a sealed document: a check that is recorded, or a source that is replaced, changes no sealed
byte.
"""

import calendar
import datetime
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from services.eligibility.open_criteria import open_criteria


class Freshness(NamedTuple):
    """The freshness of one entry, by sourced field. A field without a value has none.

    ``checked_on`` is None for a value that was never held against its source. ``valid_until`` has the fields whose last
    day is known.
    """

    checked_on: dict[str, datetime.date | None]
    valid_until: dict[str, datetime.date]

    def may_be_outdated(self, on: datetime.date, *, months: int) -> list[str]:
        """Return the fields that were last checked more than some months before a day, or ended before it."""
        limit = months_before(on, months)
        return [
            field
            for field, checked_on in self.checked_on.items()
            if (checked_on and checked_on < limit) or self.valid_until.get(field, on) < on
        ]


def freshness(
    document: Mapping,
    *,
    as_of: datetime.date | None,
    changes: Mapping[str, datetime.date],
    checked_on: datetime.date | None,
    last_days: Mapping[str, datetime.date],
) -> Freshness:
    """Return the freshness of an entry's document (``entry_document()``).

    ``as_of`` is the day up to which the sources of its edition were read, ``changes`` has the day of the last change of
    each field, ``checked_on`` is the day on which the entry was last held against its documents, and ``last_days`` has
    the last day of each source that a later text replaced. The first two count only for a field with a quote: what is
    not quoted was not read.
    """
    quoted = _quoted_sources(document)
    fields = [field for field, label in document["verification"].items() if label]
    days = {field: [checked_on, *((as_of, changes.get(field)) if field in quoted else ())] for field in fields}
    valid_until = {
        field: max(last_days[source] for source in sources)
        for field, sources in quoted.items()
        if field in fields and all(source in last_days for source in sources)
    }
    if "standard" in fields and (last_day := _last_day_of_amounts(document.get("amounts", []))):
        valid_until["standard"] = min(last_day, valid_until.get("standard", last_day))
    return Freshness({field: max(filter(None, days[field]), default=None) for field in fields}, valid_until)


def _quoted_sources(document: Mapping) -> dict[str, set[str]]:
    """Return the sources that each field is quoted from; a field without a quote is left out."""
    sources: dict[str, set[str]] = {}
    for field, citation in _citations(document):
        if citation["quote"]:
            sources.setdefault(field, set()).add(citation["source"]["code"])
    return sources


def _citations(document: Mapping) -> Iterator[tuple[str, Mapping]]:
    yield from ((citation["field"], citation) for citation in document["citations"])
    yield from (("eligibility", raw["citation"]) for raw in open_criteria(document["eligibility"]))


def _last_day_of_amounts(amounts: list[Mapping]) -> datetime.date | None:
    """Return the last day of the newest figures, None if there are none or one of them has no known end."""
    newest: dict[str, Mapping] = {}
    for amount in amounts:
        label = amount["label"]
        if label not in newest or _since(amount) > _since(newest[label]):
            newest[label] = amount
    ends = [amount["valid_until"] for amount in newest.values()]
    return datetime.date.fromisoformat(max(ends)) if ends and all(ends) else None


def _since(amount: Mapping) -> str:
    return amount["valid_from"] or amount["as_of"] or ""


def months_before(day: datetime.date, months: int) -> datetime.date:
    """Return the day some months earlier; of a shorter month the last day."""
    years, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return datetime.date(years, month + 1, min(day.day, calendar.monthrange(years, month + 1)[1]))
