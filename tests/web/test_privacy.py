"""Circumstances are not stored: no value of a thousand requests is in the database, logs, mails, caches or files."""

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
from tests.services.test_eligibility import possible

PATH = "/api/v1/entitlements/"
# Fewer on SQLite: only on PostgreSQL values are written into the SQL text, which may be logged.
REQUESTS = 1000 if connection.vendor == "postgresql" else 200
MARKER = "seen-by-nobody-"
# Integers that occur nowhere else: no time, size or line number.
NUMBERS = (7919, 8681, 9473)


class Kept(logging.Handler):
    """Collects log records as text: message, arguments and traceback."""

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s %(args)s"))
        self.lines: list[str] = []

    def emit(self, record):
        self.lines.append(self.format(record))


@pytest.fixture
def logged(settings) -> Iterator[Kept]:
    """The records of all loggers; every error is also mailed with a full report."""
    settings.ADMINS = [("admin", "admin@example.cn")]
    handlers = [Kept(), AdminEmailHandler(include_html=True)]
    handlers[1].setLevel(logging.ERROR)
    loggers = [logging.getLogger(name) for name in ("", "django", "django.request", "django.db.backends")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
        logger.propagate, logger.was = True, logger.propagate
    for handler in handlers:
        logging.getLogger().addHandler(handler)
    yield handlers[0]
    for handler in handlers:
        logging.getLogger().removeHandler(handler)
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)
        logger.propagate = logger.was


@contextmanager
def watched(asked: list[str], failing: Exception | None = None) -> Iterator[None]:
    """Add every statement with its values to ``asked``. Raise ``failing`` at the tables of the catalogue."""

    def note(execute, sql, params, many, context):
        asked.append(f"{sql} {params!r}")
        if failing and "catalogue_" in sql:
            raise failing
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield


def stored() -> dict[str, list]:
    """Return all rows of the database by table."""
    with connection.cursor() as cursor:
        rows = {}
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608 - its own name
            rows[table] = sorted(map(repr, cursor.fetchall()))
        return rows


def right(fact: Fact, rng: random.Random) -> object:
    """Return a valid value of a fact; for an unbounded integer one of ``NUMBERS``."""
    if fact.type == INTEGER:
        return rng.choice(NUMBERS) if fact.maximum is None else rng.randint(fact.minimum or 0, fact.maximum)
    if fact.type == BOOLEAN:
        return rng.random() < 0.5
    if fact.type == CHOICE:
        return rng.choice(list(fact.choices))
    return [rng.choice(list(fact.choices))]


def bodies(rng: random.Random) -> Iterator[tuple[str, str, list[str]]]:
    """Yield (kind, body, secret values) for every request."""
    facts = list(VOCABULARY)
    kinds = [
        "valid", "wrong value", "unknown fact", "wrong field", "no JSON", "oversize", "our fault", "database away",
        "household", "contradiction",
    ]  # fmt: skip
    for index in range(REQUESTS):
        kind, marker = kinds[index % len(kinds)], f"{MARKER}{rng.getrandbits(64):x}"
        circumstances = possible({fact.name: right(fact, rng) for fact in facts})
        numbers = [str(value) for value in circumstances.values() if value in NUMBERS]
        body: object = {"circumstances": circumstances}
        if kind == "wrong value":
            body = {"circumstances": {fact.name: marker if fact.type != "choices" else [marker] for fact in facts}}
        elif kind == "unknown fact":
            body = {"circumstances": circumstances | {marker: marker}}
        elif kind == "wrong field":
            body |= {"valid_on": marker, "known_at": marker, "edition": marker, marker: marker}
        elif kind == "no JSON":
            body = f'{{"circumstances": {{"age": "{marker}", '
        elif kind == "oversize":
            body |= {"edition": marker * 5000}
        elif kind == "household":
            persons = [{"id": name, "circumstances": circumstances} for name in "ab"]
            body = {"household": {"residence": "rural"}, "persons": persons, "topics": ["losing-a-job"]}
        elif kind == "contradiction":
            body = {"circumstances": {"months_resident": rng.choice(NUMBERS), "age": 5, "married": True}}
        yield kind, body if isinstance(body, str) else json.dumps(body), [marker, *numbers]


def test_no_value_of_a_thousand_requests_is_stored_or_logged(client, db, settings, logged, tmp_path, monkeypatch):
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    client.raise_request_exception = False
    client.get("/api/v1/facts/")
    before, statements, statuses = stored(), [], {}
    rng, secrets = random.Random(20261123), set()  # noqa: S311 - no secrets of anybody's

    for kind, body, markers in bodies(rng):
        failing = {"our fault": RuntimeError("out of order"), "database away": OperationalError("gone")}.get(kind)
        with watched(statements, failing):
            response = client.post(PATH, data=body, content_type="application/json")
        statuses.setdefault(kind, set()).add(response.status_code)
        secrets.update(markers)
        if response.status_code >= 400:
            # An error may repeat a name, shortened and cleaned, but never a value.
            text = response.content.decode()
            assert kind in {"unknown fact", "wrong field"} or not any(marker in text for marker in markers)

    assert statuses == {
        "valid": {200},
        "wrong value": {400},
        "unknown fact": {400},
        "wrong field": {400},
        "no JSON": {400},
        "household": {200},
        "contradiction": {400},
        "oversize": {413},
        "our fault": {500},
        "database away": {503},
    }
    places = {
        "log": "\n".join(logged.lines),
        "SQL": "\n".join(statements),
        "mail": "\n".join(str(message.message()) + str(message.alternatives) for message in mail.outbox),
        "cache": "\n".join(repr(vars(caches[name])) for name in settings.CACHES),
        "files": "\n".join(path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file()),
    }
    assert logged.lines
    assert statements
    for place, text in places.items():
        words = set(text.replace("(", " ").replace(")", " ").replace(",", " ").split())
        assert MARKER not in text, place
        assert words & secrets == set(), place
    assert stored() == before


def test_an_internal_error_is_logged_with_its_place_only(client, db, logged):
    with watched([], RuntimeError("the message might hold 4711")):
        response = client.post(PATH, data='{"circumstances": {"age": 70}}', content_type="application/json")

    assert response.status_code == 500
    assert response["Content-Type"] == "application/problem+json"
    (line,) = (line for line in logged.lines if line.startswith("ERROR catalogue.api.entitlements"))
    assert "RuntimeError" in line
    assert "views.py" in line
    assert "4711" not in line
    # One mail, with that line only.
    assert ["views.py" in str(message.message()) for message in mail.outbox] == [True]


def test_the_marker_is_found_where_it_is_logged(logged, db):
    """A value that is logged, mailed or sent to the database is found where the test above looks."""
    statements = []

    logging.getLogger("anything").error("%s said", f"{MARKER}1")
    with watched(statements), connection.cursor() as cursor:
        cursor.execute("SELECT %s", [f"{MARKER}2"])

    assert f"{MARKER}1" in "\n".join(logged.lines)
    assert f"{MARKER}1" in str(mail.outbox[0].message())
    assert f"{MARKER}2" in "\n".join(statements)
