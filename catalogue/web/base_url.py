"""Where readers find us: the scheme and host that permanent addresses begin with."""

from django.conf import settings
from django.http import HttpRequest


def base_url(request: HttpRequest) -> str:
    """Return ``PUBLIC_URL``, or without one the scheme and host a request came to; no slash at its end."""
    return settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")
