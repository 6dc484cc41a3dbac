"""Views of the assistants for the rarer kinds of proposal, and of the successors of a service that is withdrawn."""

from collections.abc import Mapping
from functools import partial

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from catalogue.accounts import permissions
from catalogue.audit.log import AuditContext
from catalogue.desk.base import versions
from catalogue.desk.base.mixins import audit_context
from catalogue.desk.proposals.assistants.forms import ChooseForm, SuccessorsForm
from catalogue.desk.proposals.assistants.kinds import ASSISTANTS, Assistant, sections
from catalogue.desk.proposals.autosave import TypedInput
from catalogue.models import Proposal, ProposedEntry
from catalogue.workflow import proposals
from catalogue.workflow.base import base_edition, current_documents
from services.models import Service

Kind, Action = Proposal.Kind, ProposedEntry.Action
# The kinds that begin with a page on which their services are chosen.
CHOOSING = (Kind.MERGE, Kind.SPLIT)


class AssistantViewsMixin:
    """For ProposalAdmin: one page for each kind but 调整. Writes go through ``workflow.proposals``."""

    def assist(self, request: HttpRequest, kind: str) -> HttpResponse:
        """Draft a proposal of a kind; the query string may name its ``service``, several of them for a merger."""
        region = self.region()
        edition = region and base_edition(region)
        if edition is None:
            raise Http404("还没有发布的版本。")
        documents = {document["code"]: document for document in edition.documents()}
        selected = list(dict.fromkeys(request.GET.getlist("service"))) if kind != Kind.ADD else []
        if unknown := [code for code in selected if code not in documents]:
            raise Http404(f"最后发布的版本中没有服务项目“{unknown[0]}”。")
        is_chosen = len(selected) == 1 if kind == Kind.SPLIT else len(selected) > 1
        leads = [documents[code]["lead_department"] for code in selected]
        # A service of another department is refused where it is chosen.
        is_chosen &= all(
            permissions.can_change(request.user, lead and lead["code"], timezone.localdate()) for lead in leads
        )
        if kind in CHOOSING and not is_chosen:
            return self._choose(request, kind, documents, selected)
        typed = TypedInput(request, scope=f"user {request.user.pk}")
        if answer := typed.answer():
            return answer
        if request.method == "POST" and (proposal := self.drafted(typed)):
            return redirect("admin:catalogue_proposal_change", proposal.pk)
        assistant = ASSISTANTS[kind](typed.post, user=request.user, documents=documents, selected=selected)
        reasons = []
        if request.method == "POST":
            if not versions.is_current(request.POST.get("seen", ""), edition.slug):
                reasons = ["您打开本页之后发布了新的版本，没有保存。请看清下面现在的内容，再保存一次。"]
            elif assistant.is_valid():
                prepare = partial(self._prepared, assistant, audit_context(request))
                proposal, reasons = self.draft(request, typed, prepare)
                if proposal:
                    return redirect("admin:catalogue_proposal_change", proposal.pk)
        forms = assistant.all_forms()
        return self._form(
            request, "desk/assistant.html", assistant.subject, reasons, typed=typed, title=self._title(assistant),
            forms=forms, assistant=assistant, head=assistant.head, sections=list(sections(assistant)), edition=edition,
            media=sum((form.media for form in forms), self.media),
            seen=typed.seen if typed.post and not reasons else versions.page_token(edition.slug),
            is_nav_sidebar_enabled=False,
        )  # fmt: skip

    @staticmethod
    def _title(assistant: Assistant) -> str:
        return f"{Kind(assistant.kind).label}{assistant.names() or '服务项目'}"

    def _choose(self, request: HttpRequest, kind: str, documents: Mapping, selected: list[str]) -> HttpResponse:
        initial = {"services": list(Service.objects.filter(code__in=selected))}
        form = ChooseForm(request.POST or None, kind=kind, documents=documents, user=request.user, initial=initial)
        if request.method == "POST" and form.is_valid():
            query = {name: value for name, value in request.GET.items() if name == "feedback"}
            query |= {"kind": kind, "service": form.cleaned_data["services"]}
            return redirect(f"{reverse('admin:catalogue_proposal_add')}?{urlencode(query, doseq=True)}")
        return self._form(
            request, "desk/assistant.html", form, [], title=f"{Kind(kind).label}服务项目",
            sections=[(f"{Kind(kind).label}什么", list(form))], is_nav_sidebar_enabled=False,
        )  # fmt: skip

    @staticmethod
    def _prepared(assistant: Assistant, context: AuditContext) -> dict:
        """Store the document and return the values of the proposal. Raises TransitionError for an unchanged entry."""
        assistant.store_document(context=context)
        entries = assistant.entries()
        if unchanged := [
            f"{entry['service']} 沿用，内容却没有变；请改写要变的内容，或者用新的代码。"
            for entry in entries
            if entry["action"] == Action.CHANGE and not entry["entry_data"]
        ]:
            raise proposals.TransitionError(unchanged)
        return assistant.values() | {"entries": entries}

    def edit_successors(self, request: HttpRequest, proposal: Proposal, entry: ProposedEntry) -> HttpResponse:
        """Change what follows a service that the proposal withdraws."""
        added = {
            other.service: other.entry_data.get("name") or ""
            for other in proposal.entries.filter(action=Action.ADD)
        }  # fmt: skip
        documents = current_documents(proposal)
        typed = TypedInput(request, proposal)
        if answer := typed.answer():
            return answer
        form = SuccessorsForm(typed.post, documents=documents, added=added, successors=entry.successors)
        reasons, theirs = [], []
        if request.method == "POST" and form.is_valid():
            successors = form.codes()
            reasons, theirs = self._amend(
                request, proposal.pk, typed,
                entries=lambda entries: [
                    each | {"successors": successors} if each["service"] == entry.service else each for each in entries
                ],
            )  # fmt: skip
            if not reasons:
                return redirect("admin:catalogue_proposal_change", proposal.pk)
        name = documents.get(entry.service, {}).get("name", "")
        return self._form(
            request, "desk/form.html", form, reasons, proposal, typed=typed,
            title=f"由何项目承接：{entry.service} {name}", theirs=theirs,
        )  # fmt: skip
