"""The handover (转交) of a draft to a colleague of its department."""

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from catalogue.accounts import names
from catalogue.audit.log import AuditContext
from catalogue.audit.models import Event
from catalogue.workflow.models import Proposal
from catalogue.workflow.proposals import TransitionError, locked, record, require_department

State = Proposal.State


def colleagues(proposal: Proposal) -> list[AbstractBaseUser]:
    """Return who a proposal can be handed to: who may edit proposals of its department, but not its handler.

    ``listed_name`` is the name of each for a list.
    """
    users = get_user_model().objects.filter(is_active=True, is_staff=True, memberships__department=proposal.department)
    users = users.exclude(pk=proposal.handler_id).prefetch_related("memberships__department").distinct()
    able = [user for user in users.order_by("username") if user.has_perm("catalogue.change_proposal")]
    for user in able:
        user.listed_name = names.person_name(user)
    return able


@transaction.atomic
def hand_over(proposal: Proposal, to: AbstractBaseUser | None, *, context: AuditContext) -> Proposal:
    """Make a colleague the handler (经办人) of a draft or declined proposal, with ``context.reason``.

    The colleague counts as one of its editors from then on and neither assesses nor decides. Raises TransitionError
    without a reason, for somebody who may not edit it, or if the user is not of its department.
    """
    proposal = locked(proposal, State.DRAFT, State.DECLINED)
    require_department(proposal, context)
    if to not in colleagues(proposal):
        raise TransitionError(["请选择一位同部门、有“编辑”角色的同事。"])
    if not context.reason:
        raise TransitionError(["转交时请写明理由，接手的人会看到。"])
    before, proposal.handler = proposal.handler, to
    proposal.save(update_fields=["handler"])
    proposal.editors.add(to)
    people = {name: {"handler": names.person_name(user)} for name, user in (("before", before), ("after", to))}
    record(proposal, context, Event.Verb.HANDED_OVER, **people)
    return proposal
