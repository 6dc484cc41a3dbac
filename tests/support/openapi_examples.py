"""The examples of the OpenAPI document: their requests, and their responses shortened.

``python -m tests.support.openapi_examples`` writes them from the database that ``DATABASE_URL`` names.
"""

import json

from django.test import Client

from tests.support.paths import ROOT

EXAMPLES_FILE = ROOT / "catalogue" / "api" / "base" / "examples.json"
PERSON = {"age": 70, "residence": "rural", "months_resident": 240, "household": ["dibao"]}
# By operation: the URL of the request, and its body.
REQUESTS = {
    "GET /api/v1/": ("/api/v1/", None),
    "GET /api/v1/services/": ("/api/v1/services/?q=养老&fields=code,name,domain,lead_department&page_size=2", None),
    "GET /api/v1/services/{code}/": (
        "/api/v1/services/NM-05-01/?fields=code,number,name,name_en,domain,target_groups,eligibility,citations,edition",
        None,
    ),
    "GET /api/v1/services/{code}/history/": ("/api/v1/services/NM-07-01/history/", None),
    "GET /api/v1/editions/": ("/api/v1/editions/", None),
    "GET /api/v1/editions/{slug}/changes/": ("/api/v1/editions/2023/changes/", None),
    "GET /api/v1/editions/{slug}/cases/": ("/api/v1/editions/2026/cases/?page_size=1", None),
    "GET /api/v1/changes/": ("/api/v1/changes/?page_size=1", None),
    "GET /api/v1/domains/{code}/": ("/api/v1/domains/NM-05/", None),
    "GET /api/v1/indicators/{code}/": ("/api/v1/indicators/IND-03/", None),
    "GET /api/v1/facts/{name}/": ("/api/v1/facts/household/", None),
    "POST /api/v1/entitlements/": ("/api/v1/entitlements/?outcome=eligible", {"circumstances": PERSON}),
}
# A bad request, whose problem is the example for every GET operation.
BAD_REQUEST_PATH = "/api/v1/services/?domian=NM-05"


def shorten(value: object) -> object:
    """Return a response with only the first item of each list of objects; lists of plain values stay whole."""
    if isinstance(value, dict):
        return {key: shorten(item) for key, item in value.items() if key != "state"} | (
            {"state": None} if "state" in value else {}
        )
    if isinstance(value, list):
        return [shorten(item) for item in value[: 1 if value and isinstance(value[0], dict) else None]]
    return value


def build_examples(client: Client) -> dict:
    """Return all examples, from the responses to ``client``."""
    examples = {}
    for operation, (path, body) in REQUESTS.items():
        sent = {"data": json.dumps(body), "content_type": "application/json"} if body else {}
        response = (client.post if body else client.get)(path, **sent)
        assert response.status_code == 200, (path, response.content.decode())
        examples[operation] = {"asked": path} | ({"body": body} if body else {}) | {"answer": shorten(response.json())}
    examples["problem"] = {"asked": BAD_REQUEST_PATH, "answer": client.get(BAD_REQUEST_PATH).json()}
    return json.loads(json.dumps(examples, ensure_ascii=False).replace("http://testserver", "https://fw.example.cn"))


if __name__ == "__main__":
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    EXAMPLES_FILE.write_text(json.dumps(build_examples(Client()), ensure_ascii=False, indent=1) + "\n")
