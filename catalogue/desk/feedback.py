"""Feedback (意见反馈): messages from the public about a department's services, and its public answers."""

import datetime

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import urlencode

from catalogue.accounts import names, permissions
from catalogue.desk.base import filters, versions
from catalogue.desk.base.dates import time_left
from catalogue.desk.base.mixins import DeskAdmin, Paragraphs, audit_context, typed_text
from catalogue.desk.base.services import named, newest_name
from catalogue.desk.entries import citations
from catalogue.desk.proposals.field_forms import CHOICES
from catalogue.feedback import answers
from catalogue.models import Citation, Entry, Event, Feedback
from catalogue.workflow import proposals
from services.models import Department

State = Feedback.State
DRAFT, RELEASE, RETURN, TRANSFER = "draft", "release", "return", "transfer"
# Messages that are answered together; a page of more could not be read before it is signed.
MAX_TOGETHER = 50
# Earlier answers that are offered.
MAX_EARLIER = 10
CHANGED = "您打开本页之后，这件反馈或它的答复有了变化，没有保存。请看清下面现在的内容，再办理一次。"


class LeadFilter(filters.CodeFilter):
    """Filters by the department that answers, as annotated by ``Feedback.objects.with_lead_department()``."""

    title, parameter_name, path, vocabulary = "办理部门", "lead", "lead", Department


class DraftFilter(filters.CodeFilter):
    title, parameter_name = "答复", "drafted"
    values = (("no", "待起草"), ("yes", "待审核"))

    def selected(self, queryset, value):
        return queryset.unanswered().filter(draft_answer__isnull=value == "no")


class AnswerForm(forms.Form):
    answer = Paragraphs(
        label="答复",
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 4, "class": "desk-text"}),
        help_text="审核公开以后，凭回执编号的人都能看到，不能再改。例：已列入2027年版调整建议。",
    )
    summary = Feedback._meta.get_field("summary").formfield()


class TransferForm(forms.Form):
    department = forms.ModelChoiceField(Department.objects.all(), label="转给", empty_label="请选择部门")
    reason = Paragraphs(
        label="理由",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2, "class": "desk-text"}),
        help_text="例：所说的是计划生育服务，由卫生健康委牵头。",
    )


@admin.register(Feedback)
class FeedbackAdmin(DeskAdmin):
    list_display = (
        "receipt",
        "kind",
        "named_service",
        "named_field",
        "beginning",
        "stage",
        "lead_department",
        "received",
        "due",
    )
    list_filter = (
        filters.choices_of(Feedback, "kind"), filters.choices_of(Feedback, "state"), DraftFilter, LeadFilter,
    )  # fmt: skip
    list_select_related = ("service",)
    ordering = ("-at",)
    search_fields = ("receipt", "service__code", "message")
    search_help_text = "按回执编号、服务项目代码或意见内容查找。例：NM-05-01、体检"
    actions = ["answer_together"]

    def get_urls(self):
        view = self.admin_site.admin_view(self.together_view)
        return [path("together/", view, name="catalogue_feedback_together"), *super().get_urls()]

    def get_queryset(self, request):
        department = Department.objects.filter(code=OuterRef("lead")).values("name")[:1]
        rows = super().get_queryset(request).with_lead_department(timezone.localdate())
        rows = rows.annotate(lead_name=Subquery(department), service_name=newest_name("service"))
        codes = permissions.visible_departments(request.user, timezone.localdate())
        return rows if codes is None else rows.filter(lead__in=codes)

    @admin.display(description="意见")
    def beginning(self, feedback):
        return feedback.message if len(feedback.message) <= 60 else f"{feedback.message[:60]}……"

    @admin.display(description="服务项目", ordering="service", empty_value="没有写明")
    def named_service(self, feedback):
        return feedback.service and named(feedback.service.code, feedback.service_name)

    @admin.display(description="字段", ordering="field")
    def named_field(self, feedback):
        return feedback.get_field_display() or "整个项目"

    @admin.display(description="收到", ordering="at")
    def received(self, feedback):
        return str(timezone.localdate(feedback.at))

    @admin.display(description="状态", ordering="state")
    def stage(self, feedback):
        return "答复待审核" if feedback.draft_answer else feedback.get_state_display()

    @admin.display(description="办理部门", ordering="lead")
    def lead_department(self, feedback):
        return feedback.lead_name

    @admin.display(description="限办日期", ordering="at")
    def due(self, feedback):
        deadline = due_on(feedback)
        return (
            f"{deadline}（{time_left(deadline, timezone.localdate())}）"
            if feedback.state != State.ANSWERED
            else str(deadline)
        )

    @admin.action(description="一并答复或审核所选的反馈", permissions=["change", "release"])
    def answer_together(self, request, queryset):
        keys = sorted(queryset.values_list("pk", flat=True))
        return redirect(f"{reverse('admin:catalogue_feedback_together')}?{urlencode({'pk': keys}, doseq=True)}")

    def events_of(self, obj):
        return Event.objects.filter(term=answers.feedback_reference(obj))

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and (
            obj is None or permissions.can_change(request.user, obj.lead, timezone.localdate())
        )

    def has_release_permission(self, request, obj=None):
        """Whether a user may release answers; with a message, its own: not one that he or she drafted."""
        user = request.user
        if not user.has_perm("catalogue.release_feedback") or obj is None:
            return user.has_perm("catalogue.release_feedback")
        is_in_scope = permissions.can_change(user, obj.lead, timezone.localdate())
        is_in_scope |= user.has_perm("catalogue.approve_proposal")
        return is_in_scope and obj.drafter_id != user.pk

    def change_view(self, request, object_id, form_url="", extra_context=None):
        feedback = self.get_object(request, object_id)
        if feedback is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_permission(request, feedback):
            raise PermissionDenied
        if request.method != "POST":
            return self.page(request, feedback)
        step = request.POST.get("step", DRAFT)
        self.require(request, step, [feedback])
        form = {DRAFT: AnswerForm, TRANSFER: TransferForm}.get(step, forms.Form)(request.POST)
        if not form.is_valid():
            return self.page(request, feedback, **{step: form}, status=422)
        if reasons := self.take(request, step, [feedback], form.cleaned_data):
            feedback = self.get_object(request, object_id)
            if feedback is None:
                return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            return self.page(request, feedback, **{step: form}, reasons=reasons, status=409)
        if step == TRANSFER and not self.get_queryset(request).filter(pk=feedback.pk).exists():
            return redirect("admin:catalogue_feedback_changelist")
        return redirect("admin:catalogue_feedback_change", feedback.pk)

    def require(self, request: HttpRequest, step: str, rows: list[Feedback]) -> None:
        """Raise PermissionDenied if a user may not take a step on all messages."""
        if step in (DRAFT, TRANSFER):
            if not all(self.has_change_permission(request, row) for row in rows):
                raise PermissionDenied("只有办理部门的编辑可以起草答复或转办。")
        elif step not in (RELEASE, RETURN) or not all(self.has_release_permission(request, row) for row in rows):
            raise PermissionDenied("答复由办理部门的另一个编辑或者审批人员审核，起草人自己不能审核。")

    def take(self, request: HttpRequest, step: str, rows: list[Feedback], values: dict) -> list[str]:
        """Take a step on all messages, or on none: return the reasons of a refusal."""
        context = audit_context(request, reason=values.get("reason") or typed_text(request, "reason") or None)
        try:
            with transaction.atomic():
                # Locked, so that no message changes between the comparison and the step.
                keys = [row.pk for row in rows]
                list(Feedback.objects.select_for_update().filter(pk__in=keys).order_by("pk"))
                rows = list(self.get_queryset(request).filter(pk__in=keys))
                if not versions.is_current(request.POST.get("seen", ""), seen_state(rows)):
                    return [CHANGED]
                for row in rows:
                    if step == DRAFT:
                        answers.draft_answer(row, context=context, **values)
                    elif step == TRANSFER:
                        answers.transfer_feedback(row, values["department"], context=context)
                    elif step == RELEASE:
                        answers.release_answer(row, context=context)
                    else:
                        answers.return_answer(row, context=context)
        except proposals.TransitionError as error:
            return error.reasons
        receipts = "、".join(row.receipt for row in rows)
        self.message_user(request, {
            DRAFT: f"{receipts} 的答复已起草，还没有公开：请本部门的另一个编辑或者审批人员审核。",
            TRANSFER: f"{receipts} 已转给{values.get('department')}，限办日期不变。",
            RELEASE: f"{receipts} 的答复已公开，联系方式已删除。",
            RETURN: f"{receipts} 的答复已退回起草人，没有公开。",
        }[step])  # fmt: skip
        return []

    def page(self, request, feedback, *, draft=None, transfer=None, reasons=(), status=200, **_):
        """Return the page of a message; after a refused step with the ``reasons`` and the submitted form."""
        is_open = feedback.state != State.ANSWERED
        may_answer = is_open and self.has_change_permission(request, feedback)
        may_propose = feedback.state == State.RECEIVED and request.user.has_perm("catalogue.add_proposal")
        may_release = bool(feedback.draft_answer) and self.has_release_permission(request, feedback)
        service = f"&service={feedback.service.code}" if feedback.service else ""
        field = f"&field={feedback.field}" if feedback.field in dict(CHOICES) else ""
        proposal_url = f"{reverse('admin:catalogue_proposal_add')}?feedback={feedback.pk}{service}{field}"
        earlier = earlier_answers([feedback]) if may_answer else []
        typed = draft.data.get("answer") if draft else None
        context = self.admin_site.each_context(request) | {
            "title": f"意见反馈 {feedback.receipt}",
            "subtitle": None,
            "opts": self.opts,
            "feedback": feedback,
            "stage": self.stage(feedback),
            "drafter": names.person_name(feedback.drafter) if feedback.draft_answer else None,
            "due": due_on(feedback) if is_open else None,
            "left": time_left(due_on(feedback), timezone.localdate()),
            "working_days": settings.FEEDBACK_WORKING_DAYS,
            "stated": [stated(entry, feedback.field) for entry in entries_of(feedback)],
            "may_see_contact": self.has_change_permission(request, feedback),
            "form": (draft or AnswerForm(initial=self._initial(request, feedback, earlier))) if may_answer else None,
            "transfer": (transfer or TransferForm()) if may_answer else None,
            "is_transferring": transfer is not None,
            "earlier": earlier,
            "may_release": may_release,
            "lost": typed if reasons and not may_answer else None,
            "propose_at": proposal_url if may_answer and may_propose else None,
            "reasons": reasons,
            "typed_reason": request.POST.get("reason", "") if reasons and not transfer else "",
            "seen": versions.token(seen_state([feedback])),
            "events": self.event_rows(self.events_shown(feedback).order_by("-number")),
        }
        return TemplateResponse(request, "desk/feedback.html", context, status=status)

    def together_view(self, request: HttpRequest) -> HttpResponse:
        """One answer to several messages, or the release of several drafted answers: all are shown first."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        keys = [key for key in request.GET.getlist("pk") if key.isdecimal() and len(key) < 19]
        rows = list(
            self.get_queryset(request).unanswered().filter(pk__in=keys).select_related("service", "edition", "drafter")
        )
        if not rows or len(rows) > MAX_TOGETHER:
            self.message_user(
                request, f"请勾选 1 到 {MAX_TOGETHER} 件还没有答复的反馈，再选“一并答复”。", level="warning"
            )
            return redirect("admin:catalogue_feedback_changelist")
        may_answer = all(self.has_change_permission(request, row) for row in rows)
        may_release = all(row.draft_answer and self.has_release_permission(request, row) for row in rows)
        earlier = earlier_answers(rows) if may_answer else []
        form, reasons, status = AnswerForm(initial=self._initial(request, None, earlier)), [], 200
        if request.method == "POST":
            step = request.POST.get("step", DRAFT)
            if step not in (DRAFT, RELEASE):
                raise PermissionDenied("几件反馈一并办理，只能起草答复或者审核公开。")
            self.require(request, step, rows)
            form = AnswerForm(request.POST) if step != RELEASE else form
            if step != RELEASE and not form.is_valid():
                status = 422
            elif reasons := self.take(request, step, rows, form.cleaned_data if step != RELEASE else {}):
                status = 409
            else:
                return redirect("admin:catalogue_feedback_changelist")
        context = self.admin_site.each_context(request) | {
            "title": f"一并办理 {len(rows)} 件意见反馈",
            "subtitle": None,
            "opts": self.opts,
            "rows": [(row, names.person_name(row.drafter) if row.draft_answer else None) for row in rows],
            "form": form if may_answer else None,
            "may_release": may_release,
            "earlier": earlier,
            "keys": [str(row.pk) for row in rows],
            "reasons": reasons,
            "seen": versions.token(seen_state(rows)),
        }
        return TemplateResponse(request, "desk/feedback_together.html", context, status=status)

    @staticmethod
    def _initial(request: HttpRequest, feedback: Feedback | None, earlier: list[Feedback]) -> dict:
        """Return the texts that the form begins with: an earlier answer that was chosen, or what is drafted."""
        chosen = next((each for each in earlier if each.receipt == request.GET.get("like")), None)
        drafted = {"answer": feedback.draft_answer, "summary": feedback.draft_summary} if feedback else {}
        return drafted | ({"answer": chosen.answer} if chosen else {})


def due_on(feedback: Feedback) -> datetime.date:
    return answers.deadline(feedback, working_days=settings.FEEDBACK_WORKING_DAYS)


def seen_state(rows: list[Feedback]) -> list:
    """Return what a step on messages is based on, for a version token."""
    return [
        [row.receipt, row.state, row.lead, row.drafter_id, row.draft_answer, row.draft_summary]
        for row in sorted(rows, key=lambda row: row.receipt)
    ]


def earlier_answers(rows: list[Feedback]) -> list[Feedback]:
    """Return public answers of the department that answers these messages, the newest first, each text once."""
    public = Feedback.objects.public().with_lead_department(timezone.localdate())
    public = public.filter(lead__in={row.lead for row in rows})[: 5 * MAX_EARLIER]
    return list({each.answer: each for each in reversed(public)}.values())[::-1][:MAX_EARLIER]


def entries_of(feedback: Feedback) -> list[Entry]:
    """Return the entries of a message's service: in the edition it speaks of, else in force, and in the newest one."""
    of_service = Entry.objects.of_service(feedback.service_id, timezone.localdate()).with_details()
    spoken_of = of_service.filter(edition=feedback.edition_id).first() or of_service.first()
    newest = of_service.order_by("-edition__number").first()
    return [entry for entry in dict.fromkeys([spoken_of, newest]) if entry]


def stated(entry: Entry, field: str | None) -> dict:
    """Return an entry with what it states of a field, for a template."""
    all_citations = citations.field_citations(entry, timezone.localdate())
    return {
        "entry": entry,
        "sourcing": next((item for item in all_citations if item.field == field), None),
        "mentions": citations.cited(entry, Citation.MENTION) if field == Citation.MENTION else [],
    }
