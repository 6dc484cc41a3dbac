"""Feedback is stored with a receipt, linked to at most one proposal and answered once; then the contact is deleted."""

import json
import re

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, connection, transaction

from catalogue.audit import log
from catalogue.feedback import answers
from catalogue.models import Event, Feedback
from catalogue.workflow import proposals
from services.models import Service
from tests.support.entries import NOTE_CHANGE, PROPOSED_AT, make_citation, make_entry

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
    answers.answer_feedback(feedback, answer="已更正。", context=act("root"))

    feedback.refresh_from_db()
    event = Event.objects.order_by("number").last()
    assert (feedback.state, feedback.answer, feedback.answered_at) == ("answered", "已更正。", PROPOSED_AT)
    assert feedback.contact is None
    assert (event.verb, event.term, event.service) == ("answered", f"feedback/{feedback.receipt}", "NM-01-07")
    assert (event.actor, event.before, json.loads(event.after)) == ("root", None, {"answer": "已更正。"})
    assert log.verify_chain() == []


def test_the_audit_log_has_neither_contact_nor_message(feedback, make_proposal, act):
    answers.link_proposal(feedback, make_proposal(NOTE_CHANGE), context=act())
    answers.answer_feedback(feedback, answer="已提出建议。", context=act("root"))

    logged = "".join(str(row) for row in Event.objects.values_list("before", "after", "reason", "term"))
    assert CONTACT not in logged
    assert "标准写错了。" not in logged


@pytest.mark.parametrize("answer", ["", "\0", None])
def test_an_invalid_answer_changes_nothing(feedback, act, answer):
    with pytest.raises(proposals.TransitionError):
        answers.answer_feedback(feedback, answer=answer, context=act("root"))

    feedback.refresh_from_db()
    assert (feedback.state, feedback.contact) == ("received", CONTACT)
    assert not Event.objects.filter(verb="answered").exists()


@pytest.mark.parametrize("verb", ["answer", "consider"])
def test_nothing_is_saved_if_the_audit_log_fails(feedback, make_proposal, act, verb):
    proposal = make_proposal(NOTE_CHANGE)

    def fail_on_event(execute, sql, params, many, context):
        if sql.startswith('INSERT INTO "catalogue_event"'):
            raise OperationalError("the database is away")
        return execute(sql, params, many, context)

    with pytest.raises(OperationalError), connection.execute_wrapper(fail_on_event):
        if verb == "answer":
            answers.answer_feedback(feedback, answer="已更正。", context=act("root"))
        else:
            answers.link_proposal(feedback, proposal, context=act())

    feedback.refresh_from_db()
    assert (feedback.state, feedback.contact, feedback.proposal) == ("received", CONTACT, None)


def test_a_message_is_answered_only_once(feedback, act):
    answers.answer_feedback(feedback, answer="已更正。", context=act("root"))

    with pytest.raises(proposals.TransitionError, match="现在是“已答复”"):
        answers.answer_feedback(feedback, answer="再答。", context=act("li"))

    feedback.refresh_from_db()
    assert feedback.answer == "已更正。"


def test_the_database_refuses_a_contact_on_answered_feedback(feedback, act):
    answers.answer_feedback(feedback, answer="已更正。", context=act("root"))

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


def entry_led_by(code: str) -> dict:
    entry = make_entry(lead_department=code)
    entry["verification"]["lead_department"] = "unverified"
    entry["basis"]["lead_department"] = "editorial"
    entry["citations"].append(
        make_citation("lead_department", source="editors", locator=None, quote=None, verification="unverified")
    )
    return entry
