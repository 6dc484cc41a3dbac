"""Limits of a request, checked before Django sees it (WSGI): header lengths, body size, threads that wait for bodies.

Parsing a long header is expensive: Django parses Content-Type, Cookie and conditional headers with
regular expressions, and Werkzeug parses the Accept headers. A slow body blocks the thread that reads it for as long as
the client likes. So a long header is refused before it is parsed, and a body is read completely, by at most half of the
threads, before Django sees the request.
"""

import io
import re
import threading
import time
from collections.abc import Callable, Iterable
from typing import BinaryIO

from django.core.handlers.wsgi import WSGIRequest

from catalogue.web import problems
from catalogue.web.middleware import cors, request_id
from catalogue.web.problems import Problem
from services.faults import ProblemCode

# Lengths in characters: of a header, of the path and query each, and of the three headers of content negotiation.
MAX_HEADER_LENGTH, MAX_ADDRESS_LENGTH = 8192, 16_384
MAX_LENGTHS = dict.fromkeys(("HTTP_ACCEPT", "HTTP_ACCEPT_LANGUAGE", "HTTP_ACCEPT_ENCODING"), 1000)
MAX_LENGTHS |= dict.fromkeys(("PATH_INFO", "QUERY_STRING"), MAX_ADDRESS_LENGTH)
MIN_LIMIT = min(MAX_LENGTHS.values())
# Body sizes in bytes. Attachments and workbooks for the desk have lower limits of their own, with better messages.
MAX_BODY, MAX_DESK_BODY, DESK = 1024 * 1024, 16 * 1024 * 1024, "/admin/"
CHUNK = 64 * 1024
# What the language and the links of a problem depend on.
NEEDED = {
    "HTTP_HOST", "SERVER_NAME", "SERVER_PORT", "wsgi.url_scheme", "HTTP_X_FORWARDED_PROTO", "HTTP_ACCEPT_LANGUAGE",
    "QUERY_STRING",
}  # fmt: skip
# Methods whose bodies have no meaning (RFC 9110, 9.3) and are not read.
BODILESS = {"GET", "HEAD", "OPTIONS", "TRACE"}
# Seconds that a thread waits for a seat. Bodies of honest clients arrive within milliseconds.
MAX_WAIT = 0.1
# Content encodings of bodies, for the API; the forms of the desk are sent without any.
BODY_ENCODINGS = ("gzip", "identity")


class RequestLimits:
    """WSGI middleware that refuses requests with long headers or bodies, and passes the rest on with the complete body.

    ``readers`` is the number of threads that may wait for bodies at the same time.
    """

    def __init__(self, application: Callable, *, readers: int):
        self._application, self._seats = application, Seats(readers)

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        for name, value in environ.items():
            if (
                value.__class__ is str
                and len(value) > MIN_LIMIT
                and len(value) > MAX_LENGTHS.get(name, MAX_HEADER_LENGTH)
            ):
                return _refuse(_too_long(name), environ, start_response)
        if environ.get("CONTENT_LENGTH") or "HTTP_TRANSFER_ENCODING" in environ:
            refusal = self._take_body(environ)
            if refusal is not None:
                return _refuse(refusal, environ, start_response)
        return self._application(environ, start_response)

    def _take_body(self, environ: dict) -> Problem | None:
        """Read the body and replace the input stream by it. Return the problem if that fails, else None."""
        length = environ.get("CONTENT_LENGTH") or None
        chunked = environ.pop("HTTP_TRANSFER_ENCODING", None) is not None
        body = b""
        if environ["REQUEST_METHOD"] not in BODILESS and length != "0":
            max_length = MAX_DESK_BODY if environ["PATH_INFO"].startswith(DESK) else MAX_BODY
            if not chunked and not re.fullmatch("[0-9]{1,18}", length):
                return Problem(ProblemCode.MALFORMED_HEADER, "Content-Length 应是正文的字节数。")
            if not chunked and int(length) > max_length:
                return Problem(ProblemCode.PAYLOAD_TOO_LARGE)
            if environ["PATH_INFO"].startswith(DESK) and not is_plain(environ.get("HTTP_CONTENT_ENCODING", "")):
                message = "编辑台的表单不能压缩后提交；请去掉 Content-Encoding。"
                return Problem(ProblemCode.UNSUPPORTED_ENCODING, message)
            if not self._seats.take():
                return Problem(ProblemCode.UNAVAILABLE, "等待正文的请求太多，请稍后再试。")
            try:
                body = _read(environ["wsgi.input"], max_length)
            except OSError:
                return Problem(ProblemCode.INCOMPLETE_BODY)
            finally:
                self._seats.give_back()
            if len(body) > max_length:
                return Problem(ProblemCode.PAYLOAD_TOO_LARGE)
            if not chunked and len(body) < int(length):
                return Problem(ProblemCode.INCOMPLETE_BODY)
        environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body))
        return None


def is_gzip(content_encoding: str) -> bool:
    """Whether a Content-Encoding is gzip; ``x-gzip`` is the same (RFC 9110, 8.4.1.3)."""
    return content_encoding.strip().lower() in ("gzip", "x-gzip")


def is_plain(content_encoding: str) -> bool:
    """Whether a Content-Encoding leaves a body as it is."""
    return content_encoding.strip().lower() in ("", "identity")


class Seats:
    """A limited number of seats for threads that wait for a body. A thread waits up to ``MAX_WAIT`` for a free seat."""

    def __init__(self, count: int):
        self._count, self._changed = count, threading.Condition()
        # The time at which each seat was taken, by thread.
        self._taken: dict[int, float] = {}

    def take(self) -> bool:
        """Take a seat; return False if none gets free. Does not wait if all have been held for ``MAX_WAIT`` already."""
        with self._changed:
            if self._is_full() and time.monotonic() - max(self._taken.values()) > MAX_WAIT:
                return False
            if not self._changed.wait_for(lambda: not self._is_full(), MAX_WAIT):
                return False
            self._taken[threading.get_ident()] = time.monotonic()
            return True

    def give_back(self) -> None:
        with self._changed:
            del self._taken[threading.get_ident()]
            self._changed.notify()

    def _is_full(self) -> bool:
        return len(self._taken) >= self._count


def _read(stream: BinaryIO, max_length: int) -> bytes:
    """Return the content of a stream, up to one byte more than ``max_length``."""
    length, pieces = 0, []
    while length <= max_length and (piece := stream.read(min(CHUNK, max_length + 1 - length))):
        pieces.append(piece)
        length += len(piece)
    return b"".join(pieces)


def _too_long(name: str) -> Problem:
    if name in ("PATH_INFO", "QUERY_STRING"):
        message = f"地址太长，路径和参数各最多 {MAX_ADDRESS_LENGTH} 个字符。"
        return Problem(ProblemCode.ADDRESS_TOO_LONG, message)
    header = name.removeprefix("HTTP_").replace("_", "-").title()
    max_length = MAX_LENGTHS.get(name, MAX_HEADER_LENGTH)
    return Problem(ProblemCode.HEADER_TOO_LARGE, f"请求头 {header[:50]} 太长，最多 {max_length} 个字符。")


def _refuse(problem: Problem, environ: dict, start_response: Callable) -> list[bytes]:
    """Send a problem. The rest of the request is not read, so the connection cannot be reused."""
    # Django sees only what decides about language and links, and none of it if it is too long.
    needed = {
        name: value
        for name, value in environ.items()
        if name in NEEDED and len(value) <= MAX_LENGTHS.get(name, MAX_HEADER_LENGTH)
    }
    response = problems.respond(WSGIRequest(needed | {"REQUEST_METHOD": "GET", "wsgi.input": io.BytesIO()}), problem)
    headers = dict(response.items()) | {
        **cors.RESPONSE,
        "Cache-Control": "no-store",
        "Connection": "close",
        "Content-Length": str(len(response.content)),
        request_id.HEADER: request_id.request_id(environ.get("HTTP_X_REQUEST_ID", "")[:100]),
    }
    start_response(f"{response.status_code} {response.reason_phrase}", list(headers.items()))
    return [response.content]
