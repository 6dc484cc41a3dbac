"""Days of proposals and editions that do not fit, as sentences that a page shows before the step. No clock.

They are no faults: a document may give a day that is over. What prevents a step is refused by the step itself.
"""

import datetime
from collections.abc import Iterator

from catalogue.editions.models import Edition
from catalogue.workflow.models import Proposal
from catalogue.workflow.proposals import base_edition


def proposal_notices(proposal: Proposal, *, on: datetime.date) -> Iterator[str]:
    """Yield how the proposed day of a proposal that is not published does not fit today, the list and the drafts."""
    day = proposal.effective_from
    if edition := proposal.edition:
        if edition.effective_from > day:
            yield f"编入的版本 {edition.slug} 自 {edition.effective_from} 施行，晚于建议施行日期 {day}。"
        return
    base = base_edition(proposal.region)
    if base and day < base.effective_from and on < base.effective_from:
        yield (
            f"最后发布的版本 {base.slug} 自 {base.effective_from} 施行，新的版本不能早于它：建议到那一天才能施行，"
            f"早不到建议施行日期 {day}。"
        )
    elif day < on:
        yield f"建议施行日期 {day} 已经过去；版本不能在过去施行，建议最早随以后发布的版本施行。"
    if proposal.state != Proposal.State.APPROVED:
        return
    for draft in proposal.region.editions.drafts().order_by("effective_from", "number"):
        if draft.effective_from < day:
            yield f"草稿版本 {draft.slug} 自 {draft.effective_from} 施行，早于建议施行日期 {day}，不能编入。"
        elif draft.effective_from > day:
            yield f"草稿版本 {draft.slug} 自 {draft.effective_from} 施行；编入它，建议比建议施行日期 {day} 晚施行。"


def edition_notices(edition: Edition, *, on: datetime.date) -> Iterator[str]:
    """Yield what the day of a draft edition delays: proposals in it, and others once it is sealed.

    An edition follows the one before and is not in force before it, so that nothing can come into force in between.
    """
    for proposal in edition.proposals.filter(effective_from__lt=edition.effective_from).order_by("number"):
        yield (
            f"第 {proposal.number} 号建议批准自 {proposal.effective_from} 施行，随本版本到 {edition.effective_from} "
            "才施行。"
        )
    if edition.effective_from <= on:
        return
    yield (
        f"封存之后，到 {edition.effective_from} 为止不能再有别的版本施行：其间现行版本有误，也要到那一天才能更正。"
        "急需更早施行的调整，请先随另一个版本发布，再重做本版本。"
    )
    earlier = Proposal.objects.pending().filter(region=edition.region, effective_from__lt=edition.effective_from)
    for proposal in earlier.exclude(edition=edition).order_by("number"):
        yield (
            f"第 {proposal.number} 号建议（{proposal.get_state_display()}）要在 {proposal.effective_from} 施行；"
            f"封存本版本之后，最早到 {edition.effective_from} 才能施行。"
        )


def effective_day_faults(edition: Edition, day: datetime.date, *, on: datetime.date) -> Iterator[str]:
    """Yield why a draft edition (saved or not) could not be published with an effective day."""
    if day < on:
        yield f"施行日期 {day} 已经过去，不能发布；请填今天或以后的日期。"
    if edition.pk is None:
        return
    for proposal in edition.proposals.filter(effective_from__gt=day).order_by("number"):
        yield (
            f"第 {proposal.number} 号建议批准自 {proposal.effective_from} 施行，版本不能更早施行；请把日期改晚，"
            "或者先移出那件建议。"
        )
