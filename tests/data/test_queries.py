"""What people search, and what they should find: the kept set of queries, over the edition in force."""

import json
from pathlib import Path

import pytest

from catalogue.editions import published
from catalogue.models import Edition
from services import chinese
from services.models import Department, Service, Source, Synonym, SynonymTarget

HERE = Path(__file__).resolve().parent
QUERIES = json.loads((HERE / "queries.json").read_text())
READINGS = json.loads((HERE / "readings.json").read_text())
# Of all queries, the share whose first hit is right.
FIRST_RIGHT = 0.95
PROMISED = [("低保", "NM-07-01"), ("五保", "NM-07-02"), ("新农合", "NM-04-14"), ("廉租房", "NM-06-01")]


@pytest.fixture
def found(db):
    edition = Edition.objects.get(slug="2026")
    return lambda query: [each.code for each in published.get(edition).search(query)]


def test_the_set_is_large_enough():
    assert sum(map(len, QUERIES.values())) >= 120
    assert len(QUERIES) >= 10


def test_the_first_hit_is_right_and_what_is_meant_is_among_the_first_five(found):
    asked = [row for rows in QUERIES.values() for row in rows]
    answers = {query: found(query) for query, _, _ in asked}

    wrong = [query for query, first, _ in asked if not answers[query] or first and answers[query][0] not in first]
    missing = {query: five for query, _, five in asked if not set(five) <= set(answers[query][:5])}

    assert missing == {}
    assert len(wrong) <= (1 - FIRST_RIGHT) * len(asked), wrong


@pytest.mark.parametrize(("query", "code"), PROMISED)
def test_what_the_contract_promises_comes_first(found, query, code):
    assert found(query)[0] == code


@pytest.mark.parametrize("word", READINGS)
def test_a_name_is_read_right(word):
    assert chinese.syllables(word) == READINGS[word]


def test_every_name_on_the_list_was_checked(db):
    names = {document["name"] for document in Edition.objects.get(slug="2026").documents()}

    assert names <= set(READINGS)


def test_a_change_of_another_vocabulary_makes_no_new_index(found, db, django_assert_num_queries):
    found("低保")

    Department.objects.filter(code="finance").update(note="另一个说明")

    # The revision and the synonyms are read; a new index would read how names are spoken.
    with django_assert_num_queries(2):
        assert found("低保")[0] == "NM-07-01"


def test_a_synonym_that_is_added_is_found_at_once(found, db):
    assert found("麒麟饭") == []
    word = Synonym.objects.create(word="麒麟饭", source=Source.objects.get(code="editors"), verification="unverified")
    SynonymTarget.objects.create(synonym=word, service=Service.objects.get(code="NM-07-04"))

    assert found("麒麟饭") == ["NM-07-04"]
