"""Sample drafts: proposals read from a file of ``fixtures/proposals``, each value with the sentence behind it."""

import datetime
import hashlib
from pathlib import Path

from django.db import transaction

from catalogue.audit.log import Act
from catalogue.workflow import proposals
from catalogue.workflow.models import Proposal
from services.json_files import Faulty, check_keys, check_list, read_json
from services.models import Department, Region

PROPOSAL = (
    "kind", "department", "title", "reason", "document_number", "effective_from", "raises_cost", "entries",
)  # fmt: skip
ENTRY = ("service", "action", "stated", "successors")


@transaction.atomic
def draft_samples(path: Path, *, act: Act) -> list[Proposal]:
    """Draft the proposals of a file as ``act.by``, and return those that were not drafted from it before.

    Raises Faulty with file, proposal and reason, also if ``act.by`` may not propose for a department; then nothing at
    all is written.
    """
    file = check_keys(path, None, read_json(path), ("about", "proposals"))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    drafted = []
    for raw in check_list(path, None, "proposals", file["proposals"]):
        title = raw.get("title") if isinstance(raw, dict) else None
        check_keys(path, title, raw, PROPOSAL)
        for entry in check_list(path, title, "entries", raw["entries"]):
            check_keys(path, title, entry, ENTRY)
        if Proposal.objects.filter(imported_from=digest, title=title).exists():
            continue
        try:
            said = raw | {
                "region": Region.objects.filter(editions__published_at__isnull=False).distinct().get(),
                "department": Department.objects.get(code=raw["department"]),
                "effective_from": datetime.date.fromisoformat(raw["effective_from"]),
            }
            drafted.append(proposals.draft(**said, imported_from=digest, act=act))
        except proposals.NotPossible as error:
            raise Faulty(path, title, str(error)) from None
        except (Department.DoesNotExist, TypeError, ValueError) as error:
            raise Faulty(path, title, str(error)) from None
    return drafted
