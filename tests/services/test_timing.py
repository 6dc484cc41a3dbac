"""Facts that grow with time: the age of a month of birth, and from or until when an outcome holds."""

import datetime

import pytest

from services.eligibility.facts import VOCABULARY
from services.eligibility.rules import Rule
from services.eligibility.timing import When, age_on, birth_month_fault, when
from tests.services.test_eligibility import rule

ON = datetime.date(2026, 11, 29)


@pytest.mark.parametrize(
    ("birth_month", "on", "age"),
    [
        ("1956-05", "2021-05-31", 64),  # the birthday is in this month and counts from the next
        ("1956-05", "2021-06-01", 65),
        ("1956-12", "2026-12-31", 69),
        ("1956-12", "2027-01-01", 70),
        ("2026-11", "2026-11-29", 0),
        ("2025-11", "2026-11-29", 0),
        ("2025-10", "2026-11-01", 1),
    ],
)
def test_a_birthday_counts_from_the_first_day_of_the_next_month(birth_month, on, age):
    assert age_on(birth_month, datetime.date.fromisoformat(on)) == age


@pytest.mark.parametrize(
    ("value", "valid"),
    [
        ("1956-05", True),
        ("2026-11", True),
        ("2026-12", False),  # not born yet
        ("1896-11", True),
        ("1896-10", False),  # older than anybody
        ("1956-13", False),
        ("1956-5", False),
        ("1956-05-01", False),
        (195605, False),
        (["1956-05"], False),
    ],
)
def test_a_month_of_birth_is_a_month_of_a_life(value, valid):
    fault = birth_month_fault(value, ON)

    assert (fault is None) == valid
    assert valid or ("1956-05" in fault and "2026-12" not in fault)


OLD = rule([("age", "gte", 65)])
CHILD = rule([("age", "lte", 6)])
WORKING_AGE = rule([("age", "gte", 16), ("age", "lt", 60)])
SETTLED = rule([("months_resident", "gte", 6)])
EITHER = rule([("age", "gte", 65)], [("months_resident", "gte", 6)])


@pytest.mark.parametrize(
    ("eligibility", "told", "birth_month", "expected"),
    [
        (OLD, {}, "1966-05", When("2031-06", None, "age")),
        (OLD, {}, "1961-11", When("2026-12", None, "age")),
        (OLD, {}, "1956-05", None),  # for life
        (CHILD, {}, "2021-03", When(None, "2028-03", "age")),
        (CHILD, {}, "2010-03", None),  # never again
        (WORKING_AGE, {}, "2012-02", When("2028-03", None, "age")),
        (WORKING_AGE, {}, "1980-07", When(None, "2040-07", "age")),
        (WORKING_AGE, {}, "1950-01", None),
        (SETTLED, {"months_resident": 2}, None, When("2027-03", None, "months_resident")),
        (SETTLED, {"months_resident": 8}, None, None),
        (EITHER, {"months_resident": 5}, "1966-05", When("2026-12", None, "months_resident")),  # the sooner
        (EITHER, {"age": 60, "months_resident": 0}, None, When("2027-05", None, "months_resident")),
        (OLD, {"age": 60}, None, None),  # without a month of birth nobody knows the month
        (rule([("age", "gte", 65), ("migrant", "eq", False)]), {"migrant": True}, "1966-05", None),
    ],
)
def test_an_outcome_begins_or_ends_with_a_month(eligibility, told, birth_month, expected):
    answers = told | ({"age": age_on(birth_month, ON)} if birth_month else {})
    outcome = Rule(eligibility).judge(VOCABULARY.with_implications(answers)).outcome

    assert when(Rule(eligibility), answers, outcome, on=ON, birth_month=birth_month) == expected
