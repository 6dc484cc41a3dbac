"""Differences between two editions, field by field."""

import json

import pytest

from catalogue.editions.diff import COMPARED_FIELDS, changes, compare, is_substance, substantial

PLAN = {"code": "seed-plan", "title": "规划", "document_number": "内政办发〔2021〕70号"}
PAPER = {"code": "newspaper", "title": "内蒙古日报", "document_number": None}


def make_citation(field: str, source: dict) -> dict:
    return {"field": field, "source": source, "quote": None}


def document(code: str = "NM-07-01", **changes: object) -> dict:
    return {"code": code, "number": 54, "name": "最低生活保障", "citations": [make_citation("name", PLAN)]} | changes


def test_equal_documents_have_no_comparison():
    assert compare(document(target_groups=["orphans"]), document(target_groups=["orphans"])) is None


def test_a_changed_field_has_before_and_after():
    before = document(standard=None)
    after = document(
        standard="每人每月840元", citations=[make_citation("name", PLAN), make_citation("standard", PAPER)]
    )

    assert compare(before, after) == {
        "kind": "changed",
        "fields": [
            {"field": "standard", "before": None, "after": "每人每月840元"},
            {"field": "citations", "before": [], "after": [make_citation("standard", PAPER)]},
        ],
        "document": PAPER,
    }


def test_the_document_of_a_new_service_is_the_source_of_its_name():
    after = document(citations=[make_citation("name", PLAN), make_citation("standard", PAPER)])

    comparison = compare(None, after)

    assert (comparison["kind"], comparison["document"]) == ("added", PLAN)
    assert {"field": "name", "before": None, "after": "最低生活保障"} in comparison["fields"]


def test_a_withdrawn_service_has_its_last_values():
    comparison = compare(document(), None)

    assert (comparison["kind"], comparison["document"]) == ("withdrawn", None)
    assert {"field": "name", "before": "最低生活保障", "after": None} in comparison["fields"]


def test_several_new_sources_give_no_document():
    after = document(name="低保", citations=[make_citation("name", PAPER), make_citation("standard", PLAN)])

    assert compare(document(citations=[]), after)["document"] is None


def test_a_new_citation_alone_is_a_change():
    comparison = compare(document(), document(citations=[make_citation("name", PAPER)]))

    assert [field["field"] for field in comparison["fields"]] == ["citations"]


@pytest.mark.parametrize("order", [1, -1])
def test_changes_come_in_the_order_of_the_newer_edition_and_withdrawals_last(order):
    before = [document("NM-01-01"), document("NM-01-02")][::order]
    after = [document("NM-01-03"), document("NM-01-02", name="改名")]

    assert [(changed["code"], change["kind"]) for changed, change in changes(before, after)] == [
        ("NM-01-03", "added"),
        ("NM-01-02", "changed"),
        ("NM-01-01", "withdrawn"),
    ]


def test_every_field_of_an_entry_is_compared(published_entry):
    assert {*COMPARED_FIELDS, "code", "citations"} == set(json.loads(published_entry.canonical_json))


AMOUNT = {"label": "城市平均标准", "value": "840", "citation": {"source": "seed-daily"}}
DEPARTMENT = {"code": "civil-affairs", "name": "民政厅", "name_en": None}


@pytest.mark.parametrize(
    ("field", "before", "after", "expected"),
    [
        ("standard", "每人每月732元", "每人每月840元", True),
        ("standard", None, "每人每月840元", True),
        ("eligibility", None, {"universal": True}, True),
        ("co_departments", [], [DEPARTMENT], True),  # by whom
        ("amounts", [AMOUNT], [AMOUNT | {"value": "900"}], True),
        ("amounts", [AMOUNT], [AMOUNT | {"citation": {"source": "seed-plan"}}], False),  # another clause of the same
        ("amounts", None, [], False),  # an edition from before the column
        ("lead_department", DEPARTMENT, DEPARTMENT | {"name_en": "Civil Affairs"}, False),
        ("number", 54, 55, False),
        ("name_en", None, "Minimum living allowance", False),
        ("legal_basis", [], [PLAN], False),
        ("note", None, "待核实", False),
        ("verification", {"name": "secondary"}, {"name": "verbatim"}, False),
        ("basis", {"name": "seed"}, {"name": "plan"}, False),
        ("citations", [make_citation("name", PLAN)], [make_citation("name", PAPER)], False),
    ],
)
def test_a_change_is_of_substance_or_bookkeeping(field, before, after, expected):
    old, new = document(**{field: before}), document(**{field: after})

    assert is_substance(compare(old, new)) is expected
    assert substantial({"NM-07-01": old}, {"NM-07-01": new}) == ({"NM-07-01"} if expected else set())


def test_a_service_that_comes_or_goes_is_of_substance():
    assert is_substance(compare(None, document())) and is_substance(compare(document(), None))
    assert substantial({"NM-07-01": document()}, {"NM-07-02": document("NM-07-02")}) == {"NM-07-01", "NM-07-02"}
