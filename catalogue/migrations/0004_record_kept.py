"""An event is written once: triggers on both databases refuse to change or delete one, whoever asks."""

from django.db import migrations

TABLE = "catalogue_event"
MESSAGE = "the record cannot be changed"


def keep(apps, schema_editor):
    release(apps, schema_editor)
    if schema_editor.connection.vendor == "sqlite":
        # REPLACE takes rows away unseen where recursive_triggers is off.
        schema_editor.execute(
            f"CREATE TRIGGER {TABLE}_kept_insert BEFORE INSERT ON {TABLE} WHEN EXISTS (SELECT 1 FROM {TABLE} kept "
            "WHERE kept.id = NEW.id OR kept.number = NEW.number OR kept.digest = NEW.digest "
            f"OR kept.previous_digest = NEW.previous_digest) BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
        )
        for action in ("UPDATE", "DELETE"):
            schema_editor.execute(
                f"CREATE TRIGGER {TABLE}_kept_{action.lower()} BEFORE {action} ON {TABLE} "
                f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
            )
        return
    schema_editor.execute(
        f"CREATE FUNCTION {TABLE}_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    schema_editor.execute(
        f"CREATE TRIGGER {TABLE}_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {TABLE}_kept()"
    )


def release(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for action in ("insert", "update", "delete"):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {TABLE}_kept_{action}")
        return
    schema_editor.execute(f"DROP TRIGGER IF EXISTS {TABLE}_kept ON {TABLE}")
    schema_editor.execute(f"DROP FUNCTION IF EXISTS {TABLE}_kept()")


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0003_record_and_proposals")]
    operations = [migrations.RunPython(keep, release)]
