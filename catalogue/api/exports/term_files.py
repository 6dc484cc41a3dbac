"""A term of a vocabulary, or an edition, as Turtle and JSON-LD. Its JSON is in ``vocabularies`` and ``editions``."""

from collections.abc import Iterator

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.views import APIView

from catalogue.api import vocabularies
from catalogue.api.base.negotiation import SingleRendererNegotiation
from catalogue.api.exports import cpsv, terms
from catalogue.models import Edition
from catalogue.web import permalinks
from catalogue.web.query.parameters import StrictParameters

VIEWS = {
    permalinks.DOMAINS: vocabularies.DomainViewSet,
    permalinks.DEPARTMENTS: vocabularies.DepartmentViewSet,
    permalinks.TARGET_GROUPS: vocabularies.TargetGroupViewSet,
    permalinks.SOURCES: vocabularies.SourceViewSet,
    permalinks.INDICATORS: vocabularies.IndicatorViewSet,
    permalinks.TARGETS: vocabularies.TargetViewSet,
    permalinks.TASKS: vocabularies.TaskViewSet,
    permalinks.PROJECTS: vocabularies.ProjectGroupViewSet,
    permalinks.OBSERVATIONS: vocabularies.ObservationViewSet,
    permalinks.TOPICS: vocabularies.TopicViewSet,
}
KINDS = (*VIEWS, permalinks.EDITIONS)
MEDIA_TYPES = {"ttl": "text/turtle; charset=utf-8", "jsonld": "application/ld+json"}


def _in_path(name: str, description: str, enum: list[str] | None = None) -> OpenApiParameter:
    return OpenApiParameter(name, str, OpenApiParameter.PATH, description=description, enum=enum)


class TermFileView(StrictParameters, APIView):
    """One term, or one edition without its services, as RDF."""

    content_negotiation_class = SingleRendererNegotiation

    @extend_schema(
        operation_id="term_file",
        summary="词表中的一项，或一个版本，作为 RDF",
        tags=["vocabularies"],
        parameters=[
            _in_path("kind", "哪个词表", list(KINDS)),
            _in_path("code", "代码或版本标识，例如 NM-05"),
            _in_path("form", "文件的形式", list(MEDIA_TYPES)),
        ],
        responses={(200, "text/turtle"): OpenApiTypes.BINARY, (200, "application/ld+json"): OpenApiTypes.OBJECT},
    )
    def get(self, request, kind: str, code: str, form: str) -> HttpResponse:
        root = permalinks.base_url(request)
        write = cpsv.write_turtle if form == "ttl" else cpsv.write_jsonld
        text = "".join(write(self._nodes(kind, code, root), root))
        return HttpResponse(text, content_type=MEDIA_TYPES[form], headers={"Content-Language": "zh-Hans, en"})

    def _nodes(self, kind: str, code: str, root: str) -> Iterator[cpsv.Node]:
        if kind == permalinks.EDITIONS:
            edition = Edition.objects.published().filter(slug=code).first()
            if edition is None:
                raise NotFound(f"没有版本 {code}。")
            return cpsv.edition_nodes(edition, root)
        view = VIEWS[kind]()
        term = view.get_queryset().filter(code=code).first()
        if term is None:
            raise NotFound(f"{view.queryset.model._meta.verbose_name}中没有代码 {code}。")
        return terms.nodes(kind, view.serializer_class(term).data, root)
