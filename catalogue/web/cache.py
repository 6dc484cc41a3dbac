"""The response cache in front of Django (WSGI): public answers, kept as ready bytes until the public data changes.

It keeps what a shared cache may (RFC 9111): a 200 to GET with a strong ETag that says ``Cache-Control: public``. The
key holds all of a request that Django is then shown: nothing else, a cookie least of all, can reach the answer.
Everything is dropped when the revision of the data moves and at midnight, when what is in force may turn.
"""

import datetime
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from typing import NamedTuple

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone
from django.utils.http import parse_etags

from catalogue.web import request_id as request_id_module
from catalogue.web import revision
from catalogue.web.limits import MAX_HEADER_LENGTH, RequestLimits
from catalogue.web.request_id import HEADER

# Seconds for which the revision is believed; the part of the memory for one answer, and what it takes beside its bytes.
BELIEVED, MAX_SHARE, OVERHEAD = 0.5, 1 / 8, 4096
UNCACHED = ("/admin/", "/static/")  # the desk, and whitenoise's files
# What is read of a request beside its key, and where a miss is noted in it.
KNOWN, REQUEST_ID, PLACE = "HTTP_IF_NONE_MATCH", "HTTP_X_REQUEST_ID", "catalogue.cache"
KEY = ("PATH_INFO", "QUERY_STRING", "HTTP_HOST", "HTTP_ACCEPT", "HTTP_ACCEPT_LANGUAGE", "HTTP_ACCEPT_ENCODING")
# What describes a body, which a 304 does not have (RFC 9110, 15.4.5), and whatever else every reader is told.
BODY_HEADERS = {f"content-{name}" for name in ("disposition", "encoding", "language", "length", "type")}
HEADERS = BODY_HEADERS | {
    "access-control-allow-origin", "access-control-expose-headers", "allow", "cache-control", "content-security-policy",
    "cross-origin-opener-policy", "etag", "link", "referrer-policy", "strict-transport-security", "vary",
    "x-content-type-options", "x-frame-options",
}  # fmt: skip


class Entry(NamedTuple):
    """An answer ready to be sent, with the headers of the 200 and the 304 it can be, and the bytes it takes."""

    etag: str
    headers: list[tuple[str, str]]
    not_modified: list[tuple[str, str]]
    body: list[bytes]
    size: int


class Store(OrderedDict[tuple, Entry]):
    """The entries of one day and revision, the least recently used first, and the bytes they take."""

    def __init__(self, day: datetime.date, seen: revision.Revision | None):
        super().__init__()
        self.day, self.revision, self.size = day, seen, 0


class ResponseCache:
    """A WSGI application that answers what another one has answered, from at most ``max_bytes`` of memory (0: none)."""

    def __init__(self, application: Callable, *, max_bytes: int, readers: int = 1, believed: float = BELIEVED):
        self._application, self._max_bytes, self._believed = application, max_bytes, believed
        # Behind the cache, since what is answered from memory parses no header and reads no body.
        self._limited = RequestLimits(self._ask, readers=readers)
        self.store, self._since, self._until = Store(datetime.date.min, None), 0.0, 0.0
        self._changing, self._looking = threading.Lock(), threading.Lock()
        # Behind a proxy of ours the scheme is what it says.
        self._key = (*KEY, "HTTP_IF_MATCH", (settings.SECURE_PROXY_SSL_HEADER or ["wsgi.url_scheme"])[0])

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        if not self._max_bytes or method not in ("GET", "HEAD") or environ["PATH_INFO"].startswith(UNCACHED):
            return self._limited(environ, start_response)
        if not self._since <= time.time() < self._until:
            self._look()
        store, key = self.store, tuple(map(environ.get, self._key))
        entry = store.get(key)
        if entry is None or len(environ.get("HTTP_COOKIE", "") + environ.get(KNOWN, "")) > MAX_HEADER_LENGTH:
            environ[PLACE] = store, key
            return self._limited(environ, start_response)
        with self._changing, suppress(KeyError):
            store.move_to_end(key)
        return _send(entry, environ, start_response)

    def _ask(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        """Ask the application; what it answers to what the key holds, and is alike for everybody, is kept."""
        store, key = environ.pop(PLACE, (None, None))
        if key is None or environ["REQUEST_METHOD"] == "HEAD":
            return self._application(environ, start_response)
        hidden = {name for name in environ if name.startswith(("HTTP_", "CONTENT_"))} - {*self._key, REQUEST_ID}
        request, started = {name: environ[name] for name in environ.keys() - hidden}, []
        response = self._application(request, lambda *line: started.extend(line))
        told = {name.lower(): value for name, value in started[1]}
        if started[0] != "200 OK" or not told.get("etag", "").startswith('"'):
            start_response(*started)
            return response
        with closing(response):
            body = b"".join(response)
        headers = [(name, value) for name, value in started[1] if name.lower() in HEADERS - {"content-length"}]
        headers.append(("Content-Length", str(len(body))))
        size = OVERHEAD + len(body) + sum(map(len, filter(None, key)))
        entry = Entry(told["etag"], headers, not_modified(headers), [body], size)
        if "public" in told.get("cache-control", "") and "set-cookie" not in told:
            with self._changing:
                if key not in store and size <= self._max_bytes * MAX_SHARE:
                    store[key] = entry
                    store.size += size
                while store.size > self._max_bytes:
                    store.size -= store.popitem(last=False)[1].size
        return _send(entry, environ, start_response, number=told.get(HEADER.lower()))

    def _look(self) -> None:
        """Drop everything on another day, and after a change of the data, of which one thread at a time asks.

        While the database does not answer, nothing has changed that is known of: what is kept is answered on.
        """
        now, today = time.time(), timezone.localdate()
        if self.store.day != today:
            self.store = Store(today, self.store.revision)
        if not self._looking.acquire(blocking=False):
            return
        try:
            # As Django does before each request; inside a transaction, only a test is.
            if not connection.in_atomic_block:
                connection.close_if_unusable_or_obsolete()
            seen = revision.current()
            if seen != self.store.revision:
                self.store = Store(today, seen)
        except (DatabaseError, InterfaceError):
            connection.close()
        finally:
            self._looking.release()
        midnight = timezone.make_aware(datetime.datetime.combine(today, datetime.time.max)).timestamp()
        self._since, self._until = now - self._believed, min(now + self._believed, midnight)


def not_modified(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the headers of a 304, given those of the 200 in its place."""
    return [(name, value) for name, value in headers if name.lower() not in BODY_HEADERS]


def _send(entry: Entry, environ: dict, start_response: Callable, *, number: str | None = None) -> list[bytes]:
    request_id = (HEADER, number or request_id_module.request_id(environ.get(REQUEST_ID, "")))
    known = environ.get(KNOWN)
    # Weak and strong are alike to this condition, and * names all (RFC 9110, 13.1.2).
    if known and (known == entry.etag or {"*", entry.etag} & {tag.removeprefix("W/") for tag in parse_etags(known)}):
        start_response("304 Not Modified", [*entry.not_modified, request_id])
        return []
    start_response("200 OK", [*entry.headers, request_id])
    return entry.body if environ["REQUEST_METHOD"] == "GET" else []
