"""Cases of a proposal: checked against its rules, approved by another person, taken up into a draft and out again."""

import uuid

import pytest

from catalogue.audit.models import Event
from catalogue.editions import drafts
from catalogue.models import Edition, ProposedCase
from catalogue.workflow import cases, proposals, publishing
from catalogue.workflow.steps import copies, proposed_cases, reversals
from services.models import Department
from tests.support.entries import ASSESSMENT_FIGURES, NEXT_YEAR, make_citation, withdrawal

CLAUSE = {"source": "seed-daily", "locator": "第1条"}


def health() -> Department:
    return Department.objects.get(code="health-commission")


def clause_of(service: str) -> dict:
    """Return a clause that the newest list cites for a service."""
    edition = Edition.objects.get(slug="2026")
    case = edition.cases.filter(expected__has_key=service).first()
    return case.because[service]


def person(age: int, outcome: str = "eligible", service: str = "NM-05-01") -> dict:
    circumstances = {"age": age, "months_resident": 12}
    return {"circumstances": circumstances, "expected": {service: outcome}, "because": {service: clause_of(service)}}


def new_case(code: str = "NM-05-01-new", **values: object) -> dict[str, dict]:
    return {code: proposed_cases.make_change(None, person(90) | values)}


def older(age: int) -> dict:
    criteria = [{"fact": "age", "op": "gte", "value": age}]
    rule = {"universal": False, "machine_readable": True, "any": [{"all": criteria}], "reason": None}
    clause = make_citation("eligibility", source="seed-daily", locator="第1条", quote=f"{age}岁及以上", criterion=1)
    data = {
        "eligibility": rule,
        "verification": {"eligibility": "verbatim"},
        "basis": {"eligibility": "regulation"},
        "citations": [clause],
    }
    return {"service": "NM-05-01", "action": "change", "entry_data": data, "successors": []}


@pytest.fixture
def propose(act):
    """Draft a proposal of changes of cases alone, or beside ``entries``."""

    def propose(changes: dict, *, entries=(), to: str = "approved", **values: object):
        proposal = proposals.draft(
            kind="change", region=Edition.objects.get(slug="2026").region, department=health(), title="补充案例",
            reason="条文的界限没有案例", effective_from=NEXT_YEAR, entries=list(entries), context=act(),
            case_changes=changes, **values,
        )  # fmt: skip
        if to != "draft":
            proposals.submit(proposal, context=act())
        if to == "approved":
            proposal.refresh_from_db()
            if proposal.state == "assessing":
                proposals.assess(proposal, figures=ASSESSMENT_FIGURES, context=act("li"))
            proposals.approve(proposal, context=act("zhao"))
        proposal.refresh_from_db()
        return proposal

    return propose


def old_case(service: str = "NM-05-01", outcome: str = "eligible"):
    return Edition.objects.get(slug="2026").cases.filter(expected={service: outcome}).first()


def contents(edition: Edition) -> list:
    return list(edition.cases.values_list("code", "position", "circumstances", "expected", "because"))


def test_a_new_case_is_taken_up_published_and_on_record(propose, publish):
    proposal = propose(new_case())

    edition = publish("2027", proposal)

    case = edition.cases.get(code="NM-05-01-new")
    assert proposed_cases.case_data(case) == person(90)
    assert edition.cases.last() == case
    drafted = Event.objects.get(proposal=proposal.number, verb="drafted")
    assert '"NM-05-01-new"' in drafted.after


def test_a_case_is_changed_and_withdrawn(propose, next_edition, act):
    changed, gone = old_case(), old_case(outcome="not_eligible")
    after = proposed_cases.case_data(changed) | {"circumstances": {"age": 101, "months_resident": 12}}
    changes = {
        changed.code: proposed_cases.make_change(proposed_cases.case_data(changed), after),
        gone.code: proposed_cases.make_change(proposed_cases.case_data(gone), None),
    }

    proposals.include_in_edition(propose(changes), next_edition, context=act("root"))

    assert next_edition.cases.get(code=changed.code).circumstances["age"] == 101
    assert not next_edition.cases.filter(code=gone.code).exists()
    assert publishing.publish(next_edition, context=act("root")).is_published


def test_a_proposal_that_is_taken_out_leaves_the_cases_as_they_were(propose, next_edition, act):
    gone = old_case()
    withdrawn = proposed_cases.make_change(proposed_cases.case_data(gone), None)
    stays = propose(new_case("NM-05-01-stays"))
    proposals.include_in_edition(stays, next_edition, context=act("root"))
    before = contents(next_edition)
    proposal = propose(new_case() | {gone.code: withdrawn})
    proposals.include_in_edition(proposal, next_edition, context=act("root"))
    assert contents(next_edition) != before

    reversals.take_out(proposal, context=act("root", "案例还要改"))

    assert contents(next_edition) == before


def test_a_case_that_its_rule_contradicts_is_not_submitted(propose, act):
    proposal = propose(new_case(**person(64, "eligible")), to="draft")

    with pytest.raises(proposals.TransitionError, match="写的是“符合”，按享受条件是“不符合”"):
        proposals.submit(proposal, context=act())


def test_a_case_is_checked_against_the_rule_that_the_same_proposal_changes(propose, publish):
    case = person(62) | {"because": {"NM-05-01": CLAUSE}}
    proposal = propose({"NM-05-01-62": proposed_cases.make_change(None, case)}, entries=[older(60)])

    edition = publish("2027", proposal)

    assert edition.cases.get(code="NM-05-01-62").expected == {"NM-05-01": "eligible"}
    assert cases.failures(edition) == []


def test_an_outcome_that_the_proposal_states_itself_is_not_overwritten_by_the_changed_rule(propose, publish):
    old = Edition.objects.get(slug="2026").cases.filter(circumstances__age=64, expected__has_key="NM-05-01").first()
    after = proposed_cases.case_data(old)
    after["circumstances"] = after["circumstances"] | {"age": 59}
    after["because"] = after["because"] | {"NM-05-01": CLAUSE}
    changes = {old.code: proposed_cases.make_change(proposed_cases.case_data(old), after)}

    edition = publish("2027", propose(changes, entries=[older(60)]))

    assert edition.cases.get(code=old.code).circumstances["age"] == 59
    assert edition.cases.get(code=old.code).expected["NM-05-01"] == "not_eligible"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"circumstances": {"age": 5, "married": True}}, "没有这样的人"),
        ({"because": {"NM-05-01": {"source": "seed-plan", "locator": "第九章"}}}, "不在该条目的来源之中"),
        ({"circumstances": {"height": 180}}, "没有事实"),
    ],
)
def test_a_faulty_case_is_not_submitted(propose, act, values, words):
    proposal = propose(new_case(**values), to="draft")

    with pytest.raises(proposals.TransitionError, match=words):
        proposals.submit(proposal, context=act())


def test_a_change_of_a_case_that_is_gone_is_not_taken_up(propose, next_edition, act):
    case = old_case()
    after = proposed_cases.case_data(case) | {"circumstances": {"age": 101, "months_resident": 12}}
    changing = propose({case.code: proposed_cases.make_change(proposed_cases.case_data(case), after)})
    withdrawing = propose({case.code: proposed_cases.make_change(proposed_cases.case_data(case), None)})
    proposals.include_in_edition(withdrawing, next_edition, context=act("root"))

    with pytest.raises(drafts.DraftError, match="已没有案例"):
        proposals.include_in_edition(changing, next_edition, context=act("root"))

    changing.refresh_from_db()
    assert changing.edition is None


def test_two_proposals_may_withdraw_the_same_case(propose, next_edition, act):
    case = old_case()
    withdrawal_of = {case.code: proposed_cases.make_change(proposed_cases.case_data(case), None)}

    for proposal in (propose(withdrawal_of), propose(withdrawal_of)):
        proposals.include_in_edition(proposal, next_edition, context=act("root"))

    assert not next_edition.cases.filter(code=case.code).exists()


def test_who_proposed_a_case_does_not_approve_it(propose, act):
    proposal = propose(new_case(), to="approving")

    with pytest.raises(proposals.TransitionError, match="不能审批"):
        proposals.approve(proposal, context=act())


def test_cases_of_services_of_other_departments_are_refused(act):
    with pytest.raises(proposals.TransitionError, match="NM-05-01"):
        proposals.draft(
            kind="change", region=Edition.objects.get(slug="2026").region, title="补充案例", reason="补充",
            department=Department.objects.get(code="finance"), effective_from=NEXT_YEAR, entries=[],
            context=act("bao"), case_changes=new_case(),
        )  # fmt: skip


def test_a_withdrawn_case_of_another_department_is_refused(act):
    gone = old_case()
    changes = {gone.code: proposed_cases.make_change(proposed_cases.case_data(gone), None)}

    with pytest.raises(proposals.TransitionError, match="NM-05-01"):
        proposals.draft(
            kind="change", region=Edition.objects.get(slug="2026").region, title="撤下案例", reason="撤下",
            department=Department.objects.get(code="finance"), effective_from=NEXT_YEAR, entries=[],
            context=act("bao"), case_changes=changes,
        )  # fmt: skip


def test_amending_a_proposal_keeps_its_cases_and_a_removed_one_is_gone(propose, act):
    proposal = propose(new_case(), to="draft")

    proposals.amend(proposal, entries=[older(60)], context=act())
    assert [case.code for case in proposal.cases.all()] == ["NM-05-01-new"]
    proposals.amend(proposal, entries=[older(60)], context=act(), case_changes={"NM-05-01-new": None})

    assert not ProposedCase.objects.exists()


def test_a_case_without_a_service_is_not_stored(propose):
    with pytest.raises(proposals.TransitionError, match="没有写明任何服务项目"):
        propose(new_case(expected={}, because={}), to="draft")


def test_a_service_withdrawn_later_leaves_the_new_cases_too(propose, next_edition, act, make_proposal):
    proposals.include_in_edition(propose(new_case()), next_edition, context=act("root"))
    withdrawn = make_proposal(withdrawal("NM-05-01"), kind="withdraw", to="approved", department=health())

    proposals.include_in_edition(withdrawn, next_edition, context=act("root"))

    assert not next_edition.cases.filter(code="NM-05-01-new").exists()
    assert publishing.publish(next_edition, context=act("root")).is_published


def test_a_copy_of_a_proposal_has_its_cases(propose, act):
    proposal = propose(new_case())

    copied, notes = copies.copy(proposal, form_key=uuid.uuid4(), context=act())

    assert [(case.action, case.circumstances) for case in copied.cases.all()] == [
        ("add", {"age": 90, "months_resident": 12})
    ]
    assert notes == []


def test_a_copy_leaves_out_the_cases_that_the_list_has_already(propose, act, publish):
    proposal = propose(new_case())
    publish("2027", proposal)

    copied, notes = copies.copy(proposal, form_key=uuid.uuid4(), context=act())

    assert not copied.cases.exists()
    assert notes == ["案例 NM-05-01-new 现行清单中已经有了，没有复制。"]


def test_the_code_of_a_new_case_follows_from_its_person_and_services(db):
    code = proposed_cases.new_code(person(90), set())

    assert code == proposed_cases.new_code(person(90, outcome="unknown"), set())
    assert code != proposed_cases.new_code(person(91), set())
    assert proposed_cases.new_code(person(90), {code}) == f"{code}-2"
