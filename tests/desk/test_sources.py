"""Documents on the desk: who may change which, which dates are refused, and how an address is written."""

import datetime
import itertools

import pytest
from django.test import Client
from django.urls import reverse

from catalogue.accounts import permissions
from catalogue.audit.log import AuditContext
from catalogue.models import Edition, Event
from catalogue.workflow import publishing
from services.models import Source
from tests.conftest import PUBLISHED_AT, make_user
from tests.support.admin_forms import form_data, visible_text
from tests.support.entries import make_citation, make_entry

SUPERUSER = "superuser"
EVERYBODY = (*permissions.ROLES, SUPERUSER)
# Who may change a document, by what cites it.
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
    """What the record says of a document, as (verb, field)."""
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
    """A document for each kind of what cites it."""
    citations = [*make_entry()["citations"], make_citation("mention", source="of-a-draft")]
    make_edition("2027", "2027-01-01", entries=[make_entry(citations=citations)], at=None)
    return {
        "published": Source.objects.get(code="seed-plan"),
        "draft": new_sources["of-a-draft"],
        "nothing": new_sources["of-nothing"],
    }


@pytest.fixture
def as_role(db):
    """Return the browser of somebody with a role."""

    def log_in(role: str) -> Client:
        browser = Client()
        somebody = make_user(f"sun-{role}", *{role} - {SUPERUSER}, departments=["health-commission"])
        somebody.is_superuser = role == SUPERUSER
        somebody.save()
        browser.force_login(somebody)
        return browser

    return log_in


@pytest.mark.parametrize(("role", "cited_in"), list(itertools.product(EVERYBODY, CHANGES)))
def test_who_may_change_a_document(admin_client, client, as_role, sources, role, cited_in):
    source, browser = sources[cited_in], as_role(role)
    typed = form_data(admin_client.get(page_of(source)), note="改写的说明", url="https://www.nmg.gov.cn/new")
    before = shown_by_the_api(client, source)

    answer = browser.post(page_of(source), typed)

    if role in CHANGES[cited_in]:
        assert answer.status_code == 302
        assert shown_by_the_api(client, source)["url"] == "https://www.nmg.gov.cn/new"
        assert told_of(source.code) == [("revised", "url"), ("revised", "note")]
    else:
        assert answer.status_code == 403
        assert shown_by_the_api(client, source) == before
        assert told_of(source.code) == []


@pytest.mark.parametrize(("role", "cited_in"), list(itertools.product(EVERYBODY, CHANGES)))
def test_who_may_delete_a_document(client, as_role, sources, role, cited_in):
    source = sources[cited_in]

    answer = as_role(role).post(page_of(source, "delete"), {"post": "yes"})

    if role != SUPERUSER:
        assert answer.status_code == 403
    # What is cited, in a draft too, keeps its document whoever asks.
    deleted = role == SUPERUSER and cited_in == "nothing"
    assert Source.objects.filter(pk=source.pk).exists() != deleted
    assert told_of(source.code) == ([("deleted", None)] if deleted else [])
    assert client.get(f"/api/v1/sources/{source.code}/").status_code == (404 if deleted else 200)


@pytest.mark.parametrize("role", EVERYBODY)
def test_who_may_add_a_document(client, as_role, role):
    answer = as_role(role).post(
        reverse("admin:services_source_add"),
        {
            "code": "new-one", "position": "99", "title": "新文件", "kind": "guide", "jurisdiction": "inner-mongolia",
            "extent_read": "full", "read_in": "copy", "date": "2026-11-01", "url": "https://www.nmg.gov.cn/new",
        },
    )  # fmt: skip

    added = role in {"编辑", "发布", SUPERUSER}
    assert answer.status_code == (302 if added else 403)
    assert client.get("/api/v1/sources/new-one/").status_code == (200 if added else 404)
    assert told_of("new-one") == ([("created", None)] if added else [])


def test_an_editor_reads_why_a_document_is_not_to_be_changed(as_role, sources):
    read = visible_text(as_role("编辑").get(page_of(sources["published"])))

    assert "已发布的版本（2021、2023、2026）引用了这份文件，只有“发布”可以更改它。" in read
    assert "保存" not in read.splitlines()


def test_a_legal_basis_is_the_publishers_once_its_edition_is_published(as_role, new_sources, make_edition):
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


@pytest.mark.parametrize(
    ("dates", "field", "sentence"),
    [
        ({"date": "2030-01-01"}, "date", "此日期使版本 2021 中 NM-01-01 等 "),
        ({"date": "2022"}, "date", "依据晚于施行日期 2021-11-05（它自 2022-12-31 起方可引用）"),
        ({"in_force_from": "2021-11-06"}, "in_force_from", "（它自 2021-11-06 起方可引用），不能这样更改。"),
        ({"date": ""}, "date", "（它自 2026-01-01 起方可引用），不能这样更改。"),
        ({"date": "2030-01-01", "in_force_from": "2024-01-01"}, "in_force_from", "（它自 2024-01-01 起方可引用）"),
        ({"date": "2021-02-30"}, "date", "没有 2021-02-30 这一天或这一月"),
    ],
)
def test_dates_that_would_unsettle_a_published_edition_are_refused(as_role, sources, dates, field, sentence):
    source, publisher = sources["published"], as_role("发布")
    before = Source.objects.filter(pk=source.pk).values().get()

    page = publisher.post(page_of(source), form_data(publisher.get(page_of(source)), note="也改说明", **dates))

    assert page.status_code == 200
    assert list(page.context["adminform"].form.errors) == [field]
    (said,) = page.context["adminform"].form.errors[field]
    assert sentence in said
    assert Source.objects.filter(pk=source.pk).values().get() == before
    assert told_of(source.code) == []


@pytest.mark.parametrize(
    "dates",
    [
        {"date": "2021-11-05"},  # the day the first edition that cites it came into force
        {"date": "2021-10"},
        {"date": "2030-01-01", "in_force_from": "2021-11-05"},  # the day it came into force is what counts
    ],
)
def test_dates_that_unsettle_nothing_are_saved(as_role, sources, dates):
    source, publisher = sources["published"], as_role("发布")

    answer = publisher.post(page_of(source), form_data(publisher.get(page_of(source)), **dates))

    assert answer.status_code == 302
    assert [publishing.verify_edition(edition) for edition in Edition.objects.published()] == [[], [], []]


def test_the_dates_of_what_no_published_edition_cites_are_free(as_role, sources):
    for cited_in in ("draft", "nothing"):
        editor = as_role("编辑") if cited_in == "draft" else as_role("发布")
        typed = form_data(editor.get(page_of(sources[cited_in])), date="2030-01-01")

        assert editor.post(page_of(sources[cited_in]), typed).status_code == 302


def test_a_document_that_is_dated_too_late_already_can_be_changed_otherwise(as_role, sources):
    source, publisher = sources["published"], as_role("发布")
    Source.objects.filter(pk=source.pk).update(date="2030-01-01", citable_from="2030-01-01")

    answer = publisher.post(page_of(source), form_data(publisher.get(page_of(source)), note="新的说明"))

    assert answer.status_code == 302


@pytest.mark.parametrize("days", [-1, 0, 1])
def test_the_dates_refused_are_those_that_verifying_objects_to(db, days):
    """For every document cited, of the first day it may be cited before, on and after the first edition's."""
    first = Edition.objects.get(slug="2021").effective_from + datetime.timedelta(days=days)
    for source in Source.objects.filter(citations__entry__edition__slug="2021").distinct()[:3]:
        source.date, source.in_force_from = None, first

        refused = {(slug, code) for slug, _, code in publishing.entries_citing_too_early(source)}

        source.save()
        found = {line for edition in Edition.objects.published() for line in publishing.verify_edition(edition)}
        assert {(line[3:7], line[8:16]) for line in found} == refused
        assert bool(refused) == (days > 0)
        source.refresh_from_db()
        Source.objects.filter(pk=source.pk).update(citable_from="2000-01-01")


@pytest.mark.parametrize("url", ["http://www.nmg.gov.cn/x", "HTTP://www.nmg.gov.cn/x"])
def test_an_address_typed_anew_is_https(as_role, sources, url):
    source, editor = sources["nothing"], as_role("编辑")

    page = editor.post(page_of(source), form_data(editor.get(page_of(source)), url=url))

    assert page.context["adminform"].form.errors["url"] == [
        "网址应以 https:// 开头。例：https://www.nmg.gov.cn/zwgk/zfxxgk/"
    ]
    assert Source.objects.get(pk=source.pk).url is None


def test_an_address_that_was_loaded_with_http_does_not_stop_a_save(as_role, sources):
    publisher = as_role("发布")
    source = Source.objects.filter(url__startswith="http://").first()
    url = source.url

    saved = publisher.post(page_of(source), form_data(publisher.get(page_of(source)), note="新的说明"))
    page = publisher.post(page_of(source), form_data(publisher.get(page_of(source)), url=f"{url}/other"))

    source.refresh_from_db()
    assert (saved.status_code, page.status_code) == (302, 200)
    assert (source.note, source.url) == ("新的说明", url)


def test_an_address_is_kept_as_it_was_typed(as_role, sources):
    source, editor = sources["nothing"], as_role("编辑")
    url = "https://www.nmg.gov.cn/x/?a=1&b=%E6%B8%85#top"

    editor.post(page_of(source), form_data(editor.get(page_of(source)), url=url))

    assert Source.objects.get(pk=source.pk).url == url
