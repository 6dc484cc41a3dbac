"""Permanent addresses (永久地址) of what the catalogue names: the same for ever, whatever form is read at them.

``root`` is always the scheme and host that readers know us by, without a slash at its end.
"""

import uuid

# The things that have an address of their own, each with what it is called in the address.
SERVICES = "services"
EDITIONS = "editions"
DOMAINS = "domains"
DEPARTMENTS = "departments"
TARGET_GROUPS = "target-groups"
SOURCES = "sources"


def permalink(root: str, kind: str, code: str) -> str:
    """Return the permanent address of a thing by its code or slug: ``https://host/id/services/NM-05-01``."""
    return f"{root}/id/{kind}/{code}"


def permalink_uuid(root: str, kind: str, code: str) -> str:
    """Return the UUID (version 5, of the URL namespace) of a thing's permanent address."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, permalink(root, kind, code)))
