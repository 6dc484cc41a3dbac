"""Proposals (调整建议): their list, and the one page that shows what each would change and how far it has come."""

from collections.abc import Sequence
from typing import NamedTuple

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from catalogue.desk import rule_forms
from catalogue.desk.base import filters, versions
from catalogue.desk.base.mixins import DepartmentScopedMixin, DeskAdmin
from catalogue.desk.proposals.cases import in_words
from catalogue.desk.proposals.diff_view import Row, beside
from catalogue.desk.proposals.edit_views import EditViewsMixin
from catalogue.desk.proposals.transitions import TransitionsMixin, steps_for
from catalogue.editions import merge
from catalogue.editions.document import TERM_NAMES, entry_data
from catalogue.models import Event, Proposal, ProposedEntry
from catalogue.workflow import cases, proposals
from services.eligibility import persons, rules
from services.models import Department, Domain, Source, TargetGroup


class MineFilter(filters.CodeFilter):
    title, parameter_name, values = "提出人", "proposer", (("me", "我提出的"),)

    def selected(self, queryset, value):
        return queryset.filter(proposer=self.request.user)


class Shown(NamedTuple):
    """What a proposal would say of one service, as its page shows it."""

    entry: ProposedEntry
    name: str
    rows: list[Row]
    successors: list[str]
    touched: list[tuple[str, str, str]] | None
    outcomes: list[tuple[str, str, str, str]]


@admin.register(Proposal)
class ProposalAdmin(TransitionsMixin, EditViewsMixin, DepartmentScopedMixin, DeskAdmin):
    led_by = "department"
    list_display = (
        "number", "title", "kind", "state", "department", "proposer", "effective_from", "edition_slug", "since",
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
        steps = Event.objects.filter(proposal=OuterRef("number")).exclude(verb=Event.Verb.COMMENTED)
        return super().get_queryset(request).annotate(last_step=Subquery(steps.order_by("-number").values("at")[:1]))

    @admin.display(description="编入版本", ordering="edition", empty_value="尚未编入")
    def edition_slug(self, proposal):
        return proposal.edition and proposal.edition.slug

    @admin.display(description="现状态始于", ordering="last_step")
    def since(self, proposal):
        return proposal.last_step and timezone.localtime(proposal.last_step).date()

    def events_of(self, obj):
        return Event.objects.filter(proposal=obj.number)

    def has_delete_permission(self, request, obj=None):
        # What was proposed stays on record; its proposer takes it back.
        return False

    def stale(self, request: HttpRequest, proposal: Proposal) -> dict | None:
        """Return what to tell somebody who read another state of a proposal than it is in; None if it is the same."""
        sent = request.POST.get("seen", "")
        if versions.is_current(sent, versions.proposal_state(proposal)):
            return None
        events = self.events_of(proposal).filter(number__gt=versions.read(sent).get("record", 0)).order_by("number")
        reasons = ["这件建议在您打开本页之后有了变化，没有办理。请看清现在的内容，再决定是否继续。"]
        return {"reasons": reasons, "theirs": [self.said(event) for event in events]}

    def change_view(self, request, object_id, form_url="", extra_context=None):
        proposal = self.get_object(request, object_id)
        if proposal is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_permission(request, proposal):
            raise PermissionDenied
        return self.page(request, proposal)

    def page(
        self,
        request: HttpRequest,
        proposal: Proposal,
        *,
        reasons: list[str] = (),
        typed: str = "",
        theirs: list[dict] = (),
        status: int = 200,
    ) -> HttpResponse:
        """Answer with a proposal's page: after a step that was refused with the ``reasons`` and what was typed."""
        assessment = getattr(proposal, "assessment", None)
        steps = steps_for(request.user, proposal)
        open_states = (Proposal.State.DRAFT, Proposal.State.ASSESSING, Proposal.State.APPROVING)
        faults = proposals.faults(proposal) if proposal.state in open_states else []
        events = list(self.events_of(proposal).order_by("number"))
        context = self.admin_site.each_context(request) | {
            "title": f"第 {proposal.number} 号：{proposal.title}",
            "subtitle": None,
            "opts": self.opts,
            "proposal": proposal,
            "entries": shown(proposal),
            "decided": proposal.approvals.filter(granted=True).exists(),
            "faults": [(str(fault), mended_at(proposal, fault)) for fault in faults],
            "assessment": assessment,
            "costs": assessment and costs_of(assessment),
            "needs_assessment": proposals.needs_assessment(proposal),
            "decisions": proposal.approvals.select_related("approver").order_by("-at"),
            "feedback": proposal.feedback.select_related("service"),
            "events": [self.said(event) for event in reversed(events)],
            "steps": steps,
            "may_edit": any(step.name == "edit" for step in steps),
            "seen": versions.proposal_token(proposal),
            "reasons": reasons,
            "typed": typed,
            "theirs": theirs,
        }
        return TemplateResponse(request, "desk/proposal.html", context, status=status)


def mended_at(proposal: Proposal, fault: proposals.Fault) -> str | None:
    """Return the address of the form in which a fault is mended, if it is about one service."""
    return fault.service and reverse("admin:catalogue_proposal_entry", args=[proposal.pk, fault.service])


def costs_of(assessment) -> list[tuple[str, str, str]]:
    """Return (who, per cent, yuan) for every level of government that bears a share."""
    borne = assessment.cost_by_level()
    return [
        (
            assessment._meta.get_field(share).verbose_name.removesuffix("（%）"),
            f"{getattr(assessment, share):.2f}",
            f"{borne[share]:,.2f}",
        )
        for share in assessment.SHARE_FIELDS
        if getattr(assessment, share)
    ]


def shown(proposal: Proposal) -> list[Shown]:
    """Return every service of a proposal before beside after; of a published one, before it was published."""
    edition = proposal.edition
    base = edition.previous if edition else proposals.base_edition(proposal.region)
    current = {document["code"]: document for document in (base.documents() if base else [])}
    names = {code: document["name"] for code, document in current.items()}
    entries, vocabularies = list(proposal.entries.all()), Vocabularies()
    names |= {each.service: each.entry_data["name"] for each in entries if (each.entry_data or {}).get("name")}
    changed = cases.changed_outcomes(proposal, base)
    found = []
    for each in entries:
        before = current.get(each.service)
        withdrawn = each.action == ProposedEntry.Action.WITHDRAW
        after = None if withdrawn else vocabularies.documented(wanted(each, before))
        successors = [f"{code} {names.get(code, '（不在清单中）')}" for code in each.successors]
        rows = beside(before, after)
        outcomes = [in_words(change) for change in changed if change.service == each.service]
        found.append(Shown(each, names.get(each.service, ""), rows, successors, _touched(before, after), outcomes))
    return found


def wanted(each: ProposedEntry, before: dict | None) -> dict:
    """Return what a proposal would have an edition say of a service, as ``entry_data()`` writes it."""
    stated = each.entry_data or {}
    return merge.apply_change(entry_data(before), stated) if before and each.action != "add" else stated


def _touched(before: dict | None, after: dict | None) -> list[tuple[str, str, str]] | None:
    """Return whom a changed rule touches: a name, the outcome before and after. None where no rule is changed."""
    if not before or not after or before["eligibility"] == after.get("eligibility"):
        return None
    if rules.faults(after["eligibility"]):
        return None
    return [
        (person.name, rule_forms.OUTCOMES[was], rule_forms.OUTCOMES[now])
        for person, was, now in persons.affected_persons(before["eligibility"], after["eligibility"])
    ]


class Vocabularies:
    """Proposed entries as documents: terms by name, each vocabulary read once however many entries there are."""

    ONE = {"domain": Domain, "lead_department": Department}
    MANY = {
        "target_groups": TargetGroup,
        "lead_department_alternatives": Department,
        "co_departments": Department,
        "legal_basis": Source,
    }

    def __init__(self):
        self._terms = {
            model: {term.code: term for term in model.objects.order_by("position", "code")}
            for model in (Domain, Department, TargetGroup, Source)
        }

    def documented(self, stated: dict) -> dict:
        """Return an entry as ``entry_data()`` writes it as a document, so that it can be read beside one.

        Of a code that no vocabulary has, the name says so: a draft may be faulty.
        """
        document = dict(stated)
        for column, model in self.ONE.items():
            codes = [stated[column]] if stated.get(column) else []
            document[column] = next(iter(self._named(model, codes, TERM_NAMES[column])), None)
        for column, model in self.MANY.items():
            document[column] = self._named(model, stated.get(column) or [], TERM_NAMES[column])
        cited = list(dict.fromkeys(each["source"] for each in stated.get("citations", [])))
        sources = {term["code"]: term for term in self._named(Source, cited, ("title", "document_number"))}
        document["citations"] = [each | {"source": sources[each["source"]]} for each in stated.get("citations", [])]
        return document

    def _named(self, model: type, codes: list[str], attributes: Sequence[str]) -> list[dict]:
        """Return terms as documents have them, in the vocabulary's order; those it has not come last."""
        known = [term for code, term in self._terms[model].items() if code in codes]
        found = [{name: getattr(term, name) for name in ("code", *attributes)} for term in known]
        unknown = [code for code in codes if code not in self._terms[model]]
        return found + [{"code": code, attributes[0]: f"{code}（词表中没有）"} for code in unknown]
