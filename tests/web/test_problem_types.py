"""Every error has a code of one closed list, and each code has texts in both languages, an example and a page."""

import ast
import json
import re

import pytest
from django.test import Client

from catalogue.web.problem_types import TYPES
from config.wsgi import application
from services.faults import Fault, ProblemCode
from tests.support.live_server import shared_connection
from tests.support.paths import ROOT
from tests.support.wsgi import send_request
from tests.web.test_problems import assert_problem

LIST = "/api/v1/services/"
# Codes whose example cannot be sent here: it is shortened, or depends on the state of the server.
UNSENT = {
    ProblemCode.TOO_LONG, ProblemCode.TOO_MANY_PARAMETERS, ProblemCode.ADDRESS_TOO_LONG, ProblemCode.HEADER_TOO_LARGE,
    ProblemCode.TOO_MANY_REQUESTS, ProblemCode.INTERNAL, ProblemCode.UNAVAILABLE, ProblemCode.NOT_READY,
    ProblemCode.DAMAGED_EDITION,
}  # fmt: skip
HAN = re.compile("[\u4e00-\u9fff]")


def send_example(example: str):
    """Send the request of an example through the whole application, as a client of its own would."""
    head, _, body = example.partition("\n\n")
    line, *header_lines = head.split("\n")
    method, address = line.split(" ")
    headers = dict(header.lower().replace("-", "_", 1).split(": ") for header in header_lines)
    length = headers.pop("content_length", None)

    def with_length(environ: dict, start_response):
        return application(environ | ({"CONTENT_LENGTH": length} if length else {}), start_response)

    return send_request(with_length, address, method=method, body=body.encode(), **headers)


def codes_of(problem: dict) -> set[str]:
    return {problem["code"], *(error["code"] for error in problem.get("errors", []))}


def test_every_code_is_explained():
    assert set(TYPES) == set(ProblemCode)


@pytest.mark.parametrize("code", TYPES)
def test_the_texts_are_in_their_languages(code):
    problem_type = TYPES[code]

    assert HAN.search(problem_type.title) and HAN.search(problem_type.sentence) and HAN.search(problem_type.cure)
    fault = Fault("age", code, problem_type.sentence, ["0…130"])
    english = (problem_type.title_en, problem_type.message_en(fault), problem_type.cure_en.replace("养老", ""))
    assert not any(HAN.search(text) or not text for text in english)


@pytest.mark.parametrize("code", [code for code in TYPES if code not in UNSENT])
def test_the_example_gets_its_code(db, settings, code):
    settings.ALLOWED_HOSTS = ["testserver"]
    with shared_connection():
        answer = send_example(TYPES[code].example)
    problem = json.loads(answer.body)

    assert code in codes_of(problem)
    assert problem["status"] == answer.status


@pytest.mark.parametrize("code", TYPES)
def test_the_type_of_a_problem_opens_a_page_in_both_languages(client, code):
    page = client.get(f"/problems/{code}/")
    text = page.content.decode()

    assert (page.status_code, page["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert TYPES[code].title in text and TYPES[code].title_en in text
    assert f'href="/problems/{code}/"' in client.get("/problems/").content.decode()


@pytest.mark.parametrize("path", ["/problems/nonsense/", "/problems/Not_Found/", "/problems/not_found/x/"])
def test_an_unknown_code_has_no_page(client, db, path):
    response = client.get(path)

    assert (response.status_code, response["Content-Type"]) == (404, "text/html; charset=utf-8")


def test_a_page_refuses_a_parameter_with_a_page(client):
    response = client.get("/problems/?x=1")

    assert (response.status_code, "没有参数“x”。" in response.content.decode()) == (400, True)


def test_the_document_lists_the_codes(client, db):
    document = client.get("/api/v1/openapi.json").json()
    schemas = document["components"]["schemas"]

    assert schemas["ProblemCode"]["enum"] == list(ProblemCode)
    for name in ("Problem", "ProblemError"):
        reference = schemas[name]["properties"]["code"]
        assert "ProblemCode" in json.dumps(reference)


def calls_of(name: str):
    """Yield the calls of a class in the code, each with its place."""
    for path in [*ROOT.glob("catalogue/**/*.py"), *ROOT.glob("services/**/*.py"), *ROOT.glob("config/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == name:
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node


@pytest.mark.parametrize(("name", "position"), [("Fault", 1), ("Problem", 0)])
def test_no_fault_and_no_problem_is_made_with_another_code(name, position):
    """A code is a member of the enum, or comes from a variable that has one, never a text."""
    calls = list(calls_of(name))

    assert calls
    for place, call in calls:
        code = call.args[position]
        choices = [code.body, code.orelse] if isinstance(code, ast.IfExp) else [code]
        assert not any(isinstance(choice, ast.Constant) for choice in choices), place


def test_faults_of_several_kinds_are_an_invalid_request(client, db):
    problem = assert_problem(client.get(f"{LIST}?domian=x&page=0"), 400)

    assert problem["code"] == "invalid_request"
    assert {error["code"] for error in problem["errors"]} == {"unknown_parameter", "out_of_range"}


@pytest.mark.parametrize(
    ("asked", "language"), [("zh-CN", "zh-Hans"), ("zh-TW", "zh-Hant"), ("en", "en"), ("fr", "zh-Hans")]
)
def test_an_error_is_in_the_language_of_the_request(client, db, asked, language):
    response = client.get(f"{LIST}?domian=x", headers={"Accept-Language": asked})
    problem = assert_problem(response, 400)

    assert response["Content-Language"] == language
    assert "Accept-Language" in response["Vary"]
    # Of faults of one kind, the kind.
    assert problem["code"] == "unknown_parameter"
    assert problem["type"] == "http://testserver/problems/unknown_parameter/"
    (error,) = problem["errors"]
    assert (error["code"], error["field"], "domain" in error["allowed"]) == ("unknown_parameter", "domian", True)
    titles = {"zh-Hans": "没有这个参数", "zh-Hant": "沒有這個參數", "en": "Unknown parameter"}
    assert problem["title"] == titles[language]
    words = {"zh-Hans": "没有参数", "zh-Hant": "沒有參數", "en": "there is no such parameter"}[language]
    assert words in error["message"] and words in problem["detail"]


def test_lang_decides_before_the_header(client, db):
    response = client.get(f"{LIST}NM-05-99/?lang=en", headers={"Accept-Language": "zh"})

    assert response["Content-Language"] == "en"
    assert "Search for it by name" in assert_problem(response, 404)["detail"]


REFUSED = [
    (f"{LIST}?page=0", {}, 400),
    ("/api/v1/nothing/", {}, 404),
    (f"{LIST}?page=99", {}, 404),
    (f"{LIST}?valid_on=1999-01-01", {}, 404),
    ("/api/v1/departments/no-such/", {}, 404),
    (LIST, {"method": "DELETE"}, 405),
    (LIST, {"accept": "application/xml"}, 406),
    (LIST, {"if_match": '"other"'}, 412),
    ("/api/v1/entitlements/", {"method": "POST", "body": b"0" * 1_100_000}, 413),
    ("/api/v1/entitlements/", {"method": "POST", "body": b"0" * 100_000}, 413),
    (f"{LIST}?q={'a' * 17_000}", {}, 414),
    ("/api/v1/entitlements/", {"method": "POST", "body": b"<a/>", "content_type": "text/xml"}, 415),
    ("/api/v1/entitlements/", {"method": "POST", "body": b"{}", "content_encoding": "br"}, 415),
    (LIST, {"accept": "a" * 1001}, 431),
    (LIST, {"host": "other.example"}, 400),
    (f"{LIST}?{'a=1&' * 1100}", {}, 400),
]


@pytest.mark.parametrize(("address", "sent", "status"), REFUSED)
def test_every_error_speaks_english_wherever_it_is_answered(db, settings, address, sent, status):
    settings.ALLOWED_HOSTS = ["testserver"]
    with shared_connection():
        answer = send_request(application, address, **{"accept_language": "en-GB", **sent})
    problem = json.loads(answer.body)

    assert answer.status == problem["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-language"] == "en"
    assert "Accept-Language" in answer.headers["vary"]
    assert not HAN.search(answer.body.decode())
    root = "" if "host" in sent else "http://testserver"
    assert problem["type"] == f"{root}/problems/{problem['code']}/"
    assert codes_of(problem) <= set(ProblemCode)


def test_a_day_before_the_first_edition_names_it_in_english_too(client, db):
    problem = assert_problem(client.get(f"{LIST}?valid_on=1999-01-01&lang=en"), 404)

    assert problem["code"] == "no_edition"
    assert "2021-11-05" in problem["detail"]


def test_a_form_that_is_not_there_names_the_page_for_people_in_english_too(client, db):
    problem = assert_problem(client.get(f"{LIST}?lang=en", headers={"Accept": "text/html"}), 406)

    assert "http://testserver/services/" in problem["detail"]


def test_a_receipt_that_is_not_there_is_called_a_receipt(client, db):
    path = "/api/v1/feedback/2222222222222222/"

    assert "没有这张回执" in assert_problem(client.get(path), 404)["detail"]
    assert "no such receipt" in assert_problem(client.get(path, {"lang": "en"}), 404)["detail"]
    assert assert_problem(client.get("/api/v1/feedback/doesnotexist/"), 404)["code"] == "unknown_receipt"


TOLD = "x9-told"


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant", "en"])
@pytest.mark.parametrize(
    "circumstances",
    [
        {"age": TOLD},
        {"age": 98765},
        {"household": [TOLD]},
        {"household": ["dibao", "none"]},
        {"household": ["dibao", "dibao"]},
        {"residence": TOLD},
        {"birth_month": TOLD},
        {"birth_month": "1956-05", "age": 77},
        {"age": 5, "married": True},
    ],
)
def test_no_error_repeats_what_a_person_told(db, language, circumstances):
    body = json.dumps({"circumstances": circumstances})
    client = Client()
    response = client.post(f"/api/v1/entitlements/?lang={language}", data=body, content_type="application/json")
    errors = assert_problem(response, 400)["errors"]
    texts = " ".join([response.json()["detail"], *(error["message"] for error in errors)])

    for value in (TOLD, "98765", "dibao", "none", "77", "true"):
        assert value not in texts
