"""A published edition in memory: the same bytes as its digest was taken over, and what its serializer declares."""

import hashlib
import json

import pytest
from django.test import RequestFactory

from catalogue.api import facets, serializers
from catalogue.api.renderers import JSONRenderer
from catalogue.editions import published
from catalogue.editions.listing import ORDERS, Listing
from catalogue.editions.translation import translate
from catalogue.models import Edition, Entry
from catalogue.web.negotiation import LANGUAGES
from services.models import Department

FIELDS = [name for name in serializers.EntrySerializer().fields if name != "matches"]
DIGESTS = {
    "2021": "b077bf03f3c7bc26053315005e75634ff5d75b95433e9a0b5dcfe1843b96618f",
    "2023": "9cf0ce5c055bd806df362debe4f949f3c2214ea11915f175f8a6750bd113d86d",
    "2026": "dffe4ba521f37d40a07a95166f3567b421df13b53d3a7ce5329b0ddb963747a4",
}


@pytest.fixture
def editions(db) -> list[Edition]:
    return list(Edition.objects.published())


@pytest.mark.parametrize("slug", DIGESTS)
def test_the_content_of_an_edition_has_the_digest_it_was_published_with(client, db, slug):
    content = client.get(f"/api/v1/editions/{slug}/content/").content

    assert hashlib.sha256(content).hexdigest() == DIGESTS[slug] == Edition.objects.get(slug=slug).digest


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("fields", [FIELDS, ["name", "code"], ["edition", "url", "citations"]], ids=len)
def test_a_service_is_answered_as_its_serializer_declares(client, editions, language, fields):
    for edition in editions:
        query = {"edition": edition.slug, "fields": ",".join(fields), "lang": language}
        answer = client.get("/api/v1/services/", query).json()

        context = {"request": RequestFactory().get("/"), "edition": edition, "fields": FIELDS}
        documents = published.get(edition).documents.values()
        serializer = serializers.EntrySerializer(documents, many=True, context=context)
        expected = json.loads(JSONRenderer().render(translate(serializer.data, language)))
        # Written out, so that the order of the fields is compared too.
        assert json.dumps(answer["results"]) == json.dumps([{name: one[name] for name in fields} for one in expected])


def test_a_name_is_told_in_english_without_asking_for_it(client, db):
    answer = client.get("/api/v1/services/NM-05-01/", {"fields": "code,name", "lang": "en"}).json()

    assert answer == {"code": "NM-05-01", "name": "Health management for older people"}


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
        listed, entries = published.get(edition).listing, Entry.objects.filter(edition=edition)
        for department in Department.objects.all():
            code = department.code
            leading = entries.filter(lead_department=department).values_list("service__code", flat=True)
            helping = entries.filter(co_departments=department).values_list("service__code", flat=True)
            assert set(listed.having("lead_department", code)) == set(leading)
            assert set(listed.having("department", code)) == {*leading, *helping}


def test_every_facet_of_an_edition_counts_all_of_it(editions):
    for edition in editions:
        listed = published.get(edition).listing
        counted = facets.counted(listed, lambda name, listed=listed: listed.codes)
        for name in ("domain", "lead_department"):
            assert sum(each["count"] for each in counted[name]) == 81
