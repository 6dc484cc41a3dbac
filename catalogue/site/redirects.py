"""The permalinks: each redirects (303) to the representation that the Accept header asks for.

A permalink never changes; the URLs of the representations may.
"""

from collections.abc import Mapping

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import patch_vary_headers

from catalogue.models import Edition
from catalogue.web import permalinks
from catalogue.web.middleware.read_only import read_only
from catalogue.web.negotiation import media_type
from catalogue.web.problems import NotAcceptableError
from catalogue.web.query import edition_query, parameters
from services.faults import NotFoundError, ProblemCode, printable
from services.models import Department, Domain, Indicator, Observation, ProjectGroup, Service, TargetGroup, Task, Topic
from services.sources import Source

JSON = "application/json"
NAMES = {
    permalinks.SERVICES: "服务项目",
    permalinks.EDITIONS: "版本",
    permalinks.DOMAINS: "领域",
    permalinks.DEPARTMENTS: "单位",
    permalinks.TARGET_GROUPS: "服务对象",
    permalinks.SOURCES: "依据文件",
    permalinks.INDICATORS: "发展指标",
    permalinks.TARGETS: "目标",
    permalinks.TASKS: "主要任务",
    permalinks.PROJECTS: "专栏或项目",
    permalinks.OBSERVATIONS: "监测值",
    permalinks.TOPICS: "人生事件",
}
# The API route and the terms of each vocabulary.
TERMS = {
    permalinks.DOMAINS: ("domain-detail", Domain.objects.all()),
    permalinks.DEPARTMENTS: ("department-detail", Department.objects.all()),
    permalinks.TARGET_GROUPS: ("targetgroup-detail", TargetGroup.objects.all()),
    permalinks.SOURCES: ("source-detail", Source.objects.all()),
    permalinks.INDICATORS: ("indicator-detail", Indicator.objects.of_table_1()),
    permalinks.TARGETS: ("target-detail", Indicator.objects.further_targets()),
    permalinks.TASKS: ("task-detail", Task.objects.all()),
    permalinks.PROJECTS: ("project-detail", ProjectGroup.objects.all()),
    permalinks.OBSERVATIONS: ("observation-detail", Observation.objects.public()),
    permalinks.TOPICS: ("topic-detail", Topic.objects.all()),
}


@read_only()
def answer(request: HttpRequest, kind: str, code: str) -> HttpResponse:
    """Redirect to the requested representation; 406 lists the available media types. One query, two for a project."""
    if kind not in NAMES:
        raise NotFoundError(f"永久地址没有“{printable(kind)}”这一类；可用的是 {'、'.join(NAMES)}。")
    parameters.read(request.GET, edition_query.PARAMETERS if kind == permalinks.SERVICES else [])
    # A project has no answer of its own: that of its box has it.
    described = _box_of(code) if kind == permalinks.PROJECTS else code
    if described is None or not _matching(kind, described).exists():
        raise NotFoundError(f"没有代码为 {printable(code)} 的{NAMES[kind]}。", _unknown(kind))
    paths = _representations(kind, described)
    media = media_type(request.headers.get("Accept"), list(paths))
    if media is None:
        raise NotAcceptableError(paths)
    response = _redirect(request, paths[media])
    patch_vary_headers(response, ["Accept"])
    return response


def _box_of(code: str) -> str | None:
    """Return the code of a box or of the box of a project; None if there is none."""
    boxes = ProjectGroup.objects.filter(Q(code=code) | Q(projects__code=code))
    return boxes.values_list("code", flat=True).first()


def _unknown(kind: str) -> ProblemCode:
    codes = {permalinks.SERVICES: ProblemCode.UNKNOWN_SERVICE, permalinks.EDITIONS: ProblemCode.UNKNOWN_EDITION}
    return codes.get(kind, ProblemCode.UNKNOWN_TERM)


def _matching(kind: str, code: str) -> QuerySet:
    if kind == permalinks.SERVICES:
        return Service.objects.filter(code=code, entries__edition__published_at__isnull=False)
    if kind == permalinks.EDITIONS:
        return Edition.objects.published().filter(slug=code)
    return TERMS[kind][1].filter(code=code)


def _representations(kind: str, code: str) -> Mapping[str, str]:
    """Return the path of each representation by media type, the preferred one first."""
    if kind != permalinks.SERVICES:
        route, key = ("edition-detail", "slug") if kind == permalinks.EDITIONS else (TERMS[kind][0], "code")
        page = {"text/html": f"{reverse('services')}?domain={code}"} if kind == permalinks.DOMAINS else {}
        return {
            JSON: reverse(route, kwargs={key: code}),
            **page,
            "text/turtle": reverse("term-file", kwargs={"kind": kind, "code": code, "form": "ttl"}),
            "application/ld+json": reverse("term-file", kwargs={"kind": kind, "code": code, "form": "jsonld"}),
        }
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
