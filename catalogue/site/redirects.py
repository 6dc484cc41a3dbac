"""The permanent addresses: each sends on (303) to the form of a thing that the Accept header asks for.

What a thing is stays at its address for ever; where its forms are may change.
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
from services.models import Department, Domain, Service, Source, TargetGroup

JSON = "application/json"
NAMES = {
    permalinks.SERVICES: "服务项目",
    permalinks.EDITIONS: "版本",
    permalinks.DOMAINS: "领域",
    permalinks.DEPARTMENTS: "单位",
    permalinks.TARGET_GROUPS: "服务对象",
    permalinks.SOURCES: "依据文件",
}
# Where the terms are read in the API, which is their only form, and the model that has them.
TERMS = {
    permalinks.DOMAINS: ("domain-detail", Domain),
    permalinks.DEPARTMENTS: ("department-detail", Department),
    permalinks.TARGET_GROUPS: ("targetgroup-detail", TargetGroup),
    permalinks.SOURCES: ("source-detail", Source),
}


@read_only()
def answer(request: HttpRequest, kind: str, code: str) -> HttpResponse:
    """Send on to the form asked for; 406 lists the forms there are. One query."""
    if kind not in NAMES:
        raise NotFoundError(f"永久地址没有“{printable(kind)}”这一类；可用的是 {'、'.join(NAMES)}。")
    parameters.read(request.GET, edition_query.PARAMETERS if kind == permalinks.SERVICES else [])
    if not _known(kind, code).exists():
        raise NotFoundError(f"没有代码为 {printable(code)} 的{NAMES[kind]}。")
    forms = _forms(kind, code)
    media = media_type(request.headers.get("Accept"), list(forms))
    response = _sent_on(request, forms[media]) if media else _not_acceptable(forms)
    patch_vary_headers(response, ["Accept"])
    return response


def _known(kind: str, code: str) -> QuerySet:
    if kind == permalinks.SERVICES:
        return Service.objects.filter(code=code, entries__edition__published_at__isnull=False)
    if kind == permalinks.EDITIONS:
        return Edition.objects.published().filter(slug=code)
    return TERMS[kind][1].objects.filter(code=code)


def _forms(kind: str, code: str) -> Mapping[str, str]:
    """Return where each form of a thing is by its media type, in the order of our preference."""
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


def _sent_on(request: HttpRequest, path: str) -> HttpResponse:
    query = request.GET.urlencode()
    location = f"{path}?{query}" if query else path
    return HttpResponse(status=303, headers={"Location": location, "Cache-Control": "public, no-cache"})


def _not_acceptable(forms: Mapping[str, str]) -> HttpResponse:
    wrong = Fault("Accept", "没有所要的格式。", forms)
    return problems.respond(406, f"没有所要的格式；可用的是 {'、'.join(forms)}。", [wrong])
