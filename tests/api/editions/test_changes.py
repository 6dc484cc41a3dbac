"""The change feed: append-only, with permanent cursors and with withdrawals."""

import pytest

from tests.support.entries import make_entry

FEED = "/api/v1/changes/"


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
        "cursor", "kind", "substance", "service", "edition", "at", "effective_from", "fields", "reason", "document",
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


BOOKKEEPING = {"number", "name_en", "legal_basis", "note", "verification", "basis", "citations"}


def test_a_change_says_whether_it_is_of_substance_or_bookkeeping(client, db):
    changes = read(client)

    for change in changes:
        fields = {field["field"] for field in change["fields"]}
        assert change["substance"] is (change["kind"] != "changed" or not fields <= BOOKKEEPING), change["service"]
    assert {change["substance"] for change in changes if change["kind"] == "changed"} == {True, False}


def test_a_comparison_and_a_history_say_it_too(client, db):
    compared = client.get("/api/v1/editions/2026/changes/?since=2021&page_size=500").json()["results"]
    history = client.get("/api/v1/services/NM-07-01/history/").json()["results"]

    assert {change["substance"] for change in compared} == {True, False}
    assert [(change["kind"], change["substance"]) for change in history if change["kind"] == "unchanged"] in (
        [],
        [("unchanged", False)],
    )
    assert history[-1]["substance"] is True


def of_domain(code: str):
    return lambda change: change["service"]["code"].startswith(f"{code}-")


@pytest.mark.parametrize(
    ("query", "selects"),
    [
        ("substance=true", lambda change: change["substance"]),
        ("substance=false", lambda change: not change["substance"]),
        ("service=NM-07-01", lambda change: change["service"]["code"] == "NM-07-01"),
        ("service=NM-07-01,NM-05-01", lambda change: change["service"]["code"] in {"NM-07-01", "NM-05-01"}),
        ("domain=NM-05&domain=NM-07", lambda change: change["service"]["code"][:5] in {"NM-05", "NM-07"}),
        ("domain=NM-05&substance=false", lambda change: of_domain("NM-05")(change) and not change["substance"]),
        ("domain=NM-05&service=NM-07-01", lambda change: False),
    ],
)
def test_the_feed_can_be_filtered(client, db, query, selects):
    expected = [change for change in read(client) if selects(change)]

    assert read(client, f"{FEED}?{query}&page_size=7") == expected
    assert client.get(f"{FEED}?{query}").json()["count"] == len(expected)


@pytest.mark.parametrize("query", ["department=finance", "target_group=older-65-plus"])
def test_a_term_selects_the_changes_of_services_that_have_it_before_or_after(client, db, query):
    def having(edition: str) -> set[str]:
        answer = client.get(f"/api/v1/services/?{query}&edition={edition}&page_size=500").json()
        return {service["code"] for service in answer["results"]}

    codes = {"2021": having("2021"), "2023": having("2021") | having("2023"), "2026": having("2023") | having("2026")}

    expected = [change for change in read(client) if change["service"]["code"] in codes[change["edition"]]]
    assert read(client, f"{FEED}?{query}") == expected != []


def test_a_withdrawn_service_is_found_by_the_terms_it_had(client, make_edition):
    cursor = read(client)[-1]["cursor"]
    make_edition("small")

    withdrawn = read(client, f"{FEED}?after={cursor}&domain=NM-07&substance=true")

    assert {change["kind"] for change in withdrawn} == {"withdrawn"}
    assert all(of_domain("NM-07")(change) for change in withdrawn)


def test_paging_is_stable_under_a_filter(client, make_edition):
    path = f"{FEED}?domain=NM-07&page_size=5"
    first = client.get(path).json()

    make_edition("small")

    assert client.get(path).json()["results"] == first["results"]
    cursors = [change["cursor"] for change in read(client, first["next"])]
    assert cursors == [change["cursor"] for change in read(client, f"{FEED}?domain=NM-07")][5:]


@pytest.mark.parametrize("path", [FEED, "/feeds/changes.atom"])
@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("substance", "yes", "true"),
        ("service", "NM-99-99", "NM-05-01"),
        ("domain", "NM-99", "NM-05"),
        ("department", "nobody", "finance"),
        ("target_group", "nobody", "older-65-plus"),
        ("kind_of", "x", None),
    ],
)
def test_an_unknown_value_of_a_filter_is_refused_by_name(client, db, path, name, value, allowed):
    response = client.get(path, {name: value})

    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    error = response.json()["errors"][0]
    assert error["field"] == name
    assert (allowed or "substance") in error["allowed"]


def test_the_reason_of_a_compiled_change_is_the_document_that_its_clauses_are_of(client, db):
    changes = read(client)

    added = next(change for change in changes if change["document"])
    assert added["reason"] == f"汇编自《{added['document']['title']}》"
    for change in changes:
        fields = {field["field"] for field in change["fields"]}
        if fields <= {"note", "citations", "number"}:
            assert change["reason"] is None, "no clause says why"
    several = next(change for change in changes if change["reason"] and "》、《" in change["reason"])
    assert several["kind"] == "changed"


def test_a_change_without_a_clause_has_no_reason(client, empty_catalogue, make_edition):
    make_edition("first", entries=[make_entry()])
    before = read(client)[-1]["cursor"]

    make_edition("second", "2026-11-05", entries=[make_entry(note="第一次整理")])

    change = read(client, f"{FEED}?after={before}")[0]
    assert (change["substance"], change["reason"], change["document"]) == (False, None, None)


@pytest.mark.parametrize("query", ["substance=true", "domain=NM-05", "department=finance&substance=false"])
def test_a_filtered_feed_costs_a_fixed_number_of_queries(client, db, query, django_assert_max_num_queries):
    client.get(f"{FEED}?{query}")  # reads the editions

    for size in (1, 500):
        with django_assert_max_num_queries(4):
            client.get(f"{FEED}?{query}&page_size={size}")
