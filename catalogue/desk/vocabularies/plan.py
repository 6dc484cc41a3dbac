"""Admins of the plan's other tables: indicators and targets, what was measured, and project groups with projects."""

from functools import partial

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count
from django.shortcuts import redirect
from django.urls import path

from catalogue.accounts import names, permissions
from catalogue.desk.base import filters, versions
from catalogue.desk.base.dates import PartialDateField
from catalogue.desk.base.mixins import audit_context
from catalogue.desk.vocabularies.terms import CITED, TermAdmin, TermInline
from catalogue.workflow.maintenance import observations
from catalogue.workflow.proposals import TransitionError
from services.models import Indicator, Observation, Project, ProjectGroup


@admin.register(Indicator)
class IndicatorAdmin(TermAdmin):
    list_display = ("number", "code", "name", "domain", "target_text", "unit", "nature", "baseline", "label")
    list_filter = (
        filters.terms_of(Indicator, "domain"),
        filters.choices_of(Indicator, "nature"),
        filters.choices_of(Indicator, "verification"),
    )
    list_select_related = ("domain",)
    search_fields = ("code", "name", "name_en")
    autocomplete_fields = ("services", "baseline_source", "source")
    fieldsets = (
        (None, {"fields": ["code", "number", "domain", "name", "name_en", "services"]}),
        ("目标", {"fields": ["operator", "target_value", "target_text", "unit", "target_year", "nature"]}),
        (
            "基期",
            {"fields": ["baseline_value", "baseline_period", "baseline_source", "baseline_locator", "baseline_quote"]},
        ),
        ("说明", {"fields": ["note"]}),
        CITED,
    )

    @admin.display(description="基期值", ordering="baseline_value")
    def baseline(self, indicator):
        if indicator.baseline_value is None:
            return None
        # Without trailing zeros, as in the plan: 73.6, not 73.600.
        return f"{indicator.baseline_value.normalize():f}（{indicator.baseline_period}）"


class ObservationForm(forms.ModelForm):
    class Meta:
        field_classes = {"on": PartialDateField}


@admin.register(Observation)
class ObservationAdmin(TermAdmin):
    """Observations: one that is entered is a draft until another person approves it, and cannot be changed then."""

    form = ObservationForm
    change_form_template = "desk/observation.html"
    list_display = ("code", "name", "value", "unit", "on", "place", "domain", "indicator", "label", "state")
    list_display_links = ("code", "name")
    list_filter = (filters.terms_of(Observation, "domain"), filters.choices_of(Observation, "verification"))
    list_select_related = ("domain", "indicator")
    readonly_fields = ("state", "proposer", "approver", "approved_at")
    search_fields = ("code", "name", "quote")
    autocomplete_fields = ("indicator", "services", "source")
    fieldsets = (
        (None, {"fields": ["code", "name", "domain", "indicator", "services"]}),
        ("量得的数", {"fields": ["operator", "value", "unit", "on", "place"]}),
        ("说明", {"fields": ["note"]}),
        CITED,
        ("批准", {"fields": ["state", ("proposer", "approver", "approved_at")]}),
    )

    @admin.display(description="状态")
    def state(self, observation):
        if observation.pk is None or not observation.is_public:
            return "草稿，待另一人批准"
        return "已批准" if observation.approved_by_id else "随清单装入"

    @admin.display(description="提出人")
    def proposer(self, observation):
        return names.person_name(observation.proposed_by) if observation.proposed_by else "无"

    @admin.display(description="批准人")
    def approver(self, observation):
        return names.person_name(observation.approved_by) if observation.approved_by else "无"

    def get_urls(self):
        verbs = {"approve": observations.approve, "withdraw": observations.withdraw}
        views = [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(partial(self.decide, verb=verb)),
                name=f"services_observation_{name}",
            )
            for name, verb in verbs.items()
        ]
        return [*views, *super().get_urls()]

    def decide(self, request, pk: int, verb):
        """Approve an observation or withdraw it, and show it again."""
        observation = self.get_object(request, str(pk))
        if observation is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(pk))
        if not request.user.has_perm("services.approve_observation"):
            raise PermissionDenied(f"批准监测值须有“{permissions.APPROVER}”或“{permissions.PUBLISHER}”角色。")
        if request.method == "POST":
            try:
                self._decide_as_seen(request, pk, verb)
                self.message_user(request, f"{observation.code} 已处理，写入记录。")
            except TransitionError as error:
                self.message_user(request, str(error), level="error")
        return redirect("admin:services_observation_change", pk)

    @transaction.atomic
    def _decide_as_seen(self, request, pk: int, verb) -> None:
        """Call the verb for what the page showed. Raises TransitionError if the observation has changed since."""
        observation = Observation.objects.select_for_update().get(pk=pk)
        if not versions.is_current(request.POST.get("seen", ""), self.state_of(observation)):
            raise TransitionError(["打开页面之后又有改动；请看过现在的内容再决定。"])
        verb(observation, context=audit_context(request))

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and (obj is None or not obj.is_public)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and (obj is None or not obj.is_public)

    def save_model(self, request, obj, form, change):
        # Who saved it last vouches for it as it stands; another person approves it.
        obj.proposed_by = request.user
        super().save_model(request, obj, form, change)

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        may_decide = obj is not None and request.user.has_perm("services.approve_observation")
        context |= {
            "may_approve": may_decide and not obj.is_public and obj.proposed_by_id != request.user.pk,
            "may_withdraw": may_decide and obj.is_public,
            "decided_on": obj and versions.token(self.state_of(obj)),
        }
        return super().render_change_form(request, context, add, change, form_url, obj)


class ProjectInline(TermInline):
    model = Project
    fields = (("code", "position"), "name", "text", "services", ("source", "locator"), "quote", "verification")
    autocomplete_fields = ("services",)


@admin.register(ProjectGroup)
class ProjectGroupAdmin(TermAdmin):
    list_display = ("number", "code", "title", "domain", "project_count", "label")
    list_display_links = ("code", "title")
    list_filter = (filters.terms_of(ProjectGroup, "domain"),)
    list_select_related = ("domain",)
    search_fields = ("code", "title")
    inlines = (ProjectInline,)
    autocomplete_fields = ("services", "source")
    fieldsets = ((None, {"fields": ["code", "number", "title", "domain", "services"]}), CITED)

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(project_count=Count("projects"))

    @admin.display(description="项目数", ordering="project_count")
    def project_count(self, group):
        return group.project_count
