"""The way back of each step of a proposal: recall, revocation of an approval, removal from a draft edition, voiding.

Each is one transaction with a reason, locks the proposal and writes its event to the audit log. Callers check the role
of the user; this module checks who the user is to the proposal. Database triggers allow exactly these ways back.
"""

from collections.abc import Iterator, Mapping

from django.db import transaction
from django.utils import timezone

from catalogue.audit.log import AuditContext
from catalogue.audit.models import Event
from catalogue.editions import drafts
from catalogue.editions.models import Edition
from catalogue.workflow import publishing
from catalogue.workflow.checks import approved_content
from catalogue.workflow.models import Assessment, Proposal
from catalogue.workflow.proposals import (
    TransitionError,
    acts_for,
    locked,
    move,
    record,
    refuse_involved,
    require_department,
)
from catalogue.workflow.steps import proposed_cases
from services.vocabularies import Terms

State, Verb = Proposal.State, Event.Verb


@transaction.atomic
def recall(proposal: Proposal, *, context: AuditContext) -> Proposal:
    """Make a submitted proposal of the user's department a draft again, with its content as it is.

    It is assessed anew when it is submitted again; the figures of an earlier assessment stay in the audit log, and its
    attachment is kept. Raises TransitionError without a reason, or if the user is not of its department.
    """
    proposal = locked(proposal, State.ASSESSING, State.APPROVING)
    require_department(proposal, context)
    _require_reason(context, "撤回修改时请写明理由，评估人和审批人会看到。")
    Assessment.objects.filter(proposal=proposal).delete()
    return move(proposal, State.DRAFT, context, Verb.RECALLED)


@transaction.atomic
def void(proposal: Proposal, *, context: AuditContext) -> Proposal:
    """End a proposal for good, by its department or a user who may publish. It is kept and cannot be used again.

    An approved proposal is voided only after its approval was revoked. Raises TransitionError without a reason.
    """
    proposal = locked(proposal, State.DRAFT, State.ASSESSING, State.APPROVING, State.DECLINED)
    if context.user is None or not (
        acts_for(context.user, proposal, timezone.localdate(context.at))
        or context.user.has_perm("catalogue.publish_edition")
    ):
        raise TransitionError(["只有提出部门和有“发布”角色的人可以把建议作废。"])
    _require_reason(context, "作废时请写明理由；作废的建议不能恢复。")
    proposal.inputs.all().delete()
    return move(proposal, State.VOID, context, Verb.VOIDED)


@transaction.atomic
def revoke_approval(proposal: Proposal, *, context: AuditContext) -> Proposal:
    """Revoke the approval of a proposal that is in no edition; it waits for approval again.

    The approval stays on record as revoked. Raises TransitionError without a reason, if the user proposed,
    edited or assessed the proposal, or if it is in an edition.
    """
    proposal = locked(proposal, State.APPROVED)
    refuse_involved(proposal, context)
    if proposal.edition_id:
        raise TransitionError([f"建议已编入版本 {proposal.edition.slug}；请先把它移出版本，再撤销批准。"])
    _require_reason(context, "撤销批准时请写明理由，提出人会看到。")
    # The trigger refuses to revoke the approval of a proposal in another state, and a state that is not approved.
    proposal.approvals.in_force().update(revoked_at=context.at, revoked_by=context.user, revoked_reason=context.reason)
    return move(proposal, State.APPROVING, context, Verb.REVOKED)


@transaction.atomic
def take_out(proposal: Proposal, *, context: AuditContext) -> Proposal:
    """Take a proposal out of the draft edition that it was taken up into; it is approved and in no edition again.

    The entries, their numbers and the cases of the draft are then as if it had never been taken up. Raises
    TransitionError without a reason, if later proposals in the draft build on it, or if the draft differs from what
    was approved; then nothing is written.
    """
    proposal = locked(proposal, State.APPROVED)
    if proposal.edition_id is None:
        raise TransitionError(["建议没有编入任何版本，不必移出。"])
    edition = Edition.objects.select_for_update(of=("self",)).select_related("previous").get(pk=proposal.edition_id)
    _require_reason(context, "移出版本时请写明理由。")
    included = list(Proposal.objects.included_in(edition).prefetch_related("entries", "approvals", "cases"))
    current = drafts.current_entries(edition)
    if any(approved_content.approval_differences(publishing.approved_entries(edition, included), current, included)):
        reason = "与批准的内容不符，不能单独移出一件建议；请删除这个草稿版本，重新编入。"
        raise TransitionError([f"草稿版本 {edition.slug} {reason}"])
    if reasons := list(_later_changes(proposal, included)):
        raise TransitionError(reasons)
    remaining = [other for other in included if other != proposal]
    services = {entry.service for entry in proposal.entries.all()}
    _restore_entries(edition, services, publishing.approved_entries(edition, remaining), current, context)
    _restore_cases(edition, remaining)
    proposal.edition = None
    proposal.save(update_fields=["edition"])
    record(proposal, context, Verb.TAKEN_OUT, edition=edition.slug)
    return proposal


def _require_reason(context: AuditContext, sentence: str) -> None:
    if not context.reason:
        raise TransitionError([sentence])


def _later_changes(proposal: Proposal, included: list[Proposal]) -> Iterator[str]:
    """Yield a sentence for each proposal taken up after one that changes an entry of it too.

    Another proposal does not name a service that one adds as a successor: that has to be in the published list.
    """
    services = {entry.service for entry in proposal.entries.all()}
    for other in included[included.index(proposal) + 1 :]:
        if changed := sorted({entry.service for entry in other.entries.all()} & services):
            yield f"第 {other.number} 号建议在它之后编入，也改动了 {'、'.join(changed)}；请先移出那件建议。"


def _restore_entries(
    edition: Edition, services: set[str], approved: Mapping[str, Mapping], current: Mapping[str, Mapping], context
) -> None:
    """Write the entries of some services as ``approved`` has them: first those that go, then the others by number."""
    terms = Terms()
    for code in sorted(services & current.keys() - approved.keys()):
        drafts.withdraw_entry(edition, code, context=context)
    for code in sorted(services & approved.keys(), key=lambda code: approved[code]["number"]):
        if code in current:
            number = edition.entries.get(service__code=code).number
            drafts.save_entry(edition, {**approved[code], "number": number}, terms=terms, context=context)
        else:
            drafts.insert_entry(edition, approved[code], number=approved[code]["number"], terms=terms, context=context)


def _restore_cases(edition: Edition, remaining: list[Proposal]) -> None:
    """Write the cases of a draft as the proposals that remain in it make them of those of the previous edition."""
    drafts.copy_previous_cases(edition)
    for index, proposal in enumerate(remaining):
        entries = publishing.approved_entries(edition, remaining[: index + 1])
        proposed_cases.take_up(edition, proposal, entries=entries)
