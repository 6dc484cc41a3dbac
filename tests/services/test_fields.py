"""Values that the columns refuse, also in raw SQL: empty text, U+0000, and identifiers of the wrong form."""

import re

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, connection, transaction

from services.fields import Choice
from services.models import Department, Domain, Region, Service
from services.sources import Source


@pytest.mark.parametrize(
    ("model", "code"),
    [
        (Service, "NM-5-01"),  # the domain has two digits
        (Service, "NM-05-1"),  # the sequence has two or more
        (Service, "nm-05-01"),
        (Service, "NM-05-01\n"),  # "$" would accept it
        (Service, " NM-05-01"),
        (Service, "NM-０５-01"),  # full-width digits
        (Domain, "NM-005"),
        (Department, "Civil-Affairs"),
        (Department, "civil_affairs"),
        (Department, "-civil"),
        (Region, "050000"),  # GB/T 2260 starts at 11
        (Region, "15000"),
    ],
)
def test_a_code_of_the_wrong_form_is_refused_by_field_and_database(db, model, code):
    with pytest.raises(ValidationError):
        model._meta.get_field("code").clean(code, None)
    existing = model.objects.first()
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.filter(pk=existing.pk).update(code=code)


@pytest.mark.parametrize("code", ["NM-05-01", "NM-05-100"])
def test_a_service_code_may_have_more_than_two_digits(db, code):
    assert Service._meta.get_field("code").clean(code, None) == code


@pytest.mark.parametrize("date", ["2021-13-01x", "21-11-05", "2021/11/05", ""])
def test_a_date_of_the_wrong_form_is_refused(db, date):
    with pytest.raises((IntegrityError, DataError)), transaction.atomic():
        Source.objects.filter(code="seed-plan").update(date=date)


def test_an_empty_text_is_refused(db):
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE services_department SET note = ''")


def test_a_text_with_u0000_is_refused(db):
    with pytest.raises(ValidationError):
        Department._meta.get_field("note").clean("a\0b", None)
    with pytest.raises((IntegrityError, DataError, ValueError)), transaction.atomic():
        Department.objects.filter(code="finance").update(note="a\0b")
    assert Department.objects.get(code="finance").note is None


def test_a_verbatim_citation_without_a_quote_is_refused(db):
    with pytest.raises(IntegrityError), transaction.atomic():
        Domain.objects.filter(code="NM-05").update(quote=None)


@pytest.mark.parametrize(
    ("model", "field"), [(Domain, "verification"), (Source, "kind"), (Source, "jurisdiction"), (Department, "level")]
)
def test_an_unknown_choice_is_refused_by_the_database(db, model, field):
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.filter(pk=model.objects.first().pk).update(**{field: "certain"})


@pytest.mark.parametrize(
    "field",
    [field for model in apps.get_models() for field in model._meta.local_concrete_fields if isinstance(field, Choice)],
    ids=str,
)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite makes a table anew for every change of a column")
def test_every_choice_is_allowed_by_the_database(db, field):
    """Django does not alter the CHECK of a custom field when its choices change: a migration has to."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(pg_get_constraintdef(c.oid), ' ') FROM pg_constraint c JOIN pg_attribute a "
            "ON a.attrelid = c.conrelid AND c.conkey = ARRAY[a.attnum] "
            "WHERE c.contype = 'c' AND c.conrelid = %s::regclass AND a.attname = %s",
            [field.model._meta.db_table, field.column],
        )
        (definition,) = cursor.fetchone()
    assert set(dict(field.flatchoices)) <= set(re.findall("'([^']*)'", definition))
