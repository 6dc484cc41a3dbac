"""The Atom feed: valid by RFC 4287, in people's words, the same on every host, and cheap to poll."""

import datetime
import gzip
from email.utils import format_datetime, parsedate_to_datetime
from xml.etree import ElementTree

import pytest

from catalogue.models import Edition
from tests.support.entries import make_entry

FEED = "/feeds/changes.atom"
ATOM = "{http://www.w3.org/2005/Atom}"
NEXT_DAY = datetime.timedelta(days=1)


def parse(client, path: str = FEED, **extra: str) -> ElementTree.Element:
    response = client.get(path, **extra)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
    return ElementTree.fromstring(response.content)  # noqa: S314 - our own


def texts(element: ElementTree.Element, path: str) -> list[str]:
    return [found.text for found in element.findall("/".join(f"{ATOM}{name}" for name in path.split("/")))]


def test_the_feed_has_what_rfc_4287_demands(client, db):
    feed = parse(client)

    for name in ("id", "title", "updated", "author/name"):  # 4.1.1
        assert len(texts(feed, name)) == 1, name
    for entry in feed.findall(f"{ATOM}entry"):  # 4.1.2
        for name in ("id", "title", "updated", "summary"):
            assert len(texts(entry, name)) == 1, name
    ids = texts(feed, "entry/id")
    assert len(set(ids)) == len(ids) == 200
    assert texts(feed, "updated") == [max(texts(feed, "entry/updated"))]


def test_no_id_depends_on_the_host(client, db):
    here, there = parse(client), parse(client, headers={"host": "localhost:8000"})

    for path in ("id", "entry/id"):
        assert texts(here, path) == texts(there, path)


def test_a_feed_of_other_changes_has_another_id(client, db):
    paths = [FEED, f"{FEED}?substance=true", f"{FEED}?substance=false", f"{FEED}?domain=NM-05"]

    assert len({texts(parse(client, path), "id")[0] for path in paths}) == len(paths)


def test_every_link_leads_to_a_page_that_is_there(client, db):
    feed = parse(client)
    links = [link.attrib["href"] for link in feed.findall(f"{ATOM}entry/{ATOM}link")]

    for link in {*links[::40], feed.find(f"{ATOM}link").attrib["href"]}:
        page = client.get(link.removeprefix("http://testserver"), headers={"Accept": "text/html"})
        assert (page.status_code, page["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert links[0].endswith("?edition=2026")


def test_a_withdrawn_service_links_to_its_last_page(client, make_edition):
    make_edition("small")
    entry = next(
        entry
        for entry in parse(client).findall(f"{ATOM}entry")
        if entry.find(f"{ATOM}title").text.startswith("服务项目取消：")
    )

    page = client.get(entry.find(f"{ATOM}link").attrib["href"].removeprefix("http://testserver"))

    assert page.status_code == 200
    assert "取消" in page.content.decode()


def test_an_entry_says_what_changed_in_peoples_words(client, db):
    entries = parse(client, f"{FEED}?service=NM-07-01").findall(f"{ATOM}entry")
    titles = [entry.find(f"{ATOM}title").text for entry in entries]
    summaries = [entry.find(f"{ATOM}summary").text for entry in entries]

    assert "服务项目调整：最低生活保障（版本 2023）" in titles
    assert titles[-1] == "服务项目新增：最低生活保障（版本 2021）"
    assert any("变化的字段：" in summary and "服务标准、" in summary for summary in summaries)
    assert all("standard" not in summary and "核实情况" not in summary for summary in summaries)


def test_bookkeeping_is_told_from_changes_of_services(client, db):
    substance = texts(parse(client, f"{FEED}?substance=true"), "entry/title")
    bookkeeping = texts(parse(client, f"{FEED}?substance=false"), "entry/title")

    assert bookkeeping
    assert all(title.startswith("资料整理（服务本身未变）：") for title in bookkeeping)
    assert {title.split("：")[0] for title in substance} == {"服务项目新增", "服务项目调整"}


def test_text_is_text_and_no_markup(client, empty_catalogue, make_edition):
    make_edition("first", entries=[make_entry(name="家庭人均收入<低保标准且财产>规定&amp;")])

    entry = parse(client, f"{FEED}?service=NM-05-01").find(f"{ATOM}entry")

    assert entry.find(f"{ATOM}title").text == "服务项目新增：家庭人均收入<低保标准且财产>规定&amp;（版本 first）"
    assert entry.find(f"{ATOM}title").attrib.get("type", "text") == "text"
    assert entry.find(f"{ATOM}summary").attrib["type"] == "text"


def test_a_feed_without_changes_is_a_feed(client, empty_catalogue):
    path = f"{FEED}?substance=true"  # the editions that decide are gone
    first, again = client.get(path), client.get(path)

    assert parse(client, path).findall(f"{ATOM}entry") == []
    assert first.content == again.content, "no time of the request is in it"
    assert not Edition.objects.exists()


def test_a_reader_that_polls_gets_304(client, db):
    first = client.get(FEED)
    changed = parsedate_to_datetime(first["Last-Modified"])

    def status(since: datetime.datetime, **headers: str) -> int:
        headers |= {"If-Modified-Since": format_datetime(since, usegmt=True)}
        return client.get(FEED, headers=headers).status_code

    assert client.get(FEED, headers={"If-None-Match": first["ETag"]}).status_code == 304
    assert status(changed) == status(changed + NEXT_DAY) == 304
    assert status(changed - NEXT_DAY) == 200
    assert client.get(FEED, headers={"If-Modified-Since": "yesterday"}).status_code == 200
    # An ETag is exact: the date does not count beside it (RFC 9110, 13.1.3).
    assert status(changed, **{"If-None-Match": '"other"'}) == 200


def test_the_feed_is_compressed_and_may_be_read_from_any_site(client, db):
    plain, small = client.get(FEED), client.get(FEED, headers={"Accept-Encoding": "gzip"})

    assert gzip.decompress(small.content) == plain.content
    assert len(small.content) < len(plain.content) / 4
    assert plain["Access-Control-Allow-Origin"] == "*"
    assert plain["Cache-Control"] == "public, no-cache"


@pytest.mark.parametrize("path", ["/", "/services/", "/services/NM-05-01/", "/services/NM-99-99/"])
def test_pages_name_the_feed(client, db, path):
    page = client.get(path).content.decode()

    assert f'<link rel="alternate" type="application/atom+xml" title="变更" href="{FEED}">' in page


def test_only_reading_is_possible(client, db):
    assert client.post(FEED).status_code == 405
