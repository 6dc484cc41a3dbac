"""One clause for several unverified fields: a proposal that cites it for each, and raises the labels it supports."""

from collections.abc import Mapping
from typing import NamedTuple

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import urlencode

from catalogue.accounts import permissions
from catalogue.desk.base import versions
from catalogue.desk.base.mixins import audit_context
from catalogue.desk.entries import citations
from catalogue.desk.proposals.autosave import TypedInput
from catalogue.desk.proposals.edit_views import errors_of
from catalogue.desk.proposals.field_forms import NewClauseForm
from catalogue.desk.proposals.forms import ChangeHeadForm
from catalogue.editions import merge, sourcing
from catalogue.editions.document import entry_data
from catalogue.models import Entry, FieldVerification, Proposal, ProposedEntry, SourcedField
from catalogue.workflow.base import base_edition
from catalogue.workflow.maintenance import new_sources
from services.models import Department
from services.sources import Source, Verification
from services.vocabularies import Terms

MAX_FIELDS = 100
# Any field will do: the rows say which fields the clause supports.
ONE_FIELD = ["name"]


class Row(NamedTuple):
    """A field that was ticked in the list: as the newest edition states it, and why the clause does not support it."""

    finding: FieldVerification
    base: Mapping | None
    values: list[str]
    is_chosen: bool = True
    reasons: list[str] = []  # noqa: RUF012 - of a named tuple; it is never changed

    @property
    def code(self) -> str:
        return self.finding.entry.service.code

    @property
    def field(self) -> str:
        return self.finding.field

    @property
    def label(self) -> str | None:
        return self.base["verification"].get(self.field) if self.base else None


class ByClauseMixin:
    """For UnverifiedAdmin: the action of the list, and its page."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.propose_view)
        return [path("propose/", view, name="catalogue_fieldverification_propose"), *super().get_urls()]

    def has_propose_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("catalogue.add_proposal")

    def propose_by_clause(self, request: HttpRequest, queryset) -> HttpResponse:
        keys = list(queryset.values_list("pk", flat=True))
        return redirect(f"{reverse('admin:catalogue_fieldverification_propose')}?{urlencode({'pk': keys}, doseq=True)}")

    propose_by_clause.short_description = "用一条条文为所选字段提出建议"
    propose_by_clause.allowed_permissions = ("propose",)

    def propose_view(self, request: HttpRequest) -> HttpResponse:
        """Draft one proposal for the chosen fields from one clause; nothing is saved if it does not support each."""
        if not self.has_propose_permission(request):
            raise PermissionDenied
        rows = self._rows(request)
        if not rows or len(rows) > MAX_FIELDS:
            self.message_user(
                request,
                f"请勾选 1 到 {MAX_FIELDS} 个本部门的字段，再选“用一条条文为所选字段提出建议”。",
                messages.WARNING,
            )
            return redirect("admin:catalogue_fieldverification_changelist")
        typed = TypedInput(request, scope=f"user {request.user.pk}")
        if proposal := self.admin_site.get_model_admin(Proposal).drafted(typed):
            # The button was pressed twice.
            return redirect("admin:catalogue_proposal_change", proposal.pk)
        lead = Department.objects.filter(code=rows[0].base["lead_department"]).first() if rows[0].base else None
        initial = {"title": f"核实 {len(rows)} 个字段", "department": lead}
        number = request.POST.get("document_number", "").strip() or None
        head = ChangeHeadForm(request.POST or None, user=request.user, initial=initial)
        clause = NewClauseForm(request.POST or None, clause=None, fields=ONE_FIELD, number=number, prefix="clause")
        clause.empty_permitted, reasons = False, []
        seen = [row.base for row in rows]
        if request.method == "POST":
            chosen = request.POST.getlist("field")
            rows = [row._replace(is_chosen=str(row.finding.pk) in chosen) for row in rows]
            if not versions.is_current(request.POST.get("seen", ""), seen):
                reasons = ["您打开本页之后发布了新的版本，没有保存。请看清下面现在的内容，再保存一次。"]
            elif self._valid(head, clause):
                proposal, rows, reasons = self._draft(request, typed, rows, head, clause)
                if proposal:
                    return redirect("admin:catalogue_proposal_change", proposal.pk)
        forms = [clause, clause.document, head]
        errors = list(errors_of(forms)) + [
            (f"field-{row.finding.pk}", f"{row.code} {row.finding.get_field_display()}", reason)
            for row in rows for reason in row.reasons
        ]  # fmt: skip
        context = self.admin_site.each_context(request) | {
            "title": "用一条条文核实几个字段", "subtitle": None, "opts": self.opts, "rows": rows, "row": clause,
            "head": head, "form": head, "reasons": reasons, "errors": errors, "seen": versions.page_token(seen),
            "media": sum((form.media for form in forms), self.media),
        }  # fmt: skip
        status = 409 if reasons else 422 if request.method == "POST" else 200
        return TemplateResponse(request, "desk/by_clause.html", context, status=status)

    def _rows(self, request: HttpRequest) -> list[Row]:
        """Return the fields of the query string that the user may propose a change of, in the order of the list."""
        keys = [key for key in request.GET.getlist("pk") if key.isdecimal() and len(key) < 19]
        findings = self.get_queryset(request).filter(pk__in=keys).select_related(
            "entry__service", "entry__lead_department"
        ).order_by(*self.ordering)  # fmt: skip
        region = self.admin_site.get_model_admin(Proposal).region()
        newest = region and base_edition(region)
        documents = {document["code"]: document for document in newest.documents()} if newest else {}
        entries = Entry.objects.with_details().filter(edition=newest, service__entries__in=findings.values("entry"))
        stated = {
            (entry.service.code, part.field): [text for column in part.columns for text in column.values]
            for entry in entries.distinct()
            for part in citations.field_citations(entry, timezone.localdate())
        }
        rows, met, today = [], set(), timezone.localdate()
        for finding in findings:
            code = finding.entry.service.code
            lead = finding.entry.lead_department
            if permissions.can_change(request.user, lead and lead.code, today) and (code, finding.field) not in met:
                met.add((code, finding.field))
                base = entry_data(documents[code]) if code in documents else None
                rows.append(Row(finding, base, stated.get((code, finding.field), [])))
        return rows

    @staticmethod
    def _valid(head: ChangeHeadForm, clause: NewClauseForm) -> bool:
        is_valid = all([head.is_valid(), clause.is_valid()])
        if clause.is_valid() and not clause.cleaned_data.get("quote"):
            clause.add_error("quote", "请照录原文：只有原文里有的字段才能核实。")
        if is_valid and not head.cleaned_data["reason"]:
            head.cleaned_data["reason"] = f"依据《{clause.cited_source().title}》。"
        return is_valid and not clause.errors

    def _draft(
        self, request: HttpRequest, typed: TypedInput, rows: list[Row], head: ChangeHeadForm, clause: NewClauseForm
    ) -> tuple[Proposal | None, list[Row], list[str]]:
        """Draft the proposal; return it, the rows with why the clause does not support them, and refusals."""
        with transaction.atomic():
            if not clause.cleaned_data["source"]:
                new_sources.store(clause.document.instance, context=audit_context(request))
            targets, judged = with_clause(rows, clause.typed(), day=head.cleaned_data["effective_from"])
            proposal, reasons = None, []
            if not targets:
                reasons = [] if any(row.is_chosen for row in rows) else ["请至少勾选一个字段。"]
            elif not any(row.reasons for row in judged):
                bases = {row.code: row.base for row in rows}
                entries = [
                    {"service": code, "action": ProposedEntry.Action.CHANGE, "successors": [],
                     "entry_data": merge.make_change(bases[code], target)}
                    for code, target in targets.items()
                ]  # fmt: skip
                model_admin = self.admin_site.get_model_admin(Proposal)
                values = head.cleaned_data | {"kind": Proposal.Kind.CHANGE, "entries": entries}
                proposal, reasons = model_admin.draft(request, typed, lambda: values)
            if proposal is None:
                transaction.set_rollback(True)
        return proposal, judged, reasons


def with_clause(rows: list[Row], clause: Mapping, *, day) -> tuple[dict[str, dict], list[Row]]:
    """Return the entries with a clause cited for each chosen field, by code, and the rows with what speaks against it.

    A clause of the same document without a quote gives way to it. A field is supported if its label rises and the
    sourcing rule has nothing against it on ``day``.
    """
    citable_from, targets, judged = Terms().citable_from, {}, []
    for row in rows:
        if not row.is_chosen:
            judged.append(row)
            continue
        if row.base is None or row.label is None:
            judged.append(row._replace(reasons=["最后发布的版本中没有这个项目，或者这个字段没有内容。"]))
            continue
        field, before = row.field, targets.get(row.code, row.base)
        others = [
            citation for citation in before["citations"]
            if citation["field"] != field or citation["source"] != clause["source"] or citation["quote"]
        ]  # fmt: skip
        cited = before | {"citations": [{"field": field, **clause}, *others]}
        label = sourcing.derived_verification(cited, field)
        basis = sourcing.basis_of(Source.objects.get(code=clause["source"]).kind).value
        target = cited | {
            "verification": before["verification"] | {field: label}, "basis": before["basis"] | {field: basis}
        }  # fmt: skip
        reasons = _unsupported(cited, field) or [
            fault.reason
            for fault in sourcing.faults(target, effective_from=day, citable_from=citable_from)
            if fault.field == field
        ]
        before_label, after_label = Verification(row.label), Verification(label)
        if not reasons and after_label.rank <= before_label.rank:
            reasons = [f"这条条文只能标为“{after_label.label}”，没有高过现在的“{before_label.label}”。"]
        targets[row.code] = before if reasons else target
        judged.append(row._replace(reasons=reasons))
    return targets, judged


def _unsupported(entry: Mapping, field: str) -> list[str]:
    """Return that the quotes do not say all of a field, whatever label its document allows."""
    quoted = [
        citation | {"verification": Verification.VERBATIM.value} if citation["quote"] else citation
        for citation in entry["citations"]
    ]
    if sourcing.derived_verification(entry | {"citations": quoted}, field) == Verification.VERBATIM:
        return []
    return [f"“{SourcedField(field).label}”的内容不全在所引原文之中；请补充原文，或者不勾选这个字段，另行提出建议。"]
