"""The proposer's reasons for figures that stand in none of the quotes; approved with the proposal, by somebody else."""

from django.db import transaction

from catalogue.audit.log import AuditContext
from catalogue.audit.models import Event
from catalogue.workflow.base import compared_edition
from catalogue.workflow.checks import figures
from catalogue.workflow.models import FigureReason, Proposal
from catalogue.workflow.proposals import TransitionError, locked, record, require_department

State = Proposal.State


@transaction.atomic
def explain_figures(proposal: Proposal, *, service: str, field: str, context: AuditContext) -> FigureReason:
    """Store ``context.reason`` as its department's reason for the figures of a field that stand in none of its quotes.

    It answers for the text as it is now. Raises TransitionError without a reason, if the field has no such figure, if
    the user is not of its department, or if the proposal is submitted.
    """
    proposal = locked(proposal, State.DRAFT, State.DECLINED)
    require_department(proposal, context)
    rows = figures.of_proposal(proposal, compared_edition(proposal))
    row = next((row for row in rows if (row.service, row.field) == (service, field)), None)
    if row is None:
        raise TransitionError(["这个字段没有需要说明的数字；请刷新页面查看。"])
    if not context.reason:
        raise TransitionError([f"请写明 {service} {row}的理由：这些数字从哪里来。"])
    reason, _ = FigureReason.objects.update_or_create(
        proposal=proposal,
        service=service,
        field=field,
        defaults={
            "value": row.value, "figures": row.figures, "reason": context.reason, "author": context.user,
            "at": context.at,
        },
    )  # fmt: skip
    after = {"value": row.value, "figures": row.figures}
    record(proposal, context, Event.Verb.EXPLAINED, service=service, field=field, after=after)
    return reason
