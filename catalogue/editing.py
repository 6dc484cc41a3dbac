"""The only writers of entries, their findings and their citations. Both refuse a value without a source."""

from collections.abc import Iterable, Mapping

from django.db import transaction

from catalogue import canonical, sourcing
from catalogue.models import Citation, Edition, Entry, Finding, SourcedField
from services.models import Source
from services.vocabularies import Terms


class Refused(Exception):
    """An entry that cannot be written; ``faults`` says why, each with its field."""

    def __init__(self, faults: Iterable[sourcing.Fault]):
        self.faults = list(faults)
        super().__init__("；".join(fault.reason for fault in self.faults))


@transaction.atomic
def revise(edition: Edition, stated: Mapping, *, terms: Terms) -> Entry:
    """Write what a draft edition says of one service, in place of what it said before.

    ``stated`` is an entry with codes for terms, as ``canonical.stated()`` returns it; ``terms`` are the vocabularies
    the codes are looked up in. Raises Refused with every fault if the edition is published or a value does not rest
    on a source, and ``services.vocabularies.UnknownCode`` for a code nobody has; then nothing is written.
    """
    _refuse_published(edition)
    if found := sourcing.faults(stated, effective_from=edition.effective_from, counts_from=terms.counts_from):
        raise Refused(found)
    lead = stated["lead_department"]
    entry, _ = Entry.objects.update_or_create(
        edition=edition,
        service=terms.service(stated["code"]),
        defaults={
            "number": stated["number"],
            "domain": terms.domain(stated["domain"]),
            "lead_department": lead and terms.department(lead),
            **{
                column: stated[column]
                for column in (
                    "name",
                    "name_en",
                    "target_group_text",
                    "content",
                    "standard",
                    "standard_as_of",
                    "expenditure_responsibility",
                    "note",
                )
            },
        },
    )
    entry.target_groups.set(terms.target_group(code) for code in stated["target_groups"])
    entry.lead_department_alternatives.set(terms.department(code) for code in stated["lead_department_alternatives"])
    entry.co_departments.set(terms.department(code) for code in stated["co_departments"])
    entry.legal_basis.set(terms.source(code) for code in stated["legal_basis"])
    entry.findings.all().delete()
    Finding.objects.bulk_create(
        Finding(entry=entry, field=field, verification=label, basis=stated["basis"][field])
        for field, label in stated["verification"].items()
    )
    entry.citations.all().delete()
    Citation.objects.bulk_create(
        Citation(entry=entry, position=position, **(citation | {"source": terms.source(citation["source"])}))
        for position, citation in enumerate(stated["citations"], start=1)
    )
    return entry


def record(entry: Entry, *, changed: Iterable[str], cited: Iterable[str]) -> None:
    """Check an entry that a form has just saved, inside the transaction that saved it.

    ``changed`` are the sourced fields the form changed, ``cited`` those it added or changed a citation of. Raises
    Refused with every fault if its edition is published, a value does not rest on a source, or a field changed
    without its citations; the caller's transaction is then to be rolled back.
    """
    _refuse_published(entry.edition)
    saved = Entry.objects.with_details().get(pk=entry.pk)
    stated = canonical.stated(canonical.document(saved))
    found = sourcing.faults(
        stated,
        effective_from=entry.edition.effective_from,
        counts_from=dict(Source.objects.values_list("code", "counts_from")),
    )
    if found := found + uncited(stated, changed=changed, cited=cited):
        raise Refused(found)


def uncited(stated: Mapping, *, changed: Iterable[str], cited: Iterable[str]) -> list[sourcing.Fault]:
    """Return a fault for every sourced field that changed while nothing changed in what it rests on. Pure.

    A field that was emptied needs no citation: unknown rests on nothing.
    """
    unsupported = set(changed) - set(cited)
    return [
        sourcing.Fault(field, f"“{SourcedField(field).label}”改动了，请同时为它新增或更改一条来源。")
        for field, columns in Entry.SOURCED_FIELDS.items()
        if field in unsupported and any(stated[column] not in (None, []) for column in columns)
    ]


def _refuse_published(edition: Edition) -> None:
    # Asked of the database and locked: the edition in hand may have been published a moment ago.
    if Edition.objects.select_for_update().get(pk=edition.pk).is_published:
        raise Refused([sourcing.Fault("edition", f"版本 {edition.slug} 已发布，不能更改；请在新的版本中调整。")])
