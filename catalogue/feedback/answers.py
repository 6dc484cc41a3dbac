"""Feedback of the public (意见反馈; plan, chapter 9, section 1): a message is received, considered and answered.

It may be transferred to another department. An answer is drafted by one person and made public by another. Contact
details are visible only to the department that answers, are deleted with the answer and are never logged.
"""

import datetime
import secrets

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from catalogue.audit import log
from catalogue.audit.log import AuditContext
from catalogue.audit.models import Event
from catalogue.editions.models import Edition
from catalogue.feedback.models import Feedback
from catalogue.workflow.models import Proposal
from catalogue.workflow.proposals import TransitionError
from services.models import Department, Service
from services.text import dates

State = Feedback.State
OPEN = (State.RECEIVED, State.CONSIDERED)
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
def transfer_feedback(feedback: Feedback, department: Department, *, context: AuditContext) -> Feedback:
    """Transfer an open message to another department (转办); the reason is ``context.reason``.

    Its deadline stays. A drafted answer is dropped, since the other department answers; its text stays in the audit
    log. Raises TransitionError without a reason, for the department that has it, or if it was answered already.
    """
    feedback = _locked(feedback, *OPEN)
    lead = Feedback.objects.with_lead_department(timezone.localdate(context.at)).get(pk=feedback.pk).lead
    reasons = [] if context.reason else ["请写明转办的理由。"]
    if lead == department.code:
        reasons.append(f"这件反馈现在就由{department}办理，不用转办。")
    if reasons:
        raise TransitionError(reasons)
    feedback.department, feedback.drafter = department, None
    feedback.draft_answer = feedback.draft_summary = None
    feedback.save(update_fields=["department", "drafter", "draft_answer", "draft_summary"])
    _record(feedback, context, Event.Verb.TRANSFERRED, field="department", before=lead, after=department.code)
    return feedback


@transaction.atomic
def draft_answer(
    feedback: Feedback, *, answer: str | None, context: AuditContext, summary: str | None = None
) -> Feedback:
    """Draft the answer of a message, or another one in place of it; it is public once somebody else releases it.

    With a ``summary``, which is the editor's own words, it will be listed in public. Raises TransitionError if the
    message was answered already or the answer is invalid; then nothing is written.
    """
    feedback = _locked(feedback, *OPEN)
    if not answer:
        raise TransitionError(["请写下答复。"])
    feedback.draft_answer, feedback.draft_summary, feedback.drafter = answer, summary or None, context.user
    try:
        feedback.full_clean()
    except ValidationError as error:
        raise TransitionError(error.messages) from None
    feedback.save(update_fields=["draft_answer", "draft_summary", "drafter"])
    _record(feedback, context, Event.Verb.ANSWER_DRAFTED, after=recorded_draft(feedback))
    return feedback


@transaction.atomic
def return_answer(feedback: Feedback, *, context: AuditContext) -> Feedback:
    """Return a drafted answer to its drafter, for the reason ``context.reason``: it stays and is not public.

    Raises TransitionError without a reason, or if there is no drafted answer.
    """
    feedback = _locked(feedback, *OPEN)
    if not (context.reason and feedback.draft_answer):
        raise TransitionError(["没有待审核的答复。" if context.reason else "请写明退回的理由。"])
    _record(feedback, context, Event.Verb.ANSWER_RETURNED)
    return feedback


@transaction.atomic
def release_answer(feedback: Feedback, *, context: AuditContext) -> Feedback:
    """Make the drafted answer public, and delete the contact details of its writer.

    Raises TransitionError for the person who drafted it, or if there is no drafted answer; then nothing is written.
    """
    feedback = _locked(feedback, *OPEN)
    if not feedback.draft_answer:
        raise TransitionError(["没有待审核的答复。"])
    if feedback.drafter == context.user:
        raise TransitionError(["答复是您起草的，请由本部门的另一个人或者审批人员审核公开。"])
    feedback.answer, feedback.summary = feedback.draft_answer, feedback.draft_summary
    feedback.answered_at, feedback.state, feedback.releaser = context.at, State.ANSWERED, context.user
    feedback.contact = feedback.draft_answer = feedback.draft_summary = None
    feedback.save(
        update_fields=[
            *("answer", "summary", "answered_at", "state", "releaser", "contact", "draft_answer", "draft_summary")
        ]
    )
    _record(feedback, context, Event.Verb.ANSWERED, after=recorded_answer(feedback))
    return feedback


def deadline(feedback: Feedback, *, working_days: int) -> datetime.date:
    """Return the day until which a message is answered (限办日期); a transfer does not move it."""
    return dates.working_days_after(timezone.localdate(feedback.at), working_days)


def recorded_answer(feedback: Feedback) -> dict[str, str]:
    """Return what the audit log says of an answer: its text and public summary, each if there is one."""
    return _without_none({"answer": feedback.answer, "summary": feedback.summary})


def recorded_draft(feedback: Feedback) -> dict[str, str]:
    """Return what the audit log says of a drafted answer, as ``recorded_answer()`` does of a public one."""
    return _without_none({"answer": feedback.draft_answer, "summary": feedback.draft_summary})


def feedback_reference(feedback: Feedback) -> str:
    """Return the name of a message in the audit log."""
    return f"feedback/{feedback.receipt}"


def _without_none(texts: dict[str, str | None]) -> dict[str, str]:
    return {name: text for name, text in texts.items() if text is not None}


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
