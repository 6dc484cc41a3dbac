"""What the examples of the OpenAPI document ask, and how their answers are shortened.

``python -m tests.support.openapi_examples`` writes them anew, from the database that ``DATABASE_URL`` names.
"""

import json

from django.test import Client

from tests.support.paths import ROOT

EXAMPLES_FILE = ROOT / "catalogue" / "api" / "base" / "examples.json"
PERSON = {"age": 70, "residence": "rural", "months_resident": 240, "household": ["dibao"]}
# By operation: the address asked, and the body that is sent to it.
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
# A wrong one for every operation that is read: its problem is the example of them all.
BAD_REQUEST_PATH = "/api/v1/services/?domian=NM-05"


def shorten(value: object) -> object:
    """Return an answer with the first item of each list only, but of those that are plain."""
    if isinstance(value, dict):
        return {key: shorten(each) for key, each in value.items() if key != "state"} | (
            {"state": None} if "state" in value else {}
        )
    if isinstance(value, list):
        return [shorten(each) for each in value[: 1 if value and isinstance(value[0], dict) else None]]
    return value


def build_examples(client: Client) -> dict:
    """Return every example, as the database of a client's requests answers it."""
    found = {}
    for operation, (path, body) in REQUESTS.items():
        sent = {"data": json.dumps(body), "content_type": "application/json"} if body else {}
        answer = (client.post if body else client.get)(path, **sent)
        assert answer.status_code == 200, (path, answer.content.decode())
        found[operation] = {"asked": path} | ({"body": body} if body else {}) | {"answer": shorten(answer.json())}
    found["problem"] = {"asked": BAD_REQUEST_PATH, "answer": client.get(BAD_REQUEST_PATH).json()}
    return json.loads(json.dumps(found, ensure_ascii=False).replace("http://testserver", "https://fw.example.cn"))


if __name__ == "__main__":
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    EXAMPLES_FILE.write_text(json.dumps(build_examples(Client()), ensure_ascii=False, indent=1) + "\n")
