"""Schemathesis sends what the OpenAPI document allows and what it does not, and checks every answer against it.

``FUZZ_CASES`` is the number of cases of an operation; the seed is fixed.
"""

import json
import os
import sys

import pytest

from catalogue.models import Edition
from services.models import Department, Domain, Indicator, Service, TargetGroup, Topic
from tests.support.live_server import run_client
from tests.support.paths import ROOT

pytestmark = pytest.mark.long

CASES = os.environ.get("FUZZ_CASES", "200")
CLIENTS = ROOT / "tests" / "clients"
COMMAND = ("-m", "schemathesis.cli", "--config-file", str(CLIENTS / "schemathesis.toml"), "run")
OPTIONS = (f"--max-examples={CASES}", "--seed=23", "--workers=1", "--checks=all", "--no-color")


def test_every_operation_keeps_its_contract(db, settings, document, tmp_path):
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    # Feedback is throttled by address, and each message of the run has one of its own.
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"NUM_PROXIES": 1}
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(with_codes(document), default=str))
    environment = os.environ | {"PYTHONPATH": str(CLIENTS), "SCHEMATHESIS_HOOKS": "fuzzing"}

    run_client(
        lambda address: [sys.executable, *COMMAND, str(file), f"--url={address}", *OPTIONS],
        environment=environment,
        folder=tmp_path,
    )


def with_codes(document: dict) -> dict:
    """Return the document with the codes of the committed catalogue, which no document over all catalogues can list."""
    document = json.loads(json.dumps(document, default=str))
    departments, services, editions = codes(Department), codes(Service), codes(Edition, "slug")
    known = {
        "department": departments,
        "lead_department": departments,
        "domain": codes(Domain),
        "edition": editions,
        "fields": ["code", "name", "target_groups", "standard", "citations", "may_be_outdated"],
        "indicator": codes(Indicator),
        "service": services,
        "since": editions,
        "target_group": codes(TargetGroup),
        "topic": codes(Topic),
    }
    for operations in document["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", []):
                schema = parameter["schema"].get("items", parameter["schema"])
                if parameter["in"] == "query" and parameter["name"] in known and "enum" not in schema:
                    schema["enum"] = known[parameter["name"]]
    feedback = document["components"]["schemas"]["FeedbackRequest"]["properties"]
    for name in ("service", "edition"):
        feedback[name]["enum"] = [*known[name], None]
    return document


def codes(model: type, name: str = "code") -> list[str]:
    return list(model.objects.order_by(name).values_list(name, flat=True))
