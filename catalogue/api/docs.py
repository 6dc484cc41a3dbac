"""The OpenAPI document, Swagger UI and Redoc, all served from this host, and the JSON-LD context."""

import json

from django.http import HttpResponse
from drf_spectacular.renderers import OpenApiJsonRenderer2
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerSplitView
from rest_framework.views import APIView

from catalogue.api.base.negotiation import SingleRendererNegotiation
from catalogue.api.exports import cpsv
from catalogue.web.parameters import StrictParameters

LD = "application/ld+json"


class SchemaView(StrictParameters, SpectacularAPIView):
    """The OpenAPI 3.1 document, as YAML or, if the Accept header asks for it, as JSON."""

    def finalize_response(self, request, response, *args, **kwargs):
        response = super().finalize_response(request, response, *args, **kwargs)
        if "Content-Disposition" in response:
            # drf-spectacular names the file by the title, which is Chinese; Django would encode the header as in mail.
            ending = "json" if "json" in response.accepted_media_type else "yaml"
            response.headers["Content-Disposition"] = f'inline; filename="openapi.{ending}"'
        return response


class SchemaJSONView(SchemaView):
    """The OpenAPI 3.1 document as JSON, whatever the Accept header asks for."""

    content_negotiation_class = SingleRendererNegotiation
    renderer_classes = [OpenApiJsonRenderer2]


class ContextView(StrictParameters, APIView):
    """The context of our JSON-LD: which term of which vocabulary each key is."""

    content_negotiation_class = SingleRendererNegotiation

    @extend_schema(summary="JSON-LD 的上下文", tags=["services"], responses={(200, LD): OpenApiTypes.OBJECT})
    def get(self, request) -> HttpResponse:
        return HttpResponse(json.dumps({"@context": cpsv.CONTEXT}), content_type=LD)


class _PageMixin:
    """Answers OPTIONS without REST framework's metadata, which the template of a page cannot show."""

    def options(self, request, *args, **kwargs) -> HttpResponse:
        return HttpResponse(status=204)


class SwaggerView(_PageMixin, SpectacularSwaggerSplitView):
    content_negotiation_class = SingleRendererNegotiation


class RedocView(_PageMixin, SpectacularRedocView):
    content_negotiation_class = SingleRendererNegotiation
    template_name = "catalogue/redoc.html"
