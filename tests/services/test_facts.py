"""The facts a person can be asked about: what an answer may be, and what follows from it."""

import json

import pytest

from services.eligibility.facts import CHOICES, TYPES, VOCABULARY, Criterion, PartialAnswer
from services.eligibility.persons import PERSONS
from services.eligibility.rules import distinguishing_answers
from tests.support.paths import SHARED

DESIGN = SHARED / "design" / "facts.json"

ANSWERS = [
    ("age", 0, True),  # from birth
    ("age", 130, True),
    ("age", -1, False),
    ("age", 131, False),
    ("age", "65", False),  # text is no number
    ("age", 65.0, False),
    ("age", True, False),  # to Python a whole number
    ("age", None, False),  # not said is left out
    ("grade", 1, True),
    ("grade", 0, False),  # the first year is 1
    ("months_resident", 9999, True),  # no maximum of its own
    ("months_resident", 10_000, False),
    ("migrant", False, True),
    ("migrant", 0, False),
    ("migrant", "false", False),
    ("residence", "rural", True),
    ("residence", "农村牧区", False),  # a label is no code
    ("residence", ["rural"], False),
    ("residence", {}, False),
    ("household", [], True),  # none of them
    ("household", ["none"], True),
    ("household", ["dibao", "low_income"], True),
    ("household", ["dibao", "none"], False),  # both cannot be
    ("household", ["dibao", "dibao"], False),
    ("household", "dibao", False),
    ("household", ["rich"], False),
    ("household", [["dibao"]], False),
    ("housing", ["none", "hardship"], True),  # "none" is here: owns none
    ("housing", ["hardship", "adequate"], False),
]


@pytest.mark.parametrize(("name", "answer", "right"), ANSWERS)
def test_an_answer_is_of_its_facts_type_and_within_its_bounds(name, answer, right):
    assert (VOCABULARY[name].fault(answer) is None) == right


@pytest.mark.parametrize(("name", "answer"), [(name, answer) for name, answer, right in ANSWERS if not right])
def test_a_wrong_answer_is_told_what_is_allowed_and_not_repeated(name, answer):
    fault = VOCABULARY[name].fault(answer)

    assert fault.endswith("。")
    assert VOCABULARY[name].allowed()
    if isinstance(answer, str) and answer not in VOCABULARY[name].allowed():
        assert answer not in fault


@pytest.mark.parametrize(
    ("answer", "judged"),
    [
        (["dibao"], {"dibao", "low_income"}),
        (["tekun"], {"tekun", "low_income"}),
        (["tekun_dispersed"], {"tekun_dispersed", "tekun", "low_income"}),  # what follows from what follows
        (["poverty_monitored"], {"poverty_monitored"}),
        ([], set()),
    ],
)
def test_who_is_in_dibao_or_tekun_is_in_economic_difficulty_too(answer, judged):
    assert VOCABULARY.with_implications({"household": answer})["household"] == judged


IMPLIED = [
    ({"age": 15}, "employment", "none"),  # 劳动法第十五条
    ({"age": 16}, "employment", None),
    ({"age": 17}, "married", False),
    ({"age": 18}, "married", None),
    ({"age": 17}, "spouse_residence", "none"),  # what follows from what follows
    ({"age": 9}, "maternity", frozenset({"none"})),  # a choice that excludes all others is the whole answer
    ({"age": 2}, "full_time_student", False),
    ({"age": 15}, "military", PartialAnswer(excludes=frozenset({"active", "veteran", "disabled_serviceman"}))),
    ({"sex": "male"}, "maternity", PartialAnswer(excludes=frozenset({"pregnant", "postpartum"}))),
    ({"awaiting_placement": True}, "military", PartialAnswer(includes=frozenset({"veteran"}))),
    ({"military": ["none"]}, "military_disability_grade", 0),
    ({"age": 5, "employment": "employed"}, "employment", "employed"),  # an answer that was given stays as it is
]


@pytest.mark.parametrize(("given", "fact", "implied"), IMPLIED)
def test_what_follows_from_an_answer_is_understood(given, fact, implied):
    assert VOCABULARY.with_implications(given).get(fact) == implied


@pytest.mark.parametrize(
    ("op", "value", "result"),
    [
        ("contains", "veteran", True),
        ("contains", "active", False),
        ("contains", "survivor_martyr", None),
        ("ne", "veteran", False),
        ("ne", "active", True),
        ("ne", "survivor_martyr", None),
        ("in", ("active", "veteran"), True),  # any of them
        ("in", ("active",), False),
        ("in", ("active", "survivor_martyr"), None),  # the other may be there
    ],
)
def test_a_criterion_over_a_list_that_is_known_in_part(op, value, result):
    known = PartialAnswer(includes=frozenset({"veteran"}), excludes=frozenset({"active"}))

    assert known.result(Criterion("military", op, value)) is result


@pytest.mark.parametrize(
    ("given", "contradicts"),
    [
        ({"age": 5, "married": True}, True),
        ({"age": 5, "employment": "retired"}, True),
        ({"sex": "male", "maternity": ["pregnant"]}, True),
        ({"age": 0, "inclusive_kindergarten": True}, True),  # each says another stage of education
        ({"age": 30, "married": True, "sex": "male", "maternity": ["planning"]}, False),
        ({}, False),
    ],
)
def test_answers_that_cannot_both_be_true_are_told(given, contradicts):
    assert bool(VOCABULARY.contradictions(given)) == contradicts


def test_every_implication_says_why_and_no_single_answer_contradicts_itself():
    for each in VOCABULARY.implications:
        assert each.because and each.because_en
        condition = VOCABULARY[each.condition.fact]
        for answer in distinguishing_answers(condition, [each.condition]):
            given = {condition.name: sorted(answer) if isinstance(answer, frozenset) else answer}
            assert VOCABULARY.contradictions(given) == []


def test_every_question_can_be_understood_alone():
    for language in ("zh-Hans", "en"):
        told = [fact.in_language(language) for fact in VOCABULARY]
        assert len({fact["question"] for fact in told}) == len(told)
        for fact in told:
            assert all(fact[name] for name in ("label", "question", "help", "example", "known_by"))
            assert fact["group"] in VOCABULARY.groups
    # Those of one group are asked together.
    groups = [fact.group for fact in VOCABULARY]
    assert [group for group, before in zip(groups, ["", *groups], strict=False) if group != before] == list(
        VOCABULARY.groups
    )


def test_a_choice_that_excludes_all_others_is_named_and_is_one_of_them():
    for fact in VOCABULARY:
        assert set(fact.exclusive) <= set(fact.choices)
        if "none" in fact.choices and fact.type == CHOICES and fact.name != "housing":
            assert fact.exclusive == ("none",)
    assert VOCABULARY["housing"].exclusive == ("adequate",)


def test_every_fact_is_in_both_languages_and_can_be_put_into_a_sentence():
    for fact in VOCABULARY:
        assert fact.type in TYPES
        chinese, english = fact.in_language("zh-Hans"), fact.in_language("en")
        assert chinese.keys() == english.keys()
        assert english["label"].isascii() or "’" in english["label"] or "–" in english["label"]
        assert not any("一" <= character <= "鿿" for character in json.dumps(english, ensure_ascii=False))
        assert chinese.get("choices", {}).keys() == english.get("choices", {}).keys()
        assert set(fact.said) == {
            "integer": {"subject", "low", "high", "unit"}, "boolean": {"yes", "no"}
        }.get(fact.type, set())  # fmt: skip


@pytest.mark.skipif(not DESIGN.is_file(), reason=f"The contract's vocabulary is not here ({DESIGN}).")
def test_no_fact_of_the_contract_was_renamed_or_changed():
    facts = {fact.name: fact.in_language("zh-Hans") for fact in VOCABULARY}

    for agreed in json.loads(DESIGN.read_text())["facts"]:
        fact = facts[agreed["name"]]
        assert {name: fact.get(name) for name in ("type", "minimum", "maximum", "unit")} == {
            name: agreed.get(name) for name in ("type", "minimum", "maximum", "unit")
        }
        assert agreed.get("choices", {}).keys() <= fact.get("choices", {}).keys()


def test_forty_example_persons_answer_as_a_person_could():
    assert len(PERSONS) == len({person.name for person in PERSONS}) == 40
    for person in PERSONS:
        for name, answer in person.circumstances.items():
            assert VOCABULARY[name].fault(answer) is None, (person.name, name)
        assert VOCABULARY.contradictions(person.circumstances) == [], person.name
