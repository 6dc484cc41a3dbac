"""Services: the list, one of them, and both as files. Whatever is answered of an edition is what was sealed with it."""

import json
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property

from django.db.models import F, Func, QuerySet
from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, viewsets
from rest_framework.renderers import BaseRenderer

from catalogue import choosing, finding, parameters, sealed, telling
from catalogue.api import facets, files, languages, pagination, schema
from catalogue.api.filters import EntryFilterSet
from catalogue.api.negotiation import Lasting, OnePage
from catalogue.api.serializers import EditionReferenceSerializer, EntrySerializer, ServiceSerializer
from catalogue.models import Edition, Entry
from services.searching import Found

# As the model has it: a code it allows and the address does not would break every list it stands in.
CODE = "NM-[0-9]{2}-[0-9]{2,}"


class ByCodePoint(Func):
    """Text in the order of its code points: SQLite's own order, and not the locale's on PostgreSQL."""

    template = "%(expressions)s"

    def as_postgresql(self, compiler, connection):
        return self.as_sql(compiler, connection, template='%(expressions)s COLLATE "C"')


class ServicePages(pagination.Pages):
    """Pages that name the edition they are of, and count the facets of the list they are part of."""

    def paginate_queryset(self, queryset, request, view=None):
        self.view = view
        return super().paginate_queryset(queryset, request, view)

    def get_paginated_response(self, data):
        response = super().get_paginated_response(data)
        results = response.data.pop("results")
        response.data["edition"] = EditionReferenceSerializer(self.view.edition).data
        if parameters.one_of(self.request.query_params, "facets", ["true", "false"]) == "true":
            response.data["facets"] = facets.counted(sealed.documents(self.view.edition), self.view.chosen_without)
        response.data["results"] = results
        return response

    def get_paginated_response_schema(self, schema):
        envelope = super().get_paginated_response_schema(schema)
        envelope["required"].append("edition")
        envelope["properties"]["edition"] = {"$ref": "#/components/schemas/EditionReference"}
        envelope["properties"]["facets"] = facets.SCHEMA
        return envelope


@extend_schema(tags=["services"])
@extend_schema_view(
    list=extend_schema(
        summary="服务项目清单；也可用 Accept 或 services.csv 等地址取得同样内容的文件",
        parameters=[schema.QUERY, schema.FACETS, *schema.EDITION, schema.ORDERING, schema.FIELDS, schema.EXPAND],
    ),
    retrieve=extend_schema(
        summary="一个服务项目；已取消的也答复，附理由与承接项目",
        parameters=[*schema.EDITION, schema.FIELDS, schema.EXPAND],
    ),
)
class ServiceViewSet(
    languages.Spoken,
    Lasting,
    parameters.StrictParameters,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    viewsets.GenericViewSet,
):
    """Services as the edition in force states them, or as the edition asked for does."""

    queryset = Entry.objects.published()
    serializer_class = EntrySerializer
    filterset_class = EntryFilterSet
    pagination_class = ServicePages
    lookup_url_kwarg = "code"
    lookup_value_regex = CODE
    ORDERINGS = {"number": F("number"), "code": F("service__code"), "name": ByCodePoint("name")}
    SHAPE = choosing.PARAMETERS | {"fields": True, "expand": False}
    LIST = (
        SHAPE
        | pagination.PARAMETERS
        | {name: taken.repeatable for name, taken in EntryFilterSet.base_filters.items()}
        | {"q": False, "facets": False, "ordering": False}
    )
    parameters = {"list": LIST, "retrieve": SHAPE}

    def list(self, request, *args, **kwargs) -> HttpResponseBase:
        if kind := self._kind():
            return self._file(kind)
        return super().list(request, *args, **kwargs)

    def retrieve(self, request, *args, **kwargs) -> HttpResponseBase:
        if kind := self._kind():
            return self._file(kind)
        return super().retrieve(request, *args, **kwargs)

    def get_renderers(self) -> Sequence[BaseRenderer]:
        # The document describes the files at addresses of their own.
        if getattr(self, "swagger_fake_view", False):
            return super().get_renderers()
        kinds = files.KINDS if self.action == "list" else files.OF_ONE
        return [*super().get_renderers(), *files.renderers(kinds)]

    def get_queryset(self) -> QuerySet:
        queryset = super().get_queryset().filter(edition=self.edition)
        return queryset if self.found is None else queryset.filter(service__code__in=self.found)

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        return super().filter_queryset(queryset).order_by(*self._ordering()).values_list("sealed", flat=True)

    def paginate_queryset(self, queryset: QuerySet) -> Sequence[dict]:
        if self.found is None:
            return [json.loads(text) for text in super().paginate_queryset(queryset)]
        return super().paginate_queryset(self._ranked(queryset))

    def get_serializer_class(self) -> type[EntrySerializer]:
        return ServiceSerializer if self.action == "retrieve" else EntrySerializer

    def get_object(self) -> dict:
        return telling.standing(self.kwargs["code"], self.edition)

    def get_serializer_context(self) -> dict:
        context = super().get_serializer_context()
        if getattr(self, "swagger_fake_view", False):
            return context
        return context | {"edition": self.edition, "fields": self._fields()}

    @cached_property
    def edition(self) -> Edition:
        return choosing.edition(self.request.query_params)

    @cached_property
    def found(self) -> Mapping[str, Found] | None:
        """What ``q`` finds, by code and the best first; None if nothing is searched."""
        query = self.request.query_params.get("q") if self.action == "list" else None
        return None if query is None else {found.code: found for found in finding.search(self.edition, query)}

    def chosen_without(self, facet: str) -> Collection[str]:
        """Return the codes that ``q`` and all filters but that of a facet leave. One query for each that is set."""
        if facet in self.request.query_params:
            return list(
                self.filterset.narrowed(self.get_queryset(), without=facet).values_list("service__code", flat=True)
            )
        return self._chosen

    @cached_property
    def _chosen(self) -> Collection[str]:
        return list(self.filterset.narrowed(self.get_queryset()).values_list("service__code", flat=True))

    def _ranked(self, queryset: QuerySet) -> Sequence[dict]:
        """The documents found, by relevance and, where that is equal, as ordered."""
        documents = [json.loads(text) for text in queryset]
        documents.sort(key=lambda document: self.found[document["code"]].relevance)
        return [
            document | {"matches": [match._asdict() for match in self.found[document["code"]].matches]}
            for document in documents
        ]

    def _fields(self) -> Sequence[str]:
        query = self.request.query_params
        # Not to be chosen: every result of a search says where it matched.
        every = [name for name in self.get_serializer_class()().fields if name != "matches"]
        matches = [] if self.found is None else ["matches"]
        expanded = parameters.one_of(query, "expand", ["citations"])
        if "fields" in query:
            asked = parameters.some_of(query, "fields", every)
            return [*asked, *(["citations"] if expanded and "citations" not in asked else []), *matches]
        if not expanded and self.action == "list":
            every.remove("citations")
        return [*every, *matches]

    def _ordering(self) -> list:
        allowed = [f"{sign}{name}" for sign in ("", "-") for name in self.ORDERINGS]
        asked = parameters.one_of(self.request.query_params, "ordering", allowed) or "number"
        column = self.ORDERINGS[asked.removeprefix("-")]
        return [column.desc() if asked.startswith("-") else column.asc(), "number"]

    def _kind(self) -> files.Kind | None:
        """The form the Accept header asks for, None for JSON."""
        return files.KINDS.get(self.request.accepted_renderer.format)

    def _file(self, kind: files.Kind) -> HttpResponseBase:
        return files.respond(kind, self._documents(), self)

    def _documents(self) -> Sequence[dict]:
        if self.action == "retrieve":
            return [self.get_object()]
        queryset = self.filter_queryset(self.get_queryset())
        if not set(pagination.PARAMETERS).isdisjoint(self.request.query_params):
            return self.paginate_queryset(queryset)
        return [json.loads(text) for text in queryset] if self.found is None else self._ranked(queryset)


FORM = OpenApiParameter("kind", str, OpenApiParameter.PATH, enum=list(files.KINDS), description="文件的形式")


FORM_OF_ONE = OpenApiParameter("kind", str, OpenApiParameter.PATH, enum=list(files.OF_ONE), description="文件的形式")


@extend_schema(tags=["services"])
@extend_schema_view(
    list=extend_schema(
        operation_id="services_file",
        summary="清单的文件：CSV、XLSX、NDJSON、JSON-LD 与 Turtle（CPSV-AP 3.2.0）、HSDS 3.1；参数与清单相同",
        parameters=[FORM, schema.QUERY, *schema.EDITION, schema.ORDERING, schema.FIELDS, schema.EXPAND],
        responses={(200, kind.media_type): OpenApiTypes.BINARY for kind in files.KINDS.values()},
    ),
    retrieve=extend_schema(
        operation_id="service_file",
        summary="一个服务项目的文件：JSON-LD 或 Turtle（CPSV-AP 3.2.0）",
        parameters=[FORM_OF_ONE, *schema.EDITION],
        responses={(200, kind.media_type): OpenApiTypes.BINARY for kind in files.OF_ONE.values()},
    ),
)
class ServiceFileViewSet(ServiceViewSet):
    """The list, or one service, as a file: its address says its form, whatever the Accept header does."""

    content_negotiation_class = OnePage

    def _kind(self) -> files.Kind:
        return files.KINDS[self.kwargs["kind"]]
