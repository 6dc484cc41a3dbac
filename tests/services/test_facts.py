"""The facts a person can be asked about: valid answers and their implications."""

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
    ("age", "65", False),  # text is not a number
    ("age", 65.0, False),
    ("age", True, False),  # bool is a subclass of int
    ("age", None, False),  # an unknown answer is left out
    ("grade", 1, True),
    ("grade", 0, False),  # the first year is 1
    ("months_resident", 9999, True),  # the fact has no maximum of its own
    ("months_resident", 10_000, False),
    ("migrant", False, True),
    ("migrant", 0, False),
    ("migrant", "false", False),
    ("residence", "rural", True),
    ("residence", "农村牧区", False),  # a label is not a code
    ("residence", ["rural"], False),
    ("residence", {}, False),
    ("household", [], True),  # none of them
    ("household", ["none"], True),
    ("household", ["dibao", "low_income"], True),
    ("household", ["dibao", "none"], False),  # contradictory
    ("household", ["dibao", "dibao"], False),
    ("household", "dibao", False),
    ("household", ["rich"], False),
    ("household", [["dibao"]], False),
    ("housing", ["none", "hardship"], True),  # here "none" means that the person owns none
    ("housing", ["hardship", "adequate"], False),
]


@pytest.mark.parametrize(("name", "answer", "right"), ANSWERS)
def test_an_answer_must_have_the_type_and_bounds_of_its_fact(name, answer, right):
    assert (VOCABULARY[name].fault(answer) is None) == right


@pytest.mark.parametrize(("name", "answer"), [(name, answer) for name, answer, right in ANSWERS if not right])
def test_the_fault_of_an_answer_does_not_repeat_the_answer(name, answer):
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
        (["tekun_dispersed"], {"tekun_dispersed", "tekun", "low_income"}),  # an implication of an implication
        (["poverty_monitored"], {"poverty_monitored"}),
        ([], set()),
    ],
)
def test_dibao_and_tekun_imply_low_income(answer, judged):
    assert VOCABULARY.with_implications({"household": answer})["household"] == judged


IMPLIED = [
    ({"age": 15}, "employment", "none"),  # 劳动法第十五条
    ({"age": 16}, "employment", None),
    ({"age": 17}, "married", False),
    ({"age": 18}, "married", None),
    ({"age": 17}, "spouse_residence", "none"),  # an implication of an implication
    ({"age": 9}, "maternity", frozenset({"none"})),  # an exclusive choice is the complete answer
    ({"age": 2}, "full_time_student", False),
    ({"age": 15}, "military", PartialAnswer(excludes=frozenset({"active", "veteran", "disabled_serviceman"}))),
    ({"sex": "male"}, "maternity", PartialAnswer(excludes=frozenset({"pregnant", "postpartum"}))),
    ({"awaiting_placement": True}, "military", PartialAnswer(includes=frozenset({"veteran"}))),
    ({"military": ["none"]}, "military_disability_grade", 0),
    ({"age": 5, "employment": "employed"}, "employment", "employed"),  # a given answer is not changed
]


@pytest.mark.parametrize(("given", "fact", "implied"), IMPLIED)
def test_the_implications_of_an_answer_are_added(given, fact, implied):
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
        ("in", ("active", "survivor_martyr"), None),  # the other choice is possible
    ],
)
def test_a_partial_answer_decides_a_criterion_where_possible(op, value, result):
    partial = PartialAnswer(includes=frozenset({"veteran"}), excludes=frozenset({"active"}))

    assert partial.result(Criterion("military", op, value)) is result


@pytest.mark.parametrize(
    ("given", "contradicts"),
    [
        ({"age": 5, "married": True}, True),
        ({"age": 5, "employment": "retired"}, True),
        ({"sex": "male", "maternity": ["pregnant"]}, True),
        ({"age": 0, "inclusive_kindergarten": True}, True),  # the two imply different stages of education
        ({"age": 30, "married": True, "sex": "male", "maternity": ["planning"]}, False),
        ({}, False),
    ],
)
def test_contradictory_answers_are_detected(given, contradicts):
    assert bool(VOCABULARY.contradictions(given)) == contradicts


def test_every_implication_has_a_reason_and_no_single_answer_contradicts_itself():
    for implication in VOCABULARY.implications:
        assert implication.because and implication.because_en
        condition = VOCABULARY[implication.condition.fact]
        for answer in distinguishing_answers(condition, [implication.condition]):
            circumstances = {condition.name: sorted(answer) if isinstance(answer, frozenset) else answer}
            assert VOCABULARY.contradictions(circumstances) == []


def test_every_fact_is_fully_described_and_the_groups_are_in_order():
    for language in ("zh-Hans", "en"):
        facts = [fact.in_language(language) for fact in VOCABULARY]
        assert len({fact["question"] for fact in facts}) == len(facts)
        for fact in facts:
            assert all(fact[name] for name in ("label", "question", "help", "example", "known_by"))
            assert fact["group"] in VOCABULARY.groups
    # The facts of one group are consecutive.
    groups = [fact.group for fact in VOCABULARY]
    assert [group for group, before in zip(groups, ["", *groups], strict=False) if group != before] == list(
        VOCABULARY.groups
    )


def test_exclusive_choices_are_choices_of_the_fact():
    for fact in VOCABULARY:
        assert set(fact.exclusive) <= set(fact.choices)
        if "none" in fact.choices and fact.type == CHOICES and fact.name != "housing":
            assert fact.exclusive == ("none",)
    assert VOCABULARY["housing"].exclusive == ("adequate",)


def test_every_fact_has_texts_in_both_languages_and_words_for_a_sentence():
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

    for contract_fact in json.loads(DESIGN.read_text())["facts"]:
        fact = facts[contract_fact["name"]]
        assert {name: fact.get(name) for name in ("type", "minimum", "maximum", "unit")} == {
            name: contract_fact.get(name) for name in ("type", "minimum", "maximum", "unit")
        }
        assert contract_fact.get("choices", {}).keys() <= fact.get("choices", {}).keys()


def test_the_forty_example_persons_have_valid_and_consistent_answers():
    assert len(PERSONS) == len({person.name for person in PERSONS}) == 40
    for person in PERSONS:
        for name, answer in person.circumstances.items():
            assert VOCABULARY[name].fault(answer) is None, (person.name, name)
        assert VOCABULARY.contradictions(person.circumstances) == [], person.name
