"""What HTTP owes every client that reads: validators, caching, compression, languages and CORS; and no cookies.

An answer's ETag is the SHA-256 of its bytes, so it is strong and needs nobody to say when it changed; what is sent in
pieces says itself what its bytes depend on. Each encoded form has one of its own. Django's GZipMiddleware weakens
ETags and pads at random, so it is not used here.
"""

import hashlib
import string
from collections.abc import Callable
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers

from catalogue.web import problems
from catalogue.web.cache import not_modified
from catalogue.web.compression import MIN_LENGTH, compress, etag_of, gzip_stream
from catalogue.web.limits import DESK
from catalogue.web.negotiation import IDENTITY, encoding

READ = {"GET", "HEAD"}
ASCII = string.printable
# What a reader's request may say and no answer depends on: who asks, and when something was changed last, which an
# ETag tells exactly and a date does not (RFC 9110, 13.1.3 and 13.1.4: without a date these conditions are ignored).
IGNORED = ("HTTP_COOKIE", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE")

CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Content-Language, Location, Retry-After",
}
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Accept, Accept-Language, Content-Type, If-None-Match",
    "Access-Control-Max-Age": "86400",
}


class ReadingMiddleware:
    """Sets the headers of what is read, compresses it, and answers 304 and preflights; leaves the desk alone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(DESK):
            return self.get_response(request)
        for name in IGNORED:
            request.META.pop(name, None)
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            return HttpResponse(status=204, headers=CORS | PREFLIGHT)
        # Links repeat the query, and WSGI has its bytes as Latin-1: those outside ASCII are written as they are meant.
        query = request.META.get("QUERY_STRING", "")
        request.META["QUERY_STRING"] = quote(query.encode("latin-1", "replace"), safe=ASCII)
        if "HTTP_HOST" in request.META:
            # Links begin with it, and it is one host however it is written.
            request.META["HTTP_HOST"] = request.META["HTTP_HOST"].lower()
        response = _open(self.get_response(request))
        if request.method not in READ or response.status_code != 200:
            return response
        return _read(request, response)


def _open(response: HttpResponse) -> HttpResponse:
    """Let any site read an answer; an error is not kept."""
    for name, value in CORS.items():
        response.headers[name] = value
    if response.status_code >= 400:
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _read(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    patch_vary_headers(response, ["Accept", "Accept-Encoding"])
    response.headers.setdefault("Content-Language", "zh-Hans")
    # Kept by anybody, but asked again each time: what is in force may change at any moment.
    response.headers.setdefault("Cache-Control", "public, no-cache")
    response.headers.pop("Last-Modified", None)
    (_encode_stream if response.streaming else _encode)(request, response)
    conditional = get_conditional_response(request, etag=response.headers["ETag"], response=response)
    if conditional.status_code == 412:
        return _open(problems.respond(412))
    if conditional is not response:
        short = HttpResponse(status=304, headers=dict(not_modified(response.items())))
        # Django gives one to whatever has none.
        del short.headers["Content-Type"]
        return short
    if request.method == "HEAD" and response.streaming:
        # Nothing is made of what nobody reads.
        response.streaming_content = ()
    elif request.method == "HEAD":
        length = response.headers["Content-Length"]
        response.content = b""
        response.headers["Content-Length"] = length
    return response


def _encode(request: HttpRequest, response: HttpResponse) -> None:
    """Give an answer the content encoding that was asked for, if it is worth it, and the ETag of that form."""
    body = response.content
    name = encoding(request.headers.get("Accept-Encoding")) if len(body) >= MIN_LENGTH else IDENTITY
    response.headers["ETag"] = etag_of(f'"{hashlib.sha256(body).hexdigest()}"', name)
    if name != IDENTITY:
        response.content = compress(body, name)
        response.headers["Content-Encoding"] = name
    response.headers["Content-Length"] = str(len(response.content))


def _encode_stream(request: HttpRequest, response: StreamingHttpResponse) -> None:
    """The same for what is sent in pieces, as gzip; its view has given it the ETag."""
    if encoding(request.headers.get("Accept-Encoding"), ["gzip"]) != IDENTITY:
        response.streaming_content = gzip_stream(response.streaming_content)
        response.headers["Content-Encoding"] = "gzip"
        response.headers["ETag"] = etag_of(response.headers["ETag"], "gzip")
