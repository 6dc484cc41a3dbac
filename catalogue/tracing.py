"""A number for each request (请求编号): in the answer, in the record, and nowhere derived from who asked."""

import re
import uuid
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-ID"
GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestIdMiddleware:
    """Number every request as ``request.id``. Only a proxy of ours may have numbered it before us."""

    def __init__(self, get_response: Callable):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get(HEADER, "") if settings.SECURE_PROXY_SSL_HEADER else ""
        request.id = given if GIVEN.fullmatch(given) else uuid.uuid4().hex
        response = self.get_response(request)
        response[HEADER] = request.id
        return response
