"""A real server, with and without nginx in front: 200 unfinished request bodies do not block readers.

nginx runs with ``deploy/nginx.conf``, except for ports, certificate and upstream.
"""

import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from bench.peers import nginx
from catalogue.web.problems import Problem, document
from tests.support.paths import ROOT

pytestmark = pytest.mark.long

NAME = "fw.example.cn"
READER, ATTACKER = "127.0.0.2", "127.0.0.1"
ENTITLEMENTS = "/api/v1/entitlements/"
JSON = {"Content-Type": "application/json"}
HELD = 200
# Timeout in seconds, long enough for every step here.
PATIENCE = 60
UNFINISHED = (
    f"POST {ENTITLEMENTS} HTTP/1.1\r\nHost: {NAME}\r\nContent-Type: application/json\r\n"
    'Content-Length: 200\r\n\r\n{"circ',
    f"POST /admin/login/ HTTP/1.1\r\nHost: {NAME}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    f"Cookie: csrftoken={'a' * 32}\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nuserna\r\n",
)


class Server:
    """A server on a local port, with or without TLS."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None):
        self.port, self.tls = port, tls

    def ask(self, path: str, body: bytes | None = None, headers: dict[str, str] | None = None):
        """Return status, headers and body of a response to a client with the address ``READER``."""
        source = {"timeout": PATIENCE, "source_address": (READER, 0)}
        connection = (
            http.client.HTTPSConnection("127.0.0.1", self.port, context=self.tls, **source)
            if self.tls
            else http.client.HTTPConnection("127.0.0.1", self.port, **source)
        )
        try:
            connection.request("POST" if body is not None else "GET", path, body, {"Host": NAME} | (headers or {}))
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def begin(self, text: str) -> socket.socket:
        """Send an unfinished request from the address ``ATTACKER``; return the open socket."""
        plain = socket.create_connection(("127.0.0.1", self.port), PATIENCE, (ATTACKER, 0))
        connection = self.tls.wrap_socket(plain, server_hostname=NAME) if self.tls else plain
        connection.sendall(text.encode())
        return connection


@contextmanager
def running(command: list[object], port: int, log: Path, **options: object) -> Iterator[None]:
    """Start a program, wait until it listens, and terminate it at the end."""
    with log.open("wb") as output:
        process = subprocess.Popen(list(map(str, command)), stdout=output, stderr=output, **options)  # noqa: S603 - ours
    try:
        started = time.monotonic()
        while True:
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            assert process.poll() is None and time.monotonic() - started < PATIENCE, log.read_text()
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory) -> Iterator[Server]:
    """The catalogue with one worker and four threads, as it runs behind nginx."""
    folder, port = tmp_path_factory.mktemp("catalogue"), free_port()
    variables = {"ALLOWED_HOSTS": NAME, "BEHIND_PROXY": "true", "DEBUG": "false", "HTTPS": "false"}
    variables |= {
        "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
        "SECRET_KEY": "for-these-tests-alone-" + "k" * 40,
    }
    options = {"cwd": ROOT, "env": os.environ | variables}
    subprocess.run([sys.executable, "manage.py", "prepare"], check=True, capture_output=True, **options)  # noqa: S603
    granian = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--log-level", "warning"]
    granian += ["--workers", 1, "--blocking-threads", 4, "--port", port, "config.wsgi:application"]
    with running(granian, port, folder / "log", **options):
        yield Server(port)


@pytest.fixture(scope="module")
def front(catalogue, tmp_path_factory) -> Iterator[Server]:
    """nginx with ``deploy/nginx.conf`` in front of the catalogue."""
    if not (nginx.program() and shutil.which("openssl")):
        pytest.skip("没有 nginx 或 openssl：apt-get install nginx-light openssl")
    folder, plain, secure = tmp_path_factory.mktemp("front"), free_port(), free_port()
    openssl = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"]
    openssl += ["-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]
    subprocess.run(openssl, check=True, capture_output=True)  # noqa: S603 - our own words
    text = (ROOT / "deploy" / "nginx.conf").read_text()
    for original, replacement in {
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ssl": f"listen 127.0.0.1:{secure} ssl",
        "server 127.0.0.1:8000;": f"server 127.0.0.1:{catalogue.port};",
        f"/etc/ssl/certs/{NAME}.pem": f"{folder / 'certificate.pem'}",
        f"/etc/ssl/private/{NAME}.key": f"{folder / 'key.pem'}",
    }.items():
        assert text.count(original) == 1
        text = text.replace(original, replacement)
    temporary = "\n".join(f"{name}_temp_path {folder / name};" for name in nginx.TEMPORARY)
    user = "user root;" if os.geteuid() == 0 else ""
    settings = folder / "nginx.conf"
    settings.write_text(
        f"{user}\ndaemon off;\nworker_processes 1;\npid {folder / 'pid'};\nerror_log stderr;\n"
        f"events {{ worker_connections 1024; }}\nhttp {{\naccess_log off;\n{temporary}\n{text}\n}}\n"
    )
    context = ssl.create_default_context(cafile=str(folder / "certificate.pem"))
    context.check_hostname = False
    with running([nginx.program(), "-p", folder, "-c", settings], secure, folder / "log"):
        yield Server(secure, context)


@contextmanager
def held(server: Server) -> Iterator[list[socket.socket]]:
    """Keep ``HELD`` unfinished requests open, of both kinds in turn."""
    with ExitStack() as stack:
        yield [stack.enter_context(server.begin(UNFINISHED[number % 2])) for number in range(HELD)]


def read_everything(server: Server) -> None:
    for path in ("/healthz", "/api/v1/services/NM-05-01/", "/services/NM-05-01/", "/api/v1/services/?q=养老"):
        for _ in range(10):
            assert server.ask(path.replace("养老", "%E5%85%BB%E8%80%81"))[0] == 200


def test_200_unfinished_bodies_block_no_reader(catalogue):
    read_everything(catalogue)

    with held(catalogue):
        read_everything(catalogue)
        status, headers, body = catalogue.ask(ENTITLEMENTS, b'{"circumstances": {}}', JSON)
        assert (status, headers["content-type"], json.loads(body)["status"]) == (503, "application/problem+json", 503)
        assert (headers["connection"], headers["retry-after"]) == ("close", "5")
    started = time.monotonic()
    while catalogue.ask(ENTITLEMENTS, b'{"circumstances": {}}', JSON)[0] != 200:
        # The server notices closed connections after some time.
        assert time.monotonic() - started < PATIENCE


def test_behind_nginx_unfinished_bodies_block_no_client(front):
    read_everything(front)

    with held(front):
        read_everything(front)
        for _ in range(10):
            assert front.ask(ENTITLEMENTS, b'{"circumstances": {}}', JSON)[0] == 200


def test_nginx_replaces_forged_address_and_scheme_headers(front):
    """Forged headers, in either spelling, do not change the address that is throttled."""
    responses = []
    for number in range(12):
        forged = {"X-Forwarded-For": f"10.0.0.{number}", "X_Forwarded_For": f"10.0.1.{number}", **JSON}
        forged |= {"X-Forwarded-Proto": "http", "X_Forwarded_Proto": "http"}
        body = json.dumps({"service": "NM-05-01", "message": f"第 {number} 件"}).encode()
        responses.append(front.ask("/api/v1/feedback/", body, forged))

    assert [status for status, *_ in responses] == [201] * 10 + [429] * 2
    assert json.loads(responses[0][2])["url"].startswith(f"https://{NAME}/")


@pytest.mark.parametrize(
    ("path", "body", "headers", "status"),
    [
        (ENTITLEMENTS, b" " * (1024 * 1024 + 1), JSON, 413),
        ("/api/v1/services/", None, {"Cookie": "a" * 9000}, 431),
        ("/api/v1/services/", None, {"Accept": "a," * 600}, 431),
        ("/api/v1/nothing/", None, {}, 404),
    ],
)
def test_a_refusal_behind_nginx_is_a_problem(front, path, body, headers, status):
    actual_status, response_headers, text = front.ask(path, body, headers)

    assert (actual_status, response_headers["content-type"]) == (status, "application/problem+json")
    assert json.loads(text)["status"] == status


def test_nginx_tells_its_problems_in_the_words_of_the_catalogue():
    """Those of the file, in both languages; its links have no host."""
    told = [
        json.loads(line) for line in re.findall(r"'(\{\"type\".*\})';", (ROOT / "deploy" / "nginx.conf").read_text())
    ]

    assert told == [
        document(Problem(code), language, "")
        for code in ("payload_too_large", "too_many_requests", "header_too_large", "unavailable")
        for language in ("zh-Hans", "en")
    ]


@pytest.mark.parametrize(("asked", "language"), [({}, "zh-Hans"), ({"Accept-Language": "en"}, "en")])
def test_a_refusal_by_nginx_itself_is_in_the_language_of_the_request(front, asked, language):
    status, headers, text = front.ask(ENTITLEMENTS, b" " * (1024 * 1024 + 1), JSON | asked)

    assert (status, headers["content-language"], headers["vary"]) == (413, language, "Accept-Language")
    assert json.loads(text)["code"] == "payload_too_large"
