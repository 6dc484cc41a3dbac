"""Check of the database triggers: those the migrations create against those installed."""

import re
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module

from django.db import connection

MIGRATION = "catalogue.migrations.0002_triggers"
FUNCTION = re.compile(r"CREATE FUNCTION \w+\(\) RETURNS trigger LANGUAGE plpgsql AS \$\$(.*)\$\$", re.S)
# Matches a trigger as the migration writes it and as PostgreSQL prints it; a trigger with any other clause is altered.
POSTGRESQL_TRIGGER = re.compile(
    r"CREATE TRIGGER \w+ (?P<timing>BEFORE|AFTER) (?P<action>\w+) ON (?:\w+\.)?\w+ FOR EACH (?P<level>ROW|STATEMENT)"
    r" EXECUTE FUNCTION (?:\w+\.)?(?P<function>\w+)\(\)"
)
# The last column is whether the function has the defaults that the migrations leave: a search_path of its own would
# make it use other tables.
INSTALLED_SQL = """
SELECT relname, tgname, pg_get_triggerdef(pg_trigger.oid), prosrc, tgenabled,
       lanname = 'plpgsql' AND proconfig IS NULL AND NOT prosecdef
FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid JOIN pg_proc ON pg_proc.oid = tgfoid
JOIN pg_language ON pg_language.oid = prolang
WHERE NOT tgisinternal AND pg_table_is_visible(tgrelid)
"""
DISABLED = ("disabled",)

# A trigger's table and name.
Key = tuple[str, str]


def faults() -> list[str]:
    """Return the differences from the triggers of the migrations, a sentence each; an empty list if there are none."""
    expected_triggers, installed_triggers = expected(), installed()
    sentences = [
        f"触发器 {name}（表 {table}）不在。"
        for table, name in sorted(expected_triggers.keys() - installed_triggers.keys())
    ]
    sentences += [
        f"触发器 {name}（表 {table}）不是本系统建立的。"
        for table, name in sorted(installed_triggers.keys() - expected_triggers.keys())
    ]
    for table, name in sorted(expected_triggers.keys() & installed_triggers.keys()):
        if installed_triggers[table, name] == DISABLED:
            sentences.append(f"触发器 {name}（表 {table}）已停用。")
        elif installed_triggers[table, name] != expected_triggers[table, name]:
            sentences.append(f"触发器 {name}（表 {table}）的定义与建立时不同。")
    return sentences + list(_replication_role_faults())


def expected() -> Mapping[Key, tuple]:
    """Return the definition of every trigger that the migrations create, by its table and name."""
    definitions = {}
    for trigger in import_module(MIGRATION).triggers(connection.vendor):
        statements = tuple(trigger.statements(connection.vendor))
        if connection.vendor == "postgresql":
            function, statement = statements
            statements = (*_parse_postgresql(statement), FUNCTION.fullmatch(function)[1])
        definitions[trigger.table, trigger.name] = statements
    return definitions


def installed() -> Mapping[Key, tuple]:
    """Return the definition of every trigger in the database, by its table and name."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            # SQLite stores the statement as it was written.
            cursor.execute("SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'")
            return {(table, name): (statement,) for table, name, statement in cursor.fetchall()}
        cursor.execute(INSTALLED_SQL)
        return dict(_definitions(cursor.fetchall()))


def _definitions(rows: Iterable[tuple]) -> Iterator[tuple[Key, tuple]]:
    for table, name, statement, body, enabled, is_plain in rows:
        if enabled in ("D", "R"):
            yield (table, name), DISABLED
        else:
            definition = _parse_postgresql(statement)
            yield (table, name), (*definition, body) if definition and is_plain else ()


def _parse_postgresql(statement: str) -> tuple[str, ...]:
    """Return the parts of a trigger's definition, independent of spelling; empty if it has any other clause."""
    match = POSTGRESQL_TRIGGER.fullmatch(statement)
    return match.groups() if match else ()


def _replication_role_faults() -> Iterator[str]:
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SHOW session_replication_role")
        (role,) = cursor.fetchone()
    if role == "replica":
        yield "数据库的 session_replication_role 是 replica，触发器不起作用。"
