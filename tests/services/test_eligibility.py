"""Judging: three answers, a reason for every criterion, and the next question worth asking."""

import json
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.eligibility.facts import BOOLEAN, CHOICE, CHOICES, INTEGER, VOCABULARY, Fact
from services.eligibility.persons import affected_persons, boundary_persons
from services.eligibility.rules import (
    ELIGIBLE,
    NOT_ELIGIBLE,
    OPERATORS,
    UNKNOWN,
    Rule,
    Rules,
    distinguishing_answers,
    faults,
    next_question,
)
from services.eligibility.sentences import rule_text
from tests.support.paths import FIXTURES

EDITIONS = FIXTURES / "editions"


def rule(*groups: list[tuple], **changes: object) -> dict:
    """Return a rule of groups of (fact, op, value)."""
    any_of = [{"all": [dict(zip(("fact", "op", "value"), each, strict=True)) for each in group]} for group in groups]
    return {"universal": False, "machine_readable": True, "any": any_of, "reason": None} | changes


EVERYBODY = rule(universal=True)
UNREADABLE = rule(machine_readable=False, reason="没有可核对的界定。")
OLDER = rule([("age", "gte", 65), ("months_resident", "gte", 6)])
EITHER = rule([("age", "gte", 80)], [("age", "gte", 60), ("household", "contains", "low_income")])


def judge(eligibility: dict | None, circumstances: dict):
    return Rule(eligibility).judge(VOCABULARY.with_implications(circumstances))


@pytest.mark.parametrize(
    ("eligibility", "circumstances", "outcome", "results", "missing"),
    [
        (EVERYBODY, {}, ELIGIBLE, (), ()),
        (UNREADABLE, {"age": 70}, UNKNOWN, (), ()),
        (None, {"age": 70}, UNKNOWN, (), ()),  # nobody has stated a rule
        (OLDER, {}, UNKNOWN, (None, None), ("age", "months_resident")),
        (OLDER, {"age": 65}, UNKNOWN, (True, None), ("months_resident",)),
        (OLDER, {"age": 64}, NOT_ELIGIBLE, (False, None), ()),  # one that fails settles it
        (OLDER, {"age": 65, "months_resident": 6}, ELIGIBLE, (True, True), ()),
        (OLDER, {"age": 65, "months_resident": 5}, NOT_ELIGIBLE, (True, False), ()),
        (EITHER, {"age": 80}, ELIGIBLE, (True, True, None), ()),  # one group is enough
        (EITHER, {"age": 70}, UNKNOWN, (False, True, None), ("household",)),
        (EITHER, {"household": []}, UNKNOWN, (None, None, False), ("age",)),  # only the first group is left
        (EITHER, {"age": 70, "household": ["dibao"]}, ELIGIBLE, (False, True, True), ()),  # implied
        (EITHER, {"age": 59, "household": ["dibao"]}, NOT_ELIGIBLE, (False, False, True), ()),
    ],
)
def test_circumstances_are_judged(eligibility, circumstances, outcome, results, missing):
    verdict = judge(eligibility, circumstances)

    assert (verdict.outcome, verdict.results, verdict.missing) == (outcome, results, missing)


@pytest.mark.parametrize(
    ("criterion", "holds", "fails"),
    [
        (("age", "eq", 18), [18], [17, 19]),
        (("age", "ne", 18), [17], [18]),
        (("age", "lt", 18), [17], [18]),
        (("age", "lte", 18), [18], [19]),
        (("age", "gt", 18), [19], [18]),
        (("age", "gte", 18), [18], [17]),
        (("age", "in", [1, 3]), [1, 3], [2]),
        (("migrant", "eq", True), [True], [False]),
        (("migrant", "ne", True), [False], [True]),
        (("residence", "eq", "rural"), ["rural"], ["urban"]),
        (("residence", "ne", "rural"), ["urban"], ["rural"]),
        (("education_stage", "in", ["higher", "none"]), ["higher"], ["compulsory"]),
        (("household", "contains", "tekun"), [["tekun"], ["tekun_dispersed"]], [[], ["dibao"], ["none"]]),
        (("household", "in", ["dibao", "tekun"]), [["dibao"], ["tekun_dispersed"]], [[], ["low_income"]]),
        (("insured", "ne", "employee_medical"), [[], ["resident_medical"]], [["employee_medical", "maternity"]]),
    ],
)
def test_each_operator_asks_what_it_says(criterion, holds, fails):
    stated = rule([criterion])

    assert faults(stated) == []
    assert {judge(stated, {criterion[0]: answer}).outcome for answer in holds} == {ELIGIBLE}
    assert {judge(stated, {criterion[0]: answer}).outcome for answer in fails} == {NOT_ELIGIBLE}


@pytest.mark.parametrize(
    ("eligibility", "says"),
    [
        ({}, "应写明"),
        ([], "应写明"),
        (rule([("age", "gte", 65)], universal=True), "面向所有人"),
        (rule([("age", "gte", 65)], reason="没有界定"), "reason 只用于"),
        (rule(), "至少写明一组"),
        (rule(machine_readable=False), "为什么"),
        (rule(machine_readable=False, reason=" "), "一句话"),
        (rule(machine_readable=False, universal=True, reason="没有界定"), "不能同时"),
        (rule([]), "第 1 组没有条件"),
        (rule([("shoe_size", "eq", 40)]), "没有这个事实"),
        (rule([("age", "contains", 40)]), "不能用这个比较方式"),
        (rule([("household", "eq", "dibao")]), "不能用这个比较方式"),
        (rule([("age", "gte", 131)]), "0 到 130"),
        (rule([("age", "gte", "65")]), "0 到 130"),
        (rule([("household", "contains", "rich")]), "可用：dibao"),
        (rule([("age", "in", [])]), "不为空的列表"),
        (rule([("age", "in", [3, 3])]), "重复"),
        (rule([("age", "gte", 65), ("age", "gte", 65)]), "重复的条件"),
        (rule([("age", "lt", 6), ("age", "gt", 60)]), "互相矛盾"),  # nobody is both
        (rule([("age", "gte", 6), ("age", "lt", 6)]), "互相矛盾"),
        (rule([("age", "eq", 6)], [("residence", "eq", "rural"), ("residence", "eq", "urban")]), "第 2 组"),
        (rule([("migrant", "eq", True), ("migrant", "ne", True)]), "互相矛盾"),
        (rule([("household", "contains", "dibao"), ("household", "ne", "low_income")]), "互相矛盾"),  # implied
        (rule([("household", "contains", "dibao"), ("household", "contains", "none")]), "互相矛盾"),
        (rule(*[[("age", "eq", 1)]] * 21), "最多 20 组"),
        (rule([("months_resident", "ne", each) for each in range(61)]), "最多 60 个"),
    ],
)
def test_a_rule_that_cannot_stand_is_told_why(eligibility, says):
    assert says in "；".join(faults(eligibility))


@pytest.mark.parametrize("eligibility", [None, EVERYBODY, UNREADABLE, OLDER, EITHER])
def test_a_rule_that_can_stand_has_no_fault(eligibility):
    assert faults(eligibility) == []


@pytest.mark.parametrize(
    ("eligibility", "words"),
    [
        (None, "未知"),
        (EVERYBODY, "面向所有人"),
        (UNREADABLE, "不能化为条件：没有可核对的界定。"),
        (OLDER, "年龄不小于65周岁，且在本地连续居住不少于6个月"),
        (EITHER, "年龄不小于80周岁；或者年龄不小于60周岁，且家庭类别包括“低收入（含低保边缘）或经济困难家庭”"),
        (rule([("age", "lte", 6), ("migrant", "ne", False)]), "年龄不大于6周岁，且是流动人口"),
        (rule([("age", "lt", 6), ("migrant", "eq", False)]), "年龄小于6周岁，且不是流动人口"),
        (rule([("pension_years", "gt", 15), ("grade", "in", [1, 2])]), "年级为1年级或2年级"),
        (rule([("residence", "ne", "rural")]), "居住地类型不是“农村牧区”"),
        (rule([("military", "in", ["active", "veteran"])]), "军人身份包括“现役军人”或“退役军人”"),
        (rule([("insured", "ne", "employee_medical")]), "已参加的社会保险不含“职工医保”"),
        (rule([("age", "eq", 6), ("age", "ne", 7)]), "年龄为6周岁，且年龄不为7周岁"),
    ],
)
def test_a_rule_is_read_back_as_a_sentence(eligibility, words):
    assert words in rule_text(eligibility)


@pytest.mark.parametrize(
    ("rules", "circumstances", "asked", "settles"),
    [
        ([OLDER, EITHER], {}, "age", 2),  # 64 ends the first, 80 the second
        ([OLDER, EITHER], {"age": 70}, "months_resident", 1),  # of equals, the first in the vocabulary
        ([OLDER, EITHER], {"age": 70, "months_resident": 1}, "household", 1),
        ([OLDER], {"age": 3}, None, None),  # what cannot matter any more is not asked
        ([EVERYBODY, UNREADABLE, None], {}, None, None),
        # No single answer decides between two groups of two facts each, and yet one has to be asked.
        (
            [rule([("age", "gte", 60), ("sex", "eq", "male")], [("migrant", "eq", True), ("married", "eq", True)])],
            {},
            "age",
            0,
        ),
    ],
)
def test_the_question_that_settles_most_is_asked_next(rules, circumstances, asked, settles):
    judged = [(Rule(each), judge(each, circumstances)) for each in rules]

    found = next_question(judged)

    assert (found and (found[0].name, found[1])) == (asked and (asked, settles))


def test_a_changed_rule_touches_the_examples_whose_outcome_it_changes():
    found = affected_persons(rule([("age", "gte", 65)]), rule([("age", "gte", 66)]))

    assert [(each.person.name, each.before, each.after) for each in found] == [
        ("年龄（周岁）：65", ELIGIBLE, NOT_ELIGIBLE),  # made from the bounds
        ("六十五岁的城镇老人", ELIGIBLE, NOT_ELIGIBLE),  # kept
    ]
    assert affected_persons(OLDER, OLDER) == []


def test_a_lowered_age_touches_somebody_though_no_example_has_it():
    eighty, seventy_five = (
        rule([("age", "gte", age)], [("age", "gte", 60), ("household", "contains", "low_income")]) for age in (80, 75)
    )

    ages = [each.person.circumstances["age"] for each in affected_persons(eighty, seventy_five)]

    assert {75, 76, 79} <= set(ages)


@pytest.mark.parametrize("slug", ["2021", "2023", "2026"])
def test_of_every_bound_of_a_rule_there_is_a_person_on_both_sides(slug):
    for each in compiled(slug):
        persons = boundary_persons(each)
        if each.criteria:
            known = [VOCABULARY.with_implications(person.circumstances) for person in persons]
            verdicts = [each.judge(circumstances) for circumstances in known]
            for place in range(len(each.criteria)):
                assert {verdict.results[place] for verdict in verdicts} == {True, False}


# Of a machine that is busy nothing follows.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
# What holds of every person, held against the rules of the committed editions and against rules nobody wrote.


@cache
def committed(slug: str) -> list[dict | None]:
    services = json.loads((EDITIONS / f"{slug}.json").read_text())["services"]
    return [service["eligibility"] for service in services]


@cache
def compiled(slug: str) -> list[Rule]:
    return [Rule(each) for each in committed(slug)]


def answers(fact: Fact) -> st.SearchStrategy:
    if fact.type == INTEGER:
        # Around the bounds that rules draw, and anywhere.
        near = st.sampled_from([0, 1, 2, 5, 6, 7, 11, 12, 14, 15, 16, 17, 18, 49, 59, 60, 64, 65, 79, 80])
        return near.filter(lambda value: fact.fault(value) is None) | st.integers(
            fact.minimum or 0, 130 if fact.maximum is None else fact.maximum
        )
    if fact.type == BOOLEAN:
        return st.booleans()
    if fact.type == CHOICE:
        return st.sampled_from(list(fact.choices))
    return st.lists(st.sampled_from(list(fact.choices)), unique=True, max_size=3).filter(
        lambda chosen: fact.fault(chosen) is None
    )


def possible(person: dict) -> dict:
    """Return as many answers of a person, in their order, as contradict no other."""
    kept = {}
    for name, answer in person.items():
        if not VOCABULARY.contradictions(kept | {name: answer}):
            kept[name] = answer
    return kept


PERSONS = st.fixed_dictionaries({}, optional={fact.name: answers(fact) for fact in VOCABULARY}).map(possible)


@st.composite
def criteria(draw):
    fact = draw(st.sampled_from(list(VOCABULARY)))
    op = draw(st.sampled_from(OPERATORS[fact.type]))
    one = st.sampled_from(list(fact.choices)) if fact.type == CHOICES else answers(fact)
    value = draw(st.lists(one, min_size=1, max_size=3, unique=True) if op == "in" else one)
    return fact.name, op, value


RULES = st.lists(st.lists(criteria(), min_size=1, max_size=4), min_size=1, max_size=4).map(lambda groups: rule(*groups))
STANDING = RULES.filter(lambda stated: not faults(stated))


def outcomes(rules: list[Rule], circumstances: dict) -> list[str]:
    known = VOCABULARY.with_implications(circumstances)
    return [each.judge(known).outcome for each in rules]


@settings(UNHURRIED, max_examples=200)
@given(PERSONS, st.data(), st.lists(STANDING, max_size=3))
def test_one_more_fact_never_turns_a_verdict_around(person, data, invented):
    rules = compiled("2026") + [Rule(each) for each in invented]
    kept = data.draw(st.sets(st.sampled_from(sorted(person)))) if person else set()

    fewer = outcomes(rules, {name: person[name] for name in kept})

    for less, more in zip(fewer, outcomes(rules, person), strict=True):
        assert less in (UNKNOWN, more)


@settings(UNHURRIED, max_examples=200)
@given(PERSONS, st.lists(STANDING, max_size=3))
def test_many_rules_are_judged_as_each_alone(person, invented):
    rules = compiled("2026") + [Rule(each) for each in invented]
    known = VOCABULARY.with_implications(person)
    alone = [each.judge(known) for each in rules]

    together = Rules(rules).judge(known)

    assert together == alone
    # What is known of a rule that nothing is known of is asked of none that was judged alone.
    assert next_question(zip(rules, together, strict=True)) == next_question(zip(rules, alone, strict=True))


@settings(UNHURRIED, max_examples=200)
@given(PERSONS, STANDING)
def test_a_fact_decides_a_rule_if_some_answer_does(person, stated):
    each, known = Rule(stated), VOCABULARY.with_implications(person)
    verdict = each.judge(known)

    for name in verdict.missing:
        answered = [
            each.judge(known | {name: answer}) for answer in distinguishing_answers(VOCABULARY[name], each.criteria)
        ]
        decides = any(found.outcome != UNKNOWN for found in answered)
        assert each.decided_by(name, verdict.open_groups) == decides


@settings(UNHURRIED, max_examples=200)
@given(STANDING)
def test_of_somebody_nothing_is_known_of_nothing_is_denied(stated):
    assert judge(stated, {}).outcome != NOT_ELIGIBLE


@pytest.mark.parametrize("slug", ["2021", "2023", "2026"])
def test_no_facts_deny_no_service(slug):
    assert NOT_ELIGIBLE not in outcomes(compiled(slug), {})


@settings(UNHURRIED, max_examples=100)
@given(PERSONS, st.data(), st.lists(STANDING, max_size=3))
def test_answering_what_is_asked_ends_with_everything_decided(person, data, invented):
    known, rules = dict(person), compiled("2026") + [Rule(each) for each in invented]

    for _ in range(len(VOCABULARY.facts) + 1):
        judged = [(each, each.judge(VOCABULARY.with_implications(known))) for each in rules]
        question = next_question(judged)
        if question is None:
            break
        fact, settles = question
        assert fact.name not in known
        assert 0 <= settles <= len(rules)
        known[fact.name] = data.draw(answers(fact))

    assert question is None
    assert all(verdict.outcome != UNKNOWN for each, verdict in judged if each.machine_readable)


@settings(UNHURRIED, max_examples=100)
@given(PERSONS, st.randoms())
def test_the_order_of_what_is_said_does_not_matter(person, random):
    shuffled = list(person)
    random.shuffle(shuffled)
    other = {
        name: person[name][::-1] if isinstance(person[name], list) else person[name] for name in shuffled
    }  # fmt: skip

    def everything(circumstances: dict) -> tuple:
        judged = [(each, each.judge(VOCABULARY.with_implications(circumstances))) for each in compiled("2026")]
        question = next_question(judged)
        return [verdict for _, verdict in judged], question and (question[0].name, question[1])

    assert everything(person) == everything(other)


@settings(UNHURRIED, max_examples=100)
@given(RULES)
def test_a_rule_is_refused_or_somebody_can_meet_each_of_its_groups(stated):
    found = [fault for fault in faults(stated) if "矛盾" not in fault]
    if found:
        return
    contradicted = {place for place, _ in Rule(stated).contradictions()}
    assert (faults(stated) == []) == (not contradicted)
    for place, group in enumerate(stated["any"], 1):
        alone = Rule({**stated, "any": [group]})
        # Each fact's own answers, put together: whatever meets the criteria on each of them meets the group.
        met = all(
            any(not bits & ~holding for holding in alone._answer_bits[name])
            for name, bits in alone._bits_by_fact.items()
        )  # fmt: skip
        assert met == (place not in contradicted)
