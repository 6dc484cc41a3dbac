"""PostgreSQL allows the verbs that came with 0006: Django makes a column's CHECK anew only for types of its own.

SQLite made the whole table anew then, and has nothing to do. Reversing keeps the wider CHECK: events may rest on it.
"""

from django.db import migrations

NAME = "catalogue_event_verb_check"


def widen(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    event = apps.get_model("catalogue", "Event")
    check = event._meta.get_field("verb").db_check(schema_editor.connection)
    schema_editor.execute(f"ALTER TABLE {event._meta.db_table} DROP CONSTRAINT IF EXISTS {NAME}")
    schema_editor.execute(f"ALTER TABLE {event._meta.db_table} ADD CONSTRAINT {NAME} CHECK ({check})")


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0007_roles")]
    operations = [migrations.RunPython(widen, migrations.RunPython.noop)]
