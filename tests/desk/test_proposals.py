"""A proposal on the desk: its page, the steps of each role in each state, and publishing."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from catalogue.models import Event, Proposal
from catalogue.workflow import attachments, proposals, publishing
from catalogue.workflow.steps import reversals
from tests.conftest import all_department_codes, make_user
from tests.support.admin_forms import proposal_form_data, visible_text
from tests.support.entries import (
    ASSESSMENT_FIGURES,
    NOTE_CHANGE,
    STANDARD,
    addition,
    assessment_form,
    standard_change,
    withdrawal,
)

pytestmark = pytest.mark.usefixtures("short_list")

STEPS = {
    "submit", "approve", "decline", "comment", "take-up", "edit", "assess", "recall", "revoke", "take-out", "void",
    "explain", "hand-over", "copy",
}  # fmt: skip
# The steps of each role, by state, for a proposal of another user; without "comment".
ROLES = {
    "评估": {"assessing": {"assess", "decline"}},
    "审批": {"approving": {"approve", "decline"}, "approved": {"revoke"}},
    "发布": {
        "draft": {"void"},
        "assessing": {"void"},
        "approving": {"void"},
        "declined": {"void"},
        "approved": {"take-up"},
        "included": {"take-out"},
    },
    "审计": {},
}
DEPARTMENT = {
    "draft": {"edit", "explain", "submit", "void", "hand-over", "copy"},
    "assessing": {"recall", "void", "copy"},
    "approving": {"recall", "void", "copy"},
    "declined": {"edit", "explain", "void", "hand-over", "copy"},
    "approved": {"copy"},
    "included": {"copy"},
    "void": {"copy"},
}


def page(proposal: Proposal) -> str:
    return reverse("admin:catalogue_proposal_change", args=[proposal.pk])


def take(client, proposal: Proposal, step: str, **typed: str):
    """Open a proposal's page and submit one of its steps."""
    context = client.get(page(proposal)).context
    data = {"seen": context["seen"]} | typed
    return client.post(reverse("admin:catalogue_proposal_step", args=[proposal.pk, step]), data)


@pytest.fixture
def in_state(make_proposal, act, next_edition):
    """Make a proposal in a state; "included" is approved and in the draft edition 2027."""

    def make(state: str) -> Proposal:
        before = {"included": "approved", "declined": "approving", "void": "draft"}
        proposal = make_proposal(to=before.get(state, state))
        if state == "included":
            proposals.include_in_edition(proposal, next_edition, context=act("root"))
        elif state == "declined":
            proposals.decline(proposal, context=act("zhao", "请补充依据"))
        elif state == "void":
            reversals.void(proposal, context=act(reason="不再需要"))
        proposal.refresh_from_db()
        return proposal

    return make


@pytest.mark.parametrize("state", DEPARTMENT)
def test_a_role_has_exactly_its_steps(client, in_state, state, subtests):
    proposal = in_state(state)
    before = (proposal.state, proposal.edition)
    for number, (role, steps_by_state) in enumerate(ROLES.items()):
        with subtests.test(role):
            client.force_login(make_user(f"sun-{number}", role, departments=all_department_codes()))
            allowed = steps_by_state.get(state, set()) | (set() if role == "审计" else {"comment"})

            context = client.get(page(proposal)).context

            assert {step.name for step in context["steps"]} == allowed
            for step in sorted(STEPS - allowed - {"edit", "assess"}):
                url = reverse("admin:catalogue_proposal_step", args=[proposal.pk, step])
                data = {"seen": context["seen"], "reason": "理由", "edition": "2027"}
                assert client.post(url, data).status_code == 403, step
            proposal.refresh_from_db()
            assert (proposal.state, proposal.edition) == before


@pytest.mark.parametrize("state", DEPARTMENT)
def test_every_editor_of_its_department_has_exactly_these_steps(client, editor, in_state, state):
    proposal = in_state(state)

    for user in (proposal.proposer, make_user("colleague", "编辑", departments=["civil-affairs"])):
        client.force_login(user)
        steps = {step.name for step in client.get(page(proposal)).context["steps"]}
        assert steps == DEPARTMENT[state] | {"comment"}


def test_proposer_and_assessor_cannot_decide_even_as_superusers(client, make_proposal, act):
    for user in (act().user, act("li").user):
        user.is_superuser = True
        user.save()
        client.force_login(user)
        proposal = make_proposal(to="approving")

        assert {"approve", "decline"}.isdisjoint(step.name for step in client.get(page(proposal)).context["steps"])
        assert take(client, proposal, "approve").status_code == 403


def test_four_users_take_a_proposal_from_draft_to_publication(client, editor, make_proposal, next_edition):
    proposal = make_proposal()
    users = {role: make_user(f"with-{role}", role) for role in ("评估", "审批", "发布")}

    assert take(editor, proposal, "submit").status_code == 302
    client.force_login(users["评估"])
    assess_url = reverse("admin:catalogue_proposal_assess", args=[proposal.pk])
    data = assessment_form(seen=client.get(assess_url).context["seen"])
    data["attachments"] = SimpleUploadedFile("评估报告.pdf", b"%PDF-1.7 figures")
    assert client.post(assess_url, data).status_code == 302
    client.force_login(users["审批"])
    assert take(client, proposal, "approve", reason="同意").status_code == 302
    client.force_login(users["发布"])
    assert take(client, proposal, "take-up", edition="2027").status_code == 302
    publish_url = reverse("admin:catalogue_edition_publish", args=[next_edition.pk])
    token = client.get(publish_url).context["seen"]
    assert client.post(publish_url, {"seen": token, "reason": "年度调整"}).status_code == 302

    proposal.refresh_from_db()
    assert (proposal.state, proposal.edition.slug) == ("published", "2027")
    assert client.get("/api/v1/services/NM-01-07/?edition=2027").json()["standard"] == STANDARD
    steps = Event.objects.filter(proposal=proposal.number).order_by("number").values_list("verb", "actor", "role")
    assert list(steps)[1:] == [
        ("submitted", "wang", "编辑"),
        ("assessed", "with-评估", "评估"),
        ("approved", "with-审批", "审批"),
        ("taken-up", "with-发布", "发布"),
    ]
    event = Event.objects.filter(verb="service-changed").order_by("number").last()
    assert (event.actor, event.reason, len(event.request_id)) == ("with-发布", "落实常务会议决定", 32)


def test_the_page_shows_the_diff_and_the_citations(editor, make_proposal):
    proposal = make_proposal()

    response = editor.get(page(proposal))

    (standard, period) = response.context["entries"][0].rows
    assert (standard.field_label, period.field_label) == ("服务标准", "标准所属时间")
    assert "".join(part.text for part in standard.after) == STANDARD
    unchanged = [
        "".join(part.text for part in side if part.kind == "same") for side in (standard.before, standard.after)
    ]
    assert unchanged[0] == unchanged[1] != ""
    html = response.content.decode()
    assert "<del>" in html and "<ins>" in html
    assert "每人每月2300元" in visible_text(response) and "第1条" in visible_text(response)


FIGURE = {
    "label": "孤儿集中供养平均标准", "kind": "average", "value": "2300", "unit": "元", "currency": "CNY",
    "period": "month", "per": "person", "of_whom": None, "place": None, "valid_from": None, "valid_until": None,
    "as_of": "2027", "citation": {
        "source": "seed-daily", "locator": "第1条", "quote": STANDARD, "verification": "verbatim",
        "jurisdiction": "inner-mongolia",
    },
}  # fmt: skip


def test_a_changed_figure_is_assessed_and_shown_in_words(editor, make_proposal):
    change = {"service": "NM-01-07", "action": "change", "entry_data": {"amounts": [FIGURE]}, "successors": []}
    proposal = make_proposal(change)

    assert proposals.needs_assessment(proposal)
    assert proposals.faults(proposal) == []
    (row,) = editor.get(page(proposal)).context["entries"][0].rows
    assert row.field_label == "标准里的数字"
    assert "".join(part.text for part in row.after) == "孤儿集中供养平均标准：每人每月2300元（平均数，2027）"


def test_a_figure_that_its_quote_does_not_hold_is_a_fault_and_no_server_error(editor, make_proposal):
    change = {"service": "NM-01-07", "action": "change", "successors": []}
    proposal = make_proposal(change | {"entry_data": {"amounts": [FIGURE | {"value": "2400"}]}})

    assert "2400 不在所引原文之中" in "".join(fault.reason for fault in proposals.faults(proposal))
    assert editor.get(page(proposal)).status_code == 200


SHARE = {
    "level": "region", "percent": "30", "of_whom": "集中供养孤儿", "citation": {
        "source": "seed-daily", "locator": "第1条", "quote": "自治区负担30%", "verification": "verbatim",
        "jurisdiction": "inner-mongolia",
    },
}  # fmt: skip


def test_a_changed_share_is_assessed_and_shown_in_words(editor, make_proposal):
    change = {"service": "NM-01-07", "action": "change", "entry_data": {"shares": [SHARE]}, "successors": []}
    proposal = make_proposal(change)

    assert proposals.needs_assessment(proposal)
    assert proposals.faults(proposal) == []
    (row,) = editor.get(page(proposal)).context["entries"][0].rows
    assert row.field_label == "支出分担比例"
    assert "".join(part.text for part in row.after) == "自治区负担30%（集中供养孤儿）"


def test_a_share_that_its_quote_does_not_hold_is_a_fault_and_no_server_error(editor, make_proposal):
    change = {"service": "NM-01-07", "action": "change", "successors": []}
    proposal = make_proposal(change | {"entry_data": {"shares": [SHARE | {"percent": "40"}]}})

    assert "40 不在所引原文之中" in "".join(fault.reason for fault in proposals.faults(proposal))
    assert editor.get(page(proposal)).status_code == 200


def test_user_input_is_escaped(editor, make_proposal):
    proposal = make_proposal(reason="<script>alert(1)</script>", title="<b>标题</b>")

    html = editor.get(page(proposal)).content.decode()

    assert "<script>alert" not in html and "<b>标题" not in html


def test_the_faults_of_a_draft_link_to_the_form_that_corrects_them(editor, make_proposal):
    proposal = make_proposal(standard_change(citations=[]))

    response = editor.get(page(proposal))

    assert "NM-01-07：“服务标准”有值而没有来源" in visible_text(response)
    assert reverse("admin:catalogue_proposal_entry", args=[proposal.pk, "NM-01-07"]) in response.content.decode()
    refused = take(editor, proposal, "submit")
    assert (refused.status_code, Proposal.objects.get().state) == (409, "draft")
    assert "有值而没有来源" in visible_text(refused)


def test_declining_requires_a_reason_that_the_proposer_sees(client, editor, make_proposal):
    proposal = make_proposal(to="assessing")
    client.force_login(make_user("sun", "评估"))

    assert take(client, proposal, "decline", reason="  ").status_code == 409
    assert take(client, proposal, "decline", reason="请补充人数。").status_code == 302

    client.force_login(proposal.proposer)
    assert "请补充人数。" in visible_text(client.get(page(proposal)))
    assert "退回理由：请补充人数。" in visible_text(client.get(reverse("admin:index")))


def test_approving_a_changed_proposal_is_refused(client, make_proposal, act):
    proposal = make_proposal(to="approving")
    client.force_login(make_user("sun", "审批"))
    context = client.get(page(proposal)).context
    reversals.recall(proposal, context=act(reason="更正"))

    url = reverse("admin:catalogue_proposal_step", args=[proposal.pk, "approve"])
    refused = client.post(url, {"seen": context["seen"], "reason": "我的意见"})

    assert refused.status_code == 409
    assert "在您打开本页之后有了变化" in visible_text(refused)
    assert "撤回修改" in visible_text(refused)
    assert Proposal.objects.get().state == "draft"


# Steps back: the state, the step, who takes it, the state and edition after.
STEPS_BACK = [
    ("assessing", "recall", "wang", "draft", None),
    ("approving", "recall", "wang", "draft", None),
    ("declined", "void", "wang", "void", None),
    ("approving", "void", "发布", "void", None),
    ("approved", "revoke", "审批", "approving", None),
    ("included", "take-out", "发布", "approved", None),
]


@pytest.mark.parametrize(("state", "step", "who", "after", "edition"), STEPS_BACK)
def test_a_step_back_asks_for_a_reason_and_is_on_record(client, editor, in_state, state, step, who, after, edition):
    proposal = in_state(state)
    user = proposal.proposer if who == "wang" else make_user("sun", who)
    client.force_login(user)

    refused = take(client, proposal, step, reason="  ")
    assert refused.status_code == 409
    assert "请写明理由" in visible_text(refused)
    assert take(client, proposal, step, reason="数字有误，要更正。").status_code == 302

    proposal.refresh_from_db()
    assert (proposal.state, proposal.edition) == (after, edition)
    event = Event.objects.filter(proposal=proposal.number).order_by("number").last()
    assert (event.actor, event.reason) == (user.username, "数字有误，要更正。")
    text = visible_text(client.get(page(proposal)))
    assert text.count("数字有误，要更正。") == 2  # on top, and in the history


def test_a_refused_step_keeps_its_text_in_its_own_box(client, make_proposal, act, next_edition):
    first, second = make_proposal(to="approved"), make_proposal(NOTE_CHANGE, to="approved")
    for proposal in (first, second):
        proposals.include_in_edition(proposal, next_edition, context=act("root"))
    client.force_login(make_user("sun", "发布"))

    refused = take(client, first, "take-out", reason="另行研究")

    assert refused.status_code == 409
    assert "第 2 号建议在它之后编入，也改动了 NM-01-07" in visible_text(refused)
    html = refused.content.decode()
    assert html.count("另行研究") == 1
    assert '<details class="desk-back" id="step-take-out" open>' in html


def test_an_earlier_assessment_is_shown_with_its_attachment(client, make_proposal, act):
    attachment = attachments.store("评估报告.pdf", b"figures", context=act("li"))
    figures = ASSESSMENT_FIGURES | {"attachments": [{"name": "评估报告.pdf", "digest": attachment.digest}]}
    proposal = make_proposal(to="assessing")
    proposals.assess(proposal, figures=figures, context=act("li"))
    reversals.recall(proposal, context=act(reason="更正"))
    client.force_login(make_user("sun", "审计"))

    response = client.get(page(proposal))

    assert "以前的评估（1 次）" in visible_text(response)
    url = f"{reverse('admin:catalogue_proposal_attachment', args=[proposal.pk])}?digest={attachment.digest}"
    assert url in response.content.decode()
    assert client.get(url).content == b"figures"
    assert client.get(url[:-1]).status_code == 404  # the digest of no attachment of this proposal


@pytest.mark.parametrize("state", ["assessing", "approving"])
def test_a_submitted_proposal_says_how_it_can_be_edited(editor, make_proposal, state):
    refused = editor.get(reverse("admin:catalogue_proposal_edit", args=[make_proposal(to=state).pk]))

    assert refused.status_code == 409
    assert "请先在建议页面“撤回修改”" in visible_text(refused)


@pytest.mark.parametrize("step", ["fly", "edit", "assess"])
def test_an_unknown_step_is_refused(client, make_proposal, step):
    proposal = make_proposal(to="approving")
    client.force_login(make_user("sun", "审批"))

    assert take(client, proposal, step).status_code == 403
    assert client.get(reverse("admin:catalogue_proposal_step", args=[proposal.pk, step])).status_code == 302


# Publishing


def test_publishing_a_changed_edition_is_refused(client, make_proposal, act, next_edition):
    proposals.include_in_edition(make_proposal(to="approved"), next_edition, context=act("root"))
    client.force_login(make_user("sun", "发布"))
    url = reverse("admin:catalogue_edition_publish", args=[next_edition.pk])
    token = client.get(url).context["seen"]
    other = make_proposal(NOTE_CHANGE | {"service": "NM-05-01"}, to="approved")
    proposals.include_in_edition(other, next_edition, context=act("root"))

    refused = client.post(url, {"seen": token})

    assert refused.status_code == 409
    assert "打开本页之后又有改动" in visible_text(refused)
    next_edition.refresh_from_db()
    assert not next_edition.is_published


def test_publishing_twice_publishes_once(client, make_proposal, act, next_edition):
    proposals.include_in_edition(make_proposal(to="approved"), next_edition, context=act("root"))
    client.force_login(make_user("sun", "发布"))
    url = reverse("admin:catalogue_edition_publish", args=[next_edition.pk])
    token = client.get(url).context["seen"]

    responses = [client.post(url, {"seen": token}) for _ in range(2)]

    assert [response.status_code for response in responses] == [302, 302]
    assert Event.objects.filter(verb="published", edition="2027").count() == 1


def test_the_confirmation_page_shows_the_published_changes(client, make_proposal, act, next_edition):
    for proposal in (
        make_proposal(to="approved"),
        make_proposal(withdrawal("NM-05-01", "NM-05-02"), kind="withdraw", to="approved"),
        make_proposal(addition(), kind="add", to="approved"),
    ):
        proposals.include_in_edition(proposal, next_edition, context=act("root"))
    client.force_login(make_user("sun", "发布"))

    response = client.get(reverse("admin:catalogue_edition_publish", args=[next_edition.pk]))

    kinds = {change.code: change.kind for change in response.context["changed"]}
    assert (kinds["NM-01-07"], kinds["NM-05-01"], kinds["NM-05-05"]) == ("changed", "withdrawn", "added")
    assert dict(response.context["counts"])["新增"] == 1
    published = publishing.publish(next_edition, context=act("root"))
    changed_services = {
        event.service for event in Event.objects.filter(edition=published.slug, verb__startswith="service-")
    }
    renumbered = {"NM-05-02", "NM-05-04"}
    assert changed_services == set(kinds) | renumbered
    assert response.context["renumbered"] == len(renumbered)


def test_a_draft_with_faults_cannot_be_published(client, act, next_edition):
    next_edition.entries.filter(service__code="NM-05-01").update(content="没有来源的内容")
    client.force_login(make_user("sun", "发布"))
    url = reverse("admin:catalogue_edition_publish", args=[next_edition.pk])
    response = client.get(url)

    refused = client.post(url, {"seen": response.context["seen"]})

    assert "<button" not in response.content.decode().split('id="content-main"')[1]
    assert refused.status_code == 409
    assert "没有经批准的调整建议" in visible_text(refused)
    next_edition.refresh_from_db()
    assert not next_edition.is_published


def test_deleting_a_draft_releases_its_proposals(client, make_proposal, act, next_edition):
    proposal = make_proposal(to="approved")
    proposals.include_in_edition(proposal, next_edition, context=act("root"))
    client.force_login(make_user("sun", "发布"))
    url = reverse("admin:catalogue_edition_delete", args=[next_edition.pk])

    confirmation = client.get(url)
    assert confirmation.context["protected"] == []
    client.post(url, {"post": "yes"})

    proposal.refresh_from_db()
    assert (proposal.state, proposal.edition) == ("approved", None)
    event = Event.objects.filter(proposal=proposal.number).order_by("number").last()
    assert (event.verb, event.field, event.before, event.actor) == ("revised", "edition", '"2027"', "sun")


def test_a_colleague_goes_on_with_a_draft_and_it_is_handed_over_on_the_page(client, editor, make_proposal):
    proposal = make_proposal()
    meng = make_user("meng", "编辑", departments=["civil-affairs"])
    refused = take(editor, proposal, "hand-over", person="meng")
    assert "请写明理由" in visible_text(refused)

    assert take(editor, proposal, "hand-over", person="meng", reason="休假").status_code == 302

    assert "meng（自治区民政厅）" in visible_text(editor.get(page(proposal)))
    client.force_login(meng)
    assert "我的草稿" in visible_text(client.get(reverse("admin:index")))
    edit_url = reverse("admin:catalogue_proposal_entry", args=[proposal.pk, "NM-01-07"])
    data = proposal_form_data(client.get(edit_url)) | {"note": "接着写的"}
    assert client.post(edit_url, data).status_code == 302
    assert take(client, proposal, "submit").status_code == 302


def test_a_copy_is_made_once_for_each_page(editor, in_state):
    proposal = in_state("void")
    data = {"seen": editor.get(page(proposal)).context["seen"]}
    url = reverse("admin:catalogue_proposal_step", args=[proposal.pk, "copy"])

    first, second = editor.post(url, data), editor.post(url, data)

    assert first["Location"] == second["Location"] != page(proposal)
    assert Proposal.objects.count() == 2
    assert "已复制为第 2 号建议" in visible_text(editor.get(first["Location"]))


def test_who_typed_what_a_colleague_saves_does_not_decide_on_it(client, editor, make_proposal):
    proposal = make_proposal()
    edit_url = reverse("admin:catalogue_proposal_edit", args=[proposal.pk])
    typist = make_user("typist", "编辑", "审批", departments=["civil-affairs"])
    client.force_login(typist)
    data = proposal_form_data(client.get(edit_url)) | {"title": "同事写的"}
    revision = client.post(edit_url, data | {"_autosave": "1"}).json()["revision"]
    client.force_login(proposal.proposer)

    assert client.post(edit_url, data | {"typed": revision}).status_code == 302

    assert typist in proposal.editors.all()
