"""HTTP for read requests: ETag, caching, compression, HEAD, OPTIONS and CORS."""

import gzip

import brotli
import pytest

LIST = "/api/v1/services/"
READS = [
    "/api/v1/",
    LIST,
    f"{LIST}NM-05-01/",
    f"{LIST}NM-05-01/history/",
    "/api/v1/editions/",
    "/api/v1/editions/2023/",
    "/api/v1/editions/2023/content/",
    "/api/v1/editions/2023/changes/",
    "/api/v1/domains/",
    "/api/v1/departments/finance/",
    "/api/v1/schema/",
]


@pytest.mark.parametrize("path", READS)
def test_every_read_response_has_its_cache_headers(client, db, path):
    response = client.get(path)

    assert response.status_code == 200
    assert response["ETag"].startswith('"')  # strong
    immutable = path.endswith("/content/")
    assert response["Cache-Control"] == ("public, max-age=31536000, immutable" if immutable else "public, no-cache")
    assert {"Accept", "Accept-Encoding"} <= {name.strip() for name in response["Vary"].split(",")}
    assert "Cookie" not in response["Vary"]
    assert response["Content-Language"] == "zh-Hans"
    assert response["Content-Length"] == str(len(response.content))
    assert not response.cookies


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("wrap", ["{}", "W/{}", '"other", {}', "*"])
def test_a_matching_if_none_match_is_a_304(client, db, path, wrap):
    etag = client.get(path)["ETag"]

    response = client.get(path, headers={"If-None-Match": wrap.format(etag)})

    assert (response.status_code, response.content) == (304, b"")
    assert response["ETag"] == etag
    for name in ("Vary", "Cache-Control", "Access-Control-Allow-Origin"):
        assert name in response


def test_another_etag_gets_the_whole_response(client, db):
    assert client.get(LIST, headers={"If-None-Match": '"other"'}).status_code == 200


def test_the_etag_changes_with_the_response(client, db):
    queries = [{}, {"edition": "2023"}, {"edition": "2021"}, {"page_size": "1"}, {"fields": "code"}]

    assert len({client.get(LIST, query)["ETag"] for query in queries}) == len(queries)


def test_the_same_request_has_the_same_strong_etag(client, db):
    assert client.get(LIST)["ETag"] == client.get(LIST)["ETag"]


def test_a_compressed_response_has_the_same_content_and_an_etag_of_its_own(client, db):
    plain = client.get(LIST)
    compressed = client.get(LIST, headers={"Accept-Encoding": "gzip"})

    assert compressed["Content-Encoding"] == "gzip"
    assert gzip.decompress(compressed.content) == plain.content
    assert len(compressed.content) < len(plain.content) / 4
    assert compressed["ETag"] != plain["ETag"]
    assert compressed.content[4:8] == bytes(4)  # no time in the gzip header, so that the ETag can be strong
    revalidated = client.get(LIST, headers={"Accept-Encoding": "gzip", "If-None-Match": compressed["ETag"]})
    assert (revalidated.status_code, revalidated["ETag"]) == (304, compressed["ETag"])


# An answer of every kind that is longer than 1 kB, with its status.
LONG = {
    "/": 200,
    "/services/": 200,
    "/services/NM-05-01/": 200,
    "/services/NM-05-01.md": 200,
    "/llms.txt": 200,
    "/feeds/changes.atom": 200,
    "/api/v1/": 200,
    LIST: 200,
    "/api/v1/services.csv": 200,
    "/api/v1/services.xlsx": 200,
    "/api/v1/services.ndjson": 200,
    "/api/v1/services.jsonld": 200,
    "/api/v1/services.ttl": 200,
    "/api/v1/services.hsds.json": 200,
    "/api/v1/services/NM-05-01.ttl": 200,
    "/api/v1/editions/2026/content/": 200,
    "/api/v1/changes/": 200,
    "/api/v1/schema/": 200,
    "/api/v1/context.jsonld": 200,
    "/static/site/site.css": 200,
    "/api/v1/changes/?service=none": 400,
    "/feeds/changes.atom?service=none": 400,
    "/services/?domain=none": 400,
    "/services/NM-99-99/": 404,
}


@pytest.mark.parametrize("path", LONG)
def test_every_long_answer_is_compressed_when_asked_for(client, db, path):
    plain = client.get(path)
    compressed = client.get(path, headers={"Accept-Encoding": "gzip"})

    assert (plain.status_code, compressed.status_code) == (LONG[path], LONG[path])
    body = plain.getvalue()
    assert len(body) > 1000
    assert compressed["Content-Encoding"] == "gzip"
    assert gzip.decompress(compressed.getvalue()) == body
    assert "Content-Encoding" not in plain
    assert "Accept-Encoding" in plain["Vary"]
    assert plain["Vary"] == compressed["Vary"]
    assert compressed.get("Content-Length", str(len(compressed.getvalue()))) == str(len(compressed.getvalue()))


def test_an_answer_to_post_is_compressed_too(client, db):
    body = {"data": '{"circumstances": {"age": 70}}', "content_type": "application/json"}
    plain = client.post("/api/v1/entitlements/", **body)
    compressed = client.post("/api/v1/entitlements/", **body, headers={"Accept-Encoding": "br"})

    assert (compressed["Content-Encoding"], compressed["Cache-Control"]) == ("br", "no-store")
    assert brotli.decompress(compressed.content) == plain.content
    assert "ETag" not in compressed


def test_a_compressed_file_of_the_pages_is_revalidated(client):
    path = "/static/site/site.css"
    plain, compressed = client.get(path), client.get(path, headers={"Accept-Encoding": "gzip"})
    assert len(compressed.getvalue()) < len(plain.getvalue()) / 2

    again = client.get(path, headers={"Accept-Encoding": "gzip", "If-None-Match": compressed["ETag"]})

    assert (again.status_code, again.getvalue(), again["ETag"]) == (304, b"", compressed["ETag"])
    assert compressed["ETag"] != plain["ETag"]
    assert "Accept-Ranges" not in compressed, "a range of what was compressed on the way would be another one"


def test_a_picture_is_not_compressed_again(client):
    path = "/static/drf_spectacular_sidecar/swagger-ui-dist/favicon-32x32.png"
    response = client.get(path, headers={"Accept-Encoding": "gzip"})

    assert response.getvalue().startswith(b"\x89PNG")
    assert "Content-Encoding" not in response


@pytest.mark.parametrize("path", READS)
def test_head_answers_like_get_without_a_body(client, db, path):
    get, head = client.get(path), client.head(path)

    assert (head.status_code, head.content) == (200, b"")
    for name in ("ETag", "Content-Length", "Content-Type", "Vary", "Cache-Control"):
        assert head[name] == get[name]


@pytest.mark.parametrize("path", READS)
def test_any_site_may_read_the_api(client, db, path):
    assert client.get(path, headers={"Origin": "https://example.org"})["Access-Control-Allow-Origin"] == "*"


def test_errors_may_be_read_from_any_site_and_are_not_cached(client, db):
    response = client.get(LIST, {"nonsense": "1"})

    assert response["Access-Control-Allow-Origin"] == "*"
    assert response["Cache-Control"] == "no-store"


def test_a_preflight_is_answered(client, db):
    response = client.options(LIST, headers={"Origin": "https://example.org", "Access-Control-Request-Method": "GET"})

    assert (response.status_code, response.content) == (204, b"")
    assert response["Access-Control-Allow-Methods"] == "GET, HEAD, POST, OPTIONS"
    assert "If-None-Match" in response["Access-Control-Allow-Headers"]


@pytest.mark.parametrize(
    "name",
    ["accept-language", "if-none-match", "content-type", "content-encoding", "cache-control", "x-request-id"]
    + ["x-requested-with", "traceparent", "tracestate", "baggage", "sentry-trace", "*"],
)
@pytest.mark.parametrize("path", [LIST, "/api/v1/entitlements/", "/feeds/changes.atom"])
def test_a_preflight_passes_with_the_headers_of_common_libraries(client, path, name):
    response = client.options(
        path,
        headers={
            "Origin": "https://example.org",
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": name,
        },
    )

    assert name in response["Access-Control-Allow-Headers"].lower().split(", ")


@pytest.mark.parametrize("path", [LIST, "/api/v1/services.csv", "/api/v1/nothing/", "/feeds/changes.atom", "/"])
@pytest.mark.parametrize(
    "name", ["Content-Disposition", "Content-Language", "ETag", "Link", "Location", "Retry-After", "X-Request-ID"]
)
def test_a_page_of_another_site_may_read_the_headers(client, db, path, name):
    assert name in client.get(path)["Access-Control-Expose-Headers"].split(", ")


def test_options_names_the_methods(client, db):
    response = client.options(LIST)

    assert response.status_code == 200
    assert response["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    "path",
    [*READS, "/api/v1/entitlements/", "/api/v1/feedback/", "/api/v1/services.ttl", "/api/v1/context.jsonld"]
    + ["/api/docs/", "/api/redoc/", "/", "/services/", "/services/NM-05-01/", "/services/NM-05-01.md", "/llms.txt"]
    + ["/id/services/NM-05-01", "/feeds/changes.atom", "/healthz", "/readyz"],
)
@pytest.mark.parametrize("accept", ["", "*/*", "image/png", '"', "*/*;q=0"])
def test_options_is_answered_whatever_is_accepted(client, db, path, accept):
    assert client.options(path, headers={"Accept": accept}).status_code in {200, 204}


@pytest.mark.parametrize(
    ("path", "page"), [(LIST, "/services/"), (f"{LIST}NM-05-01/", "/services/NM-05-01/"), (f"{LIST}?q=x", "/services/")]
)
def test_who_wants_a_page_of_the_list_is_told_where_it_is(client, db, path, page):
    response = client.get(path, headers={"Accept": "text/html"})

    assert response.status_code == 406
    assert f"http://testserver{page}" in response.json()["detail"]
    assert response["Link"] == f'<http://testserver{page}>; rel="alternate"; type="text/html"'
    assert client.get(page).status_code == 200


@pytest.mark.parametrize(
    ("path", "media"),
    [(LIST, "text/csv"), (f"{LIST}NM-05-01/", "text/turtle"), ("/api/v1/domains/", "application/json")]
    + [("/id/services/NM-05-01", "text/html")],
)
def test_a_406_names_the_forms_there_are(client, db, path, media):
    problem = client.get(path, headers={"Accept": "image/png"}).json()

    assert problem["status"] == 406
    assert media in problem["detail"]
    assert media in problem["errors"][0]["allowed"]


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/api/v1/services", "/api/v1/services/"),
        ("/api/v1/services/NM-05-01?edition=2023", "/api/v1/services/NM-05-01/?edition=2023"),
    ],
)
def test_a_missing_trailing_slash_is_redirected(client, db, path, target):
    response = client.get(path)

    assert (response.status_code, response["Location"]) == (301, target)


def test_health_checks_are_not_cached(client, db):
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ok", "edition": "2026", "damaged": []}
    assert client.get("/readyz")["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/api/docs/", "/api/redoc/"])
def test_the_api_documents_load_nothing_from_another_host(client, db, path):
    response = client.get(path)
    page = response.content.decode()

    assert "//" not in page
    assert "/static/drf_spectacular_sidecar/" in page
    policy = dict(part.strip().split(" ", 1) for part in response["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert "http" not in response["Content-Security-Policy"]


def test_the_openapi_document_is_yaml_or_json(client, db):
    assert client.get("/api/v1/schema/").content.startswith(b"openapi: 3.1")
    answer = client.get("/api/v1/schema/", headers={"Accept": "application/json"})
    assert answer.json()["openapi"].startswith("3.1")
    assert answer["Content-Disposition"] == 'inline; filename="openapi.json"'
    assert client.get("/api/v1/schema/")["Content-Disposition"] == 'inline; filename="openapi.yaml"'
