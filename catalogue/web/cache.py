"""The response cache in front of Django (WSGI): public responses, stored as bytes until the public data changes.

It stores what a shared cache may store (RFC 9111): a 200 to GET with a strong ETag and ``Cache-Control: public``.
Django sees only those request headers that are part of the cache key, so no other header, above all no cookie, can
influence a stored response. The whole cache is dropped when the revision of the data changes, and at midnight, when
another edition may come into force.
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
from django.utils.http import parse_etags, parse_http_date_safe

from catalogue.web import revision
from catalogue.web.middleware import request_id as request_id_module
from catalogue.web.middleware.limits import MAX_HEADER_LENGTH, RequestLimits
from catalogue.web.middleware.request_id import HEADER

# Seconds between two reads of the revision; the largest share of the memory for one response; the bytes that an entry
# takes beside its body and key.
POLL_SECONDS, MAX_SHARE, OVERHEAD = 0.5, 1 / 8, 4096
UNCACHED = ("/admin/", "/static/")  # the desk, and whitenoise's files
# Environ names: headers that are read but not part of the key, and our own item that passes a miss to the cache.
IF_NONE_MATCH, IF_MODIFIED_SINCE = "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE"
REQUEST_ID, MISS = "HTTP_X_REQUEST_ID", "catalogue.cache"
KEY = ("PATH_INFO", "QUERY_STRING", "HTTP_HOST", "HTTP_ACCEPT", "HTTP_ACCEPT_LANGUAGE", "HTTP_ACCEPT_ENCODING")
# Headers that describe a body, which a 304 does not have (RFC 9110, 15.4.5), and the other headers that are stored.
BODY_HEADERS = {f"content-{name}" for name in ("disposition", "encoding", "language", "length", "type")}
STORED_HEADERS = BODY_HEADERS | {
    "access-control-allow-origin", "access-control-expose-headers", "allow", "cache-control", "content-security-policy",
    "cross-origin-opener-policy", "etag", "last-modified", "link", "referrer-policy", "strict-transport-security",
    "vary", "x-content-type-options", "x-frame-options",
}  # fmt: skip


class Entry(NamedTuple):
    """A stored response: its ETag, the headers of its 200 and of its 304, its body, its size in bytes, and when it was
    last modified, in seconds, if it says so."""

    etag: str
    headers: list[tuple[str, str]]
    not_modified: list[tuple[str, str]]
    body: list[bytes]
    size: int
    modified: int | None

    def is_known_to(self, environ: dict) -> bool:
        """Whether the client has this response: it names the ETag or, naming none, the date (RFC 9110, 13.1)."""
        if if_none_match := environ.get(IF_NONE_MATCH):
            # If-None-Match uses weak comparison, and * matches any ETag (RFC 9110, 13.1.2).
            return if_none_match == self.etag or bool(
                {"*", self.etag} & {tag.removeprefix("W/") for tag in parse_etags(if_none_match)}
            )
        if self.modified is None or not (since := environ.get(IF_MODIFIED_SINCE)):
            return False
        return (parse_http_date_safe(since) or 0) >= self.modified


class Store(OrderedDict[tuple, Entry]):
    """The entries of one day and revision, least recently used first, and their total size in bytes."""

    def __init__(self, day: datetime.date, current: revision.Revision | None):
        super().__init__()
        self.day, self.revision, self.size = day, current, 0


class ResponseCache:
    """WSGI middleware that answers from at most ``max_bytes`` of stored responses (0: no cache).

    ``readers`` is passed to ``RequestLimits``; ``poll_seconds`` lie between two reads of the revision.
    """

    def __init__(self, application: Callable, *, max_bytes: int, readers: int = 1, poll_seconds: float = POLL_SECONDS):
        self._application, self._max_bytes, self._poll_seconds = application, max_bytes, poll_seconds
        # Behind the cache: an answer from the cache parses no header and reads no body.
        self._limited = RequestLimits(self._forward, readers=readers)
        self.store, self._fresh_from, self._fresh_until = Store(datetime.date.min, None), 0.0, 0.0
        self._store_lock, self._poll_lock = threading.Lock(), threading.Lock()
        # Behind our own proxy, its header names the scheme.
        self._key = (*KEY, "HTTP_IF_MATCH", (settings.SECURE_PROXY_SSL_HEADER or ["wsgi.url_scheme"])[0])

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        if not self._max_bytes or method not in ("GET", "HEAD") or environ["PATH_INFO"].startswith(UNCACHED):
            return self._limited(environ, start_response)
        if not self._fresh_from <= time.time() < self._fresh_until:
            self._refresh()
        store, key = self.store, tuple(map(environ.get, self._key))
        entry = store.get(key)
        if entry is None or len(environ.get("HTTP_COOKIE", "") + environ.get(IF_NONE_MATCH, "")) > MAX_HEADER_LENGTH:
            environ[MISS] = store, key
            return self._limited(environ, start_response)
        with self._store_lock, suppress(KeyError):
            store.move_to_end(key)
        return _send(entry, environ, start_response)

    def _forward(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        """Call the application and store its response if it is public. HEAD and requests without a key are passed on.

        The application sees only the headers in the key, so the response is the same for every client that sends them.
        """
        store, key = environ.pop(MISS, (None, None))
        if key is None or environ["REQUEST_METHOD"] == "HEAD":
            return self._application(environ, start_response)
        hidden = {name for name in environ if name.startswith(("HTTP_", "CONTENT_"))} - {*self._key, REQUEST_ID}
        request, started = {name: environ[name] for name in environ.keys() - hidden}, []
        response = self._application(request, lambda *line: started.extend(line))
        response_headers = {name.lower(): value for name, value in started[1]}
        if started[0] != "200 OK" or not response_headers.get("etag", "").startswith('"'):
            start_response(*started)
            return response
        with closing(response):
            body = b"".join(response)
        headers = [(name, value) for name, value in started[1] if name.lower() in STORED_HEADERS - {"content-length"}]
        headers.append(("Content-Length", str(len(body))))
        size = OVERHEAD + len(body) + sum(map(len, filter(None, key)))
        modified = parse_http_date_safe(response_headers.get("last-modified", ""))
        entry = Entry(response_headers["etag"], headers, not_modified(headers), [body], size, modified)
        if "public" in response_headers.get("cache-control", "") and "set-cookie" not in response_headers:
            with self._store_lock:
                if key not in store and size <= self._max_bytes * MAX_SHARE:
                    store[key] = entry
                    store.size += size
                while store.size > self._max_bytes:
                    store.size -= store.popitem(last=False)[1].size
        return _send(entry, environ, start_response, number=response_headers.get(HEADER.lower()))

    def _refresh(self) -> None:
        """Drop the cache on a new day and when the revision has changed. One thread at a time reads the revision.

        While the database is unavailable, no change is known, and the cache keeps answering.
        """
        now, today = time.time(), timezone.localdate()
        if self.store.day != today:
            self.store = Store(today, self.store.revision)
        if not self._poll_lock.acquire(blocking=False):
            return
        try:
            # As Django does before each request. Only tests run inside a transaction.
            if not connection.in_atomic_block:
                connection.close_if_unusable_or_obsolete()
            current = revision.current()
            if current != self.store.revision:
                self.store = Store(today, current)
        except (DatabaseError, InterfaceError):
            connection.close()
        finally:
            self._poll_lock.release()
        midnight = timezone.make_aware(datetime.datetime.combine(today, datetime.time.max)).timestamp()
        self._fresh_from, self._fresh_until = now - self._poll_seconds, min(now + self._poll_seconds, midnight)


def not_modified(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the headers of a 304, given those of the 200."""
    return [(name, value) for name, value in headers if name.lower() not in BODY_HEADERS]


def _send(entry: Entry, environ: dict, start_response: Callable, *, number: str | None = None) -> list[bytes]:
    request_id = (HEADER, number or request_id_module.request_id(environ.get(REQUEST_ID, "")))
    if entry.is_known_to(environ):
        start_response("304 Not Modified", [*entry.not_modified, request_id])
        return []
    start_response("200 OK", [*entry.headers, request_id])
    return entry.body if environ["REQUEST_METHOD"] == "GET" else []
