"""HTTP for read requests: ETag, Cache-Control, Vary, compression, conditional requests and CORS; no cookies.

The ETag of a response is the SHA-256 of its body, so it is strong; a streamed response brings its own ETag. Each
content encoding has an ETag of its own. Django's GZipMiddleware weakens ETags and pads at random, so it is not used.
"""

import hashlib
import string
from collections.abc import Callable
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import parse_http_date_safe

from catalogue.web import problems
from catalogue.web.cache import BODY_HEADERS
from catalogue.web.compression import MIN_LENGTH, compress, encoded_etag, gzip_stream
from catalogue.web.middleware import cors
from catalogue.web.middleware.limits import DESK
from catalogue.web.negotiation import IDENTITY, encoding
from catalogue.web.problems import Problem
from services.faults import ProblemCode

READ = {"GET", "HEAD"}
# Media types whose bytes are compressed already.
COMPRESSED_TYPES = ("image/png", "font/")
ASCII = string.printable
# Request headers that no response depends on: cookies, and a condition that few responses could answer (RFC 9110,
# 13.1.4: it is ignored without a date of change). If-Modified-Since is answered where there is a Last-Modified.
IGNORED = ("HTTP_COOKIE", "HTTP_IF_UNMODIFIED_SINCE")


class ReadingMiddleware:
    """Sets headers and content encoding of read responses, answers 304, 412 and CORS preflights; skips the desk."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(DESK):
            return self.get_response(request)
        for name in IGNORED:
            request.META.pop(name, None)
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            return HttpResponse(status=204, headers=cors.PREFLIGHT)
        # Links repeat the query string, whose bytes WSGI decodes as Latin-1: bytes outside ASCII are percent-encoded.
        query = request.META.get("QUERY_STRING", "")
        request.META["QUERY_STRING"] = quote(query.encode("latin-1", "replace"), safe=ASCII)
        if "HTTP_HOST" in request.META:
            # Links contain the host, which is case-insensitive.
            request.META["HTTP_HOST"] = request.META["HTTP_HOST"].lower()
        response = _allow_any_origin(self.get_response(request))
        if request.method in READ and response.status_code == 200:
            return _finish_read(request, response)
        if not response.streaming and len(response.content) >= MIN_LENGTH:
            _encode(request, response)
        return response


def _allow_any_origin(response: HttpResponse) -> HttpResponse:
    """Add the CORS headers; errors are not cached."""
    for name, value in cors.RESPONSE.items():
        response.headers[name] = value
    if response.status_code >= 400:
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _finish_read(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    patch_vary_headers(response, ["Accept"])
    response.headers.setdefault("Content-Language", "zh-Hans")
    # Any cache may store it and must revalidate it: the edition in force may change at any moment.
    response.headers.setdefault("Cache-Control", "public, no-cache")
    if response.streaming:
        _encode_stream(request, response)
    else:
        plain_etag = f'"{hashlib.sha256(response.content).hexdigest()}"'
        response.headers["ETag"] = encoded_etag(plain_etag, _encode(request, response))
    modified = parse_http_date_safe(response.headers.get("Last-Modified", ""))
    conditional = get_conditional_response(
        request, etag=response.headers["ETag"], last_modified=modified, response=response
    )
    if conditional.status_code == 412:
        return _allow_any_origin(problems.respond(request, Problem(ProblemCode.PRECONDITION_FAILED)))
    if conditional is not response:
        # The same response without its body: it closes the file that it is of.
        response.status_code = 304
        for name in BODY_HEADERS:
            response.headers.pop(name, None)
        _drop_body(response)
    elif request.method == "HEAD":
        length = response.headers.get("Content-Length")
        _drop_body(response)
        if length:
            response.headers["Content-Length"] = length
    return response


def _drop_body(response: HttpResponse | StreamingHttpResponse) -> None:
    """Take the body from a response; a streamed one is then not generated."""
    if response.streaming:
        response.streaming_content = ()
    else:
        response.content = b""


def _encode(request: HttpRequest, response: HttpResponse) -> str:
    """Encode a response as negotiated, unless it is shorter than ``MIN_LENGTH``; return the name of the encoding."""
    patch_vary_headers(response, ["Accept-Encoding"])
    body = response.content
    name = encoding(request.headers.get("Accept-Encoding")) if len(body) >= MIN_LENGTH else IDENTITY
    if name != IDENTITY:
        response.content = compress(body, name)
        response.headers["Content-Encoding"] = name
    response.headers["Content-Length"] = str(len(response.content))
    return name


def _encode_stream(request: HttpRequest, response: StreamingHttpResponse) -> None:
    """Encode a streamed response as gzip if acceptable; its view has set the ETag of the plain form.

    Pictures and fonts are left as they are.
    """
    patch_vary_headers(response, ["Accept-Encoding"])
    compressible = not response["Content-Type"].startswith(COMPRESSED_TYPES)
    if compressible and encoding(request.headers.get("Accept-Encoding"), ["gzip"]) != IDENTITY:
        response.streaming_content = gzip_stream(response.streaming_content)
        response.headers["Content-Encoding"] = "gzip"
        response.headers["ETag"] = encoded_etag(response.headers["ETag"], "gzip")
        # Both are of the plain form.
        for name in ("Content-Length", "Accept-Ranges"):
            response.headers.pop(name, None)
