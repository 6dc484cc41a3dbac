"""The URLs of the site."""

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.generic import RedirectView

from catalogue.api import root
from catalogue.api.editions import atom
from catalogue.api.exports import dcat
from catalogue.desk.base.error_pages import error_page
from catalogue.site import preview, responses
from catalogue.web import discovery, problems
from catalogue.web.problems import Problem
from services.faults import ProblemCode

urlpatterns = [
    path("api/", include("catalogue.api.urls")),
    path("admin/preview/entries/<int:pk>/", preview.entry, name="preview"),
    path("admin/preview/proposals/<int:pk>/<str:code>/", preview.proposed, name="preview-proposed"),
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
NOT_FOUND = Problem(
    ProblemCode.NOT_FOUND,
    "这个地址没有内容。请检查地址，或从首页重新进入。",
    detail_en="There is nothing at this address. Check it, or go on from the home page.",
)


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _problem(request, Problem(ProblemCode.INVALID_REQUEST)) or error_page(400)


def handler403(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(403)


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _problem(request, NOT_FOUND) or error_page(404)


def handler500(request: HttpRequest) -> HttpResponse:
    return _problem(request, Problem(ProblemCode.INTERNAL)) or error_page(500)


def _problem(request: HttpRequest, problem: Problem) -> HttpResponse | None:
    """Return the answer to programs or readers; None for the desk, which has pages of its own."""
    if problems.for_programs(request):
        return problems.respond(request, Problem(problem.code))
    return None if request.path_info.startswith("/admin/") else responses.problem_page(request, problem)
