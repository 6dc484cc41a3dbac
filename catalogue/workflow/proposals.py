"""Transitions of proposals: a proposal is drafted, assessed, approved by another person and taken up into an edition.

Each transition is one transaction, locks the proposal and writes its event to the audit log. Callers check the role of
the user. This module checks that editors propose only for their own departments, and that the proposer and the assessor
of a proposal do not decide on it; database triggers enforce the latter too.
"""

import datetime
import uuid
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone

from catalogue.accounts import permissions
from catalogue.audit import log
from catalogue.audit.log import AuditContext
from catalogue.audit.models import Event
from catalogue.editions import drafts, merge, sourcing
from catalogue.editions.document import entry_data
from catalogue.editions.models import Edition, Entry, SourcedField
from catalogue.workflow import cases
from catalogue.workflow.base import (
    base_of,
    compared_edition,
    current_documents,
    day_fault,
    inclusion_fault,
    is_correction,
    urgency_fault,
)
from catalogue.workflow.checks import departments, figures, full_texts, kinds, labels
from catalogue.workflow.checks.approved_content import ordered_steps
from catalogue.workflow.models import Approval, Assessment, Proposal, ProposedEntry
from catalogue.workflow.steps import assessments, inputs, proposed_cases
from services.models import Department, Region, Service
from services.values import quoted_values
from services.vocabularies import Terms, UnknownCodeError, source_identities

State, Kind, Action = Proposal.State, Proposal.Kind, ProposedEntry.Action

# Columns whose change may raise the cost and is always assessed (plan, chapter 3, section 4).
NEEDS_ASSESSMENT = {
    "target_groups", "target_group_text", "standard", *quoted_values.COLUMNS, "expenditure_responsibility",
    "eligibility",
}  # fmt: skip


class ProposalFault(NamedTuple):
    """A reason why a proposal cannot be submitted: field, service code (None for the proposal itself), sentence."""

    field: str
    service: str | None
    reason: str

    def __str__(self) -> str:
        return f"{self.service}：{self.reason}" if self.service else self.reason


class TransitionError(Exception):
    """A transition that is refused; ``reasons`` are sentences for the user."""

    def __init__(self, reasons: Sequence[str]):
        self.reasons = list(reasons)
        super().__init__("；".join(self.reasons))


@transaction.atomic
def draft(
    *,
    kind: str,
    region: Region,
    department: Department,
    title: str,
    reason: str,
    effective_from: datetime.date,
    entries: Sequence[Mapping],
    context: AuditContext,
    document_number: str | None = None,
    raises_cost: bool = False,
    is_urgent: bool = False,
    imported_from: str | None = None,
    form_key: str | uuid.UUID | None = None,
    authors: Iterable[AbstractBaseUser] = (),
    case_changes: Mapping[str, Mapping | None] | None = None,
) -> Proposal:
    """Draft a proposal of ``context.user`` and return it.

    ``entries`` are mappings of ``service`` (code), ``action``, ``entry_data`` (for an addition the whole entry, for a
    change the columns it changes with their ``verification``, ``basis`` and ``citations``, for a withdrawal None) and
    ``successors`` (codes); ``imported_from`` is the SHA-256 of the table they were read from, ``form_key`` tells the
    form they were typed in: a second proposal of it raises IntegrityError; ``authors`` are those who typed it beside
    the user; ``case_changes`` are as for ``proposed_cases.store()``. A draft may have faults, which ``faults()`` lists
    and ``submit()`` refuses. Raises TransitionError for values that cannot be stored, and for services of departments
    that ``context.user`` does not belong to.
    """
    # One draft at a time, so that each has a number of its own.
    Region.objects.select_for_update().get(pk=region.pk)
    proposal = Proposal(
        number=(Proposal.objects.aggregate(last=Max("number"))["last"] or 0) + 1,
        kind=kind,
        region=region,
        department=department,
        title=title,
        reason=reason,
        document_number=document_number,
        effective_from=effective_from,
        raises_cost=raises_cost,
        is_urgent=is_urgent,
        imported_from=imported_from,
        form_key=form_key,
        proposer=context.user,
        handler=context.user,
    )
    _save(proposal, entries, case_changes or {}, context)
    proposal.editors.add(context.user, *authors)
    record(proposal, context, Event.Verb.DRAFTED, after=proposal_snapshot(proposal))
    return proposal


@transaction.atomic
def amend(
    proposal: Proposal, *, entries: Sequence[Mapping], context: AuditContext, authors: Iterable[AbstractBaseUser] = (),
    case_changes: Mapping[str, Mapping | None] | None = None, **changes: object,
) -> Proposal:  # fmt: skip
    """Replace the entries of a proposal, and the columns in ``changes``; it becomes a draft again, without assessment.

    Of its cases it replaces those in ``case_changes`` (``proposed_cases.store()``). Only its department may amend, and
    only a draft or a declined proposal; the user and ``authors``, who typed it, then neither assess nor decide. Raises
    TransitionError; then nothing is written.
    """
    proposal = locked(proposal, State.DRAFT, State.DECLINED)
    require_department(proposal, context)
    proposal.editors.add(*authors)
    before = proposal_snapshot(proposal)
    for name, value in changes.items():
        setattr(proposal, name, value)
    proposal.state = State.DRAFT
    proposal.entries.all().delete()
    Assessment.objects.filter(proposal=proposal).delete()
    _save(proposal, entries, case_changes or {}, context)
    record(proposal, context, Event.Verb.AMENDED, before=before, after=proposal_snapshot(proposal))
    return proposal


@transaction.atomic
def submit(proposal: Proposal, *, context: AuditContext) -> Proposal:
    """Submit a draft for assessment if it may raise the cost, otherwise for approval.

    Raises TransitionError with every fault, or if the user is not of its department; then nothing is written.
    """
    proposal = locked(proposal, State.DRAFT)
    require_department(proposal, context)
    if unsaved := inputs.unsaved(proposal):
        raise TransitionError(
            [f"{row.author_name}填写的内容还没有保存；请打开那一页保存或放弃，再提交。" for row in unsaved]
        )
    if problems := _faults_on(proposal, timezone.localdate(context.at)):
        raise TransitionError(problems)
    return move(
        proposal, State.ASSESSING if needs_assessment(proposal) else State.APPROVING, context, Event.Verb.SUBMITTED
    )


@transaction.atomic
def assess(proposal: Proposal, *, figures: Mapping, context: AuditContext) -> Assessment:
    """Store the assessment of a proposal, which then waits for approval.

    ``figures`` are as for ``assessments.store()``. Raises TransitionError for invalid figures, or if the user is one of
    its editors.
    """
    proposal = locked(proposal, State.ASSESSING)
    if context.user in proposal.editors.all():
        raise TransitionError(["提出或修改过建议的人不能评估它。"])
    try:
        with transaction.atomic():
            assessment = assessments.store(proposal, figures, context)
    except ValidationError as error:
        raise TransitionError(error.messages) from None
    move(proposal, State.APPROVING, context, Event.Verb.ASSESSED, after=assessments.snapshot(assessment))
    return assessment


@transaction.atomic
def approve(proposal: Proposal, *, context: AuditContext) -> Proposal:
    """Approve a proposal, and store the outcomes of its cases with the approval.

    Raises TransitionError with every fault, if the user proposed, edited or assessed it, if a required assessment is
    missing, or if it is not affordable; then nothing is written.
    """
    proposal = locked(proposal, State.APPROVING)
    refuse_involved(proposal, context)
    assessment = Assessment.objects.filter(proposal=proposal).first()
    if needs_assessment(proposal) and assessment is None:
        raise TransitionError(["尚未评估财政承受能力，不能批准。"])
    if assessment and assessment.conclusion == Assessment.Conclusion.UNAFFORDABLE:
        raise TransitionError(["评估结论是不可承受，不能批准；可以退回。"])
    # An edition published since the submission may have caused new faults.
    if problems := _faults_on(proposal, timezone.localdate(context.at)):
        raise TransitionError(problems)
    outcomes = cases.outcome_records(cases.case_outcomes(proposal, base_of(proposal))) or None
    Approval.objects.create(
        proposal=proposal, granted=True, approver=context.user, at=context.at, reason=context.reason, outcomes=outcomes
    )
    after = {"outcomes": outcomes} if outcomes else {}
    if reasons := figures.reasons_snapshot(figures.of_proposal(proposal, compared_edition(proposal))):
        after["figure_reasons"] = reasons
    return move(proposal, State.APPROVED, context, Event.Verb.APPROVED, after=after)


@transaction.atomic
def decline(proposal: Proposal, *, context: AuditContext) -> Proposal:
    """Decline a proposal with ``context.reason``, which its proposer sees. Raises TransitionError without one."""
    proposal = locked(proposal, State.ASSESSING, State.APPROVING)
    refuse_involved(proposal, context)
    if not context.reason:
        raise TransitionError(["退回时请写明理由，提出人会看到。"])
    Approval.objects.create(
        proposal=proposal, granted=False, approver=context.user, at=context.at, reason=context.reason
    )
    return move(proposal, State.DECLINED, context, Event.Verb.DECLINED)


@transaction.atomic
def comment(proposal: Proposal, *, context: AuditContext) -> None:
    """Write ``context.reason`` to the audit log as a comment on a proposal. Raises TransitionError without one."""
    if not context.reason:
        raise TransitionError(["请写下意见。"])
    record(proposal, context, Event.Verb.COMMENTED)


@transaction.atomic
def include_in_edition(proposal: Proposal, edition: Edition, *, context: AuditContext) -> Proposal:
    """Take an approved proposal up into a draft edition of its region, once.

    Raises TransitionError if it is not approved, is already in an edition, or the edition is published or comes into
    force before the proposed day; and ``drafts.DraftError`` if the draft refuses a value. Then nothing is written.
    """
    proposal = locked(proposal, State.APPROVED)
    edition = Edition.objects.select_for_update().get(pk=edition.pk)
    if proposal.edition_id:
        raise TransitionError([f"已编入版本 {proposal.edition.slug}。"])
    if edition.is_published or edition.region_id != proposal.region_id:
        raise TransitionError([f"版本 {edition.slug} 已发布或属于另一行政区划，不能编入。"])
    if edition.effective_from < proposal.effective_from:
        raise TransitionError([f"版本自 {edition.effective_from} 施行，早于建议的施行日期 {proposal.effective_from}。"])
    if reason := inclusion_fault(proposal, edition, is_correction=is_correction(edition)):
        raise TransitionError([reason])
    terms = Terms()
    for step in ordered_steps(proposal.entries.all()):
        if step.action == Action.WITHDRAW:
            drafts.withdraw_entry(edition, step.service, context=context)
        elif step.action == Action.ADD:
            Service.objects.get_or_create(code=step.service)
            drafts.insert_entry(edition, step.entry_data, terms=Terms(), context=context)
        else:
            entry = edition.entries.filter(service__code=step.service).first()
            if entry is None:
                raise TransitionError([f"版本 {edition.slug} 中已没有服务项目 {step.service}，不能编入对它的调整。"])
            drafts.save_entry(
                edition, merge.apply_change(drafts.current_data(entry), step.entry_data), terms=terms, context=context
            )
    proposed_cases.take_up(edition, proposal, entries=drafts.current_entries(edition))
    proposal.edition = edition
    proposal.save(update_fields=["edition"])
    record(proposal, context, Event.Verb.TAKEN_UP, edition=edition.slug)
    return proposal


def needs_assessment(proposal: Proposal) -> bool:
    """Whether affordability is assessed before approval (plan, chapter 3, section 4): if the cost may rise.

    This holds for every addition, for a change of a column in ``NEEDS_ASSESSMENT``, and if the proposer states that
    the proposal raises the cost. The assessor, not the proposer, judges whether a standard is raised or lowered.
    """
    return proposal.raises_cost or any(
        entry.action == Action.ADD or (entry.action == Action.CHANGE and NEEDS_ASSESSMENT & set(entry.entry_data))
        for entry in proposal.entries.all()
    )


def _faults_on(proposal: Proposal, today: datetime.date) -> list[str]:
    return [*filter(None, [day_fault(proposal, today)]), *(str(fault) for fault in faults(proposal))]


def faults(proposal: Proposal) -> list[ProposalFault]:
    """Return all reasons why a proposal cannot be submitted, an empty list if there are none."""
    entries = list(proposal.entries.all())
    has_cases = proposal.cases.exists()
    count_faults = kinds.count_faults(proposal.kind, entries, has_cases=has_cases)
    result = [ProposalFault("kind", None, reason) for reason in count_faults]
    current = {code: entry_data(document) for code, document in current_documents(proposal).items()}
    if has_cases:
        found = proposed_cases.faults(proposal, base_of(proposal), current)
        result += [ProposalFault("cases", None, reason) for _, reason in found]
    if reason := urgency_fault(proposal):
        result.append(ProposalFault("is_urgent", None, reason))
    terms, used = Terms(), used_codes()
    for entry in entries:
        field_faults = entry_faults(
            entry, effective_from=proposal.effective_from, current=current, terms=terms, used=used
        )
        result += [ProposalFault(fault.field, entry.service, fault.reason) for fault in field_faults]
    changes = list(figures.entry_changes(entries, current))
    result += [
        ProposalFault(row.field, row.service, f"{row}；请补充有这些数字的条文，或在“数字与原文”里写明理由。")
        for row in figures.unquoted(changes, [proposal], source_identities())
        if row.reason is None
    ]
    result += [ProposalFault(row.field, row.service, str(row)) for row in full_texts.missing_quotes(changes)]
    codes = {entry.service for entry in entries if entry.action != Action.WITHDRAW} | set(current)
    withdrawn_codes = {entry.service for entry in entries if entry.action == Action.WITHDRAW}
    for entry in entries:
        result += [
            ProposalFault("successors", entry.service, f"承接项目 {code} 不在清单中，也不在本建议中。")
            for code in entry.successors
            if code not in codes - withdrawn_codes
        ]
    return result


def entry_faults(
    entry: ProposedEntry,
    *,
    effective_from: datetime.date,
    current: Mapping[str, Mapping],
    terms: Terms,
    used: Container[str],
) -> list[sourcing.FieldFault]:
    """Return all reasons why one entry of a proposal cannot be submitted. No query, because imports call it per row.

    ``current`` are the entries of ``base_of()`` as ``entry_data()``, by code; ``used`` is ``used_codes()``.
    """
    if entry.action == Action.ADD:
        if entry.service in used:
            return [sourcing.FieldFault("code", "代码已经用过，新增项目请用新的代码。")]
        new_data = entry.entry_data
        if new_data.get("code") != entry.service or set(new_data) != set(drafts.ENTRY_KEYS):
            return [sourcing.FieldFault("code", "新增项目应写明全部字段；未知的写空。")]
    elif entry.service not in current:
        return [sourcing.FieldFault("code", "现行清单中没有这一项目。")]
    elif entry.action == Action.WITHDRAW:
        return []
    else:
        if unknown_keys := set(entry.entry_data) - set(drafts.ENTRY_KEYS) | set(entry.entry_data) & {"code", "number"}:
            return [sourcing.FieldFault("code", f"不能更改 {'、'.join(sorted(unknown_keys))}。")]
        new_data = merge.apply_change(current[entry.service], entry.entry_data)
        if new_data == current[entry.service]:
            return [sourcing.FieldFault("code", "与现行清单相同，没有任何调整。")]
    field_faults = sourcing.faults(new_data, effective_from=effective_from, citable_from=terms.citable_from)
    field_faults += drafts.length_errors(new_data)
    before = current[entry.service] if entry.action == Action.CHANGE else drafts.blank_entry(entry.service)
    field_faults += departments.faults(before, new_data, effective_from=effective_from, terms=terms)
    if entry.action == Action.CHANGE:
        changed_fields, cited_fields = sourcing.changed_fields(current[entry.service], new_data)
        field_faults += sourcing.uncited(new_data, changed=changed_fields, cited=cited_fields)
    if missing_fields := [field for field in ("name", "domain") if not new_data[field]]:
        return field_faults + [
            sourcing.FieldFault(field, f"“{SourcedField(field).label}”必须写明。") for field in missing_fields
        ]
    try:
        drafts.resolve_codes(new_data, terms)
    except UnknownCodeError as error:
        field_faults.append(sourcing.FieldFault("code", f"{error}。"))
    # Last, because it reads the clauses of values, which must be valid.
    return field_faults or labels.faults(before, new_data, terms=terms)


def used_codes() -> set[str]:
    """Return the codes used in any edition, which a new service must not reuse."""
    return set(Entry.objects.values_list("service__code", flat=True))


def foreign_department_faults(
    entries: Sequence[Mapping], *, edition: Edition | None, by: AbstractBaseUser, on: datetime.date
) -> dict[str, str]:
    """Return, by service code, a sentence for each service led by a department that user ``by`` is not of on a day.

    ``entries`` have the shape that ``draft()`` takes, ``edition`` is ``base_of()``.
    """
    current = edition.entries.values_list("service__code", "lead_department__code") if edition else ()
    leads, names = dict(current), dict(Department.objects.values_list("code", "name"))
    reasons = {}
    for entry in entries:
        if entry["action"] == Action.ADD:
            lead = (entry["entry_data"] or {}).get("lead_department")
            if lead is None:
                continue
        elif entry["service"] in leads:
            lead = leads[entry["service"]]
        else:
            continue
        if not permissions.can_change(by, lead, on):
            whose = f"由{names.get(lead, lead)}牵头，您不属于这个部门" if lead else "的牵头单位未知"
            reasons[entry["service"]] = f"{entry['service']} {whose}，不能由您提出；请与牵头单位或管理员联系。"
    return reasons


def proposal_snapshot(proposal: Proposal) -> dict:
    """Return a proposal as written to the audit log: its columns, entries and, if it has some, changes of cases."""
    changes = list(proposal.cases.values("code", "action", "circumstances", "expected", "because"))
    return ({"cases": changes} if changes else {}) | {
        "kind": proposal.kind,
        "title": proposal.title,
        "department": proposal.department.code,
        "reason": proposal.reason,
        "document_number": proposal.document_number,
        "effective_from": proposal.effective_from.isoformat(),
        "raises_cost": proposal.raises_cost,
        **({"is_urgent": True} if proposal.is_urgent else {}),
        "entries": list(proposal.entries.values("service", "action", "successors", stated=F("entry_data"))),
    }


def _save(
    proposal: Proposal, entries: Sequence[Mapping], case_changes: Mapping[str, Mapping | None], context: AuditContext
) -> None:
    if len({entry["service"] for entry in entries}) != len(entries):
        raise TransitionError(["同一服务项目在建议中出现了两次。"])
    base, today = base_of(proposal), timezone.localdate(context.at)
    reasons = [*filter(None, [day_fault(proposal, today)])]
    # Whoever may propose may also name the departments that took the place of others: the clause is on record.
    following = departments.following(entries, edition=base, on=proposal.effective_from)
    others = [entry for entry in entries if entry["service"] not in following]
    if (others or not entries) and not permissions.can_change(context.user, proposal.department.code, today):
        reasons.append(f"您不属于{proposal.department}，不能以它的名义提出建议。")
    with_cases = proposed_cases.services_of(case_changes, base) - {entry["service"] for entry in entries}
    touched = [*others, *({"service": code, "action": Action.CHANGE} for code in sorted(with_cases))]
    reasons += foreign_department_faults(touched, edition=base, by=context.user, on=today).values()
    if reasons:
        raise TransitionError(reasons)
    try:
        proposal.full_clean()
        proposal.save()
        proposed_entries = [ProposedEntry(proposal=proposal, **entry) for entry in entries]
        for entry in proposed_entries:
            entry.full_clean()
        proposed_cases.store(proposal, case_changes)
    except ValidationError as error:
        raise TransitionError(error.messages) from None
    ProposedEntry.objects.bulk_create(proposed_entries)


def locked(proposal: Proposal, *states: str) -> Proposal:
    locked_proposal = Proposal.objects.select_for_update().get(pk=proposal.pk)
    if locked_proposal.state not in states:
        raise TransitionError([f"建议现在是“{locked_proposal.get_state_display()}”，不能这样处理；请刷新页面查看。"])
    return locked_proposal


def acts_for(user: AbstractBaseUser, proposal: Proposal, on: datetime.date) -> bool:
    """Whether a user may go on with a proposal on a day: one of its department.

    So may the proposer of one that only names the departments that took the place of others.
    """
    if permissions.can_change(user, proposal.department.code, on):
        return True
    entries = list(proposal.entries.values("service", "action", "entry_data")) if user == proposal.proposer else []
    edition = base_of(proposal) if entries else None
    return bool(entries) and len(entries) == len(
        departments.following(entries, edition=edition, on=proposal.effective_from)
    )


def require_department(proposal: Proposal, context: AuditContext) -> None:
    """Raise TransitionError for who does not act for the proposal's department; who does becomes one of its editors."""
    if context.user is None or not acts_for(context.user, proposal, timezone.localdate(context.at)):
        raise TransitionError([f"只有{proposal.department}的人可以这样处理这件建议。"])
    proposal.editors.add(context.user)


def refuse_involved(proposal: Proposal, context: AuditContext) -> None:
    if context.user is None or context.user.pk in involved(proposal):
        raise TransitionError(["提出、修改和评估过建议的人不能审批它，请由另一人审批。"])


def involved(proposal: Proposal) -> set[int]:
    """Return the keys of the users who may not decide on a proposal: its editors and its assessor."""
    assessment = getattr(proposal, "assessment", None)
    return {proposal.proposer_id, *(user.pk for user in proposal.editors.all())} | (
        {assessment.assessor_id} if assessment else set()
    )


def move(proposal: Proposal, state: str, context: AuditContext, verb: str, **event_fields: object) -> Proposal:
    before = proposal.state
    proposal.state = state
    proposal.save(update_fields=["state"])
    after = {"state": state} | event_fields.pop("after", {})
    record(proposal, context, verb, before={"state": before}, after=after, **event_fields)
    return proposal


def record(proposal: Proposal, context: AuditContext, verb: str, **event_fields: object) -> None:
    log.append(context, [{"verb": verb, "proposal": proposal.number, **event_fields}])
