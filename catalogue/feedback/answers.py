"""Hearing the public (意见反馈; plan, chapter 9, section 1): a message is received, considered, and answered.

How to reach its writer is nobody's to know but who answers, and is gone once the answer is given: it is never recorded.
"""

import datetime
import secrets

from django.core.exceptions import ValidationError
from django.db import transaction

from catalogue.audit import log
from catalogue.audit.log import AuditContext
from catalogue.audit.models import Event
from catalogue.editions.models import Edition
from catalogue.feedback.models import Feedback
from catalogue.workflow.models import Proposal
from catalogue.workflow.proposals import TransitionError
from services.models import Service

State = Feedback.State
# Letters and digits that nobody mistakes for one another when a receipt is read aloud or copied by hand.
RECEIPT_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
RECEIPT_LENGTH = 16


@transaction.atomic
def receive_feedback(
    service: Service,
    *,
    message: str,
    at: datetime.datetime,
    field: str | None = None,
    edition: Edition | None = None,
    contact: str | None = None,
) -> Feedback:
    """Keep what somebody says of a service, and return it with the receipt it can be asked after by.

    ``field`` is one of ``Citation.FIELDS``. Raises ValidationError for what cannot be kept; then nothing is written.
    """
    receipt = "".join(secrets.choice(RECEIPT_ALPHABET) for _ in range(RECEIPT_LENGTH))
    feedback = Feedback(
        receipt=receipt, service=service, field=field, edition=edition, message=message, contact=contact, at=at
    )
    feedback.full_clean()
    feedback.save(force_insert=True)
    return feedback


@transaction.atomic
def link_proposal(feedback: Feedback, proposal: Proposal, *, context: AuditContext) -> Feedback:
    """Note that a proposal was made of a message. Raises NotPossible if one was already, or it was answered."""
    feedback = _locked(feedback, State.RECEIVED)
    feedback.proposal, feedback.state = proposal, State.CONSIDERED
    feedback.save(update_fields=["proposal", "state"])
    _record(feedback, context, Event.Verb.REVISED, field="proposal", after=proposal.number)
    return feedback


@transaction.atomic
def answer_feedback(feedback: Feedback, *, answer: str, context: AuditContext) -> Feedback:
    """Answer a message in public, and forget how to reach its writer.

    Raises NotPossible if it was answered already or the answer cannot be kept; then nothing is written.
    """
    feedback = _locked(feedback, State.RECEIVED, State.CONSIDERED)
    feedback.answer, feedback.answered_at, feedback.state = answer, context.at, State.ANSWERED
    feedback.contact = None
    if not answer:
        raise TransitionError(["请写下答复。"])
    try:
        feedback.full_clean()
    except ValidationError as error:
        raise TransitionError(error.messages) from None
    feedback.save(update_fields=["answer", "answered_at", "state", "contact"])
    _record(feedback, context, Event.Verb.ANSWERED, after={"answer": answer})
    return feedback


def feedback_reference(feedback: Feedback) -> str:
    """Return what a message is called in the record."""
    return f"feedback/{feedback.receipt}"


def _locked(feedback: Feedback, *states: str) -> Feedback:
    found = Feedback.objects.select_for_update(of=("self",)).select_related("service").get(pk=feedback.pk)
    if found.state not in states:
        raise TransitionError([f"这件反馈现在是“{found.get_state_display()}”，不能这样处理；请刷新页面查看。"])
    return found


def _record(feedback: Feedback, context: AuditContext, verb: str, **recorded: object) -> None:
    log.append(
        context, [{"verb": verb, "term": feedback_reference(feedback), "service": feedback.service.code, **recorded}]
    )
