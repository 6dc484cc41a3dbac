"""Permalinks: they redirect to the requested media type, and refuse unknown things and types."""

import pytest
from rdflib import DCTERMS, RDF, Graph, Literal, URIRef
from rdflib.plugins.parsers.jsonld import to_rdf

from catalogue.api.exports import cpsv
from services.models import Service
from tests.web.test_problems import assert_problem

SERVICE = "/id/services/NM-05-01"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
FORMS = [
    (None, "/api/v1/services/NM-05-01/"),
    ("*/*", "/api/v1/services/NM-05-01/"),
    ("application/json", "/api/v1/services/NM-05-01/"),
    (BROWSER, "/services/NM-05-01/"),
    ("text/turtle", "/api/v1/services/NM-05-01.ttl"),
    ("application/ld+json", "/api/v1/services/NM-05-01.jsonld"),
    ("text/markdown", "/services/NM-05-01.md"),
]

TERMS = {
    "/id/editions/2023": "/api/v1/editions/2023/",
    "/id/domains/NM-05": "/api/v1/domains/NM-05/",
    "/id/departments/finance": "/api/v1/departments/finance/",
    "/id/target-groups/orphans": "/api/v1/target-groups/orphans/",
    "/id/sources/seed-plan": "/api/v1/sources/seed-plan/",
    "/id/indicators/IND-03": "/api/v1/indicators/IND-03/",
    "/id/targets/TGT-01": "/api/v1/targets/TGT-01/",
    "/id/tasks/T05-1": "/api/v1/tasks/T05-1/",
    "/id/projects/BOX-5": "/api/v1/projects/BOX-5/",
    "/id/projects/P5-1": "/api/v1/projects/BOX-5/",  # a project is in the answer of its box
    "/id/observations/OBS-001": "/api/v1/observations/OBS-001/",
    "/id/topics/housing": "/api/v1/topics/housing/",
}


def asking(accept: str | None) -> dict:
    return {"headers": {"Accept": accept}} if accept else {}


@pytest.mark.parametrize(("accept", "target"), FORMS)
def test_the_redirect_target_has_the_requested_media_type(client, db, accept, target):
    response = client.get(client.get(SERVICE, **asking(accept))["Location"], **asking(accept))

    assert response.status_code == 200
    if accept not in (None, "*/*", BROWSER):
        assert response["Content-Type"].startswith(accept)


@pytest.mark.parametrize(("accept", "target"), FORMS)
@pytest.mark.parametrize("method", ["get", "head"])
def test_a_service_redirects_to_the_requested_form(client, db, method, accept, target):
    response = getattr(client, method)(SERVICE, **asking(accept))

    assert (response.status_code, response["Location"], response.content) == (303, target, b"")
    assert response["Vary"] == "Accept"
    assert response["Access-Control-Allow-Origin"] == "*"


def test_the_query_is_kept_in_the_redirect(client, db):
    query = "?edition=2023"

    assert client.get(SERVICE + query)["Location"] == f"/api/v1/services/NM-05-01/{query}"
    assert client.get("/id/services/NM-05-01?known_at=2026-11-23T08:00:00%2B08:00", **asking(BROWSER))[
        "Location"
    ].endswith("?known_at=2026-11-23T08%3A00%3A00%2B08%3A00")


@pytest.mark.parametrize(("path", "target"), TERMS.items())
def test_other_permalinks_redirect_to_their_json(client, db, path, target):
    response = client.get(path, **asking("application/json, text/html;q=0.5"))

    assert (response.status_code, response["Location"]) == (303, target)
    assert client.get(target).status_code == 200


@pytest.mark.parametrize("path", TERMS)
@pytest.mark.parametrize("accept", ["text/turtle", "application/ld+json"])
def test_every_permalink_is_there_as_rdf_about_itself(client, db, path, accept):
    response = client.get(client.get(path, **asking(accept))["Location"])

    assert (response.status_code, response["Content-Type"].partition(";")[0]) == (200, accept)
    graph = Graph()
    if accept == "text/turtle":
        graph.parse(data=response.content, format="turtle")
    else:
        to_rdf(response.json() | {"@context": cpsv.CONTEXT}, graph)  # Graph.parse uses a class that is deprecated
    box = path.replace("P5-1", "BOX-5")  # a project is in the answer of its box
    subject = URIRef(f"http://testserver{box}")
    assert graph.value(subject, RDF.type)
    assert graph.value(subject, DCTERMS.identifier) == Literal(box.rpartition("/")[2])
    assert set(graph.objects(subject, DCTERMS.title))


def test_a_domain_has_a_page(client, db):
    assert client.get("/id/domains/NM-05", **asking(BROWSER))["Location"] == "/services/?domain=NM-05"


@pytest.mark.parametrize("path", ["domains/NM-99.ttl", "editions/1999.jsonld", "sources/none.ttl"])
def test_an_unknown_term_has_no_rdf(client, db, path):
    assert_problem(client.get(f"/api/v1/{path}"), 404)


def test_an_unavailable_media_type_is_refused_with_the_available_ones(client, db):
    response = client.get(SERVICE, **asking("image/png"))

    problem = assert_problem(response, 406)
    assert response["Vary"] == "Accept, Accept-Language"
    assert problem["errors"][0]["allowed"] == [
        "application/json",
        "text/html",
        "text/turtle",
        "application/ld+json",
        "text/markdown",
    ]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/id/services/NM-99-99", "NM-99-99"),
        ("/id/editions/1999", "1999"),
        ("/id/domains/NM-99", "NM-99"),
        ("/id/indicators/TGT-01", "没有代码为 TGT-01 的发展指标"),  # a target, which table 1 does not have
        ("/id/targets/IND-03", "没有代码为 IND-03 的目标"),
        ("/id/projects/P99-1", "没有代码为 P99-1 的专栏或项目"),
        ("/id/observations/OBS-999", "OBS-999"),
        ("/id/nonsense/x", "target-groups"),
        ("/id/services/", ""),
        ("/id/services/NM-05-01/", ""),
        ("/id/services/%00", ""),
        ("/id/", ""),
    ],
)
@pytest.mark.parametrize("accept", [None, BROWSER])
def test_an_unknown_permalink_is_a_problem(client, db, accept, path, words):
    assert words in assert_problem(client.get(path, **asking(accept)), 404)["detail"]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        (f"{SERVICE}?nonsense=1", "nonsense"),
        (f"{SERVICE}?edition=", "edition"),
        ("/id/domains/NM-05?edition=1", "edition"),
        ("/id/tasks/T05-1?edition=1", "edition"),
    ],
)
def test_an_invalid_parameter_is_named(client, db, path, field):
    assert assert_problem(client.get(path), 400)["errors"][0]["field"] == field


def test_a_post_is_refused(client, db):
    response = client.post(SERVICE)

    assert_problem(response, 405)
    assert response["Allow"] == "GET, HEAD"


def test_a_draft_has_no_permalink(client, make_edition):
    make_edition("draft", at=None)
    Service.objects.create(code="NM-05-05")

    assert client.get("/id/editions/draft").status_code == 404
    assert client.get("/id/services/NM-05-05").status_code == 404
