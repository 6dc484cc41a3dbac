"""Feedback (意见反馈): messages from the public about a department's services, and its public answers."""

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from catalogue.accounts import permissions
from catalogue.desk.base import filters
from catalogue.desk.base.mixins import DeskAdmin, Paragraphs, audit_context
from catalogue.desk.entries import citations
from catalogue.desk.proposals.field_forms import CHOICES
from catalogue.feedback import answers
from catalogue.models import Citation, Entry, Event, Feedback
from catalogue.workflow import proposals
from services.models import Department

State = Feedback.State


class LeadFilter(filters.CodeFilter):
    """Filters by lead department, as annotated by ``Feedback.objects.with_lead_department()``."""

    title, parameter_name, path, vocabulary = "牵头负责单位", "lead", "lead", Department


class AnswerForm(forms.Form):
    answer = Paragraphs(
        label="公开答复",
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 4, "class": "desk-text"}),
        help_text="凭回执编号的人都能看到，提交后不能更改，联系方式随即删除。例：已列入2027年版调整建议。",
    )
    summary = Feedback._meta.get_field("summary").formfield()


@admin.register(Feedback)
class FeedbackAdmin(DeskAdmin):
    list_display = ("receipt", "kind", "service", "field", "beginning", "state", "lead_department", "at")
    list_filter = (filters.choices_of(Feedback, "kind"), filters.choices_of(Feedback, "state"), LeadFilter)
    list_select_related = ("service",)
    ordering = ("-at",)
    search_fields = ("receipt", "service__code", "message")
    search_help_text = "按回执编号、服务项目代码或意见内容查找。例：NM-05-01、体检"

    def get_queryset(self, request):
        names = Department.objects.filter(code=OuterRef("lead")).values("name")[:1]
        rows = (
            super().get_queryset(request).with_lead_department(timezone.localdate()).annotate(lead_name=Subquery(names))
        )
        codes = permissions.visible_departments(request.user)
        return rows if codes is None else rows.filter(lead__in=codes)

    @admin.display(description="意见")
    def beginning(self, feedback):
        return feedback.message if len(feedback.message) <= 60 else f"{feedback.message[:60]}……"

    @admin.display(description="牵头负责单位", ordering="lead")
    def lead_department(self, feedback):
        return feedback.lead_name

    def events_of(self, obj):
        return Event.objects.filter(term=answers.feedback_reference(obj))

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and (
            obj is None or permissions.can_change(request.user, obj.lead)
        )

    def change_view(self, request, object_id, form_url="", extra_context=None):
        feedback = self.get_object(request, object_id)
        if feedback is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_permission(request, feedback):
            raise PermissionDenied
        if request.method != "POST":
            return self.page(request, feedback, AnswerForm())
        if not self.has_change_permission(request, feedback):
            raise PermissionDenied("只有牵头单位的编辑可以答复。")
        return self._answer(request, feedback)

    def page(self, request: HttpRequest, feedback: Feedback, form: AnswerForm, *, reasons=(), status=200):
        """Return the page of a message; after a refused answer with the ``reasons`` and the submitted ``form``."""
        entry = stating(feedback)
        all_citations = citations.field_citations(entry, timezone.localdate()) if entry else []
        may_answer = feedback.state != State.ANSWERED and self.has_change_permission(request, feedback)
        may_propose = feedback.state == State.RECEIVED and request.user.has_perm("catalogue.add_proposal")
        service = f"&service={feedback.service.code}" if feedback.service else ""
        field = f"&field={feedback.field}" if feedback.field in dict(CHOICES) else ""
        proposal_url = f"{reverse('admin:catalogue_proposal_add')}?feedback={feedback.pk}{service}{field}"
        context = self.admin_site.each_context(request) | {
            "title": f"意见反馈 {feedback.receipt}",
            "subtitle": None,
            "opts": self.opts,
            "feedback": feedback,
            "entry": entry,
            "sourcing": next((item for item in all_citations if item.field == feedback.field), None),
            "mentions": citations.cited(entry, Citation.MENTION)
            if entry and feedback.field == Citation.MENTION
            else [],
            "form": form if may_answer else None,
            "lost": form.data.get("answer") if reasons and not may_answer else None,
            "propose_at": proposal_url if may_answer and may_propose else None,
            "reasons": reasons,
            "events": [self.event_row(event) for event in self.events_shown(feedback).order_by("-number")],
        }
        return TemplateResponse(request, "desk/feedback.html", context, status=status)

    def _answer(self, request: HttpRequest, feedback: Feedback) -> HttpResponse:
        form = AnswerForm(request.POST)
        if not form.is_valid():
            return self.page(request, feedback, form, status=422)
        try:
            answers.answer_feedback(feedback, context=audit_context(request), **form.cleaned_data)
        except proposals.TransitionError as error:
            return self.page(
                request, self.get_object(request, str(feedback.pk)), form, reasons=error.reasons, status=409
            )
        self.message_user(request, f"已答复 {feedback.receipt}，联系方式已删除。")
        return redirect("admin:catalogue_feedback_change", feedback.pk)


def stating(feedback: Feedback) -> Entry | None:
    """Return the entry of a message's service in the edition in force, or else in the last edition that has it."""
    pk = Entry.objects.of_service(feedback.service_id, timezone.localdate()).values_list("pk", flat=True).first()
    return pk and Entry.objects.with_details().get(pk=pk)
