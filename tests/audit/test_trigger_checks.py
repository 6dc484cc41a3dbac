"""``manage.py verify`` finds triggers that are missing, altered, disabled or unknown."""

import pytest
from django.db import connection

from catalogue.integrity import triggers
from tests.audit.test_integrity import sql, verified


def test_the_database_has_exactly_the_triggers_of_the_migrations(db):
    expected = triggers.expected()

    assert triggers.installed() == expected
    assert len(expected) > 60
    assert all(expected.values())
    assert triggers.faults() == []


@pytest.mark.parametrize("key", sorted(triggers.expected()))
def test_a_missing_trigger_is_reported(db, key):
    table, name = key
    sql(f"DROP TRIGGER {name}" + ("" if connection.vendor == "sqlite" else f" ON {table}"))

    assert triggers.faults() == [f"触发器 {name}（表 {table}）不在。"]


DROP_APPROVAL_KEPT = "DROP TRIGGER approval_kept ON catalogue_approval"
CREATE_APPROVAL_KEPT = "CREATE TRIGGER approval_kept {} ON catalogue_approval FOR EACH ROW {}EXECUTE FUNCTION {}()"
ALTERED = {
    "sqlite": [
        (
            "DROP TRIGGER approval_kept",
            "CREATE TRIGGER approval_kept BEFORE UPDATE ON catalogue_approval BEGIN SELECT 1; END",
        )
    ],
    "postgresql": [
        ("CREATE OR REPLACE FUNCTION approval_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",),
        ("ALTER FUNCTION approval_kept() SET search_path = evil",),
        ("ALTER FUNCTION approval_kept() SECURITY DEFINER",),
        (DROP_APPROVAL_KEPT, CREATE_APPROVAL_KEPT.format("BEFORE UPDATE OF reason", "", "approval_kept")),
        (DROP_APPROVAL_KEPT, CREATE_APPROVAL_KEPT.format("BEFORE UPDATE", "WHEN (false) ", "approval_kept")),
        (DROP_APPROVAL_KEPT, CREATE_APPROVAL_KEPT.format("AFTER UPDATE", "", "approval_kept")),
        (DROP_APPROVAL_KEPT, CREATE_APPROVAL_KEPT.format("BEFORE DELETE", "", "approval_kept")),
        (DROP_APPROVAL_KEPT, CREATE_APPROVAL_KEPT.format("BEFORE UPDATE", "", "proposal_kept")),
    ],
}


@pytest.mark.parametrize("statements", ALTERED[connection.vendor])
def test_an_altered_trigger_is_reported(db, statements):
    for statement in statements:
        sql(statement)

    assert triggers.faults() == ["触发器 approval_kept（表 catalogue_approval）的定义与建立时不同。"]
    assert "触发器 approval_kept" in verified()


def test_an_unknown_trigger_is_reported(db):
    action = "BEGIN SELECT 1; END" if connection.vendor == "sqlite" else "EXECUTE FUNCTION approval_kept()"
    sql(f"CREATE TRIGGER approval_kept2 BEFORE UPDATE ON catalogue_approval FOR EACH ROW {action}")

    assert triggers.faults() == ["触发器 approval_kept2（表 catalogue_approval）不是本系统建立的。"]


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        (
            "ALTER TABLE catalogue_event DISABLE TRIGGER catalogue_event_kept_update",
            "触发器 catalogue_event_kept_update（表 catalogue_event）已停用。",
        ),
        (
            "ALTER TABLE catalogue_event ENABLE REPLICA TRIGGER catalogue_event_kept_update",
            "触发器 catalogue_event_kept_update（表 catalogue_event）已停用。",
        ),
        (
            "SET LOCAL session_replication_role = replica",
            "数据库的 session_replication_role 是 replica，触发器不起作用。",
        ),
    ],
)
def test_a_disabled_trigger_is_reported(db, statement, sentence):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite knows no disabled triggers")
    sql(statement)

    assert triggers.faults() == [sentence]
    sql("SET LOCAL session_replication_role = origin")
