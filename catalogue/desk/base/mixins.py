"""Base classes of the desk's admins: form fields, scoping by department, preview of deletions, read-only screens."""

import unicodedata
from collections.abc import Iterable

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import NestedObjects
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.db import models, router
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from catalogue.accounts import permissions
from catalogue.audit import log
from catalogue.desk.base.dates import DayField
from catalogue.desk.base.locking import OptimisticLockMixin
from catalogue.desk.base.services import ServiceField, ServicesField, services_with_names
from catalogue.models import Look
from services.fields import VisibleCharField
from services.models import Service
from services.sources import Verification
from services.text import chinese
from services.text.characters import fold_radicals, without_hidden, without_ignorable


def audit_context(
    request: HttpRequest, *, reason: str | None = None, document_number: str | None = None
) -> log.AuditContext:
    """Return the audit context of a request. ``department`` is set only if the user acts for one."""
    user = request.user
    at = timezone.now()
    departments = permissions.acting_departments(user, timezone.localdate(at))
    return log.AuditContext(
        at=at,
        user=user,
        role="、".join(permissions.roles_of(user)) or None,
        department=departments[0] if len(departments) == 1 else None,
        reason=reason,
        document_number=document_number,
        request_id=request.id,
    )


def typed_text(request: HttpRequest, name: str) -> str:
    """Return a text of a form that is no Django form: stripped, without hidden characters, "" for nothing."""
    return without_hidden(fold_radicals(request.POST.get(name, "").replace("\0", ""))).strip()


class Paragraphs(VisibleCharField):
    """Multi-line text: an empty value is stored as NULL, and a browser's CRLF is normalised to LF."""

    def __init__(self, **kwargs):
        kwargs.setdefault("empty_value", None)
        super().__init__(**kwargs)

    def to_python(self, value):
        value = super().to_python(value)
        return value and value.replace("\r\n", "\n").replace("\r", "\n")


class NamedFormSet(forms.BaseInlineFormSet):
    """A tabular formset: its fields have no visible labels, so each gets an ``aria-label`` for screen readers."""

    def add_fields(self, form, index):
        super().add_fields(form, index)
        for field in form.fields.values():
            field.widget.attrs.setdefault("aria-label", field.label or "")


def name_when_missing(field: forms.Field | None) -> None:
    """Let the message of an empty required field name the field."""
    if field and field.label:
        field.error_messages["required"] = f"“{field.label}”必须填写。"


class FormFieldsMixin:
    """For admins and their inlines: form fields and widgets by type of model field."""

    formfield_overrides = {
        models.TextField: {"form_class": Paragraphs, "widget": forms.Textarea(attrs={"rows": 2, "class": "desk-text"})},
        # ISO format, as in the examples of the help texts; the zh-hans locale would format 2026/11/01.
        models.DateField: {"form_class": DayField},
    }

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.related_model is Service:
            kwargs = {"form_class": ServiceField, "queryset": services_with_names()} | kwargs
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        if db_field.related_model is Service:
            kwargs = {"form_class": ServicesField, "queryset": services_with_names()} | kwargs
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        name_when_missing(field)
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            # Beside a select, a term can be viewed or added. Terms are changed and deleted on their own screens.
            field.widget.can_change_related = field.widget.can_delete_related = False
        return field


class DeletionPreviewMixin:
    """For admins: the confirmation page counts the rows that are deleted by cascade and lists those that prevent it."""

    # Number of preventing rows that are listed; the rest is counted.
    NAMED = 20

    def get_deleted_objects(self, objs, request):
        """Count the rows that are deleted by cascade, and name those that prevent the deletion.

        Django lists every such row, thousands for an edition, and checks the delete permission of each row's own
        admin. Here permission to delete a row includes the rows below it: a ``FieldVerification`` can be deleted on no
        other screen.
        """
        collector = NestedObjects(using=router.db_for_write(self.model), origin=objs)
        collector.collect(objs)
        counts = {
            model._meta.verbose_name_plural: len(rows)
            for model, rows in collector.model_objs.items()
            # What a person has looked at is told to nobody else.
            if not model._meta.auto_created and model is not Look
        }
        needed = {self.opts.verbose_name for obj in objs if not self.has_delete_permission(request, obj)}
        return [str(obj) for obj in objs], counts, needed, self.named(list(collector.protected) + self.users(objs))

    def users(self, objs: Iterable[models.Model]) -> list[models.Model]:
        """Return the rows with a many-to-many reference to ``objs``. Django would remove the reference silently."""
        return [
            row
            for relation in self.opts.related_objects
            if relation.many_to_many
            for row in relation.related_model.objects.filter(**{f"{relation.field.name}__in": objs}).distinct()
        ]

    def named(self, rows: list[models.Model]) -> list[str]:
        """Return links to the first ``NAMED`` rows, and the total if there are more."""
        links = [admin_link(row) for row in rows[: self.NAMED]]
        return [*links, f"……共 {len(rows)} 处"] if len(rows) > self.NAMED else links


class DeskAdmin(OptimisticLockMixin, DeletionPreviewMixin, FormFieldsMixin, admin.ModelAdmin):
    change_list_template = "desk/change_list.html"
    # No bulk actions: rows are deleted one at a time, on a page that shows the cascade.
    actions = None
    show_facets = admin.ShowFacets.ALWAYS
    show_full_result_count = False
    list_per_page = 100

    def lookup_allowed(self, lookup, value, request):
        # PostgreSQL rejects NUL in a query.
        return "\0" not in value and super().lookup_allowed(lookup, value, request)

    def get_search_results(self, request, queryset, search_term):
        # The search form of the list rejects NUL; the autocomplete view does not.
        visible = without_ignorable(fold_radicals(search_term.replace("\0", "")))
        found, may_repeat = super().get_search_results(request, queryset, visible)
        # As the public search: full-width letters and Traditional characters find what the list writes.
        plain = chinese.simplified(unicodedata.normalize("NFKC", visible))
        if plain == visible:
            return found, may_repeat
        found_plain, plain_may_repeat = super().get_search_results(request, queryset, plain)
        return found | found_plain, may_repeat or plain_may_repeat

    def get_ordering(self, request):
        # Django drops ``Meta.ordering`` from a query that groups rows for a count; without this the autocomplete
        # would paginate unordered rows.
        return self.ordering or self.opts.ordering

    def changelist_view(self, request, extra_context=None):
        title = getattr(self, "listed_as", self.opts.verbose_name_plural)
        return super().changelist_view(request, {"title": title} | (extra_context or {}))


class DepartmentScopedMixin:
    """For admins of rows that belong to a department: editors see and change only those of their own departments.

    ``led_by`` is the lookup path from a row to its department.
    """

    led_by = "lead_department"

    def get_queryset(self, request):
        rows = super().get_queryset(request)
        codes = permissions.visible_departments(request.user, timezone.localdate())
        return rows if codes is None else rows.filter(**{f"{self.led_by}__code__in": codes})

    def department_of(self, obj: models.Model) -> str | None:
        for step in self.led_by.split("__"):
            obj = obj and getattr(obj, step)
        return obj and obj.code

    def has_view_permission(self, request, obj=None):
        return super().has_view_permission(request, obj) and (
            obj is None or permissions.can_see(request.user, self.department_of(obj), timezone.localdate())
        )

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and (
            obj is None or permissions.can_change(request.user, self.department_of(obj), timezone.localdate())
        )

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and (
            obj is None or permissions.can_change(request.user, self.department_of(obj), timezone.localdate())
        )


class ReadOnlyMixin:
    """For admins without add, change and delete, whatever permissions the user has."""

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


def verification_badge(verification: str | None) -> SafeString:
    """Return a verification (核实情况) as the badge shown on every screen; None means that the field is unknown."""
    text = Verification(verification).label if verification else "未知"
    return format_html('<span class="desk-label desk-label-{}">{}</span>', verification or "unknown", text)


def admin_link(row: models.Model) -> str:
    """Return the type and name of a row, as a link if its change page exists."""
    text = f"{row._meta.verbose_name}：{row}"
    if edition := getattr(row, "edition", None):
        text += f"（{edition.slug}）"
    try:
        url = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    except NoReverseMatch:
        return text
    return format_html('<a href="{}">{}</a>', url, text)
