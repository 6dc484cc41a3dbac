"""Whatever readers are told of and may change is noted when it does, whoever changes it."""

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

from catalogue.models import Edition, Event, Touch
from services.models import Domain
from tests.stating import state

TOUCHED = import_module("catalogue.migrations.0012_touched").TOUCHED
MODELS = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}
# Tables that no reader is told of: what files said, how texts are read, and the services that indicators are about.
UNTOLD = {"services_loaded", "services_reading", "services_indicator_services"}


def test_every_vocabulary_is_watched():
    of_services = {table for table in MODELS if table.startswith("services_")}

    assert of_services - UNTOLD == {table for table in TOUCHED if table.startswith("services_")}


@pytest.mark.parametrize("table", [table for table in TOUCHED if table.startswith("services_")])
def test_a_row_that_is_added_changed_or_taken_away_is_noted(db, table):
    rows, columns = MODELS[table].objects, [field.column for field in MODELS[table]._meta.concrete_fields]
    before = Touch.objects.stamp()

    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {columns[-1]} = {columns[-1]} WHERE id = {rows.first().pk}")  # noqa: S608
        changed = Touch.objects.stamp()

    assert changed != before
    names = {name for name in triggers() if name.startswith(f"{table}_touched_")}
    assert names == {f"{table}_touched_{action}" for action in ("insert", "update", "delete")}


def triggers() -> set[str]:
    source = "sqlite_master WHERE type = 'trigger'" if connection.vendor == "sqlite" else "pg_trigger"
    column = "name" if connection.vendor == "sqlite" else "tgname"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {source}")  # noqa: S608
        return {name for (name,) in cursor.fetchall()}


def test_a_publication_is_noted_and_a_draft_is_not(make_edition):
    before = Touch.objects.stamp()
    draft = make_edition("draft", "2027-01-01", at=None)
    Edition.objects.filter(pk=draft.pk).update(title="另一个标题")
    unchanged = Touch.objects.stamp()

    make_edition("published", "2027-01-01", entries=[state()])

    assert unchanged == before
    assert Touch.objects.stamp() != before


def test_pruning_leaves_one_and_the_next_change_still_shows(db):
    Touch.objects.prune()
    before = Touch.objects.stamp()
    Domain.objects.filter(code="NM-01").update(goal="另一个目标")

    assert before[0] == 1
    assert Touch.objects.stamp() not in {before, (1, before[1])}


def test_what_editors_do_among_themselves_is_not_noted(make_proposal):
    before, events = Touch.objects.stamp(), Event.objects.count()

    make_proposal(to="approved")

    assert Touch.objects.stamp() == before
    assert Event.objects.count() > events
