"""The URLs of the site."""

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views import defaults
from django.views.generic import RedirectView

from catalogue.api import atom, dcat, root
from catalogue.web import discovery, problems
from services.faults import ProblemCode

urlpatterns = [
    path("api/", include("catalogue.api.urls")),
    path("admin/", admin.site.urls),
    path("", include("catalogue.site.urls")),
    path("feeds/changes.atom", atom.atom, name="atom"),
    path("dcat.jsonld", dcat.catalog, name="dcat"),
    path(".well-known/api-catalog", discovery.api_catalog, name="api-catalog"),
    path(".well-known/security.txt", discovery.security_txt, name="security"),
    path("robots.txt", discovery.robots_txt, name="robots"),
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}desk/icon.svg")),
    path("healthz", root.alive, name="healthz"),
    path("readyz", root.ready, name="readyz"),
]


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _problem(request, ProblemCode.INVALID_REQUEST) or defaults.bad_request(request, exception)


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _problem(request, ProblemCode.NOT_FOUND) or defaults.page_not_found(request, exception)


def handler500(request: HttpRequest) -> HttpResponse:
    return _problem(request, ProblemCode.INTERNAL) or defaults.server_error(request)


def _problem(request: HttpRequest, code: ProblemCode) -> HttpResponse | None:
    return problems.respond(request, problems.Problem(code)) if problems.for_programs(request) else None
