"""A new quote that the full text of its document does not contain blocks a proposal and a publication."""

import pytest

from catalogue.models import Attachment, Edition, SourceText
from catalogue.workflow import proposals, publishing
from catalogue.workflow.checks import full_texts
from services.sources import Source
from tests.support.entries import STANDARD, make_citation, quoted_standard, standard_change

pytestmark = pytest.mark.usefixtures("short_list")

TEXT = f"通知\n一、自2027起执行。\n二、{STANDARD}"


@pytest.fixture
def source() -> Source:
    return Source.objects.get(code="seed-daily")


def quoting(quote: str) -> dict:
    return standard_change(citations=[make_citation("standard", source="seed-daily", quote=quote, locator="第1条")])


def missing(proposal) -> list[str]:
    return [fault.reason for fault in proposals.faults(proposal) if "全文" in fault.reason]


def test_a_quote_that_the_text_does_not_contain_is_a_fault_until_it_is_mended(make_proposal, source, act):
    full_texts.store(source, TEXT, context=act("root"))
    proposal = make_proposal(quoting(quoted_standard()))

    assert missing(proposal) == [
        f"“服务标准”所引《{source.title}》的原文，全文中找不到：“{quoted_standard()}”；请照全文改正引文。"
    ]
    with pytest.raises(proposals.TransitionError, match="全文中找不到"):
        proposals.submit(proposal, context=act())

    proposals.amend(proposal, entries=[quoting(f"自2027起执行……{STANDARD}")], context=act())

    assert missing(proposal) == []


def test_a_document_without_a_text_and_a_clause_without_a_quote_are_not_asked_about(make_proposal, source, act):
    assert missing(make_proposal(quoting(quoted_standard()))) == []
    full_texts.store(source, "别的内容", context=act("root"))

    quoteless = make_citation("standard", source="seed-daily", quote=None, verification="secondary")
    assert missing(make_proposal(standard_change(citations=[quoteless]))) == []


def test_clauses_of_amounts_shares_and_open_criteria_are_checked(make_proposal, source, act):
    full_texts.store(source, TEXT, context=act("root"))
    clause = {key: make_citation("", source="seed-daily", quote="中央负担80%")[key] for key in (
        "source", "locator", "quote", "verification", "jurisdiction"
    )}  # fmt: skip
    share = {"level": "centre", "percent": "80", "of_whom": None, "citation": clause}
    criterion = {"open": "由民政部门认定", "decided_by": None, "citation": clause}
    rule = {"universal": False, "machine_readable": True, "any": [{"all": [criterion]}], "reason": None}
    proposal = make_proposal(standard_change(shares=[share]), standard_change() | {
        "service": "NM-01-05", "entry_data": {"eligibility": rule},
    })  # fmt: skip

    assert [(fault.service, fault.field) for fault in proposals.faults(proposal) if "中央负担80%" in fault.reason] == [
        ("NM-01-05", "eligibility"), ("NM-01-07", "expenditure_responsibility")
    ]  # fmt: skip


def test_a_clause_that_the_edition_has_already_is_not_asked_about(make_proposal, act):
    entry = Edition.objects.get(slug="2026").entries.get(service__code="NM-01-07")
    old = entry.citations.filter(field="standard").select_related("source").first()
    full_texts.store(old.source, "别的内容", context=act("root"))
    kept = make_citation("standard", source=old.source.code, locator=old.locator, quote=old.quote,
                         verification=old.verification, jurisdiction=old.jurisdiction)  # fmt: skip
    new = make_citation("standard", source="seed-daily", quote=quoted_standard(), locator="第1条")

    assert missing(make_proposal(standard_change(citations=[kept, new]))) == []


def test_a_text_that_comes_after_the_approval_prevents_sealing(make_proposal, source, act, next_edition):
    proposal = make_proposal(to="approved")
    proposals.include_in_edition(proposal, next_edition, context=act("root"))
    full_texts.store(source, "别的内容", context=act("root"))

    with pytest.raises(publishing.NotPublishableError, match="NM-01-07：“服务标准”所引.*全文中找不到"):
        publishing.publish(next_edition, context=act("root"))

    full_texts.store(source, f"通知：{quoted_standard()}", context=act("root"))
    assert publishing.publish(next_edition, context=act("root")).is_published


def test_published_editions_are_not_touched_by_a_text(source, act):
    edition = Edition.objects.get(slug="2026")
    full_texts.store(source, "别的内容", context=act("root"))

    assert publishing.verify_edition(edition) == []


def test_a_blank_text_is_not_stored_and_the_same_text_is_one_attachment(source, act):
    with pytest.raises(full_texts.UnreadableTextError):
        full_texts.store(source, " \n", context=act("root"))
    for stored in (source, Source.objects.get(code="seed-plan")):
        full_texts.store(stored, TEXT, context=act("root"))

    assert (Attachment.objects.count(), SourceText.objects.count()) == (1, 2)
