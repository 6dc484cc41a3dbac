"""What an edition says, how it comes to say so, and the record of both."""

from catalogue.models.cases import Case
from catalogue.models.editions import Citation, Edition, EditionQuerySet, Entry, EntryQuerySet, Finding, SourcedField
from catalogue.models.hearing import Attachment, Feedback
from catalogue.models.people import Membership
from catalogue.models.proposals import Approval, Assessment, Proposal, ProposedEntry
from catalogue.models.record import Event
from catalogue.models.seals import DamagedEditionError
from catalogue.models.touches import Touch

__all__ = [
    "Approval",
    "Assessment",
    "Attachment",
    "Case",
    "Citation",
    "DamagedEditionError",
    "Edition",
    "EditionQuerySet",
    "Entry",
    "EntryQuerySet",
    "Event",
    "Feedback",
    "Finding",
    "Membership",
    "Proposal",
    "ProposedEntry",
    "SourcedField",
    "Touch",
]
