"""Publishing an edition: the faults that prevent it, the seal, and the verification of sealed editions."""

import datetime
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from catalogue.audit import log
from catalogue.audit.models import Event
from catalogue.editions import diff, drafts, sourcing
from catalogue.editions.document import edition_header, entry_data, entry_document
from catalogue.editions.models import Edition, Entry
from catalogue.editions.seal import DamagedEditionError, edition_bytes
from catalogue.workflow import cases, proposals
from catalogue.workflow.base import inclusion_fault, is_correction
from catalogue.workflow.checks import approved_content, figures, full_texts
from catalogue.workflow.checks.approved_content import difference_sentence
from catalogue.workflow.models import Proposal, ProposedEntry
from catalogue.workflow.steps import reissues
from services.models import Domain, Region
from services.sources import Source
from services.text.json_text import canonical_json
from services.vocabularies import Terms, UnknownCodeError, source_identities


class EditionFault(NamedTuple):
    """A reason against publishing an edition: service code (None for the edition itself), field and sentence.

    ``is_altered``: the draft differs from what was approved, and must be deleted and begun again.
    """

    service: str | None
    field: str
    reason: str
    is_altered: bool = False

    def __str__(self) -> str:
        return f"{self.service or '版本'}：{self.reason}"


class NotPublishableError(Exception):
    """An edition that cannot be published; ``faults`` are all reasons."""

    def __init__(self, faults: list[EditionFault]):
        self.faults = faults
        super().__init__("；".join(map(str, faults)))


def faults(edition: Edition, *, on: datetime.date, from_fixtures: bool = False) -> list[EditionFault]:
    """Return all reasons against publishing an edition on a day, an empty list if there are none.

    ``from_fixtures``: an edition of ``fixtures/`` is compiled from documents and reviewed like code; it may come into
    force in the past and needs no proposals.
    """
    problems = _faults(edition, _entries(edition), on=on, from_fixtures=from_fixtures)
    if problems or reissues.next_sealed(edition) is None:
        return problems
    return _trial_faults(edition, on)


@transaction.atomic
def publish(edition: Edition, *, context: log.AuditContext, from_fixtures: bool = False) -> Edition:
    """Seal a draft edition and make it public.

    The canonical JSON of every entry is written to the entry, the digest of them all and ``context.at`` to the edition;
    from then on database triggers refuse any change. The audit log gets one event for the publication and one for each
    changed service. Editions that are sealed already and come into force later are published again with it, see
    ``reissues``. Raises NotPublishableError with all faults; then nothing is written.
    """
    edition = _locked(edition)
    if problems := _publish(edition, context, from_fixtures):
        raise NotPublishableError(problems)
    return edition


def _locked(edition: Edition) -> Edition:
    # The proposals are locked before their edition, as every step of a proposal does: the other order would deadlock.
    list(edition.proposals.select_for_update().order_by("pk"))
    # One publication at a time: each follows the edition that was sealed last.
    Region.objects.select_for_update().get(pk=edition.region_id)
    return Edition.objects.select_for_update(of=("self",)).select_related("region", "previous").get(pk=edition.pk)


def _publish(edition: Edition, context: log.AuditContext, from_fixtures: bool) -> list[EditionFault]:
    """Seal an edition and publish the next one that it overtakes again; return the faults that prevent it."""
    entries = _entries(edition)
    if problems := _faults(edition, entries, on=timezone.localdate(context.at), from_fixtures=from_fixtures):
        return problems
    _seal(edition, entries, context)
    sealed = reissues.next_sealed(edition)
    if sealed is None:
        return []
    try:
        # It publishes the one after it again in its turn.
        problems = _publish(reissues.draft(sealed, edition, context=context), context, from_fixtures)
    except (drafts.DraftError, UnknownCodeError, ValidationError) as error:
        problems = [EditionFault(None, "effective_from", "；".join(getattr(error, "messages", [str(error)])))]
    where = f"版本 {sealed.slug} 要随本版本重新发布，不能发布："
    return [fault._replace(reason=f"{where}{fault.reason}") for fault in problems]


def _trial_faults(edition: Edition, on: datetime.date) -> list[EditionFault]:
    """Return the faults of publishing an edition with the reissues that it causes; nothing is written."""
    at = timezone.make_aware(datetime.datetime.combine(on, datetime.time.max))
    with transaction.atomic():
        problems = _publish(_locked(edition), log.AuditContext(at=at), from_fixtures=False)
        transaction.set_rollback(True)
    return problems


def _seal(edition: Edition, entries: list[Entry], context: log.AuditContext) -> None:
    for entry in entries:
        entry.canonical_json = canonical_json(entry_document(entry))
    Entry.objects.bulk_update(entries, ["canonical_json"])
    edition.canonical_json = canonical_json(edition_header(edition))
    edition.digest = hashlib.sha256(sealed_bytes(edition)).hexdigest()
    edition.published_at = context.at
    edition.save(update_fields=["canonical_json", "digest", "published_at"])
    edition.proposals.update(state=Proposal.State.PUBLISHED)
    log.append(context, _publication_events(edition))


def preview(edition: Edition) -> list[tuple[dict, dict]]:
    """Return the public changes of a draft edition: ``diff.changes()`` from the previous edition."""
    before = edition.previous.documents() if edition.previous else []
    return diff.changes(before, [entry_document(entry) for entry in _entries(edition)])


def _entries(edition: Edition) -> list[Entry]:
    return list(edition.entries.with_details().order_by("number"))


def _faults(edition: Edition, entries: list[Entry], *, on: datetime.date, from_fixtures: bool) -> list[EditionFault]:
    edition_faults = []
    if edition.is_published:
        edition_faults.append(EditionFault(None, "published_at", "版本已经发布。"))
    previous = edition.previous
    if previous and not previous.is_published:
        edition_faults.append(EditionFault(None, "previous", f"上一版本 {previous.slug} 尚未发布。"))
    if previous and previous.effective_from > edition.effective_from:
        edition_faults.append(
            EditionFault(None, "effective_from", f"施行日期早于上一版本的施行日期 {previous.effective_from}。")
        )
    if not previous and edition.region.editions.published().exists():
        edition_faults.append(EditionFault(None, "previous", "没有写明上一版本。"))
    if reason := reissues.previous_fault(edition, from_fixtures=from_fixtures):
        edition_faults.append(EditionFault(None, "previous", reason))
    if previous and previous.is_published:
        # Most likely a term was renamed after sealing: the two editions would then use different names for it.
        edition_faults += [
            EditionFault(None, "previous", f"词表或上一版本的数据有变：{reason}") for reason in verify_edition(previous)
        ]
    entries_by_code = {entry.service.code: entry_data(entry_document(entry)) for entry in entries}
    if not from_fixtures:
        included = list(
            Proposal.objects.included_in(edition)
            .select_related("assessment")
            .prefetch_related("entries", "approvals", "figure_reasons", "editors")
        )
        edition_faults += [
            # What an edition that is published again takes over was decided then.
            *(() if edition.reissue_of else _decision_faults(edition, included, on)),
            *_approval_faults(edition, entries_by_code, included),
            *_figure_faults(edition, entries_by_code, included),
            *_quote_faults(edition, entries_by_code),
        ]
    if not entries:
        edition_faults.append(EditionFault(None, "entries", "版本中没有条目。"))
    if [entry.number for entry in entries] != list(range(1, len(entries) + 1)):
        edition_faults.append(EditionFault(None, "number", "条目的序号不是从 1 起连续。"))
    citable_from = dict(Source.objects.values_list("code", "citable_from"))
    for code, entry in entries_by_code.items():
        edition_faults += [
            EditionFault(code, fault.field, fault.reason)
            for fault in sourcing.faults(entry, effective_from=edition.effective_from, citable_from=citable_from)
        ]
    edition_faults += [
        EditionFault(failure.service, "eligibility", str(failure)) for failure in cases.failures(edition)
    ]
    return edition_faults


def _decision_faults(edition: Edition, included: list[Proposal], on: datetime.date) -> Iterator[EditionFault]:
    """Faults of the effective day of an edition and of the decisions on the proposals taken up into it."""
    if edition.effective_from < on:
        yield EditionFault(None, "effective_from", f"施行日期 {edition.effective_from} 已经过去。")
    if (corrects := is_correction(edition)) and not included:
        yield EditionFault(
            None, "effective_from", "在已封存的版本之前施行的，只能是紧急更正；这个版本没有编入紧急更正。"
        )
    for proposal in included:
        if reason := inclusion_fault(proposal, edition, is_correction=corrects):
            yield EditionFault(None, "effective_from", reason)
        if edition.effective_from < proposal.effective_from:
            reason = f"版本自 {edition.effective_from} 施行，早于第 {proposal.number} 号建议批准的施行日期"
            yield EditionFault(None, "effective_from", f"{reason} {proposal.effective_from}。")
        assessment, involved = getattr(proposal, "assessment", None), proposals.involved(proposal)
        granted = [approval for approval in proposal.approvals.all() if approval.granted and not approval.revoked_at]
        reasons = {
            "assessment": proposals.needs_assessment(proposal) and assessment is None and "没有评估财政承受能力",
            "approval": (
                (proposal.state != Proposal.State.APPROVED or not granted)
                and "没有批准"
                or any(approval.approver_id in involved for approval in granted)
                and "由提出、修改或评估过它的人自己批准"
            ),
            "edition": proposal.included_event is None and "编入版本没有记录",
        }
        for code in [entry.service for entry in proposal.entries.all()] or [None]:
            for field, reason in reasons.items():
                if reason:
                    yield EditionFault(code, field, f"第 {proposal.number} 号建议{reason}。")


def approved_entries(edition: Edition, included: Iterable[Proposal]) -> dict[str, dict]:
    """Return, by code, the entries that proposals taken up in this order make of those of the previous edition.

    An edition that is published again has what it changed before, see ``reissues``.
    """
    previous = edition.previous.documents() if edition.previous and edition.previous.is_published else []
    if edition.reissue_of:
        now = {document["code"]: entry_data(document) for document in previous}
        return reissues.merged(edition.reissue_of, now).entries
    positions = dict(Domain.objects.values_list("code", "position"))
    return approved_content.expected_entries([entry_data(document) for document in previous], included, positions)


def _approval_faults(
    edition: Edition, entries: Mapping[str, Mapping], included: list[Proposal]
) -> Iterator[EditionFault]:
    """Differences of a draft's entries (by code) from the previous edition with the included proposals applied."""
    expected = approved_entries(edition, included)
    if differences := list(approved_content.approval_differences(expected, entries, included)):
        terms = Terms()
        for difference in differences:
            yield EditionFault(
                difference.service, difference.field, difference_sentence(difference, terms), is_altered=True
            )


def unquoted_figures(
    edition: Edition, entries: Mapping[str, Mapping], included: Iterable[Proposal]
) -> list[figures.UnquotedFigures]:
    """Return the figures without a quote that the entries of an edition (by code) have and the one before has not.

    ``included`` are its proposals, with their reasons.
    """
    return list(figures.unquoted(_entry_changes(edition, entries), included, source_identities()))


def _entry_changes(edition: Edition, entries: Mapping[str, Mapping]) -> list[figures.EntryChange]:
    previous = edition.previous.documents() if edition.previous and edition.previous.is_published else []
    before = {document["code"]: entry_data(document) for document in previous}
    return [(code, before.get(code), entry) for code, entry in entries.items() if entry != before.get(code)]


def _figure_faults(
    edition: Edition, entries: Mapping[str, Mapping], included: Iterable[Proposal]
) -> Iterator[EditionFault]:
    for row in unquoted_figures(edition, entries, included):
        if row.reason is None:
            cure = "请移出有关的建议，由提出人补充条文或写明理由，重新批准后再编入。"
            yield EditionFault(row.service, row.field, f"{row}，也没有经批准的理由；{cure}")


def _quote_faults(edition: Edition, entries: Mapping[str, Mapping]) -> Iterator[EditionFault]:
    for row in full_texts.missing_quotes(_entry_changes(edition, entries)):
        reason = f"{row}请移出有关的建议，由提出人改正后重新批准，再编入。"
        yield EditionFault(row.service, row.field, reason)


def _publication_events(edition: Edition) -> Iterator[dict]:
    """The events of a publication for the audit log: the publication, and each changed service."""
    yield {"verb": Event.Verb.PUBLISHED, "edition": edition.slug, "after": {"digest": edition.digest}}
    before = edition.previous.documents() if edition.previous else []
    after = edition.documents()
    names = {document["code"]: document["name"] for document in after}
    entries_by_service = {}
    for proposed_entry in ProposedEntry.objects.filter(proposal__edition=edition.original).select_related("proposal"):
        entries_by_service.setdefault(proposed_entry.service, []).append(proposed_entry)
    for document, comparison in diff.changes(before, after):
        proposed_entries = entries_by_service.get(document["code"], [])
        numbers = {proposed_entry.proposal.document_number for proposed_entry in proposed_entries} - {None}
        yield {
            "verb": f"service-{comparison.pop('kind')}",
            "edition": edition.slug,
            "service": document["code"],
            "reason": "；".join(dict.fromkeys(proposed_entry.proposal.reason for proposed_entry in proposed_entries))
            or None,
            "document_number": numbers.pop() if len(numbers) == 1 else None,
            "after": comparison
            | {
                "name": document["name"],
                "effective_from": edition.effective_from.isoformat(),
                "proposals": [proposed_entry.proposal.number for proposed_entry in proposed_entries],
                "successors": [
                    {"code": code, "name": names[code]}
                    for code in dict.fromkeys(
                        code for proposed_entry in proposed_entries for code in proposed_entry.successors
                    )
                    if code in names
                ],
            },
        }


def entries_citing_too_early(source: Source) -> list[tuple[str, datetime.date, str]]:
    """Return the published entries that cite a source before it may be cited, by the dates of the given instance.

    Each is (edition slug, effective day of the edition, service code), ordered by edition and entry number.
    """
    # Every legal basis is also cited: an edition is not published otherwise.
    cites = Q(citations__source=source) | Q(quoted_sources=source)
    entries = Entry.objects.published().filter(cites, edition__effective_from__lt=source.first_citable_day()).distinct()
    return list(
        entries.order_by("edition__number", "number").values_list(
            "edition__slug", "edition__effective_from", "service__code"
        )
    )


def sealed_bytes(edition: Edition) -> bytes:
    """Return the canonical bytes of a sealed edition; their SHA-256 is its digest."""
    return edition_bytes(
        edition.canonical_json, edition.entries.order_by("number").values_list("canonical_json", flat=True)
    )


def verify_edition(edition: Edition) -> list[str]:
    """Return sentences on how a published edition differs from what was sealed, an empty list if it does not.

    The digest is recomputed from the sealed texts, and every sealed text from its rows, so that a direct change of the
    database is found together with its service. A source whose corrected dates are later than the edition is found too.
    """
    reasons = []
    try:
        Edition.objects.sealed_texts(edition.pk, edition.digest)
    except DamagedEditionError:
        reasons.append(f"版本 {edition.slug}：封存内容的 SHA-256 与摘要 {edition.digest} 不符。")
    if canonical_json(edition_header(edition)) != edition.canonical_json:
        reasons.append(f"版本 {edition.slug}：版本自身的说明与封存时不符。")
    citable_from = dict(Source.objects.values_list("code", "citable_from"))
    for entry in edition.entries.with_details().order_by("number"):
        document = entry_document(entry)
        if canonical_json(document) != entry.canonical_json:
            reasons.append(f"版本 {edition.slug}，{entry.service.code}：数据与封存内容不符。")
        data = entry_data(document)
        for fault in sourcing.faults(data, effective_from=edition.effective_from, citable_from=citable_from):
            reasons.append(f"版本 {edition.slug}，{entry.service.code}：{fault.reason}")
    return reasons
