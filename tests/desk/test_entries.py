"""Entries on the desk: the list of an edition with its filters and search, and the read-only page."""

import re

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalogue.desk.base import filters
from catalogue.editions.public.published import get_published
from catalogue.models import Edition, Entry
from services.models import Department, Domain, Service, TargetGroup
from services.sources import Source
from tests.conftest import make_user
from tests.support.admin_forms import column_texts, entry_change_url, filter_counts, make_rich_entry, visible_text
from tests.support.entries import make_entry

LIST = "/admin/catalogue/entry/"


@pytest.fixture
def entry(make_edition) -> Entry:
    """The first of two entries of a draft with effect from 2027-01-01."""
    return make_edition("2027", "2027-01-01", entries=[make_rich_entry(), make_entry("NM-05-02")], at=None).entries.get(
        number=1
    )


# The list


def test_the_list_shows_the_edition_in_force_by_default(admin_client, entry):
    page = admin_client.get(LIST)

    assert page.context["subtitle"] == Edition.objects.get(slug="2026").title
    assert set(column_texts(page, "edition_slug")) == {"2026"}
    assert len(column_texts(page, "code")) == 81


def test_the_list_shows_one_other_edition_at_a_time(admin_client, entry):
    page = admin_client.get(LIST, {"edition": "2027"})

    assert page.context["subtitle"] == "清单（2027）（草稿）"
    assert column_texts(page, "code") == ["NM-05-01", "NM-05-02"]
    assert column_texts(page, "edition_slug") == ["2027（草稿）"] * 2


def test_the_list_of_an_empty_catalogue_is_empty(admin_client, empty_catalogue):
    assert column_texts(admin_client.get(LIST), "code") == []


def test_the_list_counts_unverified_fields(admin_client, entry):
    page = admin_client.get(LIST, {"edition": "2027"})

    # Of eleven sourced fields the first entry has six, the second two.
    assert column_texts(page, "standing") == ["2 项未核实 1 项转述 5 项未知", "9 项未知"]


FILTERS = {
    "edition": ("2027", ["NM-05-01", "NM-05-02"]),
    "domain": ("NM-05", ["NM-05-01", "NM-05-02"]),
    "lead_department": ("health-commission", ["NM-05-01"]),
    "verification": ("secondary", ["NM-05-01"]),
    "target_group": ("unknown", ["NM-05-01", "NM-05-02"]),
}


def test_every_filter_has_a_test():
    assert {filter_.parameter_name for filter_ in admin.site._registry[Entry].list_filter} == set(FILTERS)


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_returns_the_matching_entries(admin_client, entry, name):
    value, codes = FILTERS[name]

    assert column_texts(admin_client.get(LIST, {"edition": "2027", name: value}), "code") == codes


@pytest.mark.parametrize(
    ("name", "value", "codes"),
    [
        ("lead_department", "unknown", ["NM-05-02"]),
        ("lead_department", "finance", []),  # only a supporting department
        ("verification", "unverified", ["NM-05-01"]),
        ("verification", "unknown", ["NM-05-01", "NM-05-02"]),
        ("verification", "verbatim", ["NM-05-02"]),  # all known fields are verified, the others are unknown
    ],
)
def test_filters_support_unknown_values(admin_client, entry, name, value, codes):
    assert column_texts(admin_client.get(LIST, {"edition": "2027", name: value}), "code") == codes


def test_filters_show_the_number_of_matching_rows(admin_client, entry):
    page = admin_client.get(LIST, {"edition": "2027", "lead_department": "health-commission"})

    # The facets of a filter ignore its own value but apply all others.
    assert filter_counts(page, "牵头负责单位") == {"全部": None, "自治区卫生健康委": 1, "未知": 1}
    assert filter_counts(page, "核实情况") == {"全部": None, "有未核实的字段": 1, "有转述的字段": 1, "有未知的字段": 1}
    assert filter_counts(page, "领域") == {"全部": None, "老有所养": 1}
    led_counts = {
        slug: Entry.objects.filter(edition__slug=slug, lead_department__code="health-commission").count()
        for slug in ("2026", "2023", "2021")
    }
    assert 0 not in led_counts.values()
    assert filter_counts(page, "版本") == {
        "2027（草稿）": 1, "2026（在用）": led_counts["2026"], "2023": led_counts["2023"], "2021": led_counts["2021"]
    }  # fmt: skip
    assert "自治区卫生健康委 (1)" in visible_text(page)


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("value", ["nobody-has-this", ""])
def test_an_unknown_filter_value_shows_an_error_and_all_rows(admin_client, entry, name, value):
    page = admin_client.get(LIST, {name: value}, follow=True)

    assert page.status_code == 200
    assert [message.level_tag for message in page.context["messages"]] == ["error"]
    assert len(column_texts(page, "code")) == 81


@pytest.mark.parametrize(("name", "status"), [*((name, 400) for name in FILTERS), ("name", 400), ("q", 200)])
def test_nul_in_the_query_string_is_no_server_error(admin_client, db, name, status):
    assert admin_client.get(LIST, {name: "\0"}).status_code == status


@pytest.mark.parametrize("query", ["NM-05-01", "老年人健康管理", "OLDER", "NM-05 健康"])
def test_the_search_finds_by_code_and_names(admin_client, db, query):
    assert "NM-05-01" in column_texts(admin_client.get(LIST, {"q": query}), "code")


@pytest.mark.parametrize("column", ["name_en", "content", "standard"])
def test_the_search_finds_by_content(admin_client, db, column):
    text = getattr(Entry.objects.get(edition__slug="2026", service__code="NM-05-01"), column)

    found_codes = column_texts(admin_client.get(LIST, {"q": re.split("[，。]", text)[0]}), "code")

    assert "NM-05-01" in found_codes
    assert len(found_codes) < 10


def test_the_number_of_queries_does_not_depend_on_the_number_of_entries(admin_client, make_edition):
    codes = list(Service.objects.values_list("code", flat=True)[:30])
    make_edition("three", entries=[make_rich_entry(code=code) for code in codes[:3]], at=None)
    make_edition("thirty", entries=[make_rich_entry(code=code) for code in codes], at=None)
    admin_client.get(LIST)
    query_counts = {}

    for slug in ("three", "thirty"):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert len(column_texts(admin_client.get(LIST, {"edition": slug}), "code")) == (
                3 if slug == "three" else 30
            )
        query_counts[slug] = len(queries)

    assert query_counts["three"] == query_counts["thirty"]
    assert query_counts["thirty"] <= 25


@pytest.mark.parametrize(
    ("model", "term", "found"),
    [
        (Department, "民政", "自治区民政厅"),
        (TargetGroup, "older-65", "65岁及以上老年人"),
        (Source, "70号", "内蒙古自治区“十四五”保障和改善公共服务规划（内政办发〔2021〕70号）"),
        (Domain, "养", "老有所养"),
        (Source, "\0", None),  # PostgreSQL rejects NUL
    ],
)
def test_the_autocomplete_finds_terms(admin_client, model, term, found):
    field = {Department: "lead_department", TargetGroup: "target_groups", Domain: "domain", Source: "legal_basis"}[
        model
    ]

    response = admin_client.get(
        reverse("admin:autocomplete"),
        {"app_label": "catalogue", "model_name": "entry", "field_name": field, "term": term},
    )

    assert response.status_code == 200
    assert found is None or found in [result["text"] for result in response.json()["results"]]


def test_the_edition_shown_is_cached_on_the_request(rf, db):
    request = rf.get(LIST)

    with CaptureQueriesContext(connection) as queries:
        assert filters.edition_shown(request) == filters.edition_shown(request) == Edition.objects.get(slug="2026")

    assert len(queries) == 2


# A published entry


def test_a_published_entry_is_read_only(admin_client, published_entry):
    page = admin_client.get(entry_change_url(published_entry))

    html, text = page.content.decode(), visible_text(page)
    assert "版本 2026 已发布，只供查阅" in text
    assert published_entry.content in text
    for citation in published_entry.citations.all():
        assert str(citation.source) in text
        assert citation.quote is None or citation.quote in text
    assert [name for name in ('name="_save"', 'name="_continue"', "TOTAL_FORMS", "deletelink") if name in html] == []


@pytest.mark.parametrize("query", ["五保", "dibao", "NM0701", "養老", "ＮＭ０５"])
def test_the_lists_find_what_the_public_search_finds(admin_client, query):
    best = get_published(Edition.objects.get(slug="2026")).search(query)[0].code

    entries = admin_client.get(LIST, {"q": query})
    services = admin_client.get("/admin/services/service/", {"q": query})

    assert best in column_texts(entries, "code")
    assert best in column_texts(services, "code")


def test_an_editor_finds_only_services_of_the_own_department(client, db):
    client.force_login(make_user("sun", "编辑", departments=["health-commission"]))

    assert column_texts(client.get(LIST, {"q": "五保"}), "code") == []


def test_the_list_shows_how_the_standard_begins(admin_client):
    standards = column_texts(admin_client.get(LIST), "standard_beginning")

    assert max(map(len, standards)) == 42
    assert any("每人每月" in text for text in standards)
