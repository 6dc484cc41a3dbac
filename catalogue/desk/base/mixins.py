"""What the desk's screens have in common: how text is typed, whose rows are seen, and what may not be deleted."""

import json
from collections.abc import Iterable

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import NestedObjects
from django.contrib.admin.widgets import AdminDateWidget, RelatedFieldWidgetWrapper
from django.db import models, router
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from catalogue.accounts import permissions
from catalogue.audit import log
from catalogue.desk.base.locking import OptimisticLockMixin
from services.models import Verification


def act(request: HttpRequest, *, reason: str | None = None, document_number: str | None = None) -> log.AuditContext:
    """Return what a request does as the record keeps it: who, in which role and of which department, when and why."""
    user = request.user
    belongs = permissions.departments_of(user)
    return log.AuditContext(
        at=timezone.now(),
        user=user,
        role="、".join(permissions.roles_of(user)) or None,
        department=belongs[0] if len(belongs) == 1 else None,
        reason=reason,
        document_number=document_number,
        request_id=request.id,
    )


class Paragraphs(forms.CharField):
    """Text in paragraphs: an unknown one is NULL, and a browser's line ends are not a change."""

    def __init__(self, **kwargs):
        kwargs.setdefault("empty_value", None)
        super().__init__(**kwargs)

    def to_python(self, value):
        value = super().to_python(value)
        return value and value.replace("\r\n", "\n").replace("\r", "\n")


class Structure(forms.JSONField):
    """A JSON value, of which an unknown one is an empty box and not the word null."""

    def prepare_value(self, value):
        if value is None or isinstance(value, forms.fields.InvalidJSONInput):
            return value
        return json.dumps(value, ensure_ascii=False)


class NamedFormSet(forms.BaseInlineFormSet):
    """Rows of a table, whose boxes have no label beside them: each says what it is for to whoever hears the page."""

    def add_fields(self, form, index):
        super().add_fields(form, index)
        for field in form.fields.values():
            field.widget.attrs.setdefault("aria-label", field.label or "")


class FormFieldsMixin:
    """For admins and their inlines."""

    formfield_overrides = {
        models.TextField: {"form_class": Paragraphs, "widget": forms.Textarea(attrs={"rows": 2, "class": "desk-text"})},
        models.JSONField: {"form_class": Structure, "widget": forms.Textarea(attrs={"rows": 2, "class": "desk-text"})},
        # As the help texts' examples write it; Chinese custom would be 2026/11/01.
        models.DateField: {"widget": AdminDateWidget(format="%Y-%m-%d")},
    }

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            # Beside a choice: look at the term or add one. Terms are changed and deleted on their own screens.
            field.widget.can_change_related = field.widget.can_delete_related = False
        return field


class DeletionPreviewMixin:
    """For admins: before a row is deleted, its page counts what goes with it and names what forbids it."""

    # How many of the rows that forbid a deletion are named.
    NAMED = 20

    def get_deleted_objects(self, objs, request):
        """Count what goes with the rows, and name what forbids it.

        Django lists every row that would go, thousands for an edition, and asks each one's own screen for leave to
        delete it. Here whoever may delete a whole may delete its parts: findings can be deleted on no other screen.
        """
        going = NestedObjects(using=router.db_for_write(self.model), origin=objs)
        going.collect(objs)
        counts = {
            model._meta.verbose_name_plural: len(rows)
            for model, rows in going.model_objs.items()
            if not model._meta.auto_created
        }
        needed = {self.opts.verbose_name for obj in objs if not self.has_delete_permission(request, obj)}
        return [str(obj) for obj in objs], counts, needed, self.named(list(going.protected) + self.users(objs))

    def users(self, objs: Iterable[models.Model]) -> list[models.Model]:
        """Return the rows that name one of these in a list. Django would take it off their lists without a word."""
        return [
            row
            for relation in self.opts.related_objects
            if relation.many_to_many
            for row in relation.related_model.objects.filter(**{f"{relation.field.name}__in": objs}).distinct()
        ]

    def named(self, rows: list[models.Model]) -> list[str]:
        """Return the names of the first rows, each with the way to its page, and how many there are."""
        some = [link(row) for row in rows[: self.NAMED]]
        return [*some, f"……共 {len(rows)} 处"] if len(rows) > self.NAMED else some


class DeskAdmin(OptimisticLockMixin, DeletionPreviewMixin, FormFieldsMixin, admin.ModelAdmin):
    change_list_template = "desk/change_list.html"
    # Rows are deleted one at a time, on a page that says what goes with them.
    actions = None
    show_facets = admin.ShowFacets.ALWAYS
    show_full_result_count = False
    list_per_page = 100

    def lookup_allowed(self, lookup, value, request):
        # PostgreSQL cannot be asked for NUL.
        return "\0" not in value and super().lookup_allowed(lookup, value, request)

    def get_search_results(self, request, queryset, search_term):
        # The list's own search box refuses NUL; the autocomplete does not.
        return super().get_search_results(request, queryset, search_term.replace("\0", ""))

    def get_ordering(self, request):
        # The model's own order, also where a count groups the rows: Django then forgets it, and the autocomplete
        # would page through rows in no order.
        return self.ordering or self.opts.ordering

    def changelist_view(self, request, extra_context=None):
        title = getattr(self, "listed_as", self.opts.verbose_name_plural)
        return super().changelist_view(request, {"title": title} | (extra_context or {}))


class DepartmentScopedMixin:
    """For admins of what belongs to a department: an editor sees and changes only what is his or her departments'.

    ``led_by`` is the path from a row to that department.
    """

    led_by = "lead_department"

    def get_queryset(self, request):
        rows = super().get_queryset(request)
        seen = permissions.visible_departments(request.user)
        return rows if seen is None else rows.filter(**{f"{self.led_by}__code__in": seen})

    def department_of(self, obj: models.Model) -> str | None:
        for step in self.led_by.split("__"):
            obj = obj and getattr(obj, step)
        return obj and obj.code

    def has_view_permission(self, request, obj=None):
        return super().has_view_permission(request, obj) and (
            obj is None or permissions.can_see(request.user, self.department_of(obj))
        )

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and (
            obj is None or permissions.can_change(request.user, self.department_of(obj))
        )

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and (
            obj is None or permissions.can_change(request.user, self.department_of(obj))
        )


class ReadOnlyMixin:
    """For admins of what is only looked at, whoever looks: nothing is added, changed or deleted here."""

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


def label(verification: str | None) -> SafeString:
    """Return a label (核实情况) as it is shown on every screen; None is a field nobody knows."""
    text = Verification(verification).label if verification else "未知"
    return format_html('<span class="desk-label desk-label-{}">{}</span>', verification or "unknown", text)


def link(row: models.Model) -> str:
    """Return what a row is, with the way to its page if it has one."""
    words = f"{row._meta.verbose_name}：{row}"
    if edition := getattr(row, "edition", None):
        words += f"（{edition.slug}）"
    try:
        address = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    except NoReverseMatch:
        return words
    return format_html('<a href="{}">{}</a>', address, words)
