"""The edition that proposals change (所依据的版本): the one sealed last; for an urgent correction the one in force."""

import datetime

from catalogue.editions.models import Edition
from catalogue.workflow.models import Proposal
from catalogue.workflow.steps import reissues
from services.models import Region


def base_edition(region: Region) -> Edition | None:
    """Return the edition that proposals change: the latest published one, whether in force yet or not."""
    return region.editions.last_sealed().first()


def base_of(proposal: Proposal) -> Edition | None:
    """Return the edition that a proposal changes: for an urgent correction the one in force on the proposed day."""
    if proposal.is_urgent:
        return proposal.region.editions.in_force(proposal.effective_from).first()
    return base_edition(proposal.region)


def compared_edition(proposal: Proposal) -> Edition | None:
    """Return the edition that a proposal is compared with: the one before its own, else ``base_of()``."""
    return proposal.edition.previous if proposal.edition else base_of(proposal)


def current_documents(proposal: Proposal) -> dict[str, dict]:
    """Return the documents of the edition that a proposal changes, by service code."""
    edition = base_of(proposal)
    return {document["code"]: document for document in (edition.documents() if edition else [])}


def day_fault(proposal: Proposal, today: datetime.date) -> str | None:
    """Return why an urgent correction cannot be proposed, submitted or approved on a day, or None.

    A day that is over would make an edition its base that is in force no more.
    """
    if not proposal.is_urgent or proposal.effective_from >= today:
        return None
    return f"紧急更正的建议施行日期 {proposal.effective_from} 已经过去；请改为今天或以后的日期。"


def urgency_fault(proposal: Proposal) -> str | None:
    """Return why a proposal cannot be an urgent correction although it says so, or None."""
    base = base_of(proposal)
    if not proposal.is_urgent or (base and base.followers.published().filter(reissue=None).exists()):
        return None
    return "没有在建议施行日期之后才施行的已封存版本，不必作紧急更正；请改施行日期，或取消“紧急更正”。"


def is_correction(edition: Edition) -> bool:
    """Whether a draft edition comes into force before one that is sealed already."""
    return reissues.next_sealed(edition) is not None


def inclusion_fault(proposal: Proposal, edition: Edition, *, is_correction: bool) -> str | None:
    """Return why a draft edition does not suit a proposal, which was approved on another edition, or None. No query."""
    if proposal.is_urgent and not is_correction:
        return f"第 {proposal.number} 号建议是紧急更正，而版本 {edition.slug} 不在已封存的版本之前施行，不能编入。"
    if is_correction and not proposal.is_urgent:
        return f"版本 {edition.slug} 在已封存的版本之前施行，只能编入紧急更正；第 {proposal.number} 号建议不是。"
    return None
