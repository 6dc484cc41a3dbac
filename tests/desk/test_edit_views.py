"""Writing a proposal on the desk: its head, its services field by field, and its assessment."""

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from catalogue.models import Attachment, Proposal
from catalogue.workflow import proposals
from services.models import Department, Domain
from tests.conftest import make_user
from tests.support.admin_forms import proposal_form_data, visible_text
from tests.support.entries import ASSESSMENT_FIGURES, NEXT_YEAR, NOTE_CHANGE, STANDARD

HEAD = {
    "kind": "change",
    "title": "提高孤儿基本生活费标准",
    "reason": "落实会议决定",
    "effective_from": NEXT_YEAR.isoformat(),
}


@pytest.fixture
def editor(client, act):
    """The browser of ``wang``, who proposes."""
    act().user.groups.add(Group.objects.get(name="编辑"))
    client.force_login(act().user)
    return client


@pytest.fixture
def head(db) -> dict:
    return HEAD | {"department": Department.objects.get(code="civil-affairs").pk}


def address(name: str, proposal: Proposal, *args: str) -> str:
    return reverse(f"admin:catalogue_proposal_{name}", args=[proposal.pk, *args])


def test_a_proposal_is_begun_from_a_service_and_written_field_by_field(editor, head):
    begun = editor.post(reverse("admin:catalogue_proposal_add") + "?service=NM-01-07", head)
    proposal = Proposal.objects.get()
    assert begun["Location"] == address("entry", proposal, "NM-01-07")
    sent = proposal_form_data(editor.get(begun["Location"]))
    at = next(i for i in range(99) if sent.get(f"citations-{i}-field") == ["standard"])
    quote = {f"citations-{at}-quote": STANDARD, f"citations-{at}-verification": "verbatim"}
    saved = editor.post(begun["Location"], sent | {"standard": STANDARD, "verification_standard": "verbatim"} | quote)

    assert saved.status_code == 302
    stated = proposal.entries.get().entry_data
    assert set(stated) == {"standard", "verification", "basis", "citations"}
    assert stated["standard"] == STANDARD
    assert {citation["field"] for citation in stated["citations"]} == {"standard"}
    assert editor.get(address("change", proposal)).context["faults"] == []


def test_saving_without_a_change_proposes_none(editor, make_proposal):
    proposal = make_proposal()
    before = proposal.entries.get().entry_data

    entry = address("entry", proposal, "NM-01-07")
    assert editor.post(entry, proposal_form_data(editor.get(entry))).status_code == 302

    assert proposal.entries.get().entry_data == before


def test_whatever_an_edition_says_goes_through_the_form_unchanged(editor, make_proposal):
    proposal = make_proposal(NOTE_CHANGE)

    for code in list(proposals.current_documents(proposal))[::9]:
        entry = address("entry", proposal, code)
        assert editor.post(entry, proposal_form_data(editor.get(entry))).status_code == 302, code

    assert [each.service for each in proposal.entries.all() if each.entry_data] == ["NM-01-07"]


def test_an_addition_and_a_withdrawal_are_written_too(editor, make_proposal):
    proposal = make_proposal(NOTE_CHANGE)
    new = address("new_entry", proposal)
    assert [value for value, _ in editor.get(new).context["form"].fields["action"].choices] == ["change"]
    Proposal.objects.update(kind="merge")
    taken = {"action": "withdraw", "service": "NM-05-01", "successor_codes": "NM-05-05、NM-05-02"}

    assert editor.post(new, proposal_form_data(editor.get(new)) | taken).status_code == 302
    again = editor.post(new, proposal_form_data(editor.get(new)) | taken)
    begun = editor.post(new, proposal_form_data(editor.get(new)) | {"action": "add", "new_code": "NM-05-05"})
    sent = proposal_form_data(editor.get(begun["Location"]))
    ageing = Domain.objects.get(code="NM-05").pk
    editor.post(begun["Location"], sent | {"name": "基本殡葬服务", "domain": ageing})

    assert again.status_code == 422
    entries = {each.service: each for each in proposal.entries.all()}
    assert (entries["NM-05-01"].action, entries["NM-05-01"].successors) == ("withdraw", ["NM-05-05", "NM-05-02"])
    assert (entries["NM-05-05"].action, entries["NM-05-05"].entry_data["name"]) == ("add", "基本殡葬服务")


def test_the_head_is_changed_and_the_services_stay(editor, make_proposal):
    proposal = make_proposal()

    edit = address("edit", proposal)
    editor.post(edit, proposal_form_data(editor.get(edit)) | {"title": "新的标题"})

    proposal.refresh_from_db()
    assert (proposal.title, proposal.entries.count()) == ("新的标题", 1)


def test_a_service_is_taken_out_of_a_proposal_again(editor, make_proposal):
    proposal = make_proposal()
    read = editor.get(address("change", proposal)).context

    editor.post(address("remove", proposal, "NM-01-07"), {"seen": read["seen"]})

    assert not proposal.entries.exists()


def test_two_windows_of_one_proposal_lose_nothing(editor, make_proposal):
    proposal = make_proposal()
    edit = address("edit", proposal)
    first, second = proposal_form_data(editor.get(edit)), proposal_form_data(editor.get(edit))

    editor.post(edit, first | {"title": "先保存的标题"})
    refused = editor.post(edit, second | {"reason": "后保存的理由"})

    proposal.refresh_from_db()
    assert (refused.status_code, proposal.title, proposal.reason) == (409, "先保存的标题", "落实常务会议决定")
    assert "先保存的标题" in visible_text(refused)
    assert refused.context["form"]["reason"].value() == "后保存的理由"
    assert editor.post(edit, proposal_form_data(refused)).status_code == 302
    proposal.refresh_from_db()
    assert proposal.reason == "后保存的理由"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"kind": "fly"}, "kind"),
        ({"department": "0"}, "department"),
        ({"effective_from": "2027-02-30"}, "effective_from"),
        ({"title": ""}, "title"),
        ({"reason": "\0"}, "reason"),
        ({"title": "长" * 201}, "title"),
    ],
)
def test_a_head_with_mistakes_is_answered_with_them(editor, head, typed, said):
    answer = editor.post(reverse("admin:catalogue_proposal_add"), head | typed)

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [said])
    assert not Proposal.objects.exists()


@pytest.mark.parametrize(
    "code",
    ["NM-99-99-1", "x", "\0", "NM-1-1", "%00", "NM-01-07 "],
    ids=["tail", "word", "nul", "short", "hex", "blank"],
)
def test_a_code_nobody_could_give_is_not_there(editor, make_proposal, code):
    assert editor.get(address("entry", make_proposal(), code)).status_code == 404


def test_another_departments_service_is_not_proposed_by_hand(client, db):
    client.force_login(make_user("sun", "编辑", departments=["finance"]))
    head = HEAD | {"department": Department.objects.get(code="finance").pk}
    begun = client.post(reverse("admin:catalogue_proposal_add") + "?service=NM-01-07", head)
    sent = proposal_form_data(client.get(begun["Location"])) | {"note": "改"}

    refused = client.post(begun["Location"], sent)

    assert refused.status_code == 409
    assert "由内蒙古自治区民政厅牵头，您不属于这个部门" in visible_text(refused)
    assert not Proposal.objects.get().entries.exists()


# Assessing


@pytest.fixture
def figures() -> dict:
    return {name: str(value) for name, value in ASSESSMENT_FIGURES.items()}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"share_league": "33.33"}, "正好是 100%"),
        ({"unit_standard": "-1"}, "大于或等于"),
        ({"beneficiaries": "NaN"}, "整数"),
        ({"unit_standard": "Infinity"}, "数字"),
        ({"conclusion": "maybe"}, "maybe"),
        ({"beneficiaries": "99999999999999999999"}, "小于或等于"),
    ],
)
def test_figures_that_do_not_hold_are_refused_in_words(client, make_proposal, figures, typed, said):
    proposal = make_proposal(to="assessing")
    client.force_login(make_user("sun", "评估"))
    assess = address("assess", proposal)

    refused = client.post(assess, figures | {"seen": client.get(assess).context["seen"]} | typed)

    assert refused.status_code == 422
    assert said in visible_text(refused)
    assert Proposal.objects.get().state == "assessing"


def test_an_attachment_is_kept_once_and_handed_out_as_it_was(client, make_proposal, figures):
    client.force_login(make_user("sun", "评估"))
    for _ in range(2):
        proposal = make_proposal(to="assessing")
        assess = address("assess", proposal)
        file = {"attachment": SimpleUploadedFile("报告.html", b"<script>1</script>")}
        client.post(assess, figures | {"seen": client.get(assess).context["seen"]} | file)

    answer = client.get(address("attachment", proposal))

    assert answer.content == b"<script>1</script>"
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")
    assert Attachment.objects.count() == 1
    assert Attachment.objects.get().digest in visible_text(client.get(address("change", proposal)))


def test_an_attachment_that_is_too_big_is_refused(client, make_proposal, figures):
    client.force_login(make_user("sun", "评估"))
    proposal = make_proposal(to="assessing")
    assess = address("assess", proposal)
    file = {"attachment": SimpleUploadedFile("报告.pdf", b"0" * (10 * 1024 * 1024 + 1))}

    refused = client.post(assess, figures | {"seen": client.get(assess).context["seen"]} | file)

    assert refused.status_code == 422
    assert "不能超过 10 MB" in visible_text(refused)
    assert not Attachment.objects.exists()


@pytest.mark.parametrize("view", ["edit", "new_entry", "assess", "attachment"])
@pytest.mark.parametrize("number", [0, 2**31, 2**63, 10**30])
def test_a_proposal_that_is_not_there_is_not_there(editor, view, number):
    for answer in (
        editor.get(reverse(f"admin:catalogue_proposal_{view}", args=[number])),
        editor.post(reverse(f"admin:catalogue_proposal_{view}", args=[number]), {"seen": "x"}),
    ):
        assert answer.status_code in {302, 403}
