"""The change feed over all editions, as JSON and Atom: append-only, with permanent cursors and with withdrawals."""

import json

from django.contrib.syndication.views import Feed
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import viewsets
from rest_framework.response import Response

from catalogue.api.base import languages, pagination
from catalogue.api.serializers import ChangeSerializer
from catalogue.editions.changes import serialize_change
from catalogue.models import Event
from catalogue.web import parameters

AFTER = parameters.Parameter(
    "after", "只要这个游标之后的变更；不写则从头开始。用上一次最后一条的 cursor", int, minimum=0, maximum=2**63 - 1
)
# The Atom feed has only the newest changes; the JSON feed has all of them, by cursor.
MAX_ATOM_ITEMS = 200


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
    parameters = {"list": [AFTER, pagination.PAGE_SIZE]}

    def list(self, request) -> Response:
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(map(serialize_change, page), many=True).data)


class AtomFeed(Feed):
    """The newest changes as an Atom feed, newest first."""

    feed_type = Atom1Feed
    title = "内蒙古自治区基本公共服务清单：变更"
    subtitle = "每个已发布版本新增、调整和取消的服务项目"
    KINDS = dict(Event.Verb.choices)

    def link(self) -> str:
        return reverse("feed")

    def feed_url(self) -> str:
        return reverse("atom")

    def items(self) -> list[Event]:
        return list(Event.objects.changes().order_by("-number")[:MAX_ATOM_ITEMS])

    def item_title(self, event: Event) -> str:
        return f"{self.KINDS[event.verb]}：{json.loads(event.after)['name']}（版本 {event.edition}）"

    def item_description(self, event: Event) -> str:
        change = serialize_change(event)
        parts = [
            ("理由", change["reason"]),
            ("文号", change["document_number"]),
            ("承接项目", "、".join(f"{successor['code']} {successor['name']}" for successor in change["successors"])),
            ("变化的字段", "、".join(field["field"] for field in change["fields"])),
        ]
        return "；".join([event.service, *(f"{label}：{value}" for label, value in parts if value)])

    def item_link(self, event: Event) -> str:
        return f"{reverse('feed')}?after={event.number - 1}&page_size=1"

    def item_guid(self, event: Event) -> str:
        # The digest of the event, so that a feed reader sees one change as the same item on every host.
        return f"urn:sha256:{event.digest}"

    def item_pubdate(self, event: Event):
        return event.at

    def item_updateddate(self, event: Event):
        return event.at
