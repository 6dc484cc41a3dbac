"""The SQLite file that Datasette publishes: the catalogue's responses, one column per field, and a full-text index."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path


def build(path: Path, tables: Mapping[str, Sequence[dict]]) -> None:
    """Write each table's documents, keyed by ``code``: JSON values as text, and the domain's code in its own column."""
    with closing(sqlite3.connect(path)) as database, database:
        for table, documents in tables.items():
            columns = ["domain_code", *documents[0]]
            database.execute(
                f"CREATE TABLE {table} ({', '.join(f'{_quoted(name)} {_kind(name)}' for name in columns)})"
            )
            database.execute(f"CREATE INDEX {table}_domain ON {table} (domain_code)")
            rows = [[document["domain"]["code"], *map(_cell, document.values())] for document in documents]
            marks = ", ".join("?" * len(columns))
            database.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608 - names of our own
        _index(database, tables["services"])


def phrase(word: str) -> str:
    """Return a word as an FTS5 phrase. FTS5 takes a run of Chinese as one token, so characters are separated."""
    return f'"{_spaced(word)}"'


def _index(database: sqlite3.Connection, documents: Sequence[dict]) -> None:
    """Make the full-text index. Datasette detects it by ``content=`` with the table in double quotes."""
    names = ("name", "name_en", "target_group_text", "content", "standard", "note")
    database.execute(f'CREATE VIRTUAL TABLE services_fts USING fts5 ({", ".join(names)}, content="services")')
    database.executemany(
        f"INSERT INTO services_fts (rowid, {', '.join(names)}) VALUES ({', '.join('?' * (len(names) + 1))})",  # noqa: S608
        [(row, *(_spaced(document[name] or "") for name in names)) for row, document in enumerate(documents, 1)],
    )


def _spaced(text: str) -> str:
    return "".join(f" {character} " if ord(character) > 0x2E7F else character for character in text).strip()


def _quoted(name: str) -> str:
    return f'"{name}"'


def _kind(name: str) -> str:
    return {"code": "TEXT PRIMARY KEY", "number": "INTEGER"}.get(name, "TEXT")


def _cell(value: object) -> object:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
