"""Open criteria: conditions that no fact can decide leave an outcome unknown and say what is still to be decided."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.eligibility.facts import VOCABULARY
from services.eligibility.open_criteria import open_criteria
from services.eligibility.questions import questions
from services.eligibility.rules import ELIGIBLE, NOT_ELIGIBLE, UNKNOWN, Rule, Rules, faults
from services.eligibility.sentences import rule_text
from tests.services.test_eligibility import PERSONS, RULES, UNHURRIED, judge, rule

CITATION = {
    "source": "web-publicrental-11",
    "locator": "第七条",
    "quote": "收入、财产低于规定标准",
    "verification": "secondary",
    "jurisdiction": "national",
}


def open_criterion(text: str = "财产低于规定标准", **changes: object) -> dict:
    return {"open": text, "decided_by": "住房保障主管部门", "citation": CITATION} | changes


def with_open(eligibility: dict, *texts: list[str]) -> dict:
    """Return a rule with open criteria at the end of its groups: a list of texts for each."""
    groups = [
        {"all": [*group["all"], *map(open_criterion, group_texts)]}
        for group, group_texts in zip(eligibility["any"], texts, strict=True)
    ]
    return eligibility | {"any": groups}


ONE = with_open(rule([("age", "gte", 65)]), ["甲", "乙"])
ONLY = rule([], machine_readable=True) | {"any": [{"all": [open_criterion("甲")]}]}
# The second group holds without anything to be decided.
EITHER = with_open(rule([("age", "gte", 65)], [("age", "gte", 80)]), ["甲"], [])
# Both groups need the same of a person of 80, so one of them is told.
SAME = with_open(rule([("age", "gte", 65)], [("age", "gte", 80)]), ["甲"], ["甲"])
# The second group needs more of a person of 80 than the first.
MORE = with_open(rule([("age", "gte", 65)], [("age", "gte", 80)]), ["甲"], ["甲", "乙"])
OTHER = with_open(rule([("age", "gte", 65)], [("age", "gte", 80)]), ["甲"], ["乙"])


@pytest.mark.parametrize(
    ("eligibility", "circumstances", "outcome", "missing", "told"),
    [
        (ONE, {"age": 65}, UNKNOWN, (), ["甲", "乙"]),
        (ONE, {"age": 64}, NOT_ELIGIBLE, (), []),
        (ONE, {}, UNKNOWN, ("age",), ["甲", "乙"]),
        (ONLY, {}, UNKNOWN, (), ["甲"]),
        (EITHER, {"age": 79}, UNKNOWN, (), ["甲"]),
        (EITHER, {"age": 80}, ELIGIBLE, (), []),
        (SAME, {"age": 80}, UNKNOWN, (), ["甲"]),
        (MORE, {"age": 80}, UNKNOWN, (), ["甲"]),
        (MORE, {"age": 79}, UNKNOWN, (), ["甲"]),
        (OTHER, {"age": 80}, UNKNOWN, (), ["甲", "乙"]),  # each of a group of its own: one is enough
    ],
)
def test_what_is_to_be_decided_is_told_and_never_assumed(eligibility, circumstances, outcome, missing, told):
    judged_rule = Rule(eligibility)

    verdict = judge(eligibility, circumstances)

    assert (verdict.outcome, verdict.missing) == (outcome, missing)
    assert [judged_rule.open_criteria[place]["open"] for place in verdict.conditions] == told


def test_a_condition_says_which_group_it_belongs_to():
    assert Rule(OTHER).open_group_numbers == (1, 2)


def test_what_only_an_office_can_decide_is_not_asked():
    judged = [(Rule(eligibility), judge(eligibility, {"age": 80})) for eligibility in (ONE, ONLY, SAME, OTHER)]

    assert questions(judged) == []


GENERATED = st.builds(
    lambda eligibility, texts: with_open(eligibility, *texts[: len(eligibility["any"])]),
    RULES,
    st.lists(st.lists(st.sampled_from("甲乙丙"), max_size=2, unique=True), min_size=4, max_size=4),
).filter(lambda eligibility: not faults(eligibility))


@settings(UNHURRIED, max_examples=200)
@given(PERSONS, GENERATED)
def test_a_group_with_an_open_criterion_never_holds_and_fails_by_its_facts(person, eligibility):
    judged_rule, verdict = Rule(eligibility), judge(eligibility, person)
    results = iter(verdict.results)
    groups = [
        (
            [next(results) for raw in group["all"] if "fact" in raw],
            {raw["open"] for raw in group["all"] if "open" in raw},
        )
        for group in eligibility["any"]
    ]
    # What is still to be decided for each group whose facts all hold.
    wanting = [texts for group_results, texts in groups if all(group_results)]
    told = {}
    for place in verdict.conditions:
        texts = told.setdefault(judged_rule.open_group_numbers[place], set())
        texts.add(judged_rule.open_criteria[place]["open"])

    assert (verdict.outcome == ELIGIBLE) == (set() in wanting)
    assert (verdict.outcome == NOT_ELIGIBLE) == all(False in group_results for group_results, _ in groups)
    if verdict.outcome == UNKNOWN and not verdict.missing:
        least = [texts for texts in wanting if not any(other < texts for other in wanting)]
        assert {frozenset(texts) for texts in told.values()} == {frozenset(texts) for texts in least}
        assert len(told) == len({frozenset(texts) for texts in least})
    assert Rules([judged_rule]).judge(VOCABULARY.with_implications(person)) == [verdict]


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (open_criterion(" "), "应写明是什么"),
        (open_criterion("长" * 201), "至多200字"),
        (open_criterion(7), "应写明是什么"),
        (open_criterion(decided_by=""), "条文没有写明的写 null"),
        (open_criterion(citation=None), "citation 应恰好有这些"),
        (open_criterion(citation=CITATION | {"quote": None}), "照录的原文"),
        (open_criterion(citation=CITATION | {"verification": "sure"}), "verification 可用"),
        (open_criterion(citation=CITATION | {"verification": []}), "verification 可用"),
        (open_criterion(citation=CITATION | {"jurisdiction": "mars"}), "jurisdiction"),
        (open_criterion(citation=CITATION | {"source": "\ud800"}), "source"),
        ({"open": "甲"}, "应恰好有这些"),
        (open_criterion() | {"fact": "age"}, "应恰好有这些"),
    ],
)
def test_an_invalid_open_criterion_is_refused_with_the_reason(raw, says):
    eligibility = rule([("age", "gte", 65)])
    eligibility["any"][0]["all"].append(raw)

    assert says in "；".join(faults(eligibility))


def test_open_criteria_come_last_in_their_group_and_once():
    first = rule([("age", "gte", 65)])
    first["any"][0]["all"].insert(0, open_criterion())

    assert faults(first) == ["第 1 组：待认定的条件应写在其他条件之后。"]
    assert faults(with_open(rule([("age", "gte", 65)]), ["甲", "甲"])) == ["第 1 组：有重复的条件。"]
    assert faults(ONE) == faults(ONLY) == []


def test_a_rule_may_have_as_many_conditions_with_open_ones_as_without():
    eligibility = with_open(rule(*[[("age", "gte", age)] for age in range(20)]), *[["甲", "乙"]] * 20)

    assert faults(eligibility) == []
    eligibility["any"][0]["all"].append(open_criterion("丙"))
    assert faults(eligibility) == ["条件最多 60 个。"]


def test_a_rule_says_who_decides_its_open_criteria():
    assert (
        rule_text(with_open(rule([("age", "gte", 65)]), ["甲"])) == "年龄不小于65周岁，且甲（由住房保障主管部门认定）"
    )
    assert rule_text({**ONLY, "any": [{"all": [open_criterion("甲", decided_by=None)]}]}) == "甲（须另行认定）"


def test_the_open_criteria_of_a_rule_are_listed_in_the_order_of_its_groups():
    assert [raw["open"] for raw in open_criteria(MORE)] == ["甲", "甲", "乙"]
    assert open_criteria(None) == []
