"""A change of the cases of a published edition, which readers see, leaves a row in ``catalogue_touch`` too."""

from django.db import migrations

TABLE, NAME = "catalogue_case", "catalogue_case_touched"
# A case that is moved leaves one edition and enters another.
ROWS = {"INSERT": ["NEW"], "UPDATE": ["OLD", "NEW"], "DELETE": ["OLD"]}
IS_PUBLISHED = "EXISTS (SELECT 1 FROM catalogue_edition WHERE id IN ({editions}) AND published_at IS NOT NULL)"


def notice(apps, schema_editor):
    overlook(apps, schema_editor)
    for statement in _statements(schema_editor.connection.vendor):
        schema_editor.execute(statement)


def overlook(apps, schema_editor):
    on_sqlite = schema_editor.connection.vendor == "sqlite"
    for action in ROWS:
        name = f"{TABLE}_touched_{action.lower()}"
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}" + ("" if on_sqlite else f" ON {TABLE}"))
    if not on_sqlite:
        schema_editor.execute(f"DROP FUNCTION IF EXISTS {NAME}()")


def _statements(vendor):
    token = "lower(hex(randomblob(16)))" if vendor == "sqlite" else "md5(random()::text || clock_timestamp()::text)"
    note = f"INSERT INTO catalogue_touch (token) VALUES ({token});"
    if vendor == "postgresql":
        # The condition of a trigger may not look into another table there; its function may.
        yield (
            f"CREATE FUNCTION {NAME}() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE editions bigint[]; BEGIN "
            "IF TG_OP <> 'INSERT' THEN editions := editions || OLD.edition_id; END IF; "
            "IF TG_OP <> 'DELETE' THEN editions := editions || NEW.edition_id; END IF; "
            f"IF {IS_PUBLISHED.format(editions='SELECT unnest(editions)')} THEN {note} END IF; RETURN NULL; END $$"
        )
    for action, rows in ROWS.items():
        head = f"CREATE TRIGGER {TABLE}_touched_{action.lower()} AFTER {action} ON {TABLE} FOR EACH ROW"
        if vendor == "sqlite":
            editions = ", ".join(f"{row}.edition_id" for row in rows)
            yield f"{head} WHEN ({IS_PUBLISHED.format(editions=editions)}) BEGIN {note} END"
        else:
            yield f"{head} EXECUTE FUNCTION {NAME}()"


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0014_cases")]
    operations = [migrations.RunPython(notice, overlook)]
