"""Successions of departments (更名、并入): one takes the place of another from a day, by a clause.

The old department stays, because published editions name it. The entries of the list change by one proposal, which is
approved and sealed as any other.
"""

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence

from django.core.exceptions import ValidationError
from django.db import transaction

from catalogue.audit import snapshots
from catalogue.audit.log import AuditContext
from catalogue.editions import merge
from catalogue.editions.document import entry_data
from catalogue.editions.models import Edition
from catalogue.workflow import proposals
from catalogue.workflow.base import base_edition
from catalogue.workflow.checks import departments
from catalogue.workflow.models import Proposal, ProposedEntry
from services.departments import Department
from services.models import Region
from services.sources import Source, Verification
from services.text import quotes

CODE = re.compile(r"\Adept-([0-9]{1,9})\Z")
# The columns of a new department that are those of the old one.
KEPT = ("position", "level", "kind")


class SuccessionError(Exception):
    """A succession that is refused; ``reasons`` are sentences for the user."""

    def __init__(self, reasons: Sequence[str]):
        self.reasons = list(reasons)
        super().__init__("；".join(self.reasons))


def is_named(department: Department, quote: str | None) -> bool:
    """Whether a quote names a department, in full or short."""
    folded = quotes.fold(quote or "")
    return any(quotes.fold(name) in folded for name in (department.name, department.short_name) if name)


@transaction.atomic
def replace(
    department: Department,
    *,
    successor: Department,
    day: datetime.date,
    clause: Mapping,
    region: Region,
    context: AuditContext,
) -> Proposal | None:
    """Let ``successor`` take the place of a department from a day, and draft the proposal that changes the entries.

    A successor without a key is new (更名): it is stored under a code that the system gives, with the level and kind of
    the old one; otherwise the department is merged into it (并入). ``clause`` has the keys of ``clauses.KEYS`` and must
    name the successor; it is cited for each field that changes, whose label does not rise by it. Returns the proposal,
    None if no entry of the last published edition names the department. Raises SuccessionError and
    ``proposals.TransitionError``; then nothing is written.
    """
    department = Department.objects.select_for_update().get(pk=department.pk)
    if department.replaced_by:
        raise SuccessionError([f"{department}自 {department.replaced_from} 起已由{department.replaced_by}接替。"])
    if not is_named(successor, clause["quote"]):
        raise SuccessionError([f"所引原文里没有“{successor.name}”，不能据此接替。"])
    if clause["verification"] == Verification.VERBATIM and not is_named(department, clause["quote"]):
        clause = {**clause, "verification": Verification.SECONDARY.value}
    source, is_new = Source.objects.get(code=clause["source"]), successor.pk is None
    before = snapshots.snapshot(department)
    department.replaced_source = source
    for name in ("locator", "quote", "verification"):
        setattr(department, f"replaced_{name}", clause[name])
    try:
        if is_new:
            _store(successor, department, source, clause, context)
        department.replaced_by, department.replaced_from = successor, day
        department.full_clean()
        department.save()
    except ValidationError as error:
        raise SuccessionError(error.messages) from None
    snapshots.record_change(department, before=before, context=context)
    edition = base_edition(region)
    entries = list(_changes(edition, department, successor, clause)) if edition else []
    if not entries:
        return None
    done = "更名为" if is_new else "并入"
    return proposals.draft(
        kind=Proposal.Kind.CHANGE,
        region=region,
        department=successor,
        title=f"{department.name}{done}{successor.name}"[:200],
        reason=f"依据《{source.title}》。",
        document_number=source.document_number,
        effective_from=day,
        entries=entries,
        context=context,
    )


def _store(
    successor: Department, department: Department, source: Source, clause: Mapping, context: AuditContext
) -> None:
    successor.code, successor.source = _next_code(), source
    for name in KEPT:
        setattr(successor, name, getattr(department, name))
    for name in ("locator", "quote", "verification"):
        setattr(successor, name, clause[name])
    successor.full_clean()
    successor.save(force_insert=True)
    snapshots.record_change(successor, before=None, context=context)


def _next_code() -> str:
    codes = Department.objects.filter(code__startswith="dept-").values_list("code", flat=True)
    numbers = [int(match[1]) for code in codes if (match := CODE.match(code))]
    return f"dept-{max(numbers, default=0) + 1}"


def _changes(edition: Edition, department: Department, successor: Department, clause: Mapping) -> Iterator[dict]:
    """Yield the changes of the entries that name a department, in the shape that ``proposals.draft()`` takes."""
    for document in edition.documents():
        base = entry_data(document)
        if department.code not in departments.named(base):
            continue
        columns = departments.succeeded(base, {department.code: successor.code})
        target = base | columns
        for field in merge.touched_by(columns):
            target |= _sourcing(target, field, clause)
        yield {
            "service": base["code"],
            "action": ProposedEntry.Action.CHANGE,
            "entry_data": merge.make_change(base, target),
            "successors": [],
        }


def _sourcing(entry: Mapping, field: str, clause: Mapping) -> dict:
    """Return the citations, labels and bases of an entry whose field names a successor by a clause.

    The clause says how the department is called now. That it leads or supports the service rests on the old clauses,
    so that the label does not rise, and the basis stays.
    """
    others = [citation for citation in entry["citations"] if citation["field"] != field]
    labels = {
        key: {name: value for name, value in entry[key].items() if name != field} for key in ("verification", "basis")
    }
    if not any(entry[column] for column in departments.COLUMNS if merge.touched_by([column]) == {field}):
        return labels | {"citations": others}
    old = merge.citations_of(entry, field)
    lowest = min(entry["verification"][field], clause["verification"], key=lambda label: Verification(label).rank)
    labels["verification"][field], labels["basis"][field] = lowest, entry["basis"][field]
    return labels | {"citations": [*others, {"field": field, **clause}, *old]}
