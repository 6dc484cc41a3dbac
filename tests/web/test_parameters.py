"""Query parameters as real clients and shared links write them."""

import datetime

import pytest

from catalogue.web.query.parameters import Parameter
from services.faults import InvalidError
from tests.web.test_problems import assert_problem

LIST = "/api/v1/services/"
MOMENT = Parameter("known_at", type=datetime.datetime)
EIGHT = "2026-11-24T08:00:00+00:00"
PAGES = ["/", "/services/", "/services/NM-05-01/", "/services/NM-05-01.md", "/llms.txt", "/id/services/NM-05-01"]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-24T08:00:00Z", EIGHT),
        ("2026-11-24t08:00:00z", EIGHT),
        ("2026-11-24 08:00:00Z", EIGHT),
        ("2026-11-24T16:00:00+08:00", EIGHT),
        ("2026-11-24T16:00:00+0800", EIGHT),  # Python's %z
        ("2026-11-24T16:00:00 08:00", EIGHT),  # a + in a query
        ("2026-11-24T16:00:00 0800", EIGHT),
        ("2026-11-24T03:30:00-0430", EIGHT),
        ("2026-11-24T08:00:00-00:00", EIGHT),
        ("2026-11-24T08:00:00.5Z", "2026-11-24T08:00:00.500000+00:00"),
        ("2026-11-24T08:00:00.123456789Z", "2026-11-24T08:00:00.123456+00:00"),  # Go and Java
        ("2026-11-24T08:00:00.000000000000Z", EIGHT),
        ("2026-11-24T07:59:60Z", EIGHT),  # a leap second
        ("2026-12-31T23:59:60+00:00", "2027-01-01T00:00:00+00:00"),
    ],
)
def test_a_moment_is_read_as_clients_write_it(text, moment):
    assert MOMENT.read([text]).isoformat() == moment


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24T08:00:00",  # without a time zone
        "2026-11-24T08:00Z",
        "2026-11-24T080000Z",
        "2026-11-24T24:00:00Z",
        "2026-11-24T08:60:00Z",
        "2026-11-24T08:00:61Z",
        "2026-11-31T08:00:00Z",
        "2026-11-24T08:00:00.Z",
        "2026-11-24T08:00:00+08:60",
        "2026-11-24T08:00:00+25:00",
        "2026-11-24T08:00:00  08:00",
        "2026-11-24T08:00:00Z ",
        "９026-11-24T08:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:60Z",
        "1764000000",
    ],
)
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(InvalidError, match="2026-11-23T08:00:00Z"):
        MOMENT.read([text])


@pytest.mark.parametrize("sign", ["+", "%2B"])
def test_a_plus_in_a_query_needs_no_escape(client, db, sign):
    answer = client.get(f"{LIST}?known_at=2026-11-24T16:00:00{sign}0800&page_size=1")

    assert answer.json()["edition"]["slug"] == "2026"


@pytest.mark.parametrize(
    "query",
    ["from=singlemessage&isappinstalled=0", "utm_source=x&utm_medium=", "UTM_Source=x", "fbclid=1", "gclid=1&gclid=2"]
    + ["spm=a.b.c", "from=timeline&nsukey=%B9%E3", "bd_vid=1", "hmsr=1"],
)
@pytest.mark.parametrize("path", PAGES)
def test_a_shared_address_answers_as_the_plain_one_does(client, db, path, query):
    plain, shared = client.get(path), client.get(f"{path}?{query}")

    assert (shared.status_code, shared.content) == (plain.status_code, plain.content)
    assert shared.get("Location") == plain.get("Location")
    # Every such address would be another entry of a cache.
    assert "public" in plain["Cache-Control"] and "public" not in shared["Cache-Control"]


def test_a_shared_address_keeps_what_it_asks_for(client, db):
    path = "/services/NM-05-01/?edition=2021"

    assert client.get(f"{path}&utm_source=x").content == client.get(path).content


@pytest.mark.parametrize("path", PAGES)
def test_other_unknown_parameters_of_a_page_are_refused(client, db, path):
    assert client.get(path, {"nonsense": "1"}).status_code == 400


@pytest.mark.parametrize("name", ["from", "utm_source", "fbclid", "spm"])
def test_the_api_stays_strict(client, db, name):
    assert_problem(client.get(LIST, {name: "x"}), 400)


@pytest.mark.parametrize("query", ["q=%FF", "q=%E9%9D", "q=%C0%80", "q=%B9%E3", "domain=%FF", "%FF=1", "q=\udcff"])
@pytest.mark.parametrize("path", [LIST, "/services/"])
def test_a_query_that_is_not_utf_8_is_refused(client, db, path, query):
    assert client.get(path, QUERY_STRING=query.encode("utf-8", "surrogateescape").decode("latin-1")).status_code == 400


@pytest.mark.parametrize("typed", ["民\u00ad政", "民\u200b政", "\ufeff民政", "\u3164民政", "⺠政", "⺠\u2060政\ufe0f"])
def test_a_search_ignores_what_cannot_be_seen_and_reads_radicals(client, db, typed):
    plain, odd = (client.get(LIST, {"q": query, "fields": "code"}).json()["results"] for query in ("民政", typed))

    assert [service["code"] for service in odd] == [service["code"] for service in plain]


@pytest.mark.parametrize("typed", ["\u3164", "\u200b", "\u00ad \u2800"])
def test_a_search_for_nothing_to_be_seen_is_empty(client, db, typed):
    assert assert_problem(client.get(LIST, {"q": typed}), 400)["errors"][0]["code"] == "empty"
