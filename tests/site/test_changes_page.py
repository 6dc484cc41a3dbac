"""The page of changes: old and new text by field, filters, languages."""

import pytest

from catalogue.models import Event
from tests.site.test_service_page import page

CHANGES = "/changes/"
ORPHANS = "NM-01-07"


def links(shown_page) -> list[str]:
    return [attributes["href"] for tag, attributes in shown_page.tags if tag == "a"]


def test_a_change_shows_the_old_and_the_new_text_and_its_document(client, db):
    shown_page = page(client, f"{CHANGES}?service={ORPHANS}")

    for text in ("集中供养每人每月1530元", "集中供养标准提高至每人每月1660元", "服务标准", "汇编自", "2023 版"):
        assert text in shown_page.text
    assert f"/services/{ORPHANS}/?edition=2023" in links(shown_page)


def test_a_change_leads_to_the_one_document_it_rests_on(client, db):
    assert "/id/sources/law-family-education" in links(page(client, f"{CHANGES}?service=NM-01-08"))


def test_every_change_is_on_the_page_newest_edition_first(client, db):
    body = client.get(CHANGES).content.decode()

    assert all(f"/services/{event.service}/?edition={event.edition}" in body for event in Event.objects.changes())
    assert body.index('id="edition-2026"') < body.index('id="edition-2023"') < body.index('id="edition-2021"')


@pytest.mark.parametrize("query", ["domain=NM-05", "department=civil-affairs", "substance=true", "target_group=tekun"])
def test_the_filters_are_those_of_the_feed(client, db, query):
    changes = client.get(f"/api/v1/changes/?{query}&page_size=500").json()["results"]
    shown = {link for link in links(page(client, f"{CHANGES}?{query}")) if link.startswith("/services/NM-")}

    assert changes
    assert shown == {f"/services/{change['service']['code']}/?edition={change['edition']}" for change in changes}


def test_empty_fields_of_the_form_choose_nothing(client, db):
    assert client.get(f"{CHANGES}?domain=&department=").status_code == 200


@pytest.mark.parametrize("query", ["domain=NM-99", "service=NM-99-01", "substance=maybe", "lang=fr", "domian=NM-05"])
def test_a_wrong_filter_is_refused_by_its_name(client, db, query):
    response = client.get(f"{CHANGES}?{query}")

    assert response.status_code == 400
    assert query.partition("=")[0] in response.content.decode()


def test_the_page_is_in_english_when_asked_for(client, db):
    response = client.get(f"{CHANGES}?service={ORPHANS}", headers={"accept-language": "en"})
    body = response.content.decode()

    assert '<html lang="en">' in body and "before" in body and "standard" in body
    assert response.headers["Content-Language"] == "en" and "Accept-Language" in response.headers["Vary"]
    assert client.get(f"{CHANGES}?lang=en").headers["Content-Language"] == "en"
    assert client.get(CHANGES).headers["Content-Language"] == "zh-Hans"


def test_home_page_and_feed_lead_to_the_page(client, db):
    assert CHANGES in links(page(client, "/"))
    assert (
        'href="http://testserver/changes/?domain=NM-05"'
        in client.get("/feeds/changes.atom?domain=NM-05").content.decode()
    )


def test_the_number_of_queries_does_not_grow_with_the_changes(client, db, django_assert_max_num_queries):
    with django_assert_max_num_queries(6):
        client.get(f"{CHANGES}?service={ORPHANS}")
    with django_assert_max_num_queries(6):
        client.get(CHANGES)
