"""Faults of a draft edition on the desk: each is listed and links to the form that fixes it."""

import datetime

import pytest
from django.urls import reverse

from catalogue.audit.log import AuditContext
from catalogue.models import Assessment, Attachment, Edition
from catalogue.workflow import attachments, proposals, publishing
from services.models import Department
from tests.conftest import make_user
from tests.support.entries import NEXT_YEAR, PROPOSED_AT
from tests.support.triggers import MIGRATION, without_triggers

pytestmark = pytest.mark.usefixtures("short_list")

ON = PROPOSED_AT.date()


@pytest.fixture
def edition_with_proposal(make_proposal, act, next_edition) -> Edition:
    proposals.include_in_edition(make_proposal(to="approved"), next_edition, context=act("root"))
    return next_edition


def forge(action) -> None:
    """Run an action without the triggers of decisions, as only the database owner could."""
    with without_triggers(MIGRATION.decisions):
        action()


def faults_text(edition: Edition, on: datetime.date = ON) -> str:
    return "；".join(map(str, publishing.faults(edition, on=on)))


def test_a_regular_draft_has_no_faults(edition_with_proposal):
    assert publishing.faults(edition_with_proposal, on=ON) == []


def test_a_missing_assessment_is_a_fault(edition_with_proposal):
    forge(lambda: Assessment.objects.all().delete())

    assert "NM-01-07：第 1 号建议没有评估财政承受能力。" in faults_text(edition_with_proposal)


def test_an_effective_day_in_the_past_is_a_fault(edition_with_proposal):
    assert faults_text(edition_with_proposal, on=NEXT_YEAR) == ""
    assert f"施行日期 {NEXT_YEAR} 已经过去。" in faults_text(
        edition_with_proposal, on=NEXT_YEAR + datetime.timedelta(days=1)
    )


def test_a_renamed_term_of_the_previous_edition_is_a_fault(edition_with_proposal):
    Department.objects.filter(code="civil-affairs").update(name="改名的民政厅")

    assert "词表或上一版本的数据有变" in faults_text(edition_with_proposal)


def test_a_value_without_a_citation_is_a_fault(edition_with_proposal):
    entry = edition_with_proposal.entries.get(service__code="NM-01-07")
    entry.citations.filter(field="standard").delete()

    assert "NM-01-07：“服务标准”有值而没有来源" in faults_text(edition_with_proposal)


def test_every_fault_links_to_the_form_that_fixes_it(client, edition_with_proposal):
    edition_with_proposal.entries.filter(service__code="NM-05-01").update(content="没有来源")
    Department.objects.filter(code="civil-affairs").update(name="改名的民政厅")
    entry = edition_with_proposal.entries.get(service__code="NM-05-01")
    client.force_login(make_user("sun", "发布"))

    page = client.get(reverse("admin:catalogue_edition_publish", args=[edition_with_proposal.pk]))

    faults = {fault.field: address for fault, address in page.context["faults"]}
    assert faults["content"] == reverse("admin:catalogue_entry_change", args=[entry.pk]) + "#field-content"
    assert faults["previous"].endswith(f"/edition/{edition_with_proposal.pk}/change/#id_previous")
    for address in faults.values():
        assert client.get(address.partition("#")[0]).status_code == 200


def test_a_changed_attachment_is_detected(act):
    attachment = attachments.store("报告.pdf", b"figures", context=AuditContext(at=PROPOSED_AT, user=act().user))
    assert attachments.verify_attachments() == []

    Attachment.objects.filter(pk=attachment.pk).update(content=b"other figures")

    assert attachments.verify_attachments() == [f"附件 报告.pdf：内容与摘要 {attachment.digest} 不符。"]
