"""The change feed over all editions: append-only, with permanent cursors and with withdrawals."""

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import viewsets
from rest_framework.response import Response

from catalogue.api.base import languages, pagination
from catalogue.api.serializers import ChangeSerializer
from catalogue.editions.changes import serialize_change
from catalogue.models import Event
from catalogue.web.query import parameters
from catalogue.web.query.change_query import FILTERS, select_changes

AFTER = parameters.Parameter(
    "after", "只要这个游标之后的变更；不写则从头开始。用上一次最后一条的 cursor", int, minimum=0, maximum=2**63 - 1
)


class Cursors(pagination.Pages):
    """Cursor pagination: a change appended between two requests neither shifts nor repeats a row."""

    def paginate_queryset(self, queryset, request, view=None):
        self.request = request
        size = view.query.get("page_size", self.page_size)
        self.count = queryset.count()
        rows = list(queryset.filter(number__gt=view.query.get("after", 0))[: size + 1])
        self.more = len(rows) > size
        self.rows = rows[:size]
        return self.rows

    def get_paginated_response(self, data):
        return Response({"count": self.count, "next": self.get_next_link(), "previous": None, "results": data})

    def get_next_link(self) -> str | None:
        if not self.more:
            return None
        query = self.request.query_params.copy()
        query["after"] = str(self.rows[-1].number)
        return self.request.build_absolute_uri(f"{self.request.path}?{query.urlencode()}")


@extend_schema(tags=["editions"])
@extend_schema_view(list=extend_schema(summary="变更流：所有版本的新增、调整与取消"))
class FeedViewSet(languages.LocalizedMixin, parameters.StrictParameters, viewsets.GenericViewSet):
    """Every change of every published edition, oldest first, to be read on from the last cursor one has."""

    queryset = Event.objects.changes()
    serializer_class = ChangeSerializer
    pagination_class = Cursors
    parameters = {"list": [AFTER, pagination.PAGE_SIZE, *FILTERS]}

    def list(self, request) -> Response:
        page = self.paginate_queryset(select_changes(self.query))
        return self.get_paginated_response(self.get_serializer(map(serialize_change, page), many=True).data)
