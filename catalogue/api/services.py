"""Services and editions. Whatever is answered of an edition is what was sealed with it."""

import json
from functools import cached_property

from django.db.models import Count, F, Func, QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, viewsets
from rest_framework.exceptions import NotFound
from rest_framework.response import Response

from catalogue import comparing, publishing
from catalogue.api import choosing, pagination, parameters, schema, telling
from catalogue.api.filters import EntryFilterSet
from catalogue.api.serializers import (
    ChangeSerializer,
    EditionReferenceSerializer,
    EditionSerializer,
    EntrySerializer,
    HistorySerializer,
    ServiceSerializer,
)
from catalogue.models import Edition, Entry, Event

# As the model has it: a code it allows and the address does not would break every list it stands in.
SERVICE_CODE = "NM-[0-9]{2}-[0-9]{2,}"
EDITION_SLUG = "[a-z0-9-]{1,50}"


class ByCodePoint(Func):
    """Text in the order of its code points: SQLite's own order, and not the locale's on PostgreSQL."""

    template = "%(expressions)s"

    def as_postgresql(self, compiler, connection):
        return self.as_sql(compiler, connection, template='%(expressions)s COLLATE "C"')


class ServicePages(pagination.Pages):
    """Pages that name the edition they are of."""

    def paginate_queryset(self, queryset, request, view=None):
        self.edition = view.edition
        return super().paginate_queryset(queryset, request, view)

    def get_paginated_response(self, data):
        response = super().get_paginated_response(data)
        results = response.data.pop("results")
        response.data |= {"edition": EditionReferenceSerializer(self.edition).data, "results": results}
        return response

    def get_paginated_response_schema(self, schema):
        envelope = super().get_paginated_response_schema(schema)
        envelope["required"].append("edition")
        envelope["properties"]["edition"] = {"$ref": "#/components/schemas/EditionReference"}
        return envelope


@extend_schema(tags=["services"])
@extend_schema_view(
    list=extend_schema(
        summary="服务项目清单", parameters=[*schema.EDITION, schema.ORDERING, schema.FIELDS, schema.EXPAND]
    ),
    retrieve=extend_schema(
        summary="一个服务项目；已取消的也答复，附理由与承接项目",
        parameters=[*schema.EDITION, schema.FIELDS, schema.EXPAND],
    ),
)
class ServiceViewSet(
    parameters.StrictParameters, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet
):
    """Services as the edition in force states them, or as the edition asked for does."""

    queryset = Entry.objects.published()
    serializer_class = EntrySerializer
    filterset_class = EntryFilterSet
    pagination_class = ServicePages
    lookup_url_kwarg = "code"
    lookup_value_regex = SERVICE_CODE
    ORDERINGS = {"number": F("number"), "code": F("service__code"), "name": ByCodePoint("name")}
    SHAPE = choosing.PARAMETERS | {"fields": True, "expand": False}
    parameters = {
        "list": SHAPE
        | pagination.PARAMETERS
        | {name: taken.repeatable for name, taken in EntryFilterSet.base_filters.items()}
        | {"ordering": False},
        "retrieve": SHAPE,
    }

    def get_queryset(self) -> QuerySet:
        return super().get_queryset().filter(edition=self.edition)

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        return super().filter_queryset(queryset).order_by(*self._ordering()).values_list("sealed", flat=True)

    def paginate_queryset(self, queryset: QuerySet) -> list[dict]:
        return [json.loads(text) for text in super().paginate_queryset(queryset)]

    def get_serializer_class(self) -> type[EntrySerializer]:
        return ServiceSerializer if self.action == "retrieve" else EntrySerializer

    def get_object(self) -> dict:
        code = self.kwargs["code"]
        text = self.get_queryset().filter(service__code=code).values_list("sealed", flat=True).first()
        if text is not None:
            return json.loads(text) | {"status": telling.LISTED, "withdrawal": None}
        if found := telling.withdrawn(code, self.edition):
            return found
        others = Edition.objects.published().filter(entries__service__code=code).values_list("slug", flat=True)
        where = f"；它在版本 {'、'.join(sorted(others))} 中" if others else ""
        raise NotFound(f"版本 {self.edition.slug} 中没有服务项目 {code}{where}。")

    def get_serializer_context(self) -> dict:
        context = super().get_serializer_context()
        if getattr(self, "swagger_fake_view", False):
            return context
        return context | {"edition": self.edition, "fields": self._fields()}

    @cached_property
    def edition(self) -> Edition:
        return choosing.edition(self.request.query_params)

    def _fields(self) -> list[str]:
        query = self.request.query_params
        every = list(self.get_serializer_class()().fields)
        expanded = parameters.one_of(query, "expand", ["citations"])
        if "fields" in query:
            asked = parameters.some_of(query, "fields", every)
            return [*asked, "citations"] if expanded and "citations" not in asked else asked
        return every if expanded or self.action == "retrieve" else [name for name in every if name != "citations"]

    def _ordering(self) -> list:
        allowed = [f"{sign}{name}" for sign in ("", "-") for name in self.ORDERINGS]
        asked = parameters.one_of(self.request.query_params, "ordering", allowed) or "number"
        column = self.ORDERINGS[asked.removeprefix("-")]
        return [column.desc() if asked.startswith("-") else column.asc(), "number"]


@extend_schema(tags=["services"])
@extend_schema_view(list=extend_schema(summary="一个服务项目在每个版本中的样子与变化", filters=False))
class HistoryViewSet(parameters.StrictParameters, viewsets.GenericViewSet):
    """One service in every edition, newest first, with what changed from the one before."""

    queryset = Entry.objects.published()
    serializer_class = HistorySerializer
    filter_backends = []
    parameters = {"list": pagination.PARAMETERS}

    def list(self, request, code: str) -> Response:
        sealed = dict(self.get_queryset().filter(service__code=code).values_list("edition_id", "sealed"))
        if not sealed:
            raise NotFound(f"没有服务项目 {code}。")
        recorded = telling.by("edition", Event.objects.changes().filter(service=code))
        history, before = [], None
        for edition in Edition.objects.published().select_related("previous").order_by("effective_from", "number"):
            after = json.loads(sealed[edition.pk]) if edition.pk in sealed else None
            if before or after:
                compared = comparing.compare(before, after) or {"kind": "unchanged", "fields": [], "document": None}
                events = recorded.get(edition.slug, [])
                history.append(telling.compared(edition, after or before, compared, events) | {"state": after})
            before = after
        page = self.paginate_queryset(history[::-1])
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


@extend_schema(tags=["editions"])
@extend_schema_view(list=extend_schema(summary="已发布的版本，新的在前"), retrieve=extend_schema(summary="一个版本"))
class EditionViewSet(
    parameters.StrictParameters, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet
):
    """Published editions, newest first."""

    queryset = (
        Edition.objects.published()
        .select_related("previous")
        .annotate(service_count=Count("entries"))
        .order_by("-effective_from", "-number")
    )
    serializer_class = EditionSerializer
    filter_backends = []
    lookup_field = "slug"
    lookup_value_regex = EDITION_SLUG
    parameters = {"list": pagination.PARAMETERS}

    def get_object(self) -> Edition:
        return published_edition(self.kwargs["slug"], self.get_queryset())

    @extend_schema(summary="版本的规范内容：这些字节的 SHA-256 就是它的摘要", responses={200: OpenApiTypes.OBJECT})
    def content(self, request, slug: str) -> HttpResponse:
        return HttpResponse(publishing.content(self.get_object()), content_type="application/json")


@extend_schema(tags=["editions"])
@extend_schema_view(list=extend_schema(summary="与另一版本相比，逐字段的变化", parameters=[schema.SINCE]))
class ChangesViewSet(parameters.StrictParameters, viewsets.GenericViewSet):
    """What an edition changed, field by field, since another; by default since its predecessor.

    The reasons are those of every step between the two. Of a comparison backwards there are none: nobody took it.
    """

    queryset = Edition.objects.published()
    serializer_class = ChangeSerializer
    filter_backends = []
    parameters = {"list": pagination.PARAMETERS | {"since": False}}

    def list(self, request, slug: str) -> Response:
        edition = published_edition(slug, self.get_queryset().select_related("previous"))
        line, since = edition.line(), edition.previous
        if "since" in request.query_params:
            every = {edition.slug: edition for edition in self.get_queryset().order_by("number")}
            since = every[parameters.one_of(request.query_params, "since", every)]
        steps = line[: line.index(since)] if since in line else [] if since else line
        slugs = [step.slug for step in steps]
        recorded = telling.by("service", Event.objects.changes().filter(edition__in=slugs))
        compared = comparing.changes(since.documents() if since else [], edition.documents())
        page = self.paginate_queryset(
            [
                telling.compared(edition, document, change, recorded.get(document["code"], []))
                for document, change in compared
            ]
        )
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


def published_edition(slug: str, editions: QuerySet) -> Edition:
    """Return one of the editions by its slug. Raises NotFound with a sentence."""
    found = editions.filter(slug=slug).first()
    if found is None:
        raise NotFound(f"没有已发布的版本 {slug}。")
    return found
