"""The JSON renderer of the API."""

from rest_framework import renderers


class JSONRenderer(renderers.JSONRenderer):
    """JSON in UTF-8, without a charset parameter (RFC 8259 defines none)."""

    ensure_ascii = False
    charset = None
