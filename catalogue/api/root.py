"""The API root, the health checks, and the 404 for all other paths below ``/api/``."""

from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, JsonResponse
from django.urls import resolve
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from catalogue.api.base import languages
from catalogue.api.serializers import EditionReferenceSerializer
from catalogue.integrity import checks
from catalogue.models import DamagedEditionError, Edition
from catalogue.web import discovery, problems, revision
from catalogue.web.middleware.read_only import read_only
from catalogue.web.problems import Problem
from catalogue.web.query import edition_query
from catalogue.web.query.parameters import StrictParameters
from services.faults import ProblemCode

LINKS = {
    "services": "service-list",
    "editions": "edition-list",
    "changes": "feed",
    "coverage": "coverage",
    "entitlements": "entitlements",
    "feedback": "feedback",
    "domains": "domain-list",
    "departments": "department-list",
    "target_groups": "targetgroup-list",
    "sources": "source-list",
    "indicators": "indicator-list",
    "targets": "target-list",
    "observations": "observation-list",
    "tasks": "task-list",
    "projects": "project-list",
    "topics": "topic-list",
    "facts": "fact-list",
    "schema": "schema",
    "openapi": "openapi",
    "docs": "swagger",
    "redoc": "redoc",
    "healthz": "healthz",
    "readyz": "readyz",
}


class RootSerializer(serializers.Serializer):
    """Where everything is, and which edition is in force (null: none yet)."""

    edition = EditionReferenceSerializer(allow_null=True)

    def get_fields(self):
        return {name: serializers.URLField(help_text="地址") for name in LINKS} | super().get_fields()


class RootView(languages.LocalizedMixin, StrictParameters, APIView):
    """Links to everything, and the edition in force."""

    @extend_schema(summary="入口", responses=RootSerializer, tags=["services"])
    def get(self, request) -> Response:
        in_force = Edition.objects.in_force(edition_query.today()).first()
        return Response(
            {
                **{name: reverse(view, request=request) for name, view in LINKS.items()},
                "edition": in_force and EditionReferenceSerializer(in_force).data,
            },
            headers={"Link": discovery.link_header()},
        )


@read_only()
def alive(request: HttpRequest) -> JsonResponse:
    """Liveness: the process is up. Does not use the database."""
    return JsonResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


@read_only()
def ready(request: HttpRequest) -> HttpResponse:
    """Readiness: the database answers and an undamaged edition is in force (503 if not).

    Other damaged editions are listed, and do not make the service unready, though they are not served.
    """
    try:
        current = revision.current()
        edition, damaged = current.in_force(edition_query.today()), checks.damaged_editions(current.editions)
    except (DatabaseError, InterfaceError):
        connection.close()
        return problems.respond(request, Problem(ProblemCode.UNAVAILABLE))
    if edition is None:
        return problems.respond(request, Problem(ProblemCode.NOT_READY))
    if edition.slug in damaged:
        return problems.handle(DamagedEditionError(edition.slug), {"request": request})
    body = {"status": "ok", "edition": edition.slug, "damaged": damaged}
    return JsonResponse(body, headers={"Cache-Control": "no-store"})


@csrf_exempt
def not_found(request: HttpRequest) -> HttpResponse:
    """Answer 404 as a problem for paths below ``/api/`` without a view, where Django would show an HTML page.

    GET and HEAD are redirected if only the trailing slash is missing and the path can be read. A request with a body is
    not redirected, because it would lose the body, nor is one to a path that takes only POST, because its query must
    not be repeated.
    """
    path = request.path_info
    if request.method in {"GET", "HEAD"} and not path.endswith("/") and _is_readable(f"{path}/"):
        query = request.META.get("QUERY_STRING", "")
        # The path begins with /api/, so that the redirect cannot lead to another host.
        return HttpResponsePermanentRedirect(f"{path}/{'?' if query else ''}{query}")
    return problems.respond(request, Problem(ProblemCode.NOT_FOUND))


def _is_readable(path: str) -> bool:
    """Whether the view at a path answers GET."""
    view = resolve(path).func
    if view is not_found:
        return False
    return bool(getattr(view, "actions", None)) or hasattr(getattr(view, "cls", None), "get")
