"""Accounts on the desk: one page makes one that can be used at once, and people are shown by name."""

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse

from catalogue.accounts import names
from catalogue.models import Event
from services.models import Department
from tests.conftest import make_user
from tests.support.admin_forms import column_texts, form_data, visible_text

ADD = "admin:auth_user_add"


@pytest.fixture
def filled(admin_client) -> dict:
    """The form of a new editor of the health commission."""
    return form_data(admin_client.get(reverse(ADD))) | {
        "name": "李卫健",
        "username": "weijian_li",
        "departments": [Department.objects.get(code="health-commission").pk],
        "groups": [Group.objects.get(name="编辑").pk],
    }


def test_one_page_makes_an_account_that_can_be_used_at_once(admin_client, client, filled):
    response = admin_client.post(reverse(ADD), filled)

    assert response.status_code == 302
    assert client.login(username="weijian_li", password=filled["password"])
    page = client.get(reverse("admin:index"))
    assert "欢迎，\n李卫健" in visible_text(page)
    assert "编辑" in visible_text(page) and "卫生健康委" in visible_text(page)


def test_each_form_proposes_another_password_that_is_strong_enough(admin_client):
    passwords = {form_data(admin_client.get(reverse(ADD)))["password"] for _ in range(3)}

    assert len(passwords) == 3 and all(len(password) == 19 for password in passwords)


@pytest.mark.parametrize(
    ("password", "message"),
    [
        ("ab-12", "口令太短，至少要有 8 个字符。"),
        ("password", "这个密码太常见了"),
        ("26493175", "密码只包含数字"),
        ("weijian_li", "太相似了"),
    ],
)
def test_a_weak_password_is_refused_in_chinese(admin_client, filled, password, message):
    page = admin_client.post(reverse(ADD), filled | {"password": password})

    assert message in visible_text(page)
    assert not User.objects.filter(username="weijian_li").exists()


def test_an_account_is_logged_without_its_password(admin_client, filled):
    admin_client.post(reverse(ADD), filled)

    (event,) = Event.objects.filter(term="user/weijian_li")
    assert "health-commission" in event.after and "password" not in event.after
    assert filled["password"] not in event.after


def test_departments_and_roles_are_changed_on_the_same_page(admin_client):
    user = make_user("sun", "编辑", departments=["health-commission"])
    url = reverse("admin:auth_user_change", args=[user.pk])
    data = form_data(admin_client.get(url))

    data |= {"name": "孙民政", "departments": [Department.objects.get(code="civil-affairs").pk]}
    assert admin_client.post(url, data).status_code == 302

    assert list(user.memberships.values_list("department__code", flat=True)) == ["civil-affairs"]
    assert names.person_name(User.objects.get(pk=user.pk)).startswith("孙民政（")
    changed = Event.objects.filter(term="user/sun").values_list("field", flat=True)
    assert {"first_name", "memberships"} <= set(changed)


def test_no_page_of_an_account_shows_hash_or_directories(admin_client):
    user = User.objects.create_user("sun", password="沙果-1947-骏马")  # noqa: S106
    urls = [
        reverse(ADD),
        *(reverse(f"admin:auth_user_{view}", args=[user.pk]) for view in ("change", "password_change")),
    ]

    for url in urls:
        text = visible_text(admin_client.get(url))
        assert not [word for word in ("LDAP", "salt", "hash", "md5", "盐", "哈希", "迭代") if word in text], url


def test_a_new_password_is_set_for_an_account(admin_client, client):
    user = make_user("sun", "编辑")
    url = reverse("admin:auth_user_password_change", args=[user.pk])

    admin_client.post(url, {"password1": "沙果-1947-骏马", "password2": "沙果-1947-骏马"})

    assert client.login(username="sun", password="沙果-1947-骏马")  # noqa: S106


def test_people_are_named_with_their_departments(admin_client, make_proposal, people):
    User.objects.filter(username="wang").update(last_name="王", first_name="民政")
    User.objects.filter(username="li").update(first_name="李财政")
    for user in people.values():
        user.memberships.exclude(department__code="civil-affairs").delete()
    proposal = make_proposal(to="approving")

    page = visible_text(admin_client.get(reverse("admin:catalogue_proposal_change", args=[proposal.pk])))
    listed = admin_client.get(reverse("admin:catalogue_proposal_changelist"))
    log = admin_client.get(reverse("admin:catalogue_event_changelist"), {"q": "李财政"})

    department = str(Department.objects.get(code="civil-affairs"))
    assert f"王民政（{department}）" in page and f"李财政（{department}）" in page
    assert "wang" not in page.split()
    assert column_texts(listed, "proposed_by") == ["王民政"]
    assert {text.split("（")[0] for text in column_texts(log, "person")} == {"李财政"}
