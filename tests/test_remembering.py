"""How much is remembered in front of Django: no more than there is room for, and the least recently used goes first."""

import itertools

from catalogue.answers import Answers
from catalogue.lasting import Lasting
from catalogue.remembering import Answer, Memory
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


def test_long_ways_to_ask_take_no_more_room_than_there_is():
    memory = Memory(MIB // 4)
    answer = memory.keep(
        ("key",), Answer([("ETag", '"a"')], b"answer"), question=("asked",), way=Lasting((), False, "")
    )

    for number in range(40):
        said = (f"{number}", "x" * 4000, None)
        memory.shorten(said, answer, "identity")
        held = sum(len(word) for words in memory.shortcuts for word in words if word)
        assert said in memory.shortcuts
        assert held <= memory.size <= MIB // 4 / 16 + 8192

    assert len(memory) == 1


def test_what_was_counted_is_what_goes():
    """Also of forms that were made by several who asked at once, and of questions that lead to one answer."""
    memory = Memory(MIB)
    answer = Answer([("ETag", '"a"'), ("Content-Length", "9")], b"x" * 90_000)
    for question in (("one",), ("other",)):
        memory.keep(("key",), answer, question=question, way=Lasting((), False, ""))
    for name in ("gzip", "br", "gzip"):
        memory.shorten((name,), answer, name)
    memory.forget_shortcuts()

    assert memory.size == answer.size
    assert memory.way(("one",)) == memory.way(("other",))


def test_what_is_too_large_to_keep_is_answered_all_the_same(django_counted):
    tiny = Answers(django_counted, limit=MIB // 2, believed=3600)

    assert ask(tiny, LIST, accept_encoding="gzip").headers["content-encoding"] == "gzip"
    assert (ask(tiny, LIST).status, len(tiny)) == (200, 0)
