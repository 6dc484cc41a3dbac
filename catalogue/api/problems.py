"""Errors of the API: every one is an RFC 9457 problem that names what is wrong and what is allowed.

Keeps out values that were given: an error names the parameter and what is allowed, so that it can be logged safely.
"""

import http
import json
from collections.abc import Iterable

from django.core.exceptions import PermissionDenied, RequestDataTooBig, TooManyFieldsSent
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5

DETAILS = {
    status.HTTP_400_BAD_REQUEST: "请求有误。",
    status.HTTP_403_FORBIDDEN: "没有权限。",
    status.HTTP_404_NOT_FOUND: "没有这个地址。可用的地址见 /api/v1/。",
    status.HTTP_413_REQUEST_ENTITY_TOO_LARGE: "请求正文太大。",
    status.HTTP_500_INTERNAL_SERVER_ERROR: "服务器出错，已记录。请稍后再试。",
    status.HTTP_503_SERVICE_UNAVAILABLE: "暂时无法读取数据，请稍后再试。",
}


class InvalidParameters(exceptions.APIException):
    """One or more parameters that cannot be taken (400). ``errors`` names each and lists what is allowed."""

    status_code = status.HTTP_400_BAD_REQUEST

    def __init__(self, errors: list[dict]):
        self.errors = errors
        super().__init__("；".join(error["detail"] for error in errors))


def error(field: str, detail: str, allowed: Iterable[str] | None = None) -> dict:
    """Return one item of a problem's ``errors``."""
    found = {"field": field, "detail": detail}
    if allowed is not None:
        found["allowed"] = list(allowed)
    return found


def invalid(field: str, detail: str, allowed: Iterable[str] | None = None) -> InvalidParameters:
    """Return the exception for one parameter that cannot be taken."""
    return InvalidParameters([error(field, detail, allowed)])


def document(code: int, detail: str | None = None, errors: list[dict] | None = None) -> dict:
    """Return a problem as the API shows it. ``about:blank``: the status says what kind of problem it is."""
    problem = {
        "type": "about:blank",
        "title": http.HTTPStatus(code).phrase,
        "status": code,
        "detail": detail or DETAILS.get(code, http.HTTPStatus(code).phrase),
    }
    return problem | ({"errors": errors} if errors else {})


def handle(exception: Exception, context: dict) -> Response | None:
    """DRF's exception handler: a problem for whatever a client or a lost database caused, None for our own faults."""
    headers = {}
    if isinstance(exception, Http404):
        # Django's own sentence names models; a view that knows better raises NotFound with one of ours.
        code, detail, errors = status.HTTP_404_NOT_FOUND, None, None
    elif isinstance(exception, PermissionDenied):
        code, detail, errors = status.HTTP_403_FORBIDDEN, None, None
    elif isinstance(exception, RequestDataTooBig):
        code, detail, errors = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE, None, None
    elif isinstance(exception, TooManyFieldsSent):
        code, detail, errors = status.HTTP_400_BAD_REQUEST, "参数太多。", None
    elif isinstance(exception, OperationalError | InterfaceError):
        code, detail, errors = status.HTTP_503_SERVICE_UNAVAILABLE, None, None
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    elif isinstance(exception, exceptions.APIException):
        code, detail = exception.status_code, str(exception.detail)
        errors = getattr(exception, "errors", None)
        if getattr(exception, "wait", None):
            headers["Retry-After"] = str(int(exception.wait) + 1)
    else:
        return None
    set_rollback()
    return Response(document(code, detail, errors), status=code, headers=headers, content_type=MEDIA_TYPE)


def respond(code: int, detail: str | None = None) -> HttpResponse:
    """Return a problem where no DRF view is there to do so."""
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if code == status.HTTP_503_SERVICE_UNAVAILABLE else {}
    text = json.dumps(document(code, detail), ensure_ascii=False)
    return HttpResponse(text, status=code, headers=headers, content_type=MEDIA_TYPE)


def is_api(request: HttpRequest) -> bool:
    """Whether errors on this path are for programs."""
    return request.path_info.startswith(("/api/", "/healthz", "/readyz"))
