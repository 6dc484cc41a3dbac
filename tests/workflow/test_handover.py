"""Drafts of a department: edited by its people, handed over and copied; none of them decides on what they wrote."""

import datetime
import uuid
from dataclasses import replace

import pytest
from django.contrib.auth.models import Group

from catalogue.models import Event
from catalogue.workflow import proposals
from catalogue.workflow.steps import copies, handover, reversals
from tests.conftest import make_user
from tests.support.entries import ASSESSMENT_FIGURES, PROPOSED_AT, standard_change, withdrawal

pytestmark = pytest.mark.usefixtures("short_list")


def test_only_its_department_writes_and_submits_a_proposal(make_proposal, act):
    proposal = make_proposal()
    other = act("bao", "理由")

    for step in (
        lambda: proposals.submit(proposal, context=other),
        lambda: proposals.amend(proposal, entries=[], context=other),
        lambda: handover.hand_over(proposal, proposal.proposer, context=other),
        lambda: reversals.void(proposal, context=other),
    ):
        with pytest.raises(proposals.TransitionError, match="只有"):
            step()
    assert list(proposal.editors.all()) == [proposal.proposer]


@pytest.mark.parametrize(
    "edit",
    [
        lambda proposal, by: proposals.amend(proposal, entries=[standard_change(standard_as_of="2027年")], context=by),
        lambda proposal, by: proposals.amend(
            proposal, entries=[standard_change()], context=replace(by, user=proposal.proposer), authors=[by.user]
        ),
        lambda proposal, by: (
            proposals.submit(proposal, context=by),
            reversals.recall(proposal, context=replace(by, user=proposal.proposer)),
        ),
        lambda proposal, by: handover.hand_over(proposal, by.user, context=replace(by, user=proposal.proposer)),
    ],
    ids=["amended", "typed", "submitted", "was handed"],
)
def test_who_wrote_on_a_proposal_neither_assesses_nor_decides(make_proposal, act, edit):
    proposal = make_proposal()
    colleague = act("zhao", "理由")
    colleague.user.groups.add(Group.objects.get(name="编辑"))
    edit(proposal, colleague)
    proposals.submit(proposal, context=act())

    with pytest.raises(proposals.TransitionError, match="不能评估它"):
        proposals.assess(proposal, figures=ASSESSMENT_FIGURES, context=colleague)
    proposals.assess(proposal, figures=ASSESSMENT_FIGURES, context=act("li"))
    for decide in (proposals.approve, proposals.decline):
        with pytest.raises(proposals.TransitionError, match="由另一人审批"):
            decide(proposal, context=colleague)
    proposals.approve(proposal, context=act("root"))
    with pytest.raises(proposals.TransitionError, match="由另一人审批"):
        reversals.revoke_approval(proposal, context=colleague)


def test_a_handover_names_a_colleague_and_a_reason_and_is_on_record(make_proposal, act):
    proposal = make_proposal()
    li = act("li").user
    with pytest.raises(proposals.TransitionError, match="请选择一位同部门"):
        handover.hand_over(proposal, li, context=act(reason="休假"))
    li = make_user("meng", "编辑", departments=["civil-affairs"])
    with pytest.raises(proposals.TransitionError, match="请写明理由"):
        handover.hand_over(proposal, li, context=act())

    handover.hand_over(proposal, li, context=act(reason="休假"))

    proposal.refresh_from_db()
    assert (proposal.handler, proposal.proposer, proposal.state) == (li, act().user, "draft")
    event = Event.objects.order_by("number").last()
    assert (event.verb, event.actor, event.reason) == ("handed-over", "wang", "休假")
    assert "meng" in event.after


def test_a_copy_carries_content_and_clauses_over_from_any_state(make_proposal, act):
    proposal = make_proposal(standard_change(), withdrawal("NM-09-09"))
    reversals.void(proposal, context=act(reason="不需要"))

    copied, notes = copies.copy(proposal, form_key=uuid.uuid4(), context=act("li"))

    assert notes == []
    assert (copied.state, copied.proposer, copied.title) == ("draft", act("li").user, proposal.title)
    values = ("service", "action", "entry_data", "successors")
    assert list(copied.entries.values(*values)) == list(proposal.entries.values(*values))


def test_who_wrote_a_proposal_does_not_decide_on_a_copy_of_it(make_proposal, act):
    copied, _ = copies.copy(make_proposal(), form_key=uuid.uuid4(), context=act("li"))
    proposals.submit(copied, context=act("li"))

    with pytest.raises(proposals.TransitionError, match="不能评估"):
        proposals.assess(copied, figures=ASSESSMENT_FIGURES, context=act("wang"))
    with pytest.raises(proposals.TransitionError, match="由另一人审批"):
        proposals.decline(copied, context=act("wang", "不需要"))


def test_a_copy_is_based_on_the_current_list_and_tells_what_changed(make_proposal, act, publish):
    before = replace(act(), at=PROPOSED_AT - datetime.timedelta(days=1))
    old = make_proposal(standard_change(), withdrawal("NM-09-09"), context=before)
    content = standard_change(standard_as_of="2028年")
    gone = make_proposal(withdrawal("NM-09-09"), kind="withdraw", to="approved")
    publish("2027", make_proposal(content, to="approved"), gone)

    copied, notes = copies.copy(old, form_key=uuid.uuid4(), context=act())

    assert [entry.service for entry in copied.entries.all()] == ["NM-01-07"]
    assert notes[0] == "现行清单中已没有 NM-09-09。没有复制这一项。"
    assert any("“服务标准”在原建议之后已经改过" in note for note in notes)


def test_a_copy_of_another_department_leaves_out_its_services(make_proposal, act):
    copied, notes = copies.copy(make_proposal(), form_key=uuid.uuid4(), context=act("bao"))

    assert copied.department.code == "finance"
    assert not copied.entries.exists()
    assert "不能由您提出" in notes[0]
