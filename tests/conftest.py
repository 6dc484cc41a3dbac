"""Fixtures: the committed catalogue, loaded once, and builders that use the real functions of the domain.

Every test runs in a transaction over the three committed editions. A test that needs other editions uses
``empty_catalogue`` and builds its own.
"""

import datetime
import gc
import zlib
from collections.abc import Callable, Collection, Iterator
from types import CodeType, FunctionType

import django
import pytest
import yaml
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import connection

from catalogue.audit.log import AuditContext
from catalogue.editions import drafts
from catalogue.models import Edition, Entry, Membership, Proposal
from catalogue.workflow import proposals, publishing
from catalogue.workflow.fixtures.load import load_catalogue
from services.models import Department, Region
from services.vocabularies import Terms
from tests.support import triggers
from tests.support.editions import shorten
from tests.support.entries import ASSESSMENT_FIGURES, NEXT_YEAR, PROPOSED_AT, make_entry, standard_change
from tests.support.live_server import shared_connection
from tests.support.openapi import OPENAPI_FILE
from tests.support.paths import FIXTURES
from tests.support.triggers import without_seal_triggers
from tests.support.wsgi import CountingApplication

# A test with one of these fixtures uses the database.
DATABASE_FIXTURES = {"db", "transactional_db", "django_db_setup"}
# The halves that ``scripts/test`` divides the tests into that use the database through the models alone, one for each
# database. A test that names the database itself (its connection, its triggers) runs on both, and so does all in CI.
HALVES = ("first", "second")
PUBLISHED_AT = datetime.datetime(2026, 11, 1, 8, 0, tzinfo=datetime.UTC)


def pytest_report_header() -> str:
    """Print the database at the top of a run: the suite runs on both."""
    return f"database: {connection.vendor}, Django {django.__version__}"


def pytest_configure() -> None:
    """Hash passwords cheaply: Django's own hasher takes most of the time of a test that makes an account."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--only-with-database",
        action="store_true",
        help="leave out the tests that touch no database: the other half of scripts/test runs them",
    )
    parser.addoption(
        "--half",
        choices=HALVES,
        help="of the tests that use the database through the models alone, run only this half",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("only_with_database"):
        _deselect(config, items, lambda item: not uses_database(item))
    if half := config.getoption("half"):
        _deselect(config, items, lambda item: half_of(item) not in {None, half})


def uses_database(item: pytest.Item) -> bool:
    return not DATABASE_FIXTURES.isdisjoint(item.fixturenames) or bool(item.get_closest_marker("own_database"))


def half_of(item: pytest.Item) -> str | None:
    """The half of a test, always the same one; None if it belongs to both."""
    if not uses_database(item) or names_database(item):
        return None
    return HALVES[zlib.crc32(item.nodeid.partition("[")[0].encode()) % 2]


def names_database(item: pytest.Item) -> bool:
    """Whether a test names the connection, or a function that takes the triggers away.

    So does one that uses a function, a fixture or a parameter of its file that does.
    """
    fixtures = [
        definition.func for definitions in item._fixtureinfo.name2fixturedefs.values() for definition in definitions
    ]
    parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
    seen, values = set(), [item.obj, *fixtures, *parameters]
    while values:
        value = values.pop()
        if value is connection or getattr(value, "__module__", "") == triggers.__name__:
            return True
        if isinstance(value, list | tuple):
            values += value
        elif isinstance(value, FunctionType) and value.__module__ == item.module.__name__ and value not in seen:
            seen.add(value)
            values += [value.__globals__[name] for name in _global_names(value.__code__) if name in value.__globals__]
    return False


def _global_names(code: CodeType) -> Iterator[str]:
    """Yield the names that a function looks up outside itself, and those of the functions within it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _global_names(constant)


def _deselect(config: pytest.Config, items: list[pytest.Item], is_left_out: Callable[[pytest.Item], bool]) -> None:
    config.hook.pytest_deselected(items=[item for item in items if is_left_out(item)])
    items[:] = [item for item in items if not is_left_out(item)]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker) -> None:
    with django_db_blocker.unblock():
        load_catalogue(FIXTURES, report=lambda sentence: None)
    # A publication makes ten thousand rows; by default the collector looks at each of them many times.
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


@pytest.fixture
def terms(db) -> Terms:
    return Terms()


@pytest.fixture
def short_list(db) -> None:
    """The edition of 2026 with a dozen services: a draft of it, a publication and their checks are then quick."""
    shorten(Edition.objects.get(slug="2026"))


@pytest.fixture
def empty_catalogue(db) -> None:
    """The vocabularies without any edition."""
    with without_seal_triggers():
        Edition.objects.update(previous=None)
        Edition.objects.all().delete()


def make_user(name: str, *roles: str, departments: Collection[str] = ()) -> User:
    """Make an account with access to the desk, with these roles and departments (codes)."""
    user = User.objects.create_user(name, first_name=name, is_staff=True)
    user.groups.set(Group.objects.get(name=role) for role in roles)
    memberships = [Membership(user=user, department=row) for row in Department.objects.filter(code__in=departments)]
    assert len(memberships) == len(departments), "no such department"
    Membership.objects.bulk_create(memberships)
    return user


def all_department_codes() -> list[str]:
    return list(Department.objects.values_list("code", flat=True))


@pytest.fixture
def make_edition(terms) -> Callable[..., Edition]:
    """Build an edition of ``entries`` (by default one), published at ``at``, or a draft if ``at`` is None."""

    def make(
        slug: str,
        effective_from: str = "2026-11-02",
        *,
        entries: list[dict] | None = None,
        at: datetime.datetime | None = PUBLISHED_AT,
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
        for number, entry in enumerate(entries if entries is not None else [make_entry()], start=1):
            drafts.save_entry(
                edition, entry | {"number": number}, terms=terms, context=AuditContext(at=at or PUBLISHED_AT)
            )
        return publishing.publish(edition, context=AuditContext(at=at), from_fixtures=True) if at else edition

    return make


@pytest.fixture
def people(db) -> dict[str, object]:
    """Four people of all departments, and ``bao`` of another than the one that proposes."""
    everywhere = all_department_codes()
    people = {name: make_user(name, departments=everywhere) for name in ("wang", "li", "zhao", "root")}
    return people | {"bao": make_user("bao", departments=["finance"])}


@pytest.fixture
def act(people) -> Callable[..., AuditContext]:
    return lambda name="wang", reason=None: AuditContext(at=PROPOSED_AT, user=people[name], reason=reason)


@pytest.fixture
def make_proposal(act) -> Callable[..., Proposal]:
    """Draft a proposal of ``wang``, and advance it to the state ``to`` by the real functions."""

    def make_one(*entries: dict, kind: str = "change", to: str = "draft", **changes: object) -> Proposal:
        proposal = proposals.draft(
            **{
                "kind": kind,
                "region": Region.objects.get(code="150000"),
                "department": Department.objects.get(code="civil-affairs"),
                "title": "提高孤儿基本生活费标准",
                "reason": "落实常务会议决定",
                "effective_from": NEXT_YEAR,
                "entries": entries or [standard_change()],
                "context": act(),
            }
            | changes
        )
        steps = ["draft", "assessing", "approving", "approved"]
        if steps.index(to) >= 1:
            proposal = proposals.submit(proposal, context=act())
        if steps.index(to) >= 2 and proposal.state == "assessing":
            proposals.assess(proposal, figures=ASSESSMENT_FIGURES, context=act("li"))
        if steps.index(to) >= 3:
            proposals.approve(proposal, context=act("zhao"))
        proposal.refresh_from_db()
        return proposal

    return make_one


@pytest.fixture
def next_edition(act) -> Edition:
    return drafts.create_draft(
        Edition.objects.get(slug="2026"), slug="2027", title="清单（2027年版）", effective_from=NEXT_YEAR, context=act()
    )


@pytest.fixture
def publish(act):
    """Include approved proposals in a new edition after the latest one, and publish it."""

    def publish(slug: str, *approved, effective_from: datetime.date = NEXT_YEAR) -> Edition:
        latest = Edition.objects.published().order_by("-number").first()
        edition = drafts.create_draft(
            latest, slug=slug, title=f"清单（{slug}年版）", effective_from=effective_from, context=act("root")
        )
        for proposal in approved:
            proposals.include_in_edition(proposal, edition, context=act("root"))
        return publishing.publish(edition, context=act("root"))

    return publish


@pytest.fixture
def counting_application(db) -> Iterator[CountingApplication]:
    """Django as a WSGI application that counts requests, within the test's transaction."""
    with shared_connection():
        yield CountingApplication()


@pytest.fixture(scope="session")
def document() -> dict:
    """The committed OpenAPI document."""
    return yaml.safe_load(OPENAPI_FILE.read_text())


@pytest.fixture
def published_entry(db) -> Entry:
    """An entry of the edition in force that has every kind of related row."""
    return Entry.objects.get(edition__slug="2026", service__code="NM-01-05")
