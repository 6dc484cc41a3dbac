"""Optimistic locking: a stale save is refused with 409, and no input is lost.

Every form carries a signed token (``versions``) of the state of the row, the number of the last event in the audit
log, and the initial values of the fields. A save of a row that has changed since is answered with the same form: the
other user's changes are listed above it, and the submitted values are put over the current ones.
"""

import copy
from collections.abc import Iterator
from typing import NamedTuple

from django import forms
from django.contrib.admin.utils import unquote
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse, QueryDict

from catalogue.audit import snapshots
from catalogue.desk.base import versions
from catalogue.desk.base.history import AuditHistoryMixin
from catalogue.models import Event


class Conflict(NamedTuple):
    """A field that the refused user changed: its label, its current value and the submitted value, all as text."""

    label: str
    current: str
    submitted: str


class OptimisticLockMixin(AuditHistoryMixin):
    """For admins: refuses a save if ``state_of()``, the data it would overwrite, changed after the form was shown."""

    change_form_template = "desk/change_form.html"

    def state_of(self, obj: models.Model) -> dict:
        return snapshots.snapshot(obj)

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        if request.method != "POST" or object_id is None or "_saveasnew" in request.POST:
            return super().changeform_view(request, object_id, form_url, extra_context)
        with transaction.atomic():
            # The lock is held until the save is done: of two concurrent saves the second sees what the first wrote.
            rows = self.model._default_manager.select_for_update(of=("self",))
            row = rows.filter(pk=self._key(object_id)).first()
            if row and self.has_change_permission(request, row) and not self._is_current(request, row):
                return self._refuse(request, object_id, form_url, extra_context)
            return super().changeform_view(request, object_id, form_url, extra_context)

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj is None or not self.has_change_permission(request, obj):
            return super().render_change_form(request, context, add, change, form_url, obj)
        if request.method == "POST":
            context["seen"] = request.POST.get("seen")
        else:
            forms_shown = [context["adminform"].form], [inline.formset for inline in context["inline_admin_formsets"]]
            context["seen"] = self._seen(obj, *forms_shown)
            if stale := getattr(request, "stale", None):
                context["mine"] = list(_put_back(stale, *forms_shown))
                events = self.events_shown(obj).filter(number__gt=versions.read(stale.get("seen", "")).get("record", 0))
                context["theirs"] = self.event_rows(events.order_by("number"))
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _key(self, object_id: str) -> object:
        try:
            return self.model._meta.pk.to_python(unquote(object_id))
        except forms.ValidationError:
            return None

    def _is_current(self, request: HttpRequest, obj: models.Model) -> bool:
        return versions.is_current(request.POST.get("seen", ""), self.state_of(obj))

    def _seen(self, obj: models.Model, main: list, formsets: list) -> str:
        last_event = Event.objects.order_by("number").values_list("number", flat=True).last() or 0
        # The token is readable: a disabled field cannot change, and the one of an account holds its password's hash.
        values = {
            bound_field.html_name: submitted_values(bound_field)
            for bound_field in _bound_fields(main, formsets)
            if not bound_field.field.disabled
        }
        return versions.token(self.state_of(obj), record=last_event, form_values=values)

    def _refuse(self, request, object_id, form_url, extra_context) -> HttpResponse:
        get_request = copy.copy(request)
        get_request.method, get_request.stale = "GET", request.POST
        response = super().changeform_view(get_request, object_id, form_url, extra_context)
        response.status_code = 409
        return response


def submitted_values(bound_field: forms.BoundField) -> list[str]:
    """Return the values that a browser submits for an untouched field, with line ends as \\n; [] if it is empty."""
    value = bound_field.value()
    if value is None or value is False or value == "":
        return []
    values = value if isinstance(value, list | tuple) else [value]
    return [_line_ends(str(getattr(item, "pk", item))) for item in values]


def _line_ends(text: str) -> str:
    return text.replace("\r\n", "\n")


def _bound_fields(main: list, formsets: list) -> Iterator[forms.BoundField]:
    for form in (*main, *(form for formset in formsets for form in formset.initial_forms)):
        yield from form


def _sent(post: QueryDict, name: str) -> list[str]:
    return [_line_ends(value) for value in post.getlist(name) if value != ""]


def _put_back(post: QueryDict, main: list, formsets: list) -> Iterator[Conflict]:
    """Put the submitted values over forms with the current ones, and yield each field that this changes.

    Inline rows are matched by primary key, because they may have moved. A row that the user changed and that is gone
    comes back as a new row.
    """
    initial_values = versions.read(post.get("seen", "")).get("form_values", {})
    for form in main:
        yield from _overlay(post, initial_values, form, form.prefix)
    for formset in formsets:
        yield from _put_rows_back(post, initial_values, formset)


def _put_rows_back(post: QueryDict, initial_values: dict, formset: forms.BaseInlineFormSet) -> Iterator[Conflict]:
    pk_name, parent_name = formset.model._meta.pk.name, formset.fk.name
    existing_pks = {str(form.instance.pk) for form in formset.initial_forms}
    prefixes = [f"{formset.prefix}-{at}" for at in range(_count(post, f"{formset.prefix}-TOTAL_FORMS"))]
    new_rows = []
    for prefix in prefixes:
        row = {name.removeprefix(f"{prefix}-"): post.get(name) for name in post if name.startswith(f"{prefix}-")}
        changed = [
            name for name in row if _sent(post, f"{prefix}-{name}") != initial_values.get(f"{prefix}-{name}", [])
        ]
        if row.get(pk_name) not in existing_pks and set(changed) - {pk_name, parent_name, "DELETE"}:
            new_rows.append(
                {name: value for name, value in row.items() if name not in {pk_name, parent_name, "DELETE"}}
            )
    if new_rows:
        formset.extra, formset.initial_extra = len(new_rows), new_rows
        # Cached properties that were built with the old ``extra``: dropped, so that they are built again.
        for cached in ("forms", "management_form"):
            formset.__dict__.pop(cached, None)
    forms_by_pk = {str(form.instance.pk): form for form in formset.initial_forms}
    for prefix in prefixes:
        if form := forms_by_pk.get(post.get(f"{prefix}-{pk_name}", "")):
            yield from _overlay(post, initial_values, form, prefix)
    for form, row in zip(formset.extra_forms, new_rows, strict=False):
        texts = (_shown(field, [row[name]]) for name, field in form.fields.items() if row.get(name))
        yield Conflict(f"{formset.model._meta.verbose_name}（新的一条）", "", "；".join(filter(None, texts)))


def _overlay(post: QueryDict, initial_values: dict, form: forms.ModelForm, prefix: str | None) -> Iterator[Conflict]:
    for name, field in form.fields.items():
        html_name = f"{prefix}-{name}" if prefix else name
        submitted = _sent(post, html_name)
        if (
            field.disabled
            or submitted == initial_values.get(html_name, [])
            or submitted == submitted_values(form[name])
        ):
            continue
        current_text = _shown(field, submitted_values(form[name]))
        if isinstance(field, forms.BooleanField):
            form.initial[name] = bool(submitted)
        else:
            form.initial[name] = submitted if isinstance(field, forms.ModelMultipleChoiceField) else "".join(submitted)
        # The bound field has cached the initial value that was read above.
        form._bound_fields_cache.pop(name, None)
        prefix_text = f"{form.instance}：" if prefix else ""
        yield Conflict(f"{prefix_text}{field.label or name}", current_text, _shown(field, submitted))


def _shown(field: forms.Field, values: list[str]) -> str:
    """Return the submitted values of a field as text, a choice by its label."""
    if isinstance(field, forms.ModelChoiceField):
        selected = field.queryset.filter(pk__in=[value for value in values if value.isdecimal()])
        return "、".join(map(field.label_from_instance, selected))
    if isinstance(field, forms.BooleanField):
        return "是" if values else "否"
    labels = dict(getattr(field, "choices", ()))
    return "、".join(str(labels.get(value, value)) for value in values)


def _count(post: QueryDict, name: str) -> int:
    value = post.get(name, "")
    return min(int(value), 1000) if value.isdecimal() and len(value) < 6 else 0
