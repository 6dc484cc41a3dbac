"""Views that add, change and withdraw a case as part of a proposal."""

from collections.abc import Mapping

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone

from catalogue.accounts import permissions
from catalogue.desk.base import versions
from catalogue.desk.cases.forms import CaseFileForm, CaseForm
from catalogue.desk.cases.wording import CaseWords
from catalogue.desk.proposals.autosave import TypedInput
from catalogue.editions.document import entry_data
from catalogue.models import Proposal, ProposedCase
from catalogue.spreadsheets import cases as spreadsheet
from catalogue.spreadsheets.limits import UnreadableFileError
from catalogue.workflow.base import base_of, current_documents
from catalogue.workflow.steps import proposed_cases

# In place of a code in the address of a case.
NEW = "add"
# Changes of a table that its preview shows; the rest is counted.
MAX_SHOWN = 500
EMPTY = {"circumstances": {}, "expected": {}, "because": {}}


class CaseViewsMixin:
    """For ProposalAdmin: the form of a case. Writes go through ``workflow.proposals``."""

    def get_urls(self):
        def at(route: str, view, name: str):
            return path(route, self.admin_site.admin_view(view), name=f"catalogue_proposal_{name}")

        return [
            at(f"<int:pk>/cases/{NEW}/", self.case_view, "new_case"),
            at("<int:pk>/cases/import/", self.import_cases_view, "import_cases"),
            at("<int:pk>/cases/<slug:code>/", self.case_view, "case"),
            at("<int:pk>/cases/<slug:code>/remove/", self.remove_case_view, "remove_case"),
            *super().get_urls(),
        ]

    @staticmethod
    def to_case(proposal: Proposal, code: str) -> HttpResponse:
        """Return the redirect to the form of a case, or of a new one."""
        base = base_of(proposal)
        if code != NEW and base and base.cases.filter(code=code.replace("\0", "")).exists():
            return redirect("admin:catalogue_proposal_case", proposal.pk, code)
        return redirect("admin:catalogue_proposal_new_case", proposal.pk)

    def case_view(self, request: HttpRequest, pk: int, code: str | None = None) -> HttpResponse:
        """Edit a case of a proposal: an outcome that is left out is that of a service that the case no longer has."""
        proposal, refusal = self._editable_proposal(request, pk)
        if refusal:
            return refusal
        base = base_of(proposal)
        before = self._present_case(base, code)
        change = proposal.cases.filter(code=code).first() if code else None
        if code and before is None and change is None:
            raise Http404(f"没有案例“{code}”。")
        is_stated = change and change.action != proposed_cases.Action.WITHDRAW
        case = proposed_cases.apply_change(before, change) if is_stated else before or EMPTY
        typed = TypedInput(request, proposal)
        if answer := typed.answer():
            return answer
        form = self._case_form(request, proposal, typed, case)
        reasons, theirs = [], []
        if request.method == "POST" and "_more" in request.POST:
            # The page is shown again with what was typed, and with the service that was chosen.
            typed.keep_refused()
            return redirect(request.get_full_path())
        if request.method == "POST" and ("_withdraw" in request.POST or form.is_valid()):
            after = None if "_withdraw" in request.POST else form.cleaned_data["case"]
            reasons, theirs = self._save_case(request, typed, base, code, before, after)
            if not reasons:
                return redirect("admin:catalogue_proposal_change", pk)
        return self._form(
            request, "desk/proposal_case.html", form, reasons, proposal, typed=typed, theirs=theirs,
            title=f"修改案例 {code}" if code else "新增案例", may_withdraw=before is not None,
            is_nav_sidebar_enabled=False,
        )  # fmt: skip

    def remove_case_view(self, request: HttpRequest, pk: int, code: str) -> HttpResponse:
        """Take the change of a case out of a proposal (POST)."""
        proposal, refusal = self._editable_proposal(request, pk)
        if refusal:
            return refusal
        if request.method != "POST":
            return redirect("admin:catalogue_proposal_change", pk)
        reasons, theirs = self._amend(request, pk, entries=lambda entries: entries, case_changes={code: None})
        if reasons:
            return self.page(request, self.get_object(request, str(pk)), reasons=reasons, theirs=theirs, status=409)
        return redirect("admin:catalogue_proposal_change", pk)

    def import_cases_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what a table of cases changes; once that is confirmed, it is part of the proposal.

        The page holds the changes as a signed token of the user and the proposal, so that just these are confirmed.
        """
        proposal, refusal = self._editable_proposal(request, pk)
        if refusal:
            return refusal
        base = base_of(proposal)
        if base is None:
            raise Http404("还没有发布的版本。")
        is_confirmed = "_confirm" in request.POST
        form = CaseFileForm(*([request.POST, request.FILES] if request.method == "POST" and not is_confirmed else []))
        faults, plan, reasons, theirs = [], None, [], []
        if is_confirmed:
            sent = versions.read(request.POST.get("plan", ""))
            if (sent.get("by"), sent.get("proposal")) != (request.user.pk, pk):
                raise PermissionDenied("请先上传表格、看过预览，再确认。")
            plan = sent["changes"]
            reasons, theirs = self._amend(request, pk, entries=lambda entries: entries, case_changes=plan)
            if not reasons:
                return redirect("admin:catalogue_proposal_change", pk)
        elif request.method == "POST" and form.is_valid():
            file = form.cleaned_data["file"]
            try:
                plan = spreadsheet.read_changes(file.name, file.read(), edition=base).changes
            except UnreadableFileError as error:
                faults = error.faults
        rows = [ProposedCase(code=code, **change) for code, change in (plan or {}).items()]
        response = self._form(
            request, "desk/case_import.html", form, reasons, proposal, theirs=theirs, title="由表格导入案例", base=base,
            faults=faults, plan=plan, rows=list(CaseWords(base).changes(rows[:MAX_SHOWN])), count=len(rows),
            token=versions.token(None, by=request.user.pk, proposal=pk, changes=plan) if plan else None,
        )  # fmt: skip
        if plan is not None and not reasons:
            response.status_code = 200
        return response

    @staticmethod
    def _present_case(base, code: str | None) -> dict | None:
        case = base.cases.filter(code=code).first() if base and code else None
        return case and proposed_cases.case_data(case)

    def _case_form(self, request: HttpRequest, proposal: Proposal, typed: TypedInput, case: Mapping) -> CaseForm:
        base = base_of(proposal)
        current = {code: entry_data(document) for code, document in current_documents(proposal).items()}
        documents = proposed_cases.documents_under(proposal, current)
        own = [
            code for code, document in documents.items()
            if permissions.can_change(request.user, document.get("lead_department"), timezone.localdate())
        ]  # fmt: skip
        words = CaseWords(base)
        words.names.update((code, document.get("name") or "") for code, document in documents.items())
        if typed.post:
            selected = [*typed.post.getlist("services"), *typed.post.getlist("case-more")]
        else:
            proposed = [entry.service for entry in proposal.entries.all()]
            selected = [*case["expected"], *request.GET.getlist("service")]
            selected = selected or (proposed if len(proposed) == 1 else [])
        selected = [code for code in selected if code in own or code in case["expected"]]
        return CaseForm(typed.post, case=case, selected=selected, offered=own, documents=documents, words=words)

    def _save_case(
        self, request: HttpRequest, typed: TypedInput, base, code: str | None, before: Mapping | None,
        after: Mapping | None,
    ) -> tuple[list[str], list[dict]]:  # fmt: skip
        proposal = typed.proposal
        if code is None:
            taken = set(base.cases.values_list("code", flat=True)) if base else set()
            code = proposed_cases.new_code(after, taken | set(proposal.cases.values_list("code", flat=True)))
        change = proposed_cases.make_change(before, after)
        return self._amend(request, proposal.pk, typed, entries=lambda entries: entries, case_changes={code: change})
