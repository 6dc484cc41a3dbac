"""A change says only what differs, and merged into what stands it gives what was wanted."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue.editions.merge import apply_change, make_change
from catalogue.models import Entry
from tests.support.admin_forms import make_rich_entry
from tests.support.entries import make_citation

FIELDS = [field for field in Entry.SOURCED_FIELDS if field not in {"name", "domain"}]
WORDS = st.one_of(st.none(), st.sampled_from(["甲", "乙", "丙"]))


@st.composite
def wishes(draw) -> dict:
    """An entry as somebody may want it: some fields changed, relabelled, emptied or cited anew."""
    wanted = make_rich_entry()
    for field in draw(st.sets(st.sampled_from(FIELDS))):
        column = Entry.SOURCED_FIELDS[field][0]
        value = draw(WORDS)
        wanted[column] = ([value] if value else []) if isinstance(wanted[column], list) else value
        wanted["citations"] = [each for each in wanted["citations"] if each["field"] != field]
        for name in ("verification", "basis"):
            wanted[name] = {key: label for key, label in wanted[name].items() if key != field}
        if value:
            wanted["verification"][field], wanted["basis"][field] = "secondary", "seed"
            wanted["citations"] += [make_citation(field, quote=draw(WORDS)) for _ in range(draw(st.integers(1, 2)))]
    wanted["note"] = draw(WORDS)
    return wanted


def in_order(entry: dict) -> dict:
    """An entry with its clauses field by field: a change puts those of the fields it touches behind the others."""
    return entry | {"citations": sorted(entry["citations"], key=lambda each: each["field"])}


@settings(max_examples=300, deadline=None)
@given(wishes())
def test_a_difference_merged_is_what_was_wanted(wanted):
    base = make_rich_entry()

    assert in_order(apply_change(base, make_change(base, wanted))) == in_order(wanted)


def test_there_is_no_difference_where_nothing_differs():
    assert make_change(make_rich_entry(), make_rich_entry()) == {}


@pytest.mark.parametrize("field", ["content", "standard", "co_departments"])
def test_a_difference_touches_no_other_field(field):
    wanted = make_rich_entry()
    wanted["verification"] = wanted["verification"] | {field: "unverified"}

    change = make_change(make_rich_entry(), wanted)

    assert set(change.get("verification", {})) <= {field}
    assert {each["field"] for each in change.get("citations", [])} <= {field}


def test_a_clause_that_only_mentions_the_service_can_be_added():
    mention = make_citation("mention", quote="加快养老服务")

    assert make_change(
        make_rich_entry(), make_rich_entry() | {"citations": [*make_rich_entry()["citations"], mention]}
    ) == {"citations": [mention]}
