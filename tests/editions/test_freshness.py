"""Freshness: when each field was last held against its source, until when it holds, and what may be outdated."""

import datetime

import pytest
from django.utils import timezone

from catalogue.editions.public.freshness import Freshness, freshness, months_before
from catalogue.models import Edition
from tests.support.entries import make_citation, make_entry

AS_OF, CHANGED, CHECKED = (datetime.date(2026, 11, day) for day in (1, 10, 20))


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def document(*citations: dict, **changes: object) -> dict:
    """An entry whose standard has these citations, with sources as in a document."""
    entry = make_entry(standard="每人每月840元", **changes)
    entry["verification"] |= {"standard": "secondary"}
    cited = [citation | {"source": {"code": citation["source"]}} for citation in (*entry["citations"], *citations)]
    return entry | {"citations": cited}


QUOTED = make_citation("standard", source="old", quote="每月840元")
ALSO_QUOTED = QUOTED | {"source": "older"}
UNQUOTED = QUOTED | {"quote": None}


def of_standard(entry: dict, *, as_of=AS_OF, changes=None, checked_on=None, last_days=None) -> tuple:
    found = freshness(entry, as_of=as_of, changes=changes or {}, checked_on=checked_on, last_days=last_days or {})
    return found.checked_on["standard"], found.valid_until.get("standard")


@pytest.mark.parametrize(
    ("citations", "known", "checked_on"),
    [
        ([QUOTED], {}, AS_OF),
        ([QUOTED], {"as_of": None}, None),
        ([QUOTED], {"changes": {"standard": CHANGED}}, CHANGED),
        ([QUOTED], {"changes": {"content": CHANGED}}, AS_OF),  # of another field
        ([QUOTED], {"changes": {"standard": CHANGED}, "checked_on": CHECKED}, CHECKED),
        ([QUOTED], {"as_of": CHECKED, "checked_on": CHANGED}, CHECKED),  # the latest counts
        ([UNQUOTED], {}, None),  # nobody has read what is not quoted
        ([UNQUOTED], {"changes": {"standard": CHANGED}}, None),
        ([UNQUOTED], {"checked_on": CHECKED}, CHECKED),  # but somebody has checked the entry
    ],
)
def test_a_value_is_checked_when_somebody_last_held_it_against_its_source(citations, known, checked_on):
    assert of_standard(document(*citations), **known)[0] == checked_on


@pytest.mark.parametrize(
    ("citations", "last_days", "valid_until"),
    [
        ([QUOTED], {}, None),
        ([QUOTED], {"old": day("2024-09-30")}, day("2024-09-30")),
        ([QUOTED, ALSO_QUOTED], {"old": day("2024-09-30")}, None),  # the other text still holds
        ([QUOTED, ALSO_QUOTED], {"old": day("2024-09-30"), "older": day("2019-07-31")}, day("2024-09-30")),
        ([UNQUOTED], {"old": day("2024-09-30")}, None),
    ],
)
def test_a_value_holds_until_the_last_of_its_sources_is_replaced(citations, last_days, valid_until):
    assert of_standard(document(*citations), last_days=last_days)[1] == valid_until


def amount(label: str, since: str | None, until: str | None) -> dict:
    return {"label": label, "valid_from": since, "as_of": None, "valid_until": until}


@pytest.mark.parametrize(
    ("amounts", "valid_until"),
    [
        ([], None),
        ([amount("甲", "2022-01-01", "2022-12-31")], day("2022-12-31")),
        ([amount("甲", "2022-01-01", "2022-12-31"), amount("甲", "2023-01-01", None)], None),  # a newer figure
        ([amount("甲", None, "2022-12-31"), amount("乙", None, None)], None),  # another figure
        ([amount("甲", None, "2022-12-31"), amount("乙", None, "2023-12-31")], day("2023-12-31")),
    ],
)
def test_a_standard_holds_until_the_last_of_its_newest_figures_ends(amounts, valid_until):
    assert of_standard(document(QUOTED, amounts=amounts))[1] == valid_until


def test_a_standard_ends_with_its_figures_or_its_sources_whichever_is_first():
    entry = document(QUOTED, amounts=[amount("甲", "2022-01-01", "2022-12-31")])

    assert of_standard(entry, last_days={"old": day("2024-09-30")})[1] == day("2022-12-31")
    assert of_standard(entry, last_days={"old": day("2022-06-30")})[1] == day("2022-06-30")


def test_the_clause_of_an_open_criterion_counts_for_the_rule():
    clause = {"source": {"code": "old"}, "quote": "符合条件"}
    rule = {"universal": False, "machine_readable": True, "reason": None}
    entry = document(eligibility=rule | {"any": [{"all": [{"open": "甲", "decided_by": None, "citation": clause}]}]})
    entry["verification"] |= {"eligibility": "secondary"}

    found = freshness(entry, as_of=AS_OF, changes={}, checked_on=None, last_days={"old": day("2024-09-30")})

    assert (found.checked_on["eligibility"], found.valid_until["eligibility"]) == (AS_OF, day("2024-09-30"))


def test_an_unknown_field_has_no_freshness():
    found = freshness(document(QUOTED), as_of=AS_OF, changes={}, checked_on=CHECKED, last_days={})

    assert set(found.checked_on) == {field for field, label in document()["verification"].items() if label}
    assert "co_departments" not in found.checked_on


@pytest.mark.parametrize(
    ("on", "outdated"),
    [
        ("2028-11-01", []),  # to the day 24 months after the check
        ("2028-11-02", ["standard"]),
    ],
)
def test_a_value_may_be_outdated_some_months_after_its_check(on, outdated):
    found = Freshness({"standard": AS_OF, "content": None}, {})

    assert found.may_be_outdated(day(on), months=24) == outdated


@pytest.mark.parametrize(("on", "outdated"), [("2027-01-31", []), ("2027-02-01", ["standard"])])
def test_a_value_may_be_outdated_after_its_last_day(on, outdated):
    found = Freshness({"standard": AS_OF}, {"standard": day("2027-01-31")})

    assert found.may_be_outdated(day(on), months=24) == outdated


@pytest.mark.parametrize(
    ("on", "months", "before"),
    [
        ("2026-11-29", 24, "2024-11-29"),
        ("2024-02-29", 12, "2023-02-28"),
        ("2026-01-31", 2, "2025-11-30"),
        ("2026-12-31", 12, "2025-12-31"),
        ("2026-01-15", 1, "2025-12-15"),
    ],
)
def test_months_are_counted_by_the_calendar(on, months, before):
    assert months_before(day(on), months) == day(before)


def test_a_field_that_only_a_replaced_law_supports_ended_with_it(db):
    found = Edition.objects.get(slug="2021").freshness["NM-04-08"]

    # 传染病防治法 of 2013, replaced on 2025-09-01.
    assert found.valid_until == {"lead_department": day("2025-08-31")}
    assert found.checked_on["lead_department"] == day("2026-11-23")


def test_no_field_of_the_edition_in_force_rests_on_replaced_texts_alone(db):
    freshness_2026 = Edition.objects.get(slug="2026").freshness

    # Fifteen years of contributions suffice until 2029.
    ending = {code: found.valid_until for code, found in freshness_2026.items() if found.valid_until}
    assert ending == {"NM-05-03": {"standard": day("2029-12-31")}}


def test_a_draft_is_as_old_as_the_edition_it_continues(next_edition):
    assert next_edition.as_of == Edition.objects.get(slug="2026").as_of == day("2026-11-23")


def test_a_change_counts_as_a_check_of_the_fields_it_changed(make_proposal, publish):
    edition = publish("2027", make_proposal(to="approved"))

    found = edition.freshness["NM-01-07"].checked_on
    assert found["standard"] == timezone.localdate(edition.published_at) != edition.as_of
    assert found["name"] == edition.as_of
