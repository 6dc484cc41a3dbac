"""The examples of the OpenAPI document: their requests, and their responses shortened.

``python -m tests.support.openapi_examples`` writes them from the database that ``DATABASE_URL`` names.
"""

import json

from django.db import transaction
from django.test import Client

from tests.support import property_examples
from tests.support.paths import ROOT

EXAMPLES_FILE = ROOT / "catalogue" / "api" / "base" / "openapi" / "examples.json"
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
    "GET /api/v1/editions/{slug}/": ("/api/v1/editions/2026/", None),
    "GET /api/v1/editions/{slug}/content/": ("/api/v1/editions/2021/content/", None),
    "GET /api/v1/editions/{slug}/changes/": ("/api/v1/editions/2023/changes/?since=2021", None),
    "GET /api/v1/editions/{slug}/assessments/": ("/api/v1/editions/2026/assessments/", None),
    "GET /api/v1/editions/{slug}/cases/": ("/api/v1/editions/2026/cases/?page_size=1", None),
    "GET /api/v1/editions/{slug}/rules/": ("/api/v1/editions/2026/rules/", None),
    "GET /api/v1/changes/": ("/api/v1/changes/?page_size=1", None),
    "GET /api/v1/coverage/": ("/api/v1/coverage/?valid_on=2026-11-23", None),
    "POST /api/v1/entitlements/": ("/api/v1/entitlements/?outcome=eligible", {"circumstances": PERSON}),
    "POST /api/v1/feedback/": (
        "/api/v1/feedback/",
        {"service": "NM-05-01", "field": "standard", "message": "标准已经提高，请核对新的文件。"},
    ),
    "GET /api/v1/feedback/{receipt}/": ("/api/v1/feedback/{receipt}/", None),
    "GET /api/v1/feedback/": ("/api/v1/feedback/?service=NM-05-01", None),
} | {
    f"GET /api/v1/{address}": (f"/api/v1/{path}", None)
    for name, key, term in (
        ("departments", "code", "civil-affairs"),
        ("domains", "code", "NM-05"),
        ("facts", "name", "household"),
        ("indicators", "code", "IND-03"),
        ("observations", "code", "OBS-030"),
        ("projects", "code", "BOX-1"),
        ("sources", "code", "law-elderly"),
        ("target-groups", "code", "tekun"),
        ("targets", "code", "TGT-13"),
        ("tasks", "code", "T05-1"),
        ("topics", "code", "having-a-baby"),
    )
    for address, path in ((f"{name}/", f"{name}/?page_size=1"), (f"{name}/{{{key}}}/", f"{name}/{term}/"))
}
FILES = {
    "GET /api/v1/services.{kind}": "/api/v1/services.csv?number=47&fields=code,name,standard",
    "GET /api/v1/services/{code}.{kind}": "/api/v1/services/NM-05-01.jsonld",
    "GET /api/v1/{kind}/{code}.{form}": "/api/v1/target-groups/tekun.ttl",
    "GET /api/v1/context.jsonld": "/api/v1/context.jsonld",
}
# What differs from one message to the next, and what stands for it.
RECEIPT, RECEIVED_AT = "4f7k2m9q8w3e6r5t", "2026-11-23T12:00:00+08:00"
# Objects by the code of a service, a domain or a department, or by field; and a whole entry in a history.
TABLES, STATE = {"rules", "by_domain", "by_department", "fields"}, "state"
# A bad request, whose problem is the example for every GET operation.
BAD_REQUEST_PATH = "/api/v1/services/?domian=NM-05"


def shorten(value: object) -> object:
    """Return a response with the first item of each list of objects and of each of ``TABLES``, and without ``STATE``.

    Lists of plain values stay whole.
    """
    if isinstance(value, dict):
        return {key: _shorten_value(key, item) for key, item in value.items()}
    if isinstance(value, list):
        return [shorten(item) for item in value[: 1 if value and isinstance(value[0], dict) else None]]
    return value


def _shorten_value(key: str, value: object) -> object:
    if isinstance(value, dict) and key == STATE:
        return None
    if isinstance(value, dict) and key in TABLES:
        value = dict(list(value.items())[:1])
    return shorten(value)


def _answer_feedback(receipt: str) -> None:
    # Models can be imported once Django is set up.
    from django.contrib.auth.models import User

    from catalogue.audit.log import AuditContext
    from catalogue.feedback import answers
    from catalogue.models import Feedback

    feedback = Feedback.objects.get(receipt=receipt)
    drafter, releaser = (
        AuditContext(at=feedback.at, user=User.objects.create_user(name)) for name in ("drafter", "releaser")
    )
    answers.draft_answer(
        feedback, answer="已按新的文件更正，见下一个版本。", summary="服务标准已经提高。", context=drafter
    )
    answers.release_answer(feedback, context=releaser)


def _send(client: Client, path: str, body: dict | None):
    return client.post(path, body, content_type="application/json") if body else client.get(path)


def build_examples(client: Client) -> dict:
    """Return all examples, from the responses to ``client``; the message of one of them is not kept."""
    # The settings are read once Django is set up.
    from drf_spectacular.generators import SchemaGenerator

    examples, receipt = {}, {}
    properties = property_examples.PropertyExamples(SchemaGenerator().get_schema(public=True))
    with transaction.atomic():
        for operation, (path, body) in REQUESTS.items():
            response = _send(client, path.format(**receipt), body)
            assert response.status_code in {200, 201}, (path, response.content.decode())
            answer = response.json()
            properties.add_exchange(operation, body, response)
            if response.status_code == 201:
                receipt = answer
                _answer_feedback(receipt["receipt"])
            examples[operation] = {"asked": path.format(**receipt)} | ({"body": body} if body else {})
            examples[operation]["answer"] = shorten(answer)
        transaction.set_rollback(True)
    for operation, path in FILES.items():
        response = client.get(path)
        media_type = response["Content-Type"].partition(";")[0]
        text = response.getvalue().decode()
        answer = shorten(json.loads(text)) if media_type.endswith("json") else text
        examples[operation] = {"asked": path, "media_type": media_type, "answer": answer}
    for operation, path, body in property_examples.REQUESTS:
        properties.add_exchange(operation, body, _send(client, path, body))
    examples["properties"] = {
        name: _shorten_value(name.rpartition(".")[2], value) for name, value in sorted(properties.examples.items())
    }
    examples["problem"] = {"asked": BAD_REQUEST_PATH, "answer": client.get(BAD_REQUEST_PATH).json()}
    text = json.dumps(examples, ensure_ascii=False).replace("http://testserver", "https://fw.example.cn")
    return json.loads(text.replace(receipt["receipt"], RECEIPT).replace(receipt["at"], RECEIVED_AT))


if __name__ == "__main__":
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    EXAMPLES_FILE.write_text(json.dumps(build_examples(Client()), ensure_ascii=False, indent=1) + "\n")
