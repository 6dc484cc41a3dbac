"""Sample drafts: proposals read from a file of ``fixtures/proposals``, with a citation for each value."""

import datetime
import hashlib
from pathlib import Path

from django.db import transaction

from catalogue.audit.log import AuditContext
from catalogue.workflow import proposals
from catalogue.workflow.models import Proposal
from services.json_files import FixtureError, check_keys, check_list, read_json
from services.models import Department, Region

PROPOSAL_KEYS = (
    "kind", "department", "title", "reason", "document_number", "effective_from", "raises_cost", "entries",
)  # fmt: skip
ENTRY_KEYS = ("service", "action", "stated", "successors")


@transaction.atomic
def draft_samples(path: Path, *, context: AuditContext) -> list[Proposal]:
    """Draft the proposals of a file as ``context.user``, and return those that were not drafted from it before.

    Raises FixtureError with file, proposal and reason, also if ``context.user`` may not propose for a department; then
    nothing is written.
    """
    file = check_keys(path, None, read_json(path), ("about", "proposals"))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    drafted = []
    for raw in check_list(path, None, "proposals", file["proposals"]):
        title = raw.get("title") if isinstance(raw, dict) else None
        check_keys(path, title, raw, PROPOSAL_KEYS)
        for entry in check_list(path, title, "entries", raw["entries"]):
            check_keys(path, title, entry, ENTRY_KEYS)
        if Proposal.objects.filter(imported_from=digest, title=title).exists():
            continue
        try:
            column_names = {"stated": "entry_data"}
            details = raw | {
                "entries": [
                    {column_names.get(key, key): value for key, value in entry.items()} for entry in raw["entries"]
                ],
                "region": Region.objects.filter(editions__published_at__isnull=False).distinct().get(),
                "department": Department.objects.get(code=raw["department"]),
                "effective_from": datetime.date.fromisoformat(raw["effective_from"]),
            }
            drafted.append(proposals.draft(**details, imported_from=digest, context=context))
        except proposals.TransitionError as error:
            raise FixtureError(path, title, str(error)) from None
        except (Department.DoesNotExist, TypeError, ValueError) as error:
            raise FixtureError(path, title, str(error)) from None
    return drafted
