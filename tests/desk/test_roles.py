"""Who may open and change what: every address of the desk, every role, their own department and another's.

``SCREENS`` names every address there is; a new screen without a line there fails the first test.
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
from catalogue.feedback import answers
from catalogue.models import Edition, Entry, Event, Feedback, FieldVerification, Proposal
from services.models import Department, Domain, Indicator, ProjectGroup, Region, Service, Source, Synonym, TargetGroup
from tests.conftest import make_user
from tests.support.admin_forms import column_texts, make_rich_entry
from tests.support.entries import PROPOSED_AT, make_citation, make_entry

ALL, NOBODY = frozenset(permissions.ROLES), frozenset()
EDITORS, ASSESSORS, PUBLISHERS, AUDITORS = (frozenset({role}) for role in ("编辑", "评估", "发布", "审计"))
OWN, FOREIGN = "health-commission", "civil-affairs"


class Screen(NamedTuple):
    """Who may open an address, and who may send something to it: roles. Of another department's row, the others."""

    opened: frozenset
    sent: frozenset
    foreign_opened: frozenset | None = None
    foreign_sent: frozenset | None = None


def screens_of(model: type[models.Model], *, view, add=NOBODY, change=NOBODY, delete=NOBODY, scoped=False) -> dict:
    """Return a model's five screens; of a scoped one, another department's editor neither sees nor changes a row."""
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
    # Proposals alone change one.
    **screens_of(Entry, view=ALL, scoped=True),
    # Its page is its entry's, to which whatever is sent leads on.
    **screens_of(FieldVerification, view=ALL, change=ALL, scoped=True),
    **screens_of(Edition, view=ALL, add=PUBLISHERS, change=PUBLISHERS, delete=PUBLISHERS),
    # Tries a rule on a person: only ever sent.
    "rule": Screen(NOBODY, ALL),
    "import": Screen(EDITORS, EDITORS),
    # Opened, it leads to the import; sent without a preview, it is refused.
    "import_confirm": Screen(EDITORS, NOBODY),
    "catalogue_entry_export": Screen(ALL, ALL),
    # The draft's entry is not in force, so there is nothing to check yet.
    "catalogue_entry_check": Screen(NOBODY, NOBODY, NOBODY, NOBODY),
    "catalogue_edition_beside": Screen(ALL, ALL),
    "catalogue_edition_publish": Screen(PUBLISHERS, PUBLISHERS),
    **screens_of(Proposal, view=ALL, add=EDITORS, change=ALL, scoped=True),
    # Only its proposer writes in a proposal, and that is none of these.
    "catalogue_proposal_edit": Screen(NOBODY, NOBODY, NOBODY, NOBODY),
    "catalogue_proposal_new_entry": Screen(NOBODY, NOBODY, NOBODY, NOBODY),
    "catalogue_proposal_entry": Screen(NOBODY, NOBODY, NOBODY, NOBODY),
    "catalogue_proposal_remove": Screen(NOBODY, NOBODY, NOBODY, NOBODY),
    "catalogue_proposal_assess": Screen(ASSESSORS, ASSESSORS, ASSESSORS, ASSESSORS),
    # There is none; who sees the proposal is told so.
    "catalogue_proposal_attachment": Screen(NOBODY, NOBODY, NOBODY, NOBODY),
    # Opened, it leads back to the page. What is sent here is a remark, by somebody who read nothing.
    "catalogue_proposal_step": Screen(ALL, ALL, ALL - EDITORS, ALL - EDITORS),
    **screens_of(Feedback, view=EDITORS | AUDITORS, change=EDITORS, scoped=True),
    **screens_of(Event, view=AUDITORS),
    **screens_of(Source, view=ALL, add=EDITORS | PUBLISHERS, change=EDITORS | PUBLISHERS),
    **screens_of(Synonym, view=ALL, add=PUBLISHERS, change=PUBLISHERS, delete=PUBLISHERS),
    **screens_of(Group, view=AUDITORS),
    **screens_of(User, view=AUDITORS),
}
for vocabulary in (Domain, Department, TargetGroup, Service, Indicator, ProjectGroup, Region):
    SCREENS |= screens_of(vocabulary, view=ALL, add=PUBLISHERS, change=PUBLISHERS)
# Django's old addresses of a row's page, and whatever is no address at all.
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
        led = Service.objects.filter(entries__edition__slug="2026", entries__lead_department__code=led_by).first()
        answers.receive_feedback(led, message=led_by, at=PROPOSED_AT)
    # The newest document is one that no published edition cites: others are only the publishers' to change.
    Source.objects.create(
        code="of-nothing", title="新文件", date="2026-11-01", kind="guide", jurisdiction="inner-mongolia",
        extent_read="full",
    )  # fmt: skip
    return make_edition("2027", "2027-01-01", entries=[make_rich_entry(), others], at=None)


def patterns(listed: list, path: str = "") -> Iterator[tuple[str, str | None]]:
    """Yield (pattern, name) of every address of the desk."""
    for each in listed:
        if isinstance(each, URLPattern):
            yield str(each.pattern), each.name
        else:
            yield from patterns(each.url_patterns)


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
    if name == "catalogue_entry_export":
        return reverse(f"admin:{name}", args=["csv"]) + "?edition=2027"
    app, model, view = name.split("_", 2)
    if name.startswith("catalogue_proposal_") and view not in {"changelist", "add"}:
        proposal = row_of(app, model, draft, foreign=foreign)
        more = {"entry": ["NM-01-07"], "remove": ["NM-01-07"], "step": ["comment"]}.get(view, [])
        return reverse(f"admin:{name}", args=[proposal.pk, *more])
    if view in {"beside", "publish"}:
        return reverse(f"admin:{name}", args=[draft.pk])
    if view in {"change", "delete", "history", "password_change", "check"}:
        row = row_of(app, model, draft, foreign=foreign)
        return reverse(f"admin:{name}", args=[row.pk])
    return reverse(f"admin:{name}")


def row_of(app: str, model: str, draft: Edition, *, foreign: bool) -> models.Model:
    (kind,) = (each for each in admin.site._registry if (each._meta.app_label, each._meta.model_name) == (app, model))
    led_by = FOREIGN if foreign else OWN
    if kind is Entry:
        return draft.entries.get(lead_department__code=led_by)
    if kind is FieldVerification:
        return FieldVerification.objects.not_verified().filter(entry__lead_department__code=led_by).first()
    if kind is Edition:
        return draft
    if kind is Feedback:
        return Feedback.objects.get(message=led_by)
    if kind is Proposal:
        return Proposal.objects.get(department__code=led_by)
    return kind._default_manager.order_by("pk").last()


def is_let_in(answer: HttpResponse) -> bool:
    """Whether an answer shows or does something: a refusal is 403, or leads away from what is not there."""
    assert answer.status_code < 500
    led_away = answer.status_code == 302 and answer["Location"] in {reverse("admin:index"), "/"}
    return answer.status_code not in {403, 404, 405} and not led_away


def test_every_address_of_the_desk_is_in_the_table():
    found = set(patterns(admin.site.get_urls()))

    assert {name for _, name in found if name} == set(SCREENS)
    assert {pattern for pattern, name in found if not name} <= UNNAMED


@pytest.mark.parametrize("role", permissions.ROLES)
def test_a_role_is_let_in_where_the_table_says(client, draft, role):
    client.force_login(make_user("sun", role, departments=[OWN]))
    wrong = []

    for name, screen in SCREENS.items():
        asked = [(False, "get", screen.opened), (False, "post", screen.sent)]
        if screen.foreign_opened is not None:
            asked += [(True, "get", screen.foreign_opened), (True, "post", screen.foreign_sent)]
        for foreign, method, allowed in asked:
            if name == "logout" and method == "post":
                continue
            at = address(name, draft, foreign=foreign)
            answer = getattr(client, method)(at)
            if is_let_in(answer) != (role in allowed):
                wrong.append((name, "另一部门" if foreign else "本部门", method, answer.status_code))

    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.parametrize("role", [None, "nobody at all"])
def test_whoever_has_no_role_is_let_in_nowhere(client, draft, role):
    nobody = make_user("sun", departments=[OWN])
    if role:
        client.force_login(nobody)
    open_to_all = {"login", "logout", "jsi18n", "index", "app_list", "password_change", "password_change_done"}

    for name in set(SCREENS) - open_to_all:
        answer = client.get(address(name, draft, foreign=False))

        assert answer.status_code in {302, 403, 404}, name
        assert role or answer["Location"].startswith(reverse("admin:login"))


def test_an_editor_sees_his_departments_rows_alone(client, draft):
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


def test_an_editor_of_two_departments_sees_both(client, draft):
    client.force_login(make_user("sun", "编辑", departments=[OWN, FOREIGN]))

    page = client.get(reverse("admin:catalogue_entry_changelist"), {"edition": "2027"})

    assert column_texts(page, "code") == ["NM-05-01", "NM-09-01"]
