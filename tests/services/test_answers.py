"""Answers to facts as people write them."""

import time

import pytest

from services.eligibility.answers import parse_answer
from services.eligibility.facts import CHOICES, VOCABULARY

FACT = next(fact for fact in VOCABULARY if fact.type == CHOICES)


def test_every_label_and_code_of_a_fact_is_read():
    for fact in VOCABULARY:
        for code, label in fact.choices.items():
            expected = [code] if fact.type == CHOICES else code
            assert parse_answer(fact, label) == parse_answer(fact, f" {code} ") == expected


def test_all_labels_together_are_read_in_their_order():
    choices = {code: label for code, label in FACT.choices.items() if code not in FACT.exclusive}

    assert parse_answer(FACT, "、".join(choices.values())) == list(choices)


def test_a_cell_full_of_labels_is_refused_at_once():
    text = "、".join([next(iter(FACT.choices.values()))] * 5_000)
    started = time.perf_counter()

    with pytest.raises(ValueError, match="重复"):
        parse_answer(FACT, text)

    # Compared with every combination of its pieces it took more than a minute.
    assert time.perf_counter() - started < 2
