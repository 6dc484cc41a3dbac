"""How the list moves: a proposal is drafted, assessed, decided on by somebody else, and taken up into an edition.

Each verb is one transaction, locks the proposal, says what it raises, and records its step. Which role may call which
is the caller's to ask; that an editor proposes for his or her own departments is kept here, and that nobody decides on
their own is kept here and by triggers of the database.
"""

import datetime
from collections.abc import Container, Mapping, Sequence
from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Max

from catalogue.accounts import permissions
from catalogue.audit import log
from catalogue.audit.log import AuditContext
from catalogue.audit.models import Event
from catalogue.editions import drafts, merge, sourcing
from catalogue.editions.document import entry_data
from catalogue.editions.models import Edition, Entry, SourcedField
from catalogue.workflow import cases
from catalogue.workflow.approval import ordered_steps
from catalogue.workflow.models import Approval, Assessment, Proposal, ProposedEntry
from services.models import Department, Region, Service
from services.vocabularies import Terms, UnknownCodeError

State, Kind, Action = Proposal.State, Proposal.Kind, ProposedEntry.Action

# What a change of them may cost, whatever the proposer thinks of it (plan, chapter 3, section 4).
NEEDS_ASSESSMENT = {"target_groups", "target_group_text", "standard", "expenditure_responsibility", "eligibility"}
# How many services each kind adds, changes and withdraws: (least, most), None for any number.
ALLOWED_ACTIONS = {
    Kind.ADD: {Action.ADD: (1, None)},
    Kind.CHANGE: {Action.CHANGE: (1, None)},
    Kind.WITHDRAW: {Action.WITHDRAW: (1, None)},
    Kind.MERGE: {Action.WITHDRAW: (1, None), Action.ADD: (0, 1), Action.CHANGE: (0, 1)},
    Kind.SPLIT: {Action.WITHDRAW: (0, 1), Action.CHANGE: (0, 1), Action.ADD: (1, None)},
}


class Fault(NamedTuple):
    """One reason why a proposal cannot be submitted: the field, the service's code (None: the proposal), and why."""

    field: str
    service: str | None
    reason: str

    def __str__(self) -> str:
        return f"{self.service}：{self.reason}" if self.service else self.reason


class TransitionError(Exception):
    """A step that cannot be taken; ``reasons`` says why, each a sentence for the person who tried."""

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
    imported_from: str | None = None,
) -> Proposal:
    """Draft a proposal of ``context.user`` and return it.

    ``entries`` are mappings of ``service`` (code), ``action``, ``entry_data`` (for an addition the whole entry, for a
    change the columns it changes with their ``verification``, ``basis`` and ``citations``, for a withdrawal None) and
    ``successors`` (codes); ``imported_from`` is the SHA-256 of the table they were read from. A draft may still be
    faulty: ``faults()`` says how, and ``submit()`` refuses it. Raises NotPossible for what cannot even be kept, and
    for services of departments that ``context.user`` does not belong to.
    """
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
        imported_from=imported_from,
        proposer=context.user,
    )
    _save(proposal, entries, context)
    _record(proposal, context, Event.Verb.DRAFTED, after=proposal_snapshot(proposal))
    return proposal


@transaction.atomic
def amend(proposal: Proposal, *, entries: Sequence[Mapping], context: AuditContext, **changes: object) -> Proposal:
    """Put other entries, and other values of its columns, in place of a proposal's own; it is a draft again.

    Only its proposer may, while it is a draft or was declined. Raises NotPossible; then nothing is written.
    """
    proposal = _locked(proposal, State.DRAFT, State.DECLINED)
    _require_proposer(proposal, context)
    before = proposal_snapshot(proposal)
    for name, value in changes.items():
        setattr(proposal, name, value)
    proposal.state = State.DRAFT
    proposal.entries.all().delete()
    Assessment.objects.filter(proposal=proposal).delete()
    _save(proposal, entries, context)
    _record(proposal, context, Event.Verb.AMENDED, before=before, after=proposal_snapshot(proposal))
    return proposal


@transaction.atomic
def submit(proposal: Proposal, *, context: AuditContext) -> Proposal:
    """Submit a draft: to assessment if it may cost anything, otherwise to approval.

    Raises NotPossible with every fault, or if somebody else than its proposer tries; then nothing is written.
    """
    proposal = _locked(proposal, State.DRAFT)
    _require_proposer(proposal, context)
    if found := faults(proposal):
        raise TransitionError([str(fault) for fault in found])
    return _move(
        proposal, State.ASSESSING if needs_assessment(proposal) else State.APPROVING, context, Event.Verb.SUBMITTED
    )


@transaction.atomic
def assess(proposal: Proposal, *, figures: Mapping, context: AuditContext) -> Assessment:
    """Assess whether the treasury can bear a proposal, which then waits for approval.

    ``figures`` are the columns of Assessment that are not who and when; money in yuan as Decimal, shares in per cent
    that add up to exactly 100. Raises NotPossible for figures that do not hold, or if the proposer tries.
    """
    proposal = _locked(proposal, State.ASSESSING)
    if context.user == proposal.proposer:
        raise TransitionError(["提出人不能评估自己的建议。"])
    assessment = Assessment(proposal=proposal, assessor=context.user, at=context.at, **figures)
    try:
        assessment.full_clean()
    except ValidationError as error:
        raise TransitionError(error.messages) from None
    assessment.save(force_insert=True)
    _move(proposal, State.APPROVING, context, Event.Verb.ASSESSED, after=assessment_snapshot(assessment))
    return assessment


@transaction.atomic
def approve(proposal: Proposal, *, context: AuditContext) -> Proposal:
    """Approve a proposal. Raises NotPossible if who tries proposed or assessed it, or if it cannot be afforded."""
    proposal = _locked(proposal, State.APPROVING)
    _refuse_involved(proposal, context)
    assessment = Assessment.objects.filter(proposal=proposal).first()
    if needs_assessment(proposal) and assessment is None:
        raise TransitionError(["尚未评估财政承受能力，不能批准。"])
    if assessment and assessment.conclusion == Assessment.Conclusion.UNAFFORDABLE:
        raise TransitionError(["评估结论是不可承受，不能批准；可以退回。"])
    # What was faultless when it was submitted may have been overtaken by an edition published since.
    if found := faults(proposal):
        raise TransitionError([str(fault) for fault in found])
    outcomes = cases.outcome_records(cases.case_outcomes(proposal, base_edition(proposal.region))) or None
    Approval.objects.create(
        proposal=proposal, granted=True, approver=context.user, at=context.at, reason=context.reason, outcomes=outcomes
    )
    after = {"outcomes": outcomes} if outcomes else {}
    return _move(proposal, State.APPROVED, context, Event.Verb.APPROVED, after=after)


@transaction.atomic
def decline(proposal: Proposal, *, context: AuditContext) -> Proposal:
    """Send a proposal back with ``context.reason``, which its proposer sees. Raises NotPossible without one."""
    proposal = _locked(proposal, State.ASSESSING, State.APPROVING)
    _refuse_involved(proposal, context)
    if not context.reason:
        raise TransitionError(["退回时请写明理由，提出人会看到。"])
    Approval.objects.create(
        proposal=proposal, granted=False, approver=context.user, at=context.at, reason=context.reason
    )
    return _move(proposal, State.DECLINED, context, Event.Verb.DECLINED)


@transaction.atomic
def retract(proposal: Proposal, *, context: AuditContext) -> Proposal:
    """Take one's own proposal back before it is decided on. It stays on record and cannot be used again."""
    proposal = _locked(proposal, State.DRAFT, State.ASSESSING, State.APPROVING, State.DECLINED)
    _require_proposer(proposal, context)
    return _move(proposal, State.RETRACTED, context, Event.Verb.RETRACTED)


@transaction.atomic
def comment(proposal: Proposal, *, context: AuditContext) -> None:
    """Put ``context.reason`` on a proposal's record as a remark. Raises NotPossible without one."""
    if not context.reason:
        raise TransitionError(["请写下意见。"])
    _record(proposal, context, Event.Verb.COMMENTED)


@transaction.atomic
def include_in_edition(proposal: Proposal, edition: Edition, *, context: AuditContext) -> Proposal:
    """Write an approved proposal into a draft edition of its region, once.

    Raises NotPossible if it is not approved, is in an edition already, or the edition is published or comes into force
    before the day proposed; and ``editing.Refused`` if a value does not stand there. Then nothing is written.
    """
    proposal = _locked(proposal, State.APPROVED)
    edition = Edition.objects.select_for_update().get(pk=edition.pk)
    if proposal.edition_id:
        raise TransitionError([f"已编入版本 {proposal.edition.slug}。"])
    if edition.is_published or edition.region_id != proposal.region_id:
        raise TransitionError([f"版本 {edition.slug} 已发布或属于另一行政区划，不能编入。"])
    if edition.effective_from < proposal.effective_from:
        raise TransitionError([f"版本自 {edition.effective_from} 施行，早于建议的施行日期 {proposal.effective_from}。"])
    terms = Terms()
    for each in ordered_steps(proposal.entries.all()):
        if each.action == Action.WITHDRAW:
            drafts.withdraw_entry(edition, each.service, context=context)
        elif each.action == Action.ADD:
            Service.objects.get_or_create(code=each.service)
            drafts.insert_entry(edition, each.entry_data, terms=Terms(), context=context)
        else:
            entry = edition.entries.filter(service__code=each.service).first()
            if entry is None:
                raise TransitionError([f"版本 {edition.slug} 中已没有服务项目 {each.service}，不能编入对它的调整。"])
            drafts.revise(
                edition, merge.apply_change(drafts.current_data(entry), each.entry_data), terms=terms, context=context
            )
    for approval in proposal.approvals.filter(granted=True):
        cases.apply_outcomes(edition, approval.outcomes or ())
    proposal.edition = edition
    proposal.save(update_fields=["edition"])
    _record(proposal, context, Event.Verb.TAKEN_UP, edition=edition.slug)
    return proposal


def needs_assessment(proposal: Proposal) -> bool:
    """Whether the treasury's capacity is assessed first (plan, chapter 3, section 4): if it may cost anything.

    An addition always; a change of the standard, of whom it is for, of who pays; and whatever its proposer says
    raises a cost. Whether a standard is raised or lowered is for the assessor to say, not for the proposer.
    """
    return proposal.raises_cost or any(
        each.action == Action.ADD or (each.action == Action.CHANGE and NEEDS_ASSESSMENT & set(each.entry_data))
        for each in proposal.entries.all()
    )


def faults(proposal: Proposal) -> list[Fault]:
    """Return every reason why a proposal cannot be submitted, an empty list if there is none."""
    entries = list(proposal.entries.all())
    found = [Fault("kind", None, reason) for reason in _action_count_faults(proposal, entries)]
    current = {code: entry_data(document) for code, document in current_documents(proposal).items()}
    terms, used = Terms(), used_codes()
    for each in entries:
        about = entry_faults(each, effective_from=proposal.effective_from, current=current, terms=terms, used=used)
        found += [Fault(fault.field, each.service, fault.reason) for fault in about]
    codes = {each.service for each in entries if each.action != Action.WITHDRAW} | set(current)
    gone = {each.service for each in entries if each.action == Action.WITHDRAW}
    for each in entries:
        found += [
            Fault("successors", each.service, f"承接项目 {code} 不在清单中，也不在本建议中。")
            for code in each.successors
            if code not in codes - gone
        ]
    return found


def entry_faults(
    each: ProposedEntry,
    *,
    effective_from: datetime.date,
    current: Mapping[str, Mapping],
    terms: Terms,
    used: Container[str],
) -> list[sourcing.FieldFault]:
    """Return every reason why one entry of a proposal cannot be submitted. No query: it is asked row by row.

    ``current`` are the entries of ``base()`` as ``entry_data()``, by code; ``used`` is ``used_codes()``.
    """
    if each.action == Action.ADD:
        if each.service in used:
            return [sourcing.FieldFault("code", "代码已经用过，新增项目请用新的代码。")]
        stated = each.entry_data
        if stated.get("code") != each.service or set(stated) != set(drafts.ENTRY_KEYS):
            return [sourcing.FieldFault("code", "新增项目应写明全部字段；未知的写空。")]
    elif each.service not in current:
        return [sourcing.FieldFault("code", "现行清单中没有这一项目。")]
    elif each.action == Action.WITHDRAW:
        return []
    else:
        if unknown := set(each.entry_data) - set(drafts.ENTRY_KEYS) | set(each.entry_data) & {"code", "number"}:
            return [sourcing.FieldFault("code", f"不能更改 {'、'.join(sorted(unknown))}。")]
        stated = merge.apply_change(current[each.service], each.entry_data)
        if stated == current[each.service]:
            return [sourcing.FieldFault("code", "与现行清单相同，没有任何调整。")]
    found = sourcing.faults(stated, effective_from=effective_from, citable_from=terms.citable_from)
    found += drafts.length_errors(stated)
    if each.action == Action.CHANGE:
        changed, cited = sourcing.changed_fields(current[each.service], stated)
        found += sourcing.uncited(stated, changed=changed, cited=cited)
    if missing := [field for field in ("name", "domain") if not stated[field]]:
        return found + [sourcing.FieldFault(field, f"“{SourcedField(field).label}”必须写明。") for field in missing]
    try:
        drafts.resolve(stated, terms)
    except UnknownCodeError as error:
        found.append(sourcing.FieldFault("code", f"{error}。"))
    return found


def used_codes() -> set[str]:
    """Return the codes that any edition has used, which no new service may take."""
    return set(Entry.objects.values_list("service__code", flat=True))


def base_edition(region: Region) -> Edition | None:
    """Return the edition that proposals change: the last one published, in force or yet to come."""
    return region.editions.published().order_by("-effective_from", "-number").first()


def foreign_department_faults(
    entries: Sequence[Mapping], *, edition: Edition | None, by: AbstractBaseUser
) -> dict[str, str]:
    """Return, by code of service, a sentence for each that is led by a department somebody does not belong to.

    ``entries`` are as ``draft()`` takes them, ``edition`` is ``base()``.
    """
    current = edition.entries.values_list("service__code", "lead_department__code") if edition else ()
    leads, names = dict(current), dict(Department.objects.values_list("code", "name"))
    found = {}
    for each in entries:
        if each["action"] == Action.ADD:
            lead = (each["entry_data"] or {}).get("lead_department")
            if lead is None:
                continue
        elif each["service"] in leads:
            lead = leads[each["service"]]
        else:
            continue
        if not permissions.can_change(by, lead):
            whose = f"由{names.get(lead, lead)}牵头，您不属于这个部门" if lead else "的牵头单位未知"
            found[each["service"]] = f"{each['service']} {whose}，不能由您提出；请与牵头单位或管理员联系。"
    return found


def current_documents(proposal: Proposal) -> dict[str, dict]:
    """Return the documents a proposal is held against, by code of service."""
    edition = base_edition(proposal.region)
    return {document["code"]: document for document in (edition.documents() if edition else [])}


def blank_entry(code: str, number: int = 1) -> dict:
    """Return an entry of which nothing is known yet, for an addition to be written in or held against."""
    empty = {column: [] for column in (*drafts.LIST_COLUMNS, "citations")} | {"verification": {}, "basis": {}}
    return dict.fromkeys(drafts.ENTRY_KEYS) | empty | {"code": code, "number": number}


def proposal_snapshot(proposal: Proposal) -> dict:
    """Return a proposal as it is recorded: its columns and what it would say."""
    return {
        "kind": proposal.kind,
        "title": proposal.title,
        "department": proposal.department.code,
        "reason": proposal.reason,
        "document_number": proposal.document_number,
        "effective_from": proposal.effective_from.isoformat(),
        "raises_cost": proposal.raises_cost,
        "entries": list(proposal.entries.values("service", "action", "successors", stated=F("entry_data"))),
    }


def assessment_snapshot(assessment: Assessment) -> dict:
    """Return an assessment as it is recorded: its figures, what each level bears of them, and what it rests on."""
    figures = {name: str(getattr(assessment, name)) for name in ("beneficiaries", "unit_standard", "periods", "period")}
    texts = {
        name: getattr(assessment, name)
        for name in ("funding_source", "conclusion", "opinion", "attachment_name", "attachment_digest")
    }
    shares = {name: f"{getattr(assessment, name):.2f}" for name in Assessment.SHARE_FIELDS}
    borne = {name.replace("share", "borne"): f"{amount:.2f}" for name, amount in assessment.cost_by_level().items()}
    return figures | shares | {"total": f"{assessment.total:.2f}"} | borne | texts


def _action_count_faults(proposal: Proposal, entries: Sequence[ProposedEntry]) -> list[str]:
    shape = ALLOWED_ACTIONS[Kind(proposal.kind)]
    found = []
    for action in Action:
        count = sum(each.action == action for each in entries)
        least, most = shape.get(action, (0, 0))
        if count < least or (most is not None and count > most):
            found.append(f"“{Kind(proposal.kind).label}”建议的“{action.label}”条目数不对（现有 {count} 条）。")
    arriving = [each.service for each in entries if each.action != Action.WITHDRAW]
    leaving = [each for each in entries if each.action == Action.WITHDRAW]
    if proposal.kind == Kind.MERGE and (len(arriving) != 1 or any(each.successors != arriving for each in leaving)):
        found.append("合并后应只有一个项目，并由它承接每个被合并的项目。")
    if proposal.kind == Kind.SPLIT and len(arriving) < 2:
        found.append("拆分后应至少有两个项目。")
    return found


def _save(proposal: Proposal, entries: Sequence[Mapping], context: AuditContext) -> None:
    if len({each["service"] for each in entries}) != len(entries):
        raise TransitionError(["同一服务项目在建议中出现了两次。"])
    refused = []
    if not permissions.can_change(context.user, proposal.department.code):
        refused.append(f"您不属于{proposal.department}，不能以它的名义提出建议。")
    refused += foreign_department_faults(entries, edition=base_edition(proposal.region), by=context.user).values()
    if refused:
        raise TransitionError(refused)
    try:
        proposal.full_clean()
        proposal.save()
        proposed = [ProposedEntry(proposal=proposal, **each) for each in entries]
        for each in proposed:
            each.full_clean()
    except ValidationError as error:
        raise TransitionError(error.messages) from None
    ProposedEntry.objects.bulk_create(proposed)


def _locked(proposal: Proposal, *states: str) -> Proposal:
    found = Proposal.objects.select_for_update().get(pk=proposal.pk)
    if found.state not in states:
        raise TransitionError([f"建议现在是“{found.get_state_display()}”，不能这样处理；请刷新页面查看。"])
    return found


def _require_proposer(proposal: Proposal, context: AuditContext) -> None:
    if context.user != proposal.proposer:
        raise TransitionError(["只有提出人可以这样处理自己的建议。"])


def _refuse_involved(proposal: Proposal, context: AuditContext) -> None:
    involved = {proposal.proposer_id, *Assessment.objects.filter(proposal=proposal).values_list("assessor", flat=True)}
    if context.user is None or context.user.pk in involved:
        raise TransitionError(["提出人和评估人不能审批同一建议，请由另一人审批。"])


def _move(proposal: Proposal, state: str, context: AuditContext, verb: str, **recorded: object) -> Proposal:
    before = proposal.state
    proposal.state = state
    proposal.save(update_fields=["state"])
    after = {"state": state} | recorded.pop("after", {})
    _record(proposal, context, verb, before={"state": before}, after=after, **recorded)
    return proposal


def _record(proposal: Proposal, context: AuditContext, verb: str, **recorded: object) -> None:
    log.append(context, [{"verb": verb, "proposal": proposal.number, **recorded}])
