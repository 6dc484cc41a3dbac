"""What is found without being told: Link headers, the API catalog (RFC 9727), security.txt (RFC 9116), robots.txt."""

import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone

from catalogue.web.middleware.limits import DESK
from catalogue.web.middleware.read_only import read_only
from catalogue.web.permalinks import base_url
from catalogue.web.query import parameters

LINKSET = 'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"'
TEXT = "text/plain; charset=utf-8"
# security.txt is to be valid for less than a year (RFC 9116, 2.5.5). It is made anew every day.
SECURITY_VALID = datetime.timedelta(days=180)


def link_header() -> str:
    """Return the Link header that leads to the description of the API (RFC 8631) and its catalog."""
    return ", ".join(
        f'<{reverse(view)}>; rel="{relation}"; type="{media_type}"'
        for relation, view, media_type in (
            ("service-desc", "openapi", "application/json"),
            ("service-doc", "swagger", "text/html"),
            ("api-catalog", "api-catalog", "application/linkset+json"),
        )
    )


@read_only()
def api_catalog(request: HttpRequest) -> HttpResponse:
    """The APIs of this host: one, with its descriptions."""
    parameters.read(request.GET, [])
    root = base_url(request)

    def target(view: str, media_type: str) -> dict[str, str]:
        return {"href": f"{root}{reverse(view)}", "type": media_type}

    context = {
        "anchor": f"{root}{reverse('root')}",
        "service-desc": [target("openapi", "application/json"), target("schema", "application/vnd.oai.openapi")],
        "service-doc": [target("swagger", "text/html"), target("redoc", "text/html"), target("llms", "text/plain")],
        "status": [target("readyz", "application/json")],
    }
    return JsonResponse({"linkset": [context]}, content_type=LINKSET, headers={"Link": link_header()})


@read_only()
def security_txt(request: HttpRequest) -> HttpResponse:
    """Whom to tell of a weakness: ``SECURITY_CONTACT``, or the feedback that anyone can give."""
    parameters.read(request.GET, [])
    root = base_url(request)
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    feedback = f"{root}{reverse('swagger')}#/feedback"
    lines = [
        f"Contact: {settings.SECURITY_CONTACT or feedback}",
        f"Expires: {(today + SECURITY_VALID).isoformat().replace('+00:00', 'Z')}",
        "Preferred-Languages: zh, en",
        f"Canonical: {root}{reverse('security')}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type=TEXT)


@read_only()
def robots_txt(request: HttpRequest) -> HttpResponse:
    """Everything may be read but the desk, which needs an account."""
    parameters.read(request.GET, [])
    return HttpResponse(f"User-agent: *\nDisallow: {DESK}\n", content_type=TEXT)
