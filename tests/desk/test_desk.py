"""The desk as a whole: pages are in Chinese, errors are pages with a reason, and editions as an example."""

import json
import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from catalogue.audit.log import AuditContext
from catalogue.desk.base.error_pages import error_page
from catalogue.feedback import answers
from catalogue.models import Case, Edition, Entry, Event, Feedback, FieldVerification, Proposal
from catalogue.workflow import publishing
from services.models import Department, Observation, Service
from tests.conftest import PUBLISHED_AT, make_user
from tests.support.admin_forms import form_data, visible_text

ENGLISH = re.compile(
    r"\b(Select|Save|Add|Home|Search|Change|Delete|View|History|Error|Filter|All|None|True|False|null|Model|object"
    r"|link|relationship|Can (add|change|delete|view)|Please|Choose|Remove|required|field)\b"
)
# Models whose rows cannot be changed in their own admin form.
READ_ONLY = {Case, Entry, Event, Feedback, FieldVerification}
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
# Models without Django's add form: proposals have their own forms.
WRITTEN_ELSEWHERE = {*READ_ONLY, Proposal}


def page_of(model, view: str, *args) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{view}", args=args)


@pytest.fixture
def draft(make_edition) -> Edition:
    return make_edition("2027", "2027-01-01", at=None)


def english_in(page) -> list[str]:
    # ENGLISH holds words of Django's interface only: English names of terms and codes are allowed.
    return [line for line in visible_text(page).splitlines() if ENGLISH.search(line)]


def test_these_models_have_an_admin():
    assert [model._meta.object_name for model in MODELS] == [
        "Group", "User", "Case", "Edition", "Entry", "Event", "Feedback", "FieldVerification", "Proposal", "Department",
        "Domain", "Indicator", "Observation", "ProjectGroup", "Region", "Service", "Source", "Synonym", "TargetGroup",
        "Topic",
    ]  # fmt: skip


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.object_name)
def test_every_page_of_a_model_exists_in_chinese(admin_client, draft, make_proposal, model):
    make_proposal()
    Group.objects.create(name="抄录")
    answers.receive_feedback(
        Service.objects.get(code="NM-01-07"), message="标准写错了。", field="standard", at=PUBLISHED_AT
    )
    # A public observation cannot be deleted.
    Observation.objects.update(proposed_by=make_user("proposer"))
    row = model._default_manager.order_by("-pk").first()
    urls = [
        page_of(model, "changelist"),
        page_of(model, "change", row.pk),
        page_of(model, "history", row.pk),
    ]
    if model not in READ_ONLY:
        urls.append(page_of(model, "add"))
        urls += [page_of(model, "delete", row.pk)] if model is not Proposal else []

    pages = {url: admin_client.get(url, follow=True) for url in urls}

    assert {url: page.status_code for url, page in pages.items()} == dict.fromkeys(urls, 200)
    assert {url: english_lines for url, page in pages.items() if (english_lines := english_in(page))} == {}


@pytest.mark.parametrize("name", ["index", "password_change", "password_change_done"])
def test_the_other_pages_are_in_chinese(admin_client, name):
    page = admin_client.get(reverse(f"admin:{name}"))

    assert page.status_code == 200
    assert english_in(page) == []


def test_the_login_page_is_in_chinese(client, db):
    page = client.post(reverse("admin:login"), {"username": "nobody", "password": "wrong"})

    assert english_in(page) == []
    assert "清单编辑台" in visible_text(page)


@pytest.mark.parametrize(
    "model", [model for model in MODELS if model not in WRITTEN_ELSEWHERE], ids=lambda m: m.__name__
)
def test_form_errors_are_in_chinese(admin_client, draft, model):
    page = admin_client.post(page_of(model, "add"), form_data(admin_client.get(page_of(model, "add"))))

    assert page.status_code == 200
    assert page.context["errors"]
    assert english_in(page) == []


def test_the_javascript_catalog_is_in_chinese(admin_client):
    text = json.dumps("选用全部%s")

    assert f'"Choose all %s": {text}' in admin_client.get(reverse("admin:jsi18n")).content.decode()


def test_the_start_page_lists_models_in_the_order_of_the_work(admin_client):
    page = admin_client.get(reverse("admin:index"))

    assert [(app["name"], [model["name"] for model in app["models"]]) for app in page.context["app_list"]] == [
        ("服务清单", ["调整建议", "版本", "清单条目", "案例", "待核实", "意见反馈", "记录"]),
        (
            "词表",
            [
                "领域",
                "部门",
                "服务对象",
                "依据文件",
                "服务项目",
                "同义词",
                "人生事件",
                "发展指标",
                "监测值",
                "专栏",
                "行政区划",
            ],
        ),
        ("账号", ["账号", "角色"]),
    ]


def test_pages_load_nothing_from_other_hosts(admin_client, draft):
    for url in (page_of(Entry, "changelist"), page_of(Entry, "change", draft.entries.get().pk)):
        html = admin_client.get(url).content.decode()

        assert re.findall(r'(?:src|href)="(?:https?:)?//[^"]*"', html) == []
        assert re.findall(r'<(?:link|script)[^>]*(?:src|href)="(?!/)', html) == []


@pytest.mark.parametrize("path", ["/admin/", "/admin/login/", "/admin/nowhere/", "/admin/jsi18n/"])
def test_the_content_security_policy_allows_only_own_resources(admin_client, path):
    policy = admin_client.get(path)["Content-Security-Policy"]

    assert "script-src 'self';" in policy and "style-src 'self';" in policy and "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(("status", "title"), [(400, "请求"), (403, "权限"), (404, "没有这一页"), (500, "系统出错")])
def test_error_pages_are_in_chinese_and_need_no_database(status, title):
    page = error_page(status)

    text = visible_text(page)
    assert page.status_code == status
    assert title in text and "编辑台首页" in text
    assert not ENGLISH.search(text)


def test_not_found_and_csrf_errors_are_in_chinese(admin_client, admin_user, settings):
    csrf_client = Client(enforce_csrf_checks=True)
    csrf_client.force_login(admin_user)

    not_found = admin_client.get("/admin/nowhere/")
    expired = csrf_client.post(page_of(Department, "add"), {})

    assert (not_found.status_code, expired.status_code) == (404, 403)
    assert "没有这一页" in visible_text(not_found) and "页面已过期" in visible_text(expired)
    assert english_in(not_found) == english_in(expired) == []


def test_an_unknown_value_is_shown_as_unknown(admin_client):
    assert admin.site.empty_value_display == "未知"
    assert not re.search(r">\s*-\s*<", admin_client.get(page_of(Entry, "changelist")).content.decode())


def test_a_missing_permission_is_an_error_in_chinese(client, db):
    client.force_login(User.objects.create_user("reader", is_staff=True))

    page = client.get(page_of(Entry, "changelist"))

    assert page.status_code == 403
    assert "您没有进行这项操作的权限" in visible_text(page)
    assert english_in(page) == []


def test_an_auditor_sees_a_draft_entry_read_only(client, draft):
    client.force_login(make_user("reader", "审计"))

    page = client.get(page_of(Entry, "change", draft.entries.get().pk))

    assert page.status_code == 200
    assert 'name="_save"' not in page.content.decode()
    assert "内蒙古自治区“十四五”保障和改善公共服务规划" in visible_text(page)


# Editions


@pytest.fixture
def edition(db) -> Edition:
    return Edition.objects.get(slug="2026")


def test_the_list_of_editions_shows_digest_and_unverified_count(admin_client, edition):
    text = visible_text(admin_client.get(page_of(Edition, "changelist")))

    assert f"{edition.digest[:12]}…" in text
    assert (
        str(FieldVerification.objects.filter(entry__edition=edition, verification="unverified").count())
        in text.splitlines()
    )


def test_a_published_edition_is_read_only(admin_client, edition):
    page = admin_client.get(page_of(Edition, "change", edition.pk))

    assert edition.digest in visible_text(page)
    assert edition.note in visible_text(page)
    assert "清单条目（81 条）" in visible_text(page)
    assert 'name="_save"' not in page.content.decode()
    assert "发布前须处理" not in visible_text(page)


def test_a_post_to_a_published_edition_is_refused(admin_client, edition):
    page = admin_client.post(page_of(Edition, "change", edition.pk), {"title": "改写", "_save": "保存"})

    assert page.status_code == 403
    assert "版本 2026 已发布，不能更改" in visible_text(page)
    assert Edition.objects.get(pk=edition.pk).title == edition.title


def test_a_published_edition_cannot_be_deleted(admin_client, edition):
    single = admin_client.post(page_of(Edition, "delete", edition.pk), {"post": "yes"})
    bulk = admin_client.post(
        page_of(Edition, "changelist"), {"action": "delete_selected", "_selected_action": [edition.pk], "post": "yes"}
    )

    assert single.status_code == 403
    assert "版本 2026 已发布，不能更改，也不能删除" in visible_text(single)
    assert bulk.status_code == 200
    assert Edition.objects.filter(pk=edition.pk).exists()


def test_a_deletion_refused_by_the_domain_code_shows_the_reason(admin_client, edition, monkeypatch):
    # Simulates a publication between the permission check and the deletion.
    monkeypatch.setattr(type(admin.site._registry[Edition]), "is_sealed", lambda self, obj: False)

    page = admin_client.post(page_of(Edition, "delete", edition.pk), {"post": "yes"})

    assert page.status_code == 409
    assert "版本 2026 已发布，不能更改" in visible_text(page)
    assert Edition.objects.filter(pk=edition.pk).exists()


def test_a_change_refused_by_the_database_shows_a_message(admin_client, draft, monkeypatch):
    # Simulates a publication after all checks.
    url = page_of(Edition, "change", draft.pk)
    data = form_data(admin_client.get(url))
    publishing.publish(draft, context=AuditContext(at=PUBLISHED_AT), from_fixtures=True)
    monkeypatch.setattr(Edition, "is_published", False)
    monkeypatch.setattr(Edition, "clean", lambda self: None)

    response = admin_client.post(url, data | {"note": "改写"})

    assert response.status_code == 409
    assert "数据库没有接受这次更改" in visible_text(response)


def test_a_draft_shows_the_faults_that_prevent_publishing(admin_client, draft):
    Entry.objects.filter(edition=draft).update(content="没有来源的内容")

    page = admin_client.get(page_of(Edition, "change", draft.pk))

    assert "发布前须处理" in visible_text(page)
    assert "有值而没有来源" in visible_text(page)
    assert "没有经批准的调整建议" in visible_text(page)
    assert page_of(Entry, "change", draft.entries.get().pk) in page.content.decode()


def test_a_draft_can_be_deleted_with_its_entries(admin_client, draft):
    page = admin_client.get(page_of(Edition, "delete", draft.pk))
    assert "清单条目: 1" in visible_text(page)

    admin_client.post(page_of(Edition, "delete", draft.pk), {"post": "yes"})

    assert not Edition.objects.filter(pk=draft.pk).exists()


@pytest.mark.parametrize(("ticked", "entries"), [("on", 81), ("", 0)])
def test_a_new_edition_copies_the_previous_entries_if_requested(admin_client, edition, ticked, entries):
    data = form_data(admin_client.get(page_of(Edition, "add"))) | {
        "slug": "2027",
        "title": "清单（2027年版）",
        "effective_from": "2027-01-01",
        "carry_over": ticked,
    }

    page = admin_client.post(page_of(Edition, "add"), data, follow=True)

    draft = Edition.objects.get(slug="2027")
    assert page.status_code == 200
    assert (draft.number, draft.previous, draft.published_at) == (4, edition, None)
    assert draft.entries.count() == entries


def test_the_previous_edition_must_be_published(admin_client, draft):
    form_page = admin_client.get(page_of(Edition, "add"))

    page = admin_client.post(page_of(Edition, "add"), form_data(form_page, previous=draft.pk))

    assert f'<option value="{draft.pk}"' not in form_page.content.decode()
    assert "previous" in page.context["adminform"].form.errors


def test_an_empty_required_box_is_named_by_its_error(admin_client):
    page = admin_client.post(page_of(Edition, "add"), form_data(admin_client.get(page_of(Edition, "add")), title=""))

    assert "“标题”必须填写。" in visible_text(page)
    assert "该字段是必填项" not in visible_text(page)


def test_required_boxes_of_a_proposal_are_marked(admin_client):
    html = admin_client.get(page_of(Proposal, "add")).content.decode()

    assert html.count("desk-box desk-required") == 5


def test_the_words_of_the_interface_are_those_of_an_office(admin_client, db):
    edition_list = visible_text(admin_client.get(page_of(Edition, "changelist")))
    domain = visible_text(admin_client.get(page_of(Department, "add")))
    sources = visible_text(admin_client.get(reverse("admin:services_source_changelist"), {"kind": "law"}))

    assert "新增版本" in edition_list and "增加" not in edition_list
    assert "添加另一个" not in domain and "保存并再新增一条" in domain
    assert "未知" not in sources.partition("阅读范围")[2].splitlines()[:40]
