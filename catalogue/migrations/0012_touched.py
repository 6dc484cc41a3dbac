"""Whatever readers are told of and can change leaves a row in ``catalogue_touch`` when it does, whoever changes it.

SQLite's schema editor drops a table's triggers when it remakes the table. A later migration that alters one of these
tables therefore ends with ``RunPython(notice)`` again; ``tests/test_touches.py`` sees it if one forgets.
"""

from django.db import migrations

NAME = "catalogue_touched"
ROWS = {"INSERT": "NEW", "UPDATE": "NEW", "DELETE": "OLD"}
VOCABULARIES = [
    f"services_{name}"
    for name in (
        "region",
        "domain",
        "task",
        "department",
        "targetgroup",
        "source",
        "service",
        "indicator",
        "box",
        "project",
        "synonym",
        "meaning",
    )
]
# Each table, and of which of its rows readers know. What belongs to a published edition never changes.
TOUCHED = dict.fromkeys(VOCABULARIES, None) | {"catalogue_edition": "{row}.published_at IS NOT NULL"}


def notice(apps, schema_editor):
    overlook(apps, schema_editor)
    for statement in _statements(schema_editor.connection.vendor):
        schema_editor.execute(statement)


def overlook(apps, schema_editor):
    on_sqlite = schema_editor.connection.vendor == "sqlite"
    for table in TOUCHED:
        for action in ROWS:
            name = f"{table}_touched_{action.lower()}"
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}" + ("" if on_sqlite else f" ON {table}"))
    if not on_sqlite:
        schema_editor.execute(f"DROP FUNCTION IF EXISTS {NAME}()")


def _statements(vendor):
    # Another each time: a key may come again, after a change that was taken back.
    token = "lower(hex(randomblob(16)))" if vendor == "sqlite" else "md5(random()::text || clock_timestamp()::text)"
    note = f"INSERT INTO catalogue_touch (token) VALUES ({token});"
    if vendor == "postgresql":
        yield f"CREATE FUNCTION {NAME}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {note} RETURN NULL; END $$"
    for table, known in TOUCHED.items():
        for action, row in ROWS.items():
            when = f" WHEN ({known.format(row=row)})" if known else ""
            head = f"CREATE TRIGGER {table}_touched_{action.lower()} AFTER {action} ON {table} FOR EACH ROW{when}"
            yield f"{head} BEGIN {note} END" if vendor == "sqlite" else f"{head} EXECUTE FUNCTION {NAME}()"


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0011_touch"), ("services", "0004_loaded")]
    operations = [migrations.RunPython(notice, overlook)]
