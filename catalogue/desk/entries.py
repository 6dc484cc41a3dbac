"""Entries (清单条目): the list of one edition, and the page on which an entry is read or, in a draft, edited."""

from collections.abc import Callable

from django.contrib import admin
from django.db.models import Count, Exists, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.template.loader import render_to_string
from django.utils.html import format_html_join

from catalogue import editing
from catalogue.desk import filters, resting
from catalogue.desk.base import DeskAdmin, Scoped, Typing, Unsealed, act
from catalogue.desk.checking import Checking
from catalogue.desk.entry_form import CitationFormSet, EntryForm, FindingFormSet
from catalogue.desk.exporting import Exporting
from catalogue.models import Citation, Edition, Entry, Event, Finding
from services.models import Department, Domain, TargetGroup, Verification


class DomainFilter(filters.TermFilter):
    title, parameter, path, vocabulary = "领域", "domain", "domain", Domain


class LeadDepartmentFilter(filters.TermFilter):
    title, parameter, path, vocabulary = "牵头负责单位", "lead_department", "lead_department", Department


class TargetGroupFilter(filters.TermFilter):
    title, parameter, path, vocabulary = "服务对象", "target_group", "target_groups", TargetGroup
    long = True


class VerificationFilter(filters.CountedFilter):
    """By what an entry's fields are known to be; an entry may be found by more than one."""

    title, parameter = "核实情况", "verification"
    VALUES = {
        Verification.UNVERIFIED.value: "有未核实的字段",
        Verification.SECONDARY.value: "有转述的字段",
        filters.UNKNOWN: "有未知的字段",
        Verification.VERBATIM.value: "已知字段全部原文核对",
    }

    def is_known(self, value):
        return value in self.VALUES

    def chosen(self, queryset, value):
        findings = Finding.objects.filter(entry=OuterRef("pk"))
        if value == filters.UNKNOWN:
            known = findings.order_by().values("entry").annotate(count=Count("pk")).values("count")
            return queryset.alias(known=Coalesce(Subquery(known), 0)).filter(known__lt=len(Entry.SOURCED_FIELDS))
        if value == Verification.VERBATIM:
            return queryset.filter(~Exists(findings.not_verified()))
        return queryset.filter(Exists(findings.filter(verification=value)))

    def options(self, counted):
        for value, words in self.VALUES.items():
            yield filters.Option(value, words, self.chosen(counted, value).count())


class FindingInline(Typing, admin.TabularInline):
    model = Finding
    formset = FindingFormSet
    extra = 0
    classes = ("desk-findings",)
    verbose_name_plural = "核实情况（每个有值的字段一条）"

    def get_queryset(self, request):
        return super().get_queryset(request).order_by(resting.IN_ORDER)


class CitationInline(Typing, admin.StackedInline):
    model = Citation
    formset = CitationFormSet
    extra = 0
    verbose_name_plural = "字段来源（每个有值的字段至少一条；改动了字段，须同时新增或更改它的来源）"
    autocomplete_fields = ("source",)
    fields = (("field", "verification", "jurisdiction", "criterion"), ("source", "locator"), "quote")
    classes = ("desk-compact",)

    def get_queryset(self, request):
        return (
            super()
            .get_queryset(request)
            .select_related("source")
            .order_by(resting.IN_ORDER.asc(nulls_last=True), "position")
        )


def rests_on(field: str) -> Callable:
    @admin.display(description="现有依据")
    def block(entry: Entry) -> str:
        (rest,) = (rest for rest in resting.rests(entry) if rest.field == field)
        return render_to_string("desk/rests_on.html", {"rest": rest, "anchor": f"field-{field}"})

    block.__name__ = f"rests_on_{field}"
    return block


RESTS_ON = {field: rests_on(field) for field in Entry.SOURCED_FIELDS}


@admin.register(Entry)
class EntryAdmin(Checking, Exporting, Unsealed, Scoped, DeskAdmin):
    form = EntryForm
    change_form_template = "desk/entry.html"
    list_display = ("number", "code", "name", "domain", "lead_department", "standing", "edition_slug")
    list_display_links = ("name",)
    list_filter = (
        filters.EditionFilter,
        DomainFilter,
        LeadDepartmentFilter,
        VerificationFilter,
        TargetGroupFilter,
    )
    list_select_related = ("edition", "service", "domain", "lead_department")
    ordering = ("number",)
    search_fields = ("service__code", "name", "name_en", "content", "standard")
    search_help_text = "按代码、名称、英文名称、服务内容或服务标准查找。例：NM-05-01、养老、每人每月"
    inlines = (FindingInline, CitationInline)
    autocomplete_fields = (
        "service",
        "lead_department",
        "lead_department_alternatives",
        "co_departments",
        "target_groups",
        "legal_basis",
    )

    # What goes together on the page; each sourced field is followed by what it rests on now.
    SECTIONS = (
        ("名称与领域", ("name", "name_en", "domain")),
        ("给谁", ("target_groups", "eligibility")),
        ("给什么", ("content", "standard")),
        ("谁负责", ("lead_department", "co_departments")),
        ("谁出钱、依据什么", ("expenditure_responsibility", "legal_basis")),
    )

    def edition_of(self, obj):
        return obj.edition

    def state_of(self, obj):
        return editing.state(obj)

    def events_of(self, obj):
        return Event.objects.filter(edition=obj.edition.slug, service=obj.service.code)

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("findings")

    def get_object(self, request, object_id, from_field=None):
        entry = super().get_object(request, object_id, from_field)
        return entry and Entry.objects.with_details().get(pk=entry.pk)

    @admin.display(description="代码", ordering="service__code")
    def code(self, entry):
        return entry.service.code

    @admin.display(description="核实情况")
    def standing(self, entry):
        parts = resting.standing(entry.findings.all()).in_words()
        return format_html_join(" ", '<span class="desk-part">{}</span>', ((part,) for part in parts))

    @admin.display(description="版本")
    def edition_slug(self, entry):
        return entry.edition.slug if entry.edition.is_published else f"{entry.edition.slug}（草稿）"

    def get_fieldsets(self, request, obj=None):
        sections = [
            (
                title,
                [
                    item
                    for field in fields
                    for item in (*Entry.SOURCED_FIELDS[field], *([RESTS_ON[field]] if obj else []))
                ],
            )
            for title, fields in self.SECTIONS
        ]
        sections = [("条目", ["edition", "service", "number"]), *sections, ("编者说明", ["note"])]
        return [(title, {"fields": fields}) for title, fields in sections]

    def get_readonly_fields(self, request, obj=None):
        return ("edition", "service", *RESTS_ON.values()) if obj else ()

    def get_inlines(self, request, obj):
        return self.inlines if obj is None or self.has_change_permission(request, obj) else ()

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "edition":
            kwargs["queryset"] = Edition.objects.drafts()
            kwargs["help_text"] = "只能在草稿版本中新增条目；没有草稿时，请先新增版本。"
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def changelist_view(self, request, extra_context=None):
        edition = filters.edition_shown(request)
        return super().changelist_view(request, {"subtitle": edition and str(edition)} | (extra_context or {}))

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj and not self.has_change_permission(request, obj):
            context |= {
                "readable": True,
                "rests": resting.rests(obj),
                "mentions": resting.cited(obj, Citation.MENTION),
                **self.doing(request, obj),
                "elsewhere": Entry.objects.filter(service=obj.service).select_related("edition").order_by("edition"),
            }
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _create_formsets(self, request, obj, change):
        """Let the entry's form see its findings and citations: the sourcing rule is about all three."""
        formsets, inlines = super()._create_formsets(request, obj, change)
        if request.method == "POST":
            obj.formsets = formsets
        return formsets, inlines

    def save_model(self, request, obj, form, change):
        form.before = editing.state(obj) if change else None
        super().save_model(request, obj, form, change)

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        editing.record(form.instance, before=form.before, act=act(request))

    def delete_model(self, request, obj):
        editing.withdraw(obj.edition, obj.service.code, act=act(request))
