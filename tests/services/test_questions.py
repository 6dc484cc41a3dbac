"""The order of the questions: pages of one group, few facts, and the goals that the order was made for."""

import pytest

from bench.questions import complete, interview, measure, measure_narrowed, minimum, read_rules
from services.eligibility.facts import VOCABULARY
from services.eligibility.persons import PERSONS
from services.eligibility.questions import questions
from services.eligibility.rules import Rule


def rule(*groups: list[tuple[str, str, object]]) -> Rule:
    criteria = [{"all": [dict(zip(("fact", "op", "value"), raw, strict=True)) for raw in group]} for group in groups]
    return Rule({"universal": False, "machine_readable": True, "any": criteria, "reason": None})


OLD, RURAL, MIGRANT = ("age", "gte", 65), ("residence", "eq", "rural"), ("migrant", "eq", False)
POOR, ILL = ("household", "contains", "dibao"), ("health_conditions", "contains", "copd")


def asked(*rules: Rule, unanswered: tuple[str, ...] = (), **circumstances: object) -> list[tuple[str, bool]]:
    told = VOCABULARY.with_implications(circumstances)
    left = questions([(rule, rule.judge(told)) for rule in rules], unanswered)
    return [(question.fact.name, question.expected) for question in left]


@pytest.mark.parametrize(
    ("rules", "told", "expected"),
    [
        ([rule([OLD])], {}, [("age", True)]),
        # One answer mostly settles both: the other fact is asked only if it does not.
        ([rule([OLD, RURAL])], {}, [("age", True), ("residence", False)]),
        ([rule([OLD, RURAL]), rule([RURAL, POOR])], {}, [("residence", True), ("age", False), ("household", False)]),
        # Facts of the first one's group come with it, whatever else could settle more.
        (
            [rule([OLD]), rule([OLD, POOR]), rule([POOR]), rule([POOR, ILL]), rule([POOR]), rule([RURAL])],
            {},
            [("household", True), ("age", True), ("residence", True), ("health_conditions", False)],
        ),
        # Each group of a rule has to be met.
        (
            [rule([OLD, POOR], [RURAL, ILL])],
            {"age": 70},
            [("household", True), ("residence", True), ("health_conditions", False)],
        ),
        ([rule([OLD])], {"age": 70}, []),
    ],
)  # fmt: skip
def test_the_questions_that_mostly_settle_all_are_expected(rules, told, expected):
    assert asked(*rules, **told) == expected


def test_what_stays_unanswered_is_neither_asked_nor_expected():
    assert asked(rule([OLD, RURAL]), rule([POOR]), unanswered=("age",)) == [("residence", True), ("household", True)]
    assert asked(rule([OLD]), unanswered=("age",)) == []


@pytest.mark.parametrize("slug", ["2021", "2023", "2026"])
def test_the_pages_meet_their_goals_for_the_example_persons(slug):
    figures = measure(read_rules(slug))

    assert figures["pages"] <= 8
    assert figures["most_pages"] <= 10
    assert figures["ratio"] <= 1.05
    assert figures["early"] >= 0.8


def test_a_life_event_or_a_service_takes_a_few_questions():
    figures = measure_narrowed(read_rules("2026"))

    assert figures["topic"] <= 6
    assert figures["service"] <= 2


def test_no_interview_is_shorter_than_the_least_number_of_facts():
    rules = read_rules("2026")
    for person in PERSONS:
        answers = complete(person.circumstances)
        assert minimum(rules, answers) <= interview(rules, answers).facts
