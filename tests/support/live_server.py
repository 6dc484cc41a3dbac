"""Programs that read the API over HTTP, run beside a server on a free port of this machine."""

import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from wsgiref.simple_server import WSGIRequestHandler, make_server

from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *args):
        pass


@contextmanager
def shared_connection() -> Iterator[None]:
    """Keep the connection that a server's requests would close on PostgreSQL, and this test's transaction with it.

    The test client connects these signals again after each of its own requests, so it may not be used inside.
    """
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


def run_client(
    command: Callable[[str], list[str]], *, typed: str = "", environment: Mapping[str, str] | None = None
) -> str:
    """Return what a program writes that is run with the address of a server; it must end with exit code 0.

    The server answers in this thread, and so within the test's transaction.
    """
    with (
        shared_connection(),
        make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=QuietHandler) as server,
        tempfile.TemporaryFile("w+") as answers,
        tempfile.TemporaryFile("w+") as told,
    ):
        server.timeout = 0.2
        answers.write(typed)
        answers.seek(0)
        program = subprocess.Popen(  # noqa: S603 - a command of the tests' own
            command(f"http://127.0.0.1:{server.server_port}"), stdin=answers, stdout=told, env=environment
        )
        while program.poll() is None:
            server.handle_request()
        assert program.returncode == 0
        told.seek(0)
        return told.read()
