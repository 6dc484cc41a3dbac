"""The OpenAPI document: complete, valid, committed, and in agreement with the responses."""

import json
from collections.abc import Iterator

import jsonschema
import pytest
from django.core.management import call_command
from openapi_spec_validator import validate

from catalogue.api.services import FRESHNESS_FIELDS
from catalogue.models import Entry
from tests.support import openapi_examples
from tests.support.openapi import OPENAPI_FILE, strict_schema


def test_the_committed_document_is_up_to_date(db, tmp_path):
    call_command("spectacular", file=str(tmp_path / "openapi.yaml"), validate=True, fail_on_warn=True)

    assert OPENAPI_FILE.read_text() == (tmp_path / "openapi.yaml").read_text(), (
        "openapi.yaml is old; renew it: manage.py spectacular --validate --fail-on-warn --file openapi.yaml"
    )


def test_the_document_is_openapi_3_1(document):
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_the_body_of_a_request_has_no_fields_but_the_named_ones(document):
    requests = {name: schema for name, schema in document["components"]["schemas"].items() if name.endswith("Request")}

    assert set(requests) == {"CircumstancesRequest", "FeedbackRequest", "PersonRequest"}
    assert all(schema["additionalProperties"] is False for schema in requests.values())


def test_null_stands_for_what_may_be_left_out_of_a_question(document):
    properties = document["components"]["schemas"]["CircumstancesRequest"]["properties"]

    assert all("null" in schema["type"] for schema in properties.values())


def test_a_file_is_described_as_it_is_sent(document):
    operation = document["paths"]["/api/v1/services.{kind}"]["get"]

    assert "application/json" in operation["responses"]["200"]["content"]
    assert "facets" not in {parameter["name"] for parameter in operation["parameters"]}


PATHS = {
    "/api/v1/services/": "/api/v1/services/?expand=citations",
    "/api/v1/services/{code}/": "/api/v1/services/NM-01-05/",
    "/api/v1/services/{code}/history/": "/api/v1/services/NM-01-05/history/",
    "/api/v1/editions/": "/api/v1/editions/",
    "/api/v1/editions/{slug}/": "/api/v1/editions/2021/",
    "/api/v1/editions/{slug}/content/": "/api/v1/editions/2021/content/",
    "/api/v1/editions/{slug}/changes/": "/api/v1/editions/2023/changes/",
    "/api/v1/editions/{slug}/assessments/": "/api/v1/editions/2026/assessments/",
    "/api/v1/editions/{slug}/cases/": "/api/v1/editions/2026/cases/",
    "/api/v1/editions/{slug}/rules/": "/api/v1/editions/2026/rules/",
    "/api/v1/changes/": "/api/v1/changes/",
    "/api/v1/coverage/": "/api/v1/coverage/",
    "/api/v1/domains/": "/api/v1/domains/",
    "/api/v1/domains/{code}/": "/api/v1/domains/NM-01/",
    "/api/v1/departments/": "/api/v1/departments/",
    "/api/v1/departments/{code}/": "/api/v1/departments/finance/",
    "/api/v1/target-groups/": "/api/v1/target-groups/",
    "/api/v1/target-groups/{code}/": "/api/v1/target-groups/tekun/",
    "/api/v1/sources/": "/api/v1/sources/",
    "/api/v1/sources/{code}/": "/api/v1/sources/law-elderly/",
    "/api/v1/indicators/": "/api/v1/indicators/",
    "/api/v1/indicators/{code}/": "/api/v1/indicators/IND-03/",
    "/api/v1/targets/": "/api/v1/targets/",
    "/api/v1/targets/{code}/": "/api/v1/targets/TGT-13/",
    "/api/v1/observations/": "/api/v1/observations/",
    "/api/v1/observations/{code}/": "/api/v1/observations/OBS-030/",
    "/api/v1/tasks/": "/api/v1/tasks/",
    "/api/v1/tasks/{code}/": "/api/v1/tasks/T05-1/",
    "/api/v1/topics/": "/api/v1/topics/",
    "/api/v1/topics/{code}/": "/api/v1/topics/having-a-baby/",
    "/api/v1/projects/": "/api/v1/projects/",
    "/api/v1/projects/{code}/": "/api/v1/projects/BOX-1/",
    "/api/v1/facts/": "/api/v1/facts/",
    "/api/v1/facts/{name}/": "/api/v1/facts/household/",
    "/api/v1/": "/api/v1/",
}
# Files are tested in tests/api/exports/, those of terms in tests/web/test_permalinks.py.
FILES = {
    "/api/v1/services.{kind}",
    "/api/v1/services/{code}.{kind}",
    "/api/v1/{kind}/{code}.{form}",
    "/api/v1/context.jsonld",
}
# Operations with a request body, and receipts, are tested in tests/api/test_feedback.py and entitlements/.
WRITTEN = {"/api/v1/feedback/", "/api/v1/feedback/{receipt}/", "/api/v1/entitlements/"}


def test_every_path_is_documented(document):
    assert set(document["paths"]) == set(PATHS) | FILES | WRITTEN


@pytest.mark.parametrize("path", PATHS)
def test_a_response_agrees_with_the_document(client, db, document, path):
    schema = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]

    jsonschema.validate(
        client.get(PATHS[path]).json(), strict_schema(schema, document), jsonschema.Draft202012Validator
    )


@pytest.mark.parametrize("path", ["/api/v1/services/", "/api/v1/services/{code}/"])
@pytest.mark.parametrize("fields", ["code,name", "standard"])
def test_a_sparse_response_agrees_with_the_document(client, db, document, path, fields):
    schema = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]

    sparse = client.get(path.format(code="NM-01-05"), {"fields": fields}).json()

    assert set((sparse.get("results") or [sparse])[0]) == set(fields.split(","))
    jsonschema.validate(sparse, strict_schema(schema, document), jsonschema.Draft202012Validator)


@pytest.mark.parametrize("path", PATHS)
def test_a_problem_agrees_with_the_document(client, db, document, path):
    response = document["paths"][path]["get"]["responses"]["400"]["content"]["application/problem+json"]["schema"]

    problem = client.get(PATHS[path], {"nonsense": "1"}).json()

    jsonschema.validate(problem, strict_schema(response, document), jsonschema.Draft202012Validator)


def test_the_parameters_of_the_list_are_documented(document):
    names = {parameter["name"] for parameter in document["paths"]["/api/v1/services/"]["get"]["parameters"]}

    assert names == {
        "domain", "target_group", "lead_department", "department", "verification", "topic", "has_amounts", "number",
        "edition",
        "valid_on", "known_at", "ordering", "fields", "expand", "page", "page_size", "q", "facets", "lang",
    }  # fmt: skip


def test_the_document_of_a_sealed_entry_has_the_fields_of_a_service(db, document):
    schemas = document["components"]["schemas"]
    properties = set(schemas["Entry"]["properties"]) - FRESHNESS_FIELDS

    for text in Entry.objects.published().values_list("canonical_json", flat=True):
        # Amounts and shares are there only if there are some.
        assert set(json.loads(text)) | {"edition", "url", "matches", "lead_basis", "amounts", "shares"} == properties
    assert (set(schemas["Service"]["properties"]) - FRESHNESS_FIELDS) ^ properties == {
        "status",
        "withdrawal",
        "identifiers",
        "matches",
    }


def test_the_examples_are_real_responses(client, db):
    """``python -m tests.support.openapi_examples`` writes the examples."""
    assert json.loads(openapi_examples.EXAMPLES_FILE.read_text()) == openapi_examples.build_examples(client)


@pytest.mark.parametrize("operation", openapi_examples.REQUESTS)
def test_an_example_agrees_with_its_schema(document, operation):
    method, path = operation.split()
    responses = document["paths"][path][method.lower()]["responses"]
    documented = (responses.get("200") or responses["201"])["content"]["application/json"]
    example = documented["examples"]["answer"]

    jsonschema.validate(
        example["value"], strict_schema(documented["schema"], document), jsonschema.Draft202012Validator
    )


def test_every_enumeration_has_a_name(document):
    # drf-spectacular adds NullEnum for enumerations that may be null.
    assert [name for name in document["components"]["schemas"] if name.endswith("Enum")] == ["NullEnum"]


def test_every_parameter_has_an_example_that_is_accepted(document):
    for path, operations in document["paths"].items():
        for parameter in (row for operation in operations.values() for row in operation.get("parameters", [])):
            schema = strict_schema(parameter["schema"], document)
            jsonschema.validate(parameter["example"], schema, jsonschema.Draft202012Validator)
            assert "{" not in str(parameter["example"]), (path, parameter["name"])


def test_every_property_has_an_example_that_agrees_with_its_schema(document):
    properties = [
        (f"{name}.{key}", schema)
        for name, component in document["components"]["schemas"].items()
        for key, schema in _properties(component)
    ]

    assert len(properties) > 600
    for name, schema in properties:
        for example in schema.get("examples") or pytest.fail(f"{name} has no example"):
            whole = schema | {"components": document["components"]}
            faults = [error.message for error in jsonschema.Draft202012Validator(whole).iter_errors(example)]
            assert not faults, name


def _properties(schema: object) -> Iterator[tuple[str, dict]]:
    """Yield the properties of a schema and of the schemas in it, by name."""
    parts = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    if isinstance(schema, dict) and isinstance(schema.get("properties"), dict):
        yield from schema["properties"].items()
        parts = [*schema["properties"].values(), *(part for key, part in schema.items() if key != "properties")]
    for part in parts:
        yield from _properties(part)


def test_every_operation_has_an_example_of_a_problem(document):
    for path, operations in document["paths"].items():
        for operation in operations.values():
            content = operation["responses"]["400"]["content"]["application/problem+json"]
            assert content["examples"]["problem"]["value"]["errors"], path
