"""Typical queries and their expected results (``queries.json``), over the edition in force."""

import json
from pathlib import Path

import pytest

from catalogue.editions.public import published
from catalogue.models import Edition
from services.models import Department, Service, Synonym, SynonymTarget
from services.sources import Source
from services.text import chinese

HERE = Path(__file__).resolve().parent
QUERIES = json.loads((HERE / "queries.json").read_text())
READINGS = json.loads((HERE / "readings.json").read_text())
# The share of all queries whose first result must be right.
FIRST_RIGHT = 0.95
PROMISED = [("低保", "NM-07-01"), ("五保", "NM-07-02"), ("新农合", "NM-04-14"), ("廉租房", "NM-06-01")]


@pytest.fixture
def found(db):
    edition = Edition.objects.get(slug="2026")
    return lambda query: [result.code for result in published.get_published(edition).search(query)]


def test_there_are_enough_queries_and_kinds_of_query():
    assert sum(map(len, QUERIES.values())) >= 120
    assert len(QUERIES) >= 10


def test_the_first_result_is_right_and_the_first_five_contain_all_expected_ones(found):
    queries = [row for rows in QUERIES.values() for row in rows]
    results = {query: found(query) for query, _, _ in queries}

    wrong = [query for query, first, _ in queries if not results[query] or first and results[query][0] not in first]
    missing = {query: expected for query, _, expected in queries if not set(expected) <= set(results[query][:5])}

    assert missing == {}
    assert len(wrong) <= (1 - FIRST_RIGHT) * len(queries), wrong


@pytest.mark.parametrize(("query", "code"), PROMISED)
def test_the_services_promised_in_the_contract_come_first(found, query, code):
    assert found(query)[0] == code


@pytest.mark.parametrize("word", READINGS)
def test_a_name_has_its_checked_reading(word):
    assert chinese.syllables(word) == READINGS[word]


def test_every_name_in_the_list_has_a_checked_reading(db):
    names = {document["name"] for document in Edition.objects.get(slug="2026").documents()}

    assert names <= set(READINGS)


def test_a_change_of_another_vocabulary_does_not_rebuild_the_index(found, db, django_assert_num_queries):
    found("低保")

    Department.objects.filter(code="finance").update(note="另一个说明")

    # Two queries for the revision and the synonyms; a new index would also read the pinyin of names.
    with django_assert_num_queries(2):
        assert found("低保")[0] == "NM-07-01"


def test_a_new_synonym_is_found_at_once(found, db):
    assert found("麒麟饭") == []
    word = Synonym.objects.create(word="麒麟饭", source=Source.objects.get(code="editors"), verification="unverified")
    SynonymTarget.objects.create(synonym=word, service=Service.objects.get(code="NM-07-04"))

    assert found("麒麟饭") == ["NM-07-04"]
