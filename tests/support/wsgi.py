"""Calls a WSGI application as a server does, and returns its response."""

import io
import sys
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes

from django.core.wsgi import get_wsgi_application


class CountingApplication:
    """Django as a WSGI application that counts requests and keeps their query strings and cookies."""

    def __init__(self):
        self.application, self.request_count, self.queries, self.cookies = get_wsgi_application(), 0, [], []

    def __call__(self, environ: dict, start_response: Callable):
        self.request_count += 1
        self.queries.append(environ["QUERY_STRING"])
        self.cookies.append(environ.get("HTTP_COOKIE", ""))
        return self.application(environ, start_response)


class WSGIResponse(NamedTuple):
    """A response: status code, headers by lower-case name, and body."""

    status: int
    headers: dict[str, str]
    body: bytes


def wsgi_environ(
    address: str, *, method: str = "GET", host: str = "testserver", body: bytes | None = None, **headers: str
) -> dict:
    """Return the WSGI environment of a request; ``headers`` have names with underscores."""
    path, _, query = address.partition("?")
    body_headers = {}
    if body is not None:
        body_headers = {
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": headers.pop("content_type", "application/json"),
        }
    return (
        body_headers
        | {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": quote(query, safe="=&%+,;:~/!?*()'$@"),
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": host,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body or b""),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
        | {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    )


def send_request(application: Callable, address: str, **options: str | bytes) -> WSGIResponse:
    """Send a request to an application; fails if a header occurs twice."""
    starts = []
    response = application(wsgi_environ(address, **options), lambda *line: starts.append(line))
    try:
        body = b"".join(response)
    finally:
        if hasattr(response, "close"):
            response.close()
    ((status, headers, *_),) = starts
    header_map = {name.lower(): value for name, value in headers}
    assert len(header_map) == len(headers), headers
    return WSGIResponse(int(status.split()[0]), header_map, body)
