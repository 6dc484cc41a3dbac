"""Feedback of the public (意见反馈; plan, chapter 9, section 1): a message is received, considered and answered.

Contact details are visible only to the department that answers, are deleted with the answer and are never logged.
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
# Without letters and digits that are easily confused when a receipt is read aloud or copied by hand.
RECEIPT_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
RECEIPT_LENGTH = 16


@transaction.atomic
def receive_feedback(
    service: Service | None,
    *,
    message: str,
    at: datetime.datetime,
    field: str | None = None,
    edition: Edition | None = None,
    contact: str | None = None,
    kind: str = Feedback.Kind.ERROR,
) -> Feedback:
    """Store a message about a service, or of a need that none meets, and return it with a new random receipt.

    ``field`` is one of ``Citation.FIELDS``. Raises ValidationError for invalid values; then nothing is written.
    """
    receipt = "".join(secrets.choice(RECEIPT_ALPHABET) for _ in range(RECEIPT_LENGTH))
    feedback = Feedback(
        receipt=receipt,
        kind=kind,
        service=service,
        field=field,
        edition=edition,
        message=message,
        contact=contact,
        at=at,
    )
    feedback.full_clean()
    feedback.save(force_insert=True)
    return feedback


@transaction.atomic
def link_proposal(feedback: Feedback, proposal: Proposal, *, context: AuditContext) -> Feedback:
    """Link a message to the proposal made from it. Raises TransitionError if it is linked or answered already."""
    feedback = _locked(feedback, State.RECEIVED)
    feedback.proposal, feedback.state = proposal, State.CONSIDERED
    feedback.save(update_fields=["proposal", "state"])
    _record(feedback, context, Event.Verb.REVISED, field="proposal", after=proposal.number)
    return feedback


@transaction.atomic
def answer_feedback(feedback: Feedback, *, answer: str, context: AuditContext, summary: str | None = None) -> Feedback:
    """Answer a message in public, and delete the contact details of its writer.

    With a ``summary``, which is the editor's own words, it is listed in public.

    Raises TransitionError if it was answered already or the answer is invalid; then nothing is written.
    """
    feedback = _locked(feedback, State.RECEIVED, State.CONSIDERED)
    feedback.answer, feedback.answered_at, feedback.state = answer, context.at, State.ANSWERED
    feedback.contact, feedback.summary = None, summary or None
    if not answer:
        raise TransitionError(["请写下答复。"])
    try:
        feedback.full_clean()
    except ValidationError as error:
        raise TransitionError(error.messages) from None
    feedback.save(update_fields=["answer", "summary", "answered_at", "state", "contact"])
    _record(feedback, context, Event.Verb.ANSWERED, after=recorded_answer(feedback))
    return feedback


def recorded_answer(feedback: Feedback) -> dict[str, str]:
    """Return what the audit log says of an answer: its text and public summary, each if there is one."""
    texts = {"answer": feedback.answer, "summary": feedback.summary}
    return {name: text for name, text in texts.items() if text is not None}


def feedback_reference(feedback: Feedback) -> str:
    """Return the name of a message in the audit log."""
    return f"feedback/{feedback.receipt}"


def _locked(feedback: Feedback, *states: str) -> Feedback:
    locked_feedback = Feedback.objects.select_for_update(of=("self",)).select_related("service").get(pk=feedback.pk)
    if locked_feedback.state not in states:
        raise TransitionError(
            [f"这件反馈现在是“{locked_feedback.get_state_display()}”，不能这样处理；请刷新页面查看。"]
        )
    return locked_feedback


def _record(feedback: Feedback, context: AuditContext, verb: str, **event_fields: object) -> None:
    log.append(
        context,
        [
            {
                "verb": verb,
                "term": feedback_reference(feedback),
                "service": feedback.service and feedback.service.code,
                **event_fields,
            }
        ],
    )
