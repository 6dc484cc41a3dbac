"""What HTTP owes every client that reads: validators, caching, compression, languages and CORS.

An answer's ETag is the SHA-256 of its bytes, so it is strong and needs nobody to say when it changed; what is sent in
pieces says itself what its bytes depend on. The compressed form has one of its own. Django's GZipMiddleware weakens
ETags and pads at random, so it is not used here.
"""

import gzip
import hashlib
import re
import zlib
from collections.abc import Callable, Iterable, Iterator

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers

from catalogue import problems

# The longest body the API takes; nothing it reads is longer.
MAX_BODY = 1024 * 1024
SMALLEST_COMPRESSED = 500
# The pages for people; whatever else is read is for programs.
PAGES = "/services/"

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
        if not (problems.for_programs(request) or request.path_info.startswith(PAGES)):
            return self.get_response(request)
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            return HttpResponse(status=204, headers=CORS | PREFLIGHT)
        response = problems.respond(413) if _length(request) > MAX_BODY else self.get_response(request)
        _open(response)
        if response.status_code >= 400:
            return response
        if request.method not in {"GET", "HEAD"} or response.status_code != 200:
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
    (_compress_pieces if response.streaming else _compress)(request, response)
    conditional = get_conditional_response(request, etag=response.headers["ETag"], response=response)
    if conditional.status_code == 412:
        return _open(problems.respond(412))
    if conditional is not response:
        # Django's 304 keeps what a cache needs, but not what lets another site read it.
        return _open(conditional)
    if request.method == "HEAD" and response.streaming:
        # Nothing is made of what nobody reads.
        response.streaming_content = ()
    elif request.method == "HEAD":
        length = response.headers["Content-Length"]
        response.content = b""
        response.headers["Content-Length"] = length
    return response


def _compress(request: HttpRequest, response: HttpResponse) -> None:
    """Give an answer its validator, and its compressed form if that was asked for and is worth it."""
    etag = hashlib.sha256(response.content).hexdigest()
    if len(response.content) >= SMALLEST_COMPRESSED and accepts_gzip(request.headers.get("Accept-Encoding", "")):
        response.content = gzip.compress(response.content, 6, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
        etag += "-gzip"
    response.headers["ETag"] = f'"{etag}"'
    response.headers["Content-Length"] = str(len(response.content))


def _compress_pieces(request: HttpRequest, response: StreamingHttpResponse) -> None:
    """The same for what is sent in pieces; its view has given it the validator."""
    if not accepts_gzip(request.headers.get("Accept-Encoding", "")):
        return
    response.streaming_content = _compressed(response.streaming_content)
    response.headers["Content-Encoding"] = "gzip"
    response.headers["ETag"] = f'{response.headers["ETag"][:-1]}-gzip"'


def _compressed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    # Its header holds no time, so the same pieces make the same bytes.
    packer = zlib.compressobj(6, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    for piece in pieces:
        if packed := packer.compress(piece):
            yield packed
    yield packer.flush()


def accepts_gzip(header: str) -> bool:
    """Whether an Accept-Encoding header admits gzip, by name or by ``*``, with a weight over 0 (RFC 9110, 12.5.3)."""
    weights = {}
    for part in header.lower().split(","):
        coding, *attributes = (piece.strip() for piece in part.split(";"))
        weight = next((value[2:] for value in attributes if value.startswith("q=")), "1")
        weights[coding] = not re.fullmatch(r"0(\.0*)?", weight)
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", False)))
