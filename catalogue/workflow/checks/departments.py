"""What follows for entries when another department takes the place of one that was renamed or merged."""

import datetime
from collections.abc import Iterable, Iterator, Mapping

from catalogue.editions.document import entry_data
from catalogue.editions.merge import SOURCING_KEYS, touched_by
from catalogue.editions.models import Edition
from catalogue.editions.sourcing import FieldFault
from services.departments import Department, chain
from services.vocabularies import Terms

# The columns of an entry that name departments.
COLUMNS = ("lead_department", "lead_department_alternatives", "co_departments")
FIELDS = touched_by(COLUMNS)


def named(entry: Mapping) -> set[str]:
    """Return the departments that an entry names."""
    return {code for column in COLUMNS for code in _codes(entry[column])}


def succeeded(entry: Mapping, successors: Mapping[str, str]) -> dict[str, object]:
    """Return the columns of an entry that change when successors are named in the place of replaced departments.

    A department that leads is not named again as one that supports.
    """
    lead = entry["lead_department"] and chain(entry["lead_department"], successors)[-1]
    current = {"lead_department": lead} | {
        column: sorted({chain(code, successors)[-1] for code in entry[column]} - {lead}) for column in COLUMNS[1:]
    }
    return {column: value for column, value in current.items() if value != entry[column]}


def following(entries: Iterable[Mapping], *, edition: Edition | None, on: datetime.date) -> set[str]:
    """Return the services that are only changed to name the departments in force on a day in the place of others.

    ``entries`` have the shape that ``proposals.draft()`` takes, ``edition`` is the one that they change. One query, two
    if a department was replaced.
    """
    successors = Department.objects.successors(on)
    if not successors or edition is None:
        return set()
    base = {document["code"]: entry_data(document) for document in edition.documents()}
    return {
        entry["service"]
        for entry in entries
        if entry["action"] == "change" and entry["service"] in base
        if _follows(base[entry["service"]], entry["entry_data"], successors)
    }


def faults(before: Mapping, after: Mapping, *, effective_from: datetime.date, terms: Terms) -> Iterator[FieldFault]:
    """Yield a fault for every department that an entry newly names though another one is in its place by that day."""
    departments = terms.all(Department)
    by_key = {department.pk: department for department in departments.values()}
    for column in COLUMNS:
        for code in sorted(_codes(after[column]) - _codes(before[column])):
            named = department = departments.get(code)
            while department and department.replaced_from and department.replaced_from <= effective_from:
                department = by_key[department.replaced_by_id]
            if named is not department:
                (field,) = touched_by([column])
                reason = f"“{named}”自 {named.replaced_from} 起由“{department}”接替，请改为“{department}”。"
                yield FieldFault(field, reason)


def _follows(before: Mapping, change: Mapping, successors: Mapping[str, str]) -> bool:
    """Whether a change takes departments away only for successors that are named, and adds none but these."""
    columns = {name: value for name, value in change.items() if name not in SOURCING_KEYS}
    touched = {citation["field"] for citation in change.get("citations", [])}
    touched |= {*change.get("verification", {}), *change.get("basis", {})}
    if not columns or set(columns) - set(COLUMNS) or touched - FIELDS:
        return False
    after = {**before, **columns}
    for column in columns:
        old, new = _codes(before[column]), _codes(after[column])
        heirs = {code: set(chain(code, successors)) for code in old - new}
        added = new - old
        if added - {heir for code in heirs for heir in heirs[code]}:
            return False
        if any(not heirs[code] & (new | {after["lead_department"]}) for code in heirs):
            return False
    return True


def _codes(value: str | list | None) -> set[str]:
    return set(value) if isinstance(value, list) else {value} - {None}
