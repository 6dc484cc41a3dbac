"""Editions over HTTP: selection by query, content and digest, and changes."""

import datetime
import hashlib
import json

import pytest

from catalogue.models import Edition

LIST = "/api/v1/services/"


@pytest.mark.parametrize(
    ("query", "slug"),
    [
        ({}, "2026"),
        ({"edition": "2023"}, "2023"),
        ({"edition": "2"}, "2023"),  # by its number
        ({"valid_on": "2021-11-05"}, "2021"),  # from its first day
        ({"valid_on": "2023-12-24"}, "2021"),
        ({"valid_on": "2023-12-25"}, "2023"),
        ({"valid_on": "2026-10-31"}, "2023"),
        ({"valid_on": "2026-11-01"}, "2026"),
        ({"valid_on": "9999-12-31"}, "2026"),
        ({"known_at": "2026-11-23T04:00:00Z"}, "2026"),  # from the moment of publication
        ({"known_at": "2026-11-23T12:00:00+08:00", "valid_on": "2022-01-01"}, "2021"),
    ],
)
def test_the_query_selects_the_edition(client, db, query, slug):
    assert client.get(LIST, query | {"page_size": 1}).json()["edition"]["slug"] == slug
    assert client.get(f"{LIST}NM-01-01/", query).json()["edition"]["slug"] == slug


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"valid_on": "2021-11-04"}, "自 2021-11-05 起才有"),
        ({"valid_on": "0001-01-01"}, "自 2021-11-05 起才有"),
        ({"known_at": "2026-11-23T03:59:59Z"}, "最早的版本发布于 2026-11-23T12:00:00+08:00"),
    ],
)
def test_a_day_without_an_edition_is_a_404_that_names_the_first_day(client, db, query, words):
    response = client.get(LIST, query)

    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")
    assert words in response.json()["detail"]


@pytest.mark.parametrize(
    ("now", "slug"),
    [
        ("2026-10-31T15:59:59+00:00", "2023"),  # 23:59:59 in Inner Mongolia
        ("2026-10-31T16:00:00+00:00", "2026"),  # midnight there, still October in UTC
    ],
)
def test_an_edition_comes_into_force_at_midnight_in_inner_mongolia(client, db, monkeypatch, now, slug):
    monkeypatch.setattr("django.utils.timezone.now", lambda: datetime.datetime.fromisoformat(now))

    assert client.get(LIST, {"page_size": 1}).json()["edition"]["slug"] == slug


def test_without_any_edition_the_list_is_not_found_and_readiness_fails(client, empty_catalogue):
    assert client.get(LIST).json()["detail"] == "还没有已发布的版本。"
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200
    assert client.get("/api/v1/").json()["edition"] is None
    assert client.get("/api/v1/domains/NM-01/").json()["service_count"] is None


def test_editions_come_newest_first(client, db):
    answer = client.get("/api/v1/editions/").json()

    assert [edition["slug"] for edition in answer["results"]] == ["2026", "2023", "2021"]


def test_an_edition_has_all_its_fields(client, db):
    edition = Edition.objects.get(slug="2023")

    assert client.get("/api/v1/editions/2023/").json() == {
        "number": 2,
        "slug": "2023",
        "title": "内蒙古自治区基本公共服务项目清单（2023年版，编者汇编）",
        "region": {
            "code": "150000",
            "name": "内蒙古自治区",
            "name_en": "Inner Mongolia Autonomous Region",
            "identifiers": [{"scheme": "GB/T 2260", "value": "150000"}],
        },
        "effective_from": "2023-12-25",
        "published_at": "2026-11-23T12:00:00+08:00",
        "previous": "2021",
        "reissue_of": None,
        "reissued_as": None,
        "as_of": "2026-11-23",
        "digest": edition.digest,
        "note": edition.note,
        "service_count": 81,
        "url": "http://testserver/api/v1/editions/2023/",
    }


@pytest.mark.parametrize("slug", ["2021", "2023", "2026"])
def test_the_digest_of_an_edition_is_that_of_its_content(client, db, slug):
    digest = client.get(f"/api/v1/editions/{slug}/").json()["digest"]

    response = client.get(f"/api/v1/editions/{slug}/content/")

    assert hashlib.sha256(response.content).hexdigest() == digest
    assert response["ETag"] == f'"{digest}"'
    assert len(json.loads(response.content)["services"]) == 81


def test_changes_are_since_the_predecessor_by_default(client, db):
    changes = client.get("/api/v1/editions/2026/changes/?page_size=500").json()["results"]
    since_first = client.get("/api/v1/editions/2026/changes/?since=2021&page_size=500").json()["results"]

    standards = {
        change["service"]["code"]: field
        for change in client.get("/api/v1/editions/2023/changes/").json()["results"]
        for field in change["fields"]
        if field["field"] == "standard"
    }
    assert "732" in standards["NM-07-01"]["before"]
    assert "840" in standards["NM-07-01"]["after"]
    assert {change["service"]["code"] for change in changes} < {change["service"]["code"] for change in since_first}
    assert {change["kind"] for change in changes} == {"changed"}
    assert list(changes[0]) == [
        "cursor", "kind", "substance", "service", "edition", "at", "effective_from", "fields", "reason",
        "document", "document_number", "successors",
    ]  # fmt: skip


def test_the_first_edition_adds_every_service(client, db):
    answer = client.get("/api/v1/editions/2021/changes/").json()

    assert answer["count"] == 81
    assert {change["kind"] for change in answer["results"]} == {"added"}


def test_an_edition_has_not_changed_since_itself(client, db):
    assert client.get("/api/v1/editions/2023/changes/?since=2023").json()["count"] == 0


def test_withdrawals_are_among_the_changes(client, make_edition):
    make_edition("small", "2026-11-02")

    kinds = [change["kind"] for change in client.get("/api/v1/editions/small/changes/").json()["results"]]

    assert (kinds.count("withdrawn"), kinds.count("changed")) == (80, 1)
