"""What a page of the desk may load and run: our own scripts and styles, and nothing inline."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from catalogue.web.limits import DESK

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


class PolicyMiddleware:
    """Say it on every answer under the desk's address, errors among them."""

    def __init__(self, get_response: Callable):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path_info.startswith(DESK):
            response["Content-Security-Policy"] = POLICY
        return response
