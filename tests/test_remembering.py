"""How much is remembered in front of Django: no more than there is room for, and the least recently used goes first."""

import itertools

import pytest

from catalogue.answers import Answers
from tests.asking import ask

MIB = 1024 * 1024
LIST = "/api/v1/services/"
DETAIL = f"{LIST}NM-05-01/"


def test_memory_is_bounded_and_what_was_used_last_stays(django_counted):
    small = Answers(django_counted, limit=MIB // 8, believed=3600)
    fields = itertools.combinations(("code", "number", "name", "standard_as_of", "url"), 3)
    questions = [f"{LIST}?fields={','.join(names)}" for names in fields]

    for question in questions:
        ask(small, question)
        ask(small, DETAIL)
        assert small.size <= MIB // 8

    assert 3 < len(small) < len(questions)
    asked = django_counted.asked
    ask(small, DETAIL)
    ask(small, questions[-1])
    assert django_counted.asked == asked
    ask(small, questions[0])
    assert django_counted.asked == asked + 1


@pytest.mark.parametrize("header", ["accept", "accept_language", "accept_encoding"])
def test_long_ways_to_ask_take_no_more_room_than_there_is(django_counted, header):
    small = Answers(django_counted, limit=MIB // 4, believed=3600)

    for number in range(40):
        ask(small, DETAIL, **{header: f"{'x' * 4000}{number}, *;q=0.1, */*;q=0.1"})
        assert small.size <= MIB // 4

    assert (len(small), django_counted.asked) == (1, 1)


def test_what_is_too_large_to_keep_is_answered_all_the_same(django_counted):
    tiny = Answers(django_counted, limit=MIB // 2, believed=3600)

    assert ask(tiny, LIST, accept_encoding="gzip").headers["content-encoding"] == "gzip"
    assert (ask(tiny, LIST).status, len(tiny)) == (200, 0)
