"""Drops triggers temporarily, as the owner of the database could."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module

from django.db import connection

MIGRATION = import_module("catalogue.migrations.0002_triggers")


@contextmanager
def without_triggers(subject: Callable = MIGRATION.triggers) -> Iterator[None]:
    """Drop the triggers of one function of the migration, by default all, and create them again.

    PostgreSQL refuses to alter the triggers of a table with pending foreign-key checks, so these run first.
    """
    vendor = connection.vendor
    triggers = list(subject(vendor))
    _execute(statement for trigger in triggers for statement in trigger.drop(vendor))
    yield
    _execute(statement for trigger in triggers for statement in trigger.statements(vendor))


def without_seal_triggers():
    """Drop the triggers that seal published editions temporarily."""
    return without_triggers(MIGRATION.sealed_editions)


def _execute(statements: Iterator[str]) -> None:
    if connection.vendor == "postgresql":
        connection.check_constraints()
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
