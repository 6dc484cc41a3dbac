"""The OpenAPI document in Chinese and English: all that it declares is described in both."""

import re
from collections.abc import Iterator

import pytest

from catalogue.api.base.openapi import descriptions
from tests.api.test_schema import PATHS

OPENAPI = "/api/v1/openapi.json"
CHINESE = re.compile("[\u3400-\u9fff]")
ENGLISH = re.compile("[a-z]{2} [a-z]{2}")
# An English text may quote a Chinese one, and give a name or a number as an example.
QUOTED = re.compile("“[^”]*”|for example .*", re.IGNORECASE)


@pytest.fixture(params=["zh-Hans", "en"])
def told(request, client, db) -> dict:
    """The document in a language."""
    return client.get(OPENAPI, {"lang": request.param}).json() | {"language": request.param}


def operations(document: dict) -> Iterator[tuple[str, dict]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def schemas(node: object, place: str) -> Iterator[tuple[str, dict]]:
    """Yield each property below a node, with its place."""
    if isinstance(node, list):
        for item in node:
            yield from schemas(item, place)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "properties":
                for name, schema in value.items():
                    yield f"{place}.{name}", schema
                    yield from schemas(schema, f"{place}.{name}")
            elif key in {"items", "additionalProperties", "oneOf", "anyOf", "allOf"}:
                yield from schemas(value, place)


def without_description(document: dict) -> list[str]:
    """Return the places that a document does not describe."""
    places = []
    components = document["components"]["schemas"]
    for name, operation in operations(document):
        places += [f"{name}: {key}" for key in ("summary", "description") if not operation.get(key)]
        places += [f"{name}: {item['name']}" for item in operation.get("parameters", []) if not item.get("description")]
        places += [
            f"{name}: {code}" for code, answer in operation["responses"].items() if not answer.get("description")
        ]
    for name, component in components.items():
        places += [name] if not component.get("description") else []
        for place, schema in schemas(component, name):
            # A reference is described by what it refers to, which is among the components.
            places += [place] if not schema.get("description") and "$ref" not in schema else []
    return places


def test_everything_is_described(told):
    assert without_description(told) == []


def test_no_text_of_the_english_document_is_chinese(client, db):
    texts = descriptions.texts(client.get(OPENAPI, {"lang": "en"}).json())

    assert [text for text in texts if CHINESE.search(QUOTED.sub("", text))] == []


def test_no_text_of_the_chinese_document_is_english(client, db):
    texts = descriptions.texts(client.get(OPENAPI).json())

    assert [text for text in texts if ENGLISH.search(text) and not CHINESE.search(text)] == []


def test_every_translated_text_stands_in_the_document(client, db):
    stated = set(descriptions.texts(client.get(OPENAPI).json()))

    assert set(descriptions.TEXTS["english"]) - stated == set()


def test_every_description_by_name_is_used(document):
    components = document["components"]["schemas"]
    properties = {place.rpartition(".")[2] for component in components.values() for place, _ in schemas(component, "")}
    parameters = {item["name"] for _, operation in operations(document) for item in operation.get("parameters", [])}

    assert set(descriptions.TEXTS["properties"]) - properties - parameters == set()
    assert set(descriptions.TEXTS["schemas"]) - set(components) == set()


def test_every_operation_has_an_example(document):
    without = [
        name
        for name, operation in operations(document)
        for status, answer in operation["responses"].items()
        if status in {"200", "201"} and not any("examples" in content for content in answer["content"].values())
    ]

    assert without == []


@pytest.mark.parametrize("path", ["/api/v1/schema/", OPENAPI])
@pytest.mark.parametrize(
    ("query", "header", "language", "summary"),
    [
        ({}, None, "zh-Hans", "已发布的版本，新的在前"),
        ({}, "en-GB,en;q=0.9", "en", "The published editions"),
        ({"lang": "en"}, "zh-CN", "en", "The published editions"),
        ({"lang": "zh-Hant"}, None, "zh-Hant", "已發佈的版本，新的在前"),
    ],
)
def test_the_document_is_in_the_language_asked_for(client, db, path, query, header, language, summary):
    headers = {"Accept": "application/json"} | ({"Accept-Language": header} if header else {})

    response = client.get(path, query, headers=headers)

    assert response.json()["paths"]["/api/v1/editions/"]["get"]["summary"] == summary
    assert response["Content-Language"] == language
    assert {"Accept", "Accept-Language"} <= {name.strip() for name in response["Vary"].split(",")}
    assert "public" in response["Cache-Control"] and response["ETag"]


@pytest.mark.parametrize("path", ["/api/docs/", "/api/redoc/"])
def test_a_page_of_the_document_is_in_the_language_asked_for(client, db, path):
    english = client.get(path, {"lang": "en"})

    assert "lang=en" in english.content.decode()
    assert "<title>API of the basic public services" in english.content.decode()
    assert english["Content-Language"] == "en"
    assert "Accept-Language" in english["Vary"]
    assert client.get(path, headers={"Accept-Language": "en"})["Content-Language"] == "en"
    assert client.get(path)["Content-Language"] == "zh-Hans"


@pytest.mark.parametrize("path", ["/api/v1/schema/", OPENAPI, "/api/docs/", "/api/redoc/"])
def test_an_unknown_language_is_refused(client, db, path):
    assert client.get(path, {"lang": "fr"}).status_code == 400


@pytest.mark.parametrize("path", PATHS)
def test_an_answer_has_the_declared_headers(client, db, document, path):
    responses = document["paths"][path]["get"]["responses"]

    read = client.get(PATHS[path])
    again = client.get(PATHS[path], headers={"If-None-Match": read["ETag"]})

    assert {"ETag", "Content-Language"} <= set(responses["200"]["headers"]) <= set(read.headers)
    assert ("Link" in responses["200"]["headers"]) == ("Link" in read.headers)
    assert again.status_code == 304
    assert set(responses["304"]["headers"]) <= set(again.headers)


@pytest.mark.parametrize("path", ["/api/v1/services/", "/api/v1/services/{code}/"])
def test_a_refusal_that_leads_to_a_page_declares_its_link(client, db, document, path):
    refusal = client.get(PATHS[path], headers={"Accept": "text/html"})

    assert refusal.status_code == 406
    assert list(document["paths"][path]["get"]["responses"]["406"]["headers"]) == ["Link"]
    assert "Link" in refusal.headers


def test_a_day_before_the_first_edition_is_declared_for_entitlements(client, db, document):
    response = client.post(
        "/api/v1/entitlements/", {"known_at": "2000-01-01T00:00:00Z"}, content_type="application/json"
    )

    assert str(response.status_code) == "404"
    assert "404" in document["paths"]["/api/v1/entitlements/"]["post"]["responses"]
    assert "404" not in document["paths"]["/api/v1/feedback/"]["post"]["responses"]


def test_pages_have_their_bounds(document):
    parameters = {item["name"]: item for item in document["paths"]["/api/v1/services/"]["get"]["parameters"]}

    assert parameters["page"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}
    assert parameters["page_size"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 500}
