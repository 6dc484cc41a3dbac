"""How answers become bytes."""

from rest_framework import renderers


class JSONRenderer(renderers.JSONRenderer):
    """JSON in UTF-8, without a charset parameter (RFC 8259 knows none)."""

    ensure_ascii = False
    charset = None
