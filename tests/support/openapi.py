"""The committed OpenAPI document, and strict schemas from it."""

import json

from tests.support.paths import ROOT

OPENAPI_FILE = ROOT / "openapi.yaml"


def strict_schema(schema: dict, document: dict) -> dict:
    """Return a schema with the document's components, in which objects allow only named properties."""
    text = json.dumps({"components": document["components"]}).replace("\n", "")
    components = json.loads(text, object_hook=_forbid_additional)["components"]
    return schema | {"components": components}


def _forbid_additional(schema: dict) -> dict:
    return schema | {"additionalProperties": False} if "properties" in schema and "type" in schema else schema
