"""What the tests ask of the committed OpenAPI document."""

import json

from tests.support.paths import ROOT

OPENAPI_FILE = ROOT / "openapi.yaml"


def strict_schema(schema: dict, document: dict) -> dict:
    """Return a schema with the document's components, in which no object has a property it does not name."""
    text = json.dumps({"components": document["components"]}).replace("\n", "")
    components = json.loads(text, object_hook=_forbid_additional)["components"]
    return schema | {"components": components}


def _forbid_additional(found: dict) -> dict:
    return found | {"additionalProperties": False} if "properties" in found and "type" in found else found
