"""The permalinks: each redirects (303) to the representation that the Accept header asks for.

A permalink never changes; the URLs of the representations may.
"""

from collections.abc import Mapping

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import patch_vary_headers

from catalogue.models import Edition
from catalogue.web import edition_query, parameters, permalinks, problems
from catalogue.web.negotiation import media_type
from catalogue.web.read_only import read_only
from services.faults import Fault, NotFoundError, printable
from services.models import Department, Domain, Service, TargetGroup
from services.sources import Source

JSON = "application/json"
NAMES = {
    permalinks.SERVICES: "服务项目",
    permalinks.EDITIONS: "版本",
    permalinks.DOMAINS: "领域",
    permalinks.DEPARTMENTS: "单位",
    permalinks.TARGET_GROUPS: "服务对象",
    permalinks.SOURCES: "依据文件",
}
# The API route and the model of each vocabulary; a term is represented as JSON only.
TERMS = {
    permalinks.DOMAINS: ("domain-detail", Domain),
    permalinks.DEPARTMENTS: ("department-detail", Department),
    permalinks.TARGET_GROUPS: ("targetgroup-detail", TargetGroup),
    permalinks.SOURCES: ("source-detail", Source),
}


@read_only()
def answer(request: HttpRequest, kind: str, code: str) -> HttpResponse:
    """Redirect to the requested representation; 406 lists the available media types. One query."""
    if kind not in NAMES:
        raise NotFoundError(f"永久地址没有“{printable(kind)}”这一类；可用的是 {'、'.join(NAMES)}。")
    parameters.read(request.GET, edition_query.PARAMETERS if kind == permalinks.SERVICES else [])
    if not _matching(kind, code).exists():
        raise NotFoundError(f"没有代码为 {printable(code)} 的{NAMES[kind]}。")
    paths = _representations(kind, code)
    media = media_type(request.headers.get("Accept"), list(paths))
    response = _redirect(request, paths[media]) if media else _not_acceptable(paths)
    patch_vary_headers(response, ["Accept"])
    return response


def _matching(kind: str, code: str) -> QuerySet:
    if kind == permalinks.SERVICES:
        return Service.objects.filter(code=code, entries__edition__published_at__isnull=False)
    if kind == permalinks.EDITIONS:
        return Edition.objects.published().filter(slug=code)
    return TERMS[kind][1].objects.filter(code=code)


def _representations(kind: str, code: str) -> Mapping[str, str]:
    """Return the path of each representation by media type, the preferred one first."""
    if kind == permalinks.EDITIONS:
        return {JSON: reverse("edition-detail", kwargs={"slug": code})}
    if kind in TERMS:
        return {JSON: reverse(TERMS[kind][0], kwargs={"code": code})}
    return {
        JSON: reverse("service-detail", kwargs={"code": code}),
        "text/html": reverse("page", kwargs={"code": code}),
        "text/turtle": f"/api/v1/services/{code}.ttl",
        "application/ld+json": f"/api/v1/services/{code}.jsonld",
        "text/markdown": reverse("markdown", kwargs={"code": code}),
    }


def _redirect(request: HttpRequest, path: str) -> HttpResponse:
    query = request.GET.urlencode()
    location = f"{path}?{query}" if query else path
    return HttpResponse(status=303, headers={"Location": location, "Cache-Control": "public, no-cache"})


def _not_acceptable(media_types: Mapping[str, str]) -> HttpResponse:
    fault = Fault("Accept", "没有所要的格式。", media_types)
    return problems.respond(406, f"没有所要的格式；可用的是 {'、'.join(media_types)}。", [fault])
