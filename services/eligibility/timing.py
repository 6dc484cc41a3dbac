"""When an outcome begins or ends: facts that grow with time, and what the rule says then.

Standard library only: no database, no request, no clock. A birthday counts from the first day of the month after it
(``birth_month``), so months are all that is known of the future.
"""

import datetime
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from services.eligibility.facts import VOCABULARY
from services.eligibility.rules import ELIGIBLE, UNKNOWN, Rule, bounds

BIRTH_MONTH, AGE, MONTHS_RESIDENT = "birth_month", "age", "months_resident"
MAX_YEARS = 130
# The months in which each fact that grows with time grows by one.
MONTHS = {AGE: 12, MONTHS_RESIDENT: 1}
# The values of these facts from which something that follows from them changes.
IMPLIED_BOUNDS = {fact: bounds((item.condition for item in VOCABULARY.implications), fact) for fact in MONTHS}


class When(NamedTuple):
    """From or until which month (``2031-06``) an outcome holds if nothing else changes, and the fact that does."""

    begins: str | None
    ends: str | None
    fact: str


def birth_month_fault(value: object, on: datetime.date) -> str | None:
    """Return what is wrong with a month of birth and what is allowed, or None. The value itself is not repeated."""
    is_month = isinstance(value, str) and re.fullmatch("[0-9]{4}-(0[1-9]|1[0-2])", value)
    if is_month and 0 <= _month_number(on) - _number_of(value) <= MAX_YEARS * 12:
        return None
    return f"应是年和月，例如 1956-05，不晚于判断的月份，不早于 {MAX_YEARS} 年前。"


def age_on(birth_month: str, on: datetime.date) -> int:
    """Return the age in years on a day; a birthday counts from the first day of the next month."""
    return max(0, (_month_number(on) - _number_of(birth_month) - 1) // 12)


def when(
    rule: Rule, circumstances: Mapping[str, object], outcome: str, *, on: datetime.date, birth_month: str | None
) -> When | None:
    """Return from or until when a decided outcome holds if nothing else changes; None if no known fact changes it.

    ``circumstances`` are valid answers with the age that follows from ``birth_month``. From when a person who is not
    eligible will be, until when one who is remains so; None if the outcome is unknown after the first change.
    """
    for fact, value, month in _future_values(rule, circumstances, on, birth_month):
        later = rule.judge(VOCABULARY.with_implications({**circumstances, fact: value})).outcome
        if later == outcome:
            continue
        if later == UNKNOWN:
            return None
        return When(_month_text(month), None, fact) if later == ELIGIBLE else When(None, _month_text(month - 1), fact)
    return None


def _future_values(
    rule: Rule, circumstances: Mapping[str, object], on: datetime.date, birth_month: str | None
) -> Iterator[tuple[str, int, int]]:
    """Yield each fact that grows, a value at which a condition changes, and the number of its first month; by month."""
    first_months: dict[str, int] = {}
    if birth_month is not None:
        first_months[AGE] = _number_of(birth_month) + 1
    # Nothing follows from the months, so only a rule that refers to them changes with them.
    if MONTHS_RESIDENT in circumstances and MONTHS_RESIDENT in rule.facts:
        first_months[MONTHS_RESIDENT] = _month_number(on) - circumstances[MONTHS_RESIDENT]
    changes = [
        (first_month + value * MONTHS[fact], fact, value)
        for fact, first_month in first_months.items()
        for value in rule.bounds.get(fact, frozenset()) | IMPLIED_BOUNDS[fact]
        if value > circumstances[fact] and VOCABULARY[fact].fault(value) is None
    ]
    yield from ((fact, value, month) for month, fact, value in sorted(changes))


def _number_of(month: str) -> int:
    year, number = month.split("-")
    return int(year) * 12 + int(number) - 1


def _month_number(day: datetime.date) -> int:
    return day.year * 12 + day.month - 1


def _month_text(number: int) -> str:
    return f"{number // 12:04d}-{number % 12 + 1:02d}"
