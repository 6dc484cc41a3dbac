"""The OpenAPI document and its two readers, served from this host alone.

Redoc and Swagger UI would ask others for fonts, a logo and a validator; a Content-Security-Policy keeps them from it.
"""

import json

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerSplitView
from rest_framework.views import APIView

from catalogue.api.exports import cpsv
from catalogue.api.negotiation import OnePage
from catalogue.parameters import StrictParameters

LD = "application/ld+json"
# Both readers write styles into the page and work in a blob; nothing else may run, and nothing comes from elsewhere.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; worker-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class _Reader:
    content_negotiation_class = OnePage

    def finalize_response(self, request, response, *args, **kwargs):
        response = super().finalize_response(request, response, *args, **kwargs)
        response.headers["Content-Security-Policy"] = POLICY
        return response


class SchemaView(StrictParameters, SpectacularAPIView):
    """The OpenAPI 3.1 document, as YAML or, if the Accept header asks for it, as JSON."""


class ContextView(StrictParameters, APIView):
    """The context of our JSON-LD: which term of which vocabulary each key is."""

    content_negotiation_class = OnePage

    @extend_schema(summary="JSON-LD 的上下文", tags=["services"], responses={(200, LD): OpenApiTypes.OBJECT})
    def get(self, request) -> HttpResponse:
        return HttpResponse(json.dumps({"@context": cpsv.CONTEXT}), content_type=LD)


class SwaggerView(_Reader, SpectacularSwaggerSplitView):
    pass


class RedocView(_Reader, SpectacularRedocView):
    template_name = "catalogue/redoc.html"
