"""Figures of proposed texts that stand in none of the field's quotes, and the reasons on record for them.

A figure is answered by a clause that has it, or by a reason of the proposer that another person approved with the
proposal. Only fields that a proposal changes are asked about.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from catalogue.editions import drafts, merge, sourcing
from catalogue.editions.document import entry_data
from catalogue.editions.models import Edition, SourcedField
from catalogue.workflow.models import FigureReason, Proposal, ProposedEntry
from services.vocabularies import source_identities

Action = ProposedEntry.Action
# A service, its entry before (None for a new one) and after a change, as ``entry_data()``.
EntryChange = tuple[str, Mapping | None, Mapping]


class UnquotedFigures(NamedTuple):
    """Figures of one field without a quote; ``reason`` is None until the proposer has given one for this text."""

    service: str
    field: str
    value: str
    figures: list[str]
    reason: FigureReason | None

    @property
    def label(self) -> str:
        return SourcedField(self.field).label

    def __str__(self) -> str:
        return f"“{self.label}”中的 {'、'.join(self.figures)} 不在所引原文之中"


def of_proposal(proposal: Proposal, base: Edition | None) -> list[UnquotedFigures]:
    """Return the figures that a proposal states without a quote, compared with an edition."""
    current = {document["code"]: entry_data(document) for document in (base.documents() if base else [])}
    changes = entry_changes(proposal.entries.all(), current)
    return list(unquoted(changes, [proposal], source_identities()))


def entry_changes(entries: Iterable[ProposedEntry], current: Mapping[str, Mapping]) -> Iterator[EntryChange]:
    """Yield the changes that proposed entries make of the ``current`` ones, by code.

    A withdrawal states nothing; an entry that cannot be applied is among the faults of its proposal.
    """
    for entry in entries:
        if entry.action == Action.CHANGE and entry.service in current:
            before = current[entry.service]
            yield entry.service, before, merge.apply_change(before, entry.entry_data)
        elif entry.action == Action.ADD and set(drafts.ENTRY_KEYS) <= set(entry.entry_data):
            yield entry.service, None, entry.entry_data


def unquoted(
    changes: Iterable[EntryChange], proposals: Iterable[Proposal], identities: Mapping[str, str]
) -> Iterator[UnquotedFigures]:
    """Yield the figures that changes state without a quote, with the reasons given in the proposals.

    ``identities`` is ``source_identities()``.
    """
    reasons = {
        (reason.service, reason.field, reason.value): reason
        for proposal in proposals
        for reason in proposal.figure_reasons.all()
    }
    for service, before, after in changes:
        for field, figures in sourcing.newly_unquoted_figures(before, after, identities).items():
            value = sourcing.stated_text(after, field)
            reason = reasons.get((service, field, value))
            answered = reason is not None and set(figures) <= set(reason.figures)
            yield UnquotedFigures(service, field, value, figures, reason if answered else None)


def reasons_snapshot(rows: Iterable[UnquotedFigures]) -> list[dict]:
    """Return the figures and their reasons as written to the audit log."""
    return [
        {"service": row.service, "field": row.field, "figures": row.figures, "reason": row.reason.reason}
        for row in rows
        if row.reason
    ]
