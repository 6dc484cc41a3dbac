"""Runs client programs against an HTTP server on a free port of this machine."""

import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *args):
        pass


@contextmanager
def shared_connection() -> Iterator[None]:
    """Keep the database connection open, and so the test's transaction: on PostgreSQL a request would close it.

    Do not use the test client inside: it reconnects these signals after each of its requests.
    """
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


def run_client(
    command: Callable[[str], list[str]],
    *,
    typed: str = "",
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> str:
    """Run a program in a folder with the URL of a server and return its output; it must exit with 0.

    The server runs in this thread, and so within the test's transaction.
    """
    with (
        shared_connection(),
        make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=QuietHandler) as server,
        tempfile.TemporaryFile("w+") as typed_input,
        tempfile.TemporaryFile("w+") as output,
    ):
        server.timeout = 0.2
        typed_input.write(typed)
        typed_input.seek(0)
        program = subprocess.Popen(  # noqa: S603 - a command of the tests' own
            command(f"http://127.0.0.1:{server.server_port}"),
            stdin=typed_input,
            stdout=output,
            env=environment,
            cwd=folder,
        )
        while program.poll() is None:
            server.handle_request()
        output.seek(0)
        text = output.read()
        assert program.returncode == 0, text
        return text
