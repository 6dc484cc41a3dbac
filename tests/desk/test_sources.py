"""Sources on the desk: permissions by role and citing edition, validation of dates and URLs."""

import datetime
import itertools

import pytest
from django.test import Client
from django.urls import reverse

from catalogue.accounts import permissions
from catalogue.audit.log import AuditContext
from catalogue.models import Edition, Event
from catalogue.workflow import publishing
from services.sources import Source
from tests.conftest import PUBLISHED_AT, make_user
from tests.support.admin_forms import form_data, visible_text
from tests.support.entries import make_citation, make_entry

SUPERUSER = "superuser"
EVERYBODY = (*permissions.ROLES, SUPERUSER)
# The roles that may change a source, by the kind of edition that cites it.
CHANGES = {
    "published": {"发布", SUPERUSER},
    "draft": {"编辑", "发布", SUPERUSER},
    "nothing": {"编辑", "发布", SUPERUSER},
}


def page_of(source: Source, view: str = "change") -> str:
    return reverse(f"admin:services_source_{view}", args=[source.pk])


def shown_by_the_api(client: Client, source: Source) -> dict:
    return client.get(f"/api/v1/sources/{source.code}/").json()


def told_of(code: str) -> list[tuple]:
    """Return the logged events of a source as (verb, field)."""
    return list(Event.objects.filter(term=f"source/{code}").order_by("number").values_list("verb", "field"))


@pytest.fixture
def new_sources(db) -> dict[str, Source]:
    return {
        code: Source.objects.create(
            code=code, title=f"文件（{code}）", date="2020-01-01", kind="guide", jurisdiction="inner-mongolia",
            extent_read="full",
        )
        for code in ("of-a-draft", "of-nothing")
    }  # fmt: skip


@pytest.fixture
def sources(new_sources, make_edition) -> dict[str, Source]:
    """One source each that is cited by a published edition, by a draft and not at all."""
    citations = [*make_entry()["citations"], make_citation("mention", source="of-a-draft")]
    make_edition("2027", "2027-01-01", entries=[make_entry(citations=citations)], at=None)
    return {
        "published": Source.objects.get(code="seed-plan"),
        "draft": new_sources["of-a-draft"],
        "nothing": new_sources["of-nothing"],
    }


@pytest.fixture
def as_role(db):
    """Return a function that logs in a user with a role and returns the client."""

    def log_in(role: str) -> Client:
        client = Client()
        user = make_user(f"sun-{role}", *{role} - {SUPERUSER}, departments=["health-commission"])
        user.is_superuser = role == SUPERUSER
        user.save()
        client.force_login(user)
        return client

    return log_in


@pytest.mark.parametrize(("role", "cited_in"), list(itertools.product(EVERYBODY, CHANGES)))
def test_permission_to_change_a_source(admin_client, client, as_role, sources, role, cited_in):
    source, role_client = sources[cited_in], as_role(role)
    data = form_data(admin_client.get(page_of(source)), note="改写的说明", url="https://www.nmg.gov.cn/new")
    before = shown_by_the_api(client, source)

    response = role_client.post(page_of(source), data)

    if role in CHANGES[cited_in]:
        assert response.status_code == 302
        assert shown_by_the_api(client, source)["url"] == "https://www.nmg.gov.cn/new"
        assert told_of(source.code) == [("revised", "url"), ("revised", "note")]
    else:
        assert response.status_code == 403
        assert shown_by_the_api(client, source) == before
        assert told_of(source.code) == []


@pytest.mark.parametrize(("role", "cited_in"), list(itertools.product(EVERYBODY, CHANGES)))
def test_permission_to_delete_a_source(client, as_role, sources, role, cited_in):
    source = sources[cited_in]

    response = as_role(role).post(page_of(source, "delete"), {"post": "yes"})

    if role != SUPERUSER:
        assert response.status_code == 403
    # A cited source cannot be deleted, not even by a superuser or if only a draft cites it.
    deleted = role == SUPERUSER and cited_in == "nothing"
    assert Source.objects.filter(pk=source.pk).exists() != deleted
    assert told_of(source.code) == ([("deleted", None)] if deleted else [])
    assert client.get(f"/api/v1/sources/{source.code}/").status_code == (404 if deleted else 200)


@pytest.mark.parametrize("role", EVERYBODY)
def test_permission_to_add_a_source(client, as_role, role):
    response = as_role(role).post(
        reverse("admin:services_source_add"),
        {
            "code": "new-one", "position": "99", "title": "新文件", "kind": "guide", "jurisdiction": "inner-mongolia",
            "extent_read": "full", "read_in": "copy", "date": "2026-11-01", "url": "https://www.nmg.gov.cn/new",
        },
    )  # fmt: skip

    may_add = role in {"编辑", "发布", SUPERUSER}
    assert response.status_code == (302 if may_add else 403)
    assert client.get("/api/v1/sources/new-one/").status_code == (200 if may_add else 404)
    assert told_of("new-one") == ([("created", None)] if may_add else [])


def test_an_editor_sees_why_a_source_is_read_only(as_role, sources):
    text = visible_text(as_role("编辑").get(page_of(sources["published"])))

    assert "已发布的版本（2021、2023、2026）引用了这份文件，只有“发布”可以更改它。" in text
    assert "保存" not in text.splitlines()


def test_an_editor_cannot_change_a_legal_basis_after_publication(as_role, new_sources, make_edition):
    source = new_sources["of-nothing"]
    source.date = "2028-01-01"
    entry = make_entry(
        legal_basis=[source.code],
        verification=make_entry()["verification"] | {"legal_basis": "verbatim"},
        basis=make_entry()["basis"] | {"legal_basis": "regulation"},
        citations=[*make_entry()["citations"], make_citation("legal_basis", source=source.code)],
    )
    draft = make_edition("2027", "2027-01-01", entries=[entry], at=None)
    assert publishing.entries_citing_too_early(source) == []

    publishing.publish(draft, context=AuditContext(at=PUBLISHED_AT), from_fixtures=True)

    assert publishing.entries_citing_too_early(source) == [("2027", datetime.date(2027, 1, 1), "NM-05-01")]
    assert as_role("编辑").post(page_of(source)).status_code == 403


def test_an_editor_cannot_change_a_source_that_only_a_share_cites(as_role, new_sources, make_edition):
    source = new_sources["of-nothing"]
    citation = {
        "source": source.code, "locator": None, "quote": "中央分担80%", "verification": "secondary",
        "jurisdiction": None,
    }  # fmt: skip
    share = {"level": "centre", "percent": "80", "of_whom": None, "citation": citation}
    make_edition("2027", "2027-01-01", entries=[make_entry(shares=[share])])
    source.date = "2028-01-01"

    assert publishing.entries_citing_too_early(source) == [("2027", datetime.date(2027, 1, 1), "NM-05-01")]
    assert as_role("编辑").post(page_of(source)).status_code == 403


@pytest.mark.parametrize(
    ("dates", "field", "sentence"),
    [
        ({"date": "2030-01-01"}, "date", "此日期使版本 2021 中 NM-01-01 等 "),
        ({"date": "2022"}, "date", "依据晚于施行日期 2021-11-05（它自 2022-12-31 起方可引用）"),
        ({"in_force_from": "2021-11-06"}, "in_force_from", "（它自 2021-11-06 起方可引用），不能这样更改。"),
        ({"date": ""}, "date", "（它自 2026-01-01 起方可引用），不能这样更改。"),
        ({"date": "2030-01-01", "in_force_from": "2024-01-01"}, "in_force_from", "（它自 2024-01-01 起方可引用）"),
        ({"date": "2021-02-30"}, "date", "没有 2021-02-30 这个日期"),
    ],
)
def test_dates_that_invalidate_a_published_edition_are_refused(as_role, sources, dates, field, sentence):
    source, publisher = sources["published"], as_role("发布")
    before = Source.objects.filter(pk=source.pk).values().get()

    page = publisher.post(page_of(source), form_data(publisher.get(page_of(source)), note="也改说明", **dates))

    assert page.status_code == 200
    assert list(page.context["adminform"].form.errors) == [field]
    (message,) = page.context["adminform"].form.errors[field]
    assert sentence in message
    assert Source.objects.filter(pk=source.pk).values().get() == before
    assert told_of(source.code) == []


@pytest.mark.parametrize(
    "dates",
    [
        {"date": "2021-11-05"},  # effective date of the first edition that cites it
        {"date": "2021-10"},
        {"date": "2030-01-01", "in_force_from": "2021-11-05"},  # ``in_force_from`` takes precedence over ``date``
    ],
)
def test_dates_that_invalidate_no_edition_are_saved(as_role, sources, dates):
    source, publisher = sources["published"], as_role("发布")

    response = publisher.post(page_of(source), form_data(publisher.get(page_of(source)), **dates))

    assert response.status_code == 302
    assert [publishing.verify_edition(edition) for edition in Edition.objects.published()] == [[], [], []]


def test_dates_of_sources_without_published_citations_can_be_changed(as_role, sources):
    for cited_in in ("draft", "nothing"):
        editor = as_role("编辑") if cited_in == "draft" else as_role("发布")
        data = form_data(editor.get(page_of(sources[cited_in])), date="2030-01-01")

        assert editor.post(page_of(sources[cited_in]), data).status_code == 302


def test_other_columns_of_a_source_with_an_invalid_date_can_be_changed(as_role, sources):
    source, publisher = sources["published"], as_role("发布")
    Source.objects.filter(pk=source.pk).update(date="2030-01-01", citable_from="2030-01-01")

    response = publisher.post(page_of(source), form_data(publisher.get(page_of(source)), note="新的说明"))

    assert response.status_code == 302


@pytest.mark.parametrize("days", [-1, 0, 1])
def test_refused_dates_are_those_that_verification_reports(db, days):
    """The first citable day is one day before, on and one day after the effective date of the first edition."""
    citable_from = Edition.objects.get(slug="2021").effective_from + datetime.timedelta(days=days)
    for source in Source.objects.filter(citations__entry__edition__slug="2021").distinct()[:3]:
        source.date, source.in_force_from = None, citable_from

        refused = {(slug, code) for slug, _, code in publishing.entries_citing_too_early(source)}

        source.save()
        findings = {line for edition in Edition.objects.published() for line in publishing.verify_edition(edition)}
        assert {(line[3:7], line[8:16]) for line in findings} == refused
        assert bool(refused) == (days > 0)
        source.refresh_from_db()
        Source.objects.filter(pk=source.pk).update(citable_from="2000-01-01")


@pytest.mark.parametrize("url", ["http://www.nmg.gov.cn/x", "HTTP://www.nmg.gov.cn/x"])
def test_a_new_url_must_be_https(as_role, sources, url):
    source, editor = sources["nothing"], as_role("编辑")

    page = editor.post(page_of(source), form_data(editor.get(page_of(source)), url=url))

    assert page.context["adminform"].form.errors["url"] == [
        "网址应以 https:// 开头。例：https://www.nmg.gov.cn/zwgk/zfxxgk/"
    ]
    assert Source.objects.get(pk=source.pk).url is None


def test_an_unchanged_http_url_does_not_prevent_a_save(as_role, sources):
    publisher = as_role("发布")
    source = Source.objects.filter(url__startswith="http://").first()
    url = source.url

    saved = publisher.post(page_of(source), form_data(publisher.get(page_of(source)), note="新的说明"))
    page = publisher.post(page_of(source), form_data(publisher.get(page_of(source)), url=f"{url}/other"))

    source.refresh_from_db()
    assert (saved.status_code, page.status_code) == (302, 200)
    assert (source.note, source.url) == ("新的说明", url)


def test_a_url_is_stored_unchanged(as_role, sources):
    source, editor = sources["nothing"], as_role("编辑")
    url = "https://www.nmg.gov.cn/x/?a=1&b=%E6%B8%85#top"

    editor.post(page_of(source), form_data(editor.get(page_of(source)), url=url))

    assert Source.objects.get(pk=source.pk).url == url


@pytest.fixture
def new_source(admin_client) -> dict:
    """The form of a new document, without a code."""
    page = admin_client.get(reverse("admin:services_source_add"))
    changes = {"title": "关于提高标准的通知", "kind": "regional-policy", "jurisdiction": "inner-mongolia"}
    return form_data(page, code="", extent_read="full", **changes)


def test_a_document_without_a_code_gets_the_next_one_and_its_number_in_one_form(admin_client, new_source):
    url = reverse("admin:services_source_add")

    for number in ("内民政发[2026]181号", "内民政发（２０２６） 182"):
        assert admin_client.post(url, new_source | {"document_number": number}).status_code == 302

    added = Source.objects.filter(code__startswith="doc-").order_by("pk").values_list("code", "document_number")
    assert list(added) == [("doc-1", "内民政发〔2026〕181号"), ("doc-2", "内民政发〔2026〕182号")]


def test_a_document_that_is_there_already_is_named_and_refused(admin_client, new_source):
    existing = Source.objects.get(code="seed-plan")
    number = existing.document_number.replace("〔", "［").replace("〕", "］ ")

    page = admin_client.post(reverse("admin:services_source_add"), new_source | {"document_number": number})

    assert f"{existing.document_number} 已经在依据文件中：{existing.title}，不必再新增一份" in visible_text(page)
    assert not Source.objects.filter(title=new_source["title"])
