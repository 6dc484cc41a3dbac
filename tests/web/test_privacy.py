"""Circumstances are judged and forgotten: what a thousand requests say in every field is found nowhere afterwards."""

import json
import logging
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core import mail
from django.core.cache import caches
from django.db import OperationalError, connection
from django.utils.log import AdminEmailHandler

from services.eligibility.facts import BOOLEAN, CHOICE, INTEGER, VOCABULARY, Fact

PATH = "/api/v1/entitlements/"
# All where values are written into SQL text on this side, and may end in a log that way; fewer on SQLite.
REQUESTS = 1000 if connection.vendor == "postgresql" else 200
MARKER = "seen-by-nobody-"
# Whole numbers that stand nowhere else: no time, size or line of code.
NUMBERS = (7919, 8681, 9473)


class Kept(logging.Handler):
    """Keeps everything that is logged as a file would have it: the message, its arguments, the traceback."""

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s %(args)s"))
        self.lines: list[str] = []

    def emit(self, record):
        self.lines.append(self.format(record))


@pytest.fixture
def logged(settings) -> Iterator[Kept]:
    """Everything that any logger says, and a mail with a full report for every error."""
    settings.ADMINS = [("admin", "admin@example.cn")]
    handlers = [Kept(), AdminEmailHandler(include_html=True)]
    handlers[1].setLevel(logging.ERROR)
    loggers = [logging.getLogger(name) for name in ("", "django", "django.request", "django.db.backends")]
    before = [each.level for each in loggers]
    for each in loggers:
        each.setLevel(logging.DEBUG)
        each.propagate, each.was = True, each.propagate
    for handler in handlers:
        logging.getLogger().addHandler(handler)
    yield handlers[0]
    for handler in handlers:
        logging.getLogger().removeHandler(handler)
    for each, level in zip(loggers, before, strict=True):
        each.setLevel(level)
        each.propagate = each.was


@contextmanager
def watched(asked: list[str], failing: Exception | None = None) -> Iterator[None]:
    """Note every statement with its values as it is sent to the database, or fail in its place."""

    def note(execute, sql, params, many, context):
        asked.append(f"{sql} {params!r}")
        if failing and "catalogue_" in sql:
            raise failing
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield


def stored() -> dict[str, list]:
    """Everything in the database, table by table."""
    with connection.cursor() as cursor:
        found = {}
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608 - its own name
            found[table] = sorted(map(repr, cursor.fetchall()))
        return found


def right(fact: Fact, chance: random.Random) -> object:
    """A valid answer; of a whole number one that stands nowhere else."""
    if fact.type == INTEGER:
        return chance.choice(NUMBERS) if fact.maximum is None else chance.randint(fact.minimum or 0, fact.maximum)
    if fact.type == BOOLEAN:
        return chance.random() < 0.5
    if fact.type == CHOICE:
        return chance.choice(list(fact.choices))
    return [chance.choice(list(fact.choices))]


def bodies(chance: random.Random) -> Iterator[tuple[str, str, list[str]]]:
    """Yield (sort, body, what may be seen nowhere) for every request."""
    facts = list(VOCABULARY)
    sorts = ["valid", "wrong value", "unknown fact", "wrong field", "no JSON", "oversize", "our fault", "database away"]
    for at in range(REQUESTS):
        sort, marker = sorts[at % len(sorts)], f"{MARKER}{chance.getrandbits(64):x}"
        known = {fact.name: right(fact, chance) for fact in facts}
        numbers = [str(value) for value in known.values() if value in NUMBERS]
        body: object = {"circumstances": known}
        if sort == "wrong value":
            body = {"circumstances": {fact.name: marker if fact.type != "choices" else [marker] for fact in facts}}
        elif sort == "unknown fact":
            body = {"circumstances": known | {marker: marker}}
        elif sort == "wrong field":
            body |= {"valid_on": marker, "known_at": marker, "edition": marker, marker: marker}
        elif sort == "no JSON":
            body = f'{{"circumstances": {{"age": "{marker}", '
        elif sort == "oversize":
            body |= {"edition": marker * 5000}
        yield sort, body if isinstance(body, str) else json.dumps(body), [marker, *numbers]


def test_no_value_of_a_thousand_requests_is_stored_or_logged(client, db, settings, logged, tmp_path, monkeypatch):
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    client.raise_request_exception = False
    client.get("/api/v1/facts/")
    before, asked, answered = stored(), [], {}
    chance, secret = random.Random(20261123), set()  # noqa: S311 - no secret of anybody's

    for sort, body, markers in bodies(chance):
        failing = {"our fault": RuntimeError("out of order"), "database away": OperationalError("gone")}.get(sort)
        with watched(asked, failing):
            response = client.post(PATH, data=body, content_type="application/json")
        answered.setdefault(sort, set()).add(response.status_code)
        secret.update(markers)
        if response.status_code >= 400:
            # A name is named, shortened and cleaned; a value never.
            told = response.content.decode()
            assert sort in {"unknown fact", "wrong field"} or not any(marker in told for marker in markers)

    assert answered == {
        "valid": {200},
        "wrong value": {400},
        "unknown fact": {400},
        "wrong field": {400},
        "no JSON": {400},
        "oversize": {413},
        "our fault": {500},
        "database away": {503},
    }
    places = {
        "log": "\n".join(logged.lines),
        "SQL": "\n".join(asked),
        "mail": "\n".join(str(message.message()) + str(message.alternatives) for message in mail.outbox),
        "cache": "\n".join(repr(vars(caches[name])) for name in settings.CACHES),
        "files": "\n".join(path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file()),
    }
    assert logged.lines
    assert asked
    for place, text in places.items():
        words = set(text.replace("(", " ").replace(")", " ").replace(",", " ").split())
        assert MARKER not in text, place
        assert words & secret == set(), place
    assert stored() == before


def test_an_internal_error_is_logged_with_its_place_only(client, db, logged):
    with watched([], RuntimeError("the message might hold 4711")):
        response = client.post(PATH, data='{"circumstances": {"age": 70}}', content_type="application/json")

    assert response.status_code == 500
    assert response["Content-Type"] == "application/problem+json"
    (line,) = (line for line in logged.lines if line.startswith("ERROR catalogue.api.entitlements"))
    assert "RuntimeError" in line
    assert "entitlements.py" in line
    assert "4711" not in line
    # One mail tells of it, by the line alone.
    assert ["entitlements.py" in str(message.message()) for message in mail.outbox] == [True]


def test_the_marker_is_found_where_it_is_logged(logged, db):
    """What the test above looks through is where it would be: said aloud, it is there."""
    asked = []

    logging.getLogger("anything").error("%s said", f"{MARKER}1")
    with watched(asked), connection.cursor() as cursor:
        cursor.execute("SELECT %s", [f"{MARKER}2"])

    assert f"{MARKER}1" in "\n".join(logged.lines)
    assert f"{MARKER}1" in str(mail.outbox[0].message())
    assert f"{MARKER}2" in "\n".join(asked)
