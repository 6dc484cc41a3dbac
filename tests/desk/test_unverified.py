"""The list of unverified fields (待核实) and its summary by department."""

import pytest
from django.contrib import admin
from django.urls import reverse

from catalogue.desk.entries.unverified import Left, left_by_department
from catalogue.models import Edition, FieldVerification
from tests.support.admin_forms import column_texts, filter_counts, make_rich_entry, visible_text
from tests.support.entries import make_entry

LIST = "/admin/catalogue/fieldverification/"


@pytest.fixture
def edition(make_edition) -> Edition:
    return make_edition("2027", "2027-01-01", entries=[make_rich_entry(), make_entry("NM-05-02")], at=None)


def test_the_list_shows_all_fields_that_are_not_verbatim(admin_client, edition):
    page = admin_client.get(LIST, {"edition": "2027"})

    assert column_texts(page, "named_field") == ["服务标准", "牵头负责单位", "配合单位"]
    assert column_texts(page, "current_label") == ["转述", "未核实", "未核实"]
    assert column_texts(page, "department") == ["自治区卫生健康委"] * 3
    assert column_texts(page, "service") == ["NM-05-01 老年人健康管理"] * 3
    assert column_texts(page, "basis") == ["规划", "编者判断", "编者判断"]


def test_the_list_shows_the_edition_in_force_by_default(admin_client, edition):
    page = admin_client.get(LIST)

    assert (
        page.context["cl"].result_count
        == FieldVerification.objects.unverified().filter(entry__edition__slug="2026").count()
    )
    assert page.context["subtitle"] == Edition.objects.get(slug="2026").title


def test_each_row_links_to_its_field_on_the_entry_page(admin_client, edition):
    entry = edition.entries.get(number=1)

    page = admin_client.get(LIST, {"edition": "2027"})

    assert f'href="{reverse("admin:catalogue_entry_change", args=[entry.pk])}#field-standard"' in page.content.decode()
    assert (
        'id="field-standard"'
        in admin_client.get(reverse("admin:catalogue_entry_change", args=[entry.pk])).content.decode()
    )


FILTERS = {
    "edition": ("2027", 3),
    "lead_department": ("health-commission", 3),
    "domain": ("NM-05", 3),
    "field": ("standard", 1),
    "verification": ("unverified", 2),
}


def test_every_filter_has_a_test():
    assert {filter_.parameter_name for filter_ in admin.site._registry[FieldVerification].list_filter} == set(FILTERS)


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_returns_the_matching_fields(admin_client, edition, name):
    value, found = FILTERS[name]

    assert len(column_texts(admin_client.get(LIST, {"edition": "2027", name: value}), "named_field")) == found


def test_filters_show_the_number_of_matching_rows(admin_client, edition):
    page = admin_client.get(LIST, {"edition": "2027", "field": "standard"})

    assert filter_counts(page, "字段") == {"全部": None, "服务标准": 1, "牵头负责单位": 1, "配合单位": 1}
    assert filter_counts(page, "核实情况") == {"全部": None, "转述": 1}
    assert filter_counts(page, "牵头负责单位") == {"全部": None, "自治区卫生健康委": 1}


def test_the_summary_counts_fields_by_department(edition, django_assert_num_queries):
    with django_assert_num_queries(3):
        rows = left_by_department(edition)

    assert rows == [
        Left("health-commission", "自治区卫生健康委", unverified=2, secondary=1, unknown=5, verbatim=3),
        Left("unknown", "未知", unverified=0, secondary=0, unknown=9, verbatim=2),
    ]
    assert [counts.total for counts in rows] == [3, 0]


def test_the_summary_is_above_the_list(admin_client, edition):
    text = visible_text(admin_client.get(LIST, {"edition": "2027"}))

    assert "各牵头单位还有多少字段待核实（版本 2027）" in text


@pytest.mark.parametrize(("action", "status"), [("add", 403), ("delete", 403), ("change", 302)])
def test_the_list_is_read_only(admin_client, edition, action, status):
    finding = FieldVerification.objects.unverified().filter(entry__edition=edition).first()
    url = reverse(f"admin:catalogue_fieldverification_{action}", args=[] if action == "add" else [finding.pk])

    page = admin_client.post(url, {"verification": "verbatim", "post": "yes"})

    assert page.status_code == status
    assert FieldVerification.objects.get(pk=finding.pk).verification == finding.verification
