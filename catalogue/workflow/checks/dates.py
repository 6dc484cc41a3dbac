"""Days of proposals and editions that do not fit, as sentences that a page shows before the step. No clock.

They are no faults: a document may give a day that is over. What prevents a step is refused by the step itself.
"""

import datetime
from collections.abc import Iterator

from catalogue.editions import drafts
from catalogue.editions.models import Edition, SourcedField
from catalogue.workflow.base import base_of
from catalogue.workflow.models import Proposal
from catalogue.workflow.steps import reissues


def proposal_notices(proposal: Proposal, *, on: datetime.date) -> Iterator[str]:
    """Yield how the proposed day of a proposal that is not published does not fit today, the list and the drafts."""
    day = proposal.effective_from
    if edition := proposal.edition:
        if edition.effective_from > day:
            yield f"编入的版本 {edition.slug} 自 {edition.effective_from} 施行，晚于建议施行日期 {day}。"
        return
    base = base_of(proposal)
    if base and day < base.effective_from and on < base.effective_from:
        yield (
            f"最后发布的版本 {base.slug} 自 {base.effective_from} 施行，建议接在它之后，到那一天才能施行，早不到建议"
            f"施行日期 {day}。现行版本有误、等不到那一天的，请作“紧急更正”。"
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

    What is to come into force before a sealed edition is an urgent correction, with which that one is published again.
    """
    for proposal in edition.proposals.filter(effective_from__lt=edition.effective_from).order_by("number"):
        yield (
            f"第 {proposal.number} 号建议批准自 {proposal.effective_from} 施行，随本版本到 {edition.effective_from} "
            "才施行。"
        )
    yield from _reissue_notices(edition)
    if edition.effective_from <= on or reissues.next_sealed(edition):
        return
    yield (
        f"封存之后，在 {edition.effective_from} 之前施行的只能是紧急更正：更正的版本先施行，本版本带着更正重新发布。"
    )
    earlier = Proposal.objects.pending().filter(region=edition.region, effective_from__lt=edition.effective_from)
    for proposal in earlier.exclude(edition=edition).order_by("number"):
        yield (
            f"第 {proposal.number} 号建议（{proposal.get_state_display()}）要在 {proposal.effective_from} 施行；"
            f"封存本版本之后，不是紧急更正就最早到 {edition.effective_from} 才能施行。"
        )


def _reissue_notices(edition: Edition) -> Iterator[str]:
    """Yield which sealed editions are published again with a draft edition, and the fields that both of them change."""
    line = reissues.overtaken(edition)
    now = drafts.current_entries(edition) if line else {}
    for sealed in line:
        yield (
            f"版本 {sealed.slug} 已封存，{sealed.effective_from} 起施行；发布本版本时，它同时重新发布为版本 "
            f"{reissues.slug_of(sealed)}，施行日期不变，内容是本版本加上它原有的调整。"
        )
        try:
            now, both = reissues.merged(sealed, now)
        except drafts.DraftError:
            # Told as a fault.
            return
        labels = dict(SourcedField.choices) | {"note": "编者说明"}
        for code, field in both:
            yield (
                f"{code} 的“{labels[field]}”，本版本和版本 {sealed.slug} 都改了：自 {sealed.effective_from} 起以后者"
                "为准，除非后者只改了条文或核实情况。"
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
