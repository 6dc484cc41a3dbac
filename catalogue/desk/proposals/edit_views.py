"""Views of the forms that draft and edit a proposal."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone

from catalogue.accounts import permissions
from catalogue.desk.base import versions
from catalogue.desk.base.mixins import audit_context
from catalogue.desk.cases.views import CaseViewsMixin
from catalogue.desk.proposals.assessment import AssessmentViewsMixin
from catalogue.desk.proposals.assistants.kinds import ASSISTANTS
from catalogue.desk.proposals.assistants.views import AssistantViewsMixin
from catalogue.desk.proposals.autosave import TypedInput, show_unchecked
from catalogue.desk.proposals.field_forms import chosen
from catalogue.desk.proposals.field_views import FieldViewsMixin
from catalogue.desk.proposals.figure_forms import quoted_rows
from catalogue.desk.proposals.forms import (
    CitationFormSet,
    EntryForm,
    HeadForm,
    NewEntryForm,
    citations_of,
    typed_entry,
)
from catalogue.desk.proposals.transitions import may_edit
from catalogue.editions import drafts, merge
from catalogue.editions.document import entry_data
from catalogue.feedback import answers
from catalogue.models import Event, Feedback, Proposal, ProposedEntry
from catalogue.workflow import proposals
from catalogue.workflow.base import current_documents
from services.models import Region

Action = ProposedEntry.Action
# The names of formsets in the context of a page.
FORMSETS = ("amounts", "shares", "citations", "lines")
COLUMNS = ("kind", "department", "title", "reason", "document_number", "effective_from", "raises_cost", "is_urgent")


class EditViewsMixin(CaseViewsMixin, AssistantViewsMixin, FieldViewsMixin, AssessmentViewsMixin):
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
        typed = TypedInput(request, scope=f"user {request.user.pk}")
        if answer := typed.answer():
            return answer
        form = HeadForm(typed.post, user=request.user, initial={"kind": "change", "is_urgent": "urgent" in request.GET})
        # The other kinds have a page of their own.
        form.fields["kind"].choices = [("change", Proposal.Kind.CHANGE.label)]
        reasons = []
        if request.method == "POST" and form.is_valid():
            proposal, reasons = self.draft(request, typed, lambda: form.cleaned_data | {"entries": []})
            if proposal:
                if NewEntryForm.is_code(service):
                    return redirect("admin:catalogue_proposal_entry", proposal.pk, service)
                if case := request.GET.get("case"):
                    return self.to_case(proposal, case)
                return redirect("admin:catalogue_proposal_change", proposal.pk)
        return self._form(
            request, "desk/form.html", form, reasons, typed=typed, title="提出调整建议", service=service,
            other_kinds=[(kind, Proposal.Kind(kind).label) for kind in ASSISTANTS],
            seen=typed.seen or versions.page_token({}),
        )  # fmt: skip

    @staticmethod
    def drafted(typed: TypedInput) -> Proposal | None:
        """Return the proposal that the same form has drafted already: the button was pressed twice."""
        form_key = versions.page_key(typed.seen)
        return form_key and Proposal.objects.filter(form_key=form_key).first()

    def draft(
        self, request: HttpRequest, typed: TypedInput, prepare: Callable[[], dict]
    ) -> tuple[Proposal | None, list[str]]:
        """Draft a proposal, linked to the feedback it comes from; return it, or the reasons of a refusal.

        ``prepare`` returns the values for ``proposals.draft()``, and may write what they name. A form that is sent a
        second time, at the same moment too, writes nothing and returns the proposal that the first one drafted.
        """
        try:
            with transaction.atomic():
                if proposal := self.drafted(typed):
                    return proposal, []
                proposal = proposals.draft(
                    region=self.region(),
                    context=audit_context(request),
                    form_key=versions.page_key(typed.seen),
                    authors=typed.authors(),
                    **prepare(),
                )
                self._link_feedback(request, proposal)
                typed.end()
        except (proposals.TransitionError, IntegrityError) as error:
            # The first of two at once was stored meanwhile: its number is taken, which is no fault of the second.
            if proposal := self.drafted(typed):
                return proposal, []
            if isinstance(error, IntegrityError):
                raise
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
        typed = TypedInput(request, proposal)
        if answer := typed.answer():
            return answer
        form = HeadForm(typed.post, user=request.user, instance=proposal)
        reasons, theirs = [], []
        if request.method == "POST" and form.is_valid():
            values = {column: form.cleaned_data[column] for column in COLUMNS if column in form.cleaned_data}
            reasons, theirs = self._amend(request, pk, typed, entries=lambda entries: entries, **values)
            if not reasons:
                return redirect("admin:catalogue_proposal_change", pk)
            if theirs and (shown := self._shown(typed)):
                form = self._rebased_head(request, pk, values, shown)
        return self._form(
            request, "desk/form.html", form, reasons, proposal, typed=typed, title="修改建议", theirs=theirs
        )

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
        return self._form(request, "desk/form.html", form, reasons, proposal, title="加入一项", theirs=theirs)

    def entry_view(self, request: HttpRequest, pk: int, code: str) -> HttpResponse:
        """Edit the entry of one service: the form shows all columns, and only differences are proposed."""
        proposal, refusal = self._editable_proposal(request, pk)
        if refusal:
            return refusal
        existing = proposal.entries.filter(service=code.replace("\0", "")).first()
        current = current_documents(proposal).get(code)
        if existing and existing.action == Action.WITHDRAW:
            return self.edit_successors(request, proposal, existing)
        action = existing.action if existing else (Action.CHANGE if current else Action.ADD)
        if not current and not (existing or NewEntryForm.is_code(code)):
            raise Http404(f"没有服务项目“{code}”。")
        base = entry_data(current) if current else drafts.blank_entry(code)
        data = base
        if existing:
            data = (
                merge.apply_change(base, existing.entry_data) if action == Action.CHANGE else base | existing.entry_data
            )
        typed = TypedInput(request, proposal)
        if answer := typed.answer():
            return answer
        if fields := chosen(request.GET.getlist("field")):
            return self.edit_fields(request, typed, code, fields, base=base, data=data, existing=existing)
        shown = self.shown_data(typed, code, base)
        form = EntryForm(typed.post, stated=data)
        quoted = quoted_rows(typed.post, data, cited_in=(data, base, shown))
        citations = CitationFormSet(typed.post, initial=citations_of(data), prefix="citations")
        reasons, theirs = [], []
        # Every form is validated, so that all errors are told at once.
        invalid = [each for each in (form, citations, *quoted.values()) if not each.is_valid()]
        if request.method == "POST" and not invalid:
            typed_data = typed_entry(data, form, citations, quoted)
            proposed_data = typed_data if action == Action.ADD else merge.make_change(base, typed_data)
            entry = _entry(code, action, proposed_data, existing.successors if existing else [])
            reasons, theirs = self._amend(
                request, pk, typed,
                entries=lambda entries: [other for other in entries if other["service"] != code] + [entry],
            )  # fmt: skip
            if not reasons:
                if "_continue" in request.POST:
                    return redirect("admin:catalogue_proposal_entry", pk, code)
                return redirect("admin:catalogue_proposal_change", pk)
            if theirs and shown:
                merged = merge.apply_change(data, merge.make_change(shown, typed_data))
                form = EntryForm(stated=merged)
                quoted = quoted_rows(None, merged, cited_in=(data, base))
                citations = CitationFormSet(initial=citations_of(merged), prefix="citations")
        title = f"{Action(action).label} {code} {data['name'] or ''}"
        return self._form(
            request, "desk/proposal_entry.html", form, reasons, proposal, typed=typed,
            title=title, theirs=theirs, citations=citations, **quoted, code=code, sections=form.sections(quoted),
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

    def _editable_proposal(self, request: HttpRequest, pk: int) -> tuple[Proposal | None, HttpResponse | None]:
        """Return the proposal if the user may edit it, or else a response; raises PermissionDenied for other users."""
        proposal = self.get_object(request, str(pk))
        if proposal is None:
            return None, self._get_obj_does_not_exist_redirect(request, self.opts, str(pk))
        if not self.has_view_permission(request, proposal) or not may_edit(request.user, proposal):
            raise PermissionDenied("只有提出部门的编辑可以修改这件建议。")
        if proposal.state not in {Proposal.State.DRAFT, Proposal.State.DECLINED}:
            submitted = proposal.state in {Proposal.State.ASSESSING, Proposal.State.APPROVING}
            way_back = "；请先在建议页面“撤回修改”。" if submitted else "。"
            reasons = [f"建议现在是“{proposal.get_state_display()}”，不能修改{way_back}"]
            return None, self.page(request, proposal, reasons=reasons, status=409)
        return proposal, None

    def _amend(
        self, request: HttpRequest, pk: int, typed: TypedInput | None = None, *, entries, **values: object
    ) -> tuple[list[str], list[dict]]:  # fmt: skip
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
                proposals.amend(
                    proposal, entries=entries(current_entries), context=audit_context(request),
                    authors=typed.authors() if typed else (), **values,
                )  # fmt: skip
                if typed:
                    typed.end()
        except proposals.TransitionError as error:
            return error.reasons, []
        self.tell_saved(request)
        return [], []

    @staticmethod
    def _shown(typed: TypedInput) -> dict | None:
        """Return the proposal as the page that was sent showed it, from the audit log."""
        record = versions.read(typed.seen).get("record", 0)
        writing = Event.objects.filter(
            proposal=typed.proposal.number, verb__in=(Event.Verb.DRAFTED, Event.Verb.AMENDED)
        )
        event = writing.filter(number__lte=record).order_by("-number").first()
        return event and json.loads(event.after)

    def shown_data(self, typed: TypedInput, code: str, base: Mapping) -> dict | None:
        """Return the entry of a service as the page that was sent showed it: proposed so far, else ``base``."""
        if typed.post is None or (shown := self._shown(typed)) is None:
            return None
        entry = next((entry for entry in shown["entries"] if entry["service"] == code), None)
        if entry is None or entry["stated"] is None:
            return dict(base)
        is_change = entry["action"] == Action.CHANGE
        return merge.apply_change(base, entry["stated"]) if is_change else {**base, **entry["stated"]}

    @staticmethod
    def _rebased_head(request: HttpRequest, pk: int, typed: Mapping, shown: Mapping) -> HeadForm:
        """Return the form of a proposal as it is now, with the columns that the user changed as typed."""
        plain_values = {
            name: value.code if name == "department" else value.isoformat() if name == "effective_from" else value
            for name, value in typed.items()
        }
        # The snapshot has the mark of an urgent correction only where it is set.
        shown = {"is_urgent": False} | shown
        touched = {name: value for name, value in typed.items() if plain_values[name] != shown[name]}
        return HeadForm(user=request.user, instance=Proposal.objects.get(pk=pk), initial=touched)

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
        self, request, template, form, reasons, proposal: Proposal | None = None, *, theirs=(), forms=(),
        typed: TypedInput | None = None, **context,
    ) -> TemplateResponse:  # fmt: skip
        if typed and typed.is_restored:
            formsets = [context[name] for name in FORMSETS if name in context]
            show_unchecked(forms or [form, *(row for rows in formsets for row in rows)], formsets)
        elif typed and request.method == "POST":
            typed.keep_refused()
        context = self.admin_site.each_context(request) | {
            "subtitle": None, "opts": self.opts, "proposal": proposal, "form": form, "reasons": reasons,
            "theirs": theirs, "typed": typed, "media": self.media + form.media,
            "errors": [*_formset_errors(context), *errors_of(forms or [form, *_rows(context)])],
        } | context  # fmt: skip
        if proposal:
            # Also after a refusal: the user has now seen the current version. The proposal is reloaded, because the
            # form writes the submitted values into its instance.
            current = Proposal.objects.get(pk=proposal.pk)
            is_resubmission = request.method == "POST" and not theirs and not reasons
            keeps_token = is_resubmission or (typed and typed.is_restored)
            seen = (typed.seen if typed else request.POST.get("seen", "")) if keeps_token else ""
            context["seen"] = seen or versions.proposal_token(current)
        is_invalid = request.method == "POST" and not reasons
        return TemplateResponse(request, template, context, status=409 if reasons else 422 if is_invalid else 200)


def errors_of(forms: Iterable[BaseForm]) -> Iterator[tuple[str, str, str]]:
    """Yield (id of the box or row, its label, message) for each error of bound forms, in the order of the page."""
    for form in forms:
        for name, messages in form.errors.items():
            box = form[name] if name in form.fields else None
            for message in messages:
                yield (box.id_for_label or box.auto_id if box else f"row-{form.prefix}"), box and box.label, message


def _rows(context: Mapping) -> Iterator[BaseForm]:
    """Yield the forms of the formsets of a page."""
    return (row for name in FORMSETS for row in context.get(name, ()))


def _formset_errors(context: Mapping) -> Iterator[tuple[str, None, str]]:
    """Yield the errors of the formsets of a page as a whole, as ``errors_of()`` does."""
    for name in FORMSETS:
        for message in context[name].non_form_errors() if name in context else ():
            yield f"formset-{name}", None, message


def _entry(code: str, action: str, data: Mapping | None, successors: list[str]) -> dict:
    return {"service": code, "action": action, "entry_data": data, "successors": successors}
