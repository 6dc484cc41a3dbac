"""A change has the differing fields only, and applied to the base it gives the target."""

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
def target_entries(draw) -> dict:
    """Generate a target entry: some fields changed, relabelled, emptied or with new citations."""
    target = make_rich_entry()
    for field in draw(st.sets(st.sampled_from(FIELDS))):
        column = Entry.SOURCED_FIELDS[field][0]
        value = draw(WORDS)
        target[column] = ([value] if value else []) if isinstance(target[column], list) else value
        target["citations"] = [citation for citation in target["citations"] if citation["field"] != field]
        for name in ("verification", "basis"):
            target[name] = {key: label for key, label in target[name].items() if key != field}
        if value:
            target["verification"][field], target["basis"][field] = "secondary", "seed"
            target["citations"] += [make_citation(field, quote=draw(WORDS)) for _ in range(draw(st.integers(1, 2)))]
    target["note"] = draw(WORDS)
    return target


def with_sorted_citations(entry: dict) -> dict:
    """Return an entry with citations sorted by field: a change moves those of the touched fields to the end."""
    return entry | {"citations": sorted(entry["citations"], key=lambda citation: citation["field"])}


@settings(max_examples=300, deadline=None)
@given(target_entries())
def test_the_change_applied_to_the_base_gives_the_target(target):
    base = make_rich_entry()

    assert with_sorted_citations(apply_change(base, make_change(base, target))) == with_sorted_citations(target)


def test_equal_entries_give_an_empty_change():
    assert make_change(make_rich_entry(), make_rich_entry()) == {}


@pytest.mark.parametrize("field", ["content", "standard", "co_departments"])
def test_a_change_touches_no_other_field(field):
    target = make_rich_entry()
    target["verification"] = target["verification"] | {field: "unverified"}

    change = make_change(make_rich_entry(), target)

    assert set(change.get("verification", {})) <= {field}
    assert {citation["field"] for citation in change.get("citations", [])} <= {field}


def test_a_mention_can_be_added():
    mention = make_citation("mention", quote="加快养老服务")

    assert make_change(
        make_rich_entry(), make_rich_entry() | {"citations": [*make_rich_entry()["citations"], mention]}
    ) == {"citations": [mention]}
