"""A new clause claims no more than its document allows."""

import pytest

from catalogue.workflow import proposals
from services.sources import Source
from tests.support.entries import STANDARD, make_citation, quoted_standard, standard_change

CLAUSE = {
    "source": "rec-std2021", "locator": None, "quote": STANDARD, "verification": "verbatim",
    "jurisdiction": "inner-mongolia",
}  # fmt: skip
FIGURE = {
    "label": "集中供养", "kind": "average", "value": "2300", "unit": "元", "currency": "CNY", "period": "month",
    "per": "person", "of_whom": None, "place": None, "valid_from": None, "valid_until": None, "as_of": None,
    "citation": CLAUSE,
}  # fmt: skip


def faults(make_proposal, *, kept: bool = False, **changes) -> list[str]:
    change = standard_change()
    if kept:
        change["entry_data"] = {}
    change["entry_data"] |= changes
    return [str(fault) for fault in proposals.faults(make_proposal(change))]


def cited(source: str, label: str) -> dict:
    citation = make_citation(
        "standard", source=source, quote=quoted_standard(), verification=label, locator="第1条"
    )  # fmt: skip
    return {"citations": [citation], "verification": {"standard": label}}


@pytest.mark.parametrize("label", ["verbatim", "secondary"])
def test_a_document_that_was_never_read_supports_no_label(make_proposal, label):
    assert Source.objects.get(code="rec-std2021").verification_of(STANDARD) == "unverified"

    (sentence,) = faults(make_proposal, **cited("rec-std2021", label))

    assert "“服务标准”的来源《" in sentence and "没有读到原文" in sentence


def test_what_a_document_allows_is_accepted(make_proposal):
    assert faults(make_proposal, **cited("seed-daily", "verbatim")) == []


def test_a_figure_claims_no_more_than_its_document(make_proposal):
    (sentence,) = faults(make_proposal, amounts=[FIGURE])

    assert "没有读到原文，不能标为“原文核对”，只能是“未核实”。" in sentence


def test_a_condition_claims_no_more_than_its_document(make_proposal):
    orphan = {"fact": "child_status", "op": "contains", "value": "orphan"}
    condition = {"open": "父母双亡", "decided_by": None, "citation": CLAUSE}
    rule = {"universal": False, "machine_readable": True, "any": [{"all": [orphan, condition]}], "reason": None}
    citation = make_citation("eligibility", source="seed-daily", quote=STANDARD, verification="secondary")

    (sentence,) = faults(
        make_proposal, kept=True, eligibility=rule, citations=[citation], verification={"eligibility": "secondary"},
        basis={"eligibility": "regulation"},
    )  # fmt: skip

    assert "“享受条件”的来源《" in sentence and "没有读到原文" in sentence


def test_a_clause_that_the_entry_has_already_is_not_asked_again(make_proposal):
    """Labels of the list in force are what its editors found."""
    Source.objects.filter(code="seed-daily").update(read_in=Source.ReadIn.NONE)

    assert faults(make_proposal, kept=True, note="另作说明。") == []
