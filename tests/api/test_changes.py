"""The change feed: append-only, with permanent cursors and with withdrawals."""

from xml.etree import ElementTree

import pytest

FEED = "/api/v1/changes/"
ATOM = "{http://www.w3.org/2005/Atom}"


def read(client, path: str = f"{FEED}?page_size=500") -> list[dict]:
    """Return all changes from ``path`` on, by following ``next``."""
    changes = []
    while path:
        answer = client.get(path).json()
        changes += answer["results"]
        path = answer["next"]
    return changes


def test_the_feed_has_every_change_of_every_edition_in_order(client, db):
    changes = read(client)

    assert [change["kind"] for change in changes[:81]] == ["added"] * 81
    assert {change["edition"] for change in changes} == {"2021", "2023", "2026"}
    cursors = [int(change["cursor"]) for change in changes]
    assert cursors == sorted(set(cursors))
    assert client.get(FEED).json()["count"] == len(changes)


@pytest.mark.parametrize("size", [1, 7, 100])
def test_pages_follow_each_other_without_gap_or_repetition(client, db, size):
    assert read(client, f"{FEED}?page_size={size}") == read(client)


def test_a_change_has_all_its_fields(client, db):
    change = next(c for c in read(client) if c["service"]["code"] == "NM-07-01" and c["edition"] == "2023")

    assert list(change) == [
        "cursor", "kind", "service", "edition", "at", "effective_from", "fields", "reason", "document",
        "document_number", "successors",
    ]  # fmt: skip
    assert (change["kind"], change["service"]["name"]) == ("changed", "最低生活保障")
    assert (change["effective_from"], change["at"]) == ("2023-12-25", "2026-11-23T12:00:00+08:00")
    standard = next(field for field in change["fields"] if field["field"] == "standard")
    assert "732" in standard["before"]  # the figure of 2020
    assert "840" in standard["after"]


def test_the_feed_agrees_with_the_comparison_of_editions(client, db):
    changes = [c | {"cursor": None} for c in read(client) if c["edition"] == "2026"]

    assert changes == client.get("/api/v1/editions/2026/changes/?page_size=500").json()["results"]


def test_an_old_cursor_stays_valid(client, make_edition):
    cursor = read(client)[-1]["cursor"]
    assert read(client, f"{FEED}?after={cursor}") == []

    make_edition("small")

    newer = read(client, f"{FEED}?after={cursor}&page_size=50")
    assert [change["kind"] for change in newer].count("withdrawn") == 80
    assert newer[0]["kind"] == "changed"


def test_a_draft_is_not_in_the_feed(client, make_edition):
    before = read(client)

    make_edition("draft", at=None)

    assert read(client) == before


@pytest.mark.parametrize("after", ["-1", "x", "", "1.5", "9" * 30])
def test_an_invalid_cursor_is_refused(client, db, after):
    response = client.get(f"{FEED}?after={after}")

    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "after")


@pytest.mark.parametrize("size", [1, 100, 500])
def test_the_feed_costs_two_queries(client, db, size, django_assert_num_queries):
    with django_assert_num_queries(2):
        client.get(FEED, {"page_size": size})


def test_the_newest_changes_are_an_atom_feed(client, db):
    response = client.get("/feeds/changes.atom")
    feed = ElementTree.fromstring(response.content)  # noqa: S314 - our own

    assert response["Content-Type"].startswith("application/atom+xml")
    entries = feed.findall(f"{ATOM}entry")
    assert entries[0].find(f"{ATOM}title").text.startswith("服务项目调整：")
    ids = [entry.find(f"{ATOM}id").text for entry in entries]
    assert len(set(ids)) == len(ids)
    assert ids[0].startswith("urn:sha256:")
    link = entries[0].find(f"{ATOM}link").attrib["href"].removeprefix("http://testserver")
    assert client.get(link).json()["results"][0]["cursor"] == read(client)[-1]["cursor"]
