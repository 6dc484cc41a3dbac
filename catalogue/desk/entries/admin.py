"""Entries (清单条目): the list of one edition and the read-only page of an entry. Only proposals change entries."""

from collections.abc import Iterator
from functools import partial

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, QueryDict
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html_join

from catalogue.desk.base import filters
from catalogue.desk.base.mixins import DepartmentScopedMixin, DeskAdmin, ReadOnlyMixin
from catalogue.desk.base.search import PublicSearchMixin
from catalogue.desk.entries import citations
from catalogue.desk.entries.rechecks import RecheckMixin
from catalogue.desk.spreadsheets.exports import LINKS, export, filters_of
from catalogue.models import Citation, Edition, Entry, Event, FieldVerification
from services.models import TargetGroup
from services.sources import Verification

# Characters of a standard that the list shows.
SHOWN = 40


class TargetGroupFilter(filters.CodeFilter):
    title, parameter_name, path, vocabulary = "服务对象", "target_group", "target_groups__code", TargetGroup


class VerificationFilter(filters.CodeFilter):
    """Filters by the verification of an entry's fields; an entry can match several values."""

    title, parameter_name = "核实情况", "verification"
    values = (
        (Verification.UNVERIFIED.value, "有未核实的字段"),
        (Verification.SECONDARY.value, "有转述的字段"),
        (filters.UNKNOWN, "有未知的字段"),
        (Verification.VERBATIM.value, "已知字段全部原文核对"),
    )

    def selected(self, queryset, value):
        findings = FieldVerification.objects.filter(entry=OuterRef("pk"))
        if value == filters.UNKNOWN:
            counts = findings.order_by().values("entry").annotate(count=Count("pk")).values("count")
            return queryset.alias(known=Coalesce(Subquery(counts), 0)).filter(known__lt=len(Entry.SOURCED_FIELDS))
        if value == Verification.VERBATIM:
            return queryset.filter(~Exists(findings.unverified()))
        return queryset.filter(Exists(findings.filter(verification=value)))


@admin.register(Entry)
class EntryAdmin(ReadOnlyMixin, RecheckMixin, DepartmentScopedMixin, PublicSearchMixin, DeskAdmin):
    code_path = "service__code"
    change_form_template = "desk/entry.html"
    list_display = (
        "number",
        "code",
        "name",
        "domain",
        "lead_department",
        "standard_beginning",
        "standing",
        "edition_slug",
    )
    list_display_links = ("name",)
    list_filter = (
        filters.EditionFilter,
        filters.terms_of(Entry, "domain"),
        filters.terms_of(Entry, "lead_department"),
        VerificationFilter,
        TargetGroupFilter,
    )
    list_select_related = ("edition", "service", "domain", "lead_department")
    ordering = ("number",)
    search_fields = ("service__code", "name", "name_en", "content", "standard")
    search_help_text = "与公开的检索相同：代码、名称、俗称、拼音、内容或标准。例：NM0501、养老、五保、dibao、每人每月"

    def get_urls(self):
        view = self.admin_site.admin_view(partial(export, self))
        return [path("export.<str:kind>", view, name="catalogue_entry_export"), *super().get_urls()]

    def events_of(self, obj):
        return Event.objects.filter(edition=obj.edition.slug, service=obj.service.code)

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("field_verifications")

    def get_object(self, request, object_id, from_field=None):
        entry = super().get_object(request, object_id, from_field)
        return entry and Entry.objects.with_details().get(pk=entry.pk)

    @admin.display(description="代码", ordering="service__code")
    def code(self, entry):
        return entry.service.code

    def searched_edition(self, request):
        edition = filters.edition_shown(request)
        return edition if edition and edition.is_published else super().searched_edition(request)

    @admin.display(description="服务标准", ordering="standard")
    def standard_beginning(self, entry):
        standard = entry.standard
        return standard if not standard or len(standard) <= SHOWN else f"{standard[:SHOWN]}……"

    @admin.display(description="核实情况")
    def standing(self, entry):
        parts = citations.count_verifications(entry.field_verifications.all()).in_words()
        return format_html_join(" ", '<span class="desk-part">{}</span>', ((part,) for part in parts))

    @admin.display(description="版本")
    def edition_slug(self, entry):
        return entry.edition.slug if entry.edition.is_published else f"{entry.edition.slug}（草稿）"

    def changelist_view(self, request, extra_context=None):
        edition = filters.edition_shown(request)
        context = {"subtitle": edition and str(edition), "links": list(self.links(request, edition))}
        return super().changelist_view(request, context | (extra_context or {}))

    def links(self, request: HttpRequest, shown: Edition | None) -> Iterator[tuple[str, str]]:
        """Yield the addresses and names of the exports, of the edition shown and of the last one, and of the import."""

        def file(kind: str, query: QueryDict) -> str:
            return f"{reverse('admin:catalogue_entry_export', args=[kind])}?{query.urlencode()}"

        for kind, words in LINKS.items():
            yield file(kind, filters_of(request)), words
        if not request.user.has_perm("catalogue.add_proposal"):
            return
        # Only tables of the last sealed edition can be imported.
        base = Edition.objects.last_sealed().first()
        if base and base != shown:
            query = request.GET.copy()
            query["edition"] = base.slug
            for kind in LINKS:
                yield file(kind, query), f"导出 {base.slug} {kind.upper()}（可导入）"
        yield reverse("admin:import"), "导入表格"

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        if request.method == "POST":
            raise PermissionDenied("清单条目不能直接更改；请提出调整建议，批准后编入草稿版本。")
        return super().changeform_view(request, object_id, form_url, extra_context)

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        context |= {
            "field_citations": citations.field_citations(obj, timezone.localdate()),
            "mentions": citations.cited(obj, Citation.MENTION),
            **self.doing(request, obj),
            "elsewhere": Entry.objects.filter(service=obj.service).select_related("edition").order_by("edition"),
        }
        return super().render_change_form(request, context, add, change, form_url, obj)
