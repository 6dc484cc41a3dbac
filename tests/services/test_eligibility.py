"""Judging rules: three outcomes, a result for every criterion, and the next question to ask."""

import dataclasses
import json
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.eligibility.facts import BOOLEAN, CHOICE, CHOICES, INTEGER, VOCABULARY, Fact
from services.eligibility.persons import affected_persons, boundary_persons
from services.eligibility.questions import Question, questions
from services.eligibility.rules import (
    ELIGIBLE,
    NOT_ELIGIBLE,
    OPERATORS,
    UNKNOWN,
    Rule,
    Rules,
    distinguishing_answers,
    faults,
)
from services.eligibility.sentences import rule_text
from tests.support.paths import FIXTURES

EDITIONS = FIXTURES / "editions"


def next_question(judged) -> Question | None:
    return next(iter(questions(judged)), None)


def rule(*groups: list[tuple], **changes: object) -> dict:
    """Build a rule from groups of (fact, op, value)."""
    any_of = [
        {"all": [dict(zip(("fact", "op", "value"), criterion, strict=True)) for criterion in group]} for group in groups
    ]
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
        (None, {"age": 70}, UNKNOWN, (), ()),  # no rule is stated
        (OLDER, {}, UNKNOWN, (None, None), ("age", "months_resident")),
        (OLDER, {"age": 65}, UNKNOWN, (True, None), ("months_resident",)),
        (OLDER, {"age": 64}, NOT_ELIGIBLE, (False, None), ()),  # one failed criterion fails the group
        (OLDER, {"age": 65, "months_resident": 6}, ELIGIBLE, (True, True), ()),
        (OLDER, {"age": 65, "months_resident": 5}, NOT_ELIGIBLE, (True, False), ()),
        (EITHER, {"age": 80}, ELIGIBLE, (True, True, None), ()),  # one group is enough
        (EITHER, {"age": 70}, UNKNOWN, (False, True, None), ("household",)),
        (EITHER, {"household": []}, UNKNOWN, (None, None, False), ("age",)),  # only the first group is open
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
def test_each_operator_holds_for_matching_answers_only(criterion, holds, fails):
    eligibility = rule([criterion])

    assert faults(eligibility) == []
    assert {judge(eligibility, {criterion[0]: answer}).outcome for answer in holds} == {ELIGIBLE}
    assert {judge(eligibility, {criterion[0]: answer}).outcome for answer in fails} == {NOT_ELIGIBLE}


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
        (rule([("age", "lt", 6), ("age", "gt", 60)]), "互相矛盾"),  # no age is both
        (rule([("age", "gte", 6), ("age", "lt", 6)]), "互相矛盾"),
        (rule([("age", "eq", 6)], [("residence", "eq", "rural"), ("residence", "eq", "urban")]), "第 2 组"),
        (rule([("migrant", "eq", True), ("migrant", "ne", True)]), "互相矛盾"),
        (rule([("household", "contains", "dibao"), ("household", "ne", "low_income")]), "互相矛盾"),  # implied
        (rule([("household", "contains", "dibao"), ("household", "contains", "none")]), "互相矛盾"),
        (rule(*[[("age", "eq", 1)]] * 21), "最多 20 组"),
        (rule([("months_resident", "ne", number) for number in range(61)]), "最多 60 个"),
    ],
)
def test_an_invalid_rule_is_refused_with_the_reason(eligibility, says):
    assert says in "；".join(faults(eligibility))


@pytest.mark.parametrize("eligibility", [None, EVERYBODY, UNREADABLE, OLDER, EITHER])
def test_a_valid_rule_has_no_faults(eligibility):
    assert faults(eligibility) == []


@pytest.mark.parametrize(
    "eligibility",
    [
        rule(*[[("age", "eq", age)] for age in range(20)]),
        rule([("months_resident", "ne", number) for number in range(60)]),
        rule([("months_resident", "in", list(range(300)))]),  # the values of a criterion are not limited
    ],
)
def test_a_rule_may_be_as_long_as_its_limits(eligibility):
    assert faults(eligibility) == []


@pytest.mark.parametrize(
    ("type_", "op", "count", "message"),
    [
        (CHOICES, "contains", 1, []),
        (CHOICES, "contains", 12, []),
        (CHOICES, "contains", 13, ["“爱好”在一条规则中最多提到 12 个值。"]),
        (CHOICE, "eq", 13, []),  # only combinations are limited, and one choice has none
    ],
)
def test_a_rule_mentions_at_most_twelve_choices_of_a_list(type_, op, count, message):
    choices = {f"hobby-{number}": f"爱好{number}" for number in range(13)}
    hobby = Fact("hobby", type_, "爱好", "您有哪些爱好？", "Hobbies", "Which hobbies do you have?", choices)
    vocabulary = dataclasses.replace(VOCABULARY, facts=VOCABULARY.facts | {"hobby": hobby})
    eligibility = rule(*[[("hobby", op, code)] for code in list(choices)[:count]])

    assert faults(eligibility, vocabulary) == message


def test_each_criterion_has_the_number_of_its_group():
    assert Rule(EITHER).group_numbers == (1, 2, 2)


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
def test_a_rule_is_written_as_a_sentence(eligibility, words):
    assert words in rule_text(eligibility)


@pytest.mark.parametrize(
    ("rules", "circumstances", "asked", "settles"),
    [
        ([OLDER, EITHER], {}, "age", 2),  # 64 fails the first rule, 80 decides the second
        ([OLDER, OLDER, OLDER], {}, "age", 3),  # each rule counts
        ([OLDER, EITHER], {"age": 70}, "months_resident", 1),  # among equals, the first in the vocabulary
        ([OLDER, EITHER], {"age": 70, "months_resident": 1}, "household", 1),
        ([OLDER], {"age": 3}, None, None),  # facts that can no longer matter are not asked
        ([EVERYBODY, UNREADABLE, None], {}, None, None),
        ([rule([("age", "gte", 0), ("sex", "eq", "male")])], {}, "sex", 1),  # any age meets the first criterion
        # With two groups of two facts each, no single answer decides the rule, but a question is still asked.
        (
            [rule([("age", "gte", 60), ("sex", "eq", "male")], [("migrant", "eq", True), ("married", "eq", True)])],
            {},
            "age",
            0,
        ),
    ],
)
def test_the_next_question_is_the_one_that_decides_most_rules(rules, circumstances, asked, settles):
    judged = [(Rule(eligibility), judge(eligibility, circumstances)) for eligibility in rules]

    question = next_question(judged)

    assert (question and (question[0].name, question[1])) == (asked and (asked, settles))


def test_a_changed_rule_affects_the_persons_whose_outcome_changes():
    affected = affected_persons(rule([("age", "gte", 65)]), rule([("age", "gte", 66)]))

    assert [(item.person.name, item.before, item.after) for item in affected] == [
        ("年龄65周岁", ELIGIBLE, NOT_ELIGIBLE),  # generated from the bounds
        ("六十五岁的城镇老人", ELIGIBLE, NOT_ELIGIBLE),  # one of PERSONS
    ]
    assert affected_persons(OLDER, OLDER) == []


def test_a_lowered_age_affects_generated_persons():
    eighty, seventy_five = (
        rule([("age", "gte", age)], [("age", "gte", 60), ("household", "contains", "low_income")]) for age in (80, 75)
    )

    ages = [affected.person.circumstances["age"] for affected in affected_persons(eighty, seventy_five)]

    assert {75, 76, 79} <= set(ages)


@pytest.mark.parametrize("slug", ["2021", "2023", "2026"])
def test_each_bound_of_a_rule_has_a_person_on_both_sides(slug):
    for rule in compiled(slug):
        persons = boundary_persons(rule)
        if rule.criteria:
            answers_of_persons = [VOCABULARY.with_implications(person.circumstances) for person in persons]
            verdicts = [rule.judge(circumstances) for circumstances in answers_of_persons]
            for position in range(len(rule.criteria)):
                assert {verdict.results[position] for verdict in verdicts} == {True, False}


# Without a deadline: a busy machine is no failure.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
# Properties that hold for every person, tested with the rules of the committed editions and with generated rules.


@cache
def committed(slug: str) -> list[dict | None]:
    services = json.loads((EDITIONS / f"{slug}.json").read_text())["services"]
    return [service["eligibility"] for service in services]


@cache
def compiled(slug: str) -> list[Rule]:
    return [Rule(eligibility) for eligibility in committed(slug)]


def answers(fact: Fact) -> st.SearchStrategy:
    if fact.type == INTEGER:
        # Values near the bounds of the committed rules, and any other.
        near_bounds = st.sampled_from([0, 1, 2, 5, 6, 7, 11, 12, 14, 15, 16, 17, 18, 49, 59, 60, 64, 65, 79, 80])
        return near_bounds.filter(lambda value: fact.fault(value) is None) | st.integers(
            fact.minimum or 0, 130 if fact.maximum is None else fact.maximum
        )
    if fact.type == BOOLEAN:
        return st.booleans()
    if fact.type == CHOICE:
        return st.sampled_from(list(fact.choices))
    return st.lists(st.sampled_from(list(fact.choices)), unique=True, max_size=3).filter(
        lambda codes: fact.fault(codes) is None
    )


def possible(person: dict) -> dict:
    """Return the answers of a person, in order, without those that contradict an earlier one."""
    consistent = {}
    for name, answer in person.items():
        if not VOCABULARY.contradictions(consistent | {name: answer}):
            consistent[name] = answer
    return consistent


PERSONS = st.fixed_dictionaries({}, optional={fact.name: answers(fact) for fact in VOCABULARY}).map(possible)


@st.composite
def criteria(draw):
    fact = draw(st.sampled_from(list(VOCABULARY)))
    op = draw(st.sampled_from(OPERATORS[fact.type]))
    single_value = st.sampled_from(list(fact.choices)) if fact.type == CHOICES else answers(fact)
    value = draw(st.lists(single_value, min_size=1, max_size=3, unique=True) if op == "in" else single_value)
    return fact.name, op, value


RULES = st.lists(st.lists(criteria(), min_size=1, max_size=4), min_size=1, max_size=4).map(lambda groups: rule(*groups))
VALID_RULES = RULES.filter(lambda eligibility: not faults(eligibility))


def outcomes(rules: list[Rule], circumstances: dict) -> list[str]:
    answered = VOCABULARY.with_implications(circumstances)
    return [rule.judge(answered).outcome for rule in rules]


@settings(UNHURRIED, max_examples=200)
@given(PERSONS, st.data(), st.lists(VALID_RULES, max_size=3))
def test_one_more_fact_never_reverses_an_outcome(person, data, generated):
    rules = compiled("2026") + [Rule(eligibility) for eligibility in generated]
    kept_facts = data.draw(st.sets(st.sampled_from(sorted(person)))) if person else set()

    outcomes_before = outcomes(rules, {name: person[name] for name in kept_facts})

    for before, after in zip(outcomes_before, outcomes(rules, person), strict=True):
        assert before in (UNKNOWN, after)


@settings(UNHURRIED, max_examples=200)
@given(PERSONS, st.lists(VALID_RULES, max_size=3))
def test_many_rules_are_judged_like_single_rules(person, generated):
    rules = compiled("2026") + [Rule(rule) for rule in generated]
    circumstances = VOCABULARY.with_implications(person)
    alone = [rule.judge(circumstances) for rule in rules]

    together = Rules(rules).judge(circumstances)

    assert together == alone
    # Rules.judge() returns the initial verdict for a rule without known facts; the question must not depend on that.
    assert next_question(zip(rules, together, strict=True)) == next_question(zip(rules, alone, strict=True))


@settings(UNHURRIED, max_examples=200)
@given(PERSONS, VALID_RULES)
def test_a_fact_decides_a_rule_if_some_answer_decides_it(person, eligibility):
    rule, circumstances = Rule(eligibility), VOCABULARY.with_implications(person)
    verdict = rule.judge(circumstances)

    for name in verdict.missing:
        answered_verdicts = [
            rule.judge(circumstances | {name: answer})
            for answer in distinguishing_answers(VOCABULARY[name], rule.criteria)
        ]
        decides = any(answered_verdict.outcome != UNKNOWN for answered_verdict in answered_verdicts)
        assert rule.decided_by(name, verdict.open_groups) == decides


@settings(UNHURRIED, max_examples=200)
@given(VALID_RULES)
def test_a_rule_never_fails_without_facts(eligibility):
    assert judge(eligibility, {}).outcome != NOT_ELIGIBLE


@pytest.mark.parametrize("slug", ["2021", "2023", "2026"])
def test_no_committed_rule_fails_without_facts(slug):
    assert NOT_ELIGIBLE not in outcomes(compiled(slug), {})


@settings(UNHURRIED, max_examples=100)
@given(PERSONS, st.data(), st.lists(VALID_RULES, max_size=3))
def test_answering_the_next_questions_decides_every_rule(person, data, generated):
    circumstances, rules = dict(person), compiled("2026") + [Rule(rule) for rule in generated]

    for _ in range(len(VOCABULARY.facts) + 1):
        judged = [(rule, rule.judge(VOCABULARY.with_implications(circumstances))) for rule in rules]
        question = next_question(judged)
        if question is None:
            break
        fact, settles, _ = question
        assert fact.name not in circumstances
        assert 0 <= settles <= len(rules)
        circumstances[fact.name] = data.draw(answers(fact))

    assert question is None
    # What is left is to be decided by an office, not by an answer.
    assert all(verdict.outcome != UNKNOWN or verdict.conditions for rule, verdict in judged if rule.machine_readable)


@settings(UNHURRIED, max_examples=100)
@given(PERSONS, st.randoms())
def test_the_order_of_answers_does_not_matter(person, random):
    shuffled = list(person)
    random.shuffle(shuffled)
    reordered = {
        name: person[name][::-1] if isinstance(person[name], list) else person[name] for name in shuffled
    }  # fmt: skip

    def judge_all(circumstances: dict) -> tuple:
        judged = [(rule, rule.judge(VOCABULARY.with_implications(circumstances))) for rule in compiled("2026")]
        question = next_question(judged)
        return [verdict for _, verdict in judged], question and (question[0].name, question[1])

    assert judge_all(person) == judge_all(reordered)


@settings(UNHURRIED, max_examples=100)
@given(RULES)
def test_a_rule_is_refused_unless_each_of_its_groups_can_be_met(eligibility):
    other_faults = [fault for fault in faults(eligibility) if "矛盾" not in fault]
    if other_faults:
        return
    contradicted_groups = {number for number, _ in Rule(eligibility).contradictions()}
    assert (faults(eligibility) == []) == (not contradicted_groups)
    for number, group in enumerate(eligibility["any"], 1):
        single_group_rule = Rule({**eligibility, "any": [group]})
        # A group can be met if, for each fact, one answer meets all of its criteria on that fact.
        can_be_met = all(
            any(not bits & ~holding for holding in single_group_rule._answer_bits[name])
            for name, bits in single_group_rule._bits_by_fact.items()
        )  # fmt: skip
        assert can_be_met == (number not in contradicted_groups)
