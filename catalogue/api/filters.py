"""The filters of the list. Each takes codes; a code nobody has is a 400 that lists those there are."""

from collections.abc import Mapping
from functools import cached_property, reduce
from operator import or_

from django.db.models import IntegerField, Q, QuerySet, Value
from django.http import QueryDict
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_field

from catalogue import parameters
from catalogue.models import Entry
from services.models import Department, Domain, TargetGroup, Verification


class CodesFilter(filters.Filter):
    """Entries related through any of ``paths`` to any of the codes given.

    Codes are looked up in Python and only sent to the database if the vocabulary has them.
    """

    repeatable = True

    def __init__(self, vocabulary: type, *paths: str, label: str):
        super().__init__(label=label)
        self.vocabulary = vocabulary
        self.paths = paths
        # drf-spectacular cannot tell the type of a related column (its issue 1475), so it is said here.
        item = {"type": "string"} | ({"enum": vocabulary.values} if vocabulary is Verification else {})
        extend_schema_field({"type": "array", "items": item, "description": f"{label}；可重复或用逗号分隔"})(self)

    def narrow(self, entries: QuerySet, data: QueryDict, known: Mapping[type, list[str]]) -> QuerySet:
        codes = parameters.some_of(data, self.field_name, known[self.vocabulary])
        anywhere = reduce(or_, (Q(**{f"{path}__in": codes}) for path in self.paths))
        # In a subquery, so that an entry related to two of the codes comes once.
        return entries.filter(pk__in=Entry.objects.filter(anywhere).values("pk"))


class WholeNumberFilter(filters.NumberFilter):
    """Entries whose number is the one given."""

    repeatable = False

    def narrow(self, entries: QuerySet, data: QueryDict, known: Mapping[type, list[str]]) -> QuerySet:
        return entries.filter(number=parameters.whole_number(data, self.field_name, default=1, most=32767))


class EntryFilterSet(filters.FilterSet):
    """The filters of ``/services/``: OR within one, AND between them."""

    domain = CodesFilter(Domain, "domain__code", label="领域代码")
    target_group = CodesFilter(TargetGroup, "target_groups__code", label="服务对象代码")
    lead_department = CodesFilter(Department, "lead_department__code", label="牵头负责单位代码")
    department = CodesFilter(Department, "lead_department__code", "co_departments__code", label="牵头或配合单位代码")
    verification = CodesFilter(Verification, "findings__verification", label="任一字段的核实情况")
    number = WholeNumberFilter(label="在版本中的序号")

    class Meta:
        model = Entry
        fields = []

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        return self.narrowed(queryset)

    def narrowed(self, queryset: QuerySet, *, without: str | None = None) -> QuerySet:
        """Return the entries that every filter asked for leaves, or every one but one."""
        for taken in self._asked:
            if taken.field_name != without:
                queryset = taken.narrow(queryset, self.data, self._known)
        return queryset

    @cached_property
    def _asked(self) -> list[filters.Filter]:
        return [taken for name, taken in self.filters.items() if name in self.data]

    @cached_property
    def _known(self) -> dict[type, list[str]]:
        return _codes({taken.vocabulary for taken in self._asked if isinstance(taken, CodesFilter)})


def _codes(vocabularies: set[type]) -> dict[type, list[str]]:
    """Return every code of the vocabularies. One query, however many they are, so that a list costs at most four."""
    found: dict[type, list[str]] = {Verification: Verification.values}
    models = sorted(vocabularies - {Verification}, key=lambda model: model.__name__)
    if models:
        first, *others = (
            model.objects.order_by()
            .annotate(vocabulary=Value(index, output_field=IntegerField()))
            .values_list("vocabulary", "position", "code")
            for index, model in enumerate(models)
        )
        for index, _, code in sorted(first.union(*others, all=True)):
            found.setdefault(models[index], []).append(code)
    return found


class StrictFilterBackend(filters.DjangoFilterBackend):
    """django-filter without its forms: parameters are read by ``parameters``, which says what is wrong with them."""

    def filter_queryset(self, request, queryset, view):
        filterset = view.filterset = self.get_filterset(request, queryset, view)
        return queryset if filterset is None else filterset.filter_queryset(queryset)
