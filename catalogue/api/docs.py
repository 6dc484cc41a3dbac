"""The OpenAPI document, Swagger UI and Redoc, all served from this host, and the JSON-LD context."""

import json
from functools import cache

from django.http import HttpResponse
from django.utils.cache import patch_vary_headers
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer2
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerSplitView
from rest_framework.response import Response
from rest_framework.views import APIView

from catalogue.api.base import languages
from catalogue.api.base.negotiation import SingleRendererNegotiation
from catalogue.api.base.openapi import descriptions
from catalogue.api.exports import cpsv
from catalogue.web.query.parameters import StrictParameters

LD = "application/ld+json"


@cache
def _document(language: str) -> dict:
    """Return the document in a language. It depends on the code alone, and takes a second to generate."""
    return descriptions.in_language(SchemaGenerator().get_schema(public=True), language)


class SchemaView(StrictParameters, SpectacularAPIView):
    """The OpenAPI 3.1 document, as YAML or, if the Accept header asks for it, as JSON."""

    parameters = {None: [languages.LANG]}

    @extend_schema(exclude=True)
    def get(self, request, *args, **kwargs) -> Response:
        language = languages.chosen(request, self.query)
        ending = "json" if "json" in request.accepted_media_type else "yaml"
        headers = {
            "Content-Disposition": f'inline; filename="openapi.{ending}"',
            "Content-Language": language,
            "Vary": "Accept-Language",
        }
        return Response(_document(language), headers=headers)


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
    """A page that shows the document in the language of ``lang``, or that the browser asks for.

    Answers OPTIONS without REST framework's metadata, which the template of a page cannot show.
    """

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        values = request.query_params.getlist(languages.LANG.name)
        lang = {languages.LANG.name: languages.LANG.read(values)} if values else {}
        self.language = languages.chosen(request, lang)
        self.title = descriptions.text(SpectacularSwaggerSplitView.title, self.language)

    def finalize_response(self, request, response, *args, **kwargs):
        if (language := getattr(self, "language", None)) and response.status_code < 400:
            response.headers["Content-Language"] = language
            patch_vary_headers(response, ["Accept-Language"])
        return super().finalize_response(request, response, *args, **kwargs)

    def options(self, request, *args, **kwargs) -> HttpResponse:
        return HttpResponse(status=204)


class SwaggerView(_PageMixin, SpectacularSwaggerSplitView):
    content_negotiation_class = SingleRendererNegotiation


class RedocView(_PageMixin, SpectacularRedocView):
    content_negotiation_class = SingleRendererNegotiation
    template_name = "catalogue/redoc.html"
