"""Admins of the vocabularies (词表): domains, departments, target groups, sources, services and regions."""

from django import forms
from django.contrib import admin
from django.db.models import Count, OuterRef, Subquery
from django.urls import reverse
from django.utils.html import format_html_join

from catalogue.accounts import permissions
from catalogue.desk.base import filters
from catalogue.desk.base.dates import PartialDateField
from catalogue.desk.base.mixins import FormFieldsMixin
from catalogue.desk.base.search import PublicSearchMixin
from catalogue.desk.vocabularies.succession import SuccessionMixin
from catalogue.desk.vocabularies.terms import CITED, TermAdmin, TermInline, counted_in_force
from catalogue.models import Entry
from catalogue.workflow import new_sources, publishing
from services import document_numbers
from services.identifiers import Identifier
from services.models import Contact, Department, Domain, Region, Service, TargetGroup, Task
from services.sources import Source


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
    frozen_fields = ("name", "short_name", "name_en", "position")
    edition_paths = ("entries__lead_department", "entries__lead_department_alternatives", "entries__co_departments")
    list_display = ("code", "name", "short_name", "level", "kind", "led_count", "supported_count", "label")
    list_filter = [filters.choices_of(Department, column) for column in ("level", "kind", "verification")]
    search_fields = ("code", "name", "short_name", "name_en")
    autocomplete_fields = ("source",)
    inlines = (ContactInline, IdentifierInline)
    fieldsets = (
        (None, {"fields": ["code", "position", "name", "short_name", "name_en", "level", "kind", "note"]}),
        CITED,
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


@admin.register(TargetGroup)
class TargetGroupAdmin(TermAdmin):
    frozen_fields, edition_paths = ("name", "name_en", "position"), ("entries__target_groups",)
    list_display = ("code", "name", "definition", "entry_count", "label")
    list_filter = [filters.choices_of(TargetGroup, "verification")]
    search_fields = ("code", "name", "name_en")
    autocomplete_fields = ("source",)
    fieldsets = ((None, {"fields": ["code", "position", "name", "name_en", "definition", "note"]}), CITED)

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(in_force=counted_in_force("target_groups"))

    @admin.display(description="在用版本条目数", ordering="in_force")
    def entry_count(self, group):
        return group.in_force


class SourceForm(forms.ModelForm):
    class Meta:
        field_classes = {"date": PartialDateField}
        help_texts = {"url": "以 https:// 开头。例：https://www.nmg.gov.cn/zwgk/zfxxgk/"}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "code" in self.fields and not self.instance.pk:
            self.fields["code"].required = False
            self.fields["code"].help_text = "留空即可，由系统编号；要自定，用小写字母、数字和连字符。例：law-elderly"

    def clean_code(self):
        return self.cleaned_data["code"] or new_sources.next_code()

    def clean_document_number(self):
        typed = self.cleaned_data["document_number"]
        if not typed or "document_number" not in self.changed_data:
            return typed
        number = document_numbers.normal(typed)
        if existing := new_sources.by_document_number(number, other_than=self.instance):
            raise forms.ValidationError(new_sources.refusal(number, existing))
        return number

    def clean_url(self):
        url = self.cleaned_data["url"]
        # An unchanged URL may keep http://, because fixtures hold such URLs.
        if url and "url" in self.changed_data and not url.lower().startswith("https://"):
            raise forms.ValidationError("网址应以 https:// 开头。例：https://www.nmg.gov.cn/zwgk/zfxxgk/")
        return url

    def clean(self):
        cleaned = super().clean()
        if not self.instance.pk or not {"date", "in_force_from"} & set(self.changed_data) or self.errors:
            return cleaned
        source = Source(pk=self.instance.pk, date=cleaned["date"], in_force_from=cleaned["in_force_from"])
        try:
            invalid_citations = publishing.entries_citing_too_early(source)
        except ValueError:
            # Not a valid date: the model's validation reports it.
            return cleaned
        if invalid_citations:
            slug, effective_from, code = invalid_citations[0]
            self.add_error(
                "in_force_from" if source.in_force_from else "date",
                f"此日期使版本 {slug} 中 {code} 等 {len(invalid_citations)} 处的依据晚于施行日期 {effective_from}"
                f"（它自 {source.first_citable_day()} 起方可引用），不能这样更改。",
            )
        return cleaned


@admin.register(Source)
class SourceAdmin(TermAdmin):
    """Sources: editors add them and change those that no published edition cites; publishers change all."""

    form = SourceForm
    frozen_fields = ("title", "document_number", "position")
    edition_paths = ("entries__legal_basis", "entries__citations__source", "entries__quoted_sources")
    list_display = (
        "code", "title", "numbered", "kind", "citable_from", "extent_read", "citing_count",
    )  # fmt: skip
    list_display_links = ("code", "title")
    list_filter = [filters.choices_of(Source, column) for column in ("kind", "jurisdiction", "extent_read", "read_in")]
    search_fields = ("code", "title", "document_number", "issuer")
    readonly_fields = ("citable_from",)
    fieldsets = (
        (None, {"fields": ["code", "position", "title", "document_number", "issuer", "kind", "jurisdiction"]}),
        ("日期", {"fields": ["date", "in_force_from", "citable_from", "replaced_by"]}),
        ("阅读情况", {"fields": ["extent_read", "read_in", "url", "note"]}),
    )

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(citing=counted_in_force("citations__source"))

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and not self.is_publishers(request, obj)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and not self.is_publishers(request, obj)

    def is_publishers(self, request, source):
        """Whether a published edition cites the source, so that only publishers may change it, and the user is none."""
        return bool(source and not request.user.has_perm("catalogue.publish_edition") and self.sealed_in(source))

    def get_fieldsets(self, request, obj=None):
        fieldsets = super().get_fieldsets(request, obj)
        if super().has_change_permission(request, obj) and self.is_publishers(request, obj):
            slugs = "、".join(self.sealed_in(obj))
            description = f"已发布的版本（{slugs}）引用了这份文件，只有“{permissions.PUBLISHER}”可以更改它。"
            (title, options), *others = fieldsets
            fieldsets = [(title, options | {"description": description}), *others]
        return fieldsets

    @admin.display(description="文号", ordering="document_number", empty_value="无")
    def numbered(self, source):
        # Laws have none.
        return source.document_number

    @admin.display(description="引用数", ordering="citing")
    def citing_count(self, source):
        return source.citing


def newest_name(service: str) -> Subquery:
    """Return a subquery for the name of a service in its newest edition; ``service`` is the outer column of its key."""
    newest = Entry.objects.filter(service=OuterRef(service)).order_by("-edition__number")
    return Subquery(newest.values("name")[:1])


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
