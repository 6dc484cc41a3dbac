"""Feedback over HTTP: submission, receipts, rate limits, and the privacy of the writer."""

import json
import logging

import jsonschema
import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from catalogue.feedback import answers
from catalogue.models import Citation, Edition, Feedback
from services.models import Service
from tests.support.feedback import answer_feedback
from tests.support.openapi import strict_schema
from tests.web.test_problems import assert_problem

PATH = "/api/v1/feedback/"
MESSAGE = {"service": "NM-05-01", "message": "体检次数写错了。"}
CONTACT = "13800000000"
WHOLE = MESSAGE | {"field": "standard", "edition": "2026", "contact": CONTACT}


def send(client, fields: object = None, **more: object):
    body = fields if isinstance(fields, str | bytes) else json.dumps(MESSAGE if fields is None else fields)
    return client.post(PATH, data=body, **{"content_type": "application/json"} | more)


def test_feedback_is_stored_and_gets_a_receipt(client, db):
    response = send(client, WHOLE)

    feedback = Feedback.objects.get()
    assert response.status_code == 201
    assert response.json() == {
        "receipt": feedback.receipt,
        "state": "received",
        "kind": "error",
        "service": "NM-05-01",
        "field": "standard",
        "edition": "2026",
        "at": response.json()["at"],
        "answer": None,
        "answered_at": None,
        "url": f"http://testserver/api/v1/feedback/{feedback.receipt}/",
    }
    assert response["Location"] == response.json()["url"]
    assert response["Cache-Control"] == "no-store"
    assert not response.cookies
    assert (feedback.service.code, feedback.field, feedback.edition.slug) == ("NM-05-01", "standard", "2026")
    assert (feedback.message, feedback.contact, feedback.state) == (MESSAGE["message"], CONTACT, "received")


def test_the_receipt_shows_state_and_answer_but_not_message_and_contact(client, people, act):
    address = send(client, WHOLE)["Location"]
    before = client.get(address)

    answer_feedback(Feedback.objects.get(), "已更正。", act=act)

    after = client.get(address)
    assert (before.json()["state"], before.json()["answer"]) == ("received", None)
    assert (after.json()["state"], after.json()["answer"]) == ("answered", "已更正。")
    for response in (before, after):
        assert response["Cache-Control"] == "no-store"
        assert CONTACT not in response.content.decode()
        assert MESSAGE["message"] not in response.content.decode()


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ({}, {"field": None, "edition": None, "contact": None}),
        ({"field": None, "edition": None, "contact": None}, {"field": None, "edition": None, "contact": None}),
        ({"edition": "2"}, {"edition": "2023"}),  # by its number
        ({"field": "mention"}, {"field": "mention"}),
        ({"message": "字" * 5000}, {"message": "字" * 5000}),
        ({"message": "  一行。\r\n两行。 "}, {"message": "一行。\n两行。"}),
        ({"message": "𠮷😀"}, {"message": "𠮷😀"}),
        ({"contact": "张三　" + "1" * 197}, {"contact": "张三　" + "1" * 197}),
    ],
)
def test_optional_fields_may_be_missing_and_long_values_fit(client, db, fields, kept):
    assert send(client, MESSAGE | fields).status_code == 201

    feedback = Feedback.objects.get()
    values = {name: getattr(feedback, name) for name in kept}
    assert values == kept | ({"edition": Edition.objects.get(slug=kept["edition"])} if kept.get("edition") else {})


@pytest.mark.parametrize(
    ("fields", "field", "allowed"),
    [
        ({"service": ""}, "service", None),
        ({"service": 5}, "service", None),
        ({"service": ["NM-05-01"]}, "service", None),
        ({"service": "NM-05-99"}, "service", "NM-05-01"),
        ({"service": "nm-05-01"}, "service", "NM-05-01"),
        ({"service": "NM-05-01\n"}, "service", None),
        ({"service": "NM-05-0\0"}, "service", None),
        ({"service": "x" * 10_000}, "service", "NM-05-01"),
        ({"field": "price"}, "field", "standard"),
        ({"field": ""}, "field", "standard"),
        ({"field": 1}, "field", "standard"),
        ({"field": {"a": []}}, "field", "standard"),
        ({"edition": "1999"}, "edition", "2026"),
        ({"edition": 2026}, "edition", None),
        ({"edition": ""}, "edition", None),
        ({"edition": "2026\0"}, "edition", None),
        ({"message": ""}, "message", None),
        ({"message": " \n\t　"}, "message", None),
        ({"message": None}, "message", None),
        ({"message": "字" * 5001}, "message", None),
        ({"message": "空\0字符"}, "message", None),
        ({"message": "半个\ud800"}, "message", None),
        ({"message": 42}, "message", None),
        ({"message": True}, "message", None),
        ({"message": {"text": "x"}}, "message", None),
        ({"contact": "1" * 201}, "contact", None),
        ({"contact": ""}, "contact", None),
        ({"contact": "1\n2"}, "contact", None),
        ({"contact": "1\0"}, "contact", None),
        ({"contact": "\ud800"}, "contact", None),
        ({"contact": 13800000000}, "contact", None),
        ({"mesage": "x"}, "mesage", "message"),
        ({"receipt": "x"}, "receipt", "message"),
        ({"state": "answered"}, "state", "message"),
        ({"<b>\0": 1}, "?b??", "message"),
        ({"\ud800": 1}, "?", "message"),
        ({"": 1}, "?", "message"),
    ],
)
def test_an_invalid_value_is_named_with_the_allowed_ones(client, db, fields, field, allowed):
    problem = assert_problem(send(client, MESSAGE | fields), 400)

    assert [error["field"] for error in problem["errors"]] == [field]
    if allowed:
        assert allowed in problem["errors"][0]["allowed"]
    assert not any(letter in problem["detail"] for letter in ("This", "field.", "valid"))
    assert not Feedback.objects.exists()


def test_a_nul_is_refused_as_a_character_and_not_as_an_empty_text(client, db):
    problem = assert_problem(send(client, MESSAGE | {"message": "空\0字符"}), 400)

    assert problem["detail"] == "字段 message 含有不允许的字符。"


def test_every_fault_is_named_at_once(client, db):
    problem = assert_problem(send(client, {"x": 1, "field": "y"}), 400)

    assert {error["field"] for error in problem["errors"]} == {"x", "field", "message"}


def test_a_service_without_a_published_entry_is_refused(client, db):
    Service.objects.create(code="NM-09-77")

    assert_problem(send(client, MESSAGE | {"service": "NM-09-77"}), 400)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 400),
        ("{", 400),
        ("null", 400),
        ("[]", 400),
        ('"text"', 400),
        ("1", 400),
        ("NaN", 400),
        ('{"service": "NM-05-01", "message": NaN}', 400),
        ('{"service": "NM-05-01", "message": "a", "message": "b"}', 400),
        ('{"service": ' + "9" * 10_000 + "}", 400),
        ('{"a":' * 21 + "1" + "}" * 21, 400),
        *((f'{{"message": {"[" * depth}{"]" * depth}}}', 400) for depth in (15, 100, 900, 950, 980, 1000, 30_000)),
        (json.dumps(MESSAGE).encode("utf-16"), 400),
        (json.dumps(MESSAGE, ensure_ascii=False).encode("gb18030"), 400),
        (b"\xff\xfe", 400),
        (b"\0", 400),
        (json.dumps(MESSAGE | {"message": "x" * 70_000}), 413),
        (" " * 65_536 + "{}", 413),
        (" " * 2_000_000, 413),
    ],
)
def test_an_unreadable_body_is_a_problem_and_nothing_is_stored(client, db, body, status):
    assert_problem(send(client, body), status)

    assert not Feedback.objects.exists()


@pytest.mark.parametrize(("depth", "words"), [(19, "字段 message 应是文字"), (20, "层数太多"), (990, "层数太多")])
def test_a_body_has_a_maximum_depth(client, db, depth, words):
    body = f'{{"service": "NM-05-01", "message": {"[" * depth}{"]" * depth}}}'

    assert words in assert_problem(send(client, body), 400)["detail"]


def test_the_longest_message_fits_also_when_escaped(client, db):
    assert send(client, json.dumps(MESSAGE | {"message": "字" * 5000}, ensure_ascii=True)).status_code == 201
    assert send(client, json.dumps(MESSAGE | {"message": "😀" * 5000}, ensure_ascii=True)).status_code == 201


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/xml", ""],
)
def test_another_media_type_is_refused(client, db, content_type):
    problem = assert_problem(send(client, content_type=content_type), 415)

    assert "application/json" in problem["detail"]


def test_a_query_parameter_is_refused(client, db):
    assert_problem(client.post(f"{PATH}?x=1", data=json.dumps(MESSAGE), content_type="application/json"), 400)


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_nothing_is_replaced_or_deleted(client, db, method):
    response = getattr(client, method)(PATH)

    assert_problem(response, 405)
    assert response["Allow"] == "GET, POST, HEAD, OPTIONS"


@pytest.mark.parametrize("receipt", ["2" * 16, "x", "A" * 16, "2" * 17, "%00"])
def test_an_unknown_receipt_is_not_found(client, db, receipt):
    assert_problem(client.get(f"{PATH}{receipt}/"), 404)


def test_feedback_may_be_sent_from_any_site(client, db):
    preflight = client.options(PATH, headers={"Origin": "https://app.example", "Access-Control-Request-Method": "POST"})
    response = send(client, headers={"Origin": "https://app.example"})

    assert (preflight.status_code, preflight["Access-Control-Allow-Origin"]) == (204, "*")
    assert "POST" in preflight["Access-Control-Allow-Methods"]
    assert "Content-Type" in preflight["Access-Control-Allow-Headers"]
    assert (response.status_code, response["Access-Control-Allow-Origin"]) == (201, "*")
    assert "Location" in response["Access-Control-Expose-Headers"]


def test_no_address_is_stored(client, db):
    send(client, REMOTE_ADDR="203.0.113.77")

    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key, value FROM throttling")
        rows = cursor.fetchall()
    assert len(rows) == 2
    assert "203.0.113.77" not in str(rows)


def test_a_failed_insert_is_not_counted_and_its_contact_is_not_logged(client, db, caplog):
    caplog.set_level(logging.DEBUG)
    client.raise_request_exception = False

    def away(execute, sql, params, many, context):
        if "catalogue_feedback" in sql and sql.startswith("INSERT"):
            raise OperationalError("the database is away")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(away):
        response = send(client, WHOLE)

    assert_problem(response, 503)
    assert CONTACT not in caplog.text + response.content.decode()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM throttling")
        assert cursor.fetchone() == (0,)


def test_no_problem_repeats_a_sent_value(client, db, caplog):
    caplog.set_level(logging.DEBUG, logger="django.request")

    for wrong in ({"service": CONTACT}, {"field": CONTACT}, {"edition": CONTACT}, {"contact": CONTACT * 30}):
        response = send(client, WHOLE | wrong)
        assert_problem(response, 400)
        assert CONTACT not in response.content.decode() + caplog.text


# The OpenAPI document


@pytest.mark.parametrize("status", ["201", "400"])
def test_a_response_agrees_with_the_openapi_document(client, db, document, status):
    response = send(client, WHOLE if status == "201" else {})
    (content,) = document["paths"][PATH]["post"]["responses"][status]["content"].values()

    jsonschema.validate(response.json(), strict_schema(content["schema"], document), jsonschema.Draft202012Validator)


def test_a_state_agrees_with_the_openapi_document(client, db, document):
    schema = document["paths"]["/api/v1/feedback/{receipt}/"]["get"]["responses"]["200"]["content"]
    answer = client.get(send(client, WHOLE)["Location"]).json()

    jsonschema.validate(
        answer, strict_schema(schema["application/json"]["schema"], document), jsonschema.Draft202012Validator
    )


def test_the_openapi_document_describes_the_request(document):
    schema = document["components"]["schemas"]["FeedbackRequest"]

    assert set(schema["properties"]) == {"kind", "service", "field", "edition", "message", "contact"}
    assert set(schema["required"]) == {"message"}
    assert set(document["components"]["schemas"]["CitedField"]["enum"]) == set(dict(Citation.FIELDS))


@pytest.mark.parametrize("message", ["\u3164", "\u200b \n", "\u2800\ufe0f", "\u00ad"])
def test_a_message_of_nothing_to_be_seen_is_refused(client, db, message):
    assert assert_problem(send(client, MESSAGE | {"message": message}), 400)["errors"][0]["field"] == "message"


def test_hidden_characters_of_a_message_are_dropped_and_radicals_read(client, db):
    assert send(client, MESSAGE | {"message": "\ufeff⺠\u200b政\u202e局", "contact": "1\u200b2"}).status_code == 201

    assert (Feedback.objects.get().message, Feedback.objects.get().contact) == ("民政局", "12")


def answered(kind: str = "error", code: str | None = "NM-05-01", *, summary: str | None, act) -> Feedback:
    service = code and Service.objects.get(code=code)
    feedback = answers.receive_feedback(service, kind=kind, message="来信的原文", contact=CONTACT, at=act().at)
    return answer_feedback(feedback, "已更正。", summary=summary, act=act)


def test_a_need_that_no_service_meets_needs_no_service(client, db):
    response = send(client, {"kind": "need", "message": "嘎查里没有人帮忙取快递。"})

    assert (response.status_code, response["Location"]) == (201, response.json()["url"])
    assert [client.get(response["Location"]).json()[name] for name in ("kind", "service")] == ["need", None]


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"kind": "rant", "message": "好"}, "kind", "unknown_code"),
        ({"kind": None, "message": "好"}, "kind", "empty"),
        ({"field": "standard", "message": "好"}, "field", "conflict"),
        ({"service": "NM-05-99", "message": "好"}, "service", "unknown_service"),
        ({"service": "NM-05-01"}, "message", "required"),
    ],
)
def test_a_field_that_is_wrong_has_its_code(client, db, fields, field, code):
    (error,) = assert_problem(send(client, fields), 400)["errors"]

    assert (error["field"], error["code"]) == (field, code)
    assert not Feedback.objects.exists()


def test_only_what_an_editor_summed_up_is_listed_and_never_the_message(client, people, act):
    shown = answered("praise", summary="有人称赞体检。", act=act)
    answered(summary=None, act=act)
    answered(code=None, kind="need", summary="有人需要取快递。", act=act)
    send(client, WHOLE)

    response = client.get(PATH, {"service": "NM-05-01"})

    assert response.json() == {
        "count": 1,
        "next": None,
        "previous": None,
        "results": [
            {
                "kind": "praise",
                "service": "NM-05-01",
                "field": None,
                "edition": None,
                "summary": "有人称赞体检。",
                "answer": "已更正。",
                "at": response.json()["results"][0]["at"],
            }
        ],
    }
    everything = client.get(PATH)
    assert [item["service"] for item in everything.json()["results"]] == [None, "NM-05-01"]
    assert everything["Cache-Control"] == "no-store"
    for secret in ("来信", CONTACT, shown.receipt):
        assert secret not in everything.content.decode()


@pytest.mark.parametrize("query", ["?service=NM-05-99", "?service=x", "?service=", "?contact=1", "?page=0"])
def test_the_list_refuses_what_it_does_not_know(client, db, query):
    assert_problem(client.get(PATH + query), 400)


def test_the_list_takes_two_queries_whatever_its_length(client, people, act, django_assert_num_queries):
    for count in (1, 3):
        for number in range(count):
            answered(summary=f"第 {number} 件", act=act)
        with django_assert_num_queries(2):
            client.get(PATH)


def test_the_database_keeps_a_summary_to_an_answer(db):
    send_at = timezone.now()
    feedback = answers.receive_feedback(None, message="需要", at=send_at)

    with pytest.raises(IntegrityError), transaction.atomic():
        Feedback.objects.filter(pk=feedback.pk).update(summary="摘要")
