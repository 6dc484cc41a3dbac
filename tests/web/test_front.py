"""A server under real clients: 200 bodies that do not come hold no reader up, with and without nginx in front.

The front is nginx with ``deploy/nginx.conf`` as it stands, but for its ports, its certificate and its upstream.
"""

import http.client
import json
import os
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
from tests.support.paths import ROOT

pytestmark = pytest.mark.long

NAME = "fw.example.cn"
READER, ATTACKER = "127.0.0.2", "127.0.0.1"
ENTITLEMENTS = "/api/v1/entitlements/"
JSON = {"Content-Type": "application/json"}
HELD = 200
# Seconds: nothing here takes as long, unless it stands still.
PATIENCE = 60
UNFINISHED = (
    f"POST {ENTITLEMENTS} HTTP/1.1\r\nHost: {NAME}\r\nContent-Type: application/json\r\n"
    'Content-Length: 200\r\n\r\n{"circ',
    f"POST /admin/login/ HTTP/1.1\r\nHost: {NAME}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    f"Cookie: csrftoken={'a' * 32}\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nuserna\r\n",
)


class Server:
    """Where a server listens, and how it is spoken to."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None):
        self.port, self.tls = port, tls

    def ask(self, path: str, body: bytes | None = None, headers: dict[str, str] | None = None):
        """Return status, headers and body of an answer, as a reader of another address gets it."""
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
        """Send the beginning of a request, and leave it at that."""
        plain = socket.create_connection(("127.0.0.1", self.port), PATIENCE, (ATTACKER, 0))
        begun = self.tls.wrap_socket(plain, server_hostname=NAME) if self.tls else plain
        begun.sendall(text.encode())
        return begun


@contextmanager
def running(command: list[object], port: int, log: Path, **options: object) -> Iterator[None]:
    """Run a program until it listens, and end it."""
    with log.open("wb") as output:
        process = subprocess.Popen(list(map(str, command)), stdout=output, stderr=output, **options)  # noqa: S603 - ours
    try:
        begun = time.monotonic()
        while True:
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            assert process.poll() is None and time.monotonic() - begun < PATIENCE, log.read_text()
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory) -> Iterator[Server]:
    """The catalogue as it runs behind its front: one worker with four threads."""
    folder, port = tmp_path_factory.mktemp("catalogue"), free_port()
    said = {"ALLOWED_HOSTS": NAME, "BEHIND_PROXY": "true", "DEBUG": "false", "HTTPS": "false"}
    said |= {"DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}", "SECRET_KEY": "for-these-tests-alone-" + "k" * 40}
    options = {"cwd": ROOT, "env": os.environ | said}
    subprocess.run([sys.executable, "manage.py", "prepare"], check=True, capture_output=True, **options)  # noqa: S603
    granian = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--log-level", "warning"]
    granian += ["--workers", 1, "--blocking-threads", 4, "--port", port, "config.wsgi:application"]
    with running(granian, port, folder / "log", **options):
        yield Server(port)


@pytest.fixture(scope="module")
def front(catalogue, tmp_path_factory) -> Iterator[Server]:
    """nginx with ``deploy/nginx.conf`` before the catalogue."""
    if not (nginx.program() and shutil.which("openssl")):
        pytest.skip("没有 nginx 或 openssl：apt-get install nginx-light openssl")
    folder, plain, secure = tmp_path_factory.mktemp("front"), free_port(), free_port()
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"]
    made += ["-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]
    subprocess.run(made, check=True, capture_output=True)  # noqa: S603 - our own words
    text = (ROOT / "deploy" / "nginx.conf").read_text()
    for written, here in {
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ssl": f"listen 127.0.0.1:{secure} ssl",
        "server 127.0.0.1:8000;": f"server 127.0.0.1:{catalogue.port};",
        f"/etc/ssl/certs/{NAME}.pem": f"{folder / 'certificate.pem'}",
        f"/etc/ssl/private/{NAME}.key": f"{folder / 'key.pem'}",
    }.items():
        assert text.count(written) == 1
        text = text.replace(written, here)
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
    """Hold so many requests of both kinds back that were begun."""
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
    begun = time.monotonic()
    while catalogue.ask(ENTITLEMENTS, b'{"circumstances": {}}', JSON)[0] != 200:
        # The server learns of each connection that was closed in its own time.
        assert time.monotonic() - begun < PATIENCE


def test_behind_nginx_unfinished_bodies_block_no_client(front):
    read_everything(front)

    with held(front):
        read_everything(front)
        for _ in range(10):
            assert front.ask(ENTITLEMENTS, b'{"circumstances": {}}', JSON)[0] == 200


def test_nginx_replaces_forged_address_and_scheme_headers(front):
    """Whatever a client writes of them, whichever way, is counted as one address and no other."""
    told = []
    for number in range(12):
        forged = {"X-Forwarded-For": f"10.0.0.{number}", "X_Forwarded_For": f"10.0.1.{number}", **JSON}
        forged |= {"X-Forwarded-Proto": "http", "X_Forwarded_Proto": "http"}
        said = json.dumps({"service": "NM-05-01", "message": f"第 {number} 件"}).encode()
        told.append(front.ask("/api/v1/feedback/", said, forged))

    assert [status for status, *_ in told] == [201] * 10 + [429] * 2
    assert json.loads(told[0][2])["url"].startswith(f"https://{NAME}/")


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
    told, answered, text = front.ask(path, body, headers)

    assert (told, answered["content-type"]) == (status, "application/problem+json")
    assert json.loads(text)["status"] == status
