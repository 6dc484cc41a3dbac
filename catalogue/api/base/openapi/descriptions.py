"""The texts of the OpenAPI document in each language, and what every operation has: headers, 304, described answers.

The code states a text once: Chinese where it is help text or a summary, English where it is a docstring.
``descriptions.json`` has both languages of each, and a text for each property that is described by its name alone.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from catalogue.web.problem_types import TYPES
from services.eligibility.facts import VOCABULARY
from services.text import chinese

FILE = Path(__file__).with_suffix(".json")
TEXTS = json.loads(FILE.read_text(encoding="utf-8"))
# English by Chinese; what is stated elsewhere in both languages is taken from there.
ENGLISH: Mapping[str, str] = (
    TEXTS["english"]
    | {kind.title: kind.title_en for kind in TYPES.values()}
    | {fact.question: fact.question_en for fact in VOCABULARY}
    | dict(VOCABULARY.groups.values())
)
CHINESE = {text_en: text for text, text_en in TEXTS["english"].items()}
PROPERTIES: Mapping[str, str] = TEXTS["properties"]
TEXT_KEYS = ("title", "summary", "description")
# Keys of real answers and values, which are in no language of the document's.
VALUE_KEYS = ("example", "examples", "enum", "default", "const")
# A line for each value of an enumeration, as drf-spectacular writes it.
VALUE_LINE = re.compile(r"^(\* `[^`]*` - )(.*)$", re.MULTILINE)
# Headers by method and status.
HEADERS = {
    ("get", "200"): ("ETag", "Content-Language"),
    ("get", "304"): ("ETag",),
    ("post", "200"): ("Content-Language",),
    ("post", "201"): ("Content-Language", "Location"),
    ("get", "503"): ("Retry-After",),
    ("post", "503"): ("Retry-After",),
    ("post", "429"): ("Retry-After",),
}
# The operations that answer a Link header, by status.
LINKS = {
    ("/api/v1/", "200"),
    ("/api/v1/services/", "406"),
    ("/api/v1/services/{code}/", "406"),
}


def describe(result: dict, **kwargs) -> dict:
    """Postprocessing hook of drf-spectacular: complete the document, in Chinese."""
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            _complete(path, method, operation)
    result["components"]["headers"] = {
        name: {"description": description, "schema": {"type": "integer" if name == "Retry-After" else "string"}}
        for name, description in TEXTS["headers"].items()
    }
    for name, schema in result["components"]["schemas"].items():
        if "description" not in schema and (text := TEXTS["schemas"].get(name)):
            schema["description"] = text
    _describe_properties(result["components"]["schemas"])
    return _map_texts(result, lambda text: CHINESE.get(text, text))


def in_language(document: dict, language: str) -> dict:
    """Return the Chinese document in one of ``LANGUAGES``."""
    return document if language == "zh-Hans" else _map_texts(document, lambda paragraph: text(paragraph, language))


def text(chinese_text: str, language: str) -> str:
    """Return a text of the document in one of ``LANGUAGES``; one without English stays Chinese."""
    if language == "en":
        return ENGLISH.get(chinese_text, chinese_text)
    return chinese.traditional(chinese_text) if language == "zh-Hant" else chinese_text


def texts(document: dict) -> Iterator[str]:
    """Yield the texts of a document, paragraph by paragraph."""
    found = []
    _map_texts(document, lambda text: found.append(text) or text)
    yield from found


def _complete(path: str, method: str, operation: dict) -> None:
    """Add 304 and the headers to the responses of an operation, and describe its responses and parameters."""
    responses = operation["responses"]
    if method == "get":
        responses["304"] = {"description": TEXTS["not_modified"]}
    for status, response in responses.items():
        # What a successful response is, the summary says.
        response["description"] = response.get("description") or operation["summary"]
        headers = [*HEADERS.get((method, status), ()), *(["Link"] if (path, status) in LINKS else [])]
        if headers:
            response["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in headers}
    operation["responses"] = dict(sorted(responses.items()))
    for parameter in operation.get("parameters", []):
        parameter.setdefault("description", PROPERTIES.get(parameter["name"], ""))


def _describe_properties(node: object) -> None:
    """Describe each property that says nothing of itself by its name; a reference is described by what it refers to."""
    if isinstance(node, list):
        for item in node:
            _describe_properties(item)
    elif isinstance(node, dict):
        for name, schema in node.get("properties", {}).items():
            if "$ref" not in schema and name in PROPERTIES:
                schema.setdefault("description", PROPERTIES[name])
        for value in node.values():
            _describe_properties(value)


def _map_texts(node: object, change: Callable[[str], str], *, names: bool = False) -> object:
    """Return a part of a document with its texts changed; ``names`` says that its keys are names, as of properties."""
    if isinstance(node, list):
        return [_map_texts(item, change) for item in node]
    if not isinstance(node, dict):
        return node
    changed = {}
    for key, value in node.items():
        if not names and key in TEXT_KEYS and isinstance(value, str):
            changed[key] = "\n\n".join(_map_paragraph(part, change) for part in value.split("\n\n"))
        elif not names and key in VALUE_KEYS:
            changed[key] = value
        else:
            changed[key] = _map_texts(value, change, names=key in {"properties", "schemas"})
    return changed


def _map_paragraph(paragraph: str, change: Callable[[str], str]) -> str:
    if VALUE_LINE.match(paragraph):
        return VALUE_LINE.sub(lambda line: f"{line[1]}{change(line[2])}", paragraph)
    return change(" ".join(paragraph.split()))
