"""Filters of the admin's lists: Django's ``SimpleListFilter`` by code, so that no URL holds a primary key."""

from collections.abc import Iterable
from itertools import islice

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.db import models
from django.http import HttpRequest
from django.utils import timezone

from catalogue.models import Edition

UNKNOWN = "unknown"


def edition_shown(request: HttpRequest) -> Edition | None:
    """Return the edition of a list: the ``edition`` of the query string, else the one in force today, else the newest.

    None if there is no edition, or none with the requested slug. The result is cached on the request.
    """
    if not hasattr(request, "edition_shown"):
        slug = request.GET.get("edition")
        if slug is not None:
            edition = Edition.objects.filter(slug=slug.replace("\0", "")).first()
        else:
            edition = (
                Edition.objects.in_force(timezone.localdate()).first() or Edition.objects.order_by("-number").first()
            )
        request.edition_shown = edition
    return request.edition_shown


class CodeFilter(admin.SimpleListFilter):
    """Filters by the lookup ``path``: one of the ``values`` (code, label) or the code of a ``vocabulary`` term."""

    path: str
    values: Iterable[tuple[str, str]] = ()
    vocabulary: type[models.Model] | None = None

    def lookups(self, request, model_admin):
        # Cached on the request: Django instantiates every filter again to count the facets of each filter.
        options = request.__dict__.setdefault("filter_options", {})
        if self.parameter_name not in options:
            options[self.parameter_name] = list(self.options())
        return options[self.parameter_name]

    def options(self) -> Iterable[tuple[str, str]]:
        """Return the choices as (value, label)."""
        if self.vocabulary is None:
            return self.values
        return [*((term.code, str(term)) for term in self.vocabulary.objects.all()), (UNKNOWN, "未知")]

    def queryset(self, request, queryset):
        if self.value() is None:
            return queryset
        if self.value() not in dict(self.lookup_choices):
            messages.error(request, f"筛选条件“{self.title}”没有“{self.value()}”这个值，没有按它筛选。")
            raise IncorrectLookupParameters
        return self.selected(queryset, self.value())

    def selected(self, queryset: models.QuerySet, value: str) -> models.QuerySet:
        """Return the rows that match a value from ``options()``."""
        unknown = self.vocabulary is not None and value == UNKNOWN
        return queryset.filter(**{self.path: None if unknown else value})


class EditionFilter(CodeFilter):
    """Filters by edition. Exactly one is always selected, so that rows of two editions are never mixed."""

    title, parameter_name, path = "版本", "edition", "edition__slug"

    def options(self):
        today = timezone.localdate()
        in_force = Edition.objects.in_force(today).first()
        reissued = dict(Edition.objects.published().exclude(reissue_of=None).values_list("reissue_of", "slug"))
        for edition in Edition.objects.order_by("-number"):
            state = "" if edition.is_published else "（草稿）"
            if edition.pk in reissued:
                state = f"（已由 {reissued[edition.pk]} 重新发布）"
            elif edition.is_published and edition.effective_from > today:
                state = f"（已封存，{edition.effective_from} 起施行）"
            yield edition.slug, edition.slug + ("（在用）" if edition == in_force else state)

    def value(self):
        slug, edition = super().value(), edition_shown(self.request)
        return edition.slug if slug is None and edition else slug

    def choices(self, changelist):
        # Django's first choice, "all", is left out.
        return islice(super().choices(changelist), 1, None)


def choices_of(model: type[models.Model], column: str) -> type[CodeFilter]:
    """Return a filter class for a column that has ``choices``."""
    field = model._meta.get_field(column)
    attributes = {"title": field.verbose_name, "parameter_name": column, "path": column, "values": field.choices}
    return type(f"{model.__name__}{column.title()}Filter", (CodeFilter,), attributes)


def terms_of(model: type[models.Model], column: str, *, path: str = "") -> type[CodeFilter]:
    """Return a filter class for a foreign key to a vocabulary; ``path`` is the lookup prefix from the listed model."""
    field = model._meta.get_field(column)
    attributes = {
        "title": field.verbose_name,
        "parameter_name": column,
        "path": f"{path}{column}__code",
        "vocabulary": field.related_model,
    }
    return type(f"{model.__name__}{column.title()}Filter", (CodeFilter,), attributes)
