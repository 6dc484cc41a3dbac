"""One clause for several unverified fields: one proposal raises the labels that the quote supports, and no other."""

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from catalogue.models import Edition, FieldVerification, Proposal
from catalogue.workflow import proposals
from services.sources import Source
from tests.conftest import make_user
from tests.support.admin_forms import make_rich_entry, visible_text

LIST = reverse("admin:catalogue_fieldverification_changelist")
CLAUSE_PAGE = reverse("admin:catalogue_fieldverification_propose")
HEAD = {"title": "核实标准", "reason": "核对原文", "effective_from": "2027-06-01", "document_number": ""}


@pytest.fixture
def edition(make_edition) -> Edition:
    return make_edition("2027", "2027-01-01", entries=[make_rich_entry()])


@pytest.fixture
def source(db) -> Source:
    return Source.objects.create(
        code="of-standards", title="老年健康管理标准", date="2026-11-01", kind="regional-policy", extent_read="full",
        jurisdiction="inner-mongolia", read_in="official",
    )  # fmt: skip


@pytest.fixture
def editor(client, act, edition):
    act().user.groups.add(Group.objects.get(name="编辑"))
    client.force_login(act().user)
    return client


def address(*fields: str) -> str:
    findings = FieldVerification.objects.filter(entry__edition__slug="2027", field__in=fields).order_by("pk")
    return f"{CLAUSE_PAGE}?{'&'.join(f'pk={pk}' for pk in findings.values_list('pk', flat=True))}"


def sent(editor, at: str, source: Source, quote: str, *, fields: list[str] | None = None) -> dict:
    page = editor.get(at)
    rows = [row for row in page.context["rows"] if fields is None or row.field in fields]
    department = page.context["head"].initial["department"]
    return HEAD | {
        "seen": page.context["seen"],
        "field": [str(row.finding.pk) for row in rows],
        "department": department.pk,
        "clause-source": source.pk,
        "clause-locator": "第一条",
        "clause-quote": quote,
        "clause-document-kind": "regional-policy",
        "clause-document-read_in": "official",
    }


def standard(edition: Edition) -> str:
    return edition.entries.get().standard


def test_each_row_leads_to_the_form_of_its_field(editor):
    page = editor.get(LIST, {"edition": "2027"}).content.decode()

    assert "为这个字段提出建议" in page
    assert f"{reverse('admin:catalogue_proposal_add')}?service=NM-05-01&amp;field=standard" in page


def test_an_auditor_has_neither_the_link_nor_the_action(client, edition):
    client.force_login(make_user("qian", "审计"))

    page = client.get(LIST, {"edition": "2027"})

    assert "为这个字段提出建议" not in page.content.decode() and "用一条条文" not in page.content.decode()


def test_ticked_rows_open_one_form_with_their_values(editor, edition):
    keys = list(FieldVerification.objects.unverified().filter(entry__edition=edition).values_list("pk", flat=True))

    page = editor.post(f"{LIST}?edition=2027", {"action": "propose_by_clause", "_selected_action": keys}, follow=True)

    assert [row.field for row in page.context["rows"]] == ["standard", "lead_department", "co_departments"]
    assert standard(edition) in visible_text(page)


def test_a_quote_that_says_the_fields_raises_their_labels_in_one_proposal(editor, edition, source):
    at = address("standard", "lead_department")
    quote = f"{standard(edition)}由自治区卫生健康委负责。"

    saved = editor.post(at, sent(editor, at, source, quote))

    assert saved.status_code == 302, saved.context["errors"]
    proposal = Proposal.objects.get()
    change = proposal.entries.get().entry_data
    assert change["verification"]["standard"] == change["verification"]["lead_department"] == "verbatim"
    assert proposals.faults(proposal) == []


def test_the_button_pressed_twice_drafts_one_proposal(editor, edition, source):
    at = address("standard")
    form = sent(editor, at, source, standard(edition))

    first, second = editor.post(at, form), editor.post(at, form)

    assert first.url == second.url and Proposal.objects.count() == 1


def test_a_field_that_the_quote_does_not_say_is_refused_in_its_row_and_nothing_is_saved(editor, source):
    at = address("standard", "lead_department")

    refused = editor.post(at, sent(editor, at, source, "由自治区卫生健康委负责。"))

    assert refused.status_code == 422 and not Proposal.objects.exists()
    reasons = {row.field: row.reasons for row in refused.context["rows"]}
    assert "不全在所引原文之中" in reasons["standard"][0] and reasons["lead_department"] == []
    assert "不全在所引原文之中" in visible_text(refused)


def test_the_refused_row_is_left_out_and_the_other_is_saved(editor, source):
    at = address("standard", "lead_department")

    saved = editor.post(at, sent(editor, at, source, "由自治区卫生健康委负责。", fields=["lead_department"]))

    assert saved.status_code == 302
    assert list(Proposal.objects.get().entries.get().entry_data["verification"]) == ["lead_department"]


@pytest.mark.parametrize(
    "changes", [{"clause-quote": ""}, {"clause-source": ""}, {"effective_from": ""}, {"field": []}, {"seen": "x"}]
)
def test_what_is_missing_is_told_and_nothing_is_saved(editor, edition, source, changes):
    at = address("standard")

    refused = editor.post(at, sent(editor, at, source, standard(edition)) | changes)

    assert refused.status_code in (409, 422) and not Proposal.objects.exists()
    assert refused.context["errors"] or refused.context["reasons"]


def test_a_new_document_is_stored_only_with_the_proposal(editor, edition, source):
    at = address("standard")
    document = {
        "clause-source": "",
        "clause-document-title": "新的标准",
        "clause-document-document_number": "内卫发〔2026〕9号",
    }
    typed = sent(editor, at, source, "别的话。") | document

    refused = editor.post(at, typed)
    assert refused.status_code == 422 and not Source.objects.filter(title="新的标准").exists()

    saved = editor.post(at, typed | {"clause-quote": standard(edition)})
    assert saved.status_code == 302 and Source.objects.filter(title="新的标准").exists()


@pytest.mark.parametrize("query", ["", "?pk=x", "?pk=0", "?pk=99999999999999999999"])
def test_without_fields_the_page_leads_back_to_the_list(editor, query):
    response = editor.get(CLAUSE_PAGE + query, follow=True)

    assert response.redirect_chain[-1][0] == LIST and "请勾选" in visible_text(response)
