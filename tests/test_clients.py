"""The README's clients: the loops that ask on until nothing is undecided are run as they stand there."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections

README = (Path(__file__).resolve().parent.parent / "README.md").read_text()
LOOPS = {name: re.search(rf"```{name}\n(.*?)```", README, re.DOTALL)[1] for name in ("python", "javascript")}
ADDRESS = "http://127.0.0.1:8000"
PATH = "/api/v1/entitlements/"
PERSON = {"age": 70, "residence": "rural", "months_resident": 240, "household": ["dibao"], "education_stage": "none"}


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


def lines_of(client) -> tuple[list[str], list[str]]:
    """What a person types when asked on, and the names of the services he or she is told in the end."""
    known, typed = {}, []
    while True:
        body = json.dumps({"circumstances": known})
        answer = client.post(PATH, data=body, content_type="application/json").json()
        asked = answer["next_question"]
        if asked is None:
            names = [each["service"]["name"] for each in answer["results"] if each["outcome"] == "eligible"]
            return typed, names
        otherwise = {"integer": asked.get("minimum", 0), "boolean": False, "choices": []}
        said = PERSON.get(asked["fact"], otherwise.get(asked["type"], next(iter(asked["choices"] or ["?"]))))
        known[asked["fact"]] = said
        typed.append(" ".join(said) if isinstance(said, list) else said if isinstance(said, str) else json.dumps(said))


@contextmanager
def one_connection() -> Iterator[None]:
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


@pytest.mark.parametrize("language", LOOPS)
def test_a_loop_asks_on_and_tells_in_the_end(client, db, settings, tmp_path, language):
    command = {"python": sys.executable, "javascript": shutil.which("node")}[language]
    if command is None:
        pytest.skip("Node is not here, so the loop in JavaScript could not be run.")
    settings.ALLOWED_HOSTS = ["127.0.0.1", "testserver"]
    typed, names = lines_of(client)
    # In this thread, and so in this test's transaction.
    with one_connection(), make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet) as server:
        server.timeout = 0.2
        script = tmp_path / "loop"
        script.write_text(LOOPS[language].replace(ADDRESS, f"http://127.0.0.1:{server.server_port}"))
        (tmp_path / "typed").write_text("\n".join(typed) + "\n")
        with (tmp_path / "typed").open() as answers, (tmp_path / "told").open("w") as told:
            loop = subprocess.Popen([command, str(script)], stdin=answers, stdout=told)  # noqa: S603 - the README's own
            while loop.poll() is None:
                server.handle_request()

    assert loop.returncode == 0
    output = (tmp_path / "told").read_text()
    assert len(names) > 17
    assert [name for name in names if name not in output] == []
    assert "老年人健康管理" in names


@pytest.mark.parametrize("language", LOOPS)
def test_a_loop_is_fifteen_lines(language):
    assert len(LOOPS[language].strip().splitlines()) <= 15
