"""A published edition in memory: its bytes match its digest, and its answers match their serializer."""

import hashlib
import json

import pytest
from django.test import RequestFactory
from django.utils.timezone import localdate

from catalogue.api import serializers
from catalogue.api.base import facets
from catalogue.api.base.renderers import JSONRenderer
from catalogue.editions.public import published
from catalogue.editions.public.listing import ORDERS, Listing
from catalogue.editions.translation import translate
from catalogue.models import Edition, Entry
from catalogue.web.negotiation import LANGUAGES
from services.models import Department

FIELDS = [name for name in serializers.EntrySerializer().fields if name != "matches"]
DIGESTS = {
    "2021": "6c71f3d972637b048957f8b360a2a566dd846993eb1ae80afdec6a85eb0b322f",
    "2023": "8cf8c3fa2248e251b5a23ddd88f5b674c8b94e39b215f73eb173c5e197b4c616",
    "2026": "dd7f954106cabf48c2198a6ab48759cd9ce80a48b716e3921fe9383e2c125248",
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

        context = {"request": RequestFactory().get("/"), "edition": edition, "fields": FIELDS, "on": localdate()}
        documents = published.get_published(edition).documents.values()
        serializer = serializers.EntrySerializer(documents, many=True, context=context)
        expected = json.loads(JSONRenderer().render(translate(serializer.data, language)))
        # Compared as text, so that the order of the fields counts too.
        assert json.dumps(answer["results"]) == json.dumps(
            [{name: service[name] for name in fields} for service in expected]
        )


def test_a_name_is_translated_without_the_english_name_among_the_fields(client, db):
    answer = client.get("/api/v1/services/NM-05-01/", {"fields": "code,name", "lang": "en"}).json()

    assert answer == {"code": "NM-05-01", "name": "Health management for older people"}


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("order", ORDERS)
def test_ties_are_ordered_by_number_in_every_order(order, sign):
    rows = [("NM-01-03", 1, "乙"), ("NM-01-02", 2, "甲"), ("NM-01-01", 3, "乙")]
    blank = dict.fromkeys(("lead_department",)) | {"target_groups": [], "co_departments": [], "verification": {}}
    documents = {
        code: blank | {"code": code, "number": number, "name": name, "domain": {"code": "NM-01"}}
        for code, number, name in rows
    }

    ordered = Listing(documents).ordered(sign + order)

    expected = {
        "number": ["NM-01-03", "NM-01-02", "NM-01-01"],
        "code": ["NM-01-01", "NM-01-02", "NM-01-03"],
        "name": ["NM-01-03", "NM-01-01", "NM-01-02"],
        "-name": ["NM-01-02", "NM-01-03", "NM-01-01"],
    }
    assert ordered == expected.get(sign + order, expected[order][::-1])


def test_services_by_term_match_the_database(editions):
    for edition in editions:
        listing, entries = published.get_published(edition).listing, Entry.objects.filter(edition=edition)
        for department in Department.objects.all():
            code = department.code
            leading = entries.filter(lead_department=department).values_list("service__code", flat=True)
            supporting = entries.filter(co_departments=department).values_list("service__code", flat=True)
            assert set(listing.services_with("lead_department", code)) == set(leading)
            assert set(listing.services_with("department", code)) == {*leading, *supporting}


def test_the_facets_of_an_edition_count_every_service(editions):
    for edition in editions:
        listing = published.get_published(edition).listing
        counts = facets.count_facets(listing, lambda name, listing=listing: listing.codes)
        for name in ("domain", "lead_department"):
            assert sum(facet["count"] for facet in counts[name]) == 81
