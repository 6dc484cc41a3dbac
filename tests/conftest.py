"""The catalogue as it is served, loaded once; and builders that go through the real verbs.

Every test runs in a transaction over the three committed editions. A test that needs other ones asks for
``empty_catalogue`` and builds its own.
"""

import datetime
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import django
import pytest
from django.contrib.auth.models import Group, User
from django.db import connection

from catalogue import editing, publishing
from catalogue.loading import load
from catalogue.models import Edition, Entry, Membership
from catalogue.recording import Act
from services.models import Department
from services.vocabularies import Terms

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
AT = datetime.datetime(2026, 11, 1, 8, 0, tzinfo=datetime.UTC)


def pytest_report_header() -> str:
    """Say at the top of a run which database it is on: the suite runs once on each."""
    return f"database: {connection.vendor}, Django {django.__version__}"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker) -> None:
    with django_db_blocker.unblock():
        load(FIXTURES, tell=lambda sentence: None)


@pytest.fixture
def terms(db) -> Terms:
    return Terms()


@contextmanager
def unsealed() -> Iterator[None]:
    """Take the database's seals off for a moment, as somebody with all its rights could, and put them on again."""
    statements = import_module("catalogue.migrations.0002_sealed").STATEMENTS[connection.vendor]
    with connection.cursor() as cursor:
        for statement in statements(drop=True):
            cursor.execute(statement)
        yield
        for statement in statements(drop=False):
            cursor.execute(statement)


@pytest.fixture
def empty_catalogue(db) -> None:
    """The vocabularies without any edition."""
    with unsealed():
        Edition.objects.update(previous=None)
        Edition.objects.all().delete()


def person(name: str, *roles: str, departments: Iterable[str] = ()) -> User:
    """Make an account that may enter the desk, with these roles and of these departments (codes)."""
    user = User.objects.create_user(name, is_staff=True)
    user.groups.set(Group.objects.get(name=role) for role in roles)
    for code in departments:
        Membership.objects.create(user=user, department=Department.objects.get(code=code))
    return user


def every_department() -> list[str]:
    return list(Department.objects.values_list("code", flat=True))


def cite(field: str, **changes: object) -> dict:
    """Return a citation as a file of fixtures writes it: of the plan, word for word."""
    citation = {
        "field": field,
        "source": "seed-plan",
        "locator": "表2",
        "quote": "老年人健康管理",
        "verification": "verbatim",
        "jurisdiction": "inner-mongolia",
    }
    return citation | changes


def state(code: str = "NM-05-01", **changes: object) -> dict:
    """Return the least an edition can say of a service: its name and domain, each with its clause."""
    unknown = dict.fromkeys(
        ("name_en", "target_group_text", "content", "standard", "standard_as_of", "lead_department")
        + ("expenditure_responsibility", "note")
    )
    lists = {key: [] for key in ("target_groups", "lead_department_alternatives", "co_departments", "legal_basis")}
    stated = {
        "code": code,
        "number": 1,
        "name": "老年人健康管理",
        "domain": "NM-05",
        **unknown,
        **lists,
        "verification": {"name": "verbatim", "domain": "verbatim"},
        "basis": {"name": "plan", "domain": "plan"},
        "citations": [cite("name"), cite("domain", quote="老有所养")],
    }
    return stated | changes


@pytest.fixture
def make_edition(terms) -> Callable[..., Edition]:
    """Build an edition of the entries given (by default one); published at ``at``, or left a draft with ``None``."""

    def make(
        slug: str,
        effective_from: str = "2026-11-02",
        *,
        entries: list[dict] | None = None,
        at: datetime.datetime | None = AT,
    ) -> Edition:
        last = Edition.objects.order_by("-number").first()
        edition = Edition(
            region=terms.region("150000"),
            number=(last.number if last else 0) + 1,
            slug=slug,
            title=f"清单（{slug}）",
            effective_from=datetime.date.fromisoformat(effective_from),
            previous=Edition.objects.published().order_by("-number").first(),
        )
        edition.full_clean()
        edition.save()
        for number, entry in enumerate(entries if entries is not None else [state()], start=1):
            editing.revise(edition, entry | {"number": number}, terms=terms, act=Act(at=at or AT))
        return publishing.publish(edition, act=Act(at=at), committed=True) if at else edition

    return make


@pytest.fixture
def published_entry(db) -> Entry:
    """An entry of the edition in force that has every kind of related row."""
    return Entry.objects.get(edition__slug="2026", service__code="NM-01-05")
