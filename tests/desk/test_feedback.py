"""Feedback on the desk: a department reads messages about its services, answers them or drafts a proposal."""

import json

import pytest
from django.urls import reverse

from catalogue.feedback import answers
from catalogue.models import Edition, Entry, Event, Feedback, Proposal
from services.models import Service
from tests.conftest import make_user
from tests.support.admin_forms import column_texts, filter_counts, visible_text
from tests.support.entries import PROPOSED_AT

OWN, FOREIGN = "civil-affairs", "health-commission"
LIST = "/admin/catalogue/feedback/"
CONTACT = "13800000000"


def page(feedback: Feedback) -> str:
    return reverse("admin:catalogue_feedback_change", args=[feedback.pk])


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
    assert filter_counts(list_page, "牵头负责单位") == {"全部": None, "自治区民政厅": 1}


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
    assert "公开答复" in text


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


def test_an_answer_is_public_and_deletes_the_contact(editor, feedback, client):
    response = editor.post(page(feedback), {"answer": "已更正。\r\n谢谢。"}, follow=True)

    feedback.refresh_from_db()
    event = Event.objects.order_by("number").last()
    assert (feedback.state, feedback.answer, feedback.contact) == ("answered", "已更正。\n谢谢。", None)
    assert (event.verb, event.actor, event.role, event.department) == ("answered", "sun", "编辑", OWN)
    text = visible_text(response)
    assert CONTACT not in text
    assert "联系方式已在答复时删除。" in text
    assert "答复反馈" in text
    data = client.get(f"/api/v1/feedback/{feedback.receipt}/").json()
    assert (data["state"], data["answer"]) == ("answered", "已更正。\n谢谢。")


@pytest.mark.parametrize("answer", ["", "  ", "字" * 5001, "空\0字符"])
def test_an_invalid_answer_is_refused_and_kept_in_the_form(editor, feedback, answer):
    refused = editor.post(page(feedback), {"answer": answer})

    feedback.refresh_from_db()
    assert (refused.status_code, feedback.state, feedback.contact) == (422, "received", CONTACT)
    assert answer.strip() in refused.content.decode()


def test_a_second_answer_is_refused(editor, feedback, act):
    answers.answer_feedback(feedback, answer="先答的。", context=act("root"))

    refused = editor.post(page(feedback), {"answer": "后答的。"})

    feedback.refresh_from_db()
    assert (refused.status_code, feedback.answer) == (409, "先答的。")
    assert "现在是“已答复”" in visible_text(refused)
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


def test_an_editor_publishes_a_summary_with_the_answer(editor, feedback):
    response = editor.post(page(feedback), {"answer": "已更正。", "summary": "有人指出标准写错了。"}, follow=True)

    feedback.refresh_from_db()
    assert (feedback.state, feedback.summary) == ("answered", "有人指出标准写错了。")
    assert "公开摘要：有人指出标准写错了。" in visible_text(response)
    assert json.loads(Event.objects.latest("number").after) == {"answer": "已更正。", "summary": "有人指出标准写错了。"}
    assert editor.get("/api/v1/feedback/").json()["count"] == 1


def test_without_a_summary_the_answer_is_for_the_receipt_alone(editor, feedback):
    response = editor.post(page(feedback), {"answer": "已更正。", "summary": ""}, follow=True)

    feedback.refresh_from_db()
    assert feedback.summary is None
    assert "没有公开摘要" in visible_text(response)
    assert editor.get("/api/v1/feedback/").json()["count"] == 0


def test_a_need_without_a_service_is_answered_by_an_administrator(client, admin_client, feedback):
    client.force_login(make_user("sun", "编辑", departments=[OWN]))
    need = answers.receive_feedback(None, kind="need", message="没有人帮忙取快递。", at=PROPOSED_AT)

    assert need.receipt not in column_texts(client.get(LIST), "receipt")
    assert "提出需求" in visible_text(admin_client.get(page(need)))
    assert admin_client.post(page(need), {"answer": "已转交。"}).status_code == 302
    need.refresh_from_db()
    assert (need.state, need.summary) == ("answered", None)
