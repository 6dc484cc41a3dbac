"""Invalid requests get a problem that names the fault and the allowed values, never a 500."""

from collections.abc import Iterator

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.test import Client

from services.sources import Verification

LIST = "/api/v1/services/"
DETAIL = f"{LIST}NM-05-01/"
CHANGES = "/api/v1/editions/2023/changes/"


def assert_problem(response, status: int) -> dict:
    problem = response.json()
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    assert {"type", "title", "status", "detail"} <= set(problem)
    assert problem["status"] == status
    return problem


@pytest.mark.parametrize(
    ("path", "query", "field", "allowed"),
    [
        (LIST, "nonsense=1", "nonsense", "domain"),
        (LIST, "q=", "q", None),
        (LIST, "q=老年&q=养老", "q", None),
        (DETAIL, "q=老年", "q", "fields"),
        (LIST, "facets=yes", "facets", "true"),
        (LIST, "facets=1", "facets", "false"),
        (LIST, "lang=fr", "lang", "zh-Hant"),
        (LIST, "lang=zh-hant", "lang", "zh-Hant"),
        (LIST, "fields=code,matches", "fields", "name"),
        (LIST, "format=xml", "format", "domain"),
        (LIST, "Domain=NM-01", "Domain", "domain"),
        (LIST, "domain=NM-99", "domain", "NM-01"),
        (LIST, "domain=NM-01,NM-99", "domain", "NM-09"),
        (LIST, "domain=nm-01", "domain", "NM-01"),
        (LIST, "domain=", "domain", None),
        (LIST, "domain=NM-01,", "domain", None),
        (LIST, "domain=NM-01&domain=", "domain", None),
        (LIST, "domain=%00", "domain", None),
        (LIST, "domain=NM-01%00", "domain", None),
        (LIST, "target_group=martians", "target_group", "orphans"),
        (LIST, "lead_department=no", "lead_department", "finance"),
        (LIST, "department=no", "department", "finance"),
        (LIST, "verification=sure", "verification", Verification.VERBATIM),
        (LIST, "number=0", "number", None),
        (LIST, "number=-1", "number", None),
        (LIST, "number=1.5", "number", None),
        (LIST, "number=%EF%BC%91", "number", None),  # a full-width digit
        (LIST, "number=99999999999999999999", "number", None),
        (LIST, "number=1&number=2", "number", None),
        (LIST, "number=1e1", "number", None),
        (LIST, "number=NaN", "number", None),
        (LIST, "ordering=price", "ordering", "-name"),
        (LIST, "ordering=name,code", "ordering", "name"),
        (LIST, "ordering=--name", "ordering", "name"),
        (LIST, "ordering=name&ordering=code", "ordering", None),
        (LIST, "fields=price", "fields", "standard"),
        (LIST, "fields=code,,name", "fields", None),
        (LIST, "expand=everything", "expand", "citations"),
        (LIST, "page=2147483648", "page", "1…2147483647"),
        (LIST, "page=0", "page", None),
        (LIST, "page=x", "page", None),
        (LIST, "page=", "page", None),
        (LIST, "page=" + "9" * 5000, "page", None),
        (LIST, "page_size=0", "page_size", None),
        (LIST, "page_size=501", "page_size", None),
        (LIST, "page_size=ten", "page_size", None),
        (LIST, "edition=1999", "edition", "2026"),
        (LIST, "edition=2023&edition=2026", "edition", None),
        (LIST, "edition=2023&valid_on=2023-12-31", "edition", None),
        (LIST, "edition=2023&known_at=2026-11-23T08:00:00Z", "edition", None),
        (LIST, "known_at=2026-11-23T080000Z", "known_at", None),
        (LIST, "known_at=2026-11-23T08:00Z", "known_at", None),
        ("/api/v1/schema/", "x=1", "x", None),
        (LIST, "valid_on=2023-02-30", "valid_on", None),
        (LIST, "valid_on=20231225", "valid_on", None),
        (LIST, "valid_on=yesterday", "valid_on", None),
        (LIST, "valid_on=2023-12-25T00:00:00Z", "valid_on", None),
        (LIST, "valid_on=%EF%BC%92023-12-25", "valid_on", None),
        (LIST, "known_at=2026-11-23", "known_at", None),
        (LIST, "known_at=2026-11-23T08:00:00", "known_at", None),  # without a time zone
        (LIST, "known_at=2026-11-23T25:00:00Z", "known_at", None),
        (LIST, "known_at=0001-01-01T00:00:00%2B14:00", "known_at", None),  # before the first date in UTC
        (LIST, "known_at=9999-12-31T23:59:59-14:00", "known_at", None),
        (DETAIL, "nonsense=1", "nonsense", "edition"),
        (DETAIL, "page=1", "page", "edition"),
        (DETAIL, "domain=NM-01", "domain", "edition"),
        (DETAIL, "fields=price", "fields", "name"),
        (f"{DETAIL}history/", "edition=2023", "edition", "page"),
        (CHANGES, "since=1999", "since", "2021"),
        (CHANGES, "since=draft", "since", "2021"),
        (CHANGES, "sinse=2021", "sinse", "since"),
        ("/api/v1/editions/", "nonsense=1", "nonsense", "page"),
        ("/api/v1/editions/2023/", "nonsense=1", "nonsense", None),
        ("/api/v1/editions/2023/content/", "nonsense=1", "nonsense", None),
        ("/api/v1/domains/", "q=1", "q", "page"),
        ("/api/v1/domains/NM-01/", "q=1", "q", None),
        ("/api/v1/", "q=1", "q", None),
    ],
)
def test_an_invalid_parameter_is_named_with_the_allowed_values(client, db, path, query, field, allowed):
    problem = assert_problem(client.get(f"{path}?{query}"), 400)

    assert [error["field"] for error in problem["errors"]] == [field]
    if allowed:
        assert allowed in problem["errors"][0]["allowed"]


def test_every_fault_is_named_at_once(client, db):
    problem = assert_problem(client.get(f"{LIST}?nonsense=1&page=0&valid_on=yesterday&q=&fields=code"), 400)

    assert [error["field"] for error in problem["errors"]] == ["nonsense", "page", "valid_on", "q"]


def test_head_refuses_what_get_refuses(client, db):
    assert client.head(f"{LIST}?nonsense=1").status_code == 400


@pytest.mark.parametrize("path", ["/api/v1/schema/", "/api/docs/", "/api/redoc/"])
def test_the_documents_refuse_a_post_with_a_problem(client, db, path):
    assert_problem(client.post(path, data="{}", content_type="application/json"), 405)


def test_an_unavailable_form_of_the_document_is_a_problem(client, db):
    assert_problem(client.get("/api/v1/schema/", headers={"Accept": "text/html"}), 406)


def test_every_invalid_parameter_is_named_at_once(client, db):
    problem = assert_problem(client.get(f"{LIST}?a=1&b=2&domain="), 400)

    assert [error["field"] for error in problem["errors"]] == ["a", "b", "domain"]


def test_of_many_invalid_parameters_a_hundred_are_named(client, db):
    """A short address cannot make a long answer: each error lists every parameter."""
    problem = assert_problem(client.get(LIST + "?" + "&".join(f"p{n}=1" for n in range(900))), 400)

    assert len(problem["errors"]) == 100


def test_too_many_parameters_are_refused(client, db):
    problem = assert_problem(client.get(LIST + "?" + "&".join(f"p{n}=1" for n in range(1001))), 400)

    assert problem["detail"] == "参数太多。"


def test_a_parameter_is_named_without_its_control_characters(client, db):
    problem = assert_problem(client.get(f"{LIST}?%00%0d%0a<script>=1"), 400)

    assert problem["errors"][0]["field"] == "???_script_".replace("_", "?")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/nothing/",
        "/api/v2/services/",
        "/api/",
        "/api/v1/services/NM-05-01%00/",
        "/api/v1/services/%00/",
        "/api/v1/services/NM-05-99/",
        "/api/v1/services/nm-05-01/",
        f"/api/v1/services/{'9' * 5000}/",
        "/api/v1/services/%F0%9F%92%A9/",
        "/api/v1/services/%ff%fe/",
        "/api/v1/services/NM-05-01/nothing/",
        "/api/v1/departments/fin%00ance/",
        "/api/v1/departments/%E8%B4%A2%E6%94%BF/",
        "/api/v1/editions/%00/",
        "/api/v1/editions/1999/",
        "/api/v1/editions/1999/content/",
        "/api/v1/editions/1999/changes/",
        "/api/v1/services/?page=2",  # past the last page
        "/api/v1/services/?page=2147483647",
        "/api/v1/services//",
        "/api/v1/services/../editions/",
    ],
)
def test_an_unknown_path_is_a_problem(client, db, path):
    assert_problem(client.get(path), 404)


@pytest.mark.parametrize("path", [LIST, DETAIL, "/api/v1/", "/healthz", "/readyz"])
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_an_unsupported_method_is_refused_also_with_csrf_checks(db, path, method):
    client = Client(enforce_csrf_checks=True)

    assert_problem(getattr(client, method)(path, data="{}", content_type="application/json"), 405)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_an_unknown_path_is_not_found_with_any_method(db, method):
    client = Client(enforce_csrf_checks=True)

    assert_problem(getattr(client, method)("/api/v1/nothing/", data="{}", content_type="application/json"), 404)


@pytest.mark.parametrize("path", [LIST, DETAIL, "/api/v1/editions/", "/api/v1/domains/", "/api/v1/"])
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_an_unsupported_method_is_refused(client, db, path, method):
    response = getattr(client, method)(path, data="{}", content_type="application/json")

    assert_problem(response, 405)
    assert response["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("[" * 100_000 + "]" * 100_000, "application/json"),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, "application/json"),
        ("<a/>", "text/xml"),
        ("{", "application/json"),
        ("\0", "application/x-www-form-urlencoded"),
    ],
)
def test_a_body_is_ignored_where_posting_is_refused(client, db, body, content_type):
    assert_problem(client.post(LIST, data=body, content_type=content_type), 405)


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/*"])
def test_an_unavailable_media_type_is_not_acceptable(client, db, accept):
    assert_problem(client.get(LIST, headers={"Accept": accept}), 406)


@pytest.mark.parametrize("accept", ["application/json", "*/*", "text/html,application/xhtml+xml,*/*;q=0.8"])
def test_json_is_sent_to_clients_that_accept_it(client, db, accept):
    response = client.get(LIST, headers={"Accept": accept})

    assert (response.status_code, response["Content-Type"]) == (200, "application/json")


@pytest.fixture(params=[OperationalError, InterfaceError])
def broken_database(db, request) -> Iterator[None]:
    def away(execute, sql, params, many, context):
        raise request.param("the database is away")

    with connection.execute_wrapper(away):
        yield


@pytest.mark.parametrize("path", [LIST, DETAIL, "/api/v1/editions/", "/api/v1/domains/", "/api/v1/", "/readyz"])
def test_a_lost_database_is_a_503_with_retry_after(client, broken_database, path):
    response = client.get(path)

    assert_problem(response, 503)
    assert response["Cache-Control"] == "no-store"
    assert response["Retry-After"] == "5"


def test_the_process_is_alive_without_its_database(client, broken_database):
    assert client.get("/healthz").status_code == 200


def test_an_internal_error_is_a_500_without_its_cause(client, db):
    def fail(*_):
        raise RuntimeError("the cause")

    client.raise_request_exception = False
    with connection.execute_wrapper(fail):
        problem = assert_problem(client.get(f"{LIST}NM-05-01/history/"), 500)

    assert "cause" not in str(problem)


def test_an_unknown_host_is_a_problem(client, db, settings):
    settings.ALLOWED_HOSTS = ["fw.example.cn"]

    assert_problem(client.get(LIST, headers={"Host": "evil.example"}), 400)


def test_a_failing_precondition_is_a_problem(client, db):
    assert_problem(client.get(LIST, headers={"If-Match": '"other"'}), 412)
