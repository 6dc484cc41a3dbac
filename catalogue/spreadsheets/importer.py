"""Dry runs of a file, and the proposals drafted of a kept file once its dry run is confirmed."""

import datetime
from collections.abc import Mapping

from django.db import transaction

from catalogue.audit.log import AuditContext
from catalogue.spreadsheets.limits import refuse
from catalogue.spreadsheets.plan import Action, Plan, make_plan
from catalogue.spreadsheets.reader import read_table
from catalogue.workflow import attachments, proposals
from catalogue.workflow.models import Attachment, Proposal
from services.models import Region

# A change and an addition are proposals of their own kind.
PROPOSAL_KINDS = {Action.CHANGE: Proposal.Kind.CHANGE, Action.ADD: Proposal.Kind.ADD}


class OutdatedPlanError(Exception):
    """A file that no longer proposes what its dry run showed; ``plan`` is what it would propose now."""

    def __init__(self, plan: Plan):
        self.plan = plan
        super().__init__("这个文件现在的结果与预览时不同。")


def dry_run(name: str, content: bytes, *, region: Region, effective_from: datetime.date, context: AuditContext) -> Plan:
    """Return what a file would propose as changes of a region's list; raises ``guards.UnreadableFileError``."""
    table = read_table(name, content)
    edition = proposals.base_edition(region)
    if edition is None:
        refuse("还没有已发布的版本，无从对照；请先发布一个版本。")
    return make_plan(
        table, digest=attachments.digest_of(content), edition=edition, by=context.user, effective_from=effective_from
    )


@transaction.atomic
def propose(digest: str, *, fingerprint: str, details: Mapping, context: AuditContext) -> list[Proposal]:
    """Draft what a kept file proposes: one proposal of all changes, one of all additions; return them.

    ``fingerprint`` is that of the plan that was shown; ``details`` are the columns of a proposal that are not in the
    file. Raises OutdatedPlanError if the plan is another by now, which it is once the file was proposed, and
    ``proposals.NotPossible``; then nothing is written.
    """
    # Locked: of two presses the second finds the first one's proposals.
    kept = Attachment.objects.select_for_update().get(digest=digest)
    planned = dry_run(
        kept.name,
        bytes(kept.content),
        region=details["region"],
        effective_from=details["effective_from"],
        context=context,
    )
    if not planned.to_propose or planned.fingerprint != fingerprint:
        raise OutdatedPlanError(planned)
    drafted = []
    for action, kind in PROPOSAL_KINDS.items():
        entries = [each.draft_entry for each in planned.to_propose if each.action == action]
        if entries:
            drafted.append(
                proposals.draft(
                    kind=kind, entries=entries, imported_from=digest, context=context, **details
                )
            )  # fmt: skip
    return drafted
