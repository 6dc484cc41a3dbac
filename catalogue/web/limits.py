"""What a request may cost before anything is done for it (WSGI): how long its parts may be, and who waits for its body.

Parsing a header costs more than it is long: Django reads Content-Type, Cookie and conditions with regular expressions,
and Werkzeug the Accept headers. A body that does not come costs the thread that waits for it, for as long as the client
likes. So a long header is refused before it is parsed, and a body is read whole, by at most half of the threads, before
the cache or Django sees the request.
"""

import io
import re
import threading
import time
from collections.abc import Callable, Iterable
from typing import BinaryIO

from django.http import HttpResponse

from catalogue.web import problems, request_id

# In characters: the three headers that are negotiated, every other one, and the path and query of the address.
MAX_HEADER_LENGTH, MAX_ADDRESS_LENGTH = 8192, 16_384
MAX_LENGTHS = dict.fromkeys(("HTTP_ACCEPT", "HTTP_ACCEPT_LANGUAGE", "HTTP_ACCEPT_ENCODING"), 1000)
MAX_LENGTHS |= dict.fromkeys(("PATH_INFO", "QUERY_STRING"), MAX_ADDRESS_LENGTH)
SHORTEST = min(MAX_LENGTHS.values())
# In bytes. The desk takes attachments and workbooks, whose own limits are lower and say more.
MAX_BODY, MAX_DESK_BODY, DESK = 1024 * 1024, 16 * 1024 * 1024, "/admin/"
CHUNK = 64 * 1024
# Methods whose bodies mean nothing (RFC 9110, 9.3): they are not read.
BODILESS = {"GET", "HEAD", "OPTIONS", "TRACE"}
# Seconds for a place among those that read a body. Bodies of honest clients are there within milliseconds.
MAX_WAIT = 0.1
BROKEN_OFF = "请求正文没有收全，请重新发送。"


class RequestLimits:
    """A WSGI application that refuses what is too long or does not come, and passes on the rest with its whole body.

    ``readers`` is how many threads may wait for bodies at the same time.
    """

    def __init__(self, application: Callable, *, readers: int):
        self._application, self._seats = application, Seats(readers)

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        for name, value in environ.items():
            if (
                value.__class__ is str
                and len(value) > SHORTEST
                and len(value) > MAX_LENGTHS.get(name, MAX_HEADER_LENGTH)
            ):
                return _refuse(_too_long(name), environ, start_response)
        if environ.get("CONTENT_LENGTH") or "HTTP_TRANSFER_ENCODING" in environ:
            refused = self._take_body(environ)
            if refused is not None:
                return _refuse(refused, environ, start_response)
        return self._application(environ, start_response)

    def _take_body(self, environ: dict) -> HttpResponse | None:
        """Read the body, and put it in the place of the stream it came in; return a refusal if that cannot be done."""
        length = environ.get("CONTENT_LENGTH") or None
        chunked = environ.pop("HTTP_TRANSFER_ENCODING", None) is not None
        body = b""
        if environ["REQUEST_METHOD"] not in BODILESS and length != "0":
            most = MAX_DESK_BODY if environ["PATH_INFO"].startswith(DESK) else MAX_BODY
            if not chunked and not re.fullmatch("[0-9]{1,18}", length):
                return problems.respond(400, "Content-Length 应是正文的字节数。")
            if not chunked and int(length) > most:
                return problems.respond(413)
            if not self._seats.take():
                return problems.respond(503, "等待正文的请求太多，请稍后再试。")
            try:
                body = _read(environ["wsgi.input"], most)
            except OSError:
                return problems.respond(400, BROKEN_OFF)
            finally:
                self._seats.give_back()
            if len(body) > most:
                return problems.respond(413)
            if not chunked and len(body) < int(length):
                return problems.respond(400, BROKEN_OFF)
        environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body))
        return None


class Seats:
    """So many places for threads that wait for a body. Who finds all taken waits a moment for one."""

    def __init__(self, count: int):
        self._count, self._changed = count, threading.Condition()
        # When each of those taken was taken.
        self._taken: dict[int, float] = {}

    def take(self) -> bool:
        """Take a place, and return whether there was one; without waiting, if all have been held for ``MAX_WAIT``."""
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


def _read(stream: BinaryIO, most: int) -> bytes:
    """Return what a stream holds, or a little more than ``most`` bytes of it."""
    read, pieces = 0, []
    while read <= most and (piece := stream.read(min(CHUNK, most + 1 - read))):
        pieces.append(piece)
        read += len(piece)
    return b"".join(pieces)


def _too_long(name: str) -> HttpResponse:
    if name in ("PATH_INFO", "QUERY_STRING"):
        return problems.respond(414, f"地址太长，路径和参数各最多 {MAX_ADDRESS_LENGTH} 个字符。")
    header = name.removeprefix("HTTP_").replace("_", "-").title()
    most = MAX_LENGTHS.get(name, MAX_HEADER_LENGTH)
    return problems.respond(431, f"请求头 {header[:50]} 太长，最多 {most} 个字符。")


def _refuse(response: HttpResponse, environ: dict, start_response: Callable) -> list[bytes]:
    """Send a refusal. What is left of the request is not read, so the connection cannot be used again."""
    told = dict(response.items()) | {
        "Access-Control-Allow-Origin": "*",
        "Cache-Control": "no-store",
        "Connection": "close",
        "Content-Length": str(len(response.content)),
        request_id.HEADER: request_id.request_id(environ.get("HTTP_X_REQUEST_ID", "")[:100]),
    }
    start_response(f"{response.status_code} {response.reason_phrase}", list(told.items()))
    return [response.content]
