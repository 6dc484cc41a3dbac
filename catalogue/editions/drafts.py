"""Writing draft editions: the only writers of entries, their verifications and citations; each value needs a source."""

import datetime
from collections.abc import Iterable, Iterator, Mapping

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F

from catalogue.audit import log
from catalogue.audit.models import Event
from catalogue.editions import sourcing
from catalogue.editions.cases import Case
from catalogue.editions.document import edition_header, entry_data, entry_document
from catalogue.editions.models import Citation, Edition, Entry, FieldVerification
from services.models import Region, Service
from services.values import quoted_values
from services.vocabularies import Terms

# The columns of an entry that hold plain text.
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
# The keys of an entry in ``entry_data()`` and in the files of ``fixtures/editions``.
ENTRY_KEYS = (
    "code", "number", "domain", *TEXT_COLUMNS, *quoted_values.COLUMNS, "eligibility", "lead_department", *LIST_COLUMNS,
    "verification", "basis", "citations",
)  # fmt: skip


class DraftError(Exception):
    """An entry cannot be written; ``faults`` has the reasons, each with its field."""

    def __init__(self, faults: Iterable[sourcing.FieldFault]):
        self.faults = list(faults)
        super().__init__("；".join(fault.reason for fault in self.faults))


@transaction.atomic
def save_entry(edition: Edition, data: Mapping, *, terms: Terms, context: log.AuditContext) -> Entry:
    """Create or replace the entry of one service in a draft edition, and record the changed fields.

    ``data`` is an entry with codes for terms, as ``entry_data()`` returns it; ``terms`` are the vocabularies of the
    codes. Raises DraftError with every fault if the edition is published or a value lacks a source, and
    ``services.vocabularies.UnknownCodeError`` for an unknown code; then nothing is written.
    """
    _refuse_published(edition)
    faults = sourcing.faults(data, effective_from=edition.effective_from, citable_from=terms.citable_from)
    if faults := faults + length_errors(data):
        raise DraftError(faults)
    service = terms.service(data["code"])
    existing = Entry.objects.with_details().filter(edition=edition, service=service).first()
    before = existing and entry_data(entry_document(existing))
    entry = _save_entry(edition, service, data, terms)
    log.append(context, _entry_events(entry, before, data))
    return entry


def length_errors(data: Mapping) -> list[sourcing.FieldFault]:
    """Return a fault for every text and number that its column cannot hold, on either database."""
    values = [(Entry, column, data[column]) for column in ("number", *TEXT_COLUMNS, "eligibility")]
    values += [
        (Citation, column, citation[column]) for citation in data["citations"] for column in ("locator", "quote")
    ]
    faults = []
    for model, column, value in values:
        field = model._meta.get_field(column)
        try:
            if value is not None:
                field.run_validators(value)
        except ValidationError as error:
            faults.append(sourcing.FieldFault(column, f"“{field.verbose_name}”不合要求：{'；'.join(error.messages)}"))
    return faults


def blank_entry(code: str, number: int = 1) -> dict:
    """Return an entry with all fields unknown, as a template and as the baseline of an addition."""
    empty = {column: [] for column in (*LIST_COLUMNS, *quoted_values.COLUMNS, "citations")} | {
        "verification": {},
        "basis": {},
    }
    return dict.fromkeys(ENTRY_KEYS) | empty | {"code": code, "number": number}


def resolve_codes(data: Mapping, terms: Terms) -> tuple[dict, dict]:
    """Return an entry's columns and its lists with terms in place of codes.

    Raises ``services.vocabularies.UnknownCodeError`` for an unknown code.
    """
    lead = data["lead_department"]
    columns = {
        "number": data["number"],
        "eligibility": data["eligibility"],
        **{column: data[column] for column in quoted_values.COLUMNS},
        "domain": terms.domain(data["domain"]),
        "lead_department": lead and terms.department(lead),
        **{column: data[column] for column in TEXT_COLUMNS},
    }
    lookups = {
        "target_groups": terms.target_group,
        "lead_department_alternatives": terms.department,
        "co_departments": terms.department,
        "legal_basis": terms.source,
    }
    lists = {name: [lookups[name](code) for code in data[name]] for name in LIST_COLUMNS}
    return columns, lists | {"quoted_sources": [terms.source(code) for code in quoted_values.sources(data)]}


def _save_entry(edition: Edition, service: Service, data: Mapping, terms: Terms) -> Entry:
    columns, lists = resolve_codes(data, terms)
    entry, _ = Entry.objects.update_or_create(edition=edition, service=service, defaults=columns)
    for name, related in lists.items():
        getattr(entry, name).set(related)
    entry.field_verifications.all().delete()
    FieldVerification.objects.bulk_create(_field_verifications(entry, data))
    entry.citations.all().delete()
    Citation.objects.bulk_create(_citations(entry, data, terms))
    return entry


def _field_verifications(entry: Entry, data: Mapping) -> list[FieldVerification]:
    return [
        FieldVerification(entry=entry, field=field, verification=label, basis=data["basis"][field])
        for field, label in data["verification"].items()
    ]


def _citations(entry: Entry, data: Mapping, terms: Terms) -> list[Citation]:
    return [
        Citation(entry=entry, position=position, **(citation | {"source": terms.source(citation["source"])}))
        for position, citation in enumerate(data["citations"], start=1)
    ]


@transaction.atomic
def create_draft(
    previous: Edition,
    *,
    slug: str,
    title: str,
    effective_from: datetime.date,
    context: log.AuditContext,
    reissue_of: Edition | None = None,
) -> Edition:
    """Create a draft edition as a copy of a published one, to be changed by proposals; return it.

    One that takes the place of another, ``reissue_of``, says of its sources and its making what that one says.
    Raises ValidationError for a slug in use or a day before the previous edition's; then nothing is written.
    """
    # One draft at a time, so that each has a number of its own.
    Region.objects.select_for_update().get(pk=previous.region_id)
    region = previous.region
    last = region.editions.order_by("number").last()
    edition = Edition(
        region=region,
        number=last.number + 1,
        slug=slug,
        title=title,
        effective_from=effective_from,
        previous=previous,
        reissue_of=reissue_of,
        as_of=(reissue_of or previous).as_of,
        note=(reissue_of or previous).note,
    )
    edition.full_clean()
    edition.save()
    record_edition(edition, before=None, context=context)
    copy_previous_entries(edition)
    return edition


@transaction.atomic
def copy_previous_entries(edition: Edition) -> None:
    """Copy the entries and cases of the previous edition into a draft without entries.

    Nothing is recorded, because no value changes. Raises DraftError if the edition is published.
    """
    _refuse_published(edition)
    terms = Terms()
    previous_data = [entry_data(document) for document in edition.previous.documents()]
    resolved = {data["code"]: resolve_codes(data, terms) for data in previous_data}
    # A few bulk queries: saving entries one by one takes a thousand.
    Entry.objects.bulk_create(
        Entry(edition=edition, service=terms.service(code), **columns) for code, (columns, _) in resolved.items()
    )
    entries = {entry.service.code: entry for entry in edition.entries.select_related("service")}
    for name in (*LIST_COLUMNS, "quoted_sources"):
        through = getattr(Entry, name).through
        term = getattr(Entry, name).field.m2m_reverse_field_name()
        through.objects.bulk_create(
            through(entry=entries[code], **{term: row}) for code, (_, lists) in resolved.items() for row in lists[name]
        )
    FieldVerification.objects.bulk_create(
        row for data in previous_data for row in _field_verifications(entries[data["code"]], data)
    )
    Citation.objects.bulk_create(
        row for data in previous_data for row in _citations(entries[data["code"]], data, terms)
    )
    copy_previous_cases(edition)


def record_edition(edition: Edition, *, before: Mapping | None, context: log.AuditContext) -> None:
    """Record the changes of an edition's header, one event per field; ``before`` is its old ``edition_header()``.

    ``before`` None means a new edition. Call it inside the transaction that saved the edition.
    """
    after = edition_header(edition)
    subject = {"edition": edition.slug}
    if before is None:
        log.append(context, [subject | {"verb": Event.Verb.CREATED, "after": after}])
        return
    # The header has some fields only where they are known.
    changed = [field for field in {**before, **after} if before.get(field) != after.get(field)]
    log.append(
        context,
        [
            subject
            | {"verb": Event.Verb.REVISED, "field": field, "before": before.get(field), "after": after.get(field)}
            for field in changed
        ],
    )


@transaction.atomic
def delete_draft(edition: Edition, *, context: log.AuditContext) -> None:
    """Delete a draft edition with its entries, and record it. Raises DraftError if it is published.

    Proposals that were taken up into it stay approved, and can be taken up into another edition.
    """
    # Locked before their edition, as every step of a proposal does: the other order would deadlock.
    released = list(edition.proposals.select_for_update().order_by("number"))
    _refuse_published(edition)
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
def insert_entry(
    edition: Edition, data: Mapping, *, terms: Terms, context: log.AuditContext, number: int | None = None
) -> Entry:
    """Add a service to a draft edition, as the last of its domain or with a number; later numbers increase by one.

    ``data``, ``terms`` and the errors are those of ``save_entry()``.
    """
    if number is None:
        domains = dict(edition.entries.values_list("service__code", "domain__position"))
        number = new_number(domains.values(), terms.domain(data["domain"]).position)
    _shift_numbers(edition, number, by=1)
    return save_entry(edition, {**data, "number": number}, terms=terms, context=context)


@transaction.atomic
def withdraw_entry(edition: Edition, code: str, *, context: log.AuditContext) -> None:
    """Remove a service from a draft edition; later numbers decrease by one.

    Raises DraftError if the edition is published or lacks the service; then nothing is written.
    """
    _refuse_published(edition)
    entry = edition.entries.filter(service__code=code).first()
    if entry is None:
        raise DraftError([sourcing.FieldFault("code", f"版本 {edition.slug} 中没有服务项目 {code}。")])
    before, number = current_data(entry), entry.number
    entry.delete()
    _shift_numbers(edition, number + 1, by=-1)
    log.append(context, [{"verb": Event.Verb.DELETED, "edition": edition.slug, "service": code, "before": before}])


def _shift_numbers(edition: Edition, number: int, *, by: int) -> None:
    # In two steps: the unique constraint on the number is checked within a statement too.
    offset = 10_000
    edition.entries.filter(number__gte=number).update(number=F("number") + offset)
    edition.entries.filter(number__gte=offset).update(number=F("number") - offset + by)


def current_data(entry: Entry) -> dict:
    """Return an entry as the database holds it now, with codes for terms."""
    return entry_data(entry_document(Entry.objects.with_details().get(pk=entry.pk)))


def current_entries(edition: Edition) -> dict[str, dict]:
    """Return the entries of an edition as the database holds them now, in the order of their numbers, by code."""
    entries = edition.entries.with_details().order_by("number")
    return {entry.service.code: entry_data(entry_document(entry)) for entry in entries}


def _entry_events(entry: Entry, before: Mapping | None, after: Mapping) -> Iterator[dict]:
    """Yield the events of a written entry: one for a new entry, else one for each changed field."""
    subject = {"edition": entry.edition.slug, "service": after["code"]}
    if before is None:
        yield subject | {"verb": Event.Verb.CREATED, "after": after}
        return
    for field in after:
        if before[field] != after[field]:
            yield subject | {
                "verb": Event.Verb.REVISED, "field": field, "before": before[field], "after": after[field],
            }  # fmt: skip


def _refuse_published(edition: Edition) -> None:
    # Read from the database and locked: the instance at hand may have been published a moment ago.
    if Edition.objects.select_for_update().get(pk=edition.pk).is_published:
        raise DraftError(
            [sourcing.FieldFault("edition", f"版本 {edition.slug} 已发布，不能更改；请在新的版本中调整。")]
        )


def new_number(positions: Iterable[int], position: int) -> int:
    """Return the number of a new service: the last of its domain.

    ``positions`` are those of the domains of all other services, ``position`` is that of its own.
    """
    return 1 + sum(other <= position for other in positions)


def copy_previous_cases(edition: Edition) -> None:
    """Replace the cases of a draft edition by those of the previous edition, none if there is no such edition."""
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
        for case in (edition.previous.cases.all() if edition.previous else ())
    )
