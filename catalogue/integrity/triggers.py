"""The triggers that the migrations make, and those that are in the database: which are missing, altered or disabled.

What is expected is what the migrations' own functions would execute, so that it is written in one place.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module

from django.db import connection

# Every function of a migration that makes triggers, in the order they are applied: of the same name the later counts.
MADE_BY = (
    ("services.migrations.0002_codes_kept", "keep"),
    ("catalogue.migrations.0002_sealed", "seal"),
    ("catalogue.migrations.0004_record_kept", "keep"),
    ("catalogue.migrations.0005_decided_by_others", "keep"),
    ("catalogue.migrations.0012_touched", "notice"),
    ("catalogue.migrations.0015_cases_touched", "notice"),
)
FUNCTION = re.compile(
    r"CREATE (?:OR REPLACE )?FUNCTION (\w+)\(\) RETURNS trigger LANGUAGE plpgsql AS \$\$(.*)\$\$", re.S
)
TRIGGER = re.compile(r"CREATE (?:OR REPLACE )?TRIGGER (?P<name>\w+) (?:BEFORE|AFTER) .+? ON (?P<table>\w+)\b")
# As the migrations write a trigger and as PostgreSQL does: whatever else it says is not ours.
ON_POSTGRESQL = re.compile(
    r"CREATE TRIGGER \w+ (?P<timing>BEFORE|AFTER) (?P<events>.+?) ON (?:\w+\.)?\w+ FOR EACH (?P<level>ROW|STATEMENT)"
    r"(?: WHEN \((?P<when>.*)\))? EXECUTE FUNCTION (?:\w+\.)?(?P<function>\w+)\(\)"
)
# Of a function only what the migrations leave at its default: a search_path of its own would lead it to other tables.
PRESENT = """
SELECT relname, tgname, pg_get_triggerdef(pg_trigger.oid), prosrc, tgenabled,
       lanname = 'plpgsql' AND proconfig IS NULL AND NOT prosecdef
FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid JOIN pg_proc ON pg_proc.oid = tgfoid
JOIN pg_language ON pg_language.oid = prolang
WHERE NOT tgisinternal AND pg_table_is_visible(tgrelid)
"""
DISABLED = ("disabled",)

Key = tuple[str, str]


def faults() -> list[str]:
    """Return how the triggers differ from those the migrations make: a sentence each, an empty list if they do not."""
    wanted, there = expected(), present()
    found = [f"触发器 {name}（表 {table}）不在。" for table, name in sorted(wanted.keys() - there.keys())]
    found += [f"触发器 {name}（表 {table}）不是本系统建立的。" for table, name in sorted(there.keys() - wanted.keys())]
    for table, name in sorted(wanted.keys() & there.keys()):
        if there[table, name] == DISABLED:
            found.append(f"触发器 {name}（表 {table}）已停用。")
        elif there[table, name] != wanted[table, name]:
            found.append(f"触发器 {name}（表 {table}）的定义与建立时不同。")
    return found + list(_switched_off())


def expected() -> Mapping[Key, tuple]:
    """Return the definition of every trigger that the migrations make, by its table and name."""
    functions, triggers = {}, {}
    for statement in _statements():
        if function := FUNCTION.fullmatch(statement):
            functions[function[1]] = function[2]
        elif trigger := TRIGGER.match(statement):
            triggers[trigger["table"], trigger["name"]] = statement
    if connection.vendor == "sqlite":
        return {key: (statement,) for key, statement in triggers.items()}
    return {key: _on_postgresql(statement, functions) for key, statement in triggers.items()}


def present() -> Mapping[Key, tuple]:
    """Return the definition of every trigger in the database, by its table and name."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            # SQLite keeps the statement as it was written.
            cursor.execute("SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'")
            return {(table, name): (statement,) for table, name, statement in cursor.fetchall()}
        cursor.execute(PRESENT)
        return dict(_described(cursor.fetchall()))


def _statements() -> list[str]:
    editor = _Collecting()
    for module, function in MADE_BY:
        getattr(import_module(module), function)(None, editor)
    return editor.statements


class _Collecting:
    """A schema editor, as far as the migrations of triggers use one, that executes nothing."""

    def __init__(self):
        self.connection, self.statements = connection, []

    def execute(self, statement: str) -> None:
        self.statements.append(statement)


def _described(rows: Iterable[tuple]) -> Iterator[tuple[Key, tuple]]:
    for table, name, statement, body, enabled, plain in rows:
        if enabled in ("D", "R"):
            yield (table, name), DISABLED
        else:
            definition = _on_postgresql(statement, None)
            yield (table, name), (*definition, body) if definition and plain else ()


def _on_postgresql(statement: str, functions: Mapping[str, str] | None) -> tuple:
    """Return what a trigger does in a form that does not depend on how it is written; empty for what is not ours."""
    said = ON_POSTGRESQL.fullmatch(statement)
    if said is None:
        return ()
    when = re.sub(r"[\s()]", "", said["when"] or "").lower()
    parts = (said["timing"], frozenset(said["events"].split(" OR ")), said["level"], when, said["function"])
    return parts if functions is None else (*parts, functions[said["function"]])


def _switched_off() -> Iterator[str]:
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SHOW session_replication_role")
        (role,) = cursor.fetchone()
    if role == "replica":
        yield "数据库的 session_replication_role 是 replica，触发器不起作用。"
