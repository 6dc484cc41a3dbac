"""The committed synonyms: unique words, at least two for every service, each with the right services."""

import json
import unicodedata
from functools import cache

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from services.models import Service, Synonym, SynonymTarget
from services.sources import Source
from tests.conftest import FIXTURES
from tests.data.test_seeds import fold as unbroken

PROMISED = {"低保": "NM-07-01", "五保": "NM-07-02", "新农合": "NM-04-14", "廉租房": "NM-06-01"}


@cache
def terms() -> list[dict]:
    return json.loads((FIXTURES / "vocabularies" / "synonyms.json").read_text())["terms"]


@cache
def names() -> dict[str, str]:
    edition = json.loads((FIXTURES / "editions" / "2026.json").read_text())
    return {entry["code"]: entry["name"] for entry in edition["services"]}


def fold(word: str) -> str:
    return unicodedata.normalize("NFKC", word).casefold()


def test_every_service_has_at_least_two_words():
    word_counts = dict.fromkeys(names(), 0)

    for term in terms():
        for code in term["services"]:
            word_counts[code] += 1

    assert {code: count for code, count in word_counts.items() if count < 2} == {}


def test_no_two_words_are_equal_after_folding():
    folded = [fold(term["word"]) for term in terms()]

    assert len(folded) >= 200
    assert [word for word in set(folded) if folded.count(word) > 1] == []


def test_no_word_is_the_official_name_of_a_service():
    assert {fold(term["word"]) for term in terms()} & {fold(name) for name in names().values()} == set()


def test_a_word_within_an_official_name_stands_for_that_service_too():
    """Otherwise a query for a part of that name would rank other services first."""
    missing = [
        (term["word"], name)
        for term in terms()
        for code, name in names().items()
        if fold(term["word"]) in fold(name) and code not in term["services"]
    ]

    assert missing == []


def test_a_quoted_word_occurs_in_its_quote():
    quoted = [term for term in terms() if term["citation"]["quote"]]

    assert len(quoted) > 20
    assert [term["word"] for term in quoted if term["word"] not in unbroken(term["citation"]["quote"])] == []


def test_synonyms_assigned_by_the_editors_are_unverified():
    labels = {term["citation"]["verification"] for term in terms() if term["citation"]["source"] == "editors"}

    assert labels == {"unverified"}


@pytest.mark.parametrize(("word", "code"), PROMISED.items())
def test_the_promised_words_stand_for_the_promised_services(db, word, code):
    assert Synonym.objects.filter(word=word).pairs().first() == (word, code)


def test_all_pairs_are_read_in_one_query_by_word_and_position(db):
    with CaptureQueriesContext(connection) as queries:
        pairs = list(Synonym.objects.pairs())

    codes_by_word: dict[str, list[str]] = {}
    for word, code in pairs:
        codes_by_word.setdefault(word, []).append(code)
    assert len(queries) == 1
    assert codes_by_word == {term["word"]: term["services"] for term in terms()}


def test_services_with_equal_positions_are_in_order_of_entry(db):
    synonym = Synonym.objects.create(word="新词", source=Source.objects.get(code="editors"), verification="unverified")
    for code in ("NM-09-01", "NM-01-01"):
        SynonymTarget.objects.create(synonym=synonym, service=Service.objects.get(code=code))

    assert [code for _, code in Synonym.objects.filter(word="新词").pairs()] == ["NM-09-01", "NM-01-01"]


def test_the_database_refuses_a_duplicate_word_or_target(db):
    synonym = Synonym.objects.get(word="TB")

    with pytest.raises(IntegrityError), transaction.atomic():
        Synonym.objects.create(word="tb", source=synonym.source, verification="unverified")
    with pytest.raises(IntegrityError), transaction.atomic():
        SynonymTarget.objects.create(synonym=synonym, service=synonym.targets.first().service)
