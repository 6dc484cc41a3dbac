"""Admins of the plan's other tables: the indicators of table 1, and the project groups with their projects."""

from django.contrib import admin
from django.db.models import Count

from catalogue.desk.base import filters
from catalogue.desk.vocabularies.terms import CITED, TermAdmin, TermInline
from services.models import Indicator, Project, ProjectGroup


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


class ProjectInline(TermInline):
    model = Project
    fields = (("code", "position"), "name", "text", ("source", "locator"), "quote", "verification")


@admin.register(ProjectGroup)
class BoxAdmin(TermAdmin):
    list_display = ("number", "code", "title", "domain", "project_count", "label")
    list_display_links = ("code", "title")
    list_filter = (filters.terms_of(ProjectGroup, "domain"),)
    list_select_related = ("domain",)
    search_fields = ("code", "title")
    inlines = (ProjectInline,)
    autocomplete_fields = ("source",)
    fieldsets = ((None, {"fields": ["code", "number", "title", "domain"]}), CITED)

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(project_count=Count("projects"))

    @admin.display(description="项目数", ordering="project_count")
    def project_count(self, group):
        return group.project_count
