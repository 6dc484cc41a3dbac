"""A department is replaced by another one from a day, by a clause; the database keeps the chain free of cycles."""

import datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection

from services.models import Department
from tests.support.departments import department, make_department, replace

DAY = datetime.date(2027, 1, 1)


def set_columns(code: str, assignments: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE services_department SET {assignments} WHERE code = %s", [code])  # noqa: S608


@pytest.fixture
def chain(db) -> None:
    """Health is replaced by education in 2027, education by finance in 2028."""
    replace("health-commission", "education", "2027-01-01")
    replace("education", "finance", "2028-01-01")


def test_successors_are_those_of_the_day(chain):
    successors = Department.objects.successors

    assert successors(DAY - datetime.timedelta(days=1)) == {}
    assert successors(DAY) == {"health-commission": "education"}
    assert successors(datetime.date(2028, 1, 1)) == {"health-commission": "education", "education": "finance"}


@pytest.mark.parametrize(
    "assignments",
    [
        "replaced_by_id = NULL",
        "replaced_from = NULL",
        "replaced_source_id = NULL",
        "replaced_verification = NULL",
        "replaced_by_id = NULL, replaced_from = NULL, replaced_source_id = NULL, replaced_verification = NULL",
        "replaced_quote = NULL",
        "replaced_by_id = id",
    ],
    ids=["successor", "day", "source", "label", "a clause alone", "verbatim without a quote", "itself"],
)
def test_a_replacement_is_stored_whole_and_names_another_department(db, assignments):
    replace("health-commission", "education", "2027-01-01")

    with pytest.raises(IntegrityError):
        set_columns("health-commission", assignments)


@pytest.mark.parametrize(
    ("code", "successor", "day"),
    [
        ("finance", "health-commission", "2029-01-01"),  # a cycle of three
        ("education", "health-commission", "2028-01-01"),  # a cycle of two
        ("health-commission", "education", "2028-01-01"),  # the same day as the next step
        ("civil-affairs", "education", "2028-06-01"),  # a successor that is gone by then
    ],
)
def test_the_days_of_a_chain_ascend_on_update_and_on_insert(chain, code, successor, day):
    key = department(successor).pk

    with pytest.raises(ValidationError):
        row = department(code)
        row.replaced_by_id, row.replaced_from = key, datetime.date.fromisoformat(day)
        row.clean()
    with pytest.raises(IntegrityError, match="a successor is replaced on a later day"):
        replace(code, successor, day)


def test_a_new_row_cannot_name_a_successor_that_is_gone_by_then(chain):
    made = make_department()
    columns = [field.column for field in Department._meta.concrete_fields if field.column != "id"]
    values = {"code": "'another'", "replaced_by_id": str(department("education").pk), "replaced_from": "'2028-06-01'"}
    values |= {"replaced_source_id": "source_id", "replaced_verification": "'unverified'"}
    selected = ", ".join(values.get(column, column) for column in columns)

    with pytest.raises(IntegrityError, match="a successor is replaced on a later day"), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO services_department ({', '.join(columns)}) "  # noqa: S608
            f"SELECT {selected} FROM services_department WHERE id = %s",
            [made.pk],
        )


def test_a_department_may_take_the_place_of_several_and_be_replaced_later(chain):
    replace("civil-affairs", "education", "2027-06-01")

    assert {row.code for row in department("education").replaces.all()} == {"health-commission", "civil-affairs"}


def test_a_department_in_whose_place_another_stands_cannot_be_deleted_with_it(chain):
    with pytest.raises(Exception, match="protected"):
        department("finance").delete()
