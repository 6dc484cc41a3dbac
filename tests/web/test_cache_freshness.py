"""When the response cache is dropped: after a change of public data, and when the day ends."""

import datetime
import time
from urllib.parse import urlencode

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from catalogue.web.cache import ResponseCache
from services.models import Department, Service, Synonym, SynonymTarget
from services.sources import Source
from tests.support.entries import make_entry
from tests.support.wsgi import send_request
from tests.web.test_cache import DETAIL, LIST, MIB, same


def rename_department():
    Department.objects.filter(code="finance").update(name="新的名称")


def add_synonym():
    word = Synonym.objects.create(word="麒麟饭", source=Source.objects.get(code="editors"), verification="unverified")
    SynonymTarget.objects.create(synonym=word, service=Service.objects.get(code="NM-07-04"))


@pytest.mark.parametrize(
    ("change", "address"),
    [(rename_department, "/api/v1/departments/finance/"), (add_synonym, f"{LIST}?{urlencode({'q': '麒麟饭'})}")],
)
def test_a_change_of_the_vocabularies_shows_at_the_next_poll(polling_cache, change, address):
    before = send_request(polling_cache, address)
    change()

    assert send_request(polling_cache, address).body != before.body


def test_a_publication_shows_at_the_next_poll(polling_cache, make_edition):
    addresses = [LIST, "/api/v1/", "/api/v1/editions/", "/api/v1/domains/", f"{LIST}?valid_on=2030-01-01", "/llms.txt"]
    addresses += ["/feeds/changes.atom", "/api/v1/changes/"]
    before = [send_request(polling_cache, address) for address in addresses]
    unchanged = send_request(polling_cache, f"{LIST}?edition=2026")

    make_edition("2026-2", "2026-11-10", entries=[make_entry()])

    for address, response in zip(addresses, before, strict=True):
        assert send_request(polling_cache, address).body != response.body
    assert same(send_request(polling_cache, f"{LIST}?edition=2026"), unchanged)


def test_a_draft_drops_nothing(counting_application, polling_cache, make_edition):
    send_request(polling_cache, LIST)
    make_edition("draft", "2027-01-01", at=None)
    send_request(polling_cache, LIST)

    assert counting_application.request_count == 1


def test_a_response_made_before_a_change_is_not_cached_after_it(counting_application):
    """Another request sees the change before this response is complete."""

    def slow(environ, start_response):
        response = counting_application(environ, start_response)
        if environ["PATH_INFO"] == "/api/v1/departments/finance/" and counting_application.request_count == 1:
            rename_department()
            send_request(cached, LIST)
        return response

    cached = ResponseCache(slow, max_bytes=64 * MIB, poll_seconds=0)
    send_request(cached, "/api/v1/departments/finance/")

    assert "新的名称" in send_request(cached, "/api/v1/departments/finance/").body.decode()


def test_a_change_shows_within_a_second(counting_application, monkeypatch):
    cached = ResponseCache(counting_application, max_bytes=64 * MIB)
    before = send_request(cached, "/api/v1/departments/finance/")
    rename_department()
    later = time.time() + 1
    monkeypatch.setattr("catalogue.web.cache.time.time", lambda: later)

    assert send_request(cached, "/api/v1/departments/finance/").body != before.body


def test_the_revision_is_read_at_most_twice_a_second(counting_application, monkeypatch, django_assert_num_queries):
    clock = [time.time()]
    monkeypatch.setattr("catalogue.web.cache.time.time", lambda: clock[0])
    cached = ResponseCache(counting_application, max_bytes=64 * MIB)
    send_request(cached, LIST)

    for step, reads in [(0.49, 0), (0.02, 1), (0.49, 0), (-0.98, 0), (-0.02, 1)]:  # a clock may be set back
        clock[0] += step
        with django_assert_num_queries(reads):
            send_request(cached, LIST)


def test_midnight_drops_the_cache_without_a_query(counting_application, cached, make_edition, monkeypatch):
    make_edition("tomorrow", "2026-11-24", entries=[make_entry()])
    clock = [datetime.datetime.fromisoformat("2026-11-23T23:59:59.9+08:00")]
    monkeypatch.setattr(timezone, "now", lambda: clock[0])
    monkeypatch.setattr("catalogue.web.cache.time.time", lambda: clock[0].timestamp())
    today = send_request(cached, LIST)
    assert same(send_request(cached, LIST), today)

    clock[0] += datetime.timedelta(seconds=0.2)
    tomorrow = send_request(cached, LIST)

    assert b'"slug":"2026"' in today.body
    assert b'"slug":"tomorrow"' in tomorrow.body
    assert counting_application.request_count == 2


def test_a_clock_set_back_to_the_day_before_drops_the_cache(cached, make_edition, monkeypatch):
    make_edition("tomorrow", "2026-11-24", entries=[make_entry()])
    clock = [datetime.datetime.fromisoformat("2026-11-24T00:30:00+08:00")]
    monkeypatch.setattr(timezone, "now", lambda: clock[0])
    monkeypatch.setattr("catalogue.web.cache.time.time", lambda: clock[0].timestamp())
    send_request(cached, LIST)

    clock[0] -= datetime.timedelta(hours=2)

    assert b'"slug":"2026"' in send_request(cached, LIST).body


def test_a_lost_database_leaves_the_cache_in_use(polling_cache):
    def lost(*_):
        raise OperationalError("gone")

    before = send_request(polling_cache, LIST)
    with connection.execute_wrapper(lost):
        assert same(send_request(polling_cache, LIST), before)
        assert send_request(polling_cache, DETAIL).status == 503
        assert send_request(polling_cache, "/healthz").status == 200
