"""What HTTP owes every reading client of the API: validators, caching, compression, languages and CORS.

An answer's ETag is the SHA-256 of its bytes, so it is strong and needs nobody to say when it changed; the compressed
form has one of its own. Django's GZipMiddleware weakens ETags and pads at random, so it is not used here.
"""

import gzip
import hashlib
import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers

from catalogue.api import problems

# The longest body the API takes; nothing it reads is longer.
MAX_BODY = 1024 * 1024
SMALLEST_COMPRESSED = 500

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
    """Sets the headers of answers below ``/api/``, compresses them, and answers 304 and preflights."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not problems.is_api(request):
            return self.get_response(request)
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            return HttpResponse(status=204, headers=CORS | PREFLIGHT)
        response = problems.respond(413) if _length(request) > MAX_BODY else self.get_response(request)
        _open(response)
        if response.status_code >= 400:
            return response
        if request.method not in {"GET", "HEAD"} or response.status_code != 200 or response.streaming:
            return response
        return _read(request, response)


def _open(response: HttpResponse) -> HttpResponse:
    """Let any site read an answer; an error is not kept."""
    for name, value in CORS.items():
        response.headers[name] = value
    if response.status_code >= 400:
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _length(request: HttpRequest) -> int:
    length = request.headers.get("Content-Length") or "0"
    return int(length) if re.fullmatch("[0-9]{1,18}", length) else MAX_BODY + 1


def _read(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    patch_vary_headers(response, ["Accept", "Accept-Encoding"])
    response.headers.setdefault("Content-Language", "zh-Hans")
    # Kept by anybody, but asked again each time: what is in force may change at any moment.
    response.headers.setdefault("Cache-Control", "public, no-cache")
    etag = hashlib.sha256(response.content).hexdigest()
    if len(response.content) >= SMALLEST_COMPRESSED and accepts_gzip(request.headers.get("Accept-Encoding", "")):
        response.content = gzip.compress(response.content, 6, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
        etag += "-gzip"
    response.headers["ETag"] = f'"{etag}"'
    response.headers["Content-Length"] = str(len(response.content))
    conditional = get_conditional_response(request, etag=response.headers["ETag"], response=response)
    if conditional.status_code == 412:
        return _open(problems.respond(412))
    if conditional is not response:
        # Django's 304 keeps what a cache needs, but not what lets another site read it.
        return _open(conditional)
    if request.method == "HEAD":
        length = response.headers["Content-Length"]
        response.content = b""
        response.headers["Content-Length"] = length
    return response


def accepts_gzip(header: str) -> bool:
    """Whether an Accept-Encoding header admits gzip, by name or by ``*``, with a weight over 0 (RFC 9110, 12.5.3)."""
    weights = {}
    for part in header.lower().split(","):
        coding, *attributes = (piece.strip() for piece in part.split(";"))
        weight = next((value[2:] for value in attributes if value.startswith("q=")), "1")
        weights[coding] = not re.fullmatch(r"0(\.0*)?", weight)
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", False)))
