"""Entitlements over HTTP: the three outcomes with their reasons, and the next question."""

import json

import jsonschema
import pytest
from django.db import OperationalError, connection

from catalogue.editions.public import published
from catalogue.editions.public.entitlements import judge
from catalogue.models import Edition
from services.eligibility.facts import VOCABULARY
from services.eligibility.persons import PERSONS
from tests.support.entries import make_citation, make_entry
from tests.support.openapi import strict_schema
from tests.web.test_problems import assert_problem

PATH = "/api/v1/entitlements/"
# The example of the API documentation.
EXAMPLE = {"age": 70, "residence": "rural", "months_resident": 240, "household": ["dibao"]}


def ask(client, circumstances: object = None, *, query: str = "", **more: object):
    body = {"circumstances": EXAMPLE if circumstances is None else circumstances}
    return send(client, body | more, query=query)


def send(client, body: object, *, query: str = "", **headers: object):
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    return client.post(PATH + query, data=text, content_type="application/json", **headers)


def results(answer) -> dict[str, dict]:
    return {result["service"]["code"]: result for result in answer.json()["results"]}


def test_an_answer_names_its_edition_and_has_a_disclaimer(client, db):
    answer = ask(client)

    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert "ETag" not in answer
    assert not answer.cookies
    body = answer.json()
    assert list(body) == [
        "edition", "disclaimer", "engine", "counts", "results", "questions", "next_question", "remaining",
        "without_figure",
    ]  # fmt: skip
    assert body["edition"]["slug"] == "2026"
    assert len(body["edition"]["digest"]) == 64
    assert "以牵头负责单位的认定为准" in body["disclaimer"]
    assert sum(body["counts"].values()) == 81
    assert body["counts"]["eligible"] > 20
    assert len(body["results"]) == 81
    assert [result["service"]["code"] for result in body["results"]] == sorted(results(answer))


LEAD = {
    "code": "health-commission",
    "name": "内蒙古自治区卫生健康委员会",
    "short_name": "自治区卫生健康委",
}


def test_a_result_says_why_what_one_gets_and_whom_to_ask(client, db):
    result = results(ask(client))["NM-05-01"]

    citations = [reason.pop("citation") for reason in result["reasons"]]
    assert all(citation["locator"] and citation["quote"] for citation in citations)
    assert "体格检查" in result["benefit"].pop("content") and result["benefit"].pop("standard")
    group = {"group": 2, "op": "gte", "result": True}
    assert result == {
        "service": {
            "code": "NM-05-01",
            "name": "老年人健康管理",
            "domain": {"code": "NM-05", "name": "老有所养"},
            "lead_department": LEAD,
        },
        "outcome": "eligible",
        "sentence": "符合“老年人健康管理”的条件：年龄不小于65周岁，且在本地连续居住不少于6个月。",
        "reasons": [
            group | {"fact": "age", "value": 65, "given": 70, "sentence": "满足：年龄不小于65周岁"},
            group
            | {"fact": "months_resident", "value": 6, "given": 240, "sentence": "满足：在本地连续居住不少于6个月"},
        ],
        "missing": [],
        "conditions": [],
        "note": None,
        "verification": "verbatim",
        "when": None,
        "benefit": {"amounts": []},
        "contact": {
            "department": {"code": LEAD["code"], "name": LEAD["name"]},
            "hotline": None,
            "website": None,
        },
        "page": "http://testserver/services/NM-05-01/",
    }


@pytest.mark.parametrize(
    ("circumstances", "code", "outcome", "missing"),
    [
        (EXAMPLE, "NM-05-01", "eligible", []),
        (EXAMPLE, "NM-09-01", "eligible", []),  # for everybody
        (EXAMPLE, "NM-01-06", "not_eligible", []),  # seventy is not six
        (EXAMPLE, "NM-01-02", "unknown", ["maternity"]),
        (EXAMPLE, "NM-03-04", "unknown", ["qualification", "employment"]),
        (EXAMPLE | {"employment": "employed"}, "NM-03-04", "unknown", []),  # who employs him is to be decided
        ({}, "NM-05-01", "unknown", ["age", "migrant", "months_resident"]),
        ({"household": ["dibao"], "legal_matter": ["legal_aid_scope"]}, "NM-07-06", "eligible", []),  # implied
        ({"household": ["none"]}, "NM-07-03", "not_eligible", []),
        ({"household": []}, "NM-07-03", "not_eligible", []),  # a list is complete
        ({"age": 9}, "NM-03-11", "not_eligible", []),  # under 16 nobody is employed, or unemployed
        ({"age": 9}, "NM-05-03", "not_eligible", []),
    ],
)
def test_circumstances_have_one_of_three_outcomes(client, db, circumstances, code, outcome, missing):
    result = results(ask(client, circumstances))[code]

    assert (result["outcome"], result["missing"]) == (outcome, missing)


def test_a_rule_that_is_not_machine_readable_says_why(client, db):
    result = results(ask(client, edition="2021"))["NM-03-04"]

    assert (result["outcome"], result["missing"], result["conditions"]) == ("unknown", [], [])
    assert "人发〔1996〕118号" in result["note"]


def test_what_no_fact_can_decide_is_said_with_who_decides_it_and_its_clause(client, db):
    tenant = {
        "age": 40, "residence": "urban", "migrant": False, "housing": ["none"], "housing_income_within_limit": True,
        "employment_traits": ["none"], "employment": "flexible", "household": ["none"],
    }  # fmt: skip

    result = results(ask(client, tenant))["NM-06-01"]

    assert (result["outcome"], result["missing"]) == ("unknown", [])
    (condition,) = result["conditions"]
    assert condition["group"] == 1
    assert condition["text"] == "家庭财产低于当地申请公租房的规定标准"
    assert condition["decided_by"] == "市、县级人民政府住房保障主管部门"
    assert condition["citation"]["source"]["code"] == "web-publicrental-11"
    assert condition["citation"]["source"]["title"]
    assert "收入、财产低于规定标准" in condition["citation"]["quote"]


def test_what_is_to_be_decided_is_said_in_traditional_characters_too(client, db):
    answer = ask(client, {"childbearing_age": True, "married": True}, query="?lang=zh-Hant")

    (condition,) = results(answer)["NM-01-03"]["conditions"]
    assert condition["text"] == "夫妻實行計劃生育"


def test_a_condition_is_not_told_once_a_fact_excludes_the_person(client, db):
    result = results(ask(client, {"childbearing_age": False, "married": True}))["NM-01-03"]

    assert (result["outcome"], result["conditions"]) == ("not_eligible", [])


@pytest.mark.parametrize(
    ("more", "query", "judged"),
    [
        ({"services": ["NM-05-01", "NM-07-01"]}, "", {"NM-05-01", "NM-07-01"}),
        ({"domains": ["NM-05"]}, "", {"NM-05-01", "NM-05-02", "NM-05-03", "NM-05-04"}),
        ({"domains": ["NM-05"], "services": ["NM-05-01", "NM-07-01"]}, "", {"NM-05-01"}),  # both
        ({"domains": ["NM-05"], "services": ["NM-07-01"]}, "", set()),
        ({"domains": None, "services": None, "topics": None, "valid_on": None}, "", None),  # as if not given
    ],
)
def test_an_answer_is_narrowed_to_services_or_domains(client, db, more, query, judged):
    answer = ask(client, query=query, **more)

    codes = set(results(answer))
    assert len(codes) == 81 if judged is None else codes == judged
    assert sum(answer.json()["counts"].values()) == len(codes)


@pytest.mark.parametrize(("more", "query"), [({"topics": ["losing-a-job"]}, ""), ({}, "?topic=losing-a-job")])
def test_an_answer_is_narrowed_to_a_life_event_and_so_are_its_questions(client, db, more, query):
    (topic,) = (topic for topic in client.get("/api/v1/topics/").json()["results"] if topic["code"] == "losing-a-job")

    answer = ask(client, {}, query=query, **more)

    assert set(results(answer)) == set(topic["services"])
    rules = [client.get(f"/api/v1/services/{code}/").json()["eligibility"] for code in topic["services"]]
    assert answer.json()["next_question"]["fact"] in json.dumps(rules)


def test_the_life_event_asked_for_is_in_no_sql(client, db, django_assert_max_num_queries):
    ask(client, {}, topics=["losing-a-job"])

    with django_assert_max_num_queries(10) as queries:
        ask(client, {}, topics=["losing-a-job"], services=["NM-05-01"])

    assert not any("losing-a-job" in query["sql"] for query in queries.captured_queries)


@pytest.mark.parametrize(
    ("more", "query", "field", "allowed"),
    [
        ({"services": ["NM-99-01"]}, "", "services", "NM-05-01"),
        ({"domains": ["NM-99"]}, "", "domains", "NM-05"),
        ({"topics": ["lottery"]}, "", "topics", "losing-a-job"),
        ({}, "?topic=lottery", "topic", "losing-a-job"),
        ({"services": []}, "", "services", None),
        ({"services": "NM-05-01"}, "", "services", None),
        ({"topics": [1]}, "", "topics", None),
        ({"topics": [["losing-a-job"]]}, "", "topics", None),
    ],
)
def test_what_cannot_narrow_an_answer_is_named(client, db, more, query, field, allowed):
    answer = ask(client, query=query, **more)

    (error,) = assert_problem(answer, 400)["errors"]
    assert error["field"] == field
    assert allowed is None or allowed in error["allowed"]


def test_an_implied_fact_has_a_result_without_a_given_value(client, db):
    (reason, *_) = results(ask(client, {"age": 9}))["NM-03-11"]["reasons"]

    assert (reason["fact"], reason["given"], reason["result"]) == ("employment", None, False)


def test_a_missing_rule_has_a_note(client, make_edition):
    make_edition("bare")

    assert results(ask(client, edition="bare"))["NM-05-01"]["note"] == "本版本没有写明享受条件。"


def test_every_criterion_of_the_edition_in_force_names_a_clause(client, db):
    answer = results(ask(client, query="?reasons=all"))
    reasons = [(code, reason) for code, result in answer.items() for reason in result["reasons"]]

    assert len(reasons) > 150
    assert [code for code, reason in reasons if reason["citation"] is None] == []


def test_the_next_question_is_a_fact_with_its_labels(client, db):
    answer = ask(client, {})

    question = answer.json()["next_question"]
    assert question.pop("settles") > 10
    assert all(question.pop(name) for name in ("help", "example", "known_by"))
    assert question == {
        "fact": "age",
        "choices": None,
        "type": "integer",
        "label": "年龄（周岁）",
        "question": "您今年多少周岁？",
        "group": "person",
        "minimum": 0,
        "maximum": 130,
        "unit": "years",
    }


def test_answering_every_question_leaves_only_unreadable_rules_unknown(client, db):
    circumstances, asked_facts = {}, []
    answers = {"integer": 1, "boolean": False, "choices": []}

    while question := (body := ask(client, circumstances).json())["next_question"]:
        asked_facts.append(question["fact"])
        circumstances[question["fact"]] = answers.get(question["type"], next(iter(question["choices"] or [None])))

    assert len(asked_facts) == len(set(asked_facts)) < len(VOCABULARY.facts)
    assert body["counts"]["unknown"] == 2


@pytest.mark.parametrize(
    ("query", "outcomes"),
    [
        ("?outcome=eligible", {"eligible"}),
        ("?outcome=eligible,unknown", {"eligible", "unknown"}),
        ("?outcome=unknown&outcome=not_eligible", {"unknown", "not_eligible"}),
    ],
)
def test_outcomes_filter_the_results_and_not_the_counts(client, db, query, outcomes):
    answer = ask(client, query=query)

    assert {result["outcome"] for result in answer.json()["results"]} == outcomes
    assert sum(answer.json()["counts"].values()) == 81


@pytest.mark.parametrize(
    ("when", "slug"),
    [
        ({}, "2026"),
        ({"valid_on": "2026-11-23"}, "2026"),
        ({"valid_on": "2024-06-01"}, "2023"),
        ({"valid_on": "2022-06-01", "known_at": "2026-12-01T00:00:00Z"}, "2021"),
        ({"edition": "2023"}, "2023"),
        ({"edition": "1"}, "2021"),
    ],
)
def test_the_body_selects_the_edition(client, db, when, slug):
    assert ask(client, **when).json()["edition"]["slug"] == slug


@pytest.mark.parametrize(
    ("accept", "language", "label"),
    [
        ("en", "en", "Age in completed years"),
        ("en-GB,zh;q=0.5", "en", "Age in completed years"),
        ("zh-CN,en;q=0.9", "zh-Hans", "年龄（周岁）"),
        ("mn", "zh-Hans", "年龄（周岁）"),
        ("", "zh-Hans", "年龄（周岁）"),
        ("en;q=0, zh", "zh-Hans", "年龄（周岁）"),
        (",;q=x" * 300, "zh-Hans", "年龄（周岁）"),
    ],
)
def test_the_next_question_is_in_the_requested_language(client, db, accept, language, label):
    answer = send(client, {"circumstances": {}}, headers={"accept-language": accept})

    assert answer["Content-Language"] == language
    assert answer.json()["next_question"]["label"] == label
    assert answer.json()["disclaimer"].isascii() == (language == "en")


def test_the_rules_are_cached_and_circumstances_are_in_no_query(client, db, django_assert_num_queries):
    ask(client)

    with django_assert_num_queries(1) as queries:
        ask(client, {"months_resident": 4711})

    assert "catalogue_revisiontoken" in queries.captured_queries[0]["sql"]
    assert "4711" not in str(queries.captured_queries)


def test_an_edition_is_judged_without_a_query(db, django_assert_num_queries):
    entitlements = published.get_published(Edition.objects.get(slug="2026")).entitlements

    with django_assert_num_queries(0):
        judge(entitlements, EXAMPLE)


def test_an_answer_depends_only_on_edition_and_circumstances(client, make_edition):
    before = ask(client, edition="2026").json()

    make_edition("2027", "2026-11-20")

    assert ask(client, edition="2026").json() == before


def test_a_newly_published_edition_is_used_at_once(client, make_edition, empty_catalogue):
    rule = {"universal": False, "machine_readable": True, "any": [], "reason": None}
    for slug, day, age in (("a", "2026-01-01", 60), ("b", "2026-02-01", 71)):
        stated = rule | {"any": [{"all": [{"fact": "age", "op": "gte", "value": age}]}]}
        entry = make_entry(
            eligibility=stated,
            verification={"name": "verbatim", "domain": "verbatim", "eligibility": "verbatim"},
            basis={"name": "plan", "domain": "plan", "eligibility": "plan"},
        )
        entry["citations"] = [*entry["citations"], make_citation("eligibility", criterion=1, quote=f"{age}岁及以上")]
        make_edition(slug, day, entries=[entry])
        assert ask(client).json()["counts"]["eligible"] == (slug == "a")


def test_a_lost_database_is_a_503(client, db):
    def away(execute, sql, params, many, context):
        raise OperationalError("the database is away")

    with connection.execute_wrapper(away):
        problem = assert_problem(ask(client), 503)

    assert problem["detail"]


def test_the_openapi_document_has_a_type_for_every_fact(document):
    schema = document["components"]["schemas"]["CircumstancesRequest"]["properties"]["circumstances"]

    assert list(schema["properties"]) == [*(fact.name for fact in VOCABULARY), "birth_month"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["age"] == {
        "type": ["integer", "null"], "minimum": 0, "maximum": 130, "description": "您今年多少周岁？", "examples": [1]
    }  # fmt: skip
    assert "dibao" in schema["properties"]["household"]["items"]["enum"]
    for person in PERSONS:
        jsonschema.validate(dict(person.circumstances), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"age": "70"}, schema)


@pytest.mark.parametrize("circumstances", [{}, EXAMPLE])
@pytest.mark.parametrize("query", ["", "?reasons=all", "?fields=sentence", "?lang=en&outcome=eligible"])
def test_an_answer_agrees_with_the_openapi_document(client, db, document, circumstances, query):
    operation = document["paths"][PATH]["post"]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]

    answer = ask(client, circumstances, query=query).json()

    assert answer["results"]
    jsonschema.validate(answer, strict_schema(schema, document))
