"""The response cache: the same responses as from Django, made once, and none that depends on a former visitor."""

import itertools
import os
from urllib.parse import urlencode

import pytest
from django.core import signing
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalogue.web import cache
from catalogue.web.cache import ResponseCache
from tests.conftest import make_user
from tests.support.wsgi import send_request

RUNS = int(os.environ.get("CACHE_RUNS", "150"))
MIB = 1024 * 1024
LIST = "/api/v1/services/"
DETAIL = f"{LIST}NM-05-01/"
# A path of every kind whose response is cached.
STORED = [
    "/api/v1/",
    LIST,
    DETAIL,
    f"{DETAIL}history/",
    f"{LIST}?q=低保",
    f"{LIST}?facets=true",
    f"{LIST}?edition=2021&page_size=10&page=2",
    "/api/v1/editions/",
    "/api/v1/editions/2023/",
    "/api/v1/editions/2023/content/",
    "/api/v1/editions/2023/changes/",
    "/api/v1/changes/",
    "/api/v1/domains/",
    "/api/v1/departments/finance/",
    "/api/v1/target-groups/",
    "/api/v1/sources/",
    "/api/v1/indicators/IND-03/",
    "/api/v1/projects/",
    "/api/v1/facts/",
    "/api/v1/schema/",
    "/api/v1/context.jsonld",
    "/api/docs/",
    "/api/redoc/",
    "/feeds/changes.atom",
    "/",
    "/services/",
    "/services/?q=养老&domain=NM-05",
    "/services/NM-05-01/",
    "/services/NM-05-01.md",
    "/llms.txt",
]
# Responses that Django streams.
FILES = ["/api/v1/services.csv", "/api/v1/services.ndjson", "/api/v1/services/NM-05-01.ttl"]
# Paths whose responses are not cached, with their status.
NOT_STORED = {
    "/healthz": 200,
    "/readyz": 200,
    "/admin/login/": 200,
    "/favicon.ico": 302,
    "/id/services/NM-05-01": 303,
    "/static/site/site.css": 200,
    "/api/v1/services": 301,
    "/api/v1/feedback/0000000000000000/": 404,
    "/nowhere": 404,
    f"{LIST}?nonsense=1": 400,
    f"{LIST}?page=9": 404,
    f"{LIST}?valid_on=1999-01-01": 404,
    f"{LIST}NM-99-99/": 404,
    "/services/NM-99-99/": 404,
}
# Headers that differ in every response, and those that the form of the login page adds.
EACH_TIME = {"x-request-id", "date", "set-cookie", "expires"}


def same(first, other) -> bool:
    headers = [
        {name: value for name, value in response.headers.items() if name not in EACH_TIME}
        for response in (first, other)
    ]
    return (first.status, first.body, headers[0]) == (other.status, other.body, headers[1])


# Cached and uncached responses.


@pytest.mark.parametrize("address", STORED)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"method": "HEAD"},
        {"accept_encoding": "gzip"},
        {"accept_encoding": "gzip, deflate, br, zstd"},
        {"if_none_match": "*"},
        {"if_modified_since": "Mon, 23 Nov 2026 00:00:00 GMT"},
    ],
    ids=str,
)
def test_the_response_is_the_one_from_django_and_django_is_called_once(counting_application, cached, address, headers):
    direct = send_request(counting_application.application, address, **headers)
    send_request(cached, address, **{name: value for name, value in headers.items() if name == "accept_encoding"})
    first, again = send_request(cached, address, **headers), send_request(cached, address, **headers)

    assert same(direct, first)
    assert same(first, again)
    assert first.headers["x-request-id"] != again.headers["x-request-id"]
    assert counting_application.request_count == 1
    assert direct.status == (304 if "if_none_match" in headers else 200)


@pytest.mark.parametrize("address", FILES)
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_a_streamed_file_is_cached_whole(counting_application, cached, address, encoding):
    direct = send_request(counting_application.application, address, accept_encoding=encoding)

    for response in [send_request(cached, address, accept_encoding=encoding) for _ in range(2)]:
        assert (response.body, response.headers["etag"]) == (direct.body, direct.headers["etag"])
        assert response.headers["content-length"] == str(len(response.body))
        assert {*response.headers} - EACH_TIME - {"content-length"} == {*direct.headers} - EACH_TIME
    assert counting_application.request_count == 1


def test_a_cached_response_costs_no_query(counting_application, cached, django_assert_num_queries):
    for address in STORED:
        send_request(cached, address)

    with django_assert_num_queries(0):
        for address in STORED:
            assert send_request(cached, address).status == 200
    assert counting_application.request_count == len(STORED) == len(cached.store)


@pytest.mark.parametrize(("address", "status"), NOT_STORED.items())
def test_other_responses_are_not_cached(counting_application, cached, address, status):
    direct = send_request(counting_application.application, address, accept_encoding="gzip")

    for _ in range(2):
        response = send_request(cached, address, accept_encoding="gzip")
        assert response.status == direct.status == status
        assert set(response.headers) == set(direct.headers)
    assert (counting_application.request_count, len(cached.store)) == (2, 0)


def test_a_request_to_the_desk_is_passed_on_unchanged(counting_application, cached):
    send_request(cached, "/admin/catalogue/entry/?q=ABC&domain=NM-05&domain=NM-01&page=02", cookie="sessionid=abcdefgh")

    assert counting_application.queries == ["q=ABC&domain=NM-05&domain=NM-01&page=02"]
    assert counting_application.cookies == ["sessionid=abcdefgh"]


def test_without_memory_every_request_is_passed_on(counting_application):
    disabled = ResponseCache(counting_application, max_bytes=0)

    assert send_request(disabled, LIST, accept_encoding="br").headers["content-encoding"] == "br"
    assert (counting_application.request_count, len(disabled.store)) == (1, 0)


def test_a_post_is_never_cached(counting_application, cached):
    for _ in range(2):
        send_request(cached, LIST, method="POST")

    assert (counting_application.request_count, len(cached.store)) == (2, 0)


@pytest.mark.parametrize(
    "headers",
    [
        {"accept_language": "en"},
        {"accept_language": "zh-TW"},
        {"host": "localhost"},
        {"accept": "text/csv"},
        {"accept_encoding": "zstd"},
    ],
    ids=str,
)
def test_each_variant_has_a_cache_entry_of_its_own(counting_application, cached, headers):
    first, other = send_request(cached, LIST), send_request(cached, LIST, **headers)

    assert first.body != other.body
    direct = send_request(counting_application.application, LIST, **headers)
    assert (other.status, other.body, other.headers["etag"]) == (direct.status, direct.body, direct.headers["etag"])
    assert (counting_application.request_count, len(cached.store)) == (2, 2)


def test_behind_a_proxy_its_header_decides_the_scheme(counting_application, settings):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    cached = ResponseCache(counting_application, max_bytes=MIB, poll_seconds=3600)

    secure, plain = send_request(cached, DETAIL, x_forwarded_proto="https"), send_request(cached, DETAIL)

    assert b'"url":"https://testserver/' in secure.body
    assert b'"url":"http://testserver/' in plain.body


@pytest.mark.parametrize("wrap", ["{}", "W/{}", '"other", {}', 'W/"a,b",W/{}', "*", " * "])
def test_a_matching_if_none_match_is_a_304_for_its_encoding_only(cached, wrap):
    tag = send_request(cached, LIST, accept_encoding="br").headers["etag"]

    response = send_request(cached, LIST, accept_encoding="br", if_none_match=wrap.format(tag))

    assert (response.status, response.body, response.headers["etag"]) == (304, b"", tag)
    assert not {"content-type", "content-length", "content-encoding"} & set(response.headers)
    other = send_request(cached, LIST, accept_encoding="gzip", if_none_match=tag)
    assert (other.status, other.headers["content-encoding"]) == (200, "gzip")


@pytest.mark.parametrize(("if_match", "status"), [('"other"', 412), ("*", 200), ("{}", 200)])
def test_a_failing_if_match_is_a_412(counting_application, cached, if_match, status):
    tag = send_request(cached, LIST).headers["etag"]

    for _ in range(2):
        assert send_request(cached, LIST, if_match=if_match.format(tag)).status == status


def test_head_has_the_headers_of_get_and_no_body(cached):
    got, head = send_request(cached, LIST), send_request(cached, LIST, method="HEAD")

    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(got.body))


# Cookies and other headers of one visitor do not influence the responses to others.


MALFORMED = [
    "sessionid=x",
    "csrftoken=y",
    "messages=z",
    "sessionid=x; csrftoken=y; messages=z",
    'sessionid="; csrftoken=\\"',
]
READING = [*STORED, *FILES, *(address for address in NOT_STORED if not address.startswith("/admin/"))]


@pytest.fixture
def valid_cookies(db) -> str:
    """The cookies that the browser of an editor sends."""
    client = Client()
    client.force_login(make_user("editor", "编辑"))
    client.get("/admin/password_change/")
    messages = signing.get_cookie_signer(salt="django.contrib.messages").sign_object([])
    assert {*client.cookies} == {"sessionid", "csrftoken"}
    return "; ".join([*(f"{name}={cookie.value}" for name, cookie in client.cookies.items()), f"messages={messages}"])


@pytest.mark.parametrize("address", READING)
def test_no_response_to_one_visitor_depends_on_a_cookie_of_another(valid_cookies, counting_application, address):
    direct = send_request(counting_application.application, address)

    for cookie in (MALFORMED[-2], valid_cookies):
        cached = ResponseCache(counting_application, max_bytes=64 * MIB, poll_seconds=3600)
        for response in (send_request(cached, address, cookie=cookie), send_request(cached, address)):
            assert (response.status, response.body) == (direct.status, direct.body)
            assert "set-cookie" not in response.headers
            assert "cookie" not in response.headers.get("vary", "").lower()


@pytest.mark.parametrize("cookie", MALFORMED)
@pytest.mark.parametrize(
    "headers",
    [
        {"address": DETAIL},
        {"address": "/api/v1/entitlements/", "method": "POST", "body": b'{"circumstances": {}}'},
        {"address": "/api/v1/feedback/", "method": "POST", "body": b"{}"},
        {"address": LIST, "method": "OPTIONS"},
        {"address": "/services/", "method": "POST"},
    ],
    ids=str,
)
def test_no_public_response_sets_a_cookie(counting_application, cached, headers, cookie):
    for application in (counting_application.application, cached):
        response = send_request(application, **headers, cookie=cookie)
        assert "set-cookie" not in response.headers
        assert "cookie" not in response.headers.get("vary", "").lower()


@pytest.mark.parametrize(
    "headers",
    [
        {"x_forwarded_for": "10.0.0.1", "x_forwarded_host": "evil.example", "x_forwarded_proto": "https"},
        {"authorization": "Basic eDp5", "user_agent": "<script>", "referer": "https://evil.example/"},
        {"origin": "https://evil.example", "x_http_method_override": "DELETE", "range": "bytes=0-1"},
        {"if_unmodified_since": "Mon, 23 Nov 2026 00:00:00 GMT", "if_range": '"x"', "prefer": "return=minimal"},
    ],
    ids=str,
)
def test_headers_outside_the_key_change_nothing(counting_application, cached, headers):
    direct = send_request(counting_application.application, DETAIL)

    assert same(send_request(cached, DETAIL, **headers), direct)
    assert same(send_request(cached, DETAIL), direct)
    assert counting_application.request_count == 1


def test_a_response_that_sets_a_cookie_is_not_cached(db):
    def careless(environ, start_response):
        headers = [("Content-Type", "text/plain"), ("ETag", '"a"'), ("Cache-Control", "public"), ("Set-Cookie", "a=b")]
        start_response("200 OK", headers)
        return Body([b"x"])

    cached = ResponseCache(careless, max_bytes=MIB)

    assert "set-cookie" not in send_request(cached, LIST).headers
    assert len(cached.store) == 0


class Body(list):
    def close(self):
        pass


# The size of the cache.


def test_memory_is_bounded_and_the_most_recently_used_entries_stay(counting_application):
    small = ResponseCache(counting_application, max_bytes=160_000, poll_seconds=3600)
    fields = itertools.combinations(("code", "number", "name", "name_en", "standard_as_of", "url"), 3)
    addresses = [f"{LIST}?fields={','.join(names)}" for names in fields]

    for address in addresses:
        send_request(small, address)
        send_request(small, DETAIL)
        assert small.store.size <= 160_000

    assert 3 < len(small.store) < len(addresses)
    count = counting_application.request_count
    send_request(small, DETAIL)
    send_request(small, addresses[-1])
    assert counting_application.request_count == count
    send_request(small, addresses[0])
    assert counting_application.request_count == count + 1


def test_long_keys_count_toward_the_size(counting_application):
    small = ResponseCache(counting_application, max_bytes=MIB, poll_seconds=3600)

    for number in range(60):
        send_request(small, f"/api/v1/facts/?lang=en&{'&' * 15_000}{number}=", accept="application/json")
        send_request(small, "/api/v1/domains/", accept=f"application/json;a={'x' * 900}{number}")
        key_size = sum(len(part) for key in small.store for part in key if part)
        assert key_size <= small.store.size <= MIB


def test_evicted_entries_no_longer_count(counting_application):
    small = ResponseCache(counting_application, max_bytes=MIB // 4, poll_seconds=3600)
    for number in range(1, 60):
        send_request(small, f"{LIST}?page_size={number}&fields=code")

    size = sum(len(entry.body[0]) + cache.OVERHEAD for entry in small.store.values())
    assert size < small.store.size < size + 500 * len(small.store)


def test_a_response_too_large_for_the_cache_is_still_sent(counting_application):
    tiny = ResponseCache(counting_application, max_bytes=MIB // 2, poll_seconds=3600)
    tag = send_request(tiny, LIST).headers["etag"]

    assert send_request(tiny, LIST, if_none_match=tag).status == 304
    assert (send_request(tiny, LIST).status, len(tiny.store)) == (200, 0)


def application_of(size: int):
    """Return an application with a public response of so many bytes."""

    def application(environ, start_response):
        start_response("200 OK", [("ETag", '"a"'), ("Cache-Control", "public")])
        return Body([b"x" * size])

    return application


@pytest.mark.parametrize(("size", "count"), [(1000, 1), (1001, 0)])
def test_a_response_takes_at_most_an_eighth_of_the_memory(db, size, count):
    empty = ResponseCache(application_of(0), max_bytes=MIB)
    send_request(empty, LIST)

    cached = ResponseCache(application_of(size), max_bytes=8 * (empty.store.size + 1000))
    send_request(cached, LIST)

    assert len(cached.store) == count


@pytest.mark.parametrize(("length", "status"), [(8192, 200), (8193, 431)])
def test_a_long_cookie_is_refused_for_a_cached_response_too(counting_application, cached, length, status):
    send_request(cached, LIST)

    assert send_request(cached, LIST, cookie="a" * length).status == status
    assert counting_application.request_count == 1


# Random requests.

PARAMETERS = {
    "domain": ["NM-01", "NM-05,NM-07", "NM-99", " NM-05 ", ","],
    "target_group": ["older-65-plus", "nobody"],
    "lead_department": ["civil-affairs", "health-commission,finance"],
    "verification": ["verbatim", "secondary,unverified"],
    "q": ["养老", "養老", "低保", "ylbx", "怎么领补贴", "Health", "  ", "%", "NM-05-01", "\0"],
    "number": ["47", "047", "0"],
    "edition": ["2021", "2023", "3", "2099"],
    "valid_on": ["2022-06-01", "2030-01-01", "1999-01-01", "gestern"],
    "known_at": ["2026-11-23T08:00:00Z", "2020-01-01T00:00:00Z"],
    "ordering": ["name", "-number", "code", "nonsense"],
    "fields": ["code,name", "name,code", "code,,name", "matches"],
    "expand": ["citations"],
    "page": ["1", "2", "01", "0", "x"],
    "page_size": ["5", "500", "501"],
    "facets": ["true", "false"],
    "lang": ["en", "zh-Hant", "zh-Hans", "mn"],
    "nonsense": ["1"],
}
PATHS = [LIST, LIST, LIST, DETAIL, f"{DETAIL}history/", "/api/v1/editions/"]
PATHS += ["/api/v1/domains/", "/services/NM-07-01/", "/services/NM-07-01.md", "/api/v1/changes/", "/api/v1/nowhere/"]
HEADERS = {
    "accept_encoding": ["gzip", "br", "zstd;q=0.5, gzip", "*", "gzip;q=0", "identity, *;q=0", ",;q=x"],
    "accept_language": ["en", "zh-TW,en;q=0.5", "mn", "*"],
    "accept": [
        "application/json",
        "text/html,*/*;q=0.8",
        "text/csv;q=0.1, */*;q=0.5",
        "a;q=x",
        "image/png",
    ],
    "if_none_match": ["*", '"x"', 'W/"x", "y"', "nonsense"],
    "if_match": ["*", '"x"'],
    "cookie": MALFORMED,
    "host": ["localhost", "LOCALHOST", "elsewhere.example"],
}
pairs = st.sampled_from([(name, value) for name, values in PARAMETERS.items() for value in values])
addresses = st.builds(
    lambda path, query: f"{path}?{urlencode(query)}" if query else path,
    st.sampled_from(PATHS),
    st.lists(pairs, max_size=3),
)
headers = st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in HEADERS.items()})


@settings(max_examples=RUNS, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(address=addresses, headers=headers, method=st.sampled_from(["GET", "GET", "GET", "HEAD"]))
def test_every_response_is_the_same_with_and_without_the_cache(counting_application, cached, address, headers, method):
    """``CACHE_RUNS=5000 scripts/test tests/web/test_cache.py`` runs longer."""
    direct = send_request(counting_application.application, address, method=method, **headers)

    for response in (send_request(cached, address, method=method, **headers) for _ in range(2)):
        assert same(direct, response), (direct.status, direct.headers, response.status, response.headers)


def test_a_stored_response_that_has_a_date_answers_if_modified_since(cached, db):
    date = send_request(cached, "/feeds/changes.atom").headers["last-modified"]

    def status(address: str = "/feeds/changes.atom", **headers: str) -> int:
        return send_request(cached, address, **headers).status

    assert status(if_modified_since=date) == 304
    assert status(if_modified_since="Thu, 01 Jan 2099 00:00:00 GMT") == 304
    assert status(if_modified_since="Thu, 01 Jan 1998 00:00:00 GMT") == 200
    assert status(if_modified_since="yesterday") == 200
    # An ETag is exact: the date does not count beside it (RFC 9110, 13.1.3).
    assert status(if_modified_since=date, if_none_match='"other"') == 200
    assert status(LIST, if_modified_since=date) == 200
