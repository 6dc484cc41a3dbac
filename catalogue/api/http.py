"""What HTTP owes every client that reads: validators, caching, compression, languages and CORS.

An answer's ETag is the SHA-256 of its bytes, so it is strong and needs nobody to say when it changed; what is sent in
pieces says itself what its bytes depend on. Each coded form has one of its own. Django's GZipMiddleware weakens
ETags and pads at random, so it is not used here. Where ``catalogue.answers`` stands in front, a lasting answer leaves
here plain and whole: it is coded and compared there.
"""

import hashlib
import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers

from catalogue import asked, coding, conditions, lasting, problems

# The longest body the API takes; nothing it reads is longer.
MAX_BODY = 1024 * 1024
# The pages for people; whatever else is read is for programs.
PAGES = "/services/"

READ = {"GET", "HEAD"}

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
        if request.method in READ and not lasting.is_passed_on(request.META):
            request.META["QUERY_STRING"] = asked.normalised(request.META.get("QUERY_STRING", ""))
        if "HTTP_HOST" in request.META:
            # Links begin with it, and it is one host however it is written.
            request.META["HTTP_HOST"] = request.META["HTTP_HOST"].lower()
        response = problems.respond(413) if _length(request) > MAX_BODY else self.get_response(request)
        _open(response)
        if response.status_code >= 400:
            return response
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


def _length(request: HttpRequest) -> int:
    length = request.headers.get("Content-Length") or "0"
    return int(length) if re.fullmatch("[0-9]{1,18}", length) else MAX_BODY + 1


def _read(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    patch_vary_headers(response, ["Accept", "Accept-Encoding"])
    response.headers.setdefault("Content-Language", "zh-Hans")
    # Kept by anybody, but asked again each time: what is in force may change at any moment.
    response.headers.setdefault("Cache-Control", "public, no-cache")
    if not response.streaming:
        response.headers["ETag"] = f'"{hashlib.sha256(response.content).hexdigest()}"'
        response.headers["Content-Length"] = str(len(response.content))
    if lasting.is_finished_in_front(request.META):
        return response
    (_code_pieces if response.streaming else _code)(request, response)
    conditional = get_conditional_response(request, etag=response.headers["ETag"], response=response)
    if conditional.status_code == 412:
        return _open(problems.respond(412))
    if conditional is not response:
        return _not_modified(response)
    if request.method == "HEAD" and response.streaming:
        # Nothing is made of what nobody reads.
        response.streaming_content = ()
    elif request.method == "HEAD":
        length = response.headers["Content-Length"]
        response.content = b""
        response.headers["Content-Length"] = length
    return response


def _not_modified(response: HttpResponse) -> HttpResponse:
    short = HttpResponse(status=304, headers=dict(conditions.of_not_modified(response.items())))
    # Django gives one to whatever has none.
    del short.headers["Content-Type"]
    return short


def _code(request: HttpRequest, response: HttpResponse) -> None:
    """Give an answer the coding that was asked for, if it is worth it, and the validator of that form."""
    if len(response.content) < coding.SMALLEST:
        return
    name = coding.chosen(request.headers.get("Accept-Encoding", ""))
    if name != coding.IDENTITY:
        response.content = coding.coded(response.content, name)
        response.headers["Content-Encoding"] = name
        response.headers["ETag"] = coding.tagged(response.headers["ETag"], name)
        response.headers["Content-Length"] = str(len(response.content))


def _code_pieces(request: HttpRequest, response: StreamingHttpResponse) -> None:
    """The same for what is sent in pieces, which is coded as gzip; its view has given it the validator."""
    if coding.admits(request.headers.get("Accept-Encoding", ""), "gzip"):
        response.streaming_content = coding.in_pieces(response.streaming_content)
        response.headers["Content-Encoding"] = "gzip"
        response.headers["ETag"] = coding.tagged(response.headers["ETag"], "gzip")
