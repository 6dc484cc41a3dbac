"""Whether a new clause claims more than its document allows: 原文核对 of a document that was never read."""

from collections.abc import Iterator, Mapping

from catalogue.editions.models import Citation, SourcedField
from catalogue.editions.sourcing import FieldFault
from services.eligibility.open_criteria import open_criteria
from services.sources import Source, Verification
from services.values import clauses, quoted_values
from services.vocabularies import Terms, UnknownCodeError


def faults(before: Mapping, after: Mapping, *, terms: Terms) -> list[FieldFault]:
    """Return a fault for each new clause of a valid entry (``entry_data()``) that is labelled, of a document not read.

    ``Source.verification_of()`` says so. Between a copy and the original the editors decide. No query.
    """
    present_clauses = {_key(clause) for _, clause in _clauses(before)}
    field_faults = []
    for field, clause in _clauses(after):
        if _key(clause) in present_clauses or clause["verification"] == Verification.UNVERIFIED:
            continue
        try:
            source = terms.find(Source, clause["source"])
        except UnknownCodeError:
            # ``sourcing.faults()`` tells that.
            continue
        if source.verification_of(clause["quote"]) == Verification.UNVERIFIED:
            name = "相关表述" if field == Citation.MENTION else SourcedField(field).label
            label = Verification(clause["verification"]).label
            reason = f"“{name}”的来源《{source.title}》没有读到原文，不能标为“{label}”，只能是“未核实”。"
            field_faults.append(FieldFault(field, reason))
    return field_faults


def _clauses(entry: Mapping) -> Iterator[tuple[str, Mapping]]:
    """Yield each clause of an entry with its field: of its citations, figures, shares and open criteria."""
    for citation in entry["citations"]:
        if citation["field"] == Citation.MENTION or citation["field"] in SourcedField.values:
            yield citation["field"], citation
    for name, column in quoted_values.COLUMNS.items():
        yield from ((column.field, value["citation"]) for value in entry[name])
    yield from (("eligibility", raw["citation"]) for raw in open_criteria(entry["eligibility"]))


def _key(clause: Mapping) -> tuple:
    return tuple(clause.get(name) for name in clauses.KEYS)
