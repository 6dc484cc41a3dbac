"""What is ready before anybody asks, and how names are read without keeping the dictionary."""

import sys
from collections.abc import Iterator

import pytest
from django.core.wsgi import get_wsgi_application

from catalogue import finding, listing, warming
from catalogue.answers import Answers
from catalogue.models import Edition
from services import hanzi
from services.models import Reading, Synonym
from tests.asking import ask
from tests.loopback import one_connection
from tests.stating import state


@pytest.fixture
def ready(db) -> Iterator[Answers]:
    with one_connection():
        found = Answers(get_wsgi_application(), limit=64 * 1024 * 1024, believed=3600)
        found.ready("http://testserver", warming.addresses())
        yield found


def test_the_edition_in_force_is_ready(ready, django_assert_num_queries):
    made = ready.counted()["made"]
    codes = listing.listing(Edition.objects.get(slug="2026")).codes
    addresses = ["/api/v1/services/", "/api/v1/editions/", "/api/v1/editions/2026/content/", "/llms.txt"]
    addresses += [f"/api/v1/{name}/" for name in ("domains", "departments", "target-groups", "sources", "indicators")]
    addresses += [f"/api/v1/services/{code}/" for code in codes] + [f"/services/{code}/" for code in codes]

    with django_assert_num_queries(0):
        for address in addresses:
            for coding in ("identity", "gzip", "br"):
                assert ask(ready, address, accept_encoding=coding).status == 200
    assert ready.counted()["made"] == made == len(list(warming.addresses()))


HERE = "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("said", "roots"),
    [
        ({}, [HERE]),
        ({"PUBLIC_URL": "https://fw.example.cn"}, ["https://fw.example.cn"]),
        ({"PUBLIC_URL": "https://elsewhere.cn"}, [HERE]),  # answered by nobody here
        ({"SECURE_SSL_REDIRECT": True}, ["https://fw.example.cn", "https://www.example.cn"]),
        ({"SECURE_SSL_REDIRECT": True, "ALLOWED_HOSTS": [".example.cn"]}, []),
        ({"SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"), "ALLOWED_HOSTS": ["*"]}, []),
    ],
)
def test_whom_it_is_made_ready_for(settings, said, roots):
    settings.ALLOWED_HOSTS = ["fw.example.cn", ".example.cn", "www.example.cn", "third.example.cn"]
    for name, value in said.items():
        setattr(settings, name, value)

    assert warming.roots(HERE) == roots


def test_behind_a_proxy_the_scheme_is_what_it_says(db, settings):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    with one_connection():
        ready = Answers(get_wsgi_application(), limit=64 * 1024 * 1024, believed=3600)
        ready.ready("https://testserver", ["/api/v1/services/NM-05-01/"])

        secure = ask(ready, "/api/v1/services/NM-05-01/", x_forwarded_proto="https")
        plain = ask(ready, "/api/v1/services/NM-05-01/")

    assert b'"url":"https://testserver/' in secure.body
    assert b'"url":"http://testserver/' in plain.body
    assert ready.counted()["made"] == 2


def test_without_an_edition_the_vocabularies_are_ready(empty_catalogue):
    addresses = list(warming.addresses())

    assert len(addresses) == len(warming.VOCABULARIES)


def test_names_are_read_once(db):
    assert finding.is_read() is False
    words = Synonym.objects.count()

    new = finding.read_aloud()

    assert new > words
    assert finding.is_read()
    assert finding.read_aloud() == 0
    assert finding.readings()["老年人健康管理"] == ["lao", "nian", "ren", "jian", "kang", "guan", "li"]


def test_what_another_dictionary_read_goes(db):
    Reading.objects.create(text="养老", syllables="yang3 lao3", read_by="another 1.0")
    assert not finding.is_read()

    finding.read_aloud()

    assert not Reading.objects.filter(read_by="another 1.0").exists()


def test_a_name_that_nobody_has_read_yet_is_found_all_the_same(make_edition):
    finding.read_aloud()
    edition = make_edition("new", entries=[state() | {"name": "喀喇沁旗蒙古包补贴"}])

    assert [found.code for found in finding.search(edition, "menggubao")]


def test_the_dictionary_is_asked_in_a_process_of_its_own(monkeypatch):
    texts = ["养老", "调档案", "ABC", "一卡通"]
    known = [hanzi.syllables(text) for text in texts]
    monkeypatch.delitem(sys.modules, "pypinyin", raising=False)

    assert hanzi.read(texts) == dict(zip(texts, known, strict=True))
    assert "pypinyin" not in sys.modules
