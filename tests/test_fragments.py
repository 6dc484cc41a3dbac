"""An answer put together of fragments is what the serializer makes of what was sealed, byte for byte."""

import pytest
from django.test import RequestFactory

from catalogue import sealed, wire
from catalogue.api import facets, fragments, serializers
from catalogue.api.renderers import JSONRenderer
from catalogue.listing import ORDERS, Listing, listing
from catalogue.models import Edition, Entry
from catalogue.translating import told
from catalogue.web.negotiation import LANGUAGES
from services.models import Department

REQUEST = RequestFactory().get("/")
FIELDS = [name for name in serializers.EntrySerializer().fields if name != "matches"]


@pytest.fixture
def editions(db) -> list[Edition]:
    return list(Edition.objects.published())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("fields", [FIELDS, ["name", "code"], ["edition", "url", "citations"]], ids=len)
def test_a_service_is_what_its_serializer_makes(editions, language, fields):
    for edition in editions:
        made = fragments.fragments(edition, language)
        context = {"request": REQUEST, "edition": edition, "fields": FIELDS}
        for code, document in sealed.documents(edition).items():
            whole = told(serializers.EntrySerializer(document, context=context).data, language)
            expected = JSONRenderer().render({name: whole[name] for name in fields})

            address = f"http://testserver/api/v1/services/{code}/"
            assert made.service(code, fields, address=address, more={}).encode() == expected


def test_a_name_is_told_in_english_without_asking_for_it(client, db):
    answer = client.get("/api/v1/services/NM-05-01/", {"fields": "code,name", "lang": "en"}).json()

    assert answer == {"code": "NM-05-01", "name": "Health management for older people"}


def test_ends_of_lines_that_javascript_took_for_its_own_are_escaped():
    assert wire.text("a\u2028b\u2029c\n") == '"a\\u2028b\\u2029c\\n"'


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("order", ORDERS)
def test_equals_stand_by_their_numbers_in_every_order(order, sign):
    rows = [("NM-01-03", 1, "乙"), ("NM-01-02", 2, "甲"), ("NM-01-01", 3, "乙")]
    blank = dict.fromkeys(("lead_department",)) | {"target_groups": [], "co_departments": [], "verification": {}}
    documents = {
        code: blank | {"code": code, "number": number, "name": name, "domain": {"code": "NM-01"}}
        for code, number, name in rows
    }

    found = Listing(documents).ordered(sign + order)

    expected = {
        "number": ["NM-01-03", "NM-01-02", "NM-01-01"],
        "code": ["NM-01-01", "NM-01-02", "NM-01-03"],
        "name": ["NM-01-03", "NM-01-01", "NM-01-02"],
        "-name": ["NM-01-02", "NM-01-03", "NM-01-01"],
    }
    assert found == expected.get(sign + order, expected[order][::-1])


def test_terms_are_found_as_the_rows_have_them(editions):
    for edition in editions:
        listed, entries = listing(edition), Entry.objects.filter(edition=edition)
        for department in Department.objects.all():
            code = department.code
            leading = entries.filter(lead_department=department).values_list("service__code", flat=True)
            helping = entries.filter(co_departments=department).values_list("service__code", flat=True)
            assert set(listed.having("lead_department", code)) == set(leading)
            assert set(listed.having("department", code)) == {*leading, *helping}


def test_every_facet_of_an_edition_counts_all_of_it(editions):
    for edition in editions:
        listed = listing(edition)
        counted = facets.counted(listed, lambda name, listed=listed: listed.codes)
        for name in ("domain", "lead_department"):
            assert sum(each["count"] for each in counted[name]) == 81
