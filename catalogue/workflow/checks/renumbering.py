"""Renumbering: services that only move because others were added or withdrawn, which is no change of a service."""

from collections.abc import Mapping

from catalogue.editions.document import entry_data
from catalogue.editions.models import Edition
from catalogue.workflow.checks.approved_content import expected_entries
from catalogue.workflow.models import Proposal, ProposedEntry
from services.models import Domain


def is_renumbered(comparison: Mapping) -> bool:
    """Whether a comparison by ``diff.compare()`` says nothing but another number."""
    return [change["field"] for change in comparison["fields"]] == ["number"]


def of_proposal(proposal: Proposal, base: Edition | None) -> int:
    """Return how many services get another number by what a proposal adds to an edition and withdraws from it."""
    entries = list(proposal.entries.all())
    if base is None or all(entry.action == ProposedEntry.Action.CHANGE for entry in entries):
        return 0
    before = [entry_data(document) for document in base.documents()]
    if any("domain" not in (entry.entry_data or {}) for entry in entries if entry.action == ProposedEntry.Action.ADD):
        return 0
    positions = dict(Domain.objects.values_list("code", "position"))
    after = expected_entries(before, [proposal], positions)
    return sum(entry["code"] in after and after[entry["code"]]["number"] != entry["number"] for entry in before)
