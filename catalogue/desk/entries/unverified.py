"""Unverified fields (待核实): the values still to be checked against the documents, by lead department."""

from collections import Counter
from typing import NamedTuple

from django.contrib import admin
from django.db.models import Count, F
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode

from catalogue.accounts import permissions
from catalogue.desk.base import filters
from catalogue.desk.base.mixins import DepartmentScopedMixin, DeskAdmin, ReadOnlyMixin, verification_badge
from catalogue.desk.entries import citations
from catalogue.desk.entries.by_clause import ByClauseMixin
from catalogue.models import Edition, Entry, FieldVerification
from services.models import Department
from services.sources import Verification


class EntryEditionFilter(filters.EditionFilter):
    path = "entry__edition__slug"


class LabelFilter(filters.CodeFilter):
    title, parameter_name, path = "核实情况", "verification", "verification"
    values = [choice for choice in Verification.choices if choice[0] != Verification.VERBATIM]


class Left(NamedTuple):
    """The numbers of fields, by verification, of the entries that a department leads."""

    code: str
    department: str
    unverified: int
    secondary: int
    unknown: int
    verbatim: int

    @property
    def total(self) -> int:
        return self.unverified + self.secondary


def left_by_department(edition: Edition, seen: list[str] | None = None) -> list[Left]:
    """Return the counts of each lead department of an edition, the largest number to verify first. Three queries.

    ``seen`` are the codes of the departments that the user may see; None for all.
    """
    counts = {
        (code, verification): count
        for code, verification, count in FieldVerification.objects.filter(entry__edition=edition)
        .order_by()
        .values_list("entry__lead_department__code", "verification")
        .annotate(Count("pk"))
    }
    names = {department.code: str(department) for department in Department.objects.all()}
    entries = Counter(edition.entries.values_list("lead_department__code", flat=True))
    rows = []
    for code, entry_count in entries.items():
        if seen is not None and code not in seen:
            continue
        by_label = {value: counts.get((code, value), 0) for value in Verification.values}
        unknown = entry_count * len(Entry.SOURCED_FIELDS) - sum(by_label.values())
        rows.append(Left(code or filters.UNKNOWN, names.get(code, "未知"), unknown=unknown, **by_label))
    return sorted(rows, key=lambda row: (-row.total, row.code))


@admin.display(description="办理")
def propose(finding: FieldVerification) -> str:
    """Return a link to the form of this field alone, which starts from the newest edition."""
    query = urlencode({"service": finding.entry.service.code, "field": finding.field})
    return format_html('<a href="{}?{}">为这个字段提出建议</a>', reverse("admin:catalogue_proposal_add"), query)


@admin.register(FieldVerification)
class UnverifiedAdmin(ByClauseMixin, ReadOnlyMixin, DepartmentScopedMixin, DeskAdmin):
    """Read-only: a verification is changed by a proposal for its entry, together with the citations."""

    listed_as = "待核实"
    led_by = "entry__lead_department"
    list_display = ("department", "service", "named_field", "current_label", "basis", "edition_slug")
    list_display_links = None
    actions = ["propose_by_clause"]
    # By department, then in the order of the list and of the entry's page.
    ordering = (
        F("entry__lead_department__position").asc(nulls_last=True),
        "entry__number",
        citations.IN_ORDER,
    )
    list_filter = (
        EntryEditionFilter,
        filters.terms_of(Entry, "lead_department", path="entry__"),
        LabelFilter,
        filters.terms_of(Entry, "domain", path="entry__"),
        filters.choices_of(FieldVerification, "field"),
    )
    list_select_related = ("entry__edition", "entry__service", "entry__lead_department")
    search_fields = ("entry__service__code", "entry__name")
    search_help_text = "按服务项目的代码或名称查找。例：NM-05-01、养老"

    def get_queryset(self, request):
        return super().get_queryset(request).unverified()

    def get_list_display(self, request):
        return (*self.list_display, propose) if self.has_propose_permission(request) else self.list_display

    @admin.display(description="牵头负责单位", ordering="entry__lead_department__position")
    def department(self, finding):
        return finding.entry.lead_department

    @admin.display(description="服务项目", ordering="entry__number")
    def service(self, finding):
        entry = finding.entry
        url = reverse("admin:catalogue_entry_change", args=[entry.pk])
        return format_html('<a href="{}#field-{}">{} {}</a>', url, finding.field, entry.service.code, entry.name)

    @admin.display(description="字段", ordering="field")
    def named_field(self, finding):
        return finding.get_field_display()

    @admin.display(description="核实情况", ordering="verification")
    def current_label(self, finding):
        return verification_badge(finding.verification)

    @admin.display(description="版本")
    def edition_slug(self, finding):
        edition = finding.entry.edition
        return edition.slug if edition.is_published else f"{edition.slug}（草稿）"

    def change_view(self, request, object_id, form_url="", extra_context=None):
        finding = self.get_object(request, object_id)
        if finding is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return redirect("admin:catalogue_entry_change", finding.entry_id)

    def history_view(self, request, object_id, extra_context=None):
        finding = self.get_object(request, object_id)
        if finding is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return redirect("admin:catalogue_entry_history", finding.entry_id)

    def changelist_view(self, request: HttpRequest, extra_context=None):
        edition = filters.edition_shown(request)
        seen = permissions.visible_departments(request.user, timezone.localdate())
        context = {
            "subtitle": edition and str(edition),
            "edition": edition,
            "left": left_by_department(edition, seen) if edition else [],
            "chosen": "lead_department" in request.GET,
        }
        return super().changelist_view(request, context | (extra_context or {}))
