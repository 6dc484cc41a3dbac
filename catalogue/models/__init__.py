"""What an edition says, how it comes to say so, and the record of both."""

from catalogue.models.editions import Citation, Edition, EditionQuerySet, Entry, EntryQuerySet, Finding, SourcedField
from catalogue.models.proposals import Approval, Assessment, Proposal, ProposedEntry
from catalogue.models.record import Event

__all__ = [
    "Approval",
    "Assessment",
    "Citation",
    "Edition",
    "EditionQuerySet",
    "Entry",
    "EntryQuerySet",
    "Event",
    "Finding",
    "Proposal",
    "ProposedEntry",
    "SourcedField",
]
