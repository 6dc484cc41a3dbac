"""Services: the list, one service, and both as files. All data comes from the sealed documents of an edition."""

import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property

from django.http import HttpResponse, HttpResponseBase
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, viewsets
from rest_framework.renderers import BaseRenderer

from catalogue.api.base import facets, languages, pagination
from catalogue.api.base.filters import FILTERS, apply_filters
from catalogue.api.base.negotiation import SingleRendererNegotiation
from catalogue.api.exports import files
from catalogue.api.serializers import EntrySerializer, IdentifierSerializer, ServiceSerializer, freshness_values
from catalogue.editions import changes
from catalogue.editions.public import listing, published
from catalogue.editions.public.listing import Listing
from catalogue.editions.public.published import PublishedEdition
from catalogue.editions.translation import translate
from catalogue.models import Edition, Entry
from catalogue.web.query import edition_query
from catalogue.web.query.parameters import Parameter, StrictParameters
from services.search import SearchResult
from services.text.json_text import dumps
from services.values.amounts import with_current

JSON = "application/json"
# The fields of each serializer, in their order.
FIELDS = {shape: tuple(shape().fields) for shape in (EntrySerializer, ServiceSerializer)}
FRESHNESS_FIELDS = frozenset({"checked_on", "valid_until", "may_be_outdated"})
# The values for a service that the edition has.
LISTED_STATUS = {"status": changes.LISTED, "withdrawal": None, "identifiers": []}
# As in the model: a code that the model allows and this pattern does not would break the links of every list.
CODE = "NM-[0-9]{2}-[0-9]{2,}"


FIELDS_PARAMETER = Parameter("fields", "只要这些字段，用逗号分隔，例如 code,name", many=True, explode=False)
EXPAND = Parameter("expand", "带上每个字段的来源", allowed=["citations"])
COMMON_PARAMETERS = [*edition_query.PARAMETERS, FIELDS_PARAMETER, EXPAND]
QUERY = Parameter(
    "q", "检索：简体、繁体、拼音全拼或首字母、英文、代码、文号、俗称；每项结果的 matches 说明在何处、如何匹配"
)
FACETS = Parameter(
    "facets",
    "true：附各领域、服务对象、牵头单位、核实情况的项数，各不计自身的筛选",
    allowed=["true", "false"],
)
ORDERING = Parameter(
    "ordering",
    "排序；前加 - 为倒序；有 q 时先按相关程度",
    allowed=[f"{sign}{name}" for sign in ("", "-") for name in listing.ORDERS],
)


class ServicePages(pagination.Pages):
    """Pages with the edition and the facets in their envelope."""

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
    ),
    retrieve=extend_schema(summary="一个服务项目；已取消的也答复，附理由与承接项目"),
)
class ServiceViewSet(
    languages.LocalizedMixin,
    StrictParameters,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    viewsets.GenericViewSet,
):
    """Services as the edition in force states them, or as the edition asked for does."""

    queryset = Entry.objects.none()
    serializer_class = EntrySerializer
    pagination_class = ServicePages
    lookup_url_kwarg = "code"
    lookup_value_regex = CODE
    parameters = {
        "list": [*COMMON_PARAMETERS, *pagination.PARAMETERS, *FILTERS, QUERY, FACETS, ORDERING],
        "retrieve": COMMON_PARAMETERS,
    }

    def list(self, request, *args, **kwargs) -> HttpResponseBase:
        if kind := self._kind():
            return self._file(kind)
        fields, codes = self._fields(), self._codes()
        page = self.paginate_queryset(codes)
        answer = {
            "count": len(codes),
            "next": self.paginator.get_next_link(),
            "previous": self.paginator.get_previous_link(),
            "edition": self.published.reference,
        }
        if self.query.get("facets") == "true":
            answer["facets"] = translate(facets.count_facets(self.listed, self._selected_without), self.language)
        answer["results"] = self._services(page, fields)
        return HttpResponse(dumps(answer), content_type=JSON)

    def retrieve(self, request, *args, **kwargs) -> HttpResponseBase:
        code = self.kwargs["code"]
        if kind := self._kind():
            return self._file(kind)
        if code not in self.listed.documents:
            return super().retrieve(request, *args, **kwargs)
        (service,) = self._services([code], self._fields())
        if "identifiers" in service:
            service["identifiers"] = self._identifiers()
        return HttpResponse(dumps(service), content_type=JSON)

    def get_renderers(self) -> Sequence[BaseRenderer]:
        # The OpenAPI document describes the files at paths of their own.
        if getattr(self, "swagger_fake_view", False):
            return super().get_renderers()
        kinds = files.FILE_FORMATS if self.action == "list" else files.SERVICE_FORMATS
        return [*super().get_renderers(), *(files.RENDERERS[kind]() for kind in kinds)]

    def get_serializer_class(self) -> type[EntrySerializer]:
        return ServiceSerializer if self.action == "retrieve" else EntrySerializer

    def get_object(self) -> dict:
        document = changes.get_service(self.kwargs["code"], self.edition) | {"identifiers": self._identifiers()}
        if "edition" in document:
            # The instance of the revision, which caches the freshness of its entries.
            document["edition"] = edition_query.edition_by_name(document["edition"].slug)
        return document

    def _identifiers(self) -> Sequence[dict]:
        """The official codes of the service, which are no part of what was sealed."""
        rows = self.edition.official_codes.get(("service", self.kwargs["code"]), [])
        return IdentifierSerializer(rows, many=True).data

    def get_serializer_context(self) -> dict:
        context = super().get_serializer_context()
        if getattr(self, "swagger_fake_view", False):
            return context
        return context | {"edition": self.edition, "fields": self._fields(), "on": self.day}

    @property
    def page(self) -> str:
        """The path of the page for people."""
        return reverse("services") if self.action == "list" else reverse("page", kwargs={"code": self.kwargs["code"]})

    @property
    def day(self) -> datetime.date:
        """The day that is asked about, today by default."""
        return self.query.get("valid_on") or edition_query.today()

    @cached_property
    def edition(self) -> Edition:
        return edition_query.edition_from_query(self.query)

    @cached_property
    def published(self) -> PublishedEdition:
        return published.get_published(self.edition)

    @property
    def listed(self) -> Listing:
        """The services of the selected edition."""
        return self.published.listing

    @cached_property
    def found(self) -> Mapping[str, SearchResult] | None:
        """The search results of ``q`` by code, best first; None without ``q``."""
        query = self.query.get("q") if self.action == "list" else None
        return None if query is None else {result.code: result for result in self.published.search(query)}

    @cached_property
    def _selected(self) -> Mapping[str, Collection[str]]:
        """The codes that each filter selects, and those that the search found, by parameter name."""
        selected = apply_filters(self.listed, self.query)
        return selected if self.found is None else selected | {"q": self.found}

    def _selected_without(self, facet: str) -> set[str]:
        """The codes that all filters except one select."""
        others = [codes for name, codes in self._selected.items() if name != facet]
        return set(self.listed.codes).intersection(*others)

    def _codes(self) -> Sequence[str]:
        """The codes of the answer, in the order of ``ordering``; search results by relevance first."""
        codes = self.listed.ordered(self.query.get("ordering", "number"))
        if self._selected:
            selected = self._selected_without("")
            codes = [code for code in codes if code in selected]
        if self.found is not None:
            codes.sort(key=lambda code: self.found[code].relevance)
        return codes

    def _services(self, codes: Iterable[str], fields: Sequence[str]) -> Sequence[dict]:
        """Return services with the given fields, in that order, for orjson."""
        base = self.request.build_absolute_uri(reverse("service-list"))
        translation = self.published.translation(self.language)
        services, amounts = translation.services, translation.amounts
        wants_freshness = not FRESHNESS_FIELDS.isdisjoint(fields)
        answer = []
        for code in codes:
            extra = LISTED_STATUS if self.found is None else {"matches": translate(self._matches(code), self.language)}
            service = {
                **services[code],
                "amounts": with_current(amounts[code], self.day),
                "edition": self.published.reference,
                "url": f"{base}{code}/",
                **extra,
            }
            if wants_freshness:
                service |= freshness_values(self.edition.freshness[code], self.day)
            answer.append({name: service[name] for name in fields})
        return answer

    def _matches(self, code: str) -> Sequence[dict]:
        return [match._asdict() for match in self.found[code].matches]

    def _fields(self) -> Sequence[str]:
        # ``matches`` cannot be selected: every search result has it.
        fields = [name for name in FIELDS[self.get_serializer_class()] if name != "matches"]
        matches = [] if self.found is None else ["matches"]
        expanded = self.query.get("expand")
        if selected := self.query.get("fields"):
            FIELDS_PARAMETER.check(selected, fields)
            return [*selected, *(["citations"] if expanded and "citations" not in selected else []), *matches]
        if not expanded and self.action == "list":
            fields.remove("citations")
        return [*fields, *matches]

    def _kind(self) -> files.FileFormat | None:
        """The file format that the Accept header selects, None for JSON."""
        return files.FILE_FORMATS.get(self.request.accepted_renderer.format)

    def _file(self, kind: files.FileFormat) -> HttpResponseBase:
        return files.respond(kind, self._documents(), self)

    def _documents(self) -> Sequence[dict]:
        return [self._with_freshness(document) for document in self._sealed_documents()]

    def _with_freshness(self, document: dict) -> dict:
        edition = document.get("edition", self.edition)
        return document | freshness_values(edition.freshness[document["code"]], self.day)

    def _sealed_documents(self) -> Sequence[dict]:
        if self.action == "retrieve":
            return [self.get_object()]
        codes = self._codes()
        if "page" in self.query or "page_size" in self.query:
            codes = self.paginate_queryset(codes)
        documents = self.listed.documents
        if self.found is None:
            return [documents[code] for code in codes]
        return [documents[code] | {"matches": self._matches(code)} for code in codes]


def _files(kinds: Mapping[str, files.FileFormat]) -> dict:
    """Return the answers of the API's document: JSON objects, or bytes, under the media types that are sent."""
    sent = [kind.sent_as.partition(";")[0] for kind in kinds.values()]
    return {(200, name): OpenApiTypes.OBJECT if name.endswith("json") else OpenApiTypes.BINARY for name in sent}


FORM = OpenApiParameter("kind", str, OpenApiParameter.PATH, enum=list(files.FILE_FORMATS), description="文件的形式")


FORM_OF_ONE = OpenApiParameter(
    "kind", str, OpenApiParameter.PATH, enum=list(files.SERVICE_FORMATS), description="文件的形式"
)


@extend_schema(tags=["services"])
@extend_schema_view(
    list=extend_schema(
        operation_id="services_file",
        summary="清单的文件：CSV、XLSX、NDJSON、JSON-LD 与 Turtle（CPSV-AP 3.2.0）、HSDS 3.1；参数与清单相同",
        # No file has them.
        parameters=[FORM, OpenApiParameter(FACETS.name, exclude=True)],
        responses=_files(files.FILE_FORMATS),
    ),
    retrieve=extend_schema(
        operation_id="service_file",
        summary="一个服务项目的文件：JSON-LD 或 Turtle（CPSV-AP 3.2.0）",
        parameters=[FORM_OF_ONE],
        responses=_files(files.SERVICE_FORMATS),
    ),
)
class ServiceFileViewSet(ServiceViewSet):
    """The list, or one service, as a file: its address says its form, whatever the Accept header does."""

    content_negotiation_class = SingleRendererNegotiation

    def _kind(self) -> files.FileFormat:
        return files.FILE_FORMATS[self.kwargs["kind"]]
