"""Views that change a few chosen fields of an entry: a new proposal with its head, or a draft that is continued."""

import datetime
from collections.abc import Mapping

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from catalogue.accounts import permissions
from catalogue.desk.base import versions
from catalogue.desk.base.mixins import audit_context
from catalogue.desk.proposals.autosave import TypedInput
from catalogue.desk.proposals.field_forms import CHOICES, FieldsForm
from catalogue.desk.proposals.forms import ChangeHeadForm
from catalogue.editions import merge
from catalogue.editions.document import entry_data
from catalogue.models import Edition, Proposal, ProposedEntry
from catalogue.workflow.base import base_edition
from services.models import Department

# What tells one draft of a service from another.
HEAD = ("title", "reason", "document_number", "effective_from")
Action, State = ProposedEntry.Action, Proposal.State


class FieldViewsMixin:
    """For ProposalAdmin: the form of the chosen fields of one service. Writes go through ``workflow.proposals``."""

    def draft_fields(self, request: HttpRequest, service: str, fields: list[str]) -> HttpResponse:
        """Draft a proposal that changes these fields; a draft of the user that changes the service is continued.

        With ``urgent`` in the query it is an urgent correction of the edition in force.
        """
        region, today, is_urgent = self.region(), timezone.localdate(), "urgent" in request.GET
        newest = region and (region.editions.in_force(today).first() if is_urgent else base_edition(region))
        document = next((each for each in newest.documents() if each["code"] == service), None) if newest else None
        if document is None:
            raise Http404(f"{'在用' if is_urgent else '最后发布'}的版本中没有服务项目“{service}”。")
        base = entry_data(document)
        is_theirs = permissions.can_change(request.user, base["lead_department"], today)
        typed = TypedInput(request, scope=base["lead_department"] if is_theirs else f"user {request.user.pk}")
        if answer := typed.answer():
            return answer
        draft = self._own_draft(request, service, is_urgent)
        if draft and request.method == "GET" and "feedback" not in request.GET and not typed.is_restored:
            self.message_user(request, f"您已有一件改动 {service} 的草稿（第 {draft.number} 号），请接着写。")
            return redirect(f"{reverse('admin:catalogue_proposal_entry', args=[draft.pk, service])}?"
                            f"{urlencode({'field': fields}, doseq=True)}")  # fmt: skip
        labels = "、".join(label for field, label in CHOICES if field in fields)
        lead = Department.objects.filter(code=base["lead_department"]).first()
        initial = {"title": f"调整“{base['name']}”的{labels}"[:200], "department": lead}
        head = ChangeHeadForm(typed.post, user=request.user, initial=initial)
        number = (typed.post or {}).get("document_number", "").strip() or None
        is_current = typed.post is None or versions.is_current(typed.seen, base)
        shown = None if is_current else self._shown_base(typed, service)
        parts = FieldsForm(typed.post, fields=fields, base=base, data=base, number=number, shown=shown)
        reasons = []
        if request.method == "POST":
            if not is_current:
                reasons = ["您打开本页之后发布了新的版本，没有保存。请看清下面现在的内容，再保存一次。"]
                parts.is_valid(today.isoformat())
                if shown and not parts.form.errors:
                    parts.rebase(shown)
            elif is_urgent and head.is_valid() and (moved := self._moved(newest, head.cleaned_data["effective_from"])):
                reasons = [moved]
            elif draft and head.is_valid() and self._is_the_same(draft, head.cleaned_data):
                # The button was pressed twice.
                return redirect("admin:catalogue_proposal_change", draft.pk)
            elif self._all_valid(head, parts):
                proposal, reasons = self._draft(request, typed, head, parts, base, is_urgent)
                if proposal:
                    return redirect("admin:catalogue_proposal_change", proposal.pk)
        query = request.GET.copy()
        query.pop("field")
        full = f"{reverse('admin:catalogue_proposal_add')}?{query.urlencode()}"
        return self._fields_page(
            request, typed, parts, reasons, base=base, labels=labels, head=head, full=full, edition=newest,
            is_urgent=is_urgent, seen=typed.seen if typed.post and not reasons else versions.page_token(base),
        )  # fmt: skip

    def edit_fields(
        self, request: HttpRequest, typed: TypedInput, code: str, fields: list[str], *,
        base: Mapping, data: Mapping, existing: ProposedEntry | None,
    ) -> HttpResponse:  # fmt: skip
        """Edit these fields of a proposal's entry; its other fields stay as they are."""
        proposal = typed.proposal
        shown = self.shown_data(typed, code, base)
        parts = FieldsForm(
            typed.post, fields=fields, base=base, data=data, number=proposal.document_number, shown=shown
        )  # fmt: skip
        reasons, theirs = [], []
        effective_from = proposal.effective_from.isoformat()
        if request.method == "POST" and parts.is_valid(effective_from):
            with transaction.atomic():
                parts.store_documents(context=audit_context(request))
                entry = self._changed(base, parts.typed(effective_from), code, existing)
                reasons, theirs = self._amend(
                    request, proposal.pk, typed,
                    entries=lambda entries: [each for each in entries if each["service"] != code] + entry,
                )  # fmt: skip
                if reasons:
                    transaction.set_rollback(True)
            if not reasons:
                return redirect("admin:catalogue_proposal_change", proposal.pk)
            if theirs and shown:
                parts.rebase(shown)
        labels = "、".join(label for field, label in CHOICES if field in fields)
        full = reverse("admin:catalogue_proposal_entry", args=[proposal.pk, code])
        return self._fields_page(
            request, typed, parts, reasons, proposal, base=data, labels=labels, full=full, theirs=theirs
        )

    def _shown_base(self, typed: TypedInput, service: str) -> dict | None:
        """Return the entry of the earlier edition that the page that was sent showed."""
        for edition in self.region().editions.published().order_by("-number"):
            for document in edition.documents():
                if document["code"] == service and versions.is_current(typed.seen, entry_data(document)):
                    return entry_data(document)
        return None

    @staticmethod
    def _moved(shown: Edition, day: datetime.date) -> str | None:
        """Return why an urgent correction of an edition cannot come into force on a day, when another one is."""
        in_force = shown.region.editions.in_force(day).first()
        if in_force in (shown, None):
            return None
        return f"{day} 在用的是版本 {in_force.slug}，不是本页的 {shown.slug}；请从它的条目页提出，或者改施行日期。"

    def _own_draft(self, request: HttpRequest, service: str, is_urgent: bool) -> Proposal | None:
        return Proposal.objects.filter(
            handler=request.user, is_urgent=is_urgent, state__in=(State.DRAFT, State.DECLINED),
            entries__service=service.replace("\0", ""),
            entries__action=Action.CHANGE,
        ).order_by("-number").first()  # fmt: skip

    @staticmethod
    def _is_the_same(draft: Proposal, typed: Mapping) -> bool:
        # A reason that is left out follows from the documents.
        names = HEAD if typed["reason"] else set(HEAD) - {"reason"}
        return all(getattr(draft, name) == typed[name] for name in names)

    @staticmethod
    def _all_valid(head: ChangeHeadForm, parts: FieldsForm) -> bool:
        is_valid = head.is_valid()
        day = head.cleaned_data.get("effective_from") or timezone.localdate()
        if not parts.is_valid(day.isoformat()):
            return False
        if is_valid and not head.cleaned_data["reason"]:
            titles = parts.given_titles()
            head.cleaned_data["reason"] = f"依据{'、'.join(f'《{title}》' for title in titles)}。" if titles else ""
            if not titles:
                head.add_error("reason", "请写明为什么调整，或者在“新的条文”里写明所依的文件。")
        return is_valid and not head.errors

    def _draft(
        self,
        request: HttpRequest,
        typed: TypedInput,
        head: ChangeHeadForm,
        parts: FieldsForm,
        base: Mapping,
        is_urgent: bool,
    ) -> tuple[Proposal | None, list[str]]:
        def prepare() -> dict:
            parts.store_documents(context=audit_context(request))
            values = head.cleaned_data
            entries = self._changed(base, parts.typed(values["effective_from"].isoformat()), base["code"], None)
            return values | {"kind": Proposal.Kind.CHANGE, "entries": entries, "is_urgent": is_urgent}

        return self.draft(request, typed, prepare)

    @staticmethod
    def _changed(base: Mapping, typed: Mapping, code: str, existing: ProposedEntry | None) -> list[dict]:
        """Return the proposed entry; no entry if a change changes nothing."""
        action = existing.action if existing else Action.CHANGE
        data = typed if action == Action.ADD else merge.make_change(base, typed)
        successors = existing.successors if existing else []
        return [{"service": code, "action": action, "entry_data": data, "successors": successors}] if data else []

    def _fields_page(
        self, request: HttpRequest, typed: TypedInput, parts: FieldsForm, reasons, proposal: Proposal | None = None, *,
        base: Mapping, labels: str, head: ChangeHeadForm | None = None, **context: object,
    ) -> HttpResponse:  # fmt: skip
        forms = [*([head] if head else []), *parts.all_forms()]
        return self._form(
            request, "desk/proposal_fields.html", head or parts.form, reasons, proposal, typed=typed,
            title=f"{'紧急更正' if context.get('is_urgent') else '调整'} {base['code']} {base['name'] or ''}：{labels}",
            head=head, parts=parts, forms=forms, **({} if parts.shares is None else {"shares": parts.shares}),
            media=sum((form.media for form in forms), self.media), is_nav_sidebar_enabled=False, **context,
        )  # fmt: skip
