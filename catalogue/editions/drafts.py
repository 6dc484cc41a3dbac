"""The only writers of entries, their findings and their citations. All refuse a value without a source."""

import datetime
from collections.abc import Iterable, Iterator, Mapping

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F

from catalogue.audit import log
from catalogue.audit.models import Event
from catalogue.editions import sourcing
from catalogue.editions.document import edition_header, entry_data, entry_document
from catalogue.editions.models import Case, Citation, Edition, Entry, FieldVerification
from services.models import Service
from services.vocabularies import Terms

# The columns of an entry that hold text and nothing else.
TEXT_COLUMNS = (
    "name",
    "name_en",
    "target_group_text",
    "content",
    "standard",
    "standard_as_of",
    "expenditure_responsibility",
    "note",
)
LIST_COLUMNS = ("target_groups", "lead_department_alternatives", "co_departments", "legal_basis")
# Everything an entry says, as ``entry_data()`` and the files of ``fixtures/editions`` name it.
ENTRY_KEYS = (
    "code", "number", "domain", *TEXT_COLUMNS, "eligibility", "lead_department", *LIST_COLUMNS, "verification",
    "basis", "citations",
)  # fmt: skip


class DraftError(Exception):
    """An entry that cannot be written; ``faults`` says why, each with its field."""

    def __init__(self, faults: Iterable[sourcing.FieldFault]):
        self.faults = list(faults)
        super().__init__("；".join(fault.reason for fault in self.faults))


@transaction.atomic
def revise(edition: Edition, stated: Mapping, *, terms: Terms, context: log.AuditContext) -> Entry:
    """Write what a draft edition says of one service, in place of what it said before, and record what changed.

    ``stated`` is an entry with codes for terms, as ``entry_data()`` returns it; ``terms`` are the vocabularies
    the codes are looked up in. Raises Refused with every fault if the edition is published or a value does not rest
    on a source, and ``services.vocabularies.UnknownCodeError`` for a code nobody has; then nothing is written.
    """
    _refuse_published(edition)
    found = sourcing.faults(stated, effective_from=edition.effective_from, citable_from=terms.citable_from)
    if found := found + length_errors(stated):
        raise DraftError(found)
    service = terms.service(stated["code"])
    existing = Entry.objects.with_details().filter(edition=edition, service=service).first()
    before = existing and entry_data(entry_document(existing))
    entry = _save_entry(edition, service, stated, terms)
    log.append(context, _entry_events(entry, before, stated))
    return entry


def length_errors(stated: Mapping) -> list[sourcing.FieldFault]:
    """Return a fault for every text and number its column cannot hold, on either database."""
    held = [(Entry, column, stated[column]) for column in ("number", *TEXT_COLUMNS, "eligibility")]
    held += [
        (Citation, column, citation[column]) for citation in stated["citations"] for column in ("locator", "quote")
    ]
    found = []
    for model, column, value in held:
        field = model._meta.get_field(column)
        try:
            if value is not None:
                field.run_validators(value)
        except ValidationError as error:
            found.append(sourcing.FieldFault(column, f"“{field.verbose_name}”不合要求：{'；'.join(error.messages)}"))
    return found


def resolve(stated: Mapping, terms: Terms) -> tuple[dict, dict]:
    """Return an entry's columns and its lists with terms in place of codes.

    Raises ``services.vocabularies.UnknownCodeError`` for a code nobody has.
    """
    lead = stated["lead_department"]
    columns = {
        "number": stated["number"],
        "eligibility": stated["eligibility"],
        "domain": terms.domain(stated["domain"]),
        "lead_department": lead and terms.department(lead),
        **{column: stated[column] for column in TEXT_COLUMNS},
    }
    find = {
        "target_groups": terms.target_group,
        "lead_department_alternatives": terms.department,
        "co_departments": terms.department,
        "legal_basis": terms.source,
    }
    return columns, {name: [find[name](code) for code in stated[name]] for name in LIST_COLUMNS}


def _save_entry(edition: Edition, service: Service, stated: Mapping, terms: Terms) -> Entry:
    columns, lists = resolve(stated, terms)
    entry, _ = Entry.objects.update_or_create(edition=edition, service=service, defaults=columns)
    for name, found in lists.items():
        getattr(entry, name).set(found)
    entry.field_verifications.all().delete()
    FieldVerification.objects.bulk_create(_field_verifications(entry, stated))
    entry.citations.all().delete()
    Citation.objects.bulk_create(_citations(entry, stated, terms))
    return entry


def _field_verifications(entry: Entry, stated: Mapping) -> list[FieldVerification]:
    return [
        FieldVerification(entry=entry, field=field, verification=label, basis=stated["basis"][field])
        for field, label in stated["verification"].items()
    ]


def _citations(entry: Entry, stated: Mapping, terms: Terms) -> list[Citation]:
    return [
        Citation(entry=entry, position=position, **(citation | {"source": terms.source(citation["source"])}))
        for position, citation in enumerate(stated["citations"], start=1)
    ]


@transaction.atomic
def create_draft(
    previous: Edition, *, slug: str, title: str, effective_from: datetime.date, context: log.AuditContext
) -> Edition:
    """Begin a draft edition that says what a published one says, to be changed by proposals; return it.

    Raises ValidationError for a slug in use or a day before the previous edition's; then nothing is written.
    """
    region = previous.region
    last = region.editions.order_by("number").last()
    edition = Edition(
        region=region,
        number=last.number + 1,
        slug=slug,
        title=title,
        effective_from=effective_from,
        previous=previous,
        note=previous.note,
    )
    edition.full_clean()
    edition.save()
    record_edition(edition, before=None, context=context)
    copy_previous_entries(edition)
    return edition


@transaction.atomic
def copy_previous_entries(edition: Edition) -> None:
    """Let a draft edition without entries say what the one before it says; nothing changed, so nothing is recorded."""
    _refuse_published(edition)
    terms = Terms()
    carried = [entry_data(document) for document in edition.previous.documents()]
    resolved = {stated["code"]: resolve(stated, terms) for stated in carried}
    # A few queries for all: one by one these would be a thousand.
    Entry.objects.bulk_create(
        Entry(edition=edition, service=terms.service(code), **columns) for code, (columns, _) in resolved.items()
    )
    entries = {entry.service.code: entry for entry in edition.entries.select_related("service")}
    for name in LIST_COLUMNS:
        through = getattr(Entry, name).through
        term = getattr(Entry, name).field.m2m_reverse_field_name()
        through.objects.bulk_create(
            through(entry=entries[code], **{term: each})
            for code, (_, lists) in resolved.items()
            for each in lists[name]
        )
    FieldVerification.objects.bulk_create(
        each for stated in carried for each in _field_verifications(entries[stated["code"]], stated)
    )
    Citation.objects.bulk_create(
        each for stated in carried for each in _citations(entries[stated["code"]], stated, terms)
    )
    _copy_previous_cases(edition)


def record_edition(edition: Edition, *, before: Mapping | None, context: log.AuditContext) -> None:
    """Record what an edition says of itself now and did not before; ``before`` is its ``edition_header()``, or None.

    Inside the transaction that saved it.
    """
    after = edition_header(edition)
    about = {"edition": edition.slug}
    if before is None:
        log.append(context, [about | {"verb": Event.Verb.CREATED, "after": after}])
        return
    changed = [field for field in after if before[field] != after[field]]
    log.append(
        context,
        [
            about | {"verb": Event.Verb.REVISED, "field": field, "before": before[field], "after": after[field]}
            for field in changed
        ],
    )


@transaction.atomic
def delete_draft(edition: Edition, *, context: log.AuditContext) -> None:
    """Throw a draft edition away with its entries, and record it. Raises Refused if it is published.

    Proposals that were taken up into it are approved as before, and can be taken up into another.
    """
    _refuse_published(edition)
    released = list(edition.proposals.order_by("number"))
    log.append(
        context,
        [
            {"verb": Event.Verb.DELETED, "edition": edition.slug, "before": edition_header(edition)},
            *(
                {
                    "verb": Event.Verb.REVISED,
                    "proposal": proposal.number,
                    "field": "edition",
                    "before": edition.slug,
                    "after": None,
                }
                for proposal in released
            ),
        ],
    )
    edition.proposals.update(edition=None)
    edition.delete()


@transaction.atomic
def insert_entry(edition: Edition, stated: Mapping, *, terms: Terms, context: log.AuditContext) -> Entry:
    """Write a new service into a draft edition, as the last of its domain; those after it move on by one."""
    domains = dict(edition.entries.values_list("service__code", "domain__position"))
    position = terms.domain(stated["domain"]).position
    number = new_number(domains.values(), position)
    _shift_numbers(edition, number, by=1)
    return revise(edition, {**stated, "number": number}, terms=terms, context=context)


@transaction.atomic
def withdraw_entry(edition: Edition, code: str, *, context: log.AuditContext) -> None:
    """Take a service out of a draft edition; those after it move up by one. Raises Refused if it is not there."""
    _refuse_published(edition)
    entry = edition.entries.filter(service__code=code).first()
    if entry is None:
        raise DraftError([sourcing.FieldFault("code", f"版本 {edition.slug} 中没有服务项目 {code}。")])
    before, number = current_data(entry), entry.number
    entry.delete()
    _shift_numbers(edition, number + 1, by=-1)
    log.append(context, [{"verb": Event.Verb.DELETED, "edition": edition.slug, "service": code, "before": before}])


def _shift_numbers(edition: Edition, number: int, *, by: int) -> None:
    # In two steps: no number may stand twice in an edition, not even within one statement.
    far = 10_000
    edition.entries.filter(number__gte=number).update(number=F("number") + far)
    edition.entries.filter(number__gte=far).update(number=F("number") - far + by)


def current_data(entry: Entry) -> dict:
    """Return what an entry says at this moment, with codes for terms."""
    return entry_data(entry_document(Entry.objects.with_details().get(pk=entry.pk)))


def _entry_events(entry: Entry, before: Mapping | None, after: Mapping) -> Iterator[dict]:
    """What is recorded of an entry that was written: one event for each field that is not what it was."""
    about = {"edition": entry.edition.slug, "service": after["code"]}
    if before is None:
        yield about | {"verb": Event.Verb.CREATED, "after": after}
        return
    for field in after:
        if before[field] != after[field]:
            yield about | {
                "verb": Event.Verb.REVISED, "field": field, "before": before[field], "after": after[field],
            }  # fmt: skip


def _refuse_published(edition: Edition) -> None:
    # Asked of the database and locked: the edition in hand may have been published a moment ago.
    if Edition.objects.select_for_update().get(pk=edition.pk).is_published:
        raise DraftError(
            [sourcing.FieldFault("edition", f"版本 {edition.slug} 已发布，不能更改；请在新的版本中调整。")]
        )


def new_number(positions: Iterable[int], position: int) -> int:
    """Return the number of a new service: the last of its domain, by the positions of the domains of all others."""
    return 1 + sum(other <= position for other in positions)


def _copy_previous_cases(edition: Edition) -> None:
    """Give a draft edition the cases of the one before it."""
    edition.cases.all().delete()
    Case.objects.bulk_create(
        Case(
            edition=edition,
            code=case.code,
            position=case.position,
            circumstances=case.circumstances,
            expected=case.expected,
            because=case.because,
        )
        for case in edition.previous.cases.all()
    )
