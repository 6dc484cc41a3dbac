"""Requests for entitlements that are refused: each fault is named, and no circumstance is repeated."""

import pytest

from services.eligibility.facts import VOCABULARY
from tests.api.entitlements.test_entitlements import PATH, ask, send
from tests.web.test_problems import assert_problem


def test_a_day_before_the_first_edition_is_a_404(client, db):
    problem = assert_problem(ask(client, valid_on="2020-01-01"), 404)

    assert "2021-11-05" in problem["detail"]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"circumstances": []}, ["circumstances"]),
        ({"circumstances": {"age": "70"}}, ["circumstances.age"]),
        ({"circumstances": {"age": 131, "sex": "x"}}, ["circumstances.age", "circumstances.sex"]),
        ({"circumstances": {"shoe_size": 41}}, ["circumstances.shoe_size"]),
        ({"circumstances": {"household": ["dibao", "none"]}}, ["circumstances.household"]),
        ({"circumstances": {"shoe_size": None}}, ["circumstances.shoe_size"]),
        ({"circumstances": {"birth_month": None, "age": "70"}}, ["circumstances.age"]),
        ({"circumstances": {"age": 5, "married": True}}, ["circumstances.age", "circumstances.married"]),
        ({"circumstances": {"age": 70, "birth_month": "1956-05"}}, ["circumstances.birth_month", "circumstances.age"]),
        ({"circumstances": {"birth_month": "1956-13"}}, ["circumstances.birth_month"]),
        ({"circumstances": {"birth_month": "2099-01"}}, ["circumstances.birth_month"]),
        ({"circumstances": {}, "unanswered": ["shoe_size"]}, ["unanswered"]),
        ({"circumstances": {}, "unanswered": "age"}, ["unanswered"]),
        ({"circumstances": {}, "household": {}}, ["household"]),
        ({"circumstances": {}, "persons": [{"id": "a", "circumstances": {}}]}, ["circumstances"]),
        ({"persons": []}, ["persons"]),
        ({"persons": [{"id": str(n), "circumstances": {}} for n in range(11)]}, ["persons"]),
        ({"persons": [{"id": "a", "circumstances": {}}, {"id": "a", "circumstances": {}}]}, ["persons"]),
        ({"persons": ["a"]}, ["persons[0]"]),
        ({"persons": [{"circumstances": {}}]}, ["persons[0].id"]),
        ({"persons": [{"id": "a", "circumstances": {"age": "70"}}]}, ["persons[0].circumstances.age"]),
        ({"persons": [{"id": "a", "circumstances": {}, "name": "x"}]}, ["persons[0].name"]),
        ({"persons": [{"id": "a", "circumstances": {}}], "household": []}, ["household"]),
        ({"circumstances": {}, "age": 70}, ["age"]),
        ({"circumstances": {}, "valid_on": 20261123}, ["valid_on"]),
        ({"circumstances": {}, "valid_on": "23.11.2026"}, ["valid_on"]),
        ({"circumstances": {}, "known_at": "2026-11-23"}, ["known_at"]),
        ({"circumstances": {}, "edition": "1999"}, ["edition"]),
        ({"circumstances": {}, "edition": "2023", "valid_on": "2026-11-23"}, ["edition"]),
        ({"circumstances": {}, "edition": ""}, ["edition"]),
        ({"circumstances": {"age": 65.5}, "edition": []}, ["edition", "circumstances.age"]),
    ],
)
def test_an_invalid_body_is_refused_with_each_fault(client, db, body, named):
    problem = assert_problem(send(client, body), 400)

    assert [error["field"] for error in problem["errors"]] == named
    for error in problem["errors"]:
        assert error["message"]


@pytest.mark.parametrize(
    "body", ["", "{", "[]", '"age"', "null", b"\xff", '{"circumstances": {}, "circumstances": {}}']
)
def test_a_body_that_is_not_an_object_is_refused(client, db, body):
    assert_problem(send(client, body), 400)


@pytest.mark.parametrize("value", [1, None])
def test_unknown_facts_list_the_valid_ones_once(client, db, value):
    problem = assert_problem(ask(client, {f"no_{at}": value for at in range(300)}), 400)

    assert problem["errors"][0]["allowed"] == [fact.name for fact in VOCABULARY]
    assert not any("allowed" in error for error in problem["errors"][1:])
    assert len(problem["errors"]) == 100


def test_an_invalid_value_lists_the_allowed_ones_and_is_not_repeated(client, db):
    answer = ask(client, {"residence": "somewhere-secret", "household": ["secret-too"], "age": 4711})

    allowed = {error["field"]: error["allowed"] for error in answer.json()["errors"]}
    assert allowed["circumstances.residence"] == ["urban", "rural"]
    assert "dibao" in allowed["circumstances.household"]
    assert allowed["circumstances.age"] == ["0…130"]
    for given in ("secret", "4711"):
        assert given not in answer.content.decode()


@pytest.mark.parametrize(
    "query", ["?age=70", "?outcome=eligible&age=70", "?circumstances=%7B%7D", "?lang=en&age=70", "?field=x"]
)
@pytest.mark.parametrize("method", ["POST", "GET", "PUT", "OPTIONS"])
def test_circumstances_in_the_query_are_refused_and_not_repeated(client, db, query, method):
    answer = client.generic(method, PATH + query, b"{}", content_type="application/json")

    assert_problem(answer, 400)
    problem = answer.json()
    assert problem["errors"][0].pop("allowed") == ["outcome", "topic", "reasons", "fields", "lang"]
    for part in ("70", "age", "%7B"):
        assert part not in f"{problem['detail']} {problem['errors'][0]['field']}"


def test_a_path_without_its_trailing_slash_is_not_redirected(client, db):
    answer = client.get("/api/v1/entitlements?age=70")

    assert_problem(answer, 404)
    assert "Location" not in answer


@pytest.mark.parametrize("query", ["?outcome=", "?outcome=maybe", "?outcome=eligible,maybe"])
def test_an_unknown_outcome_is_refused(client, db, query):
    assert_problem(ask(client, query=query), 400)


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_only_post_is_accepted(client, db, method):
    answer = getattr(client, method)(PATH)

    assert_problem(answer, 405)
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "type_", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_only_json_is_accepted(client, db, type_):
    answer = client.generic("POST", PATH, b'{"circumstances": {}}', content_type=type_)

    assert_problem(answer, 415)


def test_a_long_body_is_too_large(client, db):
    assert_problem(ask(client, {"age": 70}, edition="x" * 70_000), 413)
