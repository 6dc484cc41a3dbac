"""A published edition refuses changes by the ORM, ``drafts`` and SQLite's REPLACE; ``test_triggers`` has the rest."""

import datetime
from collections.abc import Iterator

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from catalogue.audit.log import AuditContext
from catalogue.editions import drafts
from catalogue.models import Edition, Entry
from tests.conftest import PUBLISHED_AT
from tests.editions.test_triggers import RECORD, SEALED
from tests.support.entries import make_entry


@pytest.fixture
def edition(db) -> Edition:
    return Edition.objects.get(slug="2026")


def refused():
    """Expect the database to refuse a change of a published edition."""
    return pytest.raises(IntegrityError, match="published edition")


def test_a_published_entry_refuses_save(published_entry):
    published_entry.content = "改写"

    with refused(), transaction.atomic():
        published_entry.save()


def test_a_published_edition_refuses_save_and_delete(edition):
    edition.note = "改写"
    with refused(), transaction.atomic():
        edition.save()
    with refused(), transaction.atomic():
        edition.delete()


def test_drafts_refuses_a_published_edition_with_a_message(edition, terms):
    with pytest.raises(drafts.DraftError, match="已发布，不能更改"):
        drafts.save_entry(edition, make_entry(), terms=terms, context=AuditContext(at=PUBLISHED_AT))
    with pytest.raises(drafts.DraftError, match="已发布，不能更改"):
        drafts.withdraw_entry(edition, "NM-05-01", context=AuditContext(at=PUBLISHED_AT))


def test_validation_refuses_a_published_edition_with_a_message(edition, published_entry):
    with pytest.raises(ValidationError, match="已发布"):
        edition.full_clean()
    with pytest.raises(ValidationError, match="已发布"):
        published_entry.full_clean()


def test_a_draft_can_be_changed_and_deleted(make_edition, terms):
    draft = make_edition("draft", at=None)

    drafts.save_entry(draft, make_entry(note="改过"), terms=terms, context=AuditContext(at=PUBLISHED_AT))
    assert draft.entries.get().note == "改过"
    Edition.objects.filter(pk=draft.pk).update(title="改过", effective_from=datetime.date(2027, 1, 1))
    draft.delete()

    assert not Edition.objects.filter(slug="draft").exists()


@pytest.fixture(params=["ON", "OFF"])
def recursive_triggers(db, request) -> Iterator[None]:
    """ON as in the application's connections, OFF as in the sqlite3 shell."""
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite knows REPLACE")
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA recursive_triggers={request.param}")
        yield
        cursor.execute("PRAGMA recursive_triggers=ON")


@pytest.mark.parametrize("table", [*SEALED, RECORD])
def test_sql_cannot_replace_sealed_rows_or_events(recursive_triggers, table):
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match="cannot be changed"), transaction.atomic():
        cursor.execute(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")  # noqa: S608


@pytest.mark.parametrize(
    "change",
    ["slug = '2026'", "number = 3", "id = (SELECT id FROM catalogue_edition WHERE slug = '2026')"],
)
def test_sql_cannot_replace_a_published_edition_by_taking_its_place(recursive_triggers, make_edition, change):
    draft = make_edition("draft", at=None)

    with connection.cursor() as cursor, refused(), transaction.atomic():
        cursor.execute(f"UPDATE OR REPLACE catalogue_edition SET {change} WHERE id = %s", [draft.pk])  # noqa: S608


@pytest.mark.parametrize("verb", ["INSERT", "UPDATE"])
def test_sql_cannot_replace_a_published_entry_by_one_of_a_draft(recursive_triggers, make_edition, verb):
    draft = make_edition("draft", at=None)
    entry, sealed = draft.entries.get(), Entry.objects.filter(edition__slug="2026").first()
    columns = [field.column for field in Entry._meta.concrete_fields if field.column != "id"]
    insert = (
        f"INSERT OR REPLACE INTO catalogue_entry (id, {', '.join(columns)}) "  # noqa: S608
        f"SELECT {sealed.pk}, {', '.join(columns)} FROM catalogue_entry WHERE id = {entry.pk}"
    )
    update = f"UPDATE OR REPLACE catalogue_entry SET id = {sealed.pk} WHERE id = {entry.pk}"  # noqa: S608

    with connection.cursor() as cursor, refused(), transaction.atomic():
        cursor.execute(insert if verb == "INSERT" else update)
