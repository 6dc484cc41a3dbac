"""``q`` and ``facets`` of the list: results, matches, order and counts."""

import pytest

LIST = "/api/v1/services/"


def asked(client, **query) -> dict:
    response = client.get(LIST, query)
    assert response.status_code == 200, response.content.decode()
    return response.json()


def codes(answer: dict) -> list[str]:
    return [service["code"] for service in answer["results"]]


def test_every_search_result_has_its_matches(client, db):
    answer = asked(client, q="养老", fields="code")

    assert answer["results"][0] == {
        "code": "NM-05-03",
        "matches": [{"field": "name", "how": "inside", "term": "养老", "text": "职工基本养老保险"}],
    }
    assert all(service["matches"] for service in answer["results"])


@pytest.mark.parametrize("same", ["養老", "ＹＡＮＧＬＡＯ", "yanglao"])
def test_other_spellings_find_the_same_names(client, db, same):
    assert codes(asked(client, q=same))[:2] == codes(asked(client, q="养老"))[:2] == ["NM-05-03", "NM-05-04"]


def test_names_come_before_content_and_equal_results_are_ordered_by_ordering(client, db):
    names = {service["code"] for service in asked(client)["results"] if "残疾" in service["name"]}

    ordered = codes(asked(client, q="残疾", ordering="-number"))

    assert set(ordered[: len(names)]) == names
    assert len(ordered) > len(names)
    assert ordered != codes(asked(client, q="残疾"))


def test_a_search_combines_with_filters_and_pages(client, db):
    everywhere = codes(asked(client, q="残疾"))
    inside = asked(client, q="残疾", domain="NM-08", page_size=1)

    assert inside["count"] == sum(code.startswith("NM-08") for code in everywhere)
    assert codes(inside) == [code for code in everywhere if code.startswith("NM-08")][:1]
    assert "q=%E6%AE%8B%E7%96%BE" in inside["next"]


def test_a_search_uses_the_selected_edition(client, db):
    assert asked(client, q="NM-05-01", edition="2021")["results"][0]["edition"]["slug"] == "2021"


@pytest.mark.parametrize("query", ["量子力学", "，", "\U0001f600", "𠮷", "x" * 1000, "量 " * 499 + "鑫"])
def test_a_strange_query_has_no_results(client, db, query):
    assert asked(client, q=query)["count"] == 0


@pytest.mark.parametrize("page_size", [1, 500])
def test_a_search_costs_two_queries(client, db, django_assert_num_queries, page_size):
    asked(client, q="保障")

    with django_assert_num_queries(2):
        asked(client, q="保障", page_size=page_size)


def test_facets_count_the_services_of_the_list(client, db):
    answer = asked(client, facets="true")

    facets = answer["facets"]
    assert list(facets) == ["domain", "target_group", "lead_department", "verification"]
    assert {term["code"]: term["count"] for term in facets["domain"]}["NM-05"] == 4
    assert sum(term["count"] for term in facets["domain"]) == 81
    assert sum(term["count"] for term in facets["lead_department"]) == 81
    assert facets["domain"][0]["name"]
    assert "facets" not in asked(client) and "facets" not in asked(client, facets="false")


@pytest.mark.parametrize(
    "query",
    [
        {"domain": "NM-05"},
        {"domain": "NM-05,NM-07", "lead_department": "civil-affairs"},
        {"target_group": "orphans", "q": "儿童"},
        {"verification": "verbatim", "department": "finance", "q": "补贴"},
    ],
)
def test_each_facet_ignores_its_own_filter(client, db, query):
    facets = asked(client, **query, facets="true")["facets"]

    for name, terms in facets.items():
        others = {key: value for key, value in query.items() if key != name}
        for term in (term for term in terms if term["code"]):
            assert term["count"] == asked(client, **others, **{name: term["code"]})["count"], (name, term)


def test_unknown_values_are_counted(client, make_edition):
    make_edition("bare")

    facets = asked(client, facets="true", edition="bare")["facets"]

    assert {term["code"]: term["count"] for term in facets["lead_department"]} == {None: 1}


@pytest.mark.parametrize(
    ("query", "queries"),
    [({}, 1), ({"domain": "NM-05"}, 1), ({"domain": "NM-05", "verification": "verbatim", "q": "老年"}, 2)],
)
def test_facets_cost_no_additional_query(client, db, django_assert_num_queries, query, queries):
    asked(client, **query, facets="true")
    with django_assert_num_queries(queries):
        asked(client, **query, facets="true")


def test_links_repeat_a_query_that_was_not_percent_encoded(client, db):
    """Programs may send Chinese as plain UTF-8 instead of percent-encoded."""
    raw = client.get("/api/v1/services/?q=养老&page_size=1").json()
    encoded = client.get("/api/v1/services/?q=%E5%85%BB%E8%80%81&page_size=1").json()

    assert raw == encoded
    assert "q=%E5%85%BB%E8%80%81" in raw["next"]
    assert client.get(raw["next"]).json()["count"] == raw["count"]
