"""The rules of the committed editions: validity, number and the citation of each criterion.

The outcomes on both sides of each bound are in the cases: ``tests/workflow/test_cases.py``.
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
    entries = json.loads((EDITIONS / f"{slug}.json").read_text())["services"]
    return {service["code"]: service for service in entries}


@pytest.mark.parametrize("slug", SLUGS)
def test_every_rule_is_valid_and_can_be_written_as_a_sentence(slug):
    for code, service in services(slug).items():
        assert faults(service["eligibility"]) == [], code
        assert rule_text(service["eligibility"])


def test_every_service_of_the_edition_in_force_has_a_rule_that_can_be_judged():
    rules = {code: service["eligibility"] for code, service in services("2026").items()}

    assert len(rules) == 81
    assert all(rule and rule["machine_readable"] for rule in rules.values())


@pytest.mark.parametrize("slug", SLUGS)
def test_every_criterion_has_a_citation_with_a_quote_or_from_the_editors(slug):
    for code, service in services(slug).items():
        citations = [citation for citation in service["citations"] if citation["field"] == "eligibility"]
        for position, criterion in enumerate(Rule(service["eligibility"]).criteria, 1):
            own_citations = [citation for citation in citations if citation.get("criterion") == position]
            assert any(
                citation["source"] == "editors" or (citation["locator"] and citation["quote"])
                for citation in own_citations
            ), (code, position, criterion)


@pytest.mark.parametrize("slug", SLUGS)
def test_a_service_with_a_rule_has_target_groups(slug):
    for code, service in services(slug).items():
        assert service["eligibility"] is None or service["target_groups"], code


@pytest.mark.parametrize(
    ("slug", "code", "reads"),
    [
        # The rules of an edition contain only what was known on its first day.
        ("2021", "NM-07-03", "家庭类别包括“低保家庭”"),
        ("2021", "NM-07-15", "残疾等级不小于1级；或者年龄不小于60周岁"),
        ("2023", "NM-07-15", "残疾等级不小于1级；或者年龄不小于60周岁；或者有无障碍需求"),
        ("2026", "NM-05-01", "年龄不小于65周岁，且不是流动人口；或者年龄不小于65周岁，且在本地连续居住不少于6个月"),
    ],
)
def test_a_rule_contains_only_what_was_known_for_its_edition(slug, code, reads):
    assert rule_text(services(slug)[code]["eligibility"]).startswith(reads)


def test_dibao_and_tekun_meet_every_low_income_criterion():
    codes = [
        code
        for code, service in services("2026").items()
        if any(
            criterion.fact == "household" and "low_income" in str(criterion.value)
            for criterion in Rule(service["eligibility"]).criteria
        )
    ]
    assert len(codes) >= 7
    for code in codes:
        for household in ("dibao", "tekun", "tekun_dispersed"):
            rule = Rule(services("2026")[code]["eligibility"])
            verdict = rule.judge(VOCABULARY.with_implications({"household": [household]}))
            assert all(
                result
                for criterion, result in zip(rule.criteria, verdict.results, strict=True)
                if criterion.fact == "household" and criterion.value == "low_income"
            ), code
