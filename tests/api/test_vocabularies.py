"""The vocabularies, indicators and project groups over HTTP."""

import pytest

SHAPES = {
    "domains": (9, "NM-05", ["code", "name", "name_en", "goal", "service_count", "tasks"]),
    "departments": (31, "civil-affairs", ["code", "name", "short_name", "name_en", "level"]),
    "target-groups": (95, "older-65-plus", ["code", "name", "name_en", "definition"]),
    "sources": (213, "law-elderly", ["code", "title", "issuer", "document_number", "date", "kind", "url"]),
    "indicators": (
        24,
        "IND-03",
        ["code", "name", "name_en", "unit", "operator", "target_value", "target_text", "nature", "domain", "baseline"],
    ),
    "projects": (8, "BOX-5", ["code", "number", "title", "domain", "projects"]),
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_vocabulary_has_a_list_and_a_detail_of_each_term(client, db, name):
    count, code, keys = SHAPES[name]

    answer = client.get(f"/api/v1/{name}/", {"page_size": 500}).json()

    assert (answer["count"], answer["next"], answer["previous"]) == (count, None, None)
    assert set(keys) <= set(answer["results"][0])
    assert client.get(f"/api/v1/{name}/{code}/").json() in answer["results"]


@pytest.mark.parametrize("name", SHAPES)
def test_an_unknown_term_is_a_404_that_names_the_code(client, db, name):
    response = client.get(f"/api/v1/{name}/no-such/")

    assert response.status_code == 404
    assert "没有代码 no-such" in response.json()["detail"]


@pytest.mark.parametrize("name", SHAPES)
def test_the_query_count_of_a_vocabulary_does_not_depend_on_the_page_size(
    client, db, name, django_assert_max_num_queries
):
    for page_size in (1, 500):
        with django_assert_max_num_queries(3):
            client.get(f"/api/v1/{name}/", {"page_size": page_size})


@pytest.mark.parametrize("name", [name for name in SHAPES if name != "sources"])
def test_every_term_has_its_citation(client, db, name):
    for term in client.get(f"/api/v1/{name}/", {"page_size": 500}).json()["results"]:
        assert set(term["citation"]) == {"source", "locator", "quote", "verification"}


def test_the_domains_count_the_services_of_the_edition_in_force(client, db):
    counts = [domain["service_count"] for domain in client.get("/api/v1/domains/").json()["results"]]

    assert counts == [9, 9, 12, 16, 4, 3, 15, 4, 9]


def test_a_domain_has_its_goal_and_its_tasks(client, db):
    domain = client.get("/api/v1/domains/NM-05/").json()

    assert domain["goal"].startswith("为")
    assert len(domain["tasks"]) == 4
    assert list(domain["tasks"][0]) == ["heading", "text"]


@pytest.mark.parametrize(
    ("code", "operator", "value", "text", "nature", "baseline"),
    [
        ("IND-01", "eq", 4, "4", "anticipated", None),
        ("IND-02", "gte", 95, "≥95", "binding", None),
        ("IND-03", "gte", 85, "≥85", "anticipated", 85.5),
        ("IND-08", "about", 6, "6左右", "anticipated", None),
        ("IND-13", "lt", 20, "<20", "anticipated", 14.92),
        ("IND-24", "eq", 2.6, "2.6", "anticipated", 2.16),
    ],
)
def test_an_indicator_has_its_target_and_its_baseline(client, db, code, operator, value, text, nature, baseline):
    indicator = client.get(f"/api/v1/indicators/{code}/").json()

    assert (indicator["operator"], indicator["target_value"], indicator["target_text"], indicator["nature"]) == (
        operator,
        value,
        text,
        nature,
    )
    assert (indicator["baseline"] and indicator["baseline"]["value"]) == baseline


def test_the_boxes_hold_26_projects(client, db):
    boxes = client.get("/api/v1/projects/").json()["results"]

    assert sum(len(box["projects"]) for box in boxes) == 26
    assert list(boxes[0]["projects"][0]) == ["code", "name", "text"]
