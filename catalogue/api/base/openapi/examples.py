"""Examples in the OpenAPI document: of operations, parameters and properties.

``examples.json`` has real requests and responses, and the value of each property in them; a test compares them with
those of today.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from catalogue.web.problems import MEDIA_TYPE

FILE = Path(__file__).with_suffix(".json")
# Values of parameters that the request of no example has, by name, or by path and name. An enumeration needs none: its
# first value is the example.
PARAMETERS: Mapping[str, object] = {
    "after": 120,
    "code": "NM-05-01",
    "/api/v1/{kind}/{code}.{form} code": "civil-affairs",
    "department": ["civil-affairs", "finance"],
    "domain": ["NM-05"],
    "edition": "2026",
    "fields": ["code", "name", "standard"],
    "indicator": ["IND-03"],
    "known_at": "2026-12-01T00:00:00Z",
    "lead_department": ["civil-affairs"],
    "number": 47,
    "page": 1,
    "page_size": 20,
    "q": "养老",
    "service": ["NM-05-01"],
    "target_group": ["tekun"],
    "topic": ["having-a-baby"],
    "valid_on": "2026-11-23",
}


def with_examples(result: dict, **kwargs) -> dict:
    """Postprocessing hook of drf-spectacular: give every operation, parameter and property an example."""
    examples = json.loads(FILE.read_text(encoding="utf-8"))
    problem, properties = examples.pop("problem"), examples.pop("properties")
    for name, schema in result["components"]["schemas"].items():
        _give_properties(schema, name, properties)
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            if bad_request := operation["responses"].get("400"):
                bad_request["content"][MEDIA_TYPE]["examples"] = {"problem": _answer(problem)}
            example = examples.get(f"{method.upper()} {path}")
            if example:
                _give_operation(operation, example)
            _give_parameters(operation, path, _asked(path, example["asked"]) if example else {})
    return result


def _give_operation(operation: dict, example: Mapping) -> None:
    response = operation["responses"].get("200") or operation["responses"]["201"]
    media_type = example.get("media_type", "application/json")
    response["content"][media_type]["examples"] = {"answer": _answer(example)}
    if "body" in example:
        operation["requestBody"]["content"]["application/json"]["examples"] = {"asked": {"value": example["body"]}}


def _answer(example: Mapping) -> dict:
    return {"summary": example["asked"], "value": example["answer"]}


def _asked(path: str, url: str) -> dict[str, str]:
    """Return the values of the parameters in the URL of a request to a path of the document."""
    address = urlsplit(url)
    pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path))
    return dict(parse_qsl(address.query)) | re.fullmatch(pattern, address.path).groupdict()


def _give_parameters(operation: dict, path: str, asked: Mapping[str, str]) -> None:
    for parameter in operation.get("parameters", []):
        name, schema = parameter["name"], parameter["schema"]
        if name in asked:
            read = {"integer": int, "array": lambda text: text.split(",")}.get(schema["type"], str)
            parameter["example"] = read(asked[name])
        elif choices := schema.get("items", schema).get("enum"):
            parameter["example"] = choices[:1] if schema["type"] == "array" else choices[0]
        else:
            parameter["example"] = PARAMETERS.get(f"{path} {name}") or PARAMETERS[name]


def _give_properties(schema: dict, name: str, examples: Mapping) -> None:
    """Give the properties in a schema, which is that of a component or property ``name``, their examples."""
    parts = [
        schema.get("items"),
        schema.get("additionalProperties"),
        *schema.get("allOf", ()),
        *schema.get("oneOf", ()),
    ]
    for part in parts:
        if isinstance(part, dict):
            _give_properties(part, name, examples)
    for key, content in schema.get("properties", {}).items():
        if (property_name := f"{name}.{key}") in examples:
            content.setdefault("examples", [examples[property_name]])
        _give_properties(content, property_name, examples)
