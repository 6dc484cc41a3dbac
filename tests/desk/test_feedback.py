"""Feedback on the desk: a department reads what is said of its services, answers in public, or proposes a change."""

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


def test_an_editor_sees_what_is_said_of_his_departments_services(editor, feedback, foreign):
    listed = editor.get(LIST)

    assert column_texts(listed, "receipt") == [feedback.receipt]
    assert editor.get(page(feedback)).status_code == 200
    assert editor.get(page(foreign)).status_code == 302  # as if it were not there
    assert filter_counts(listed, "牵头负责单位") == {"全部": None, "自治区民政厅": 1}


def test_an_auditor_reads_all_and_answers_nothing(client, feedback, foreign):
    client.force_login(make_user("qian", "审计"))

    listed, read = client.get(LIST), client.get(page(feedback))

    assert len(column_texts(listed, "receipt")) == 2
    assert '<form method="post" class="desk-form"' not in read.content.decode()
    assert "由此提出调整建议" not in visible_text(read)
    assert client.post(page(feedback), {"answer": "答复"}).status_code == 403
    assert Feedback.objects.filter(state="received").count() == 2


def test_who_sees_all_answers_for_his_own_departments_alone(client, feedback):
    client.force_login(make_user("zhou", "编辑", "审计", departments=[FOREIGN]))

    read = client.get(page(feedback))

    assert "由此提出调整建议" not in visible_text(read)
    assert read.context["form"] is None
    assert client.post(page(feedback), {"answer": "答复"}).status_code == 403
    feedback.refresh_from_db()
    assert feedback.state == "received"


def test_the_list_is_filtered(admin_client, feedback, foreign):
    assert column_texts(admin_client.get(LIST, {"lead": OWN}), "receipt") == [feedback.receipt]
    assert column_texts(admin_client.get(LIST, {"lead": FOREIGN}), "receipt") == [foreign.receipt]
    assert column_texts(admin_client.get(LIST, {"lead": "unknown"}), "receipt") == []
    assert len(column_texts(admin_client.get(LIST, {"state": "received"}), "receipt")) == 2
    assert column_texts(admin_client.get(LIST, {"state": "answered"}), "receipt") == []
    assert column_texts(admin_client.get(LIST, {"q": "别的部门"}), "receipt") == [foreign.receipt]
    for wrong in ({"lead": "no-such"}, {"state": "lost"}):
        assert "没有“" in visible_text(admin_client.get(LIST, wrong, follow=True))


def test_the_page_shows_what_was_said_and_what_the_list_says(editor, feedback):
    read = editor.get(page(feedback))
    text = visible_text(read)

    assert "标准<b>写错了</b>。" in text
    assert CONTACT in text
    stated = Entry.objects.get(edition__slug="2026", service__code="NM-01-07").standard
    assert stated.splitlines()[0] in text
    assert "版本 2026 的“服务标准”" in text
    assert "公开答复" in text


@pytest.mark.parametrize("field", [None, "name", "legal_basis", "mention"])
@pytest.mark.parametrize("edition", [None, "2021"])
def test_every_kind_of_message_has_a_page(admin_client, db, field, edition):
    service = Service.objects.get(code="NM-01-05")
    named = Edition.objects.filter(slug=edition).first()
    said = answers.receive_feedback(service, message="意见", field=field, edition=named, at=PROPOSED_AT)

    read = admin_client.get(page(said))

    assert read.status_code == 200
    assert "没有留下联系方式。" in visible_text(read)


def test_what_a_withdrawn_service_last_said_is_shown(admin_client, make_edition, feedback):
    make_edition("small", "2026-11-02")

    assert "版本 2026 的“服务标准”" in visible_text(admin_client.get(page(feedback)))


def test_an_answer_is_public_and_the_contact_is_gone(editor, feedback, client):
    answered = editor.post(page(feedback), {"answer": "已更正。\r\n谢谢。"}, follow=True)

    feedback.refresh_from_db()
    event = Event.objects.order_by("number").last()
    assert (feedback.state, feedback.answer, feedback.contact) == ("answered", "已更正。\n谢谢。", None)
    assert (event.verb, event.actor, event.role, event.department) == ("answered", "sun", "编辑", OWN)
    text = visible_text(answered)
    assert CONTACT not in text
    assert "联系方式已在答复时删除。" in text
    assert "答复反馈" in text
    told = client.get(f"/api/v1/feedback/{feedback.receipt}/").json()
    assert (told["state"], told["answer"]) == ("answered", "已更正。\n谢谢。")


@pytest.mark.parametrize("answer", ["", "  ", "字" * 5001, "空\0字符"])
def test_an_answer_that_cannot_be_given_keeps_what_was_typed(editor, feedback, answer):
    refused = editor.post(page(feedback), {"answer": answer})

    feedback.refresh_from_db()
    assert (refused.status_code, feedback.state, feedback.contact) == (422, "received", CONTACT)
    assert answer.strip() in refused.content.decode()


def test_of_two_answers_the_first_stands_and_the_second_is_told(editor, feedback, act):
    answers.answer_feedback(feedback, answer="先答的。", context=act("root"))

    refused = editor.post(page(feedback), {"answer": "后答的。"})

    feedback.refresh_from_db()
    assert (refused.status_code, feedback.answer) == (409, "先答的。")
    assert "现在是“已答复”" in visible_text(refused)
    assert "后答的。" in refused.content.decode()


def test_nothing_is_added_or_deleted_here(admin_client, feedback):
    assert admin_client.get(f"{LIST}add/").status_code == 403
    assert admin_client.post(f"{LIST}{feedback.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Feedback.objects.exists()


def test_a_proposal_is_begun_from_it(editor, feedback):
    address = f"{reverse('admin:catalogue_proposal_add')}?feedback={feedback.pk}&service=NM-01-07"
    assert address.replace("&", "&amp;") in editor.get(page(feedback)).content.decode()
    form = editor.get(address).context["form"]
    sent = {name: form.initial.get(name, "") for name in form.fields} | {
        "department": form.fields["department"].queryset.get().pk, "title": "更正标准", "reason": "群众反映",
        "effective_from": "2027-01-01", "kind": "change",
    }  # fmt: skip

    editor.post(address, {name: value for name, value in sent.items() if value})

    feedback.refresh_from_db()
    assert (feedback.state, feedback.proposal) == ("considered", Proposal.objects.get())
    text = visible_text(editor.get(page(feedback)))
    assert f"第 {feedback.proposal.number} 号" in text
    assert "由此提出调整建议" not in text
    assert "群众" in visible_text(editor.get(reverse("admin:catalogue_proposal_change", args=[feedback.proposal.pk])))
    assert Event.objects.filter(term=f"feedback/{feedback.receipt}", field="proposal").count() == 1


def test_another_departments_feedback_is_not_taken_for_a_proposal(editor, feedback, foreign):
    address = f"{reverse('admin:catalogue_proposal_add')}?feedback={foreign.pk}"
    department = editor.get(address).context["form"].fields["department"].queryset.get().pk

    said = {"title": "更正", "reason": "群众反映", "effective_from": "2027-01-01", "kind": "change"}
    editor.post(address, said | {"department": department})

    foreign.refresh_from_db()
    assert Proposal.objects.count() == 1
    assert (foreign.state, foreign.proposal) == ("received", None)


def test_it_waits_on_the_start_page_of_who_may_answer(editor, feedback, foreign):
    text = visible_text(editor.get(reverse("admin:index")))

    assert "待答复的反馈（1）" in text
    assert "别的部门的事。" not in text


@pytest.mark.parametrize("size", [1, 20])
def test_the_list_costs_the_same_however_long_it_is(admin_client, feedback, size, django_assert_max_num_queries):
    for _ in range(size):
        answers.receive_feedback(feedback.service, message="意见", at=PROPOSED_AT)

    with django_assert_max_num_queries(14):
        admin_client.get(LIST)
