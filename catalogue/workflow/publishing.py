"""Sealing an edition: what stands against it, the seal, and the check that nothing was changed behind it."""

import datetime
import hashlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from django.db import transaction
from django.db.models import F, OuterRef, Subquery
from django.utils import timezone

from catalogue.audit import log
from catalogue.audit.models import Event
from catalogue.editions import diff, sourcing
from catalogue.editions.document import edition_content, edition_header, entry_data, entry_document
from catalogue.editions.models import Edition, Entry
from catalogue.editions.seal import DamagedEditionError
from catalogue.workflow import approval as approval_module
from catalogue.workflow import cases, proposals
from catalogue.workflow.approval import difference_sentence
from catalogue.workflow.models import Proposal, ProposedEntry
from services.json_text import canonical_json
from services.models import Domain, Source
from services.vocabularies import Terms


class EditionFault(NamedTuple):
    """One reason against publishing an edition: the service's code (None: the edition itself), the field, and why.

    ``is_altered``: the draft does not say what was approved, and is to be begun anew.
    """

    service: str | None
    field: str
    reason: str
    is_altered: bool = False

    def __str__(self) -> str:
        return f"{self.service or '版本'}：{self.reason}"


class NotPublishableError(Exception):
    """An edition that cannot be published; ``faults`` holds every reason."""

    def __init__(self, faults: list[EditionFault]):
        self.faults = faults
        super().__init__("；".join(map(str, faults)))


def faults(edition: Edition, *, on: datetime.date, from_fixtures: bool = False) -> list[EditionFault]:
    """Return every reason against publishing an edition on a day, an empty list if there is none.

    ``from_fixtures`` is an edition of ``fixtures/``: compiled from documents and reviewed like code, it may
    speak of a day in the past and needs no proposals.
    """
    found = []
    if edition.is_published:
        found.append(EditionFault(None, "published_at", "版本已经发布。"))
    previous = edition.previous
    if previous and not previous.is_published:
        found.append(EditionFault(None, "previous", f"上一版本 {previous.slug} 尚未发布。"))
    if previous and previous.effective_from > edition.effective_from:
        found.append(
            EditionFault(None, "effective_from", f"施行日期早于上一版本的施行日期 {previous.effective_from}。")
        )
    if not previous and edition.region.editions.published().exists():
        found.append(EditionFault(None, "previous", "没有写明上一版本。"))
    if previous and previous.is_published:
        # A term renamed behind its seal, most likely: what is sealed next would say both names.
        found += [
            EditionFault(None, "previous", f"词表或上一版本的数据有变：{reason}") for reason in verify_edition(previous)
        ]
    entries = list(edition.entries.with_details().order_by("number"))
    stated = {entry.service.code: entry_data(entry_document(entry)) for entry in entries}
    if not from_fixtures:
        included = _included_proposals(edition)
        found += [*_decision_faults(edition, included, on), *_approval_faults(edition, stated, included)]
    if not entries:
        found.append(EditionFault(None, "entries", "版本中没有条目。"))
    if [entry.number for entry in entries] != list(range(1, len(entries) + 1)):
        found.append(EditionFault(None, "number", "条目的序号不是从 1 起连续。"))
    citable_from = dict(Source.objects.values_list("code", "citable_from"))
    for code, entry in stated.items():
        found += [
            EditionFault(code, fault.field, fault.reason)
            for fault in sourcing.faults(entry, effective_from=edition.effective_from, citable_from=citable_from)
        ]
    found += [EditionFault(failure.service, "eligibility", str(failure)) for failure in cases.failures(edition)]
    return found


@transaction.atomic
def publish(edition: Edition, *, context: log.AuditContext, from_fixtures: bool = False) -> Edition:
    """Seal a draft edition and make it public.

    Every entry's canonical text is written beside it, and the digest of them all with the time of the act on the
    edition; from then on the database refuses any change. What it changed for readers is recorded, one event for each
    service. Raises NotPublishableError with every fault found; then nothing is written.
    """
    edition = Edition.objects.select_for_update(of=("self",)).select_related("region", "previous").get(pk=edition.pk)
    if found := faults(edition, on=timezone.localdate(context.at), from_fixtures=from_fixtures):
        raise NotPublishableError(found)
    entries = list(edition.entries.with_details().order_by("number"))
    for entry in entries:
        entry.canonical_json = canonical_json(entry_document(entry))
    Entry.objects.bulk_update(entries, ["canonical_json"])
    edition.canonical_json = canonical_json(edition_header(edition))
    edition.digest = hashlib.sha256(sealed_bytes(edition)).hexdigest()
    edition.published_at = context.at
    edition.save(update_fields=["canonical_json", "digest", "published_at"])
    edition.proposals.update(state=Proposal.State.PUBLISHED)
    log.append(context, _publication_events(edition))
    return edition


def preview(edition: Edition) -> list[tuple[dict, dict]]:
    """Return what a draft edition would change for readers: ``comparing.changes()`` from the one before."""
    before = edition.previous.documents() if edition.previous else []
    entries = edition.entries.with_details().order_by("number")
    return diff.changes(before, [entry_document(entry) for entry in entries])


def _decision_faults(edition: Edition, included: list[Proposal], on: datetime.date) -> Iterator[EditionFault]:
    """What stands against the day of an edition and against the decisions on the proposals taken up into it."""
    if edition.effective_from < on:
        yield EditionFault(None, "effective_from", f"施行日期 {edition.effective_from} 已经过去。")
    for proposal in included:
        if edition.effective_from < proposal.effective_from:
            reason = f"版本自 {edition.effective_from} 施行，早于第 {proposal.number} 号建议批准的施行日期"
            yield EditionFault(None, "effective_from", f"{reason} {proposal.effective_from}。")
        assessment = getattr(proposal, "assessment", None)
        involved = {proposal.proposer_id, assessment and assessment.assessor_id}
        granted = [approval for approval in proposal.approvals.all() if approval.granted]
        reasons = {
            "assessment": proposals.needs_assessment(proposal) and assessment is None and "没有评估财政承受能力",
            "approval": (
                (proposal.state != Proposal.State.APPROVED or not granted)
                and "没有批准"
                or any(approval.approver_id in involved for approval in granted)
                and "由提出人或评估人自己批准"
            ),
            "edition": proposal.included_event is None and "编入版本没有记录",
        }
        for code in [entry.service for entry in proposal.entries.all()] or [None]:
            for field, reason in reasons.items():
                if reason:
                    yield EditionFault(code, field, f"第 {proposal.number} 号建议{reason}。")


def _included_proposals(edition: Edition) -> list[Proposal]:
    """The proposals in an edition, in the order in which they were taken up: that of the record, which is kept.

    ``included_event`` is the number of the event. A proposal that was released is taken up again by a later one.
    """
    found = edition.proposals.select_related("assessment").prefetch_related("entries", "approvals")
    events = Event.objects.filter(verb=Event.Verb.TAKEN_UP, proposal=OuterRef("number")).order_by("-number")
    return list(
        found.annotate(included_event=Subquery(events.values("number")[:1])).order_by(
            F("included_event").asc(nulls_last=True), "number"
        )
    )


def _approval_faults(
    edition: Edition, stated: Mapping[str, Mapping], included: list[Proposal]
) -> Iterator[EditionFault]:
    """Where a draft's entries (by code) are not what the proposals taken up make of the edition before."""
    previous = edition.previous.documents() if edition.previous and edition.previous.is_published else []
    positions = dict(Domain.objects.values_list("code", "position"))
    expected = approval_module.expected_entries([entry_data(document) for document in previous], included, positions)
    if differences := list(approval_module.approval_differences(expected, stated, included)):
        terms = Terms()
        for difference in differences:
            yield EditionFault(
                difference.service, difference.field, difference_sentence(difference, terms), is_altered=True
            )


def _publication_events(edition: Edition) -> Iterator[dict]:
    """What is recorded of a publication: itself, and what it changed from the edition before."""
    yield {"verb": Event.Verb.PUBLISHED, "edition": edition.slug, "after": {"digest": edition.digest}}
    before = edition.previous.documents() if edition.previous else []
    after = edition.documents()
    names = {document["code"]: document["name"] for document in after}
    proposed = {}
    for each in ProposedEntry.objects.filter(proposal__edition=edition).select_related("proposal"):
        proposed.setdefault(each.service, []).append(each)
    for document, comparison in diff.changes(before, after):
        because = proposed.get(document["code"], [])
        numbers = {each.proposal.document_number for each in because} - {None}
        yield {
            "verb": f"service-{comparison.pop('kind')}",
            "edition": edition.slug,
            "service": document["code"],
            "reason": "；".join(dict.fromkeys(each.proposal.reason for each in because)) or None,
            "document_number": numbers.pop() if len(numbers) == 1 else None,
            "after": comparison
            | {
                "name": document["name"],
                "effective_from": edition.effective_from.isoformat(),
                "proposals": [each.proposal.number for each in because],
                "successors": [
                    {"code": code, "name": names[code]}
                    for code in dict.fromkeys(code for each in because for code in each.successors)
                    if code in names
                ],
            },
        }


def entries_citing_too_early(source: Source) -> list[tuple[str, datetime.date, str]]:
    """Return the published entries that a document's dates, as they stand on the instance, would leave without ground.

    That is, those that cite it and are in force before it may be cited: the edition's slug, the first day it is in
    force and the service's code, by edition and number.
    """
    # What is a legal basis is cited as well: no edition is published otherwise.
    cited = {"citations__source": source, "edition__effective_from__lt": source.first_citable_day()}
    entries = Entry.objects.published().filter(**cited).distinct()
    return list(
        entries.order_by("edition__number", "number").values_list(
            "edition__slug", "edition__effective_from", "service__code"
        )
    )


def sealed_bytes(edition: Edition) -> bytes:
    """Return the canonical bytes of a sealed edition; their SHA-256 is its digest."""
    return edition_content(
        edition.canonical_json, edition.entries.order_by("number").values_list("canonical_json", flat=True)
    )


def verify_edition(edition: Edition) -> list[str]:
    """Return what in a published edition is no longer as it was sealed: sentences, an empty list if all is well.

    The digest is recomputed from the sealed texts, and every sealed text from its rows, so that a change made behind
    our back shows with the service it was made to; and so does a source that has since been found to be younger than
    the edition it stands in.
    """
    found = []
    try:
        Edition.objects.sealed_texts(edition.pk, edition.digest)
    except DamagedEditionError:
        found.append(f"版本 {edition.slug}：封存内容的 SHA-256 与摘要 {edition.digest} 不符。")
    if canonical_json(edition_header(edition)) != edition.canonical_json:
        found.append(f"版本 {edition.slug}：版本自身的说明与封存时不符。")
    citable_from = dict(Source.objects.values_list("code", "citable_from"))
    for entry in edition.entries.with_details().order_by("number"):
        document = entry_document(entry)
        if canonical_json(document) != entry.canonical_json:
            found.append(f"版本 {edition.slug}，{entry.service.code}：数据与封存内容不符。")
        stated = entry_data(document)
        for fault in sourcing.faults(stated, effective_from=edition.effective_from, citable_from=citable_from):
            found.append(f"版本 {edition.slug}，{entry.service.code}：{fault.reason}")
    return found
