"""A copy of a proposal (复制为新建议): a new draft of the user's department with its content, on the current list."""

import uuid
from collections.abc import Iterator, Mapping

from django.utils import timezone

from catalogue.accounts import permissions
from catalogue.audit.log import AuditContext
from catalogue.audit.models import Event
from catalogue.editions import merge
from catalogue.editions.document import entry_data
from catalogue.editions.models import Edition, Entry
from catalogue.workflow import proposals
from catalogue.workflow.base import base_of, current_documents
from catalogue.workflow.models import Proposal, ProposedEntry
from catalogue.workflow.steps import proposed_cases
from services.models import Department

Action = ProposedEntry.Action
# The order of ``last_sealed()``.
NEWEST_FIRST = ("-effective_from", "-number")


def copy(proposal: Proposal, *, form_key: uuid.UUID, context: AuditContext) -> tuple[Proposal, list[str]]:
    """Draft a copy of a proposal in any state; return it with a sentence for each thing to be looked at.

    Entries that the current list or the user's departments do not allow are left out, and told. Its text is that of
    the editors of the copied proposal, so they are editors of the copy and neither assess nor decide on it. Raises
    TransitionError if the user is of no department.
    """
    today = timezone.localdate(context.at)
    own = permissions.departments_of(context.user, today)
    department = proposal.department
    if not permissions.can_change(context.user, department.code, today):
        department = Department.objects.filter(code__in=own).order_by("position", "code").first()
    if department is None:
        raise proposals.TransitionError(["您不属于任何部门，不能提出建议。"])
    current = {code: entry_data(document) for code, document in current_documents(proposal).items()}
    entries = list(proposal.entries.values("service", "action", "entry_data", "successors"))
    base = base_of(proposal)
    left_out = proposals.foreign_department_faults(entries, edition=base, by=context.user, on=today)
    for entry in entries:
        if reason := _obstacle(entry, current):
            left_out.setdefault(entry["service"], reason)
    kept = [entry for entry in entries if entry["service"] not in left_out]
    values = ("kind", "region", "title", "reason", "document_number", "effective_from", "raises_cost", "is_urgent")
    case_changes, case_notes = _copied_cases(proposal, base, context)
    copied = proposals.draft(
        **{name: getattr(proposal, name) for name in values}, department=department, entries=kept, form_key=form_key,
        context=context, case_changes=case_changes, authors=proposal.editors.all(),
    )  # fmt: skip
    notes = [f"{reason}没有复制这一项。" for reason in left_out.values()] + case_notes
    return copied, notes + list(_changed_since(proposal, kept, current))


def _copied_cases(proposal: Proposal, base: Edition | None, context: AuditContext) -> tuple[dict[str, dict], list[str]]:
    """Return the changes of cases that can be copied, by code, and a sentence for each that cannot."""
    present = set(base.cases.values_list("code", flat=True)) if base else set()
    kept, notes = {}, []
    for change in proposal.cases.values("code", "action", "circumstances", "expected", "because"):
        code = change.pop("code")
        services = [
            {"service": service, "action": Action.CHANGE}
            for service in sorted(proposed_cases.services_of({code: change}, base))
        ]
        if (code in present) == (change["action"] == proposed_cases.Action.ADD):
            notes.append(f"案例 {code} 现行清单中已经{'有了' if code in present else '没有了'}，没有复制。")
        elif proposals.foreign_department_faults(
            services, edition=base, by=context.user, on=timezone.localdate(context.at)
        ):
            notes.append(f"案例 {code} 涉及其他部门牵头的项目，没有复制。")
        else:
            kept[code] = change
    return kept, notes


def _obstacle(entry: Mapping, current: Mapping[str, Mapping]) -> str | None:
    code, action = entry["service"], entry["action"]
    if action == Action.ADD:
        return None
    if code not in current:
        return f"现行清单中已没有 {code}。"
    if action == Action.CHANGE and merge.apply_change(current[code], entry["entry_data"]) == current[code]:
        return f"{code} 的改动现行清单中已经有了。"
    return None


def _changed_since(proposal: Proposal, entries: list[dict], current: Mapping[str, Mapping]) -> Iterator[str]:
    """Yield a sentence for each proposed column that the list changed after the proposal was last written."""
    edition = _written_on(proposal)
    if edition is None:
        return
    before = {document["code"]: entry_data(document) for document in edition.documents()}
    for entry in entries:
        code = entry["service"]
        if entry["action"] != Action.CHANGE or code not in before:
            continue
        columns = entry["entry_data"].keys() - set(merge.SOURCING_KEYS)
        changed = sorted(column for column in columns if before[code].get(column) != current[code].get(column))
        for column in changed:
            label = Entry._meta.get_field(column).verbose_name
            yield f"{code} 的“{label}”在原建议之后已经改过；复制的是原建议的内容，请对照现行清单核对。"


def _written_on(proposal: Proposal) -> Edition | None:
    """Return the edition that a proposal was last written on."""
    writing = (Event.Verb.DRAFTED, Event.Verb.AMENDED)
    event = Event.objects.filter(proposal=proposal.number, verb__in=writing).order_by("-number").first()
    if event is None:
        return None
    return proposal.region.editions.published().filter(published_at__lte=event.at).order_by(*NEWEST_FIRST).first()
