"""Two people, one page: a stale save is refused, tells the other's change, and keeps what was typed."""

import pytest
from django.urls import reverse

from catalogue.models import Entry, Event
from services.models import Department, Domain
from tests.conftest import person
from tests.desk import added, as_typed, entry_page, rich_state, row_of, visible


@pytest.fixture
def entry(make_edition) -> Entry:
    return make_edition("2027", "2027-01-01", entries=[rich_state()], at=None).entries.get()


@pytest.fixture
def other(client, db):
    """Somebody else's browser."""
    client.force_login(person("other", "编辑", departments=["health-commission"]))
    return client


def test_a_stale_save_is_refused_and_nothing_is_lost(admin_client, other, entry):
    mine = as_typed(admin_client.get(entry_page(entry)), note="我的说明。")
    other.post(entry_page(entry), as_typed(other.get(entry_page(entry)), note="对方的说明。"))

    page = admin_client.post(entry_page(entry), mine)

    assert page.status_code == 409
    assert Entry.objects.get(pk=entry.pk).note == "对方的说明。"
    read = visible(page)
    assert "这一页在您打开之后被改动过" in read
    for said in ("other", "存疑。", "对方的说明。", "我的说明。"):
        assert said in read
    assert as_typed(page)["note"] == "我的说明。"


def test_what_only_the_other_changed_stays_when_mine_is_saved_again(admin_client, other, entry):
    mine = as_typed(admin_client.get(entry_page(entry)), note="我的说明。")
    theirs = as_typed(other.get(entry_page(entry)), content="每年两次健康管理。")
    theirs[f"{row_of(theirs, 'citations', field='content')}-locator"] = "第四章第六节"
    assert other.post(entry_page(entry), theirs).status_code == 302

    refused = admin_client.post(entry_page(entry), mine)
    assert admin_client.post(entry_page(entry), as_typed(refused)).status_code == 302

    entry.refresh_from_db()
    assert (entry.content, entry.note) == ("每年两次健康管理。", "我的说明。")
    assert entry.citations.get(field="content").locator == "第四章第六节"


def test_rows_typed_into_a_stale_page_come_back(admin_client, other, entry):
    empty = as_typed(admin_client.get(entry_page(entry)))
    source = entry.citations.first().source_id
    row = {"field": "mention", "source": source, "quote": "我抄的原文。", "verification": "verbatim"}
    mine = added(empty, "citations", **row)
    mine[f"{row_of(mine, 'citations', field='standard')}-quote"] = "我补的原文。"
    other.post(entry_page(entry), as_typed(other.get(entry_page(entry)), note="对方的说明。"))

    refused = admin_client.post(entry_page(entry), mine)
    assert "我抄的原文。" in visible(refused)
    assert "我补的原文。" in visible(refused)
    assert admin_client.post(entry_page(entry), as_typed(refused)).status_code == 302

    assert entry.citations.get(field="mention").quote == "我抄的原文。"
    assert entry.citations.get(field="standard").quote == "我补的原文。"


def test_a_second_conflict_keeps_what_was_typed_too(admin_client, other, entry):
    page = admin_client.get(entry_page(entry))
    mine = as_typed(page, note="我的说明。")
    for said in ("第一次。", "第二次。"):
        other.post(entry_page(entry), as_typed(other.get(entry_page(entry)), note=said))
        page = admin_client.post(entry_page(entry), mine)
        assert page.status_code == 409
        mine = as_typed(page)

    assert mine["note"] == "我的说明。"
    assert "第二次。" in visible(page)


@pytest.mark.parametrize(
    "seen",
    [
        "",
        "{}",
        "[]",
        "null",
        '{"digest": 1}',
        '{"boxes": [], "record": "1e99"}',
        '{"boxes": 1, "record": 1}',
        '{"boxes": {}, "record": 99}',
        "七",
    ],
)
def test_a_save_that_does_not_say_what_it_saw_is_stale(admin_client, entry, seen):
    sent = as_typed(admin_client.get(entry_page(entry)), note="我的说明。") | {"_seen": seen}

    page = admin_client.post(entry_page(entry), sent)

    assert page.status_code == 409
    assert as_typed(page)["note"] == "我的说明。"
    assert Entry.objects.get(pk=entry.pk).note == "存疑。"


def test_terms_and_accounts_are_guarded_alike(admin_client, db):
    for row, box in ((Department.objects.get(code="finance"), "note"), (person("sun", "编辑"), "first_name")):
        address = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
        mine = as_typed(admin_client.get(address)) | {box: "甲"}
        theirs = as_typed(admin_client.get(address)) | {box: "乙"}

        assert admin_client.post(address, theirs).status_code == 302
        page = admin_client.post(address, mine)

        row.refresh_from_db()
        assert (page.status_code, getattr(row, box)) == (409, "乙")


def test_the_record_tells_every_change_of_a_term(admin_client, db):
    finance = Department.objects.get(code="finance")
    address = reverse("admin:services_department_change", args=[finance.pk])

    admin_client.post(address, as_typed(admin_client.get(address)) | {"note": "负责资金。"})

    event = Event.objects.order_by("number").last()
    assert (event.actor, event.role, event.term, event.field) == ("admin", "管理员", "department/finance", "note")
    assert (event.before, event.after) == (None, '"负责资金。"')
    assert len(event.request_id) == 32
    assert "负责资金。" in visible(admin_client.get(reverse("admin:services_department_history", args=[finance.pk])))


def test_the_record_tells_what_changed_in_the_parts_of_a_term(admin_client, db):
    domain = Domain.objects.get(code="NM-05")
    address = reverse("admin:services_domain_change", args=[domain.pk])
    sent = as_typed(admin_client.get(address))

    admin_client.post(address, sent | {"tasks-0-locator": "第九章"})

    event = Event.objects.order_by("number").last()
    assert (event.verb, event.term, event.field) == ("revised", "domain/NM-05", "tasks")
    assert "第九章" in event.after and "第九章" not in event.before


def test_a_role_that_is_given_is_on_the_record_and_a_password_is_not(admin_client, db):
    sun = person("sun")
    address = reverse("admin:auth_user_change", args=[sun.pk])
    sent = as_typed(admin_client.get(address))
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
