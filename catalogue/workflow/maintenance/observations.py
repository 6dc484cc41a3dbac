"""Observations (监测值) that editors enter: a draft is public once another person approves it.

Each verb is one transaction, locks the observation and writes its event to the audit log. Callers check the role of the
user; that nobody approves an own draft is checked here, and by the database.
"""

from django.db import transaction

from catalogue.audit import log, snapshots
from catalogue.audit.log import AuditContext
from catalogue.audit.models import Event
from catalogue.workflow.proposals import TransitionError
from services.models import Observation


@transaction.atomic
def approve(observation: Observation, *, context: AuditContext) -> Observation:
    """Make a draft public. Raises TransitionError if it is public already, or if the user is its proposer."""
    observation = _locked(observation)
    if observation.is_public:
        raise TransitionError(["这个监测值已经公开，不用再批准；请刷新页面查看。"])
    if context.user is None or context.user.pk == observation.proposed_by_id:
        raise TransitionError(["提出人不能批准自己的监测值，请由另一人批准。"])
    return _move(observation, Event.Verb.APPROVED, context, approved_by=context.user, approved_at=context.at)


@transaction.atomic
def withdraw(observation: Observation, *, context: AuditContext) -> Observation:
    """Make a public observation a draft again, so that it can be corrected. Raises TransitionError if it is a draft.

    The user becomes the proposer, so that another person approves it before it is public again.
    """
    observation = _locked(observation)
    if not observation.is_public:
        raise TransitionError(["这个监测值是草稿，没有公开；请刷新页面查看。"])
    return _move(
        observation, Event.Verb.RETRACTED, context, proposed_by=context.user, approved_by=None, approved_at=None
    )


def _locked(observation: Observation) -> Observation:
    return Observation.objects.select_for_update().get(pk=observation.pk)


def _move(observation: Observation, verb: str, context: AuditContext, **columns: object) -> Observation:
    before = snapshots.snapshot(observation)
    for name, value in columns.items():
        setattr(observation, name, value)
    observation.save(update_fields=list(columns))
    after = snapshots.snapshot(observation)
    changes = {name: (before[name], after[name]) for name in columns}
    event = {
        "verb": verb,
        "term": snapshots.term_reference(observation),
        "before": {name: old for name, (old, _) in changes.items()},
        "after": {name: new for name, (_, new) in changes.items()},
    }
    log.append(context, [event])
    return observation
