"""Departments that were renamed or merged: entries, accounts and feedback follow the one in their place."""

import datetime

import pytest

from catalogue.accounts import permissions
from catalogue.models import Edition, Feedback
from catalogue.workflow import proposals
from catalogue.workflow.checks import departments
from services.models import Service
from tests.conftest import make_user
from tests.support.departments import NEW_SHORT, make_department, replace
from tests.support.entries import addition

DAY, DAY_BEFORE = datetime.date(2027, 1, 1), datetime.date(2026, 12, 31)


def named(lead: str | None = None, alternatives: list = (), supporting: list = ()) -> dict:
    return {
        "lead_department": lead,
        "lead_department_alternatives": list(alternatives),
        "co_departments": list(supporting),
    }


@pytest.fixture
def renamed(db) -> None:
    make_department("new-health")
    replace("health-commission", "new-health", "2027-01-01")


@pytest.mark.parametrize(
    ("entry", "changed"),
    [
        (named("c", supporting=["d"]), {}),
        (named("a"), {"lead_department": "b"}),
        (named("old"), {"lead_department": "b"}),  # two steps of a chain
        (named("c", supporting=["a", "d"]), {"co_departments": ["b", "d"]}),
        (named("c", supporting=["a", "b"]), {"co_departments": ["b"]}),  # both were named
        (named("b", supporting=["a", "d"]), {"co_departments": ["d"]}),  # it leads already
        (named("a", supporting=["b"]), {"lead_department": "b", "co_departments": []}),
        (named(None, alternatives=["a", "c"]), {"lead_department_alternatives": ["b", "c"]}),
    ],
)
def test_an_entry_names_the_departments_in_force(entry, changed):
    assert departments.succeeded(entry, {"old": "a", "a": "b"}) == changed


@pytest.mark.parametrize(("day", "count"), [(DAY_BEFORE, 0), (DAY, 1)])
def test_a_replaced_department_is_not_named_anew_from_its_day(renamed, make_proposal, day, count):
    added = addition("NM-05-77", lead_department="health-commission")

    proposal = make_proposal(added, kind="add", effective_from=day)

    reasons = [fault.reason for fault in proposals.faults(proposal) if "接替" in fault.reason]
    assert len(reasons) == count
    assert all(reason.endswith(f"由“{NEW_SHORT}”接替，请改为“{NEW_SHORT}”。") for reason in reasons)


def test_an_entry_that_named_it_before_may_change_in_other_fields(renamed, make_proposal):
    change = {"service": "NM-05-01", "action": "change", "entry_data": {"note": "另一个注"}, "successors": []}

    assert proposals.faults(make_proposal(change)) == []


def test_an_account_acts_for_the_new_department_from_the_day_and_keeps_the_old_one(renamed):
    user = make_user("sun", "编辑", departments=["health-commission", "finance"])

    assert permissions.departments_of(user, DAY_BEFORE) == ["health-commission", "finance"]
    assert permissions.acting_departments(user, DAY_BEFORE) == ["health-commission", "finance"]
    assert permissions.departments_of(user, DAY) == ["health-commission", "new-health", "finance"]
    assert permissions.acting_departments(user, DAY) == ["new-health", "finance"]
    assert [permissions.can_change(user, code, DAY) for code in ("health-commission", "new-health")] == [True, True]
    assert not permissions.can_see(user, "new-health", DAY_BEFORE)


def test_an_account_of_the_new_department_has_no_rights_on_what_the_old_one_began(renamed):
    user = make_user("sun", "编辑", departments=["new-health"])

    assert permissions.departments_of(user, DAY) == ["new-health"]


@pytest.mark.parametrize(("day", "lead"), [(DAY_BEFORE, "health-commission"), (DAY, "new-health")])
def test_feedback_goes_to_the_department_in_force(renamed, day, lead):
    service = Service.objects.get(code="NM-05-01")
    Feedback.objects.create(
        receipt="0" * 16, service=service, message="请核对", at=datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)
    )

    assert Feedback.objects.with_lead_department(day).get().lead == lead


@pytest.mark.parametrize(
    ("changes", "follows"),
    [
        ({"lead_department": "new-health"}, True),
        ({"lead_department": "finance"}, False),
        ({"lead_department": "new-health", "note": "顺便"}, False),
        ({"verification": {"lead_department": "verbatim"}}, False),
        ({"lead_department": "new-health", "verification": {"standard": "verbatim"}}, False),
    ],
)
def test_only_the_name_of_a_successor_may_be_proposed_for_departments_of_others(renamed, changes, follows):
    change = {"service": "NM-05-01", "action": "change", "entry_data": changes, "successors": []}
    edition = Edition.objects.get(slug="2026")

    assert departments.following([change], edition=edition, on=DAY) == ({"NM-05-01"} if follows else set())
    assert departments.following([change], edition=edition, on=DAY_BEFORE) == set()
