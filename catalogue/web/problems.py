"""Errors for programs, as RFC 9457 problems that name the faulty parameter and the allowed values.

A problem never repeats a value from the request, so that it can be logged safely.
"""

import http
import json
from collections.abc import Iterable

from django.core.exceptions import TooManyFieldsSent
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework import exceptions, status

from catalogue.editions.seal import DamagedEditionError
from services.faults import Fault, InvalidError, NotFoundError

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5

DETAILS = {
    status.HTTP_400_BAD_REQUEST: "请求有误。",
    status.HTTP_404_NOT_FOUND: "没有这个地址。可用的地址见 /api/v1/。",
    status.HTTP_405_METHOD_NOT_ALLOWED: "这个地址不接受这种请求方法。",
    status.HTTP_412_PRECONDITION_FAILED: "内容与请求所要求的版本不符。",
    status.HTTP_413_REQUEST_ENTITY_TOO_LARGE: "请求正文太大。",
    status.HTTP_415_UNSUPPORTED_MEDIA_TYPE: "请求正文应是 JSON，Content-Type 为 application/json。",
    status.HTTP_500_INTERNAL_SERVER_ERROR: "服务器出错，已记录。请稍后再试。",
    status.HTTP_503_SERVICE_UNAVAILABLE: "暂时无法读取数据，请稍后再试。",
}


class NotAcceptableError(exceptions.APIException):
    """No form is as the Accept header asks. The forms there are named, and the page for people if there is one."""

    status_code = status.HTTP_406_NOT_ACCEPTABLE

    def __init__(self, media_types: Iterable[str], *, page: str | None = None):
        names = list(media_types)
        self.faults = [Fault("Accept", "没有所要的格式。", names)]
        self.headers = {"Vary": "Accept"}
        if page:
            self.headers["Link"] = f'<{page}>; rel="alternate"; type="text/html"'
        super().__init__(f"没有所要的格式；可用的是 {'、'.join(names)}。{f'给人看的页面是 {page}。' if page else ''}")


def document(code: int, detail: str | None = None, faults: Iterable[Fault] = ()) -> dict:
    """Return a problem as a JSON object. Type ``about:blank`` means that the status code identifies the problem."""
    problem = {
        "type": "about:blank",
        "title": http.HTTPStatus(code).phrase,
        "status": code,
        "detail": detail or DETAILS.get(code, http.HTTPStatus(code).phrase),
    }
    errors = [
        {"field": fault.field, "code": fault.code, "detail": fault.message}
        | ({} if fault.allowed is None else {"allowed": list(fault.allowed)})
        for fault in faults
    ]
    return problem | ({"errors": errors} if errors else {})


def handle(exception: Exception, context: dict | None = None) -> HttpResponse | None:
    """DRF exception handler: a problem for client errors, a lost database and a damaged edition; None for the rest."""
    if isinstance(exception, InvalidError):
        return respond(status.HTTP_400_BAD_REQUEST, str(exception), exception.faults)
    if isinstance(exception, NotFoundError):
        return respond(status.HTTP_404_NOT_FOUND, str(exception))
    if isinstance(exception, Http404):
        # Django's own message names models; our code raises NotFoundError with a message for clients.
        return respond(status.HTTP_404_NOT_FOUND)
    if isinstance(exception, TooManyFieldsSent):
        return respond(status.HTTP_400_BAD_REQUEST, "参数太多。")
    if isinstance(exception, DamagedEditionError):
        return respond(status.HTTP_503_SERVICE_UNAVAILABLE, exception.detail)
    if isinstance(exception, OperationalError | InterfaceError):
        return respond(status.HTTP_503_SERVICE_UNAVAILABLE)
    if isinstance(exception, exceptions.UnsupportedMediaType):
        return respond(status.HTTP_415_UNSUPPORTED_MEDIA_TYPE)
    if isinstance(exception, exceptions.Throttled):
        return respond(status.HTTP_429_TOO_MANY_REQUESTS, str(exception.detail), wait=exception.wait)
    if isinstance(exception, exceptions.APIException):
        response = respond(exception.status_code, str(exception.detail), getattr(exception, "faults", ()))
        for name, value in getattr(exception, "headers", {}).items():
            response.headers[name] = value
        return response
    return None


def respond(
    code: int, detail: str | None = None, faults: Iterable[Fault] = (), *, wait: int | None = None
) -> HttpResponse:
    """Return the response of a problem; ``wait`` is the Retry-After value in seconds.

    DRF's renderers are not used: a problem is JSON also where the view answers YAML or HTML.
    """
    if code == status.HTTP_503_SERVICE_UNAVAILABLE:
        wait = RETRY_AFTER_SECONDS
    headers = {} if wait is None else {"Retry-After": str(wait)}
    text = json.dumps(document(code, detail, faults), ensure_ascii=False)
    return HttpResponse(text, status=code, headers=headers, content_type=MEDIA_TYPE)


def for_programs(request: HttpRequest) -> bool:
    """Whether errors on this path are problems in JSON; on any other path they are HTML pages."""
    path = request.path_info
    return path.startswith(
        ("/.well-known/", "/api/", "/dcat.jsonld", "/feeds/", "/id/", "/llms.txt", "/robots.txt", "/healthz", "/readyz")
    ) or (path.startswith("/services/") and path.endswith(".md"))
