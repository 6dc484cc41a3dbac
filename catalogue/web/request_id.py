"""A number for each request (请求编号): in the answer, in the record, and nowhere derived from who asked."""

import random
import re
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-ID"
ACCEPTED = re.compile(r"[A-Za-z0-9._-]{8,64}")


def request_id(forwarded: str) -> str:
    """Return a request's number: the one ``forwarded`` by a proxy of ours, if that is one, else a new one."""
    if forwarded and settings.SECURE_PROXY_SSL_HEADER and ACCEPTED.fullmatch(forwarded):
        return forwarded
    # Not a secret: it has only to be another each time, and is asked for with every answer.
    return f"{random.getrandbits(128):032x}"  # noqa: S311


class RequestIdMiddleware:
    """Number every request as ``request.id``. Only a proxy of ours may have numbered it before us."""

    def __init__(self, get_response: Callable):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.id = request_id(request.headers.get(HEADER, ""))
        response = self.get_response(request)
        response[HEADER] = request.id
        return response
