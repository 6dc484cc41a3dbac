"""Changes of an entry: a change has the differing fields only, and is applied to the entry as it is now. Pure.

Entries are in the shape of ``entry_data()``. A change has columns, and for every sourced field it touches the field's
complete new ``verification``, ``basis`` and ``citations``.
"""

from collections.abc import Iterable, Mapping

from catalogue.editions.models import Citation, Entry
from services.values import quoted_values

SOURCING_KEYS = ("verification", "basis", "citations")
# The columns without a field's label that a change can have: a note, and the values that carry a clause of their own.
# A proposal cannot change code and number.
UNSOURCED_COLUMNS = ("note", *quoted_values.COLUMNS)


def apply_change(base: Mapping, change: Mapping) -> dict:
    """Return an entry with the columns of a change in place of its own.

    A sourced field is touched if the change has any of its columns or its ``verification``. Its verification, basis
    and citations are then those of the change alone: none if the field becomes unknown.
    """
    touched = touched_by(change) | (Entry.SOURCED_FIELDS.keys() & change.get("verification", {}).keys())
    untouched_citations = [citation for citation in base["citations"] if citation["field"] not in touched]
    return {
        **base,
        **{name: value for name, value in change.items() if name not in SOURCING_KEYS},
        **{
            key: {field: label for field, label in base[key].items() if field not in touched}
            | dict(change.get(key, {}))
            for key in ("verification", "basis")
        },
        "citations": untouched_citations + list(change.get("citations", [])),
    }


def make_change(base: Mapping, target: Mapping) -> dict:
    """Return the change that turns ``base`` into ``target`` when applied; empty if they are equal.

    A change can add citations of ``Citation.MENTION``, but cannot remove them.
    """
    change = {column: target[column] for column in UNSOURCED_COLUMNS if target[column] != base[column]}
    sourcing = {"verification": {}, "basis": {}, "citations": []}
    for field, columns in Entry.SOURCED_FIELDS.items():
        changed_columns = {column: target[column] for column in columns if target[column] != base[column]}
        citations = citations_of(target, field)
        relabelled = any(target[key].get(field) != base[key].get(field) for key in ("verification", "basis"))
        if not changed_columns and not relabelled and citations == citations_of(base, field):
            continue
        change |= changed_columns
        for key in ("verification", "basis"):
            if label := target[key].get(field):
                sourcing[key][field] = label
        sourcing["citations"] += citations
    base_mentions = citations_of(base, Citation.MENTION)
    sourcing["citations"] += [
        citation for citation in citations_of(target, Citation.MENTION) if citation not in base_mentions
    ]
    return change | {name: value for name, value in sourcing.items() if value}


def merge_later(before: Mapping, later: Mapping, now: Mapping) -> tuple[dict, list[str]]:
    """Return ``now`` with what ``later`` changes of ``before``, and the fields (or ``note``) that both change.

    A field is taken as a whole, with its label, its clauses and the values that stand with it, so that nothing is put
    together that did not stand together. Of a field that both change, the later state holds; but if only its label or
    clauses are other ones there, the new value holds, which they are not about.
    """
    change, both = {}, []
    sourcing = {"verification": {}, "basis": {}, "citations": []}
    for field in Entry.SOURCED_FIELDS:
        if _field_state(later, field) == _field_state(before, field):
            continue
        if _field_state(now, field) != _field_state(before, field):
            both.append(field)
            if all(later[column] == before[column] for column in columns_of(field)):
                continue
        change |= {column: later[column] for column in columns_of(field)}
        for key in ("verification", "basis"):
            if label := later[key].get(field):
                sourcing[key][field] = label
        sourcing["citations"] += citations_of(later, field)
    if later["note"] != before["note"]:
        both += ["note"] if now["note"] != before["note"] else []
        change["note"] = later["note"]
    known_mentions = citations_of(before, Citation.MENTION) + citations_of(now, Citation.MENTION)
    sourcing["citations"] += [
        citation for citation in citations_of(later, Citation.MENTION) if citation not in known_mentions
    ]
    return apply_change(now, change | sourcing), both


def columns_of(field: str) -> list[str]:
    """Return the columns of a sourced field, those included whose values carry a clause of their own."""
    quoted = [name for name, column in quoted_values.COLUMNS.items() if column.field == field]
    return [*Entry.SOURCED_FIELDS[field], *quoted]


def _field_state(entry: Mapping, field: str) -> list:
    values = [entry[column] for column in columns_of(field)]
    return [*values, *(entry[key].get(field) for key in ("verification", "basis")), citations_of(entry, field)]


def touched_by(columns: Iterable[str]) -> set[str]:
    """Return the sourced fields that have any of these columns."""
    column_names = set(columns)
    return {field for field, field_columns in Entry.SOURCED_FIELDS.items() if column_names & set(field_columns)}


def citations_of(entry: Mapping, field: str) -> list[Mapping]:
    """Return the citations of one field, or of ``Citation.MENTION``, in an entry or a document."""
    return [citation for citation in entry["citations"] if citation["field"] == field]
