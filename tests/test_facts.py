"""The facts a person can be asked about: what an answer may be, and what follows from it."""

import json
from pathlib import Path

import pytest

from services.examples import PERSONS
from services.facts import TYPES, VOCABULARY

DESIGN = Path(__file__).resolve().parent.parent.parent / "shared" / "design" / "facts.json"

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
    assert VOCABULARY.understood({"household": answer, "age": 70}) == {"household": judged, "age": 70}


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
        assert facts[agreed["name"]] == agreed
    assert list(facts)[: len(json.loads(DESIGN.read_text())["facts"])] == [
        agreed["name"] for agreed in json.loads(DESIGN.read_text())["facts"]
    ]


def test_forty_example_persons_answer_as_a_person_could():
    assert len(PERSONS) == len({person.name for person in PERSONS}) == 40
    for person in PERSONS:
        for name, answer in person.circumstances.items():
            assert VOCABULARY[name].fault(answer) is None, (person.name, name)
