"""Feedback is stored with a receipt, linked to at most one proposal, transferred, and answered once by two people."""

import json
import re

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction

from catalogue.audit import log
from catalogue.feedback import answers
from catalogue.models import Event, Feedback
from catalogue.workflow import proposals
from services.models import Department, Service
from tests.support.entries import NOTE_CHANGE, PROPOSED_AT, make_citation, make_entry
from tests.support.feedback import answer_feedback

CONTACT = "13800000000"


@pytest.fixture
def feedback(db) -> Feedback:
    service = Service.objects.get(code="NM-01-07")
    return answers.receive_feedback(service, message="标准写错了。", field="standard", contact=CONTACT, at=PROPOSED_AT)


def test_a_receipt_is_random_and_easy_to_copy(feedback):
    others = {answers.receive_feedback(feedback.service, message="同上", at=PROPOSED_AT).receipt for _ in range(20)}

    assert len(others | {feedback.receipt}) == 21
    assert all(re.fullmatch("[2-9a-hjkmnp-z]{16}", receipt) for receipt in others)


@pytest.mark.parametrize(
    "fields",
    [{"message": ""}, {"message": "字" * 5001}, {"message": "\0"}, {"field": "price"}, {"contact": "1" * 201}],
)
def test_an_invalid_message_is_refused(feedback, fields):
    with pytest.raises(ValidationError):
        answers.receive_feedback(feedback.service, at=PROPOSED_AT, **{"message": "意见"} | fields)

    assert Feedback.objects.count() == 1


def test_an_answer_is_logged_and_deletes_the_contact(feedback, act):
    answer_feedback(feedback, "已更正。", act=act)

    feedback.refresh_from_db()
    event = Event.objects.order_by("number").last()
    assert (feedback.state, feedback.answer, feedback.answered_at) == ("answered", "已更正。", PROPOSED_AT)
    assert feedback.contact is None
    assert (event.verb, event.term, event.service) == ("answered", f"feedback/{feedback.receipt}", "NM-01-07")
    assert (event.actor, event.before, json.loads(event.after)) == ("root", None, {"answer": "已更正。"})
    assert log.verify_chain() == []


def test_the_audit_log_has_neither_contact_nor_message(feedback, make_proposal, act):
    answers.link_proposal(feedback, make_proposal(NOTE_CHANGE), context=act())
    answer_feedback(feedback, "已提出建议。", act=act)

    logged = "".join(str(row) for row in Event.objects.values_list("before", "after", "reason", "term"))
    assert CONTACT not in logged
    assert "标准写错了。" not in logged


@pytest.mark.parametrize("answer", ["", "\0", None])
def test_an_invalid_answer_changes_nothing(feedback, act, answer):
    with pytest.raises(proposals.TransitionError):
        answers.draft_answer(feedback, answer=answer, context=act("root"))

    feedback.refresh_from_db()
    assert (feedback.state, feedback.contact) == ("received", CONTACT)
    assert not Event.objects.filter(verb__in=["answered", "answer-drafted"]).exists()


@pytest.mark.parametrize("verb", ["answer", "consider"])
def test_nothing_is_saved_if_the_audit_log_fails(feedback, make_proposal, act, verb):
    proposal = make_proposal(NOTE_CHANGE)

    def fail_on_event(execute, sql, params, many, context):
        if sql.startswith('INSERT INTO "catalogue_event"'):
            raise OperationalError("the database is away")
        return execute(sql, params, many, context)

    with pytest.raises(OperationalError), connection.execute_wrapper(fail_on_event):
        if verb == "answer":
            answers.draft_answer(feedback, answer="已更正。", context=act("root"))
        else:
            answers.link_proposal(feedback, proposal, context=act())

    feedback.refresh_from_db()
    assert (feedback.state, feedback.contact, feedback.proposal) == ("received", CONTACT, None)
    assert feedback.draft_answer is None


def test_a_message_is_answered_only_once(feedback, act):
    answer_feedback(feedback, "已更正。", act=act)

    with pytest.raises(proposals.TransitionError, match="现在是“已答复”"):
        answers.draft_answer(feedback, answer="再答。", context=act("li"))

    feedback.refresh_from_db()
    assert feedback.answer == "已更正。"


def test_the_database_refuses_a_contact_on_answered_feedback(feedback, act):
    answer_feedback(feedback, "已更正。", act=act)

    with pytest.raises(IntegrityError), transaction.atomic():
        Feedback.objects.update(contact=CONTACT)


def test_linking_a_proposal_is_logged(feedback, make_proposal, act):
    proposal = make_proposal(NOTE_CHANGE)

    answers.link_proposal(feedback, proposal, context=act())

    feedback.refresh_from_db()
    event = Event.objects.order_by("number").last()
    assert (feedback.state, feedback.proposal, feedback.contact) == ("considered", proposal, CONTACT)
    assert (event.verb, event.field, event.after) == ("revised", "proposal", str(proposal.number))
    with pytest.raises(proposals.TransitionError, match="现在是“已转为调整建议”"):
        answers.link_proposal(feedback, proposal, context=act())


@pytest.mark.parametrize(
    ("on", "led_by"),
    [
        ("2026-11-01", "health-commission"),  # in force
        ("2026-11-02", "civil-affairs"),  # a newer edition in force has another lead department
    ],
)
def test_the_lead_department_is_that_of_the_edition_in_force(make_edition, on, led_by):
    moved = entry_led_by("civil-affairs")
    make_edition("moved", "2026-11-02", entries=[moved])
    service = Service.objects.get(code="NM-05-01")
    answers.receive_feedback(service, message="意见", at=PROPOSED_AT)

    assert Feedback.objects.with_lead_department(on).get().lead == led_by


def test_the_lead_department_of_a_withdrawn_service_is_the_last_published_one(make_edition, feedback):
    make_edition("small", "2026-11-02")

    assert Feedback.objects.with_lead_department("2026-11-23").get().lead == "civil-affairs"


def test_a_drafted_answer_is_not_public_and_keeps_the_contact(feedback, act, client):
    answers.draft_answer(feedback, answer="已更正。", summary="有人指出标准写错了。", context=act("wang"))

    feedback.refresh_from_db()
    assert (feedback.state, feedback.answer, feedback.contact) == ("received", None, CONTACT)
    assert not Feedback.objects.public().exists()
    assert client.get(f"/api/v1/feedback/{feedback.receipt}/").json()["answer"] is None
    event = Event.objects.order_by("number").last()
    assert (event.verb, event.actor, json.loads(event.after)["answer"]) == ("answer-drafted", "wang", "已更正。")


def test_who_drafted_an_answer_does_not_release_it(feedback, act):
    answers.draft_answer(feedback, answer="已更正。", context=act("wang"))

    with pytest.raises(proposals.TransitionError, match="另一个人"):
        answers.release_answer(feedback, context=act("wang"))

    feedback.refresh_from_db()
    assert (feedback.state, feedback.contact) == ("received", CONTACT)


def test_a_draft_that_another_person_rewrote_is_released_by_the_first(feedback, act):
    answers.draft_answer(feedback, answer="已更正。", context=act("wang"))
    answers.draft_answer(feedback, answer="已经更正，谢谢。", context=act("root"))

    answers.release_answer(feedback, context=act("wang"))

    feedback.refresh_from_db()
    assert (feedback.answer, feedback.drafter.username, feedback.releaser.username) == (
        "已经更正，谢谢。",
        "root",
        "wang",
    )


def test_a_returned_answer_stays_a_draft_with_the_reason_on_record(feedback, act):
    answers.draft_answer(feedback, answer="已更正。", context=act("wang"))
    with pytest.raises(proposals.TransitionError, match="理由"):
        answers.return_answer(feedback, context=act("root"))

    answers.return_answer(feedback, context=act("root", "请写明文号"))

    feedback.refresh_from_db()
    event = Event.objects.order_by("number").last()
    assert feedback.draft_answer == "已更正。"
    assert (event.verb, event.actor, event.reason) == ("answer-returned", "root", "请写明文号")


@pytest.mark.parametrize("step", [answers.release_answer, answers.return_answer])
def test_without_a_draft_nothing_is_released_or_returned(feedback, act, step):
    with pytest.raises(proposals.TransitionError, match="没有待审核的答复"):
        step(feedback, context=act("root", "理由"))


def test_a_transferred_message_is_the_other_departments_with_the_reason_on_record(feedback, act):
    answers.draft_answer(feedback, answer="不归我们管。", context=act("wang"))

    answers.transfer_feedback(
        feedback, Department.objects.get(code="health-commission"), context=act("wang", "属于体检项目")
    )

    moved = Feedback.objects.with_lead_department(PROPOSED_AT.date()).get()
    event = Event.objects.order_by("number").last()
    assert (moved.lead, moved.draft_answer, moved.contact, moved.at) == (
        "health-commission",
        None,
        CONTACT,
        PROPOSED_AT,
    )
    assert (event.verb, event.reason) == ("transferred", "属于体检项目")
    assert (json.loads(event.before), json.loads(event.after)) == ("civil-affairs", "health-commission")


@pytest.mark.parametrize(
    ("department", "reason", "words"),
    [("health-commission", None, "理由"), ("civil-affairs", "理由", "不用转办")],
)
def test_a_transfer_without_reason_or_to_the_same_department_is_refused(feedback, act, department, reason, words):
    with pytest.raises(proposals.TransitionError, match=words):
        answers.transfer_feedback(feedback, Department.objects.get(code=department), context=act("wang", reason))


def test_an_answered_message_is_not_transferred(feedback, act):
    answer_feedback(feedback, "已更正。", act=act)

    with pytest.raises(proposals.TransitionError, match="现在是“已答复”"):
        answers.transfer_feedback(
            feedback, Department.objects.get(code="health-commission"), context=act("wang", "理由")
        )


RELEASED = {
    "state": "answered", "answer": "已更正。", "answered_at": PROPOSED_AT, "contact": None, "draft_answer": None,
}  # fmt: skip


def release(**changes: object):
    return lambda feedback, people: Feedback.objects.update(**RELEASED | {"releaser": people["root"]} | changes)


@pytest.mark.parametrize(
    "action",
    [
        lambda feedback, people: release(releaser=people["wang"])(feedback, people),
        release(releaser=None),
        release(answer="别的答复。"),
        release(summary="别的摘要。"),
        lambda feedback, people: release(drafter=people["li"])(feedback, people),
        lambda feedback, people: Feedback.objects.bulk_create(
            [Feedback(receipt="2" * 16, message="意见", at=PROPOSED_AT, drafter=people["li"], releaser=people["root"],
                      state="answered", answer="已更正。", answered_at=PROPOSED_AT)]
        ),
        lambda feedback, people: Feedback.objects.update(drafter=None),
    ],
)  # fmt: skip
def test_the_database_refuses_an_answer_that_no_second_person_released(feedback, people, act, action):
    answers.draft_answer(feedback, answer="已更正。", context=act("wang"))

    with pytest.raises(DatabaseError), transaction.atomic():
        action(feedback, people)


def test_the_database_accepts_what_the_verb_writes(feedback, people, act):
    answers.draft_answer(feedback, answer="已更正。", context=act("wang"))

    assert release()(feedback, people) == 1


@pytest.mark.parametrize(
    "action",
    [
        lambda: Feedback.objects.update(answer="别的答复。"),
        lambda: Feedback.objects.update(state="received", answer=None, answered_at=None, releaser=None, drafter=None),
        lambda: Feedback.objects.all().delete(),
    ],
)
def test_the_database_keeps_an_answered_message(feedback, act, action):
    answer_feedback(feedback, "已更正。", act=act)

    with pytest.raises(DatabaseError), transaction.atomic():
        action()


def entry_led_by(code: str) -> dict:
    entry = make_entry(lead_department=code)
    entry["verification"]["lead_department"] = "unverified"
    entry["basis"]["lead_department"] = "editorial"
    entry["citations"].append(
        make_citation("lead_department", source="editors", locator=None, quote=None, verification="unverified")
    )
    return entry
