"""The vocabularies, indicators and project groups over HTTP."""

import pytest
from django.db import IntegrityError
from rdflib import DCTERMS, ORG, PROV, SKOS, Graph, Literal, URIRef

from services.models import Department, Region, Service, Topic
from services.sources import Source
from services.values.identifiers import Identifier
from tests.support.departments import CLAUSE, make_department, replace

SHAPES = {
    "domains": (9, "NM-05", ["code", "name", "name_en", "goal", "service_count", "tasks"]),
    "departments": (
        31,
        "civil-affairs",
        [
            *("code", "name", "short_name", "name_en", "level", "hotline", "website", "identifiers"),
            *("replaced_by", "replaced_from", "replaced_citation"),
        ],
    ),
    "target-groups": (95, "older-65-plus", ["code", "name", "name_en", "definition"]),
    "sources": (214, "law-elderly", ["code", "title", "issuer", "document_number", "date", "kind", "url"]),
    "indicators": (
        24,
        "IND-03",
        [
            "code",
            "name",
            "name_en",
            "unit",
            "operator",
            "target_value",
            "target_text",
            "target_year",
            "nature",
            "domain",
            "services",
            "note",
            "baseline",
            "observations",
        ],
    ),
    "targets": (30, "TGT-04", ["code", "name", "target_value", "target_year", "nature", "services", "observations"]),
    "observations": (30, "OBS-003", ["code", "indicator", "name", "value", "unit", "on", "place", "services"]),
    "tasks": (41, "T05-1", ["code", "domain", "heading", "text", "services"]),
    "projects": (8, "BOX-5", ["code", "number", "title", "domain", "services", "projects"]),
    "topics": (17, "having-a-baby", ["code", "name", "name_en", "services"]),
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
        # The count, the page, and the relations of its terms.
        with django_assert_max_num_queries(6):
            client.get(f"/api/v1/{name}/", {"page_size": page_size})


@pytest.mark.parametrize("name", [name for name in SHAPES if name not in {"sources", "topics"}])
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
    task = domain["tasks"][0]
    assert list(task) == ["code", "domain", "heading", "text", "services", "citation"]
    assert task == client.get(f"/api/v1/tasks/{task['code']}/").json()


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
    assert list(boxes[0]["projects"][0]) == ["code", "name", "text", "services", "citation"]


def codes(client, path: str, **query: str) -> list[str]:
    return [term["code"] for term in client.get(f"/api/v1/{path}/", query).json()["results"]]


@pytest.mark.parametrize(
    ("path", "query", "found"),
    [
        ("indicators", {"domain": "NM-05"}, ["IND-15", "IND-16", "IND-17"]),
        ("indicators", {"nature": "binding", "domain": "NM-02"}, ["IND-04", "IND-06"]),
        ("indicators", {"service": "NM-02-05"}, ["IND-04"]),
        ("indicators", {"q": "義務教育"}, ["IND-04"]),  # Traditional finds Simplified
        ("targets", {"service": "NM-01-02"}, ["TGT-01", "TGT-02", "TGT-03", "TGT-04"]),
        ("targets", {"domain": "NM-08"}, ["TGT-25", "TGT-26"]),
        ("targets", {"q": "足球"}, ["TGT-27"]),
        ("observations", {"indicator": "TGT-13"}, ["OBS-001"]),
        ("observations", {"q": "乌兰牧骑"}, ["OBS-006"]),
        ("tasks", {"service": "NM-01-01"}, ["T01-1"]),
        ("tasks", {"q": "—"}, []),  # punctuation alone is in no text
        ("projects", {"q": "产前筛查机构"}, ["BOX-1"]),  # in the text of a project
        ("topics", {"service": "NM-01-02"}, ["having-a-baby"]),
    ],
)
def test_a_filter_narrows_the_list(client, db, path, query, found):
    assert codes(client, path, **query) == found


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("indicators", {"domain": "NM-99"}, "domain"),
        ("indicators", {"nature": "wished"}, "nature"),
        ("targets", {"service": "NM-99-99"}, "service"),
        ("observations", {"indicator": "IND-99"}, "indicator"),
        ("tasks", {"colour": "red"}, "colour"),
        ("services", {"topic": "no-such"}, "topic"),
    ],
)
def test_an_unknown_value_of_a_filter_is_a_400_that_names_the_allowed_ones(client, db, path, query, field):
    response = client.get(f"/api/v1/{path}/", query)

    assert response.status_code == 400
    (error,) = response.json()["errors"]
    assert error["field"] == field
    assert error["allowed"]


def test_the_indicators_say_their_year_and_their_services(client, db):
    indicators = client.get("/api/v1/indicators/").json()["results"]

    assert {indicator["target_year"] for indicator in indicators} == {2025}
    assert next(item for item in indicators if item["code"] == "IND-24")["services"] == ["NM-09-08", "NM-09-09"]


def test_a_target_without_a_year_or_a_nature_says_so(client, db):
    target = client.get("/api/v1/targets/TGT-04/").json()

    assert (target["operator"], target["target_value"], target["unit"]) == ("gte", 80, "%")
    assert (target["target_year"], target["nature"], target["baseline"]) == (None, None, None)
    assert "没有写年份" in target["note"]


def test_a_target_has_what_was_measured(client, db):
    (observation,) = client.get("/api/v1/targets/TGT-13/").json()["observations"]

    assert (observation["value"], observation["unit"], observation["on"], observation["place"]) == (
        94.6, "%", "2020", None,
    )  # fmt: skip
    assert observation["citation"]["source"]["code"] == "seed-plan"


def test_an_undated_observation_has_no_day(client, db):
    assert client.get("/api/v1/observations/OBS-030/").json()["on"] is None


def test_every_service_is_in_a_topic_and_the_list_narrows_to_one(client, db):
    topics = client.get("/api/v1/topics/").json()["results"]

    assert len({code for topic in topics for code in topic["services"]}) == 81
    baby = next(topic for topic in topics if topic["code"] == "having-a-baby")
    assert baby["services"][0] == "NM-01-02"  # what most people look for
    assert sorted(codes(client, "services", topic="having-a-baby")) == sorted(baby["services"])
    assert client.get("/api/v1/services.ndjson", {"topic": "having-a-baby"}).getvalue().count(b"\n") == len(
        baby["services"]
    )


def test_a_changed_topic_changes_the_list_at_once(admin_client, client, db):
    Topic.objects.get(code="having-a-baby").links.all().delete()

    assert codes(client, "services", topic="having-a-baby") == []


def test_a_department_has_the_hotline_that_a_document_gives(client, db):
    department = client.get("/api/v1/departments/hrss/").json()

    assert department["hotline"]["value"] == "12333"
    assert department["hotline"]["citation"]["quote"] == "“12333”热线电话咨询服务"
    assert department["website"] is None
    others = client.get("/api/v1/departments/").json()["results"]
    assert [item["code"] for item in others if item["hotline"]] == ["hrss", "justice"]


GIVEN = {"scheme": "统一社会信用代码", "value": "11150000011512345X"}


@pytest.fixture
def official_codes(db) -> None:
    """An official code of a department and of a service, as no document at hand gives one."""
    source = Source.objects.get(code="seed-plan")
    for owner in (Department.objects.get(code="hrss"), Service.objects.get(code="NM-05-01")):
        owner.identifiers.create(**GIVEN, source=source, verification="unverified")


def test_a_department_and_a_service_have_the_official_codes_that_documents_give(client, official_codes):
    assert client.get("/api/v1/departments/hrss/").json()["identifiers"] == [GIVEN]
    assert client.get("/api/v1/services/NM-05-01/").json()["identifiers"] == [GIVEN]
    assert client.get("/api/v1/departments/justice/").json()["identifiers"] == []
    assert client.get("/api/v1/services/NM-05-02/").json()["identifiers"] == []


def test_a_file_of_a_service_has_the_official_codes(client, official_codes):
    for path in ("services/NM-05-01.ttl", "services.ttl"):
        answer = client.get(f"/api/v1/{path}")
        graph = Graph().parse(data=b"".join(answer) if answer.streaming else answer.content, format="turtle")
        owners = {
            str(owner).rpartition("/")[2]: str(graph.value(node, SKOS.notation))
            for owner, node in graph.subject_objects(URIRef("http://www.w3.org/ns/adms#identifier"))
        }

        assert owners["Q41079"] == "150000"
        assert owners["NM-05-01"] == GIVEN["value"]


@pytest.mark.parametrize(
    "owners",
    [
        {},
        {"region": Region, "department": Department},
        {"department": Department, "service": Service},
        {"region": Region, "department": Department, "service": Service},
    ],
    ids=["none", "region and department", "department and service", "all"],
)
def test_the_database_refuses_an_official_code_that_does_not_belong_to_one_thing(db, owners):
    values = {name: model.objects.first() for name, model in owners.items()}

    with pytest.raises(IntegrityError, match="identifier_of_one_thing"):
        Identifier.objects.create(
            **values, **GIVEN, source=Source.objects.get(code="seed-plan"), verification="unverified"
        )


def test_an_unknown_fact_is_not_found_like_any_other_term(client, db):
    response = client.get("/api/v1/facts/shoe_size/")

    assert response.status_code == 404 and response.json()["code"] == "unknown_term"


def test_a_renamed_department_says_by_which_from_when_and_by_which_clause(client, db):
    make_department("new-health")
    replace("health-commission", "new-health", "2027-01-01")

    department = client.get("/api/v1/departments/health-commission/").json()
    others = client.get("/api/v1/departments/", {"page_size": 500}).json()["results"]

    assert (department["replaced_by"], department["replaced_from"]) == ("new-health", "2027-01-01")
    citation = department["replaced_citation"]
    assert (citation["source"]["code"], citation["quote"]) == ("seed-plan", CLAUSE["replaced_quote"])
    assert [row["code"] for row in others if row["replaced_by"] or row["replaced_citation"]] == ["health-commission"]


def test_the_turtle_of_a_renamed_department_has_its_change(client, db):
    make_department("new-health")
    replace("health-commission", "new-health", "2027-01-01")

    graph = Graph().parse(data=client.get("/api/v1/departments/health-commission.ttl").content, format="turtle")

    old = next(graph.subjects(DCTERMS.identifier, Literal("health-commission")))
    new = graph.value(old, DCTERMS.isReplacedBy)
    change = graph.value(old, ORG.changedBy)
    assert str(new).endswith("/id/departments/new-health")
    assert graph.value(change, ORG.resultingOrganization) == new
    assert str(graph.value(change, DCTERMS.date)) == "2027-01-01"
    quotation = graph.value(change, PROV.qualifiedQuotation)
    assert str(graph.value(quotation, PROV.value)) == CLAUSE["replaced_quote"]
