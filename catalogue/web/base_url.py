"""The base URL of the site: the scheme and host that permalinks begin with."""

from django.conf import settings
from django.http import HttpRequest


def base_url(request: HttpRequest) -> str:
    """Return ``PUBLIC_URL``, or the scheme and host of the request if that setting is empty; no trailing slash."""
    return settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")
