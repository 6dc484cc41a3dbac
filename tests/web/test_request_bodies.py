"""Bodies of POST requests as real clients write them: marks, encodings and numbers."""

import gzip
import json

import pytest

from catalogue.models import Feedback
from config.wsgi import application
from services.text import json_text
from tests.support.wsgi import send_request
from tests.web.test_problems import assert_problem

ENTITLEMENTS, FEEDBACK = "/api/v1/entitlements/", "/api/v1/feedback/"
QUESTION = {"circumstances": {"age": 70, "household": ["dibao"]}}
MESSAGE = {"service": "NM-05-01", "message": "体检次数写错了。"}
GZIP = {"Content-Encoding": "gzip"}


def post(client, path: str, body: object, **headers: str):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(path, data, content_type="application/json", headers=headers)


@pytest.mark.parametrize(("path", "body", "status"), [(ENTITLEMENTS, QUESTION, 200), (FEEDBACK, MESSAGE, 201)])
def test_a_byte_order_mark_before_the_body_is_skipped(client, db, path, body, status):
    assert post(client, path, b"\xef\xbb\xbf" + json.dumps(body).encode()).status_code == status


@pytest.mark.parametrize("name", ["gzip", "GZIP", "x-gzip"])
def test_a_body_in_gzip_is_read(client, db, name):
    plain = post(client, ENTITLEMENTS, QUESTION)
    packed = post(client, ENTITLEMENTS, gzip.compress(json.dumps(QUESTION).encode()), **{"Content-Encoding": name})

    assert packed.json() == plain.json()
    assert post(client, FEEDBACK, gzip.compress(json.dumps(MESSAGE).encode()), **GZIP).status_code == 201
    assert Feedback.objects.get().message == MESSAGE["message"]


@pytest.mark.parametrize("size", [json_text.MAX_BODY_BYTES + 1, 50_000_000])
def test_a_body_that_is_too_long_when_decompressed_is_a_413(client, db, size):
    assert_problem(post(client, ENTITLEMENTS, gzip.compress(b" " * size), **GZIP), 413)


@pytest.mark.parametrize("body", [b"{}", b"", gzip.compress(b"{}" * 40)[:-9], b"\x1f\x8b\x08"])
def test_a_body_that_is_no_complete_gzip_is_refused(client, db, body):
    assert_problem(post(client, ENTITLEMENTS, body, **GZIP), 400)


@pytest.mark.parametrize("name", ["br", "deflate", "zstd", "gzip, gzip", "x"])
def test_another_content_encoding_is_refused_with_those_that_are_read(client, db, name):
    response = post(client, FEEDBACK, MESSAGE, **{"Content-Encoding": name})

    assert "gzip" in assert_problem(response, 415)["detail"]
    assert response["Accept-Encoding"] == "gzip, identity"


def test_identity_is_no_encoding(client, db):
    assert post(client, ENTITLEMENTS, QUESTION, **{"Content-Encoding": "identity"}).status_code == 200


def test_a_compressed_form_of_the_desk_is_refused(db):
    response = send_request(
        application, "/admin/login/", method="POST", body=gzip.compress(b"a=b"), content_encoding="gzip"
    )

    assert (response.status, "Content-Encoding" in json.loads(response.body)["detail"]) == (415, True)


@pytest.mark.parametrize("number", ["70.0", "7e1", "7.0E+1", "70.000"])
def test_a_number_without_a_fraction_is_an_integer(client, db, number):
    body = json.dumps(QUESTION).replace("70", number).encode()

    assert post(client, ENTITLEMENTS, body).json() == post(client, ENTITLEMENTS, QUESTION).json()


@pytest.mark.parametrize("number", ["70.5", "NaN", "Infinity", "-Infinity", "1e999", "-1e999", "7e300", '"70"', "true"])
def test_what_is_no_integer_is_refused(client, db, number):
    assert_problem(post(client, ENTITLEMENTS, json.dumps(QUESTION).replace("70", number).encode()), 400)


def test_integers_in_lists_may_be_written_with_a_fraction():
    assert repr(json_text.strict_loads(b'[1.0, {"a": [2e0]}, 1.5]')) == "[1, {'a': [2]}, 1.5]"


@pytest.mark.parametrize("body", [{}, {"circumstances": None}, {"circumstances": {}}])
def test_a_person_of_whom_nothing_is_said_may_be_asked_about(client, db, body):
    answer = post(client, ENTITLEMENTS, body)

    assert answer.status_code == 200
    assert answer.json()["counts"] == post(client, ENTITLEMENTS, {"circumstances": {}}).json()["counts"]


def test_a_person_of_a_household_needs_no_circumstances(client, db):
    persons = post(client, ENTITLEMENTS, {"persons": [{"id": "a"}, {"id": "b", "circumstances": {}}]}).json()["persons"]

    assert persons[0]["counts"] == persons[1]["counts"]


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"1", b'"x"', b"[{}]"])
@pytest.mark.parametrize("path", [ENTITLEMENTS, FEEDBACK])
def test_a_body_that_is_no_object_is_refused_with_what_to_send(client, db, path, body):
    assert "JSON 对象" in assert_problem(post(client, path, body), 400)["detail"]


@pytest.mark.parametrize("circumstances", [[], 0, "", False, "age"])
def test_circumstances_that_are_no_object_are_refused(client, db, circumstances):
    assert_problem(post(client, ENTITLEMENTS, {"circumstances": circumstances}), 400)
    assert_problem(post(client, ENTITLEMENTS, {"persons": [{"id": "a", "circumstances": circumstances}]}), 400)
