"""The way in, whether the service is up, and what no other view answers."""

from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, JsonResponse
from django.urls import resolve
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from catalogue.api import languages
from catalogue.api.serializers import EditionReferenceSerializer
from catalogue.integrity import checks
from catalogue.models import DamagedEditionError, Edition
from catalogue.web import edition_query, problems, revision
from catalogue.web.parameters import StrictParameters
from catalogue.web.read_only import read_only

LINKS = {
    "services": "service-list",
    "editions": "edition-list",
    "changes": "feed",
    "entitlements": "entitlements",
    "feedback": "feedback",
    "domains": "domain-list",
    "departments": "department-list",
    "target_groups": "targetgroup-list",
    "sources": "source-list",
    "indicators": "indicator-list",
    "projects": "project-list",
    "facts": "fact-list",
    "schema": "schema",
    "docs": "swagger",
    "redoc": "redoc",
    "healthz": "healthz",
    "readyz": "readyz",
}


class RootSerializer(serializers.Serializer):
    """Where everything is, and which edition is in force (null: none yet)."""

    edition = EditionReferenceSerializer(allow_null=True)

    def get_fields(self):
        return {name: serializers.URLField() for name in LINKS} | super().get_fields()


class RootView(languages.Spoken, StrictParameters, APIView):
    """Links to everything, and the edition in force."""

    @extend_schema(summary="入口", responses=RootSerializer, tags=["services"])
    def get(self, request) -> Response:
        in_force = Edition.objects.in_force(edition_query.today()).first()
        return Response(
            {
                **{name: reverse(view, request=request) for name, view in LINKS.items()},
                "edition": in_force and EditionReferenceSerializer(in_force).data,
            }
        )


@read_only()
def alive(request: HttpRequest) -> JsonResponse:
    """Answer that the process is up, whatever the database does."""
    return JsonResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


@read_only()
def ready(request: HttpRequest) -> HttpResponse:
    """Answer whether questions can be answered: the database is there and an edition is in force (503 if not).

    Damaged editions are named. They are not served; only without the one in force is nothing ready.
    """
    try:
        seen = revision.current()
        edition, damaged = seen.in_force(edition_query.today()), checks.damaged_editions(seen.editions)
    except (DatabaseError, InterfaceError):
        connection.close()
        return problems.respond(503)
    if edition is None:
        return problems.respond(503, "还没有施行中的版本。")
    if edition.slug in damaged:
        return problems.respond(503, DamagedEditionError(edition.slug).detail)
    said = {"status": "ok", "edition": edition.slug, "damaged": damaged}
    return JsonResponse(said, headers={"Cache-Control": "no-store"})


@csrf_exempt
def not_found(request: HttpRequest) -> HttpResponse:
    """Answer what no other address below ``/api/`` does: a problem, also where Django would show a page.

    A path that only lacks its last slash is sent there; a request with a body is not, because it would lose it, nor one
    to an address that is only sent to, because what stands in its query may not be repeated.
    """
    path = request.path_info
    if request.method in {"GET", "HEAD"} and not path.endswith("/") and _reads(f"{path}/"):
        query = request.META.get("QUERY_STRING", "")
        # The path as it was resolved, below this host: no part of it can name another one.
        return HttpResponsePermanentRedirect(f"{path}/{'?' if query else ''}{query}")
    return problems.respond(404)


def _reads(path: str) -> bool:
    """Whether there is something to read at a path."""
    view = resolve(path).func
    if view is not_found:
        return False
    return bool(getattr(view, "actions", None)) or hasattr(getattr(view, "cls", None), "get")
