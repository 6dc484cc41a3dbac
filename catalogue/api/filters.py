"""The filters of the list. Each takes codes; a code nobody has is a 400 that lists those there are."""

from collections.abc import Iterable

from django.db.models import Model
from django.http import QueryDict
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_field

from catalogue import parameters
from catalogue.listing import Listing
from catalogue.models import Entry
from services.models import Department, Domain, TargetGroup, Verification


class CodesFilter(filters.Filter):
    """Services that have any of the codes given, among the terms that ``Listing`` keeps under the filter's name."""

    repeatable = True

    def __init__(self, vocabulary: type[Model] | type[Verification], *, label: str):
        super().__init__(label=label)
        self.vocabulary = vocabulary
        # drf-spectacular cannot tell the type of a related column (its issue 1475), so it is said here.
        item = {"type": "string"} | ({"enum": vocabulary.values} if vocabulary is Verification else {})
        extend_schema_field({"type": "array", "items": item, "description": f"{label}；可重复或用逗号分隔"})(self)

    def chosen(self, listed: Listing, query: QueryDict) -> set[str]:
        """Return the services that the query leaves. Raises InvalidParameters for a code nobody has.

        One query, and that only for codes that no service of this edition has.
        """
        name = self.field_name
        codes = parameters.codes(query, name)
        if not all(listed.knows(name, code) for code in codes):
            parameters.some_of(query, name, self._known())
        return set().union(*(listed.having(name, code) for code in codes))

    def _known(self) -> Iterable[str]:
        if self.vocabulary is Verification:
            return Verification.values
        return self.vocabulary.objects.order_by("position", "code").values_list("code", flat=True)


class WholeNumberFilter(filters.NumberFilter):
    """The service whose number is the one given."""

    repeatable = False

    def chosen(self, listed: Listing, query: QueryDict) -> set[str]:
        number = parameters.whole_number(query, self.field_name, default=1, most=32767)
        return {listed.numbers[number]} if number in listed.numbers else set()


class EntryFilterSet(filters.FilterSet):
    """The filters of ``/services/``: OR within one, AND between them."""

    domain = CodesFilter(Domain, label="领域代码")
    target_group = CodesFilter(TargetGroup, label="服务对象代码")
    lead_department = CodesFilter(Department, label="牵头负责单位代码")
    department = CodesFilter(Department, label="牵头或配合单位代码")
    verification = CodesFilter(Verification, label="任一字段的核实情况")
    number = WholeNumberFilter(label="在版本中的序号")

    class Meta:
        model = Entry
        fields = []

    @classmethod
    def chosen(cls, listed: Listing, query: QueryDict) -> dict[str, set[str]]:
        """Return the services that each filter leaves that is asked for, by its name."""
        return {name: taken.chosen(listed, query) for name, taken in cls.base_filters.items() if name in query}
