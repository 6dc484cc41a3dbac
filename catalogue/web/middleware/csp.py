"""Content-Security-Policy: pages load nothing from other hosts and cannot be framed by other sites."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from catalogue.web.middleware.limits import DESK

NOTHING = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
SITE = NOTHING + "style-src 'self'; img-src 'self'; form-action 'self'"
ADMIN = (
    NOTHING + "script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'"
)
# Swagger UI and Redoc use inline styles and a worker from a blob. Their requests to other hosts, for fonts and a
# validator, are blocked.
DOCS = (
    NOTHING + "script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "worker-src blob:; form-action 'none'"
)
POLICIES = {DESK: ADMIN, "/api/docs/": DOCS, "/api/redoc/": DOCS}


class PolicyMiddleware:
    """Sets a policy on every response of the desk and of the API documents, and on the HTML pages of the site."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        policy = next((text for path, text in POLICIES.items() if request.path_info.startswith(path)), None)
        if policy is None and response.get("Content-Type", "").startswith("text/html"):
            policy = SITE
        if policy:
            response.headers["Content-Security-Policy"] = policy
        return response
