"""A published edition cannot be changed: not through the ORM, not through SQL, on either database."""

import datetime
from collections.abc import Iterator

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from catalogue import editing
from catalogue.models import Citation, Edition, Entry, Finding
from catalogue.recording import Act
from services.models import Department, Source, TargetGroup
from tests.conftest import AT
from tests.stating import state

LINKS = {
    "target_groups": TargetGroup,
    "lead_department_alternatives": Department,
    "co_departments": Department,
    "legal_basis": Source,
}


@pytest.fixture
def edition(db) -> Edition:
    return Edition.objects.get(slug="2026")


def refused():
    """Expect the database to refuse, and leave the transaction usable."""
    return pytest.raises(IntegrityError, match="published edition")


def test_a_published_entry_refuses_save(published_entry):
    published_entry.content = "改写"

    with refused(), transaction.atomic():
        published_entry.save()


def test_a_published_entry_refuses_update(published_entry):
    with refused(), transaction.atomic():
        Entry.objects.filter(pk=published_entry.pk).update(content="改写")


def test_a_published_entry_refuses_bulk_update(published_entry):
    published_entry.number = 99

    with refused(), transaction.atomic():
        Entry.objects.bulk_update([published_entry], ["number"])


def test_a_published_entry_refuses_delete(published_entry):
    with refused(), transaction.atomic():
        published_entry.delete()


def test_a_published_edition_takes_no_further_entry(edition):
    entry = Entry.objects.get(edition=edition, number=1)
    entry.pk, entry.number = None, 82

    with refused(), transaction.atomic():
        Entry.objects.bulk_create([entry])


def test_an_entry_cannot_be_moved_into_a_published_edition(edition, make_edition):
    entry = make_edition("draft", at=None).entries.get()

    with refused(), transaction.atomic():
        Entry.objects.filter(pk=entry.pk).update(edition=edition, number=82)


@pytest.mark.parametrize("change", [{"title": "改写"}, {"digest": "0" * 64}, {"effective_from": "2020-01-01"}])
def test_a_published_edition_refuses_update(edition, change):
    with refused(), transaction.atomic():
        Edition.objects.filter(pk=edition.pk).update(**change)


def test_a_published_edition_cannot_be_made_a_draft_again(edition):
    with refused(), transaction.atomic():
        Edition.objects.filter(pk=edition.pk).update(digest=None, published_at=None)


def test_a_published_edition_refuses_save_and_delete(edition):
    edition.note = "改写"
    with refused(), transaction.atomic():
        edition.save()
    with refused(), transaction.atomic():
        edition.delete()


@pytest.mark.parametrize("related", ["findings", "citations"])
def test_what_a_published_entry_rests_on_refuses_update_and_delete(published_entry, related):
    rows = getattr(published_entry, related)
    with refused(), transaction.atomic():
        rows.update(verification="secondary")
    with refused(), transaction.atomic():
        rows.all().delete()


def test_a_published_entry_takes_no_further_citation_or_finding(published_entry):
    with refused(), transaction.atomic():
        Citation.objects.create(
            entry=published_entry, field="name", source=Source.objects.first(), verification="unverified"
        )
    with refused(), transaction.atomic():
        Finding.objects.create(entry=published_entry, field="standard", verification="unverified", basis="plan")


@pytest.mark.parametrize("field", LINKS)
def test_the_terms_of_a_published_entry_can_be_neither_added_nor_removed(db, field):
    entry = Entry.objects.filter(edition__slug="2026", **{f"{field}__isnull": False}).first()
    other = LINKS[field].objects.exclude(pk__in=getattr(entry, field).all()).first()

    with refused(), transaction.atomic():
        getattr(entry, field).add(other)
    with refused(), transaction.atomic():
        getattr(entry, field).clear()


def test_the_verbs_refuse_a_published_edition_in_words(edition, terms):
    with pytest.raises(editing.Refused, match="已发布，不能更改"):
        editing.revise(edition, state(), terms=terms, act=Act(at=AT))
    with pytest.raises(editing.Refused, match="已发布，不能更改"):
        editing.withdraw(edition, "NM-05-01", act=Act(at=AT))


def test_a_form_is_told_in_words_that_the_edition_is_published(edition, published_entry):
    with pytest.raises(ValidationError, match="已发布"):
        edition.full_clean()
    with pytest.raises(ValidationError, match="已发布"):
        published_entry.full_clean()


def test_a_published_entry_cannot_be_moved_out_into_a_draft(published_entry, make_edition):
    draft = make_edition("draft", at=None)

    with refused(), transaction.atomic():
        Entry.objects.filter(pk=published_entry.pk).update(edition=draft, number=82)


def test_an_edition_does_not_come_into_being_published(edition):
    edition.pk, edition.slug, edition.number, edition.previous = None, "forged", 9, None

    with refused(), transaction.atomic():
        edition.save(force_insert=True)


GUARDED = ["catalogue_edition", "catalogue_entry", "catalogue_finding", "catalogue_citation"] + [
    f"catalogue_entry_{field}" for field in LINKS
]


@pytest.mark.parametrize("table", GUARDED)
def test_sql_cannot_change_a_published_edition(db, table):
    column = "id"  # every one of these tables has it
    with connection.cursor() as cursor:
        with refused(), transaction.atomic():
            cursor.execute(f"UPDATE {table} SET {column} = {column}")  # noqa: S608
        with refused(), transaction.atomic():
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608


@pytest.mark.parametrize("table", GUARDED)
def test_sql_cannot_truncate_what_holds_a_published_edition(db, table):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite knows no TRUNCATE: a DELETE without condition is one, and is tested above")

    with connection.cursor() as cursor, refused(), transaction.atomic():
        cursor.execute(f"TRUNCATE {table} CASCADE")


def test_a_draft_can_be_changed_and_thrown_away(make_edition, terms):
    draft = make_edition("draft", at=None)

    editing.revise(draft, state(note="改过"), terms=terms, act=Act(at=AT))
    assert draft.entries.get().note == "改过"
    Edition.objects.filter(pk=draft.pk).update(title="改过", effective_from=datetime.date(2027, 1, 1))
    draft.delete()

    assert not Edition.objects.filter(slug="draft").exists()


@pytest.fixture(params=["ON", "OFF"])
def recursive_triggers(db, request) -> Iterator[None]:
    """As our own connections have it, and as the sqlite3 shell has it."""
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite knows REPLACE")
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA recursive_triggers={request.param}")
        yield
        cursor.execute("PRAGMA recursive_triggers=ON")


@pytest.mark.parametrize("table", [*GUARDED, "catalogue_event"])
def test_sql_cannot_replace_what_is_sealed_or_recorded(recursive_triggers, table):
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
