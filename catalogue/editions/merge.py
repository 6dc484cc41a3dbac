"""A change of an entry: only what differs is proposed, and what is proposed is put over what stands. Pure.

Both take and return entries as ``entry_data()`` writes them. A change gives columns, and for every sourced field
it touches the field's ``verification``, ``basis`` and ``citations``, in place of those the field had.
"""

from collections.abc import Iterable, Mapping

from catalogue.editions.models import Citation, Entry

SOURCING_KEYS = ("verification", "basis", "citations")
# What a change can give besides what rests on sources; code and number are not a proposal's to change.
UNSOURCED_COLUMNS = ("note",)


def apply_change(base: Mapping, change: Mapping) -> dict:
    """Return an entry with the columns of a change in place of its own.

    A sourced field is touched if the change gives any of its columns or its label; its label, basis and citations are
    then the change's alone, and none of them if the field becomes unknown.
    """
    touched = touched_by(change) | (Entry.SOURCED_FIELDS.keys() & change.get("verification", {}).keys())
    kept = [citation for citation in base["citations"] if citation["field"] not in touched]
    return {
        **base,
        **{name: value for name, value in change.items() if name not in SOURCING_KEYS},
        **{
            labels: {field: label for field, label in base[labels].items() if field not in touched}
            | dict(change.get(labels, {}))
            for labels in ("verification", "basis")
        },
        "citations": kept + list(change.get("citations", [])),
    }


def make_change(base: Mapping, target: Mapping) -> dict:
    """Return the change that, merged into ``base``, says what is wanted; empty if that is what it says already.

    A clause that speaks of the service without giving a field can be added by a change, but not taken away.
    """
    change = {column: target[column] for column in UNSOURCED_COLUMNS if target[column] != base[column]}
    labels = {"verification": {}, "basis": {}, "citations": []}
    for field, columns in Entry.SOURCED_FIELDS.items():
        differing = {column: target[column] for column in columns if target[column] != base[column]}
        clauses = citations_of(target, field)
        relabelled = any(target[each].get(field) != base[each].get(field) for each in ("verification", "basis"))
        if not differing and not relabelled and clauses == citations_of(base, field):
            continue
        change |= differing
        for each in ("verification", "basis"):
            if label := target[each].get(field):
                labels[each][field] = label
        labels["citations"] += clauses
    mentioned = citations_of(base, Citation.MENTION)
    labels["citations"] += [clause for clause in citations_of(target, Citation.MENTION) if clause not in mentioned]
    return change | {name: value for name, value in labels.items() if value}


def touched_by(columns: Iterable[str]) -> set[str]:
    """Return the sourced fields that any of these columns belongs to."""
    named = set(columns)
    return {field for field, own in Entry.SOURCED_FIELDS.items() if named & set(own)}


def citations_of(entry: Mapping, field: str) -> list[Mapping]:
    """Return the citations of one field of an entry or a document, or of ``Citation.MENTION``."""
    return [citation for citation in entry["citations"] if citation["field"] == field]
