"""Permalinks (永久地址) of services, editions and terms: they never change, and are the same for every media type.

``root`` is always the base URL of the site (``base_url``), without a trailing slash.
"""

from django.conf import settings
from django.http import HttpRequest

# The kinds of things that have permalinks, as path segments.
SERVICES = "services"
EDITIONS = "editions"
DOMAINS = "domains"
DEPARTMENTS = "departments"
TARGET_GROUPS = "target-groups"
SOURCES = "sources"
INDICATORS = "indicators"
TARGETS = "targets"
TASKS = "tasks"
PROJECTS = "projects"
OBSERVATIONS = "observations"
TOPICS = "topics"


def permalink(root: str, kind: str, code: str) -> str:
    """Return the permalink of a thing, given its code or slug: ``https://host/id/services/NM-05-01``."""
    return f"{root}/id/{kind}/{code}"


def base_url(request: HttpRequest) -> str:
    """Return ``PUBLIC_URL``, or the scheme and host of the request if that setting is empty; no trailing slash."""
    return settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")
