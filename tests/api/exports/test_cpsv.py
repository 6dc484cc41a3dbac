"""The list as CPSV-AP 3.2.0: it conforms to the SHACL shapes, and Turtle and JSON-LD have the same triples."""

import json

import pytest
from pyshacl import validate
from rdflib import RDF, Graph, Literal, Namespace, URIRef
from rdflib.plugins.parsers.jsonld import to_rdf

from catalogue.api.exports import cpsv
from catalogue.models import Edition
from tests.support.paths import SHARED

SHAPES = SHARED / "standards" / "cpsv-ap-3.2.0-shacl.ttl"
ROOT = "https://fw.example.cn"
ADMS, BIBO, CPSV, CV, DCT, DCAT, ELI, PROV, SKOS = (
    Namespace(cpsv.PREFIXES[name]) for name in ("adms", "bibo", "cpsv", "cv", "dct", "dcat", "eli", "prov", "skos")
)
SERVICE = URIRef(f"{ROOT}/id/services/NM-05-01")
REGION = URIRef("http://www.wikidata.org/entity/Q41079")
ZH, EN = "zh-Hans", "en"


@pytest.fixture(scope="module")
def editions(django_db_setup, django_db_blocker) -> dict[str, Edition]:
    with django_db_blocker.unblock():
        return {edition.slug: edition for edition in Edition.objects.published()}


@pytest.fixture(scope="module")
def documents(editions, django_db_blocker) -> dict[str, list[dict]]:
    with django_db_blocker.unblock():
        return {slug: edition.documents() for slug, edition in editions.items()}


@pytest.fixture(scope="module")
def graphs(editions, documents, django_db_blocker) -> dict[str, Graph]:
    """The graph of every edition, from its JSON-LD."""
    with django_db_blocker.unblock():
        texts = {
            slug: "".join(cpsv.to_jsonld(documents[slug], edition=edition, root=ROOT))
            for slug, edition in editions.items()
        }
    # Graph.parse uses a class that rdflib has deprecated.
    return {
        slug: to_rdf(json.loads(text) | {"@context": cpsv.CONTEXT}, Graph(bind_namespaces="none"))
        for slug, text in texts.items()
    }


@pytest.fixture(scope="module")
def shapes() -> Graph:
    if not SHAPES.exists():
        pytest.skip("没有 ../shared/standards：不按 CPSV-AP 的 SHACL 形状核对")
    return Graph().parse(SHAPES)


def faults(graph: Graph, shapes: Graph) -> str:
    conforms, _, report = validate(graph, shacl_graph=shapes)
    return "" if conforms else report


@pytest.mark.parametrize("slug", ["2021", "2023", "2026"])
def test_an_edition_conforms_to_the_profile(graphs, shapes, slug):
    assert len(set(graphs[slug].subjects(RDF.type, CPSV.PublicService))) == 81
    assert faults(graphs[slug], shapes) == ""


@pytest.fixture(scope="module")
def service_graph(editions, documents, django_db_blocker) -> Graph:
    """The graph of one service of 2026."""
    document = next(document for document in documents["2026"] if document["code"] == "NM-05-01")
    with django_db_blocker.unblock():
        text = "".join(cpsv.to_turtle([document], edition=editions["2026"], root=ROOT))
    return Graph().parse(data=text, format="turtle")


def untagged(graph: Graph) -> None:
    graph.remove((SERVICE, DCT.title, None))
    graph.add((SERVICE, DCT.title, Literal("老年人健康管理")))


def spoil(subject: URIRef, predicate: URIRef):
    return lambda graph: graph.remove((subject, predicate, None))


SPOILT = {
    "a title without its language": untagged,
    "no description": spoil(SERVICE, DCT.description),
    "no identifier": spoil(SERVICE, DCT.identifier),
    "no competent authority": spoil(SERVICE, CV.hasCompetentAuthority),
    "an audience of no type": spoil(URIRef(f"{ROOT}/id/target-groups/older-65-plus"), RDF.type),
    "a domain of no type": spoil(URIRef(f"{ROOT}/id/domains/NM-05"), RDF.type),
    "an authority without a name": spoil(URIRef(f"{ROOT}/id/departments/health-commission"), SKOS.prefLabel),
    "an authority nowhere": spoil(URIRef(f"{ROOT}/id/departments/health-commission"), DCT.spatial),
    "a place of no type": spoil(REGION, RDF.type),
    "a participation without a role": spoil(URIRef(f"{SERVICE}#co-department-finance"), CV.role),
    "a rule without a description": spoil(URIRef(f"{SERVICE}#standard"), DCT.description),
    "a requirement without a title": spoil(URIRef(f"{SERVICE}#requirement-1"), DCT.title),
    "a dataset nobody publishes": spoil(URIRef(f"{ROOT}/id/editions/2026"), DCT.publisher),
}


@pytest.mark.parametrize("spoilt", SPOILT)
def test_a_spoilt_graph_does_not_conform(service_graph, shapes, spoilt):
    graph = Graph()
    for triple in service_graph:
        graph.add(triple)
    before = len(graph)

    SPOILT[spoilt](graph)

    assert len(graph) < before or spoilt.startswith("a title")
    assert faults(graph, shapes)


def test_turtle_and_json_ld_have_the_same_triples(db, editions, documents):
    # Ten services suffice: parsing the Turtle of all takes seconds.
    selected, about = documents["2026"][40:50], {"edition": editions["2026"], "root": ROOT}
    jsonld = json.loads("".join(cpsv.to_jsonld(selected, **about)))
    turtle = Graph().parse(data="".join(cpsv.to_turtle(selected, **about)), format="turtle")

    assert jsonld["@context"] == f"{ROOT}/api/v1/context.jsonld"
    assert set(turtle) == set(to_rdf(jsonld | {"@context": cpsv.CONTEXT}, Graph()))
    prefixes = {name: str(uri) for name, uri in turtle.namespaces()}
    assert {name: prefixes.get(name) for name in ("cpsv", "cv", "dct", "skos")} == {
        name: cpsv.PREFIXES[name] for name in ("cpsv", "cv", "dct", "skos")
    }


def test_a_service_is_mapped_to_the_profile(graphs):
    graph = graphs["2026"]

    assert graph.value(SERVICE, DCT.identifier) == Literal("NM-05-01")
    assert set(graph.objects(SERVICE, DCT.title)) == {
        Literal("老年人健康管理", lang=ZH),
        Literal("Health management for older people", lang=EN),
    }
    assert graph.value(SERVICE, CV.thematicArea) == URIRef(f"{ROOT}/id/domains/NM-05")
    assert graph.value(SERVICE, DCT.audience) == URIRef(f"{ROOT}/id/target-groups/older-65-plus")
    authority = graph.value(SERVICE, CV.hasCompetentAuthority)
    assert (authority, RDF.type, CV.PublicOrganisation) in graph
    assert Literal("内蒙古自治区卫生健康委员会", lang=ZH) in set(graph.objects(authority, SKOS.prefLabel))
    assert (graph.value(authority, DCT.spatial), RDF.type, DCT.Location) in graph
    roles = {
        str(graph.value(graph.value(part, CV.role), SKOS.notation))
        for part in graph.objects(SERVICE, CV.hasParticipation)
    }
    assert roles == {"lead", "co-department", "expenditure"}
    rule = graph.value(SERVICE, CPSV.follows)
    assert (rule, RDF.type, CPSV.Rule) in graph
    assert {(law, RDF.type, ELI.LegalResource) in graph for law in graph.objects(rule, CPSV.implements)} == {True}
    requirement = graph.value(SERVICE, CV.holdsRequirement)
    assert str(graph.value(requirement, DCT.description)).startswith("年龄不小于65周岁")
    dataset = graph.value(SERVICE, DCT.isPartOf)
    assert (dataset, RDF.type, DCAT.Dataset) in graph
    period = graph.value(SERVICE, DCT.temporal)
    assert str(graph.value(period, DCAT.startDate)) == "2026-11-01"


def test_every_clause_says_field_place_quote_and_how_well_it_is_verified(graphs, documents):
    graph = graphs["2026"]
    for document in documents["2026"]:
        service = URIRef(f"{ROOT}/id/services/{document['code']}")
        clauses = {
            tuple(
                graph.value(quotation, term)
                for term in (PROV.entity, DCT.subject, BIBO.locator, PROV.value, ADMS.status)
            )
            for quotation in graph.objects(service, PROV.qualifiedQuotation)
        }
        assert clauses == {
            (
                URIRef(f"{ROOT}/id/sources/{citation['source']['code']}"),
                URIRef(f"{ROOT}/#fields-{citation['field']}"),
                citation["locator"] and Literal(citation["locator"]),
                citation["quote"] and Literal(citation["quote"]),
                URIRef(f"{ROOT}/#verification-{citation['verification']}"),
            )
            for citation in document["citations"]
        }


def test_an_unverified_department_is_not_a_bare_fact(graphs, documents):
    graph = graphs["2026"]
    for document in documents["2026"]:
        lead = URIRef(f"{ROOT}/id/services/{document['code']}#lead")
        status = document["verification"]["lead_department"]
        assert graph.value(lead, ADMS.status) == URIRef(f"{ROOT}/#verification-{status}")
        assert graph.value(graph.value(lead, ADMS.status), SKOS.notation) == Literal(status)


def test_concepts_are_in_schemes_and_the_region_has_its_known_uri(graphs):
    graph = graphs["2026"]

    for concept in graph.subjects(RDF.type, SKOS.Concept):
        scheme = graph.value(concept, SKOS.inScheme)
        assert (scheme, RDF.type, SKOS.ConceptScheme) in graph
        assert graph.value(scheme, DCT.title)
    assert graph.value(SERVICE, DCT.spatial) == REGION
    assert graph.value(REGION, DCT.identifier) == Literal("150000")


def test_public_expenditure_is_not_a_cost_for_the_citizen(graphs):
    for graph in graphs.values():
        assert not set(graph.triples((None, CV.hasCost, None)))


def test_every_referenced_node_is_typed_in_the_same_graph(graphs):
    external = {"rdfs:seeAlso", "spdx:algorithm"}
    for graph in graphs.values():
        for _, predicate, target in graph:
            name = predicate.n3(graph.namespace_manager)
            if isinstance(target, URIRef) and predicate != RDF.type and name not in external:
                assert graph.value(target, RDF.type), (name, target)


def test_unknown_values_are_left_out_or_marked_as_unknown(graphs, documents):
    graph = graphs["2021"]
    for document in documents["2021"]:
        service = URIRef(f"{ROOT}/id/services/{document['code']}")
        assert bool(set(graph.objects(service, CPSV.follows))) == (document["standard"] is not None)
        assert bool(set(graph.objects(service, CV.holdsRequirement))) == (document["eligibility"] is not None)
        description = str(graph.value(service, DCT.description))
        assert (description == "服务内容未知。") == (document["content"] is None)
        unknown = graph.value(service, CV.hasCompetentAuthority) == URIRef(f"{ROOT}/#unknown-department")
        assert unknown == (document["lead_department"] is None)


def test_a_service_has_a_graph_of_its_own(client, db, shapes):
    response = client.get("/api/v1/services/NM-05-01.ttl")
    graph = Graph().parse(data=b"".join(response.streaming_content).decode(), format="turtle")

    assert response["Content-Type"] == "text/turtle; charset=utf-8"
    assert list(graph.subjects(RDF.type, CPSV.PublicService)) == [URIRef("http://testserver/id/services/NM-05-01")]
    assert faults(graph, shapes) == ""


@pytest.mark.parametrize("accept", ["text/turtle", "application/ld+json"])
def test_a_service_file_is_selected_by_accept(client, db, accept):
    response = client.get("/api/v1/services/NM-05-01/", headers={"accept": accept})

    assert response["Content-Type"].startswith(accept)
    assert b"NM-05-01" in b"".join(response.streaming_content)


def test_the_json_ld_context_is_served(client, db):
    response = client.get("/api/v1/context.jsonld", headers={"accept": "application/ld+json"})

    assert response["Content-Type"] == "application/ld+json"
    assert response.json() == {"@context": cpsv.CONTEXT}
    assert response.json()["@context"]["title"] == {"@id": "dct:title", "@container": "@language"}
    assert response["Access-Control-Allow-Origin"] == "*"


def test_permalinks_begin_with_the_public_url(client, db, settings):
    settings.PUBLIC_URL = "https://fw.example.cn"

    text = b"".join(client.get("/api/v1/services/NM-05-01.jsonld").streaming_content).decode()

    assert '"https://fw.example.cn/id/services/NM-05-01"' in text
    assert "testserver" not in text
