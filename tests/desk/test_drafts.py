"""A draft edition on the desk: it is created and deleted there, and its entries change only through proposals."""

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.urls import reverse

from catalogue.models import Edition, Entry, Event
from catalogue.workflow import proposals
from services.models import Domain, Service
from tests.conftest import all_department_codes, make_user
from tests.support.admin_forms import entry_change_url, form_data, read_entry_data, visible_text
from tests.support.editions import SHORT_LIST
from tests.support.entries import STANDARD

pytestmark = pytest.mark.usefixtures("short_list")

WRITING = {
    f"{action}_{model}" for action in ("add", "change", "delete") for model in ("entry", "finding", "citation")
}  # fmt: skip


@pytest.fixture
def entry(next_edition) -> Entry:
    return next_edition.entries.get(service__code="NM-01-07")


def editor() -> User:
    return make_user("sun", "编辑", departments=all_department_codes())


def anybody() -> User:
    """Return a user with every role and every permission, who is not a superuser."""
    user = make_user("sun", "编辑", "评估", "审批", "发布", "审计", departments=all_department_codes())
    user.user_permissions.set(Permission.objects.all())
    return user


def superuser() -> User:
    return User.objects.create_superuser("sun", password=None)


@pytest.mark.parametrize("somebody", [editor, anybody, superuser])
@pytest.mark.parametrize("view", ["change", "delete", "add"])
def test_no_view_changes_a_draft_entry(client, entry, somebody, view):
    client.force_login(somebody())
    data_before, events = read_entry_data(entry), Event.objects.count()
    data = {
        "edition": entry.edition_id, "service": Service.objects.get(code="NM-01-07").pk, "number": "99", "name": "改写",
        "domain": Domain.objects.get(code="NM-01").pk, "standard": "每人99999元。", "post": "yes", "_save": "保存",
        "field_verifications-TOTAL_FORMS": "0", "field_verifications-INITIAL_FORMS": "0",
        "citations-TOTAL_FORMS": "0", "citations-INITIAL_FORMS": "0",
    }  # fmt: skip

    response = client.post(reverse(f"admin:catalogue_entry_{view}", args=[] if view == "add" else [entry.pk]), data)

    assert response.status_code == 403
    assert read_entry_data(entry) == data_before
    assert (entry.edition.entries.count(), Event.objects.count()) == (len(SHORT_LIST), events)


@pytest.mark.parametrize("action", ["delete_selected", "check"])
def test_no_bulk_action_changes_entries(admin_client, entry, action):
    data = {"action": action, "_selected_action": [entry.pk], "post": "yes", "form-TOTAL_FORMS": "1", "_save": "保存"}

    admin_client.post(reverse("admin:catalogue_entry_changelist") + "?edition=2027", data)

    assert entry.edition.entries.count() == len(SHORT_LIST)


def test_a_post_to_an_entry_is_answered_with_a_hint_to_proposals(admin_client, entry):
    assert "请提出调整建议，批准后编入草稿版本" in visible_text(
        admin_client.post(entry_change_url(entry), {"note": "改写"})
    )


def test_an_entry_of_a_draft_is_read_only(admin_client, make_proposal, act, entry):
    proposals.include_in_edition(make_proposal(to="approved"), entry.edition, context=act("root"))

    page = admin_client.get(entry_change_url(entry))

    assert "版本 2027 是草稿，内容只随编入的调整建议改变" in visible_text(page)
    assert STANDARD in visible_text(page)
    assert [
        control for control in ('name="_save"', "TOTAL_FORMS", "deletelink") if control in page.content.decode()
    ] == []


def test_no_role_has_permission_to_write_entries(db):
    permissions = Permission.objects.filter(group__in=Group.objects.all(), content_type__app_label="catalogue")

    assert not WRITING & set(permissions.values_list("codename", flat=True))
    assert {"view_entry", "check_entry"} <= set(
        Group.objects.get(name="编辑").permissions.values_list("codename", flat=True)
    )


def test_creating_and_deleting_a_draft_is_logged(admin_client, db):
    count = Event.objects.count()
    data = form_data(admin_client.get("/admin/catalogue/edition/add/"))
    admin_client.post(
        "/admin/catalogue/edition/add/", data | {"slug": "2027", "title": "清单", "effective_from": "2027-01-01"}
    )
    draft = Edition.objects.get(slug="2027")

    admin_client.post(reverse("admin:catalogue_edition_delete", args=[draft.pk]), {"post": "yes"})

    events = Event.objects.filter(number__gt=count).values_list("verb", "edition", "service")
    assert list(events) == [("created", "2027", None), ("deleted", "2027", None)]
