"""Carrying the contents of services over into another: a field with its figures, its clauses and its labels."""

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence

from catalogue.editions import sourcing
from catalogue.editions.merge import citations_of, columns_of
from catalogue.models import Entry
from services.sources import Source, Verification
from services.values import quoted_values

# The fields of which several values make one: texts one after the other, and sets of terms.
JOINABLE = {*sourcing.TEXT_COLUMNS, "co_departments", "legal_basis"} - {"name"}


def same_name(one: str, other: str) -> bool:
    """Whether two names are the same but for width, case and white space."""
    return _folded(one) == _folded(other)


def _folded(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def has_value(entry: Mapping, field: str) -> bool:
    return any(entry[column] not in (None, []) for column in Entry.SOURCED_FIELDS[field])


def is_same(entries: Iterable[Mapping], field: str) -> bool:
    """Whether all entries state the same in a field."""
    first, *others = entries
    return all(entry[column] == first[column] for entry in others for column in columns_of(field))


def stated(document: Mapping, field: str, text: Callable[[object], str]) -> str:
    """Return what a document states in a field, a column a line; "" for nothing."""
    values = [document[column] for column in Entry.SOURCED_FIELDS[field]]
    return "\n".join(text(value) for value in values if value not in (None, []))


def carry(
    entry: dict, field: str, sources: Sequence[Mapping], *, own: str | None = None, new: Sequence[Mapping] = ()
) -> None:
    """Write a field into ``entry`` (``entry_data()``): what ``sources`` state, or ``own`` text with their clauses.

    ``new`` are further citations. The labels are those of the one source; of several, and of an own text, what the
    citations allow, but not more than any source had.
    """
    columns = columns_of(field)
    for column in columns:
        entry[column] = _joined([source[column] for source in sources], column)
    if own is not None:
        entry[sourcing.TEXT_COLUMNS[field]] = own
        # Figures and time of the old text are not those of the own one.
        if field == "standard":
            entry["standard_as_of"] = None
        for name, column in quoted_values.COLUMNS.items():
            if column.field == field:
                entry[name] = []
    citations = [citation for source in sources for citation in citations_of(source, field)]
    citations = [citation for at, citation in enumerate(citations) if citation not in citations[:at]]
    entry["citations"] = [*entry["citations"], *new, *citations]
    if own is None and len(sources) == 1:
        for key in ("verification", "basis"):
            if label := sources[0][key].get(field):
                entry[key] = entry[key] | {field: label}
        return
    ranked = [source["verification"][field] for source in sources if field in source["verification"]]
    _label(
        entry, field,
        at_most=None if own is not None else min(ranked, key=_rank, default=None),
        basis=None if new else next((source["basis"].get(field) for source in sources), None),
    )  # fmt: skip


def add_clauses(entry: dict, citations: Mapping[str, Sequence[Mapping]]) -> None:
    """Add new citations to the fields of an entry that have a value, and the labels that follow."""
    for field, of_field in citations.items():
        if has_value(entry, field):
            entry["citations"] = [*entry["citations"], *of_field]
            _label(entry, field)


def _label(entry: dict, field: str, *, at_most: str | None = None, basis: str | None = None) -> None:
    label = sourcing.derived_verification(entry, field)
    if not label:
        return
    label = min(label, at_most or label, key=_rank)
    kind = Source.objects.get(code=citations_of(entry, field)[0]["source"]).kind
    entry["verification"] = entry["verification"] | {field: label}
    entry["basis"] = entry["basis"] | {field: basis or sourcing.basis_of(kind).value}


def _rank(label: str) -> int:
    return Verification(label).rank


def _joined(values: Sequence, column: str) -> object:
    known = [value for value in values if value not in (None, [])]
    different = [value for at, value in enumerate(known) if value not in known[:at]]
    if not different:
        return [] if column in _LISTS else None
    if len(different) == 1:
        return different[0]
    if column == "shares":
        # Shares of different services do not add up to one whole.
        return []
    if column in _LISTS:
        items = [item for value in different for item in value]
        items = [item for at, item in enumerate(items) if item not in items[:at]]
        return items if column in quoted_values.COLUMNS else sorted(items)
    return "\n".join(different) if column != "standard_as_of" else "、".join(different)


_LISTS = {
    "target_groups", "lead_department_alternatives", "co_departments", "legal_basis", *quoted_values.COLUMNS,
}  # fmt: skip
