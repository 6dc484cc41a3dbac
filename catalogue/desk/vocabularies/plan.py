"""Admins of the plan's other tables: indicators and targets, what was measured, and project groups with projects."""

from django.contrib import admin
from django.db.models import Count

from catalogue.desk.base import filters
from catalogue.desk.vocabularies.terms import CITED, TermAdmin, TermInline
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


@admin.register(Observation)
class ObservationAdmin(TermAdmin):
    list_display = ("code", "name", "value", "unit", "on", "place", "domain", "indicator", "label")
    list_display_links = ("code", "name")
    list_filter = (filters.terms_of(Observation, "domain"), filters.choices_of(Observation, "verification"))
    list_select_related = ("domain", "indicator")
    search_fields = ("code", "name", "quote")
    autocomplete_fields = ("indicator", "services", "source")
    fieldsets = (
        (None, {"fields": ["code", "name", "domain", "indicator", "services"]}),
        ("量得的数", {"fields": ["operator", "value", "unit", "on", "place"]}),
        ("说明", {"fields": ["note"]}),
        CITED,
    )


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
