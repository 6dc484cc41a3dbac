"""What the columns refuse, also from SQL: empty text, NUL, and identifiers of another form."""

import pytest
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, connection, transaction

from services.models import Department, Domain, Region, Service, Source


@pytest.mark.parametrize(
    ("model", "code"),
    [
        (Service, "NM-5-01"),  # the domain has two digits
        (Service, "NM-05-1"),  # the sequence has two or more
        (Service, "nm-05-01"),
        (Service, "NM-05-01\n"),  # "$" would let it by
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
def test_a_code_of_another_form_is_refused_by_form_and_database(db, model, code):
    with pytest.raises(ValidationError):
        model._meta.get_field("code").clean(code, None)
    existing = model.objects.first()
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.filter(pk=existing.pk).update(code=code)


@pytest.mark.parametrize("code", ["NM-05-01", "NM-05-100"])
def test_a_service_code_keeps_its_form_past_ninety_nine(db, code):
    assert Service._meta.get_field("code").clean(code, None) == code


@pytest.mark.parametrize("date", ["2021-13-01x", "21-11-05", "2021/11/05", ""])
def test_a_date_of_another_form_is_refused(db, date):
    with pytest.raises((IntegrityError, DataError)), transaction.atomic():
        Source.objects.filter(code="seed-plan").update(date=date)


def test_a_service_keeps_its_code(db):
    with pytest.raises(IntegrityError, match="permanent"), transaction.atomic():
        Service.objects.filter(code="NM-05-01").update(code="NM-05-99")


def test_an_unknown_text_is_null_and_never_empty(db):
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE services_department SET note = ''")


def test_no_text_holds_a_nul(db):
    with pytest.raises(ValidationError):
        Department._meta.get_field("note").clean("a\0b", None)
    with pytest.raises((IntegrityError, DataError, ValueError)), transaction.atomic():
        Department.objects.filter(code="finance").update(note="a\0b")
    assert Department.objects.get(code="finance").note is None


def test_a_verbatim_citation_has_its_quote(db):
    with pytest.raises(IntegrityError), transaction.atomic():
        Domain.objects.filter(code="NM-05").update(quote=None)


@pytest.mark.parametrize(
    ("model", "field"), [(Domain, "verification"), (Source, "kind"), (Source, "jurisdiction"), (Department, "level")]
)
def test_a_label_nobody_knows_is_refused_by_the_database(db, model, field):
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.filter(pk=model.objects.first().pk).update(**{field: "certain"})
