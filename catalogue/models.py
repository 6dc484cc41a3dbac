"""The models of this application, each defined in the folder of its subject."""

from catalogue.accounts.models import Membership
from catalogue.audit.models import Event
from catalogue.editions.cases import Case
from catalogue.editions.models import (
    Citation,
    Edition,
    EditionQuerySet,
    Entry,
    EntryQuerySet,
    FieldVerification,
    SourcedField,
)
from catalogue.editions.revisions import RevisionToken
from catalogue.editions.seal import DamagedEditionError
from catalogue.feedback.models import Feedback
from catalogue.workflow.models import (
    Approval,
    Assessment,
    AssessmentAttachment,
    AssessmentLine,
    Attachment,
    DraftInput,
    FigureReason,
    Proposal,
    ProposedCase,
    ProposedEntry,
    SourceText,
)
from catalogue.workflow.steps.looks import Look

__all__ = [
    "Approval",
    "Assessment",
    "AssessmentAttachment",
    "AssessmentLine",
    "Attachment",
    "Case",
    "Citation",
    "DamagedEditionError",
    "DraftInput",
    "Edition",
    "EditionQuerySet",
    "Entry",
    "EntryQuerySet",
    "Event",
    "Feedback",
    "FieldVerification",
    "FigureReason",
    "Look",
    "Membership",
    "Proposal",
    "ProposedCase",
    "ProposedEntry",
    "SourceText",
    "SourcedField",
    "RevisionToken",
]
