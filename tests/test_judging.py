"""The short way to what a person is entitled to: the very answer of the view, and as little kept of who asked."""

import gc
import json
import secrets

import pytest

from catalogue.answers import Answers
from services.examples import PERSONS
from tests.asking import Told, ask
from tests.stating import state

PATH = "/api/v1/entitlements/"
EXAMPLE = {"age": 70, "residence": "rural", "months_resident": 240, "household": ["dibao"]}


@pytest.fixture
def answers(django_counted) -> Answers:
    """Answers that were asked once, so that they know the headers."""
    found = Answers(django_counted, limit=1024 * 1024, believed=3600)
    judge(found, EXAMPLE)
    django_counted.asked = 0
    return found


def judge(application, circumstances: object, **said: str) -> Told:
    return ask(application, PATH, method="POST", body=json.dumps({"circumstances": circumstances}).encode(), **said)


def same(one: Told, other: Told) -> bool:
    headers = [{name: value for name, value in told.headers.items() if name != "x-request-id"} for told in (one, other)]
    return (one.status, one.body, headers[0]) == (other.status, other.body, headers[1])


@pytest.mark.parametrize("language", ["zh-CN", "en", "zh-TW"])
def test_it_answers_what_the_view_answers(django_counted, answers, language):
    judge(answers, EXAMPLE, accept_language=language)
    django_counted.asked = 0

    for circumstances in ({}, EXAMPLE, *(dict(person.circumstances) for person in PERSONS)):
        direct = judge(django_counted.application, circumstances, accept_language=language)
        assert same(judge(answers, circumstances, accept_language=language), direct)
        assert (direct.status, direct.headers["cache-control"]) == (200, "no-store")
    assert django_counted.asked == 0


def test_it_asks_no_database(answers, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert json.loads(judge(answers, EXAMPLE).body)["counts"]["eligible"]


@pytest.mark.parametrize(
    "said",
    [
        {"body": b'{"circumstances": {"age": 70}, "valid_on": "2022-06-01"}'},
        {"body": b'{"circumstances": {"age": 70}, "edition": "2021"}'},
        {"body": b'{"circumstances": {"age": -1}}'},
        {"body": b'{"circumstances": {"age": 70, "nonsense": 1}}'},
        {"body": b'{"circumstances": {"age": 70, "age": 71}}'},
        {"body": b'{"circumstances": {"age": NaN}}'},
        {"body": b'{"circumstances": []}'},
        {"body": b"[]"},
        {"body": b"{"},
        {"body": b""},
        {"body": b"\xff"},
        {"body": b"[" * 60_000},
        {"body": b'{"circumstances": {}}' + b" " * 65_536},
        {"body": b'{"circumstances": {}}', "content_type": "text/plain"},
        {"body": b'{"circumstances": {}}', "content_type": "application/json; charset=gbk"},
        {"body": b'{"circumstances": {}}', "accept": "text/html"},
        {"body": b'{"circumstances": {}}', "host": "elsewhere.example"},
        {"body": b'{"circumstances": {}}', "address": f"{PATH}?outcome=eligible"},
        {"body": b'{"circumstances": {}}', "address": f"{PATH}?age=70"},
        {"body": b'{"circumstances": {}}', "address": PATH[:-1]},
    ],
    ids=str,
)
def test_whatever_is_unusual_is_left_to_the_view(django_counted, answers, said):
    address = said.pop("address", PATH)
    direct = ask(django_counted.application, address, method="POST", **said)

    assert same(ask(answers, address, method="POST", **said), direct)
    assert django_counted.asked == 1


def test_a_new_edition_is_judged_by_at_the_next_look(django_counted, make_edition):
    looking = Answers(django_counted, limit=0, believed=0)
    judge(looking, EXAMPLE)
    make_edition("small", "2026-11-02", entries=[state()])

    told = json.loads(judge(looking, EXAMPLE).body)

    assert (told["edition"]["slug"], len(told["results"]), django_counted.asked) == ("small", 1, 1)


def test_nothing_of_who_asked_is_kept(answers):
    """A number that was said is in no text that is left once the answer is sent."""
    number = secrets.randbelow(8000) + 1000
    said = str(number).encode()
    assert b'"given":' + said in judge(answers, {"months_resident": number}).body

    gc.collect()
    left = [each for each in gc.get_objects() if type(each) in (dict, list, tuple)]
    held = [value for each in left for value in (list(each.values()) if type(each) is dict else each)]
    assert not [value for value in held if type(value) in (bytes, str) and f'"given":{number}' in str(value)]
    assert str(number) not in str(answers._short_way._headers)
