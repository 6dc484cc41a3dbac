"""A published edition cannot be changed: triggers on both databases refuse it, whoever asks.

SQLite's schema editor drops a table's triggers when it remakes the table. A later migration that alters one of these
tables therefore ends with ``RunPython(seal)`` again; ``tests/test_sealed.py`` sees it if one forgets.
"""

from django.db import migrations

MESSAGE = "a published edition cannot be changed"

# Each guarded table, and the edition a row of it (OLD or NEW in place of {row}) belongs to.
EDITION_OF_ENTRY = "(SELECT edition_id FROM catalogue_entry WHERE id = {row}.entry_id)"
GUARDED = {
    "catalogue_edition": "{row}.id",
    "catalogue_entry": "{row}.edition_id",
    "catalogue_finding": EDITION_OF_ENTRY,
    "catalogue_citation": EDITION_OF_ENTRY,
    "catalogue_entry_target_groups": EDITION_OF_ENTRY,
    "catalogue_entry_lead_department_alternatives": EDITION_OF_ENTRY,
    "catalogue_entry_co_departments": EDITION_OF_ENTRY,
    "catalogue_entry_legal_basis": EDITION_OF_ENTRY,
}
# Which rows an action is asked about: an update must not move a row into a published edition either.
ROWS = {"INSERT": ["NEW"], "UPDATE": ["OLD", "NEW"], "DELETE": ["OLD"]}


def seal(apps, schema_editor):
    for statement in STATEMENTS[schema_editor.connection.vendor](drop=False):
        schema_editor.execute(statement)


def unseal(apps, schema_editor):
    for statement in STATEMENTS[schema_editor.connection.vendor](drop=True):
        schema_editor.execute(statement)


def _actions(table):
    # A new edition is a draft until it is sealed, so only what is there already is asked about.
    return {"UPDATE": ["OLD"], "DELETE": ["OLD"]} if table == "catalogue_edition" else ROWS


# An edition is published by publish(), after its entries were sealed: none comes into being published.
BORN = "catalogue_edition_sealed_insert"


def _published(edition):
    return f"EXISTS (SELECT 1 FROM catalogue_edition WHERE id = {edition} AND published_at IS NOT NULL)"


def _replaced(table, edition):
    """SQLite's REPLACE takes rows away unseen where recursive_triggers is off: is a sealed one among them?"""
    same = ["sealed.id = NEW.id"]
    if table == "catalogue_edition":
        same += ["sealed.slug = NEW.slug", "(sealed.region_id = NEW.region_id AND sealed.number = NEW.number)"]
    return (
        f"EXISTS (SELECT 1 FROM {table} sealed WHERE ({' OR '.join(same)}) "
        f"AND {_published(edition.format(row='sealed'))}{{but}})"
    )


def _sqlite(*, drop):
    for table, edition in GUARDED.items():
        for action, rows in _actions(table).items():
            name = f"{table}_sealed_{action.lower()}"
            yield f"DROP TRIGGER IF EXISTS {name}"
            if not drop:
                conditions = [_published(edition.format(row=row)) for row in rows]
                if action != "DELETE":
                    but = " AND sealed.id <> OLD.id" if action == "UPDATE" else ""
                    conditions.append(_replaced(table, edition).format(but=but))
                condition = " OR ".join(conditions)
                yield (
                    f"CREATE TRIGGER {name} BEFORE {action} ON {table} WHEN {condition} "
                    f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
                )

    yield f"DROP TRIGGER IF EXISTS {BORN}"
    if not drop:
        yield (
            f"CREATE TRIGGER {BORN} BEFORE INSERT ON catalogue_edition WHEN NEW.published_at IS NOT NULL "
            f"OR {_replaced('catalogue_edition', '{row}.id').format(but='')} BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
        )


def _postgresql(*, drop):
    yield f"DROP TRIGGER IF EXISTS {BORN} ON catalogue_edition"
    yield f"DROP FUNCTION IF EXISTS {BORN}()"
    if not drop:
        yield (
            f"CREATE FUNCTION {BORN}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.published_at IS NOT NULL "
            f"THEN RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END IF; "
            "RETURN NEW; END $$"
        )
        yield f"CREATE TRIGGER {BORN} BEFORE INSERT ON catalogue_edition FOR EACH ROW EXECUTE FUNCTION {BORN}()"
    for table, edition in GUARDED.items():
        for action, rows in _actions(table).items():
            name = f"{table}_sealed_{action.lower()}"
            yield f"DROP TRIGGER IF EXISTS {name} ON {table}"
            yield f"DROP FUNCTION IF EXISTS {name}()"
            if not drop:
                condition = " OR ".join(_published(edition.format(row=row)) for row in rows)
                returned = "OLD" if action == "DELETE" else "NEW"
                # Waits for a publication under way, so that nothing slips in between its seal and its commit.
                wait = (
                    ""
                    if table == "catalogue_edition"
                    else "".join(
                        f"PERFORM 1 FROM catalogue_edition WHERE id = {edition.format(row=row)} FOR SHARE; "
                        for row in rows
                    )
                )
                yield (
                    f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {wait}IF {condition} THEN "
                    f"RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END IF; "
                    f"RETURN {returned}; END $$"
                )
                yield f"CREATE TRIGGER {name} BEFORE {action} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
        name = f"{table}_sealed_truncate"
        yield f"DROP TRIGGER IF EXISTS {name} ON {table}"
        yield f"DROP FUNCTION IF EXISTS {name}()"
        if not drop:
            yield (
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                "IF EXISTS (SELECT 1 FROM catalogue_edition WHERE published_at IS NOT NULL) THEN "
                f"RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END IF; "
                "RETURN NULL; END $$"
            )
            yield f"CREATE TRIGGER {name} BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {name}()"


STATEMENTS = {"sqlite": _sqlite, "postgresql": _postgresql}


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0001_first")]
    operations = [migrations.RunPython(seal, unseal)]
