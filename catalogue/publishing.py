"""Sealing an edition: what stands against it, the seal, and the check that nothing was changed behind it."""

import datetime
import hashlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from catalogue import canonical, comparing, proposals, recording, sourcing
from catalogue.models import Citation, Edition, Entry, Event, Proposal, ProposedEntry
from services.models import Source


class Fault(NamedTuple):
    """One reason against publishing an edition: the service's code (None: the edition itself), the field, and why."""

    service: str | None
    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.service or '版本'}：{self.reason}"


class NotPublishable(Exception):
    """An edition that cannot be published; ``faults`` holds every reason."""

    def __init__(self, faults: list[Fault]):
        self.faults = faults
        super().__init__("；".join(map(str, faults)))


def faults(edition: Edition, *, on: datetime.date, committed: bool = False) -> list[Fault]:
    """Return every reason against publishing an edition on a day, an empty list if there is none.

    ``committed`` is an edition of the files of ``fixtures/``: compiled from documents and reviewed like code, it may
    speak of a day in the past and needs no proposals.
    """
    found = []
    if edition.is_published:
        found.append(Fault(None, "published_at", "版本已经发布。"))
    previous = edition.previous
    if previous and not previous.is_published:
        found.append(Fault(None, "previous", f"上一版本 {previous.slug} 尚未发布。"))
    if previous and previous.effective_from > edition.effective_from:
        found.append(Fault(None, "effective_from", f"施行日期早于上一版本的施行日期 {previous.effective_from}。"))
    if not previous and edition.region.editions.published().exists():
        found.append(Fault(None, "previous", "没有写明上一版本。"))
    if previous and previous.is_published:
        # A term renamed behind its seal, most likely: what is sealed next would say both names.
        found += [Fault(None, "previous", f"词表或上一版本的数据有变：{reason}") for reason in verify(previous)]
    if not committed:
        found += _unproposed(edition, on)
    entries = list(edition.entries.with_details().order_by("number"))
    if not entries:
        found.append(Fault(None, "entries", "版本中没有条目。"))
    if [entry.number for entry in entries] != list(range(1, len(entries) + 1)):
        found.append(Fault(None, "number", "条目的序号不是从 1 起连续。"))
    counts_from = dict(Source.objects.values_list("code", "counts_from"))
    for entry in entries:
        stated = canonical.stated(canonical.document(entry))
        found += [
            Fault(stated["code"], fault.field, fault.reason)
            for fault in sourcing.faults(stated, effective_from=edition.effective_from, counts_from=counts_from)
        ]
    return found


@transaction.atomic
def publish(edition: Edition, *, act: recording.Act, committed: bool = False) -> Edition:
    """Seal a draft edition and make it public.

    Every entry's canonical text is written beside it, and the digest of them all with the time of the act on the
    edition; from then on the database refuses any change. What it changed for readers is recorded, one event for each
    service. Raises NotPublishable with every fault found; then nothing is written.
    """
    edition = Edition.objects.select_for_update(of=("self",)).select_related("region", "previous").get(pk=edition.pk)
    if found := faults(edition, on=timezone.localdate(act.at), committed=committed):
        raise NotPublishable(found)
    entries = list(edition.entries.with_details().order_by("number"))
    for entry in entries:
        entry.sealed = canonical.dumps(canonical.document(entry))
    Entry.objects.bulk_update(entries, ["sealed"])
    edition.sealed = canonical.dumps(canonical.header(edition))
    edition.digest = hashlib.sha256(content(edition)).hexdigest()
    edition.published_at = act.at
    edition.save(update_fields=["sealed", "digest", "published_at"])
    edition.proposals.update(state=Proposal.State.PUBLISHED)
    recording.append(act, _happened(edition))
    return edition


def preview(edition: Edition) -> list[tuple[dict, dict]]:
    """Return what a draft edition would change for readers: ``comparing.changes()`` from the one before."""
    before = edition.previous.documents() if edition.previous else []
    entries = edition.entries.with_details().order_by("number")
    return comparing.changes(before, [canonical.document(entry) for entry in entries])


def _unproposed(edition: Edition, on: datetime.date) -> Iterator[Fault]:
    """What an edition says that no approved proposal taken up into it proposed."""
    if edition.effective_from < on:
        yield Fault(None, "effective_from", f"施行日期 {edition.effective_from} 已经过去。")
    for proposal in edition.proposals.select_related("assessment").prefetch_related("entries"):
        assessed = getattr(proposal, "assessment", None)
        for code in [each.service for each in proposal.entries.all()]:
            if proposals.needs_assessment(proposal) and assessed is None:
                yield Fault(code, "assessment", f"第 {proposal.number} 号建议没有评估财政承受能力。")
            if proposal.state not in {Proposal.State.APPROVED, Proposal.State.PUBLISHED}:
                yield Fault(code, "approval", f"第 {proposal.number} 号建议没有批准。")
    proposed = {}
    for each in ProposedEntry.objects.filter(proposal__edition=edition):
        proposed.setdefault(each.service, set()).update(_touched(each.stated or {}))
    before = {document["code"]: document for document in (edition.previous.documents() if edition.previous else [])}
    for document, comparison in preview(edition):
        code = document["code"]
        if comparison["kind"] != "changed":
            if code not in proposed:
                yield Fault(code, "code", "增减这一项目没有经批准的调整建议。")
            continue
        for field in _differing(before[code], document):
            if field not in proposed.get(code, set()):
                yield Fault(code, field, f"“{_words(field)}”的改动没有经批准的调整建议。")


def _words(field: str) -> str:
    """Return what editors call a column of an entry, or a field that a citation is of."""
    named = dict(Citation.FIELDS)
    return str(named[field] if field in named else Entry._meta.get_field(field).verbose_name)


def _touched(stated: Mapping) -> set[str]:
    """What a proposal speaks of: its columns, and every sourced field it gives a column, a label or a clause of."""
    fields = {field for field, columns in Entry.SOURCED_FIELDS.items() if set(columns) & set(stated)}
    return (
        set(stated) | fields | set(stated.get("verification", {})) | {c["field"] for c in stated.get("citations", [])}
    )


def _differing(before: Mapping, after: Mapping) -> list[str]:
    """What differs between two documents of a service: columns, and sourced fields whose label or clauses do.

    Its number is left out: where a service stands moves with what comes before it.
    """
    columns = [name for name in comparing.COMPARED if name not in {"number", "verification", "basis"}]
    labels = [*Entry.SOURCED_FIELDS, Citation.MENTION]
    return [name for name in columns if before[name] != after[name]] + [
        field
        for field in labels
        if any(before[each].get(field) != after[each].get(field) for each in ("verification", "basis"))
        or [c for c in before["citations"] if c["field"] == field]
        != [c for c in after["citations"] if c["field"] == field]
    ]


def _happened(edition: Edition) -> Iterator[dict]:
    """What is recorded of a publication: itself, and what it changed from the edition before."""
    yield {"verb": Event.Verb.PUBLISHED, "edition": edition.slug, "after": {"digest": edition.digest}}
    before = edition.previous.documents() if edition.previous else []
    after = edition.documents()
    names = {document["code"]: document["name"] for document in after}
    proposed = {}
    for each in ProposedEntry.objects.filter(proposal__edition=edition).select_related("proposal"):
        proposed.setdefault(each.service, []).append(each)
    for document, comparison in comparing.changes(before, after):
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


def content(edition: Edition) -> bytes:
    """Return the canonical bytes of a sealed edition; their SHA-256 is its digest."""
    return canonical.content(edition.sealed, edition.entries.order_by("number").values_list("sealed", flat=True))


def verify(edition: Edition) -> list[str]:
    """Return what in a published edition is no longer as it was sealed: sentences, an empty list if all is well.

    The digest is recomputed from the sealed texts, and every sealed text from its rows, so that a change made behind
    our back shows with the service it was made to; and so does a source that has since been found to be younger than
    the edition it stands in.
    """
    found = []
    if hashlib.sha256(content(edition)).hexdigest() != edition.digest:
        found.append(f"版本 {edition.slug}：封存内容的 SHA-256 与摘要 {edition.digest} 不符。")
    if canonical.dumps(canonical.header(edition)) != edition.sealed:
        found.append(f"版本 {edition.slug}：版本自身的说明与封存时不符。")
    counts_from = dict(Source.objects.values_list("code", "counts_from"))
    for entry in edition.entries.with_details().order_by("number"):
        document = canonical.document(entry)
        if canonical.dumps(document) != entry.sealed:
            found.append(f"版本 {edition.slug}，{entry.service.code}：数据与封存内容不符。")
        stated = canonical.stated(document)
        for fault in sourcing.faults(stated, effective_from=edition.effective_from, counts_from=counts_from):
            found.append(f"版本 {edition.slug}，{entry.service.code}：{fault.reason}")
    return found
