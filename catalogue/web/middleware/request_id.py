"""Request IDs (请求编号): in the response and in the audit log, and never derived from the client."""

import random
import re
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-ID"
ACCEPTED = re.compile(r"[A-Za-z0-9._-]{8,64}")


def request_id(forwarded: str) -> str:
    """Return the request ID ``forwarded`` by our own proxy if it is well-formed, else a new one."""
    if forwarded and settings.SECURE_PROXY_SSL_HEADER and ACCEPTED.fullmatch(forwarded):
        return forwarded
    # Not a secret: it only has to be unique, and fast, because every response needs one.
    return f"{random.getrandbits(128):032x}"  # noqa: S311


class RequestIdMiddleware:
    """Sets ``request.id`` on every request, and the header on its response."""

    def __init__(self, get_response: Callable):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.id = request_id(request.headers.get(HEADER, ""))
        response = self.get_response(request)
        response[HEADER] = request.id
        return response
