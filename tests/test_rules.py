"""The rules of the committed editions: how many there are, and on which side of each bound a person stands."""

import json
from functools import cache
from pathlib import Path

import pytest

from services.eligibility import ELIGIBLE, NOT_ELIGIBLE, Rule, faults
from services.facts import INTEGER, VOCABULARY
from services.wording import sentence

EDITIONS = Path(__file__).resolve().parent.parent / "fixtures" / "editions"
SLUGS = ["2021", "2023", "2026"]

POOR = {"labour_capacity": False, "income_source": False, "has_supporter": False}
NOT_DISABLED = {"disability_level": 0}
NO_HOUSEHOLD = {"household": []}
KINDERGARTEN = {"education_stage": "kindergarten", "inclusive_kindergarten": True, "household": [], "child_status": []}
WORKING_AGE = {"retirement_age_reached": False}
JOBLESS = {"employment": "none", "personal_income_below_dibao": True, "assets_within_limit": True}
RURAL_HOUSE = {"residence": "rural", "housing": ["dilapidated"], "household": ["low_income"]}
MARTYR = {"military": ["survivor_martyr"], "disability_level": 0}
PENSION = {"insured": ["resident_pension"], "full_time_student": True}
VOCATIONAL = {"education_stage": "secondary_vocational", "household": [], "residence": "urban"}

# Service, what else is known of the person, the fact, the last value outside, the first inside, and the source of the
# clause that draws the bound (None: the words of the target group alone).
BOUNDS = [
    ("NM-01-02", {"maternity": ["pregnant"]}, "months_resident", 5, 6, "web-ggws2018"),
    ("NM-01-05", {"priority_vaccination_group": False}, "age", 7, 6, "web-ggws2018"),
    ("NM-01-06", {"months_resident": 60}, "age", 7, 6, "web-ggws2018"),
    ("NM-01-06", {"age": 3}, "months_resident", 5, 6, "web-ggws2018"),
    ("NM-01-07", {"child_status": ["orphan"]}, "age", 18, 17, "law-minors"),
    ("NM-01-08", {"child_status": ["own_disability"]}, "age", 18, 17, "law-minors"),
    ("NM-01-09", {"child_status": ["left_behind"], "residence": "rural"}, "age", 16, 15, "web-leftbehind13"),
    ("NM-02-01", KINDERGARTEN, "disability_level", 0, 1, None),
    ("NM-02-07", {**VOCATIONAL, "study_field": "agriculture"}, "grade", 3, 2, "web-zz-aid2016"),
    ("NM-02-07", {**VOCATIONAL, "household": ["low_income"], "study_field": "other"}, "grade", 3, 2, "web-zz-aid2016"),
    ("NM-02-07", {**VOCATIONAL, "residence": "rural", "study_field": "other"}, "grade", 3, 2, "web-zz-aid2016"),
    (
        "NM-03-05",
        {"qualification": "higher", "employment": "none"},
        "years_since_graduation",
        3,
        2,
        "web-internship",
    ),
    ("NM-03-05", {"qualification": "none", "employment": "unemployed"}, "age", 15, 16, "web-internship"),
    ("NM-03-05", {"qualification": "none", "employment": "unemployed"}, "age", 25, 24, "web-internship"),
    (
        "NM-03-11",
        {"employment": "unemployed", "employment_traits": ["involuntary", "registered_unemployed"]},
        "unemployment_insurance_months",
        11,
        12,
        "law-social-insurance",
    ),
    ("NM-04-01", {}, "months_resident", 5, 6, "web-ggws2018"),
    ("NM-04-02", {}, "months_resident", 5, 6, "web-ggws2018"),
    ("NM-04-05", {"health_conditions": ["hypertension"], "months_resident": 60}, "age", 34, 35, "web-ggws2018"),
    ("NM-04-05", {"health_conditions": ["type2_diabetes"], "age": 35}, "months_resident", 5, 6, "web-ggws2018"),
    (
        "NM-04-07",
        {"health_conditions": ["severe_mental_disorder"], "lives_at_home": True},
        "months_resident",
        5,
        6,
        "web-ggws2018",
    ),
    ("NM-04-08", {"health_conditions": ["tuberculosis"]}, "months_resident", 5, 6, "web-ggws2018"),
    (
        "NM-04-15",
        {"residence": "rural", "spouse_residence": "rural", "family_planning": ["one_child_or_two_daughters"]},
        "age",
        59,
        60,
        "web-rural-fp",
    ),
    ("NM-04-16", {"only_child": "dead", "family_planning": []}, "wife_age", 48, 49, "web-fp-special-2022"),
    ("NM-05-01", {"months_resident": 6}, "age", 64, 65, "seed-plan"),
    ("NM-05-01", {"age": 65}, "months_resident", 5, 6, "web-ggws2018"),
    ("NM-05-02", NO_HOUSEHOLD, "age", 79, 80, "web-nm-aged-2012"),
    ("NM-05-02", {"household": ["dibao"]}, "age", 59, 60, "law-elderly"),
    (
        "NM-05-03",
        {"employment": "retired", "insured": ["employee_pension"], "retirement_age_reached": True},
        "pension_years",
        14,
        15,
        "law-social-insurance",
    ),
    ("NM-05-04", {"insured": [], "full_time_student": False}, "age", 15, 16, "web-resident-pension"),
    ("NM-05-04", {**PENSION, "pension_years": 15}, "age", 59, 60, "web-resident-pension"),
    ("NM-05-04", {**PENSION, "age": 60}, "pension_years", 14, 15, "web-resident-pension"),
    ("NM-06-03", RURAL_HOUSE, "disability_level", 0, 1, None),
    ("NM-07-02", {**POOR, **NOT_DISABLED, **NO_HOUSEHOLD}, "age", 59, 60, "law-elderly"),
    ("NM-07-02", {**POOR, **NOT_DISABLED, **NO_HOUSEHOLD}, "age", 16, 15, "law-social-assistance"),
    ("NM-07-02", {**POOR, **NO_HOUSEHOLD, "age": 40}, "disability_level", 0, 1, None),
    ("NM-07-08", {"household": ["dibao"]}, "disability_level", 0, 1, None),
    ("NM-07-08", NO_HOUSEHOLD, "disability_level", 3, 2, "web-nm-disability-2015"),
    ("NM-07-08", NO_HOUSEHOLD, "disability_level", 0, 1, None),
    ("NM-07-09", {**JOBLESS, "disability_level": 1}, "age", 17, 18, "web-dibao-single"),
    ("NM-07-09", {**JOBLESS, "age": 18}, "disability_level", 3, 2, "web-dibao-single"),
    ("NM-07-09", {**JOBLESS, "age": 18}, "disability_level", 0, 1, None),
    ("NM-07-10", {**WORKING_AGE, "disability_types": ["mental"]}, "age", 15, 16, "web-tuoyang-gb"),
    (
        "NM-07-10",
        {**WORKING_AGE, "disability_types": ["physical"], "disability_level": 2},
        "age",
        15,
        16,
        "web-tuoyang-gb",
    ),
    ("NM-07-10", {**WORKING_AGE, "disability_types": ["physical"], "age": 30}, "disability_level", 3, 2, None),
    ("NM-07-10", {**WORKING_AGE, "disability_types": ["physical"], "age": 30}, "disability_level", 0, 1, None),
    ("NM-07-11", {**NO_HOUSEHOLD, "disability_level": 4, "autism": False}, "age", 8, 7, "web-nm-rehab-2018"),
    ("NM-07-11", {**NO_HOUSEHOLD, "disability_level": 0, "autism": True}, "age", 8, 7, "web-nm-rehab-2018"),
    ("NM-07-11", {**NO_HOUSEHOLD, "age": 7, "autism": False}, "disability_level", 0, 1, None),
    ("NM-07-11", {"household": ["low_income"], "age": 30, "autism": False}, "disability_level", 0, 1, None),
    ("NM-07-11", {**NO_HOUSEHOLD, "age": 30, "autism": False}, "disability_level", 3, 2, None),
    ("NM-07-11", {**NO_HOUSEHOLD, "age": 30, "autism": False}, "disability_level", 0, 1, None),
    ("NM-07-12", {"education_stage": "compulsory"}, "disability_level", 0, 1, None),
    ("NM-07-12", {"education_stage": "higher", "household": ["low_income"]}, "disability_level", 0, 1, None),
    ("NM-07-13", {"employment": "unemployed"}, "disability_level", 0, 1, None),
    ("NM-07-13", {"employment": "employed", "wants_training": True}, "disability_level", 0, 1, None),
    ("NM-07-14", {}, "disability_level", 0, 1, None),
    ("NM-07-15", {"age": 30}, "disability_level", 0, 1, None),
    ("NM-07-15", NOT_DISABLED, "age", 59, 60, "law-elderly"),
    ("NM-08-04", MARTYR, "age", 16, 15, "law-martyrs"),
    ("NM-08-04", {"military": ["survivor_martyr"], "age": 40}, "disability_level", 0, 1, None),
    ("NM-08-04", MARTYR, "age", 59, 60, "law-elderly"),
    (
        "NM-08-04",
        {"military": ["disabled_serviceman"], "needs_collective_care": True},
        "military_disability_grade",
        5,
        4,
        "law-military-pension",
    ),
    (
        "NM-08-04",
        {"military": ["disabled_serviceman"], "needs_collective_care": True},
        "military_disability_grade",
        0,
        1,
        None,
    ),
]


@cache
def services(slug: str) -> dict[str, dict]:
    found = json.loads((EDITIONS / f"{slug}.json").read_text())["services"]
    return {service["code"]: service for service in found}


def outcome(code: str, circumstances: dict, slug: str = "2026") -> str:
    return Rule(services(slug)[code]["eligibility"]).judge(VOCABULARY.understood(circumstances)).outcome


def clauses(code: str, place: int, slug: str = "2026") -> set[str]:
    """The sources of a criterion's own clauses."""
    return {
        citation["source"]
        for citation in services(slug)[code]["citations"]
        if citation["field"] == "eligibility" and citation.get("criterion") == place
    }


@pytest.mark.parametrize(("code", "known", "fact", "outside", "inside", "source"), BOUNDS)
def test_a_bound_is_where_its_clause_draws_it(code, known, fact, outside, inside, source):
    assert outcome(code, known | {fact: outside}) == NOT_ELIGIBLE
    assert outcome(code, known | {fact: inside}) == ELIGIBLE
    drawn = [
        place
        for place, each in enumerate(Rule(services("2026")[code]["eligibility"]).criteria, 1)
        if each.fact == fact and each.value == inside
    ]
    assert drawn
    assert source is None or source in set.union(*(clauses(code, place) for place in drawn))


def test_no_bound_of_the_edition_in_force_is_missing_from_the_table():
    drawn = {
        (code, each.fact, each.value)
        for code, service in services("2026").items()
        for each in Rule(service["eligibility"]).criteria
        if VOCABULARY[each.fact].type == INTEGER
    }

    assert drawn == {(code, fact, inside) for code, _, fact, _, inside, _ in BOUNDS}


@pytest.mark.parametrize("slug", SLUGS)
def test_every_rule_stands_and_can_be_read(slug):
    for code, service in services(slug).items():
        assert faults(service["eligibility"]) == [], code
        assert sentence(service["eligibility"])


def test_at_most_eight_services_of_the_edition_in_force_are_not_machine_readable():
    stated = {code: service["eligibility"] for code, service in services("2026").items()}
    unreadable = {code for code, rule in stated.items() if rule is None or not rule["machine_readable"]}

    assert len(stated) == 81
    assert unreadable == {"NM-03-04", "NM-09-02"}
    assert all(stated[code]["reason"] for code in unreadable)


@pytest.mark.parametrize("slug", SLUGS)
def test_an_edition_says_whom_a_service_is_for_where_it_knows_of_whom(slug):
    for code, service in services(slug).items():
        assert service["eligibility"] is None or service["target_groups"], code


@pytest.mark.parametrize(
    ("slug", "code", "reads"),
    [
        # What was not known on an edition's first day is not in its rules.
        ("2021", "NM-01-07", "儿童情况包括“孤儿”或“事实无人抚养”"),
        ("2021", "NM-02-01", "在读学段是“学前教育”，且家庭类别包括“低收入或家庭经济困难”"),
        ("2021", "NM-04-16", "未知"),
        ("2023", "NM-07-09", "未知"),
        ("2026", "NM-05-01", "年龄不小于65周岁，且在本地连续居住不少于6个月"),
    ],
)
def test_a_rule_says_what_its_edition_knew(slug, code, reads):
    assert sentence(services(slug)[code]["eligibility"]).startswith(reads)


def test_somebody_in_dibao_or_tekun_is_in_economic_difficulty_wherever_a_rule_asks():
    asking = [
        code
        for code, service in services("2026").items()
        if any(
            each.fact == "household" and "low_income" in str(each.value)
            for each in Rule(service["eligibility"]).criteria
        )
    ]
    assert len(asking) >= 7
    for code in asking:
        for household in ("dibao", "tekun", "tekun_dispersed"):
            results = Rule(services("2026")[code]["eligibility"])
            verdict = results.judge(VOCABULARY.understood({"household": [household]}))
            assert all(
                result
                for each, result in zip(results.criteria, verdict.results, strict=True)
                if each.fact == "household" and each.value == "low_income"
            ), code
