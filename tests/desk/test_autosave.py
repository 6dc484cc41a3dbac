"""What is typed on a proposal's forms is kept on the server, and shown again until it is saved or discarded."""

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils.http import urlencode

from catalogue.models import DraftInput, Event, Proposal
from catalogue.workflow import proposals
from catalogue.workflow.steps import inputs, reversals
from tests.conftest import make_user
from tests.desk.test_field_forms import ADD, CLAUSE, CODE, DOCUMENT, HEAD, sent
from tests.support.admin_forms import proposal_form_data, visible_text
from tests.support.entries import NEXT_YEAR, STANDARD

pytestmark = pytest.mark.usefixtures("short_list")

HEAD_FORM = reverse("admin:catalogue_proposal_add")
KEPT = "自动保存、尚未提交的内容"


@pytest.fixture
def login(client, act):
    def login(name: str):
        user = act(name).user
        user.groups.add(Group.objects.get(name="编辑"))
        client.force_login(user)
        return client

    return login


@pytest.fixture
def editor(login):
    return login("wang")


def screens(proposal: Proposal) -> dict[str, str]:
    entry = reverse("admin:catalogue_proposal_entry", args=[proposal.pk, CODE])
    return {
        "head": reverse("admin:catalogue_proposal_edit", args=[proposal.pk]),
        "entry": entry,
        "fields": f"{entry}?field=standard",
    }


def autosave(client, url: str, data: dict, *, typed: int = 0):
    return client.post(url, data | {"_autosave": "1", "typed": str(typed)})


@pytest.mark.parametrize("screen", ["head", "entry", "fields"])
def test_incomplete_input_is_kept_and_shown_again_without_errors(editor, make_proposal, screen):
    proposal = make_proposal()
    url = screens(proposal)[screen]
    page, before = editor.get(url), proposals.proposal_snapshot(proposal)
    data = sent(page, fate=None) if screen == "fields" else proposal_form_data(page)
    box = "title" if screen == "head" else "standard"
    events = Event.objects.count()

    answer = autosave(editor, url, data | {box: "写到一半", "effective_from": "2027年"})

    assert answer.json()["message"].startswith("已保存 ")
    again = editor.get(url)
    text = visible_text(again)
    assert "写到一半" in again.content.decode() and KEPT in text
    assert not again.context["errors"] and not text.startswith("错误")
    assert (proposals.proposal_snapshot(proposal), Event.objects.count()) == (before, events)
    assert "接着填写" in visible_text(editor.get(reverse("admin:catalogue_proposal_change", args=[proposal.pk])))


@pytest.mark.parametrize("url", [ADD, HEAD_FORM])
def test_a_proposal_that_is_not_drafted_yet_is_kept_from_its_first_field(editor, url):
    page = editor.get(url)
    data = sent(page) if url == ADD else {"seen": page.context["seen"]}

    assert autosave(editor, url, data | {"title": "写到一半"}).status_code == 200

    assert "写到一半" in editor.get(url).content.decode()
    assert not Proposal.objects.exists()


def test_a_colleague_of_the_lead_department_goes_on_and_another_department_sees_nothing(client, login):
    editor = login("wang")
    autosave(editor, ADD, sent(editor.get(ADD)) | {"standard": "写到一半"})

    colleague = login("li")
    page = colleague.get(ADD)
    assert "这是 wang " in visible_text(page) and "写到一半" in page.content.decode()

    client.force_login(make_user("sun", "编辑", departments=["finance"]))
    page = client.get(ADD)
    assert "写到一半" not in page.content.decode() and KEPT not in visible_text(page)


def test_the_head_of_a_new_proposal_is_seen_by_its_author_alone(login):
    autosave(login("wang"), HEAD_FORM, {"title": "写到一半"})

    assert "写到一半" not in login("li").get(HEAD_FORM).content.decode()


def test_saving_ends_what_was_kept(editor):
    page = editor.get(ADD)
    data = sent(page) | HEAD | CLAUSE | DOCUMENT | {"standard": STANDARD}
    revision = autosave(editor, ADD, data).json()["revision"]

    assert editor.post(ADD, data | {"typed": revision}).status_code == 302

    assert not DraftInput.objects.exists()


def test_the_kept_input_of_a_colleague_survives_a_save(login, make_proposal):
    proposal = make_proposal()
    url = screens(proposal)["head"]
    own = proposal_form_data(login("wang").get(url))
    autosave(login("wang"), url, own | {"title": "在另一页写的"})

    assert login("wang").post(url, own | {"typed": "0", "title": "先保存的"}).status_code == 302

    assert DraftInput.objects.get().data["title"] == ["在另一页写的"]


def test_a_page_does_not_overwrite_what_another_page_kept(editor, make_proposal):
    url = screens(make_proposal())["head"]
    data = proposal_form_data(editor.get(url))
    autosave(editor, url, data | {"title": "第一页"})

    refused = autosave(editor, url, data | {"title": "第二页"})

    assert refused.status_code == 409
    assert "没有自动保存" in refused.json()["message"]
    assert DraftInput.objects.get().data["title"] == ["第一页"]


def test_what_was_kept_is_discarded_only_as_it_was_seen(editor, make_proposal):
    url = screens(make_proposal())["head"]
    data = proposal_form_data(editor.get(url))
    first = autosave(editor, url, data | {"title": "一"}).json()["revision"]
    second = autosave(editor, url, data | {"title": "二"}, typed=first).json()["revision"]

    editor.post(url, {"_discard": "1", "typed": first})
    assert DraftInput.objects.exists()
    editor.post(url, {"_discard": "1", "typed": second})

    assert not DraftInput.objects.exists()
    assert KEPT not in visible_text(editor.get(url))


def test_a_form_that_comes_back_with_errors_is_kept(editor):
    assert editor.post(ADD, sent(editor.get(ADD)) | {"standard": "写到一半"}).status_code == 422

    assert "写到一半" in editor.get(ADD).content.decode()


def test_input_that_is_kept_is_saved_only_over_what_it_was_typed_on(editor, make_proposal, act):
    proposal = make_proposal()
    url = screens(proposal)["head"]
    data = proposal_form_data(editor.get(url))
    autosave(editor, url, data | {"title": "我的标题"})
    proposals.amend(proposal, entries=[], context=act(), reason="别人改的理由")

    restored = proposal_form_data(editor.get(url))
    refused = editor.post(url, restored | {"typed": "1"})

    assert refused.status_code == 409
    proposal.refresh_from_db()
    assert proposal.title != "我的标题"


def test_a_proposal_is_not_submitted_over_unsaved_input_and_voiding_ends_it(editor, make_proposal, act):
    proposal = make_proposal()
    url = screens(proposal)["head"]
    autosave(editor, url, proposal_form_data(editor.get(url)))

    with pytest.raises(proposals.TransitionError, match="还没有保存"):
        proposals.submit(proposal, context=act())
    reversals.void(proposal, context=act(reason="不需要"))

    assert not DraftInput.objects.exists()


@pytest.mark.parametrize("typed", ["\0", "9" * 40, "-1", "x", ""])
def test_what_no_browser_sends_is_kept_or_refused(editor, make_proposal, typed):
    for url in screens(make_proposal()).values():
        answer = editor.post(url, {"_autosave": "1", "typed": typed, "a\0": "b\0", "citations-TOTAL_FORMS": typed})
        assert answer.status_code == 200
        assert editor.get(url).status_code == 200


def test_too_long_input_is_refused(editor):
    answer = autosave(editor, HEAD_FORM, {"title": "字" * inputs.MAX_CHARS})

    assert answer.status_code == 409
    assert "太长" in answer.json()["message"]


def test_who_may_not_edit_keeps_nothing(client, make_proposal):
    proposal = make_proposal()
    for user in (make_user("sun", "编辑", departments=["finance"]), make_user("zhou", "审批")):
        client.force_login(user)
        for url in [*screens(proposal).values(), HEAD_FORM if user.username == "zhou" else ADD]:
            if url != ADD:
                assert autosave(client, url, {"title": "x"}).status_code in (302, 403)
    assert not DraftInput.objects.exists()


@pytest.mark.parametrize("url", [ADD, HEAD_FORM, f"{HEAD_FORM}?service={CODE}"])
def test_the_same_form_sent_twice_drafts_one_proposal(editor, act, url):
    page = editor.get(url)
    head = {"kind": "change", "title": "提高标准", "reason": "会议决定", "effective_from": NEXT_YEAR.isoformat()}
    if url == ADD:
        data = sent(page) | HEAD | CLAUSE | DOCUMENT | {"standard": STANDARD}
    else:
        department = page.context["form"].fields["department"].queryset.get(code="civil-affairs")
        data = head | {"seen": page.context["seen"], "department": department.pk}

    first, second = editor.post(url, data), editor.post(url, data)

    assert first.status_code == 302
    assert first["Location"] == second["Location"]
    assert Proposal.objects.count() == 1


def test_the_person_that_a_rule_is_tried_on_is_not_kept(editor, make_proposal):
    url = screens(make_proposal())["entry"]
    data = proposal_form_data(editor.get(url))
    tried = {"eligibility-try-person": "", "eligibility-try-fact": "age", "eligibility-try-value": "77"}

    autosave(editor, url, data | tried)

    assert not [name for name in DraftInput.objects.get().data if "-try-" in name]


@pytest.mark.parametrize("code", ["a/b", "..", "NM-01-07/remove", "\0"])
def test_an_address_with_a_malformed_service_drafts_a_proposal_and_leads_to_it(editor, code):
    url = f"{HEAD_FORM}?{urlencode({'service': code})}"
    page = editor.get(url)

    department = page.context["form"].fields["department"].queryset[0].pk
    typed = HEAD | {"kind": "change", "title": "调整标准", "department": department}

    saved = editor.post(url, typed | {"seen": page.context["seen"]})

    assert saved.status_code == 302 and Proposal.objects.count() == 1
