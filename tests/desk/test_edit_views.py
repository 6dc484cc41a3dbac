"""The forms of a proposal on the desk: its head, its entries and its assessment."""

import pytest
from django.urls import reverse

from catalogue.models import Proposal
from services.models import Department, Domain
from tests.conftest import make_user
from tests.support.admin_forms import proposal_form_data, visible_text
from tests.support.entries import NEXT_YEAR, NOTE_CHANGE, STANDARD

pytestmark = pytest.mark.usefixtures("short_list")

HEAD = {
    "kind": "change",
    "title": "提高孤儿基本生活费标准",
    "reason": "落实会议决定",
    "effective_from": NEXT_YEAR.isoformat(),
}


@pytest.fixture
def head(db) -> dict:
    return HEAD | {"department": Department.objects.get(code="civil-affairs").pk}


def address(name: str, proposal: Proposal, *args: str) -> str:
    return reverse(f"admin:catalogue_proposal_{name}", args=[proposal.pk, *args])


def test_a_proposal_is_drafted_from_a_service_with_only_the_changed_columns(editor, head):
    created = editor.post(reverse("admin:catalogue_proposal_add") + "?service=NM-01-07", head)
    proposal = Proposal.objects.get()
    assert created["Location"] == address("entry", proposal, "NM-01-07")
    data = proposal_form_data(editor.get(created["Location"]))
    row = next(i for i in range(99) if data.get(f"citations-{i}-field") == ["standard"])
    quote = {f"citations-{row}-quote": STANDARD, f"citations-{row}-verification": "verbatim"}
    saved = editor.post(created["Location"], data | {"standard": STANDARD, "verification_standard": "verbatim"} | quote)

    assert saved.status_code == 302
    entry_data = proposal.entries.get().entry_data
    assert set(entry_data) == {"standard", "verification", "basis", "citations"}
    assert entry_data["standard"] == STANDARD
    assert {citation["field"] for citation in entry_data["citations"]} == {"standard"}
    assert editor.get(address("change", proposal)).context["faults"] == []


def test_saving_an_unchanged_form_changes_nothing(editor, make_proposal):
    proposal = make_proposal()
    before = proposal.entries.get().entry_data

    url = address("entry", proposal, "NM-01-07")
    assert editor.post(url, proposal_form_data(editor.get(url))).status_code == 302

    assert proposal.entries.get().entry_data == before


@pytest.mark.parametrize("box", ["citations-0-source", "legal_basis", "domain"])
def test_a_term_that_cannot_be_a_key_is_refused(editor, make_proposal, box):
    url = address("entry", make_proposal(NOTE_CHANGE), "NM-01-07")

    assert editor.post(url, proposal_form_data(editor.get(url)) | {box: "\0"}).status_code == 422


def test_an_addition_and_a_withdrawal_are_saved(editor, make_proposal):
    proposal = make_proposal(NOTE_CHANGE)
    url = address("new_entry", proposal)
    assert [value for value, _ in editor.get(url).context["form"].fields["action"].choices] == ["change"]
    Proposal.objects.update(kind="merge")
    withdrawal = {"action": "withdraw", "service": "NM-05-01", "successor_codes": "NM-05-05、NM-05-02"}

    assert editor.post(url, proposal_form_data(editor.get(url)) | withdrawal).status_code == 302
    repeated = editor.post(url, proposal_form_data(editor.get(url)) | withdrawal)
    redirected = editor.post(url, proposal_form_data(editor.get(url)) | {"action": "add", "new_code": "NM-05-05"})
    data = proposal_form_data(editor.get(redirected["Location"]))
    domain = Domain.objects.get(code="NM-05").pk
    editor.post(redirected["Location"], data | {"name": "基本殡葬服务", "domain": domain})

    assert repeated.status_code == 422
    entries = {entry.service: entry for entry in proposal.entries.all()}
    assert (entries["NM-05-01"].action, entries["NM-05-01"].successors) == ("withdraw", ["NM-05-05", "NM-05-02"])
    assert (entries["NM-05-05"].action, entries["NM-05-05"].entry_data["name"]) == ("add", "基本殡葬服务")


def test_editing_the_head_keeps_the_entries(editor, make_proposal):
    proposal = make_proposal()

    url = address("edit", proposal)
    editor.post(url, proposal_form_data(editor.get(url)) | {"title": "新的标题"})

    proposal.refresh_from_db()
    assert (proposal.title, proposal.entries.count()) == ("新的标题", 1)


def test_a_service_is_removed_from_a_proposal(editor, make_proposal):
    proposal = make_proposal()
    context = editor.get(address("change", proposal)).context

    editor.post(address("remove", proposal, "NM-01-07"), {"seen": context["seen"]})

    assert not proposal.entries.exists()


def test_a_stale_save_is_refused_and_keeps_the_input(editor, make_proposal):
    proposal = make_proposal()
    url = address("edit", proposal)
    first, second = proposal_form_data(editor.get(url)), proposal_form_data(editor.get(url))

    editor.post(url, first | {"title": "先保存的标题"})
    refused = editor.post(url, second | {"reason": "后保存的理由"})

    proposal.refresh_from_db()
    assert (refused.status_code, proposal.title, proposal.reason) == (409, "先保存的标题", "落实常务会议决定")
    assert "先保存的标题" in visible_text(refused)
    assert refused.context["form"]["reason"].value() == "后保存的理由"
    assert editor.post(url, proposal_form_data(refused)).status_code == 302
    proposal.refresh_from_db()
    assert proposal.reason == "后保存的理由"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({"kind": "fly"}, "kind"),
        ({"department": "0"}, "department"),
        ({"effective_from": "2027-02-30"}, "effective_from"),
        ({"title": ""}, "title"),
        ({"reason": "\0"}, "reason"),
        ({"title": "长" * 201}, "title"),
    ],
)
def test_an_invalid_head_is_shown_with_its_errors(editor, head, typed, expected):
    response = editor.post(reverse("admin:catalogue_proposal_add"), head | typed)

    assert (response.status_code, list(response.context["form"].errors)) == (422, [expected])
    assert not Proposal.objects.exists()


@pytest.mark.parametrize(
    "code",
    ["NM-99-99-1", "x", "\0", "NM-1-1", "%00", "NM-01-07 "],
    ids=["tail", "word", "nul", "short", "hex", "blank"],
)
def test_an_invalid_code_is_not_found(editor, make_proposal, code):
    assert editor.get(address("entry", make_proposal(), code)).status_code == 404


def test_a_service_of_another_department_cannot_be_proposed_by_url(client, db):
    client.force_login(make_user("sun", "编辑", departments=["finance"]))
    head = HEAD | {"department": Department.objects.get(code="finance").pk}
    created = client.post(reverse("admin:catalogue_proposal_add") + "?service=NM-01-07", head)
    data = proposal_form_data(client.get(created["Location"])) | {"note": "改"}

    refused = client.post(created["Location"], data)

    assert refused.status_code == 409
    assert "由内蒙古自治区民政厅牵头，您不属于这个部门" in visible_text(refused)
    assert not Proposal.objects.get().entries.exists()


@pytest.mark.parametrize("view", ["edit", "new_entry", "assess", "attachment"])
@pytest.mark.parametrize("number", [0, 2**31, 2**63, 10**30])
def test_an_unknown_proposal_is_no_server_error(editor, view, number):
    for response in (
        editor.get(reverse(f"admin:catalogue_proposal_{view}", args=[number])),
        editor.post(reverse(f"admin:catalogue_proposal_{view}", args=[number]), {"seen": "x"}),
    ):
        assert response.status_code in {302, 403}


def test_radicals_copied_out_of_a_pdf_become_characters(editor, make_proposal):
    proposal = make_proposal(NOTE_CHANGE)
    url = address("entry", proposal, "NM-01-07")

    assert editor.post(url, proposal_form_data(editor.get(url)) | {"note": "⺠政部门的⽼标准"}).status_code == 302

    assert proposal.entries.get().entry_data["note"] == "民政部门的老标准"


@pytest.mark.parametrize("note", ["甲\u200b乙", "\u3164", "甲\u00ad乙", "丙\ufe0f"])
def test_what_cannot_be_seen_is_refused_as_in_an_import(editor, make_proposal, note):
    proposal = make_proposal(NOTE_CHANGE)
    before = proposal.entries.get().entry_data
    url = address("entry", proposal, "NM-01-07")

    response = editor.post(url, proposal_form_data(editor.get(url)) | {"note": note})

    assert response.status_code == 422
    assert "看不见的字符" in response.content.decode()
    assert proposal.entries.get().entry_data == before


@pytest.mark.parametrize("term", ["兒童", "ＮＭ－０１", "⼉童", "儿\u200b童", "儿童"])
def test_the_desk_finds_what_the_public_search_finds(admin_client, term):
    page = admin_client.get(reverse("admin:catalogue_entry_changelist"), {"q": term})

    assert page.context["cl"].result_count > 0
