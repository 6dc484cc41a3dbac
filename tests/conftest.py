"""The catalogue as it is served, loaded once; and builders that go through the real verbs.

Every test runs in a transaction over the three committed editions. A test that needs other ones asks for
``empty_catalogue`` and builds its own.
"""

import datetime
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module

import django
import pytest
import yaml
from django.contrib.auth.models import Group, User
from django.db import connection

from catalogue.audit.log import Act
from catalogue.editions import drafts
from catalogue.models import Edition, Entry, Membership, Proposal
from catalogue.workflow import proposals, publishing
from catalogue.workflow.load import load
from services.models import Department, Region
from services.vocabularies import Terms
from tests.support.entries import FIGURES, LATER, PROPOSED_AT, changed_standard, state
from tests.support.live_server import one_connection
from tests.support.openapi import COMMITTED
from tests.support.paths import FIXTURES
from tests.support.wsgi import Django

# By one of these a test says that it touches the database.
DATABASE = {"db", "transactional_db", "django_db_setup"}
AT = datetime.datetime(2026, 11, 1, 8, 0, tzinfo=datetime.UTC)


def pytest_report_header() -> str:
    """Say at the top of a run which database it is on: the suite runs once on each."""
    return f"database: {connection.vendor}, Django {django.__version__}"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--only-with-database",
        action="store_true",
        help="leave out the tests that touch no database: the other half of scripts/test runs them",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("only_with_database"):
        without = {
            item
            for item in items
            if DATABASE.isdisjoint(item.fixturenames) and not item.get_closest_marker("own_database")
        }
        config.hook.pytest_deselected(items=list(without))
        items[:] = [item for item in items if item not in without]


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
            drafts.revise(edition, entry | {"number": number}, terms=terms, act=Act(at=at or AT))
        return publishing.publish(edition, act=Act(at=at), committed=True) if at else edition

    return make


@pytest.fixture
def people(db) -> dict[str, object]:
    return {name: person(name, departments=every_department()) for name in ("wang", "li", "zhao", "root")}


@pytest.fixture
def act(people) -> Callable[..., Act]:
    return lambda name="wang", reason=None: Act(at=PROPOSED_AT, by=people[name], reason=reason)


@pytest.fixture
def make_proposal(act) -> Callable[..., Proposal]:
    """Draft a proposal of ``wang``, and take it as far as asked through the verbs."""

    def make_one(*entries: dict, kind: str = "change", to: str = "draft", **changes: object) -> Proposal:
        proposal = proposals.draft(
            **{
                "kind": kind,
                "region": Region.objects.get(code="150000"),
                "department": Department.objects.get(code="civil-affairs"),
                "title": "提高孤儿基本生活费标准",
                "reason": "落实常务会议决定",
                "effective_from": LATER,
                "entries": entries or [changed_standard()],
                "act": act(),
            }
            | changes
        )
        steps = ["draft", "assessing", "approving", "approved"]
        if steps.index(to) >= 1:
            proposal = proposals.submit(proposal, act=act())
        if steps.index(to) >= 2 and proposal.state == "assessing":
            proposals.assess(proposal, figures=FIGURES, act=act("li"))
        if steps.index(to) >= 3:
            proposals.approve(proposal, act=act("zhao"))
        proposal.refresh_from_db()
        return proposal

    return make_one


@pytest.fixture
def next_edition(act) -> Edition:
    return drafts.begin(
        Edition.objects.get(slug="2026"), slug="2027", title="清单（2027年版）", effective_from=LATER, act=act()
    )


@pytest.fixture
def publish(act):
    """Take approved proposals up into a new edition after the newest, and publish it."""

    def publish(slug: str, *taken, effective_from: datetime.date = LATER) -> Edition:
        newest = Edition.objects.published().order_by("-number").first()
        edition = drafts.begin(
            newest, slug=slug, title=f"清单（{slug}年版）", effective_from=effective_from, act=act("root")
        )
        for proposal in taken:
            proposals.take_up(proposal, edition, act=act("root"))
        return publishing.publish(edition, act=act("root"))

    return publish


@pytest.fixture
def django_counted(db) -> Iterator[Django]:
    """Django as a WSGI application that counts; its requests stay within the test's transaction."""
    with one_connection():
        yield Django()


@pytest.fixture(scope="session")
def document() -> dict:
    """The committed OpenAPI document."""
    return yaml.safe_load(COMMITTED.read_text())


@pytest.fixture
def published_entry(db) -> Entry:
    """An entry of the edition in force that has every kind of related row."""
    return Entry.objects.get(edition__slug="2026", service__code="NM-01-05")
