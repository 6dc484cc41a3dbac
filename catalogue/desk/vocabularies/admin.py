"""Admins of the vocabularies (词表): domains, departments, target groups, services and regions."""

from django import forms
from django.contrib import admin
from django.db.models import Count
from django.urls import reverse
from django.utils.html import format_html_join

from catalogue.desk.base import filters
from catalogue.desk.base.mixins import FormFieldsMixin, Paragraphs
from catalogue.desk.base.search import PublicSearchMixin
from catalogue.desk.base.services import newest_name
from catalogue.desk.vocabularies.succession import SuccessionMixin
from catalogue.desk.vocabularies.terms import CITED, CODED, TermAdmin, TermForm, TermInline, counted_in_force
from services.models import Contact, Department, Domain, Region, Service, TargetGroup, Task
from services.values.identifiers import Identifier


class TaskInline(TermInline):
    model = Task
    fields = (("code", "position"), "heading", "text", "services", ("source", "locator"), "quote", "verification")
    autocomplete_fields = ("services",)


@admin.register(Domain)
class DomainAdmin(TermAdmin):
    frozen_fields, edition_paths = ("name", "name_en"), ("entries__domain",)
    list_display = ("code", "name", "name_en", "entry_count", "task_count", "label")
    search_fields = ("code", "name", "name_en", "goal")
    inlines = (TaskInline,)
    autocomplete_fields = ("source",)
    fieldsets = ((None, {"fields": ["code", "position", "name", "name_en", "goal"]}), CITED)

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(in_force=counted_in_force("domain"), task_count=Count("tasks"))

    @admin.display(description="在用版本条目数", ordering="in_force")
    def entry_count(self, domain):
        return domain.in_force

    @admin.display(description="主要任务", ordering="task_count")
    def task_count(self, domain):
        return domain.task_count


class ContactInline(FormFieldsMixin, admin.StackedInline):
    model = Contact
    fields = (("kind", "value"), ("source", "locator"), "quote", "verification")
    autocomplete_fields = ("source",)
    extra, max_num = 0, len(Contact.Kind)


class IdentifierInline(FormFieldsMixin, admin.StackedInline):
    model = Identifier
    fields = (("scheme", "value"), ("source", "locator"), "quote", "verification")
    autocomplete_fields = ("source",)
    extra = 0


@admin.register(Department)
class DepartmentAdmin(SuccessionMixin, TermAdmin):
    form = TermForm
    frozen_fields = ("name", "short_name", "name_en", "position")
    edition_paths = ("entries__lead_department", "entries__lead_department_alternatives", "entries__co_departments")
    list_display = ("name", "short_name", "level", "kind", "led_count", "supported_count", "label")
    list_display_links = ("name",)
    list_filter = [filters.choices_of(Department, column) for column in ("level", "kind", "verification")]
    search_fields = ("code", "name", "short_name", "name_en")
    autocomplete_fields = ("source",)
    inlines = (ContactInline, IdentifierInline)
    fieldsets = (
        (None, {"fields": ["position", "name", "short_name", "name_en", "level", "kind", "note"]}),
        CITED,
        CODED,
    )

    def get_queryset(self, request):
        return (
            super()
            .get_queryset(request)
            .annotate(led=counted_in_force("lead_department"), supported=counted_in_force("co_departments"))
        )

    @admin.display(description="牵头条目", ordering="led")
    def led_count(self, department):
        return department.led

    @admin.display(description="配合条目", ordering="supported")
    def supported_count(self, department):
        return department.supported


class DefinitionField(Paragraphs):
    """The words of the clause that defines a target group; stored as ``{"text": …}``, the shape of the API."""

    def __init__(self, *, encoder=None, decoder=None, **kwargs):
        super().__init__(**kwargs)

    def prepare_value(self, value):
        return value.get("text") if isinstance(value, dict) else value

    def has_changed(self, initial, data):
        return super().has_changed(self.prepare_value(initial), data)

    def clean(self, value):
        text = super().clean(value)
        return text and {"text": text}


class TargetGroupForm(TermForm):
    class Meta:
        field_classes = {"definition": DefinitionField}
        widgets = {"definition": forms.Textarea(attrs={"rows": 2, "class": "desk-text"})}
        help_texts = {
            "definition": "条文怎样界定，照录原文，出处写在下面的“来源”；没有的留空。"
            "例：本法所称老年人是指六十周岁以上的公民。"
        }


@admin.register(TargetGroup)
class TargetGroupAdmin(TermAdmin):
    form = TargetGroupForm
    frozen_fields, edition_paths = ("name", "name_en", "position"), ("entries__target_groups",)
    list_display = ("name", "defined", "entry_count", "label")
    list_display_links = ("name",)
    list_filter = [filters.choices_of(TargetGroup, "verification")]
    search_fields = ("code", "name", "name_en")
    autocomplete_fields = ("source",)
    fieldsets = ((None, {"fields": ["position", "name", "name_en", "definition", "note"]}), CITED, CODED)

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(in_force=counted_in_force("target_groups"))

    def get_fieldsets(self, request, obj=None):
        (title, options), *others = super().get_fieldsets(request, obj)
        if self.has_change_permission(request, obj) or obj is None:
            return [(title, options), *others]
        # Who may only read sees its words, not the JSON of the column.
        fields = ["defined" if name == "definition" else name for name in options["fields"]]
        return [(title, options | {"fields": fields}), *others]

    @admin.display(description="在用版本条目数", ordering="in_force")
    def entry_count(self, group):
        return group.in_force

    @admin.display(description="条文给出的界定", empty_value="没有")
    def defined(self, group):
        return group.definition and group.definition["text"]


@admin.register(Service)
class ServiceAdmin(PublicSearchMixin, TermAdmin):
    """Services have a permanent code only; the name depends on the edition."""

    list_display = ("code", "name")
    list_display_links = ("code",)
    search_fields = ("code", "entries__name")
    inlines = (IdentifierInline,)

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(newest_name=newest_name("pk"))

    @admin.display(description="最新版本中的名称", ordering="newest_name")
    def name(self, service):
        return service.newest_name

    @admin.display(description="各版本中的条目")
    def stated(self, service):
        entries = service.entries.select_related("edition").order_by("-edition__number")
        return (
            format_html_join(
                "；",
                '<a href="{}">{}：{}</a>',
                (
                    (reverse("admin:catalogue_entry_change", args=[entry.pk]), entry.edition.slug, entry.name)
                    for entry in entries
                ),
            )
            or "还没有版本写入这项服务"
        )

    def get_fields(self, request, obj=None):
        return ("code", "stated") if obj else ("code",)

    def get_readonly_fields(self, request, obj=None):
        return ("code", "stated") if obj else ()


@admin.register(Region)
class RegionAdmin(TermAdmin):
    frozen_fields, edition_paths = ("name",), ("region",)
    list_display = ("code", "name", "name_en", "label")
    search_fields = ("code", "name", "name_en")
    autocomplete_fields = ("source",)
    inlines = (IdentifierInline,)
    fieldsets = ((None, {"fields": ["code", "position", "name", "name_en"]}), CITED)
