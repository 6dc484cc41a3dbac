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

from catalogue.web import cors, problems
from catalogue.web.cache import not_modified
from catalogue.web.compression import MIN_LENGTH, compress, encoded_etag, gzip_stream
from catalogue.web.limits import DESK
from catalogue.web.negotiation import IDENTITY, encoding

READ = {"GET", "HEAD"}
ASCII = string.printable
# Request headers that no response depends on: cookies, and conditions on Last-Modified, which no response has: an ETag
# is exact and a date is not (RFC 9110, 13.1.3 and 13.1.4: these conditions are ignored without a date).
IGNORED = ("HTTP_COOKIE", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE")


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
        if request.method not in READ or response.status_code != 200:
            return response
        return _finish_read(request, response)


def _allow_any_origin(response: HttpResponse) -> HttpResponse:
    """Add the CORS headers; errors are not cached."""
    for name, value in cors.RESPONSE.items():
        response.headers[name] = value
    if response.status_code >= 400:
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _finish_read(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    patch_vary_headers(response, ["Accept", "Accept-Encoding"])
    response.headers.setdefault("Content-Language", "zh-Hans")
    # Any cache may store it and must revalidate it: the edition in force may change at any moment.
    response.headers.setdefault("Cache-Control", "public, no-cache")
    response.headers.pop("Last-Modified", None)
    (_encode_stream if response.streaming else _encode)(request, response)
    conditional = get_conditional_response(request, etag=response.headers["ETag"], response=response)
    if conditional.status_code == 412:
        return _allow_any_origin(problems.respond(412))
    if conditional is not response:
        not_modified_response = HttpResponse(status=304, headers=dict(not_modified(response.items())))
        # Django adds a Content-Type to every response.
        del not_modified_response.headers["Content-Type"]
        return not_modified_response
    if request.method == "HEAD" and response.streaming:
        # HEAD: the body is not generated.
        response.streaming_content = ()
    elif request.method == "HEAD":
        length = response.headers["Content-Length"]
        response.content = b""
        response.headers["Content-Length"] = length
    return response


def _encode(request: HttpRequest, response: HttpResponse) -> None:
    """Encode a response as negotiated, unless it is shorter than ``MIN_LENGTH``, and set its ETag and length."""
    body = response.content
    name = encoding(request.headers.get("Accept-Encoding")) if len(body) >= MIN_LENGTH else IDENTITY
    response.headers["ETag"] = encoded_etag(f'"{hashlib.sha256(body).hexdigest()}"', name)
    if name != IDENTITY:
        response.content = compress(body, name)
        response.headers["Content-Encoding"] = name
    response.headers["Content-Length"] = str(len(response.content))


def _encode_stream(request: HttpRequest, response: StreamingHttpResponse) -> None:
    """Encode a streamed response as gzip if acceptable; its view has set the ETag of the plain form."""
    if encoding(request.headers.get("Accept-Encoding"), ["gzip"]) != IDENTITY:
        response.streaming_content = gzip_stream(response.streaming_content)
        response.headers["Content-Encoding"] = "gzip"
        response.headers["ETag"] = encoded_etag(response.headers["ETag"], "gzip")
