"""Imports: the dry run of a file, and the proposals drafted from a stored file after its dry run is confirmed."""

import datetime
from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from catalogue.audit.log import AuditContext
from catalogue.spreadsheets.limits import refuse
from catalogue.spreadsheets.plan import Action, Plan, make_plan
from catalogue.spreadsheets.reader import read_table
from catalogue.workflow import attachments, proposals
from catalogue.workflow.base import base_edition
from catalogue.workflow.models import Attachment, Proposal
from services.models import Region

# Changes and additions become separate proposals.
PROPOSAL_KINDS = {Action.CHANGE: Proposal.Kind.CHANGE, Action.ADD: Proposal.Kind.ADD}


class OutdatedPlanError(Exception):
    """A file whose plan differs from the confirmed dry run; ``plan`` is the present one."""

    def __init__(self, plan: Plan):
        self.plan = plan
        super().__init__("这个文件现在的结果与预览时不同。")


def dry_run(name: str, content: bytes, *, region: Region, effective_from: datetime.date, context: AuditContext) -> Plan:
    """Return the plan of a file as changes of a region's list. Raises ``limits.UnreadableFileError``."""
    table = read_table(name, content)
    edition = base_edition(region)
    if edition is None:
        refuse("还没有已发布的版本，无从对照；请先发布一个版本。")
    return make_plan(
        table,
        digest=attachments.digest_of(content),
        edition=edition,
        by=context.user,
        on=timezone.localdate(context.at),
        effective_from=effective_from,
    )


@transaction.atomic
def propose(digest: str, *, fingerprint: str, details: Mapping, context: AuditContext) -> list[Proposal]:
    """Draft the proposals of a stored file: one of all changes and one of all additions; return them.

    ``digest`` is the SHA-256 of the file, ``fingerprint`` that of the confirmed plan; ``details`` are the columns of a
    proposal that are not in the file. Raises OutdatedPlanError if the plan has changed since, as it does once the file
    has been proposed, and ``proposals.TransitionError``; then nothing is written.
    """
    # Locked, so that the second of two concurrent confirmations finds the proposals of the first.
    attachment = Attachment.objects.select_for_update().get(digest=digest)
    plan = dry_run(
        attachment.name,
        bytes(attachment.content),
        region=details["region"],
        effective_from=details["effective_from"],
        context=context,
    )
    if not plan.to_propose or plan.fingerprint != fingerprint:
        raise OutdatedPlanError(plan)
    drafted = []
    for action, kind in PROPOSAL_KINDS.items():
        entries = [row.draft_entry for row in plan.to_propose if row.action == action]
        if entries:
            drafted.append(
                proposals.draft(
                    kind=kind, entries=entries, imported_from=digest, context=context, **details
                )
            )  # fmt: skip
    return drafted
