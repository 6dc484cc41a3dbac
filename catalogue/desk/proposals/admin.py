"""Proposals (调整建议): their list, and the page of each with its changes, its state and the next steps."""

from typing import NamedTuple

from django.contrib import admin
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db.models import Max, OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from catalogue.accounts import names, permissions
from catalogue.desk import rule_forms
from catalogue.desk.base import filters, versions
from catalogue.desk.base.mixins import DepartmentScopedMixin, DeskAdmin
from catalogue.desk.cases.wording import changes_of, in_words
from catalogue.desk.proposals import assessment
from catalogue.desk.proposals.comparison import comparisons
from catalogue.desk.proposals.diff_view import Row, diff_documents
from catalogue.desk.proposals.edit_views import EditViewsMixin
from catalogue.desk.proposals.field_forms import chosen
from catalogue.desk.proposals.transitions import EXPLAIN, TransitionsMixin, steps_for
from catalogue.editions import merge
from catalogue.models import Approval, Entry, Event, Proposal, ProposedEntry, SourcedField
from catalogue.workflow import cases, proposals
from catalogue.workflow.base import compared_edition, current_documents
from catalogue.workflow.checks import dates, figures, renumbering
from catalogue.workflow.documents import Vocabularies, wanted
from catalogue.workflow.steps import inputs, looks
from services.eligibility import persons, rules
from services.values import quoted_values

# Headers of a request that is made before its page is opened: the standard one, and those of older browsers.
PURPOSES = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")


class MineFilter(filters.CodeFilter):
    title, parameter_name, values = "提出人", "proposer", (("me", "我提出的"),)

    def selected(self, queryset, value):
        return queryset.filter(proposer=self.request.user)


class EntryDiff(NamedTuple):
    """A proposed entry for the template: the rows of its diff, its successors, and the outcomes that it changes.

    ``touched`` are (person, outcome before, outcome after) of the example persons, None if the rule stays the same.
    """

    entry: ProposedEntry
    name: str
    rows: list[Row]
    successors: list[str]
    touched: list[tuple[str, str, str]] | None
    outcomes: list[tuple[str, str, str, str]]
    # The form of the fields that it changes.
    edit_at: str
    # The labels of the fields that stay unknown in a service that is new.
    unknown: list[str]


@admin.register(Proposal)
class ProposalAdmin(TransitionsMixin, EditViewsMixin, DepartmentScopedMixin, DeskAdmin):
    led_by = "department"
    list_display = (
        "number", "title", "kind", "state", "department", "proposed_by", "effective_from", "edition_slug", "since",
    )  # fmt: skip
    list_display_links = ("title",)
    list_filter = (
        filters.choices_of(Proposal, "state"),
        filters.choices_of(Proposal, "kind"),
        MineFilter,
        filters.terms_of(Proposal, "department"),
    )
    list_select_related = ("department", "proposer", "edition")
    search_fields = ("number", "title", "reason", "document_number", "entries__service")
    search_help_text = "按编号、标题、理由、文号或服务项目代码查找。例：NM-01-07、孤儿"

    def get_queryset(self, request):
        steps = Event.objects.filter(proposal=OuterRef("number")).exclude(verb__in=Event.REMARKS)
        return super().get_queryset(request).annotate(last_step=Subquery(steps.order_by("-number").values("at")[:1]))

    @admin.display(description="提出人", ordering="proposer")
    def proposed_by(self, proposal):
        return names.full_name(proposal.proposer)

    @admin.display(description="编入版本", ordering="edition", empty_value="尚未编入")
    def edition_slug(self, proposal):
        return proposal.edition and proposal.edition.slug

    @admin.display(description="现状态始于", ordering="last_step")
    def since(self, proposal):
        return proposal.last_step and timezone.localtime(proposal.last_step).date()

    def events_of(self, obj):
        return Event.objects.filter(proposal=obj.number)

    def has_delete_permission(self, request, obj=None):
        # Proposals stay on record; one can be voided instead.
        return False

    def stale(self, request: HttpRequest, proposal: Proposal) -> dict | None:
        """Return ``reasons`` and the events since if the proposal changed after the page was shown; else None."""
        token = request.POST.get("seen", "")
        if versions.is_current(token, versions.proposal_state(proposal)):
            return None
        events = self.events_shown(proposal).filter(number__gt=versions.read(token).get("record", 0)).order_by("number")
        reasons = ["这件建议在您打开本页之后有了变化，没有办理。请看清现在的内容，再决定是否继续。"]
        return {"reasons": reasons, "theirs": self.event_rows(events)}

    def change_view(self, request, object_id, form_url="", extra_context=None):
        # Read before the proposal: what is recorded while the page is made is new to the next look.
        recorded = Event.objects.aggregate(last=Max("number"))["last"] or 0
        proposal = self.get_object(request, object_id)
        if proposal is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_permission(request, proposal):
            raise PermissionDenied
        last_seen = looks.last_seen(request.user, proposal)
        response = self.page(request, proposal, last_seen=last_seen)
        shown = (row["event"].number for row in response.context_data["events"])
        number = max((number for number in shown if number <= recorded), default=0)
        if number > (last_seen or 0) and is_opened(request):
            looks.look(request.user, proposal, number)
        return response

    def page(
        self, request: HttpRequest, proposal: Proposal, *, reasons: list[str] = (), refused: str = "", typed: str = "",
        theirs: list[dict] = (), status: int = 200, last_seen: int | None = None,
    ) -> HttpResponse:  # fmt: skip
        """Return the page of a proposal; after a ``refused`` step with the ``reasons`` and the ``typed`` text.

        With ``last_seen``, the number of the last event that the user saw, it says what changed since.
        """
        assessed, earlier = assessment.all_shown(proposal)
        base = compared_edition(proposal)
        steps = steps_for(request.user, proposal)
        open_states = (Proposal.State.DRAFT, Proposal.State.ASSESSING, Proposal.State.APPROVING)
        is_open = proposal.state not in (Proposal.State.VOID, Proposal.State.PUBLISHED)
        faults = proposals.faults(proposal) if proposal.state in open_states else []
        events = list(self.events_shown(proposal).order_by("number"))
        context = self.admin_site.each_context(request) | {
            "title": f"第 {proposal.number} 号：{proposal.title}",
            "subtitle": None,
            "opts": self.opts,
            "proposal": proposal,
            "proposer": names.person_name(proposal.proposer),
            "handler": names.person_name(proposal.handler),
            "entries": entry_diffs(proposal),
            "comparisons": list(comparisons(proposal, events, user=request.user, seen=last_seen)),
            "approvals": decisions(proposal),
            "decided": proposal.approvals.in_force().exists(),
            "faults": [(str(fault), mended_at(proposal, fault)) for fault in faults],
            "assessment": assessed,
            "needs_assessment": proposals.needs_assessment(proposal),
            "date_notices": list(dates.proposal_notices(proposal, on=timezone.localdate())) if is_open else [],
            "earlier_assessments": earlier,
            "halted": halted_by(proposal, events),
            "case_changes": changes_of(proposal, base),
            "feedback": proposal.feedback.select_related("service"),
            "events": self.event_rows(reversed(events)),
            "steps": steps,
            "forward": [step for step in steps if not step.back and step != EXPLAIN],
            "back": [step for step in steps if step.back],
            "figures": figures.of_proposal(proposal, base),
            "may_explain": EXPLAIN in steps,
            "base": base,
            "base_in_force": base and base.effective_from <= timezone.localdate(),
            "unsaved": inputs.unsaved(proposal) if any(step.name == "edit" for step in steps) else [],
            "renumbered": renumbering.of_proposal(proposal, base),
            "pending": pending_with(proposal, request.user) if is_open else [],
            "may_preview": is_open,
            "may_edit": any(step.name == "edit" for step in steps),
            "seen": versions.proposal_token(proposal),
            "reasons": reasons,
            "refused": refused,
            "typed": typed,
            "theirs": theirs,
        }
        return TemplateResponse(request, "desk/proposal.html", context, status=status)


def is_opened(request: HttpRequest) -> bool:
    """Whether a person opens a page: a browser that fetches one ahead says so in a header."""
    ahead = ("prefetch", "prerender", "preview")
    purposes = [request.headers.get(name, "").lower() for name in PURPOSES]
    return request.method == "GET" and not any(word in purpose for word in ahead for purpose in purposes)


def decisions(proposal: Proposal) -> list[tuple[Approval, str, str | None]]:
    """Return the decisions on a proposal, each with the names of who made it and of who revoked it, if anybody did."""
    return [
        (row, names.person_name(row.approver), row.revoked_by and names.full_name(row.revoked_by))
        for row in proposal.approvals.select_related("approver", "revoked_by")
    ]


def pending_with(proposal: Proposal, user: AbstractBaseUser) -> list[tuple[Proposal, list[str], bool]]:
    """Return the other open proposals on any service of a proposal: their changes are merged field by field.

    Each with the services that both change, by code and name, and whether the user may open its page.
    """
    services = list(proposal.entries.values_list("service", flat=True))
    others = Proposal.objects.unfinished().exclude(pk=proposal.pk).filter(entries__service__in=services)
    documents = current_documents(proposal) if others else {}
    rows = []
    for other in others.distinct().select_related("department", "proposer").order_by("number"):
        shared = other.entries.filter(service__in=services)
        called = [
            f"{code} {documents.get(code, {}).get('name', '')}".strip()
            for code in shared.values_list("service", flat=True)
        ]
        rows.append((other, called, permissions.can_see(user, other.department.code, timezone.localdate())))
    return rows


def halted_by(proposal: Proposal, events: list[Event]) -> Event | None:
    """Return the event that declined, voided or recalled a proposal or revoked its approval, if it led to the state."""
    steps = [event for event in events if event.verb not in Event.REMARKS]
    halting = (Event.Verb.DECLINED, Event.Verb.VOIDED, Event.Verb.RECALLED, Event.Verb.REVOKED, Event.Verb.TAKEN_OUT)
    return steps[-1] if steps and steps[-1].verb in halting else None


def mended_at(proposal: Proposal, fault: proposals.ProposalFault) -> str | None:
    """Return the URL of the form to correct a fault in, with its field alone if it has one; None if of no service."""
    if fault.field == "cases":
        return "#cases-heading"
    return fault.service and entry_url(proposal, fault.service, chosen([fault.field]))


def entry_url(proposal: Proposal, service: str, fields: list[str]) -> str:
    """Return the URL of the form of an entry: with these fields alone, or with all if there are none."""
    url = reverse("admin:catalogue_proposal_entry", args=[proposal.pk, service])
    return f"{url}?{urlencode({'field': fields}, doseq=True)}" if fields else url


def entry_diffs(proposal: Proposal) -> list[EntryDiff]:
    """Return the entries of a proposal compared with its base: the edition before its own, else the base edition."""
    base = compared_edition(proposal)
    current = {document["code"]: document for document in (base.documents() if base else [])}
    names = {code: document["name"] for code, document in current.items()}
    entries, vocabularies = list(proposal.entries.all()), Vocabularies()
    names |= {entry.service: entry.entry_data["name"] for entry in entries if (entry.entry_data or {}).get("name")}
    outcome_changes = cases.changed_outcomes(proposal, base)
    shown_entries = []
    for entry in entries:
        before = current.get(entry.service)
        withdrawn = entry.action == ProposedEntry.Action.WITHDRAW
        after = None if withdrawn else vocabularies.documented(wanted(entry, before))
        successors = [f"{code} {names.get(code, '（不在清单中）')}" for code in entry.successors]
        # The number of an addition is given by the edition that includes it.
        rows = diff_documents(before, after if before or not after else after | {"number": None})
        outcomes = [in_words(change) for change in outcome_changes if change.service == entry.service]
        shown_entries.append(
            EntryDiff(
                entry,
                names.get(entry.service, ""),
                rows,
                successors,
                _affected_persons(before, after),
                outcomes,
                entry_url(proposal, entry.service, _changed_fields(entry)),
                _unknown_fields(entry),
            )  # fmt: skip
        )
    return shown_entries


def _unknown_fields(entry: ProposedEntry) -> list[str]:
    """Return the labels of the fields that an addition leaves unknown."""
    if entry.action != ProposedEntry.Action.ADD:
        return []
    data = entry.entry_data
    return [
        label
        for field, label in SourcedField.choices
        if all(data.get(column) in (None, []) for column in Entry.SOURCED_FIELDS[field])
    ]


def _changed_fields(entry: ProposedEntry) -> list[str]:
    """Return the fields that a change changes, in the order of the page; none for an addition: all are its own."""
    if entry.action != ProposedEntry.Action.CHANGE:
        return []
    data = entry.entry_data
    with_fields = {column.field for name, column in quoted_values.COLUMNS.items() if name in data}
    return chosen([*merge.touched_by(data), *data.get("verification", {}), *with_fields, *data])


def _affected_persons(before: dict | None, after: dict | None) -> list[tuple[str, str, str]] | None:
    """Return (example person, outcome before, after) for a changed rule; None if it is unchanged or invalid."""
    if not before or not after or before["eligibility"] == after.get("eligibility"):
        return None
    if rules.faults(after["eligibility"]):
        return None
    return [
        (person.name, rule_forms.OUTCOMES[old_outcome], rule_forms.OUTCOMES[new_outcome])
        for person, old_outcome, new_outcome in persons.affected_persons(before["eligibility"], after["eligibility"])
    ]
