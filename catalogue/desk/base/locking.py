"""Two people, one page: a save that rests on what is no longer so is refused, and nothing typed is lost.

Every form carries a token of what its reader saw (``versions``): the row, where the record then ended, and the boxes as
they were. A save of a row that changed since is answered with the same form: their change is told above it, what they
changed is in the boxes, and over it what was typed here.
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


class Mine(NamedTuple):
    """A box that was changed here: what it is called, what stands there now, and what was typed."""

    words: str
    now: str
    typed: str


class OptimisticLockMixin(AuditHistoryMixin):
    """For admins that are AuditHistoryMixin. ``state_of()`` is what a save may overwrite."""

    change_form_template = "desk/change_form.html"

    def state_of(self, obj: models.Model) -> dict:
        return snapshots.snapshot(obj)

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        if request.method != "POST" or object_id is None or "_saveasnew" in request.POST:
            return super().changeform_view(request, object_id, form_url, extra_context)
        with transaction.atomic():
            # Locked until the save is done: of two who save at once the second finds what the first has written.
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
            page = [context["adminform"].form], [inline.formset for inline in context["inline_admin_formsets"]]
            context["seen"] = self._seen(obj, *page)
            if stale := getattr(request, "stale", None):
                context["mine"] = list(_put_back(stale, *page))
                events = self.events_of(obj).filter(number__gt=versions.read(stale.get("seen", "")).get("record", 0))
                context["theirs"] = [self.said(event) for event in events.order_by("number")]
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _key(self, object_id: str) -> object:
        try:
            return self.model._meta.pk.to_python(unquote(object_id))
        except forms.ValidationError:
            return None

    def _is_current(self, request: HttpRequest, obj: models.Model) -> bool:
        return versions.is_current(request.POST.get("seen", ""), self.state_of(obj))

    def _seen(self, obj: models.Model, main: list, formsets: list) -> str:
        record = Event.objects.order_by("number").values_list("number", flat=True).last() or 0
        boxes = {box.html_name: typed(box) for box in _boxes(main, formsets)}
        return versions.token(self.state_of(obj), record=record, boxes=boxes)

    def _refuse(self, request, object_id, form_url, extra_context) -> HttpResponse:
        again = copy.copy(request)
        again.method, again.stale = "GET", request.POST
        page = super().changeform_view(again, object_id, form_url, extra_context)
        page.status_code = 409
        return page


def typed(box: forms.BoundField) -> list[str]:
    """Return what a browser sends for a box that nobody touched, line ends as Python has them."""
    value = box.value()
    if value is None or value is False or value == "":
        return []
    values = value if isinstance(value, list | tuple) else [value]
    return [_line_ends(str(getattr(each, "pk", each))) for each in values]


def _line_ends(text: str) -> str:
    return text.replace("\r\n", "\n")


def _boxes(main: list, formsets: list) -> Iterator[forms.BoundField]:
    for form in (*main, *(form for formset in formsets for form in formset.initial_forms)):
        yield from form


def _sent(post: QueryDict, name: str) -> list[str]:
    return [_line_ends(value) for value in post.getlist(name) if value != ""]


def _put_back(post: QueryDict, main: list, formsets: list) -> Iterator[Mine]:
    """Put what was typed over forms of what now stands, and tell each box that it changed.

    Rows are found by their key: they may have moved. A row that was changed here and is gone comes back as a new one.
    """
    base = versions.read(post.get("seen", "")).get("boxes", {})
    for form in main:
        yield from _overlay(post, base, form, form.prefix)
    for formset in formsets:
        yield from _put_rows_back(post, base, formset)


def _put_rows_back(post: QueryDict, base: dict, formset: forms.BaseInlineFormSet) -> Iterator[Mine]:
    key, whole = formset.model._meta.pk.name, formset.fk.name
    kept = {str(form.instance.pk) for form in formset.initial_forms}
    prefixes = [f"{formset.prefix}-{at}" for at in range(_count(post, f"{formset.prefix}-TOTAL_FORMS"))]
    new = []
    for prefix in prefixes:
        row = {name.removeprefix(f"{prefix}-"): post.get(name) for name in post if name.startswith(f"{prefix}-")}
        changed = [name for name in row if _sent(post, f"{prefix}-{name}") != base.get(f"{prefix}-{name}", [])]
        if row.get(key) not in kept and set(changed) - {key, whole, "DELETE"}:
            new.append({name: value for name, value in row.items() if name not in {key, whole, "DELETE"}})
    if new:
        formset.extra, formset.initial_extra = len(new), new
        # Built when first asked for, and asked for already.
        for built in ("forms", "management_form"):
            formset.__dict__.pop(built, None)
    rows = {str(form.instance.pk): form for form in formset.initial_forms}
    for prefix in prefixes:
        if form := rows.get(post.get(f"{prefix}-{key}", "")):
            yield from _overlay(post, base, form, prefix)
    for form, row in zip(formset.extra_forms, new, strict=False):
        said = (_shown(field, [row[name]]) for name, field in form.fields.items() if row.get(name))
        yield Mine(f"{formset.model._meta.verbose_name}（新的一条）", "", "；".join(filter(None, said)))


def _overlay(post: QueryDict, base: dict, form: forms.ModelForm, prefix: str | None) -> Iterator[Mine]:
    for name, field in form.fields.items():
        sent_as = f"{prefix}-{name}" if prefix else name
        mine = _sent(post, sent_as)
        if field.disabled or mine == base.get(sent_as, []) or mine == typed(form[name]):
            continue
        now = _shown(field, typed(form[name]))
        if isinstance(field, forms.BooleanField):
            form.initial[name] = bool(mine)
        else:
            form.initial[name] = mine if isinstance(field, forms.ModelMultipleChoiceField) else "".join(mine)
        # Its box remembers the value it was asked for above.
        form._bound_fields_cache.pop(name, None)
        row = f"{form.instance}：" if prefix else ""
        yield Mine(f"{row}{field.label or name}", now, _shown(field, mine))


def _shown(field: forms.Field, values: list[str]) -> str:
    """Return boxes' values in words: a choice by its label."""
    if isinstance(field, forms.ModelChoiceField):
        chosen = field.queryset.filter(pk__in=[value for value in values if value.isdecimal()])
        return "、".join(map(str, chosen))
    if isinstance(field, forms.BooleanField):
        return "是" if values else "否"
    labels = dict(getattr(field, "choices", ()))
    return "、".join(str(labels.get(value, value)) for value in values)


def _count(post: QueryDict, name: str) -> int:
    value = post.get(name, "")
    return min(int(value), 1000) if value.isdecimal() and len(value) < 6 else 0
