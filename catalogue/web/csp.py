"""What a page may load and run (Content-Security-Policy): nothing from another host, and in no other site's frame."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from catalogue.web.limits import DESK

NOTHING = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
SITE = NOTHING + "style-src 'self'; img-src 'self'; form-action 'self'"
ADMIN = (
    NOTHING + "script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'"
)
# Swagger UI and Redoc write styles into the page and work in a blob; they would ask others for fonts and a validator.
DOCS = (
    NOTHING + "script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "worker-src blob:; form-action 'none'"
)
POLICIES = {DESK: ADMIN, "/api/docs/": DOCS, "/api/redoc/": DOCS}


class PolicyMiddleware:
    """Sets the policy of the desk and of the API's documents on every answer, and that of the site on its pages."""

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
