"""Views of the forms that draft, edit and assess a proposal."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.http import content_disposition_header

from catalogue.accounts import permissions
from catalogue.desk.base.mixins import audit_context
from catalogue.desk.base.versions import proposal_token
from catalogue.desk.proposals.assistants import AssistantViewsMixin
from catalogue.desk.proposals.field_forms import chosen
from catalogue.desk.proposals.field_views import FieldViewsMixin
from catalogue.desk.proposals.forms import (
    AssessmentForm,
    CitationFormSet,
    EntryForm,
    HeadForm,
    NewEntryForm,
    citations_of,
    typed_entry,
)
from catalogue.desk.proposals.kinds import ASSISTANTS
from catalogue.desk.proposals.transitions import may_edit
from catalogue.editions import merge
from catalogue.editions.document import entry_data
from catalogue.feedback import answers
from catalogue.models import Attachment, Event, Feedback, Proposal, ProposedEntry
from catalogue.workflow import attachments, proposals
from services.models import Region

Action = ProposedEntry.Action
COLUMNS = ("kind", "department", "title", "reason", "document_number", "effective_from", "raises_cost")


class EditViewsMixin(AssistantViewsMixin, FieldViewsMixin):
    """For ProposalAdmin: the views of the forms. All writes go through ``workflow.proposals``."""

    def get_urls(self):
        def at(route: str, view, name: str):
            return path(route, self.admin_site.admin_view(view), name=f"catalogue_proposal_{name}")

        return [
            at("<int:pk>/edit/", self.edit_view, "edit"),
            at("<int:pk>/entries/add/", self.new_entry_view, "new_entry"),
            at("<int:pk>/entries/<str:code>/", self.entry_view, "entry"),
            at("<int:pk>/entries/<str:code>/remove/", self.remove_view, "remove"),
            at("<int:pk>/assess/", self.assess_view, "assess"),
            at("<int:pk>/attachment/", self.attachment_view, "attachment"),
            *super().get_urls(),
        ]

    def add_view(self, request, form_url="", extra_context=None):
        """Draft a proposal; the query string may name the ``service`` to change and the ``feedback`` it comes from."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if (kind := request.GET.get("kind")) in ASSISTANTS:
            return self.assist(request, kind)
        service = request.GET.get("service", "")
        if service and (fields := chosen(request.GET.getlist("field"))):
            return self.draft_fields(request, service, fields)
        form = HeadForm(request.POST or None, user=request.user, initial={"kind": "change"})
        # The other kinds have a page of their own.
        form.fields["kind"].choices = [("change", Proposal.Kind.CHANGE.label)]
        reasons = []
        if request.method == "POST" and form.is_valid():
            proposal, reasons = self.draft(request, entries=[], **form.cleaned_data)
            if proposal:
                if service:
                    return redirect("admin:catalogue_proposal_entry", proposal.pk, service)
                return redirect("admin:catalogue_proposal_change", proposal.pk)
        return self._form(
            request,
            "desk/proposal_head.html",
            form,
            reasons,
            title="提出调整建议",
            service=service,
            other_kinds=[(kind, Proposal.Kind(kind).label) for kind in ASSISTANTS],
        )

    def draft(self, request: HttpRequest, **values: object) -> tuple[Proposal | None, list[str]]:
        """Draft a proposal, linked to the feedback it comes from; return it, or the reasons of a refusal."""
        try:
            with transaction.atomic():
                proposal = proposals.draft(region=self.region(), context=audit_context(request), **values)
                self._link_feedback(request, proposal)
        except proposals.TransitionError as error:
            return None, error.reasons
        self.tell_saved(request)
        return proposal, []

    @staticmethod
    def region() -> Region | None:
        return Region.objects.filter(editions__published_at__isnull=False).distinct().first()

    def tell_saved(self, request: HttpRequest) -> None:
        self.message_user(request, f"已保存 {timezone.localtime():%H:%M}")

    def edit_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Edit the columns of a proposal itself, not its entries."""
        proposal, refusal = self._editable_proposal(request, pk)
        if refusal:
            return refusal
        form = HeadForm(request.POST or None, user=request.user, instance=proposal)
        reasons, theirs = [], []
        if request.method == "POST" and form.is_valid():
            values = {column: form.cleaned_data[column] for column in COLUMNS}
            reasons, theirs = self._amend(request, pk, entries=lambda entries: entries, **values)
            if not reasons:
                return redirect("admin:catalogue_proposal_change", pk)
        return self._form(request, "desk/proposal_head.html", form, reasons, proposal, title="修改建议", theirs=theirs)

    def new_entry_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Add a service to a proposal: a withdrawal is saved, otherwise the form of the entry follows."""
        proposal, refusal = self._editable_proposal(request, pk)
        if refusal:
            return refusal
        form = NewEntryForm(request.POST or None, proposal=proposal, own=self._own_departments(request))
        reasons, theirs = [], []
        if request.method == "POST" and form.is_valid():
            cleaned = form.cleaned_data
            if cleaned["action"] != Action.WITHDRAW:
                response = redirect("admin:catalogue_proposal_entry", pk, cleaned["code"])
                response["Location"] += f"?action={cleaned['action']}"
                return response
            entry = _entry(cleaned["code"], Action.WITHDRAW, None, cleaned["successors"])
            reasons, theirs = self._amend(request, pk, entries=lambda entries: [*entries, entry])
            if not reasons:
                return redirect("admin:catalogue_proposal_change", pk)
        return self._form(request, "desk/proposal_head.html", form, reasons, proposal, title="加入一项", theirs=theirs)

    def entry_view(self, request: HttpRequest, pk: int, code: str) -> HttpResponse:
        """Edit the entry of one service: the form shows all columns, and only differences are proposed."""
        proposal, refusal = self._editable_proposal(request, pk)
        if refusal:
            return refusal
        existing = proposal.entries.filter(service=code.replace("\0", "")).first()
        current = proposals.current_documents(proposal).get(code)
        if existing and existing.action == Action.WITHDRAW:
            return self.edit_successors(request, proposal, existing)
        action = existing.action if existing else (Action.CHANGE if current else Action.ADD)
        if not current and not (existing or NewEntryForm.is_code(code)):
            raise Http404(f"没有服务项目“{code}”。")
        base = entry_data(current) if current else proposals.blank_entry(code)
        data = base
        if existing:
            data = (
                merge.apply_change(base, existing.entry_data) if action == Action.CHANGE else base | existing.entry_data
            )
        if fields := chosen(request.GET.getlist("field")):
            return self.edit_fields(request, proposal, code, fields, base=base, data=data, existing=existing)
        form = EntryForm(request.POST or None, stated=data)
        citations = CitationFormSet(request.POST or None, initial=citations_of(data), prefix="citations")
        reasons, theirs = [], []
        if request.method == "POST" and form.is_valid() and citations.is_valid():
            typed_data = typed_entry(data, form, citations)
            proposed_data = typed_data if action == Action.ADD else merge.make_change(base, typed_data)
            entry = _entry(code, action, proposed_data, existing.successors if existing else [])
            reasons, theirs = self._amend(
                request, pk, entries=lambda entries: [other for other in entries if other["service"] != code] + [entry]
            )
            if not reasons:
                if "_continue" in request.POST:
                    return redirect("admin:catalogue_proposal_entry", pk, code)
                return redirect("admin:catalogue_proposal_change", pk)
        title = f"{Action(action).label} {code} {data['name'] or ''}"
        return self._form(
            request, "desk/proposal_entry.html", form, reasons, proposal,
            title=title, theirs=theirs, citations=citations, code=code, sections=form.sections(),
        )  # fmt: skip

    def remove_view(self, request: HttpRequest, pk: int, code: str) -> HttpResponse:
        """Remove a service from a proposal (POST)."""
        proposal, refusal = self._editable_proposal(request, pk)
        if refusal:
            return refusal
        if request.method != "POST":
            return redirect("admin:catalogue_proposal_change", pk)
        reasons, theirs = self._amend(
            request, pk, entries=lambda entries: [entry for entry in entries if entry["service"] != code]
        )
        if reasons:
            return self.page(request, self.get_object(request, str(pk)), reasons=reasons, theirs=theirs, status=409)
        return redirect("admin:catalogue_proposal_change", pk)

    def assess_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Record the assessment of a proposal: its costs and who bears them."""
        proposal = self.get_object(request, str(pk))
        if proposal is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(pk))
        may_assess = request.user.has_perm("catalogue.assess_proposal") and request.user != proposal.proposer
        if not may_assess or not self.has_view_permission(request, proposal):
            raise PermissionDenied("评估须有“评估”角色，且不能评估自己提出的建议。")
        if proposal.state != Proposal.State.ASSESSING:
            return self.page(request, proposal, reasons=["建议现在不在待评估状态，不能评估。"], status=409)
        form = AssessmentForm(request.POST or None, request.FILES or None)
        reasons, theirs = [], []
        if request.method == "POST" and form.is_valid():
            try:
                reasons, theirs = self._assess(request, pk, form)
            except proposals.TransitionError as error:
                reasons = error.reasons
            if not reasons:
                return redirect("admin:catalogue_proposal_change", pk)
        return self._form(
            request, "desk/proposal_assess.html", form, reasons, proposal, title="财政承受能力评估", theirs=theirs
        )

    def attachment_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Return the attachment of an assessment, byte for byte as it was uploaded.

        The query parameter ``digest`` is that of an earlier assessment of the proposal.
        """
        proposal = self.get_object(request, str(pk))
        if proposal is None or not self.has_view_permission(request, proposal):
            raise PermissionDenied
        assessment = getattr(proposal, "assessment", None)
        digest = request.GET.get("digest") or (assessment and assessment.attachment_digest)
        assessed = Event.objects.filter(proposal=proposal.number, verb=Event.Verb.ASSESSED).order_by("number")
        recorded = [json.loads(after) for after in assessed.values_list("after", flat=True)]
        names = {figures["attachment_digest"]: figures["attachment_name"] for figures in recorded}
        attachment = Attachment.objects.filter(digest=digest).first() if digest in names else None
        if not attachment:
            raise Http404("这件建议没有这个附件。")
        disposition = content_disposition_header(as_attachment=True, filename=names[digest])
        headers = {"Content-Disposition": disposition, "Content-Type": "application/octet-stream"}
        return HttpResponse(bytes(attachment.content), headers=headers)

    def _editable_proposal(self, request: HttpRequest, pk: int) -> tuple[Proposal | None, HttpResponse | None]:
        """Return the proposal if the user may edit it, or else a response; raises PermissionDenied for other users."""
        proposal = self.get_object(request, str(pk))
        if proposal is None:
            return None, self._get_obj_does_not_exist_redirect(request, self.opts, str(pk))
        if not self.has_view_permission(request, proposal) or not may_edit(request.user, proposal):
            raise PermissionDenied("只有提出人可以修改自己的建议。")
        if proposal.state not in {Proposal.State.DRAFT, Proposal.State.DECLINED}:
            submitted = proposal.state in {Proposal.State.ASSESSING, Proposal.State.APPROVING}
            way_back = "；请先在建议页面“撤回修改”。" if submitted else "。"
            reasons = [f"建议现在是“{proposal.get_state_display()}”，不能修改{way_back}"]
            return None, self.page(request, proposal, reasons=reasons, status=409)
        return proposal, None

    def _amend(self, request: HttpRequest, pk: int, *, entries, **values: object) -> tuple[list[str], list[dict]]:
        """Amend a proposal if it has not changed since the page was shown.

        Returns the reasons of a refusal (then nothing is written) and the events since; both are empty on success.
        """
        try:
            with transaction.atomic():
                Proposal.objects.select_for_update().get(pk=pk)
                proposal = self.get_object(request, str(pk))
                if stale := self.stale(request, proposal):
                    return stale["reasons"], stale["theirs"]
                current_entries = list(proposal.entries.values("service", "action", "entry_data", "successors"))
                proposals.amend(proposal, entries=entries(current_entries), context=audit_context(request), **values)
        except proposals.TransitionError as error:
            return error.reasons, []
        self.tell_saved(request)
        return [], []

    @transaction.atomic
    def _assess(self, request: HttpRequest, pk: int, form: AssessmentForm) -> tuple[list[str], list[dict]]:
        Proposal.objects.select_for_update().get(pk=pk)
        proposal = self.get_object(request, str(pk))
        if stale := self.stale(request, proposal):
            return stale["reasons"], stale["theirs"]
        figures, context = form.figures(), audit_context(request)
        if file := form.cleaned_data["attachment"]:
            attachment = attachments.store(PurePath(file.name).name, file.read(), context=context)
            figures |= {"attachment_name": PurePath(file.name).name[-200:], "attachment_digest": attachment.digest}
        proposals.assess(proposal, figures=figures, context=context)
        return [], []

    def _link_feedback(self, request: HttpRequest, proposal: Proposal) -> None:
        """Link the proposal to the ``feedback`` of the query string, if this is open and the user may answer it."""
        pk = request.GET.get("feedback", "")
        if not (pk.isdecimal() and len(pk) < 19 and request.user.has_perm("catalogue.change_feedback")):
            return
        feedback = Feedback.objects.with_lead_department(timezone.localdate()).filter(pk=pk).first()
        if (
            feedback
            and feedback.state == Feedback.State.RECEIVED
            and permissions.can_change(request.user, feedback.lead, timezone.localdate())
        ):
            answers.link_proposal(feedback, proposal, context=audit_context(request))

    def _own_departments(self, request: HttpRequest) -> list[str] | None:
        return None if request.user.is_superuser else permissions.departments_of(request.user, timezone.localdate())

    def _form(
        self, request, template, form, reasons, proposal: Proposal | None = None, *, theirs=(), forms=(), **context
    ) -> TemplateResponse:
        context = self.admin_site.each_context(request) | {
            "subtitle": None, "opts": self.opts, "proposal": proposal, "form": form, "reasons": reasons,
            "theirs": theirs, "media": self.media + form.media,
            "errors": list(errors_of(forms or [form, *context.get("citations", ())])),
        } | context  # fmt: skip
        if proposal:
            # Also after a refusal: the user has now seen the current version. The proposal is reloaded, because the
            # form writes the submitted values into its instance.
            current = Proposal.objects.get(pk=proposal.pk)
            is_resubmission = request.method == "POST" and not theirs and not reasons
            context["seen"] = request.POST.get("seen", "") if is_resubmission else proposal_token(current)
        is_invalid = request.method == "POST" and not reasons
        return TemplateResponse(request, template, context, status=409 if reasons else 422 if is_invalid else 200)


def errors_of(forms: Iterable[BaseForm]) -> Iterator[tuple[str, str, str]]:
    """Yield (id of the box or row, its label, message) for each error of bound forms, in the order of the page."""
    for form in forms:
        for name, messages in form.errors.items():
            box = form[name] if name in form.fields else None
            for message in messages:
                yield (box.id_for_label or box.auto_id if box else f"row-{form.prefix}"), box and box.label, message


def _entry(code: str, action: str, data: Mapping | None, successors: list[str]) -> dict:
    return {"service": code, "action": action, "entry_data": data, "successors": successors}
