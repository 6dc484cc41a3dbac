"""Optimistic locking: a stale save is refused, shows the other user's change and keeps the input. Saves are logged."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db import models
from django.urls import reverse

from catalogue.desk.base import versions
from catalogue.desk.base.locking import OptimisticLockMixin
from catalogue.models import Case, Edition, Entry, Event, Feedback, FieldVerification, Proposal
from services.models import Department, Domain, Observation, Service, Synonym, Topic
from services.sources import Source
from tests.conftest import make_user
from tests.support.admin_forms import form_data, visible_text, with_inline_row


@pytest.fixture
def draft(make_edition) -> Edition:
    draft = make_edition("2027", "2027-01-01", at=None)
    Edition.objects.filter(pk=draft.pk).update(note="存疑。")
    return draft


@pytest.fixture
def other(client, db):
    """The client of a second user, a publisher."""
    client.force_login(make_user("other", "发布"))
    return client


def page_of(row: models.Model) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def test_a_stale_save_is_refused_and_keeps_the_input(admin_client, other, draft):
    own_data = form_data(admin_client.get(page_of(draft)), note="我的说明。")
    other.post(page_of(draft), form_data(other.get(page_of(draft)), note="对方的说明。"))

    page = admin_client.post(page_of(draft), own_data)

    assert page.status_code == 409
    assert Edition.objects.get(pk=draft.pk).note == "对方的说明。"
    text = visible_text(page)
    assert "这一页在您打开之后被改动过" in text
    for expected in ("other", "存疑。", "对方的说明。", "我的说明。"):
        assert expected in text
    assert form_data(page)["note"] == "我的说明。"


def test_saving_again_keeps_fields_that_only_the_other_user_changed(admin_client, other, draft):
    own_data = form_data(admin_client.get(page_of(draft)), note="我的说明。")
    other_data = form_data(other.get(page_of(draft)), title="对方的标题")
    assert other.post(page_of(draft), other_data).status_code == 302

    refused = admin_client.post(page_of(draft), own_data)
    assert admin_client.post(page_of(draft), form_data(refused)).status_code == 302

    draft.refresh_from_db()
    assert (draft.title, draft.note) == ("对方的标题", "我的说明。")


def test_inline_rows_of_a_stale_form_are_kept(admin_client, other, db):
    synonym = Synonym.objects.get(word="农民工")
    service = Service.objects.get(code="NM-03-02")
    own_data = with_inline_row(
        form_data(admin_client.get(page_of(synonym))), "targets", position="9", service=service.pk
    )
    own_data["targets-0-position"] = "7"
    other_data = form_data(other.get(page_of(synonym)), note="对方的说明。") | {"targets-1-position": "8"}
    assert other.post(page_of(synonym), other_data).status_code == 302

    refused = admin_client.post(page_of(synonym), own_data)
    assert refused.status_code == 409
    assert "NM-03-02" in visible_text(refused)
    assert admin_client.post(page_of(synonym), form_data(refused)).status_code == 302

    positions = dict(synonym.targets.values_list("service__code", "position"))
    assert (positions["NM-03-10"], positions["NM-03-07"], positions["NM-03-02"]) == (7, 8, 9)
    synonym.refresh_from_db()
    assert synonym.note == "对方的说明。"


def test_a_second_conflict_keeps_the_input(admin_client, other, draft):
    page = admin_client.get(page_of(draft))
    own_data = form_data(page, note="我的说明。")
    for note in ("第一次。", "第二次。"):
        other.post(page_of(draft), form_data(other.get(page_of(draft)), note=note))
        page = admin_client.post(page_of(draft), own_data)
        assert page.status_code == 409
        own_data = form_data(page)

    assert own_data["note"] == "我的说明。"
    assert "第二次。" in visible_text(page)


@pytest.mark.parametrize("seen", ["", "{}", "七", "x:y:z"])
def test_a_save_without_a_valid_token_is_stale(admin_client, draft, seen):
    data = form_data(admin_client.get(page_of(draft)), note="我的说明。") | {"seen": seen}

    page = admin_client.post(page_of(draft), data)

    assert page.status_code == 409
    assert form_data(page)["note"] == "我的说明。"
    assert Edition.objects.get(pk=draft.pk).note == "存疑。"


def test_terms_and_accounts_are_locked_too(admin_client, db):
    finance, sun = Department.objects.get(code="finance"), make_user("sun", "编辑")
    for row, box, column in ((finance, "note", "note"), (sun, "name", "first_name")):
        url = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
        own_data = form_data(admin_client.get(url)) | {box: "甲"}
        other_data = form_data(admin_client.get(url)) | {box: "乙"}

        assert admin_client.post(url, other_data).status_code == 302
        page = admin_client.post(url, own_data)

        row.refresh_from_db()
        assert (page.status_code, getattr(row, column)) == (409, "乙")


SCREENS = [
    model for model, screen in admin.site._registry.items() if isinstance(screen, OptimisticLockMixin)
    and model not in {Case, Entry, Event, Feedback, FieldVerification, Proposal}
]  # fmt: skip


# Two boxes of each screen: what one person changes, and what the other.
BOXES = {Edition: ("note", "title"), Source: ("note", "issuer"), Topic: ("note", "name"), User: ("name", "username")}
# Screens with one box, or with rows alone.
NARROW = {Group, Service}


@pytest.fixture
def row_of(draft):
    """A row of a model that its screen lets one change."""
    Group.objects.get_or_create(name="抄录")
    # A public observation cannot be changed.
    Observation.objects.update(proposed_by=make_user("proposer"))

    def find(model: type[models.Model]) -> models.Model:
        return draft if model is Edition else model._default_manager.order_by("pk").last()

    return find


@pytest.fixture
def second_client(client, db):
    """The client of a second administrator."""
    client.force_login(User.objects.create_superuser("second", first_name="第二人"))
    return client


@pytest.mark.parametrize("model", SCREENS, ids=lambda model: model.__name__)
def test_every_admin_answers_a_conflict_with_409(admin_client, row_of, model):
    url = page_of(row_of(model))

    assert admin_client.post(url, form_data(admin_client.get(url)) | {"seen": ""}).status_code == 409


@pytest.mark.parametrize("model", [model for model in SCREENS if model not in NARROW], ids=lambda model: model.__name__)
def test_two_people_on_one_screen_lose_nothing(admin_client, row_of, second_client, model):
    url, (mine, theirs) = page_of(row_of(model)), BOXES.get(model, ("locator", "quote"))
    own_data = form_data(admin_client.get(url))
    before = own_data.get(mine)
    assert second_client.post(url, form_data(second_client.get(url)) | {theirs: "对方写的"}).status_code == 302

    refused = admin_client.post(url, own_data | {mine: "我写的"})

    assert refused.status_code == 409
    assert "对方写的" in visible_text(refused) and "我写的" in visible_text(refused)
    stored = form_data(admin_client.get(url))
    assert (stored.get(mine), stored[theirs]) == (before, "对方写的")
    assert admin_client.post(url, form_data(refused)).status_code == 302
    stored = form_data(admin_client.get(url))
    assert (stored[mine], stored[theirs]) == ("我写的", "对方写的")


@pytest.mark.parametrize(
    "model", [model for model in SCREENS if model is not Service], ids=lambda model: model.__name__
)
def test_of_one_box_both_versions_are_shown(admin_client, row_of, second_client, model):
    url, (box, _) = page_of(row_of(model)), BOXES.get(model, ("name" if model is Group else "locator", None))
    own_data = form_data(admin_client.get(url)) | {box: "我写的"}
    assert second_client.post(url, form_data(second_client.get(url)) | {box: "对方写的"}).status_code == 302

    refused = admin_client.post(url, own_data)

    assert refused.status_code == 409 and form_data(refused)[box] == "我写的"
    assert "对方写的" in visible_text(refused) and "我写的" in visible_text(refused)
    assert form_data(admin_client.get(url))[box] == "对方写的"


def test_rows_of_a_service_that_two_people_add_are_both_stored(admin_client, row_of, second_client):
    url = page_of(row_of(Service))
    source = Source.objects.get(code="seed-plan").pk
    more = {"source": source, "verification": "secondary"}
    own_data, their_data = (
        with_inline_row(form_data(each.get(url)), "identifiers", scheme=scheme, value="12", **more)
        for each, scheme in ((admin_client, "甲规则"), (second_client, "乙规则"))
    )
    assert second_client.post(url, their_data).status_code == 302

    refused = admin_client.post(url, own_data)

    assert refused.status_code == 409
    assert admin_client.post(url, form_data(refused)).status_code == 302
    assert set(row_of(Service).identifiers.values_list("scheme", flat=True)) >= {"甲规则", "乙规则"}


def test_the_token_of_an_account_holds_no_password(admin_client, db):
    user = User.objects.create_user("wang", password="骏马-1947", is_staff=True)  # noqa: S106 - of this test alone

    seen = form_data(admin_client.get(reverse("admin:auth_user_change", args=[user.pk])))["seen"]

    assert versions.read(seen)["form_values"]["username"] == ["wang"]
    assert user.password not in str(versions.read(seen))


def test_a_change_of_a_term_is_logged_and_in_its_history(admin_client, db):
    finance = Department.objects.get(code="finance")
    url = reverse("admin:services_department_change", args=[finance.pk])

    admin_client.post(url, form_data(admin_client.get(url)) | {"note": "负责资金。"})

    event = Event.objects.order_by("number").last()
    assert (event.actor, event.role, event.term, event.field) == ("admin", "管理员", "department/finance", "note")
    assert (event.before, event.after) == (None, '"负责资金。"')
    assert len(event.request_id) == 32
    assert "负责资金。" in visible_text(
        admin_client.get(reverse("admin:services_department_history", args=[finance.pk]))
    )


def test_a_change_of_inline_rows_is_logged(admin_client, db):
    domain = Domain.objects.get(code="NM-05")
    url = reverse("admin:services_domain_change", args=[domain.pk])
    data = form_data(admin_client.get(url))

    admin_client.post(url, data | {"tasks-0-locator": "第九章"})

    event = Event.objects.order_by("number").last()
    assert (event.verb, event.term, event.field) == ("revised", "domain/NM-05", "tasks")
    assert "第九章" in event.after and "第九章" not in event.before


def test_a_new_role_is_logged_and_a_password_is_logged_without_its_value(admin_client, db):
    sun = make_user("sun")
    url = reverse("admin:auth_user_change", args=[sun.pk])
    data = form_data(admin_client.get(url))
    group = next(
        first_group for first_group in admin_client.get(url).context["adminform"].form["groups"].field.queryset
    )

    admin_client.post(url, data | {"groups": [group.pk]})
    role_event = Event.objects.order_by("number").last()
    new_value = "沙果-1947-骏马"
    admin_client.post(
        reverse("admin:auth_user_password_change", args=[sun.pk]),
        {"password1": new_value, "password2": new_value},
    )

    event = Event.objects.order_by("number").last()
    assert (role_event.term, role_event.field, role_event.after) == ("user/sun", "groups", f'["{group.name}"]')
    assert (event.term, event.field, event.before, event.after) == ("user/sun", "password", None, None)
    sun.refresh_from_db()
    assert sun.check_password(new_value)
