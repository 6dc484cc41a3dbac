"""The lists' filters: by code, each choice with the number of rows it would leave.

Django's own filters put primary keys into the address and list every term of a vocabulary, also those no row has.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.db import models
from django.db.models import Count
from django.http import HttpRequest
from django.utils import timezone

from catalogue.models import Edition

UNKNOWN = "unknown"


def edition_shown(request: HttpRequest) -> Edition | None:
    """Return the edition a list shows: the one asked for, else the one in force today, else the newest.

    None if there is no edition, or none of the slug asked for.
    """
    if not hasattr(request, "edition_shown"):
        slug = request.GET.get("edition")
        if slug is not None:
            found = Edition.objects.filter(slug=slug.replace("\0", "")).first()
        else:
            found = (
                Edition.objects.in_force(timezone.localdate()).first() or Edition.objects.order_by("-number").first()
            )
        request.edition_shown = found
    return request.edition_shown


class Option(NamedTuple):
    """A choice of a filter: its value in the address, its words, and the number of rows it would leave."""

    value: str
    words: str
    count: int


class CountedFilter(admin.ListFilter):
    parameter: str
    template = "desk/filter.html"
    # Long filters start closed, unless one of their values is chosen.
    long = False

    def __init__(self, request, params, model, model_admin):
        super().__init__(request, params, model, model_admin)
        if self.parameter in params:
            self.used_parameters[self.parameter] = params.pop(self.parameter)[-1]

    @property
    def value(self) -> str | None:
        return self.used_parameters.get(self.parameter)

    @property
    def is_open(self) -> bool:
        return not self.long or self.value is not None

    def has_output(self):
        return True

    def expected_parameters(self):
        return [self.parameter]

    def queryset(self, request, queryset):
        if self.value is None:
            return queryset
        if not self.is_known(self.value):
            messages.error(request, f"筛选条件“{self.title}”没有“{self.value}”这个值，已显示全部。")
            raise IncorrectLookupParameters
        return self.chosen(queryset, self.value)

    def choices(self, changelist) -> Iterator[dict]:
        counted = changelist.get_queryset(self.request, exclude_parameters=self.expected_parameters()).order_by()
        yield {
            "selected": self.value is None,
            "query_string": changelist.get_query_string(remove=[self.parameter]),
            "display": "全部",
        }
        for option in self.options(counted):
            if option.count or option.value == self.value:
                yield self.shown(option, changelist)

    def shown(self, option: Option, changelist) -> dict:
        return {
            "selected": option.value == self.value,
            "query_string": changelist.get_query_string({self.parameter: option.value}),
            "display": option.words,
            "count": option.count,
        }

    def is_known(self, value: str) -> bool:
        raise NotImplementedError

    def chosen(self, queryset: models.QuerySet, value: str) -> models.QuerySet:
        raise NotImplementedError

    def options(self, counted: models.QuerySet) -> Iterable[Option]:
        raise NotImplementedError


class EditionFilter(CountedFilter):
    """One edition at a time, so that no row can be taken for another edition's."""

    title = "版本"
    parameter = "edition"
    path = "edition"

    def queryset(self, request, queryset):
        edition = edition_shown(request)
        if edition is None and self.value is not None:
            messages.error(request, f"没有版本“{self.value}”，已显示在用的版本。")
            raise IncorrectLookupParameters
        return queryset.filter(**{self.path: edition}) if edition else queryset.none()

    def choices(self, changelist):
        counted = changelist.get_queryset(self.request, exclude_parameters=self.expected_parameters()).order_by()
        counts = dict(counted.values_list(self.path).annotate(Count("pk", distinct=True)))
        in_force = Edition.objects.in_force(timezone.localdate()).first()
        shown = edition_shown(self.request)
        for edition in Edition.objects.order_by("-number"):
            state = "" if edition.is_published else "（草稿）"
            words = edition.slug + ("（在用）" if edition == in_force else state)
            yield self.shown(Option(edition.slug, words, counts.get(edition.pk, 0)), changelist) | {
                "selected": edition == shown
            }


class TermFilter(CountedFilter):
    """By the code of a term of ``vocabulary``, which is related through ``path``."""

    vocabulary: type[models.Model]
    path: str

    def is_known(self, value):
        return value == UNKNOWN or self.vocabulary.objects.filter(code=value).exists()

    def chosen(self, queryset, value):
        if value == UNKNOWN:
            return queryset.filter(**{f"{self.path}__isnull": True})
        return queryset.filter(**{f"{self.path}__code": value})

    def options(self, counted):
        counts = dict(counted.values_list(f"{self.path}__code").annotate(Count("pk", distinct=True)))
        for term in self.vocabulary.objects.all():
            yield Option(term.code, str(term), counts.get(term.code, 0))
        yield Option(UNKNOWN, "未知", counts.get(None, 0))


class ChoiceFilter(CountedFilter):
    """By a column of the row that takes one of a few values."""

    column: str
    values: Iterable[tuple[str, str]]

    def is_known(self, value):
        return value in dict(self.values)

    def chosen(self, queryset, value):
        return queryset.filter(**{self.column: value})

    def options(self, counted):
        counts = dict(counted.values_list(self.column).annotate(Count("pk", distinct=True)))
        for value, words in self.values:
            yield Option(value, words, counts.get(value, 0))


def choices_of(model: type[models.Model], column: str) -> type[ChoiceFilter]:
    """Return a filter by a column that has ``choices``."""
    field = model._meta.get_field(column)
    said = {"title": field.verbose_name, "parameter": column, "column": column, "values": field.choices}
    return type(f"{model.__name__}{column.title()}Filter", (ChoiceFilter,), said)


def terms_of(model: type[models.Model], path: str) -> type[TermFilter]:
    """Return a filter by a column that names a term of a vocabulary."""
    field = model._meta.get_field(path)
    said = {"title": field.verbose_name, "parameter": path, "path": path, "vocabulary": field.related_model}
    return type(f"{model.__name__}{path.title()}Filter", (TermFilter,), said)
