"""Two people, one page: a stale save is refused, tells the other's change, and keeps what was typed."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import models
from django.urls import reverse

from catalogue.desk.base.locking import OptimisticLockMixin
from catalogue.models import Edition, Entry, Event, Feedback, FieldVerification, Proposal
from services.models import Department, Domain, Service, Synonym
from tests.conftest import make_user
from tests.support.admin_forms import form_data, visible_text, with_inline_row


@pytest.fixture
def draft(make_edition) -> Edition:
    draft = make_edition("2027", "2027-01-01", at=None)
    Edition.objects.filter(pk=draft.pk).update(note="存疑。")
    return draft


@pytest.fixture
def other(client, db):
    """Somebody else's browser."""
    client.force_login(make_user("other", "发布"))
    return client


def page_of(row: models.Model) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def test_a_stale_save_is_refused_and_nothing_is_lost(admin_client, other, draft):
    mine = form_data(admin_client.get(page_of(draft)), note="我的说明。")
    other.post(page_of(draft), form_data(other.get(page_of(draft)), note="对方的说明。"))

    page = admin_client.post(page_of(draft), mine)

    assert page.status_code == 409
    assert Edition.objects.get(pk=draft.pk).note == "对方的说明。"
    read = visible_text(page)
    assert "这一页在您打开之后被改动过" in read
    for said in ("other", "存疑。", "对方的说明。", "我的说明。"):
        assert said in read
    assert form_data(page)["note"] == "我的说明。"


def test_what_only_the_other_changed_stays_when_mine_is_saved_again(admin_client, other, draft):
    mine = form_data(admin_client.get(page_of(draft)), note="我的说明。")
    theirs = form_data(other.get(page_of(draft)), title="对方的标题")
    assert other.post(page_of(draft), theirs).status_code == 302

    refused = admin_client.post(page_of(draft), mine)
    assert admin_client.post(page_of(draft), form_data(refused)).status_code == 302

    draft.refresh_from_db()
    assert (draft.title, draft.note) == ("对方的标题", "我的说明。")


def test_rows_typed_into_a_stale_page_come_back(admin_client, other, db):
    word = Synonym.objects.get(word="农民工")
    service = Service.objects.get(code="NM-03-02")
    mine = with_inline_row(form_data(admin_client.get(page_of(word))), "targets", position="9", service=service.pk)
    mine["targets-0-position"] = "7"
    theirs = form_data(other.get(page_of(word)), note="对方的说明。") | {"targets-1-position": "8"}
    assert other.post(page_of(word), theirs).status_code == 302

    refused = admin_client.post(page_of(word), mine)
    assert refused.status_code == 409
    assert "NM-03-02" in visible_text(refused)
    assert admin_client.post(page_of(word), form_data(refused)).status_code == 302

    positions = dict(word.targets.values_list("service__code", "position"))
    assert (positions["NM-03-10"], positions["NM-03-07"], positions["NM-03-02"]) == (7, 8, 9)
    word.refresh_from_db()
    assert word.note == "对方的说明。"


def test_a_second_conflict_keeps_what_was_typed_too(admin_client, other, draft):
    page = admin_client.get(page_of(draft))
    mine = form_data(page, note="我的说明。")
    for said in ("第一次。", "第二次。"):
        other.post(page_of(draft), form_data(other.get(page_of(draft)), note=said))
        page = admin_client.post(page_of(draft), mine)
        assert page.status_code == 409
        mine = form_data(page)

    assert mine["note"] == "我的说明。"
    assert "第二次。" in visible_text(page)


@pytest.mark.parametrize("seen", ["", "{}", "七", "x:y:z"])
def test_a_save_that_does_not_say_what_it_saw_is_stale(admin_client, draft, seen):
    sent = form_data(admin_client.get(page_of(draft)), note="我的说明。") | {"seen": seen}

    page = admin_client.post(page_of(draft), sent)

    assert page.status_code == 409
    assert form_data(page)["note"] == "我的说明。"
    assert Edition.objects.get(pk=draft.pk).note == "存疑。"


def test_terms_and_accounts_are_guarded_alike(admin_client, db):
    for row, box in ((Department.objects.get(code="finance"), "note"), (make_user("sun", "编辑"), "first_name")):
        address = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
        mine = form_data(admin_client.get(address)) | {box: "甲"}
        theirs = form_data(admin_client.get(address)) | {box: "乙"}

        assert admin_client.post(address, theirs).status_code == 302
        page = admin_client.post(address, mine)

        row.refresh_from_db()
        assert (page.status_code, getattr(row, box)) == (409, "乙")


SCREENS = [
    model for model, screen in admin.site._registry.items() if isinstance(screen, OptimisticLockMixin)
    and model not in {Entry, Event, Feedback, FieldVerification, Proposal}
]  # fmt: skip


@pytest.mark.parametrize("model", SCREENS, ids=lambda model: model.__name__)
def test_a_conflict_on_any_screen_is_told_and_not_an_error(admin_client, draft, model):
    Group.objects.get_or_create(name="抄录")
    row = Edition.objects.get(pk=draft.pk) if model is Edition else model._default_manager.order_by("pk").last()
    sent = form_data(admin_client.get(page_of(row))) | {"seen": ""}

    assert admin_client.post(page_of(row), sent).status_code == 409


def test_the_record_tells_every_change_of_a_term(admin_client, db):
    finance = Department.objects.get(code="finance")
    address = reverse("admin:services_department_change", args=[finance.pk])

    admin_client.post(address, form_data(admin_client.get(address)) | {"note": "负责资金。"})

    event = Event.objects.order_by("number").last()
    assert (event.actor, event.role, event.term, event.field) == ("admin", "管理员", "department/finance", "note")
    assert (event.before, event.after) == (None, '"负责资金。"')
    assert len(event.request_id) == 32
    assert "负责资金。" in visible_text(
        admin_client.get(reverse("admin:services_department_history", args=[finance.pk]))
    )


def test_the_record_tells_what_changed_in_the_parts_of_a_term(admin_client, db):
    domain = Domain.objects.get(code="NM-05")
    address = reverse("admin:services_domain_change", args=[domain.pk])
    sent = form_data(admin_client.get(address))

    admin_client.post(address, sent | {"tasks-0-locator": "第九章"})

    event = Event.objects.order_by("number").last()
    assert (event.verb, event.term, event.field) == ("revised", "domain/NM-05", "tasks")
    assert "第九章" in event.after and "第九章" not in event.before


def test_a_role_that_is_given_is_on_the_record_and_a_password_is_not(admin_client, db):
    sun = make_user("sun")
    address = reverse("admin:auth_user_change", args=[sun.pk])
    sent = form_data(admin_client.get(address))
    editors = next(choice for choice in admin_client.get(address).context["adminform"].form["groups"].field.queryset)

    admin_client.post(address, sent | {"groups": [editors.pk]})
    given = Event.objects.order_by("number").last()
    new = "沙果-1947-骏马"
    admin_client.post(reverse("admin:auth_user_password_change", args=[sun.pk]), {"password1": new, "password2": new})

    event = Event.objects.order_by("number").last()
    assert (given.term, given.field, given.after) == ("user/sun", "groups", f'["{editors.name}"]')
    assert (event.term, event.field, event.before, event.after) == ("user/sun", "password", None, None)
    sun.refresh_from_db()
    assert sun.check_password(new)
