"""The answers that the editions have already given, in front of Django (WSGI): ready bytes with ready headers.

What a view marked as lasting (``catalogue.lasting``) is kept under the one form of its question (``catalogue.asked``),
and answered again without Django, without SQL and without rendering. Everything else is passed on. All that is kept
goes when anything changes that readers are told of: the database notes that (``models.Touch``), and it is looked at
twice a second. Which edition is in force the clock of each request decides.
"""

import datetime
import io
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from catalogue import asked, coding, conditions, judging, lasting, negotiating, tracing, watching
from catalogue.remembering import Answer, Form, Headers, Memory

# Where answers may last. Elsewhere nothing is touched: the desk's parameters mean what the desk says.
MAY_LAST = ("/api/", "/services/", "/llms.txt")
# Seconds for which what was seen of the database is believed.
BELIEVED = 0.5
READ = ("GET", "HEAD")
# With one of these a request asks more than we compare here.
CONDITIONS = ("HTTP_IF_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE")
# The codings nearly everybody asks for; the others are made when somebody does.
AT_ONCE = (coding.IDENTITY, "gzip", "br")
NO_BODY = (None, "", "0")

StartResponse = Callable[..., object]


class Moment:
    """What is kept while nothing changes, and between which times, in seconds of the epoch, that need not be asked."""

    def __init__(self, seen: watching.Seen, in_force: watching.Published | None, memory: Memory):
        self.seen, self.in_force, self.memory = seen, in_force, memory
        self.since = self.until = 0.0


class Answers:
    """A WSGI application that remembers lasting answers of Django's, in at most ``limit`` bytes of memory.

    With a limit of 0 it remembers nothing. What was seen of the database is believed for ``believed`` seconds.
    """

    def __init__(self, application: Callable, *, limit: int, believed: float = BELIEVED):
        self._application, self._limit, self._believed = application, limit, believed
        self._moment: Moment | None = None
        self._turning, self._asking = threading.Lock(), threading.Lock()
        self._counts = dict.fromkeys(("remembered", "made", "judged", "passed on"), 0)
        self._short_way = judging.ShortWay(application)
        # Behind a proxy of ours the scheme is what it says.
        proxied = settings.SECURE_PROXY_SSL_HEADER
        self._scheme = proxied[0] if proxied else "wsgi.url_scheme"

    def __call__(self, environ: dict, start_response: StartResponse) -> Iterable[bytes]:
        reads = environ["REQUEST_METHOD"] in READ
        if reads:
            ours = self._limit and environ["PATH_INFO"].startswith(MAY_LAST)
        else:
            ours = environ["REQUEST_METHOD"] == "POST" and environ["PATH_INFO"] == judging.PATH
        if not ours:
            return self._pass_on(environ, start_response)
        moment = self._moment
        if moment is None or not moment.since <= time.time() < moment.until:
            moment = self._look()
        if moment is None:
            return self._pass_on(environ, start_response)
        said = (
            environ["PATH_INFO"],
            environ["QUERY_STRING"],
            environ.get("HTTP_HOST"),
            environ.get(self._scheme),
            environ.get("HTTP_ACCEPT"),
            environ.get("HTTP_ACCEPT_LANGUAGE"),
            environ.get("HTTP_ACCEPT_ENCODING"),
        )
        if not reads:
            self._counts["judged"] += 1
            return self._short_way.answer(environ, start_response, moment.in_force, said)
        if not _is_plain(environ):
            return self._pass_on(environ, start_response)
        memory = moment.memory
        found = memory.shortcuts.get(said)
        if found is None:
            return self._otherwise(memory, said, environ, start_response)
        answer, form = found
        memory.use(answer)
        self._counts["remembered"] += 1
        return _send(form, environ, start_response)

    def ready(self, root: str, addresses: Iterable[str]) -> None:
        """Answer what is at addresses, in the codings of ``AT_ONCE``, before anybody asks; ``root`` is scheme and host.

        An address that cannot be answered is left to whoever asks for it.
        """
        scheme, _, host = root.partition("://")
        for address in addresses:
            path, _, query = address.partition("?")
            for name in AT_ONCE if self._limit else AT_ONCE[:1]:
                environ = {
                    "REQUEST_METHOD": "GET",
                    "PATH_INFO": path,
                    "QUERY_STRING": query,
                    "SERVER_NAME": host.partition(":")[0],
                    "SERVER_PORT": "443" if scheme == "https" else "80",
                    "HTTP_HOST": host,
                    "HTTP_ACCEPT_ENCODING": name,
                    "wsgi.url_scheme": scheme,
                    "wsgi.input": io.BytesIO(),
                    "wsgi.errors": sys.stderr,
                    self._scheme: scheme,
                }
                response = self(environ, lambda *_: None)
                if hasattr(response, "close"):
                    response.close()
        if self._moment:
            # Of nobody's way to ask.
            self._moment.memory.forget_shortcuts()

    def __len__(self) -> int:
        """How many answers are kept."""
        return len(self._moment.memory) if self._moment else 0

    @property
    def size(self) -> int:
        """How many bytes they take, roughly."""
        return self._moment.memory.size if self._moment else 0

    def counted(self) -> Mapping[str, int]:
        """How many requests this process has answered: from memory, made anew to keep, judged, and passed on; about."""
        return dict(self._counts)

    def _otherwise(self, memory: Memory, said: tuple, environ: dict, start_response: StartResponse) -> Iterable[bytes]:
        """Answer what nobody has put in just this way: from memory if it was asked, else by asking Django."""
        question = (said[2].lower(), said[3], said[0], asked.normalised(said[1])) if said[2] else None
        way = memory.way(question)
        key = way and _key(way, question, environ)
        answer = key and memory.get(key)
        if answer:
            memory.use(answer)
            self._counts["remembered"] += 1
        elif question is None or environ["REQUEST_METHOD"] == "HEAD":
            return self._pass_on(environ, start_response)
        else:
            environ["QUERY_STRING"] = question[-1]
            answer = self._asked(memory, question, environ, start_response)
            if not isinstance(answer, Answer):
                return answer
        name = coding.chosen(said[6] or "")
        return _send(memory.shorten(said, answer, name), environ, start_response)

    def _asked(
        self, memory: Memory, question: tuple, environ: dict, start_response: StartResponse
    ) -> Answer | Iterable[bytes]:
        """Return what Django answers, kept; or its response, begun, if that is not a lasting answer."""
        started: list = []

        def begin(*line: object) -> None:
            started[:] = line

        lasting.stand_in_front(environ)
        response = self._application(environ, begin)
        status, headers, *_ = started
        way = lasting.marked(environ)
        if way is None or status != "200 OK" or "ETag" not in dict(headers):
            self._counts["passed on"] += 1
            start_response(*started)
            return response
        try:
            body = b"".join(response)
        finally:
            response.close()
        self._counts["made"] += 1
        answer = Answer(_kept(headers, body), body)
        key = _key(way, question, environ)
        return memory.keep(key, answer, question=question, way=way) if key else answer

    def _pass_on(self, environ: dict, start_response: StartResponse) -> Iterable[bytes]:
        self._counts["passed on"] += 1
        return self._application(environ, start_response)

    def _look(self) -> Moment | None:
        """Return the moment it is: by the clock alone, and by the database, which is asked by one of us at a time.

        A database that cannot be reached has changed nothing that we know of: what is kept is answered on.
        """
        with self._turning:
            now, today = time.time(), timezone.localdate()
            moment = self._moment
            if moment and moment.since <= now < moment.until:
                return moment
            if moment and moment.seen.in_force(today) != moment.in_force:
                moment = self._turned(moment.seen, today)
            if moment:
                self._believe(moment, now, today)
        if not self._asking.acquire(blocking=False):
            # Only one of us waits for a database that does not answer.
            return moment
        try:
            # As Django does before each request; inside a transaction, only a test is.
            if not connection.in_atomic_block:
                connection.close_if_unusable_or_obsolete()
            seen = watching.look()
        except (DatabaseError, InterfaceError):
            connection.close()
            return moment
        finally:
            self._asking.release()
        with self._turning:
            if self._moment is None or self._moment.seen != seen:
                moment = self._turned(seen, today)
                self._believe(moment, now, today)
            return self._moment

    def _believe(self, moment: Moment, now: float, today: datetime.date) -> None:
        moment.since, moment.until = now - self._believed, min(now + self._believed, watching.midnight(today))

    def _turned(self, seen: watching.Seen, today: datetime.date) -> Moment:
        self._moment = Moment(seen, seen.in_force(today), Memory(self._limit))
        return self._moment


def _is_plain(environ: Mapping) -> bool:
    """Whether a request says nothing that only Django understands."""
    return (
        environ.get("CONTENT_LENGTH") in NO_BODY
        and not environ.get("SCRIPT_NAME")
        and not any(name in environ for name in CONDITIONS)
    )


def _key(way: lasting.Lasting, question: tuple, environ: Mapping) -> tuple | None:
    """Return what an answer is kept under: all that decides on it. None where no form of it is acceptable."""
    *_, path, query = question
    media_type = negotiating.best(environ.get("HTTP_ACCEPT"), way.offered) if way.offered else ""
    spoken = way.spoken and "&lang=" not in f"&{query}"
    language = negotiating.language(environ.get("HTTP_ACCEPT_LANGUAGE")) if spoken else ""
    return None if media_type is None else (way.root, path, query, media_type, language)


def _kept(headers: Headers, body: bytes) -> Headers:
    return [*lasting.headers_of_each(headers), ("Content-Length", str(len(body)))]


def _send(form: Form, environ: Mapping, start_response: StartResponse) -> list[bytes]:
    number = (tracing.HEADER, tracing.number(environ.get("HTTP_X_REQUEST_ID", "")))
    known = environ.get("HTTP_IF_NONE_MATCH")
    if known is not None and (known == form.etag or conditions.has(known, form.etag)):
        start_response("304 Not Modified", [*form.of_not_modified, number])
        return []
    start_response("200 OK", [*form.headers, number])
    return form.body if environ["REQUEST_METHOD"] == "GET" else []
