"""Successions of departments (更名、并入): one takes the place of another from a day, by a clause.

The old department stays, because published editions name it. The entries of the list change by one proposal, which is
approved and sealed as any other. Until then a succession can be taken back.
"""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from catalogue.accounts import names
from catalogue.audit import snapshots
from catalogue.audit.log import AuditContext
from catalogue.audit.models import Event
from catalogue.editions import merge
from catalogue.editions.document import entry_data
from catalogue.editions.models import Edition
from catalogue.workflow import proposals
from catalogue.workflow.base import base_edition
from catalogue.workflow.checks import codes, departments
from catalogue.workflow.models import DraftInput, Proposal, ProposedEntry
from catalogue.workflow.steps import reversals
from services.departments import Contact, Department
from services.models import Region
from services.sources import Source, Verification
from services.text import quotes
from services.values.identifiers import Identifier

# The columns of a new department that are those of the old one.
KEPT = ("position", "level", "kind")
REPLACEMENT = [f"replaced_{name}" for name in ("by", "from", "source", "locator", "quote", "verification")]
ANEW = "名称又有变的，请再办一次更名或并入。"
State = Proposal.State


class SuccessionError(Exception):
    """A succession that is refused; ``reasons`` are sentences for the user."""

    def __init__(self, reasons: Sequence[str]):
        self.reasons = list(reasons)
        super().__init__("；".join(self.reasons))


class Undo(NamedTuple):
    """What taking a succession back does: to the proposal that it drafted, and to the successor.

    ``proposal`` is None if there is none, and is voided if it is a draft; ``is_created`` says whether the succession
    created the successor, ``is_deleted`` whether that goes. It is refused for the ``refusals``, sentences for the user.
    """

    successor: Department
    proposal: Proposal | None
    is_created: bool
    is_deleted: bool
    refusals: list[str]


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


def plan_undo(department: Department) -> Undo:
    """Return what ``undo()`` does to a department that was replaced. Raises SuccessionError for another one."""
    successor = department.replaced_by
    if successor is None:
        raise SuccessionError([f"{department}没有更名，也没有并入别的部门。"])
    revised = Event.objects.filter(term=snapshots.term_reference(department), field="replaced_by")
    recorded = revised.order_by("-number").first()
    # ``replace()`` records a new successor right before it.
    created = {"term": snapshots.term_reference(successor), "verb": Event.Verb.CREATED}
    is_created = bool(recorded) and Event.objects.filter(number=recorded.number - 1, at=recorded.at, **created).exists()
    proposal = recorded and _drafted_with(recorded)
    refusals = list(_unfit(proposal)) if proposal else []
    if is_created:
        refusals += _uses(successor, besides=department, proposal=proposal)
    is_deleted = is_created and not _is_named_anywhere(successor, besides=department)
    return Undo(successor, proposal, is_created, is_deleted, refusals)


@transaction.atomic
def undo(department: Department, *, context: AuditContext) -> Undo:
    """Take back that another department took the place of one, with ``context.reason``, and return what was done.

    The proposal that was drafted then is voided if it is still a draft; in another state it must be void already. A
    successor that the succession created is deleted if nothing names it. Raises SuccessionError without a reason, once
    an edition has been published with the proposal, or while anything else uses the successor that was created, and
    ``proposals.TransitionError``; then nothing is written.
    """
    department = Department.objects.select_for_update().get(pk=department.pk)
    # Nothing begins to name the successor meanwhile.
    list(Department.objects.select_for_update().filter(pk=department.replaced_by_id))
    plan = plan_undo(department)
    if plan.refusals:
        raise SuccessionError(plan.refusals)
    if not context.reason:
        raise SuccessionError(["撤销更名或并入时请写明理由。"])
    before = snapshots.snapshot(department)
    for name in REPLACEMENT:
        setattr(department, name, None)
    department.save(update_fields=REPLACEMENT)
    snapshots.record_change(department, before=before, context=context)
    if plan.proposal and proposals.locked(plan.proposal, State.DRAFT, State.VOID).state == State.DRAFT:
        reversals.void(plan.proposal, context=context)
    if plan.is_deleted:
        snapshots.record_deleted(plan.successor, context=context)
        plan.successor.delete()
    return plan


def _drafted_with(recorded: Event) -> Proposal | None:
    """Return the proposal that ``replace()`` drafted right after it recorded a successor, in the same transaction."""
    following = Event.objects.filter(number__gt=recorded.number).exclude(term=recorded.term).order_by("number").first()
    is_drafted = following and (following.verb, following.at) == (Event.Verb.DRAFTED, recorded.at)
    return Proposal.objects.get(number=following.proposal) if is_drafted else None


def _unfit(proposal: Proposal) -> Iterator[str]:
    if proposal.state == State.PUBLISHED:
        yield f"第 {proposal.number} 号建议已随版本 {proposal.edition.slug} 发布，不能撤销；{ANEW}"
    elif proposal.state not in (State.DRAFT, State.VOID):
        back = "先移出版本、撤销批准，再作废" if proposal.state == State.APPROVED else "先作废"
        yield f"第 {proposal.number} 号建议现在是“{proposal.get_state_display()}”；请{back}，然后撤销。"


def _uses(successor: Department, *, besides: Department, proposal: Proposal | None) -> Iterator[str]:
    """Yield a sentence for each use of a successor, apart from the succession itself and its proposal."""
    if successor.replaced_by:
        day = successor.replaced_from
        yield f"{successor}自 {day} 起已由{successor.replaced_by}接替；请先撤销那一次。"
    for other in successor.replaces.exclude(pk=besides.pk):
        yield f"{other}也由{successor}接替；请先撤销那一次。"
    for edition in Edition.objects.filter(_naming(successor)).distinct():
        if edition.is_published:
            yield f"已发布的版本 {edition.slug} 写着{successor}，不能撤销；{ANEW}"
        else:
            yield f"草稿版本 {edition.slug} 写着{successor}；请先把有关的建议移出版本。"
    others = Proposal.objects.unfinished().exclude(pk=proposal and proposal.pk)
    others = others.filter(Q(department=successor) | Q(entries__in=_proposed(successor))).distinct()
    if numbers := "、".join(str(number) for number in others.order_by("number").values_list("number", flat=True)):
        yield f"没有办完的建议（第 {numbers} 号）写着{successor}，或由它提出；请先作废，或者改掉。"
    if people := "、".join(names.full_name(row.user) for row in successor.memberships.select_related("user")):
        yield f"账号（{people}）属于{successor}；请管理员先改到别的部门。"
    if count := successor.feedback.unanswered().count():
        yield f"有 {count} 件意见反馈转给了{successor}；请先答复，或者转办。"


def _naming(department: Department) -> Q:
    """Return the condition that an edition has an entry which names a department."""
    return Q(*((f"entries__{column}", department) for column in departments.COLUMNS), _connector=Q.OR)


def _proposed(department: Department) -> QuerySet:
    """Return the proposed entries with the code of a department, in whatever field."""
    entries = ProposedEntry.objects.alias(text=Cast("entry_data", TextField()))
    return entries.filter(text__contains=f'"{department.code}"')


def _is_named_anywhere(successor: Department, *, besides: Department) -> bool:
    """Whether any row names a department, void proposals included, but for its own rows and the one it replaces."""
    # They go with it; the event of its deletion has them.
    own = (Contact, Identifier)
    relations = [relation for relation in Department._meta.related_objects if relation.related_model not in own]
    rows = (relation.related_model.objects.filter(**{relation.field.name: successor}) for relation in relations)
    others = (query.exclude(pk=besides.pk) if query.model is Department else query for query in rows)
    is_typed = DraftInput.objects.filter(scope=successor.code).exists()
    return is_typed or any(query.exists() for query in others) or _proposed(successor).exists()


def _store(
    successor: Department, department: Department, source: Source, clause: Mapping, context: AuditContext
) -> None:
    successor.code, successor.source = codes.next_term_code(Department), source
    for name in KEPT:
        setattr(successor, name, getattr(department, name))
    for name in ("locator", "quote", "verification"):
        setattr(successor, name, clause[name])
    successor.full_clean()
    successor.save(force_insert=True)
    snapshots.record_change(successor, before=None, context=context)


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
