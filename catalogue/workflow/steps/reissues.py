"""Reissues (重新发布): a sealed edition is published again, because another one came into force before it.

An urgent correction follows the edition in force, and comes into force before an edition that is sealed already and
knows nothing of it. That edition stays as it was sealed. Another one takes its place from the same day: the correction
with the proposals of the sealed edition. Where both change a field, the sealed edition's change holds, as it is later.
"""

from catalogue.audit.log import AuditContext
from catalogue.editions import drafts
from catalogue.editions.models import Edition
from catalogue.workflow import proposals
from catalogue.workflow.models import Proposal


def overtaken(edition: Edition) -> list[Edition]:
    """Return the sealed editions that come into force after an edition and do not follow it, in their order."""
    return list(edition.region.editions.ahead_of(edition.effective_from).exclude(pk=edition.pk))


def previous_fault(edition: Edition) -> str | None:
    """Return why a draft edition cannot follow the one before it, or None.

    It follows the one sealed last. If it comes into force before that one, it follows the one in force on its day.
    """
    previous, editions = edition.previous, edition.region.editions
    last = editions.last_sealed().first()
    if previous is None or previous == last or edition.reissue_of:
        return None
    if not overtaken(edition):
        return f"上一版本 {previous.slug} 之后已发布了版本 {last.slug}，请接在它之后。"
    in_force = editions.in_force(edition.effective_from).first()
    if previous == in_force or in_force is None:
        return None
    return f"在已封存的版本 {last.slug} 之前施行的，应接在那一天在用的版本 {in_force.slug} 之后。"


def draft(sealed: Edition, previous: Edition, *, context: AuditContext) -> Edition:
    """Draft the edition that takes the place of a sealed one, after ``previous``, from the same day.

    Raises ``proposals.TransitionError`` and ``drafts.DraftError`` if a proposal of the sealed edition does not go with
    what ``previous`` lists.
    """
    edition = drafts.create_draft(
        previous, slug=slug_of(sealed), title=sealed.title, effective_from=sealed.effective_from,
        context=context, reissue_of=sealed,
    )  # fmt: skip
    for proposal in Proposal.objects.included_in(edition):
        proposals.apply(proposal, edition, context=context)
    return edition


def slug_of(sealed: Edition) -> str:
    """Return the slug of the edition that takes the place of a sealed one: ``2027-2`` after ``2027``."""
    number, original, edition = 2, sealed.original, sealed
    while edition.reissue_of:
        number, edition = number + 1, edition.reissue_of
    while Edition.objects.filter(slug=f"{original.slug}-{number}").exists():
        number += 1
    return f"{original.slug}-{number}"
