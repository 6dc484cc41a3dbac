"""The rules of the committed editions: how many there are, whether they can be read, and what each condition rests on.

On which side of each bound a person stands is told by the cases: ``tests/test_cases.py``.
"""

import json
from functools import cache

import pytest

from services.eligibility.facts import VOCABULARY
from services.eligibility.rules import Rule, faults
from services.eligibility.sentences import rule_text
from tests.support.paths import FIXTURES

EDITIONS = FIXTURES / "editions"
SLUGS = ["2021", "2023", "2026"]


@cache
def services(slug: str) -> dict[str, dict]:
    found = json.loads((EDITIONS / f"{slug}.json").read_text())["services"]
    return {service["code"]: service for service in found}


@pytest.mark.parametrize("slug", SLUGS)
def test_every_rule_stands_and_can_be_read(slug):
    for code, service in services(slug).items():
        assert faults(service["eligibility"]) == [], code
        assert rule_text(service["eligibility"])


def test_at_most_eight_services_of_the_edition_in_force_are_not_machine_readable():
    stated = {code: service["eligibility"] for code, service in services("2026").items()}
    unreadable = {code for code, rule in stated.items() if rule is None or not rule["machine_readable"]}

    assert len(stated) == 81
    assert unreadable == {"NM-03-04", "NM-09-02"}
    assert all(stated[code]["reason"] for code in unreadable)


@pytest.mark.parametrize("slug", SLUGS)
def test_every_condition_has_a_clause_of_its_own_or_says_that_it_has_none(slug):
    for code, service in services(slug).items():
        cited = [citation for citation in service["citations"] if citation["field"] == "eligibility"]
        for place, criterion in enumerate(Rule(service["eligibility"]).criteria, 1):
            own = [citation for citation in cited if citation.get("criterion") == place]
            assert any(
                citation["source"] == "editors" or (citation["locator"] and citation["quote"]) for citation in own
            ), (code, place, criterion)


@pytest.mark.parametrize("slug", SLUGS)
def test_an_edition_says_whom_a_service_is_for_where_it_knows_of_whom(slug):
    for code, service in services(slug).items():
        assert service["eligibility"] is None or service["target_groups"], code


@pytest.mark.parametrize(
    ("slug", "code", "reads"),
    [
        # What was not known on an edition's first day is not in its rules.
        ("2021", "NM-07-03", "家庭类别包括“低保家庭”"),
        ("2021", "NM-07-15", "残疾等级不小于1级；或者年龄不小于60周岁"),
        ("2023", "NM-07-15", "残疾等级不小于1级；或者年龄不小于60周岁；或者有无障碍需求"),
        ("2026", "NM-05-01", "年龄不小于65周岁，且不是流动人口；或者年龄不小于65周岁，且在本地连续居住不少于6个月"),
    ],
)
def test_a_rule_says_what_its_edition_knew(slug, code, reads):
    assert rule_text(services(slug)[code]["eligibility"]).startswith(reads)


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
            verdict = results.judge(VOCABULARY.with_implications({"household": [household]}))
            assert all(
                result
                for each, result in zip(results.criteria, verdict.results, strict=True)
                if each.fact == "household" and each.value == "low_income"
            ), code
