"""Feedback on the desk: a department reads messages about its services, answers them or drafts a proposal."""

import json

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from catalogue.audit.log import AuditContext
from catalogue.feedback import answers
from catalogue.models import Edition, Entry, Event, Feedback, Proposal
from services.models import Department, Service
from services.text import dates
from tests.conftest import make_user
from tests.support.admin_forms import column_texts, filter_counts, visible_text
from tests.support.entries import PROPOSED_AT, standard_change
from tests.support.feedback import answer_feedback

OWN, FOREIGN = "civil-affairs", "health-commission"
LIST = "/admin/catalogue/feedback/"
CONTACT = "13800000000"


def page(feedback: Feedback) -> str:
    return reverse("admin:catalogue_feedback_change", args=[feedback.pk])


def take(client, feedback: Feedback, step: str = "draft", **typed: str):
    """Open the page of a message and take a step on it."""
    seen = client.get(page(feedback)).context["seen"]
    return client.post(page(feedback), {"seen": seen, "step": step} | typed, follow=True)


def together(*rows: Feedback) -> str:
    return f"{reverse('admin:catalogue_feedback_together')}?{'&'.join(f'pk={row.pk}' for row in rows)}"


@pytest.fixture
def feedback(db) -> Feedback:
    service = Service.objects.get(code="NM-01-07")
    return answers.receive_feedback(
        service, message="标准<b>写错了</b>。\n请更正。", field="standard", contact=CONTACT, at=PROPOSED_AT
    )


@pytest.fixture
def foreign(db) -> Feedback:
    return answers.receive_feedback(Service.objects.get(code="NM-05-01"), message="别的部门的事。", at=PROPOSED_AT)


@pytest.fixture
def editor(client, feedback):
    client.force_login(make_user("sun", "编辑", departments=[OWN]))
    return client


def test_an_editor_sees_only_feedback_on_own_services(editor, feedback, foreign):
    list_page = editor.get(LIST)

    assert column_texts(list_page, "receipt") == [feedback.receipt]
    assert editor.get(page(feedback)).status_code == 200
    assert editor.get(page(foreign)).status_code == 302  # redirected like an unknown row
    assert filter_counts(list_page, "办理部门") == {"全部": None, "自治区民政厅": 1}


def test_an_auditor_reads_all_feedback_and_cannot_answer(client, feedback, foreign):
    client.force_login(make_user("qian", "审计"))

    list_page, response = client.get(LIST), client.get(page(feedback))

    assert len(column_texts(list_page, "receipt")) == 2
    assert '<form method="post" class="desk-form"' not in response.content.decode()
    assert "由此提出调整建议" not in visible_text(response)
    assert client.post(page(feedback), {"answer": "答复"}).status_code == 403
    assert Feedback.objects.filter(state="received").count() == 2


def test_an_editor_who_is_auditor_answers_only_own_feedback(client, feedback):
    client.force_login(make_user("zhou", "编辑", "审计", departments=[FOREIGN]))

    response = client.get(page(feedback))

    assert "由此提出调整建议" not in visible_text(response)
    assert response.context["form"] is None
    assert client.post(page(feedback), {"answer": "答复"}).status_code == 403
    feedback.refresh_from_db()
    assert feedback.state == "received"


def test_the_list_can_be_filtered_and_searched(admin_client, feedback, foreign):
    assert column_texts(admin_client.get(LIST, {"lead": OWN}), "receipt") == [feedback.receipt]
    assert column_texts(admin_client.get(LIST, {"lead": FOREIGN}), "receipt") == [foreign.receipt]
    assert column_texts(admin_client.get(LIST, {"lead": "unknown"}), "receipt") == []
    assert len(column_texts(admin_client.get(LIST, {"state": "received"}), "receipt")) == 2
    assert column_texts(admin_client.get(LIST, {"state": "answered"}), "receipt") == []
    assert column_texts(admin_client.get(LIST, {"q": "别的部门"}), "receipt") == [foreign.receipt]
    for query in ({"lead": "no-such"}, {"state": "lost"}):
        assert "没有“" in visible_text(admin_client.get(LIST, query, follow=True))


def test_the_page_shows_the_message_and_the_field_of_the_entry(editor, feedback):
    response = editor.get(page(feedback))
    text = visible_text(response)

    assert "标准<b>写错了</b>。" in text
    assert CONTACT in text
    standard = Entry.objects.get(edition__slug="2026", service__code="NM-01-07").standard
    assert standard.splitlines()[0] in text
    assert "版本 2026 的“服务标准”" in text
    assert "起草答复" in text


@pytest.mark.parametrize("field", [None, "name", "legal_basis", "mention"])
@pytest.mark.parametrize("edition", [None, "2021"])
def test_every_field_and_edition_of_a_message_has_a_page(admin_client, db, field, edition):
    service = Service.objects.get(code="NM-01-05")
    edition_or_none = Edition.objects.filter(slug=edition).first()
    feedback = answers.receive_feedback(service, message="意见", field=field, edition=edition_or_none, at=PROPOSED_AT)

    response = admin_client.get(page(feedback))

    assert response.status_code == 200
    assert "没有留下联系方式。" in visible_text(response)


def test_the_last_entry_of_a_withdrawn_service_is_shown(admin_client, make_edition, feedback):
    make_edition("small", "2026-11-02")

    assert "版本 2026 的“服务标准”" in visible_text(admin_client.get(page(feedback)))


def test_a_drafted_answer_waits_for_another_person_and_is_not_public(editor, feedback, client):
    response = take(editor, feedback, answer="已更正。\r\n谢谢。")

    feedback.refresh_from_db()
    assert (feedback.state, feedback.draft_answer, feedback.contact) == ("received", "已更正。\n谢谢。", CONTACT)
    text = visible_text(response)
    assert "答复待审核" in text and "还没有公开" in text and "公开这个答复" not in text
    assert client.get(f"/api/v1/feedback/{feedback.receipt}/").json()["answer"] is None
    assert take(editor, feedback, "release").status_code == 403


@pytest.mark.parametrize(("role", "departments"), [("编辑", [OWN]), ("审批", [])])
def test_another_person_makes_the_answer_public_and_the_contact_is_deleted(editor, feedback, client, role, departments):
    take(editor, feedback, answer="已更正。")
    client.force_login(make_user("liu", role, departments=departments))

    response = take(client, feedback, "release")

    feedback.refresh_from_db()
    event = Event.objects.order_by("number").last()
    assert (feedback.state, feedback.answer, feedback.contact) == ("answered", "已更正。", None)
    assert (event.verb, event.actor, event.role) == ("answered", "liu", role)
    text = visible_text(response)
    assert CONTACT not in text and "联系方式已在答复时删除。" in text and "答复反馈" in text
    assert client.get(f"/api/v1/feedback/{feedback.receipt}/").json()["answer"] == "已更正。"


@pytest.mark.parametrize(("role", "departments"), [("编辑", [FOREIGN]), ("审计", []), ("评估", [])])
def test_nobody_else_releases_or_returns_an_answer(editor, feedback, client, role, departments):
    take(editor, feedback, answer="已更正。")
    client.force_login(make_user("liu", role, departments=departments))

    for step in ("release", "return", "no-such"):
        assert client.post(page(feedback), {"step": step, "reason": "理由"}).status_code in (302, 403)

    feedback.refresh_from_db()
    assert feedback.state == "received" and not Event.objects.filter(verb="answer-returned").exists()


def test_an_answer_is_returned_with_a_reason_and_stays_drafted(editor, feedback, client):
    take(editor, feedback, answer="已更正。")
    client.force_login(make_user("liu", "审批"))

    assert take(client, feedback, "return").status_code == 409
    text = visible_text(take(client, feedback, "return", reason="请写明文号"))

    feedback.refresh_from_db()
    assert (feedback.state, feedback.draft_answer) == ("received", "已更正。")
    assert "退回答复" in text and "请写明文号" in text


def test_an_answer_that_was_rewritten_meanwhile_is_not_released(editor, feedback, client, act):
    take(editor, feedback, answer="已更正。")
    client.force_login(make_user("liu", "审批"))
    seen = client.get(page(feedback)).context["seen"]
    answers.draft_answer(feedback, answer="别的答复。", context=act("root"))

    response = client.post(page(feedback), {"seen": seen, "step": "release"})

    feedback.refresh_from_db()
    assert (response.status_code, feedback.state) == (409, "received")
    assert "有了变化" in visible_text(response) and "别的答复。" in visible_text(response)


def test_an_approver_does_not_see_the_contact(feedback, client):
    client.force_login(make_user("liu", "审批"))

    text = visible_text(client.get(page(feedback)))

    assert CONTACT not in text and "只有办理部门看得到" in text


def test_a_message_is_transferred_to_another_department_which_then_answers_it(editor, feedback, client):
    other = Department.objects.get(code=FOREIGN)

    response = take(editor, feedback, "transfer", department=other.pk, reason="属于体检项目")

    assert "限办日期不变" in visible_text(response)
    assert editor.get(page(feedback)).status_code == 302
    client.force_login(make_user("zhou", "编辑", departments=[FOREIGN]))
    text = visible_text(client.get(page(feedback)))
    assert "（转办）" in text and "属于体检项目" in text and CONTACT in text
    assert feedback.receipt in column_texts(client.get(LIST), "receipt")
    assert "待答复的反馈" in visible_text(client.get(reverse("admin:index")))


@pytest.mark.parametrize("typed", [{}, {"reason": "理由"}, {"reason": "理由", "department": "99999999999999999999"}])
def test_a_transfer_to_nowhere_or_without_a_reason_is_refused(editor, feedback, typed):
    assert take(editor, feedback, "transfer", **typed).status_code == 422
    assert not Event.objects.filter(verb="transferred").exists()


def test_the_deadline_counts_working_days_and_says_what_it_does_not_know(editor, feedback, settings):
    settings.FEEDBACK_WORKING_DAYS = 5
    received = timezone.localdate(PROPOSED_AT)

    text = visible_text(editor.get(page(feedback)))

    assert str(dates.working_days_after(received, 5)) in text
    assert "第 5 个工作日" in text and "法定节假日和调休不在内" in text
    assert column_texts(editor.get(LIST), "due")[0].startswith(str(dates.working_days_after(received, 5)))


def test_one_answer_is_drafted_for_several_messages_that_are_all_shown(editor, feedback):
    second = answers.receive_feedback(feedback.service, message="同样的事。", contact=CONTACT, at=PROPOSED_AT)
    data = {"action": "answer_together", "_selected_action": [feedback.pk, second.pk]}
    response = editor.post(LIST, data, follow=True)
    assert "请更正。" in visible_text(response) and "同样的事。" in visible_text(response)

    editor.post(together(feedback, second), {"seen": response.context["seen"], "answer": "都已更正。"})

    assert list(Feedback.objects.values_list("draft_answer", "state")) == [("都已更正。", "received")] * 2


def test_several_answers_are_released_on_one_page_by_another_person(editor, feedback, client):
    second = answers.receive_feedback(feedback.service, message="同样的事。", at=PROPOSED_AT)
    address = together(feedback, second)
    seen = editor.get(address).context["seen"]
    editor.post(address, {"seen": seen, "answer": "都已更正。"})
    assert editor.post(address, {"seen": seen, "step": "release"}).status_code == 403
    client.force_login(make_user("liu", "审批"))

    shown = client.get(address)
    client.post(address, {"seen": shown.context["seen"], "step": "release"})

    assert visible_text(shown).count("都已更正。") == 2
    assert list(Feedback.objects.values_list("answer", "state")) == [("都已更正。", "answered")] * 2


def test_of_several_messages_none_is_answered_if_one_changed(editor, feedback, act):
    second = answers.receive_feedback(feedback.service, message="同样的事。", at=PROPOSED_AT)
    seen = editor.get(together(feedback, second)).context["seen"]
    answers.draft_answer(second, answer="先写的。", context=act("root"))

    response = editor.post(together(feedback, second), {"seen": seen, "answer": "都已更正。"})

    assert response.status_code == 409 and "都已更正。" in response.content.decode()
    assert sorted(Feedback.objects.values_list("draft_answer", flat=True), key=str) == [None, "先写的。"]


@pytest.mark.parametrize("query", ["", "?pk=", "?pk=x", "?pk=99999999999999999999", "?pk=0"])
def test_without_messages_the_page_for_several_leads_back_to_the_list(editor, query):
    response = editor.get(reverse("admin:catalogue_feedback_together") + query, follow=True)

    assert response.redirect_chain[-1][0] == LIST and "请勾选" in visible_text(response)


def test_the_start_page_of_another_editor_has_the_answers_to_release(editor, feedback, client):
    take(editor, feedback, answer="已更正。")
    own = visible_text(editor.get(reverse("admin:index")))
    client.force_login(make_user("liu", "编辑", departments=[OWN]))

    others = visible_text(client.get(reverse("admin:index")))

    assert "我起草、待审核的答复（1）" in own and "待我审核的答复" not in own and "待答复的反馈" not in own
    assert "待我审核的答复（1）" in others and "待答复的反馈" not in others


def test_an_earlier_public_answer_is_taken_over_into_the_form(editor, feedback, act):
    earlier = answers.receive_feedback(feedback.service, message="以前的", at=PROPOSED_AT)
    answer_feedback(earlier, "标准每年调整一次。", summary="有人问标准。", act=act)
    private = answers.receive_feedback(feedback.service, message="以前的", at=PROPOSED_AT)
    answer_feedback(private, "只给来信人看的。", act=act)

    text = visible_text(editor.get(page(feedback)))
    form = editor.get(f"{page(feedback)}?like={earlier.receipt}").context["form"]

    assert "标准每年调整一次。" in text and "只给来信人看的。" not in text
    assert form.initial["answer"] == "标准每年调整一次。"
    assert not editor.get(f"{page(feedback)}?like={private.receipt}").context["form"].initial.get("answer")


def test_the_edition_that_was_spoken_of_stands_beside_the_newest(editor, publish, make_proposal, feedback):
    publish("2027", make_proposal(standard_change(), to="approved"))
    old = answers.receive_feedback(
        feedback.service, message="意见", field="standard", edition=Edition.objects.get(slug="2026"), at=PROPOSED_AT
    )

    text = visible_text(editor.get(page(old)))

    assert "来信所说的版本 2026 的“服务标准”" in text and "最新的版本 2027 的“服务标准”" in text


@pytest.mark.parametrize("answer", ["", "  ", "字" * 5001, "空\0字符"])
def test_an_invalid_answer_is_refused_and_kept_in_the_form(editor, feedback, answer):
    refused = take(editor, feedback, answer=answer)

    feedback.refresh_from_db()
    assert (refused.status_code, feedback.state, feedback.contact) == (422, "received", CONTACT)
    assert answer.strip() in refused.content.decode()


def test_an_answer_to_an_answered_message_is_refused_and_shown(editor, feedback, act):
    seen = editor.get(page(feedback)).context["seen"]
    answer_feedback(feedback, "先答的。", act=act)

    refused = editor.post(page(feedback), {"answer": "后答的。", "seen": seen})

    feedback.refresh_from_db()
    assert (refused.status_code, feedback.answer) == (409, "先答的。")
    assert "后答的。" in refused.content.decode()


def test_feedback_cannot_be_added_or_deleted(admin_client, feedback):
    assert admin_client.get(f"{LIST}add/").status_code == 403
    assert admin_client.post(f"{LIST}{feedback.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Feedback.objects.exists()


def test_a_proposal_is_drafted_from_feedback(editor, feedback):
    url = f"{reverse('admin:catalogue_proposal_add')}?feedback={feedback.pk}&service=NM-01-07"
    assert url.replace("&", "&amp;") in editor.get(page(feedback)).content.decode()
    form = editor.get(url).context["form"]
    data = {name: form.initial.get(name, "") for name in form.fields} | {
        "department": form.fields["department"].queryset.get().pk, "title": "更正标准", "reason": "群众反映",
        "effective_from": "2027-01-01", "kind": "change",
    }  # fmt: skip

    editor.post(url, {name: value for name, value in data.items() if value})

    feedback.refresh_from_db()
    assert (feedback.state, feedback.proposal) == ("considered", Proposal.objects.get())
    text = visible_text(editor.get(page(feedback)))
    assert f"第 {feedback.proposal.number} 号" in text
    assert "由此提出调整建议" not in text
    assert "群众" in visible_text(editor.get(reverse("admin:catalogue_proposal_change", args=[feedback.proposal.pk])))
    assert Event.objects.filter(term=f"feedback/{feedback.receipt}", field="proposal").count() == 1


def test_feedback_of_another_department_is_not_linked_to_a_proposal(editor, feedback, foreign):
    url = f"{reverse('admin:catalogue_proposal_add')}?feedback={foreign.pk}"
    department = editor.get(url).context["form"].fields["department"].queryset.get().pk

    data = {"title": "更正", "reason": "群众反映", "effective_from": "2027-01-01", "kind": "change"}
    editor.post(url, data | {"department": department})

    foreign.refresh_from_db()
    assert Proposal.objects.count() == 1
    assert (foreign.state, foreign.proposal) == ("received", None)


def test_the_start_page_lists_unanswered_feedback_of_own_departments(editor, feedback, foreign):
    text = visible_text(editor.get(reverse("admin:index")))

    assert "待答复的反馈（1）" in text
    assert "别的部门的事。" not in text


@pytest.mark.parametrize("size", [1, 20])
def test_the_list_has_a_constant_number_of_queries(admin_client, feedback, size, django_assert_max_num_queries):
    for _ in range(size):
        answers.receive_feedback(feedback.service, message="意见", at=PROPOSED_AT)

    with django_assert_max_num_queries(14):
        admin_client.get(LIST)


def test_a_summary_is_published_with_the_answer(editor, feedback):
    take(editor, feedback, answer="已更正。", summary="有人指出标准写错了。")
    editor.force_login(make_user("liu", "审批"))
    response = take(editor, feedback, "release")

    feedback.refresh_from_db()
    assert (feedback.state, feedback.summary) == ("answered", "有人指出标准写错了。")
    assert "公开摘要：有人指出标准写错了。" in visible_text(response)
    assert json.loads(Event.objects.latest("number").after) == {"answer": "已更正。", "summary": "有人指出标准写错了。"}
    assert editor.get("/api/v1/feedback/").json()["count"] == 1


def test_without_a_summary_the_answer_is_for_the_receipt_alone(editor, feedback):
    take(editor, feedback, answer="已更正。", summary="")
    editor.force_login(make_user("liu", "审批"))
    response = take(editor, feedback, "release")

    feedback.refresh_from_db()
    assert feedback.summary is None
    assert "没有公开摘要" in visible_text(response)
    assert editor.get("/api/v1/feedback/").json()["count"] == 0


def test_a_need_without_a_service_is_answered_by_an_administrator(client, admin_client, feedback):
    client.force_login(make_user("sun", "编辑", departments=[OWN]))
    need = answers.receive_feedback(None, kind="need", message="没有人帮忙取快递。", at=PROPOSED_AT)

    assert need.receipt not in column_texts(client.get(LIST), "receipt")
    assert "提出需求" in visible_text(admin_client.get(page(need)))
    take(admin_client, need, answer="已转交。")
    client.force_login(make_user("liu", "审批"))
    take(client, need, "release")
    need.refresh_from_db()
    assert (need.state, need.summary) == ("answered", None)


@pytest.mark.parametrize("step", ["return", "transfer", "nonsense"])
def test_messages_taken_together_are_only_drafted_or_released(editor, feedback, step):
    answers.draft_answer(feedback, answer="已经更正。", context=AuditContext(at=PROPOSED_AT, user=make_user("li")))
    seen = editor.get(together(feedback)).context["seen"]
    events = Event.objects.count()

    refused = editor.post(together(feedback), {"seen": seen, "step": step, "answer": "别的。", "reason": "不清楚。"})

    assert refused.status_code == 403 and Event.objects.count() == events


@pytest.fixture
def meanwhile():
    """Runs a function once, when the next transaction of a request begins."""

    def run(function):
        waiting = [function]

        def wrapper(execute, sql, *rest):
            if waiting and sql.startswith("SAVEPOINT"):
                waiting.pop()()
            return execute(sql, *rest)

        return connection.execute_wrapper(wrapper)

    return run


def test_an_answer_that_is_drafted_anew_at_the_same_moment_is_not_released_unread(editor, feedback, meanwhile):
    def draft(answer: str, name: str):
        context = AuditContext(at=PROPOSED_AT, user=make_user(name))
        answers.draft_answer(feedback, answer=answer, context=context)

    draft("已经更正。", "li")
    seen = editor.get(page(feedback)).context["seen"]

    with meanwhile(lambda: draft("没有读过的答复。", "zhao")):
        refused = editor.post(page(feedback), {"seen": seen, "step": "release"})

    assert refused.status_code == 409 and "没有读过的答复" in visible_text(refused)
    feedback.refresh_from_db()
    assert feedback.answer is None


def test_a_message_that_is_transferred_at_the_same_moment_leads_back_to_the_list(editor, feedback, meanwhile):
    seen = editor.get(page(feedback)).context["seen"]
    to = Department.objects.get(code=FOREIGN)
    context = AuditContext(at=PROPOSED_AT, user=make_user("li"), reason="不归本部门")

    with meanwhile(lambda: answers.transfer_feedback(feedback, to, context=context)):
        response = editor.post(page(feedback), {"seen": seen, "answer": "已经更正。"})

    assert response.status_code == 302
    feedback.refresh_from_db()
    assert feedback.draft_answer is None
