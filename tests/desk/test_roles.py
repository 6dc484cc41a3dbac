"""Permissions of the desk: GET and POST of every URL for every role, in the own and in another department.

``SCREENS`` lists every named URL; a new one that is missing there fails the first test.
"""

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db import models
from django.http import HttpResponse
from django.urls import URLPattern, reverse

from catalogue.accounts import permissions
from catalogue.audit.log import AuditContext
from catalogue.feedback import answers
from catalogue.models import Case, Edition, Entry, Event, Feedback, FieldVerification, Proposal
from catalogue.workflow.checks import full_texts
from services.models import (
    Department,
    Domain,
    Indicator,
    Observation,
    ProjectGroup,
    Region,
    Service,
    Synonym,
    TargetGroup,
    Topic,
)
from services.sources import Source
from tests.conftest import make_user
from tests.support.admin_forms import column_texts, make_rich_entry
from tests.support.entries import PROPOSED_AT, make_citation, make_entry

pytestmark = pytest.mark.usefixtures("short_list")

ALL, NOBODY = frozenset(permissions.ROLES), frozenset()
EDITORS, ASSESSORS, APPROVERS, PUBLISHERS, AUDITORS = (frozenset({role}) for role in permissions.ROLES)
OWN, FOREIGN = "health-commission", "civil-affairs"


class Screen(NamedTuple):
    """The roles that may GET and POST a URL, and the same for a row of another department (None: no such row)."""

    opened: frozenset
    sent: frozenset
    foreign_opened: frozenset | None = None
    foreign_sent: frozenset | None = None


def screens_of(model: type[models.Model], *, view, add=NOBODY, change=NOBODY, delete=NOBODY, scoped=False) -> dict:
    """Return a model's five screens; with ``scoped``, editors of another department have no access to a row."""
    name = f"{model._meta.app_label}_{model._meta.model_name}"
    others = (view - EDITORS, change - EDITORS) if scoped else (None, None)
    return {
        f"{name}_changelist": Screen(view, view),
        f"{name}_add": Screen(add, add),
        f"{name}_change": Screen(view, change, *others),
        f"{name}_delete": Screen(delete, delete, *((delete - EDITORS,) * 2 if scoped else others)),
        f"{name}_history": Screen(view, view, *((others[0],) * 2)),
    }


SCREENS = {
    "index": Screen(ALL, ALL),
    "login": Screen(NOBODY, ALL),
    "logout": Screen(NOBODY, ALL),
    "password_change": Screen(ALL, ALL),
    "password_change_done": Screen(ALL, NOBODY),
    "jsi18n": Screen(ALL, NOBODY),
    "app_list": Screen(ALL, ALL),
    "autocomplete": Screen(ALL, NOBODY),
    "view_on_site": Screen(NOBODY, NOBODY),
    "auth_user_password_change": Screen(NOBODY, NOBODY),
    # Entries change only through proposals.
    **screens_of(Entry, view=ALL, scoped=True),
    # GET and POST redirect to the page of the entry.
    **screens_of(FieldVerification, view=ALL, change=ALL, scoped=True),
    # Without fields it redirects to the list.
    "catalogue_fieldverification_propose": Screen(EDITORS, EDITORS),
    # Cases too; GET of the history redirects to the page of the case.
    **screens_of(Case, view=ALL),
    "catalogue_case_export": Screen(ALL, ALL),
    "catalogue_proposal_import_cases": Screen(EDITORS, EDITORS, NOBODY, NOBODY),
    "services_department_succession": Screen(PUBLISHERS, PUBLISHERS),
    "services_department_undo_succession": Screen(PUBLISHERS, PUBLISHERS),
    **screens_of(Edition, view=ALL, add=PUBLISHERS, change=PUBLISHERS, delete=PUBLISHERS),
    # The preview of a rule: POST only.
    "rule": Screen(NOBODY, ALL),
    "import": Screen(EDITORS, EDITORS),
    # GET redirects to the import; POST without a preview is refused.
    "import_confirm": Screen(EDITORS, NOBODY),
    "catalogue_entry_export": Screen(ALL, ALL),
    # Refused, because the entry of the draft is not in force.
    "catalogue_entry_check": Screen(NOBODY, NOBODY, NOBODY, NOBODY),
    "catalogue_edition_diff": Screen(ALL, ALL),
    "catalogue_edition_publish": Screen(PUBLISHERS, PUBLISHERS),
    **screens_of(Proposal, view=ALL, add=EDITORS, change=ALL, scoped=True),
    "catalogue_proposal_edit": Screen(EDITORS, EDITORS, NOBODY, NOBODY),
    "catalogue_proposal_new_entry": Screen(EDITORS, EDITORS, NOBODY, NOBODY),
    "catalogue_proposal_entry": Screen(EDITORS, EDITORS, NOBODY, NOBODY),
    "catalogue_proposal_remove": Screen(EDITORS, EDITORS, NOBODY, NOBODY),
    "catalogue_proposal_new_case": Screen(EDITORS, EDITORS, NOBODY, NOBODY),
    "catalogue_proposal_case": Screen(EDITORS, EDITORS, NOBODY, NOBODY),
    "catalogue_proposal_remove_case": Screen(EDITORS, EDITORS, NOBODY, NOBODY),
    "catalogue_proposal_assess": Screen(ASSESSORS, ASSESSORS, ASSESSORS, ASSESSORS),
    # 404, because the proposal has no attachment.
    "catalogue_proposal_attachment": Screen(NOBODY, NOBODY, NOBODY, NOBODY),
    # GET redirects to the proposal. The POST is a comment without a token.
    "catalogue_proposal_step": Screen(ALL, ALL, ALL - EDITORS, ALL - EDITORS),
    **screens_of(Feedback, view=EDITORS | APPROVERS | AUDITORS, change=EDITORS, scoped=True),
    # Without messages it redirects to the list.
    "catalogue_feedback_together": Screen(EDITORS | APPROVERS | AUDITORS, EDITORS | APPROVERS | AUDITORS),
    **screens_of(Event, view=AUDITORS),
    "catalogue_event_export": Screen(AUDITORS, AUDITORS),
    **screens_of(Source, view=ALL, add=EDITORS | PUBLISHERS, change=EDITORS | PUBLISHERS),
    # The comparison of a quote: POST only.
    "services_source_quote": Screen(NOBODY, EDITORS),
    "services_source_text": Screen(ALL, NOBODY),
    **screens_of(Synonym, view=ALL, add=PUBLISHERS, change=PUBLISHERS, delete=PUBLISHERS),
    **screens_of(Topic, view=ALL, add=PUBLISHERS, change=PUBLISHERS, delete=PUBLISHERS),
    **screens_of(Group, view=AUDITORS),
    **screens_of(User, view=AUDITORS),
}
for vocabulary in (Domain, Department, TargetGroup, Service, Indicator, ProjectGroup, Region):
    SCREENS |= screens_of(vocabulary, view=ALL, add=PUBLISHERS, change=PUBLISHERS)
# The row is a draft. GET redirects to its page.
SCREENS |= screens_of(Observation, view=ALL, add=EDITORS | PUBLISHERS, change=EDITORS | PUBLISHERS) | {
    "services_observation_approve": Screen(APPROVERS | PUBLISHERS, APPROVERS | PUBLISHERS),
    "services_observation_withdraw": Screen(APPROVERS | PUBLISHERS, APPROVERS | PUBLISHERS),
}
# Django's legacy URL of the change page, the catch-all and the content type redirect.
UNNAMED = {"<path:object_id>/", "(?P<url>.*)$", "r/<path:content_type_id>/<path:object_id>/"}


@pytest.fixture
def draft(make_edition, make_proposal) -> Edition:
    others = make_entry(
        "NM-09-01",
        name="别的部门的项目",
        lead_department=FOREIGN,
        verification={"name": "verbatim", "domain": "verbatim", "lead_department": "unverified"},
        basis={"name": "plan", "domain": "plan", "lead_department": "editorial"},
        citations=[
            make_citation("name", quote="别的部门的项目"),
            *make_rich_entry()["citations"][1:2],
            *make_rich_entry()["citations"][4:5],
        ],
    )
    for led_by in (OWN, FOREIGN):
        make_proposal(department=Department.objects.get(code=led_by), to="assessing")
        service = Service.objects.filter(entries__edition__slug="2026", entries__lead_department__code=led_by).first()
        answers.receive_feedback(service, message=led_by, at=PROPOSED_AT)
    Observation.objects.create(
        code="OBS-901", domain=Domain.objects.get(code="NM-05"), name="待批准的数", value=1, verification="unverified",
        source=Source.objects.get(code="seed-plan"), proposed_by=make_user("proposer", "编辑"),
    )  # fmt: skip
    # ``row_of()`` takes the newest source. No published edition cites it, so editors may change it too.
    source = Source.objects.create(
        code="of-nothing", title="新文件", date="2026-11-01", kind="guide", jurisdiction="inner-mongolia",
        extent_read="full",
    )  # fmt: skip
    full_texts.store(source, "全文", context=AuditContext(at=PROPOSED_AT, user=make_user("reader")))
    return make_edition("2027", "2027-01-01", entries=[make_rich_entry(), others], at=None)


def patterns(listed: list, path: str = "") -> Iterator[tuple[str, str | None]]:
    """Yield (pattern, name) of every URL of the desk."""
    for item in listed:
        if isinstance(item, URLPattern):
            yield str(item.pattern), item.name
        else:
            yield from patterns(item.url_patterns)


def address(name: str, draft: Edition, *, foreign: bool) -> str:
    if name == "app_list":
        return reverse("admin:app_list", args=["catalogue"])
    if name == "view_on_site":
        return reverse("admin:view_on_site", args=[1, 1])
    if name == "autocomplete":
        query = "?app_label=catalogue&model_name=citation&field_name=source&term=a"
        return reverse("admin:autocomplete") + query
    if "_" not in name or name.startswith(("password", "import")):
        return reverse(f"admin:{name}")
    if name in {"catalogue_entry_export", "catalogue_case_export"}:
        return reverse(f"admin:{name}", args=["csv"]) + "?edition=2027"
    app, model, view = name.split("_", 2)
    if name.startswith("catalogue_proposal_") and view not in {"changelist", "add"}:
        proposal = row_of(app, model, draft, foreign=foreign)
        extra_args = {"step": ["comment"], "case": ["NM-05-01-65"], "remove_case": ["NM-05-01-65"]}
        extra_args = (extra_args | dict.fromkeys(["entry", "remove"], ["NM-01-07"])).get(view, [])
        return reverse(f"admin:{name}", args=[proposal.pk, *extra_args])
    if view in {"diff", "publish"}:
        return reverse(f"admin:{name}", args=[draft.pk])
    if view in {
        "change", "delete", "history", "password_change", "check", "approve", "withdraw", "succession",
        "undo_succession", "text",
    }:  # fmt: skip
        row = row_of(app, model, draft, foreign=foreign)
        return reverse(f"admin:{name}", args=[row.pk])
    return reverse(f"admin:{name}")


def row_of(app: str, model: str, draft: Edition, *, foreign: bool) -> models.Model:
    (row_model,) = (
        model_class
        for model_class in admin.site._registry
        if (model_class._meta.app_label, model_class._meta.model_name) == (app, model)
    )
    led_by = FOREIGN if foreign else OWN
    if row_model is Entry:
        return draft.entries.get(lead_department__code=led_by)
    if row_model is FieldVerification:
        return FieldVerification.objects.unverified().filter(entry__lead_department__code=led_by).first()
    if row_model is Edition:
        return draft
    if row_model is Feedback:
        return Feedback.objects.get(message=led_by)
    if row_model is Proposal:
        return Proposal.objects.get(department__code=led_by)
    return row_model._default_manager.order_by("pk").last()


def is_let_in(response: HttpResponse) -> bool:
    """Whether a response grants access: a refusal is 403, 404, 405 or a redirect to the start page."""
    assert response.status_code < 500
    is_redirected = response.status_code == 302 and response["Location"] in {reverse("admin:index"), "/"}
    return response.status_code not in {403, 404, 405} and not is_redirected


def test_every_url_of_the_desk_is_in_the_table():
    urls = set(patterns(admin.site.get_urls()))

    assert {name for _, name in urls if name} == set(SCREENS)
    assert {pattern for pattern, name in urls if not name} <= UNNAMED


@pytest.mark.parametrize("role", permissions.ROLES)
def test_a_role_has_access_exactly_as_in_the_table(client, draft, role):
    client.force_login(make_user("sun", role, departments=[OWN]))
    mismatches = []

    for name, screen in SCREENS.items():
        requests = [(False, "get", screen.opened), (False, "post", screen.sent)]
        if screen.foreign_opened is not None:
            requests += [(True, "get", screen.foreign_opened), (True, "post", screen.foreign_sent)]
        for foreign, method, allowed in requests:
            if name == "logout" and method == "post":
                continue
            url = address(name, draft, foreign=foreign)
            response = getattr(client, method)(url)
            if is_let_in(response) != (role in allowed):
                mismatches.append((name, "另一部门" if foreign else "本部门", method, response.status_code))

    assert not mismatches, "\n".join(map(str, mismatches))


@pytest.mark.parametrize("role", [None, "nobody at all"])
def test_users_without_a_role_have_no_access(client, draft, role):
    user = make_user("sun", departments=[OWN])
    if role:
        client.force_login(user)
    public_names = {"login", "logout", "jsi18n", "index", "app_list", "password_change", "password_change_done"}

    for name in set(SCREENS) - public_names:
        response = client.get(address(name, draft, foreign=False))

        assert response.status_code in {302, 403, 404, 405}, name
        assert role or response["Location"].startswith(reverse("admin:login"))


def test_an_editor_sees_only_rows_of_own_departments(client, draft):
    client.force_login(make_user("sun", "编辑", departments=[OWN]))

    entries = client.get(reverse("admin:catalogue_entry_changelist"), {"edition": "2027"})
    findings = client.get(reverse("admin:catalogue_fieldverification_changelist"), {"edition": "2026"})
    edition = client.get(reverse("admin:catalogue_edition_change", args=[draft.pk]))

    assert column_texts(entries, "code") == ["NM-05-01"]
    assert set(column_texts(findings, "department")) == {str(Department.objects.get(code=OWN))}
    assert "别的部门的项目" not in edition.content.decode()
    assert len(column_texts(client.get(reverse("admin:catalogue_entry_changelist"), {"edition": "2026"}), "code")) == (
        Entry.objects.filter(edition__slug="2026", lead_department__code=OWN).count()
    )


def test_an_editor_of_two_departments_sees_rows_of_both(client, draft):
    client.force_login(make_user("sun", "编辑", departments=[OWN, FOREIGN]))

    page = client.get(reverse("admin:catalogue_entry_changelist"), {"edition": "2027"})

    assert column_texts(page, "code") == ["NM-05-01", "NM-09-01"]
