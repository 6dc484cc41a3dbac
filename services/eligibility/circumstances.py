"""What a person tells: the answers to facts, read and checked. A fault names a fact, never a value of the person.

Pure: no database, no request, no clock.
"""

import datetime
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from services.eligibility.facts import VOCABULARY
from services.eligibility.timing import AGE, BIRTH_MONTH, age_on, birth_month_fault
from services.faults import Fault, ProblemCode, printable
from services.text.json_text import whole


class Person(NamedTuple):
    """A person as told: the answers given, those to judge by, what is not to be asked again, and the month of birth.

    The answers to judge by have the age that follows from the month of birth.
    """

    told: dict[str, object]
    answers: dict[str, object]
    unanswered: frozenset[str]
    birth_month: str | None


def read_person(
    circumstances: Mapping[str, object], unanswered: object, *, on: datetime.date, prefix: str = ""
) -> tuple[Person, list[Fault]]:
    """Return a person and every fault of what was told; with a fault, the person must not be judged.

    A null for a fact says the same as naming it in ``unanswered``: it is not asked again. ``prefix`` is the place of
    the person in a request, for faults: ``persons[0].``.
    """
    field = f"{prefix}circumstances"
    circumstances = {name: whole(value) for name, value in circumstances.items()}
    told = {name: value for name, value in circumstances.items() if value is not None}
    birth_month = told.pop(BIRTH_MONTH, None)
    known_nulls = {name for name, value in circumstances.items() if value is None and name in VOCABULARY}
    checked = {name: value for name, value in circumstances.items() if name not in known_nulls | {BIRTH_MONTH}}
    found = list(faults(checked, field))
    answers = dict(told)
    if birth_month is not None:
        if reason := birth_month_fault(birth_month, on):
            found.append(Fault(f"{field}.{BIRTH_MONTH}", ProblemCode.INVALID_DATE, f"{BIRTH_MONTH} {reason}"))
        elif AGE in told:
            found += _contradiction(field, BIRTH_MONTH, AGE)
        else:
            answers[AGE] = age_on(birth_month, on)
    not_asked = {name for name, value in circumstances.items() if value is None}
    if isinstance(unanswered, list) and all(isinstance(name, str) for name in unanswered):
        unknown = [name for name in unanswered if name not in (*_names(), BIRTH_MONTH)]
        found += [
            Fault(f"{prefix}unanswered", ProblemCode.UNKNOWN_FACT, f"没有事实“{printable(name)}”。", _names())
            for name in unknown[:1]
        ]
        not_asked |= set(unanswered)
    elif unanswered is not None:
        message = "字段 unanswered 应是事实名称的列表，也可以不写。"
        found.append(Fault(f"{prefix}unanswered", ProblemCode.INVALID_TYPE, message, _names()))
    if BIRTH_MONTH in not_asked:
        not_asked.add(AGE)
    if not found:
        for implication in VOCABULARY.contradictions(answers):
            found += _contradiction(field, implication.condition.fact, implication.consequence.fact)
    return Person(told, answers, frozenset(not_asked), birth_month), found


def faults(circumstances: Mapping[str, object], field: str = "circumstances") -> Iterator[Fault]:
    """Yield the faults of answers. The list of valid facts is in the first fault about an unknown fact only."""
    names = _names()
    for name, value in circumstances.items():
        if name not in VOCABULARY:
            shown = printable(name)
            yield Fault(f"{field}.{shown}", ProblemCode.UNKNOWN_FACT, f"没有事实“{shown}”。", names)
            names = None
        elif fault := VOCABULARY[name].check(value):
            code, reason = fault
            yield Fault(f"{field}.{name}", code, f"{name} {reason}", VOCABULARY[name].allowed())


def _contradiction(field: str, *names: str) -> list[Fault]:
    message = f"{'、'.join(names)} 的回答互相矛盾，请改其中一个。"
    return [Fault(f"{field}.{name}", ProblemCode.CONTRADICTION, message) for name in dict.fromkeys(names)]


def _names() -> list[str]:
    return [fact.name for fact in VOCABULARY]
