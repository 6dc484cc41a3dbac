"""The database's triggers taken off for a moment, as somebody with all its rights could."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module

from django.db import connection

MIGRATION = import_module("catalogue.migrations.0002_triggers")


@contextmanager
def without_triggers(subject: Callable = MIGRATION.triggers) -> Iterator[None]:
    """Take the triggers of a subject of the migration off, by default all, and put them on again.

    PostgreSQL changes no trigger of a table while a foreign key waits to be checked, so those are checked before.
    """
    vendor = connection.vendor
    triggers = list(subject(vendor))
    _execute(statement for trigger in triggers for statement in trigger.drop(vendor))
    yield
    _execute(statement for trigger in triggers for statement in trigger.statements(vendor))


def without_seal_triggers():
    """Take the seals of published editions off for a moment."""
    return without_triggers(MIGRATION.sealed_editions)


def _execute(statements: Iterator[str]) -> None:
    if connection.vendor == "postgresql":
        connection.check_constraints()
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
