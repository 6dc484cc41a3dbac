"""What changed between two editions, field by field."""

import json

import pytest

from catalogue.editions.diff import COMPARED_FIELDS, changes, compare

PLAN = {"code": "seed-plan", "title": "规划", "document_number": "内政办发〔2021〕70号"}
PAPER = {"code": "newspaper", "title": "内蒙古日报", "document_number": None}


def cited(field: str, source: dict) -> dict:
    return {"field": field, "source": source, "quote": None}


def document(code: str = "NM-07-01", **changes: object) -> dict:
    return {"code": code, "number": 54, "name": "最低生活保障", "citations": [cited("name", PLAN)]} | changes


def test_nothing_changed():
    assert compare(document(), document()) is None


def test_a_changed_field_is_named_with_before_and_after():
    before = document(standard=None)
    after = document(standard="每人每月840元", citations=[cited("name", PLAN), cited("standard", PAPER)])

    assert compare(before, after) == {
        "kind": "changed",
        "fields": [
            {"field": "standard", "before": None, "after": "每人每月840元"},
            {"field": "citations", "before": [], "after": [cited("standard", PAPER)]},
        ],
        "document": PAPER,
    }


def test_a_new_service_is_there_by_the_document_that_names_it():
    after = document(citations=[cited("name", PLAN), cited("standard", PAPER)])

    compared = compare(None, after)

    assert (compared["kind"], compared["document"]) == ("added", PLAN)
    assert {"field": "name", "before": None, "after": "最低生活保障"} in compared["fields"]


def test_a_withdrawn_service_is_named_with_what_it_was():
    compared = compare(document(), None)

    assert (compared["kind"], compared["document"]) == ("withdrawn", None)
    assert {"field": "name", "before": "最低生活保障", "after": None} in compared["fields"]


def test_several_new_documents_are_no_one_document():
    after = document(name="低保", citations=[cited("name", PAPER), cited("standard", PLAN)])

    assert compare(document(citations=[]), after)["document"] is None


def test_a_citation_alone_is_a_change_too():
    compared = compare(document(), document(citations=[cited("name", PAPER)]))

    assert [field["field"] for field in compared["fields"]] == ["citations"]


@pytest.mark.parametrize("order", [1, -1])
def test_changes_come_in_the_order_of_the_newer_edition_and_withdrawals_last(order):
    before = [document("NM-01-01"), document("NM-01-02")][::order]
    after = [document("NM-01-03"), document("NM-01-02", name="改名")]

    assert [(found["code"], change["kind"]) for found, change in changes(before, after)] == [
        ("NM-01-03", "added"),
        ("NM-01-02", "changed"),
        ("NM-01-01", "withdrawn"),
    ]


def test_nothing_an_entry_says_is_left_out_of_the_comparison(published_entry):
    assert {*COMPARED_FIELDS, "code", "citations"} == set(json.loads(published_entry.canonical_json))
