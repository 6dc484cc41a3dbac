"""Request limits: long headers are refused before parsing, and few threads read bodies."""

import io
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from catalogue.web.middleware import limits
from catalogue.web.middleware.limits import RequestLimits
from config.wsgi import application
from tests.support.live_server import shared_connection
from tests.support.wsgi import CountingApplication, send_request, wsgi_environ

LIST = "/api/v1/services/"
ENTITLEMENTS = "/api/v1/entitlements/"
BODY = json.dumps({"circumstances": {"age": 70}}).encode()
# Headers, and their limits in characters.
BOUNDS = {
    "accept": 1000,
    "accept_language": 1000,
    "accept_encoding": 1000,
    "cookie": 8192,
    "if_none_match": 8192,
    "if_match": 8192,
    "if_modified_since": 8192,
    "host": 8192,
    "origin": 8192,
    "referer": 8192,
    "user_agent": 8192,
    "x_forwarded_for": 8192,
    "x_forwarded_proto": 8192,
    "x_request_id": 8192,
    "authorization": 8192,
    "range": 8192,
    "anything_at_all": 8192,
}


class Echo:
    """An application that echoes the body and counts its requests."""

    def __init__(self):
        self.request_count = 0

    def __call__(self, environ, start_response):
        self.request_count += 1
        start_response("200 OK", [("Content-Length", environ.get("CONTENT_LENGTH", ""))])
        return [environ["wsgi.input"].read()]


class Stream:
    """A body in pieces. Unless ``ended``, reading past the last piece blocks until ``end()``."""

    def __init__(self, *pieces: bytes, ended: bool = True):
        self._pieces, self.waited_for, self._more = list(pieces), threading.Event(), threading.Event()
        if ended:
            self._more.set()

    def read(self, size: int) -> bytes:
        if self._pieces:
            assert len(self._pieces[0]) <= size
            return self._pieces.pop(0)
        self.waited_for.set()
        assert self._more.wait(30)
        return b""

    def end(self) -> None:
        self._more.set()


def post(application, stream, *, address: str = ENTITLEMENTS, length: str | None = None, method: str = "POST"):
    """Post a stream as a body, chunked without ``length``; return status, headers and body."""
    environ = wsgi_environ(address, method=method) | {"wsgi.input": stream, "CONTENT_TYPE": "application/json"}
    environ |= {"HTTP_TRANSFER_ENCODING": "chunked"} if length is None else {"CONTENT_LENGTH": length}
    started = []
    body = b"".join(application(environ, lambda *line: started.append(line)))
    return int(started[0][0].split()[0]), dict(started[0][1]), body


def assert_refused(response, status: int) -> None:
    code, headers, body = response
    assert (code, headers["Content-Type"], headers["Connection"]) == (status, "application/problem+json", "close")
    assert headers["Cache-Control"] == "no-store"
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert json.loads(body)["status"] == status


# Headers.


@pytest.mark.parametrize("unit", ["a,", '"\\"', ";q=", ", ", "*/*,", "=", "%ff", '"x",'])
@pytest.mark.parametrize("name", [*BOUNDS, "content_type"])
@pytest.mark.parametrize("address", [LIST, "/admin/login/", "/id/services/NM-05-01", "/feeds/changes.atom"])
def test_a_header_of_400_kb_is_refused_before_it_is_parsed(name, unit, address):
    echo = Echo()
    value = (unit * 400_000)[:400_000]
    headers = {name: value} | ({"body": b""} if name == "content_type" else {})

    response = send_request(RequestLimits(echo, readers=1), address, **headers)

    assert (response.status, echo.request_count) == (431, 0)
    assert response.headers["content-type"] == "application/problem+json"
    assert value[:100] not in response.body.decode()


@pytest.mark.parametrize(("name", "bound"), BOUNDS.items())
def test_a_header_is_accepted_up_to_its_limit(name, bound):
    echo = Echo()
    limited = RequestLimits(echo, readers=1)

    assert send_request(limited, LIST, **{name: "a" * bound}).status == 200
    assert send_request(limited, LIST, **{name: "a" * (bound + 1)}).status == 431
    assert echo.request_count == 1


@pytest.mark.parametrize(("length", "status"), [(16_384, 200), (16_385, 414)])
def test_a_url_is_accepted_up_to_its_limit(length, status):
    limited = RequestLimits(Echo(), readers=1)

    assert send_request(limited, f"{LIST}?{'a' * length}").status == status
    assert send_request(limited, f"/{'a' * (length - 1)}").status == status


def test_the_refusal_names_the_header_and_its_limit():
    problem = json.loads(send_request(RequestLimits(Echo(), readers=1), LIST, accept_language="x" * 1001).body)

    assert problem["detail"] == "请求头 Accept-Language 太长，最多 1000 个字符。"


@pytest.mark.parametrize("address", ["/admin/login/", LIST, "/id/services/NM-05-01", "/feeds/changes.atom"])
@pytest.mark.parametrize(
    "said", [{"accept": "a," * 200_000}, {"cookie": '"\\"' * 100_000}, {"if_none_match": '"x",' * 100_000}], ids=list
)
def test_the_served_application_has_these_limits(db, address, said):
    """Also if the response to the same request without the long header is cached."""
    with shared_connection():
        assert send_request(application, address).status < 400
        assert send_request(application, address, **said).status == 431


# Bodies.


@pytest.mark.parametrize("pieces", [[], [b"a"], [b"a" * 1000, b"b"], [b"x" * 65_536] * 16])
@pytest.mark.parametrize("address", [ENTITLEMENTS, "/admin/login/"])
@pytest.mark.parametrize("chunked", [True, False])
def test_a_body_arrives_whole_with_and_without_chunks(pieces, address, chunked):
    expected = b"".join(pieces)
    length = None if chunked else str(len(expected))

    status, headers, body = post(RequestLimits(Echo(), readers=1), Stream(*pieces), address=address, length=length)

    assert (status, headers["Content-Length"], body) == (200, str(len(expected)), expected)


@pytest.mark.parametrize(
    ("address", "most"), [(ENTITLEMENTS, 1024 * 1024), ("/services/", 1024 * 1024), ("/admin/x/", 16 * 1024 * 1024)]
)
@pytest.mark.parametrize("chunked", [True, False])
def test_a_body_is_accepted_up_to_its_limit(address, most, chunked):
    echo = Echo()
    limited = RequestLimits(echo, readers=1)

    def post_bytes(length: int):
        stream = io.BytesIO(b"x" * length)
        return post(limited, stream, address=address, length=None if chunked else str(length))

    assert post_bytes(most)[0] == 200
    assert_refused(post_bytes(most + 1), 413)
    assert echo.request_count == 1


@pytest.mark.parametrize("length", ["abc", "-1", "1e3", "١", "9" * 18, "9" * 5000], ids=len)
def test_an_invalid_or_excessive_content_length_is_refused_unread(length):
    status, *_ = post(RequestLimits(Echo(), readers=1), None, length=length)

    assert status in {400, 413}


def test_a_truncated_body_is_refused():
    assert_refused(post(RequestLimits(Echo(), readers=1), Stream(b'{"message": "half'), length="200"), 400)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("length", [None, "200", "999999999"])
def test_a_body_of_a_bodiless_method_is_not_read(method, length):
    status, headers, body = post(RequestLimits(Echo(), readers=0), None, length=length, method=method)

    assert (status, headers["Content-Length"], body) == (200, "0", b"")


@pytest.mark.parametrize(
    ("address", "said", "status"),
    [
        (ENTITLEMENTS, BODY, 200),
        ("/api/v1/feedback/", b'{"service": "NM-05-01", "message": "chunked"}', 201),
        ("/admin/login/", b"username=a", 403),
    ],
)
def test_a_chunked_body_reaches_its_view(db, address, said, status):
    """The form of the desk is refused because it lacks its CSRF token, not because it is empty."""
    with shared_connection():
        assert post(RequestLimits(CountingApplication(), readers=1), io.BytesIO(said), address=address)[0] == status


# Threads.


@contextmanager
def held(limited: RequestLimits, count: int) -> Iterator[list[Stream]]:
    """Keep ``count`` unfinished bodies open; they are finished at the end."""
    streams = [Stream(b"begun", ended=False) for _ in range(count)]
    with ThreadPoolExecutor(count) as pool:
        posts = [pool.submit(post, limited, stream) for stream in streams]
        try:
            for stream in streams:
                assert stream.waited_for.wait(30)
            yield streams
        finally:
            for stream in streams:
                stream.end()
            assert [pending.result(30)[0] for pending in posts] == [200] * count


def test_while_all_seats_are_taken_bodies_are_refused_and_reads_are_not():
    limited = RequestLimits(Echo(), readers=2)

    with held(limited, 2):
        for _ in range(3):
            response = post(limited, Stream(b"late"))
            assert_refused(response, 503)
            assert response[1]["Retry-After"] == "5"
            assert send_request(limited, LIST).status == 200
            # A request without a body needs no seat.
            assert post(limited, None, length="0")[0] == 200
    assert post(limited, Stream(b"after"))[0] == 200


def test_a_request_waits_for_a_seat_that_was_taken_a_moment_ago(monkeypatch):
    monkeypatch.setattr(limits, "MAX_WAIT", 30)
    limited = RequestLimits(Echo(), readers=1)

    with ThreadPoolExecutor(1) as pool, held(limited, 1) as (stream,):
        waiting = pool.submit(post, limited, Stream(b"waits"))
        stream.end()
        assert waiting.result(30)[0] == 200


def test_a_seat_is_released_when_the_body_is_read_not_when_the_response_is_sent():
    answering, go_on = threading.Event(), threading.Event()

    def slow(environ, start_response):
        if environ["wsgi.input"].read() == b"slow":
            answering.set()
            assert go_on.wait(30)
        start_response("200 OK", [])
        return []

    limited = RequestLimits(slow, readers=1)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(post, limited, Stream(b"slow"))
        assert answering.wait(30)
        assert post(limited, Stream(b"other"))[0] == 200
        go_on.set()
        assert first.result(30)[0] == 200


def test_a_seat_is_released_when_reading_fails():
    class Broken:
        def read(self, size: int) -> bytes:
            raise OSError("reset by peer")

    limited = RequestLimits(Echo(), readers=1)
    assert_refused(post(limited, Broken()), 400)

    assert post(limited, Stream(b"after"))[0] == 200
