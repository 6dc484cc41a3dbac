"""The way back of each step: recall, revocation of an approval, removal from a draft edition, voiding."""

import datetime

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, OperationalError, connection, transaction

from catalogue.editions import drafts
from catalogue.integrity import checks
from catalogue.models import Approval, Assessment, Attachment, Case, Edition, Entry, Event, Proposal, ProposedEntry
from catalogue.workflow import attachments, proposals, publishing
from catalogue.workflow.steps import reversals
from tests.support.entries import (
    ASSESSMENT_FIGURES,
    NEXT_YEAR,
    NOTE_CHANGE,
    PROPOSED_AT,
    addition,
    standard_change,
    withdrawal,
)
from tests.workflow.test_cases import health, older
from tests.workflow.test_proposals_log import without_events

pytestmark = pytest.mark.usefixtures("short_list")

REASON = "数字有误"


@pytest.fixture
def publisher(people):
    """``root`` with the role of a publisher, who takes proposals out and voids them."""
    people["root"].groups.add(Group.objects.get(name="发布"))
    return people["root"]


def contradictions() -> list[str]:
    """What the audit log and the proposals say differently."""
    return [fault for fault in checks.cross_check() if "号建议" in fault]


def last_event(proposal: Proposal) -> Event:
    return Event.objects.filter(proposal=proposal.number).order_by("number").last()


# Recall


@pytest.mark.parametrize("to", ["assessing", "approving"])
def test_a_recalled_proposal_is_a_draft_with_all_its_content(make_proposal, act, to):
    proposal = make_proposal(to=to)
    content = proposals.proposal_snapshot(proposal)

    reversals.recall(proposal, context=act(reason=REASON))

    proposal.refresh_from_db()
    assert (proposal.state, proposals.proposal_snapshot(proposal)) == ("draft", content)
    event = last_event(proposal)
    assert (event.verb, event.actor, event.reason) == ("recalled", "wang", REASON)
    assert (event.before, event.after) == (f'{{"state":"{to}"}}', '{"state":"draft"}')


def test_a_recalled_proposal_is_assessed_again_and_its_old_attachment_is_kept(make_proposal, act):
    attachment = attachments.store("报告.pdf", b"figures", context=act("li"))
    figures = ASSESSMENT_FIGURES | {"attachments": [{"name": "报告.pdf", "digest": attachment.digest}]}
    proposal = make_proposal(to="assessing")
    proposals.assess(proposal, figures=figures, context=act("li"))

    reversals.recall(proposal, context=act(reason=REASON))
    proposals.submit(proposal, context=act())

    assert Proposal.objects.get().state == "assessing"
    assert not Assessment.objects.exists()
    assert Attachment.objects.get() == attachment
    proposals.assess(proposal, figures=ASSESSMENT_FIGURES, context=act("li"))
    assert proposals.approve(proposal, context=act("zhao")).state == "approved"


@pytest.mark.parametrize(
    ("to", "name", "reason", "words"),
    [
        ("approving", "bao", REASON, "只有自治区民政厅的人"),
        ("approving", "wang", None, "写明理由"),
        ("draft", "wang", REASON, "建议现在是“草稿”"),
        ("approved", "wang", REASON, "建议现在是“已批准”"),
    ],
)
def test_a_recall_is_refused(make_proposal, act, to, name, reason, words):
    proposal = make_proposal(to=to)

    with pytest.raises(proposals.TransitionError, match=words):
        reversals.recall(proposal, context=act(name, reason))

    assert Proposal.objects.get().state == to


# Voiding


@pytest.mark.parametrize("to", ["draft", "assessing", "approving"])
@pytest.mark.parametrize("name", ["wang", "root"])
@pytest.mark.usefixtures("publisher")
def test_a_proposal_is_voided_by_its_department_or_a_publisher(make_proposal, act, to, name):
    proposal = make_proposal(to=to)

    reversals.void(proposal, context=act(name, REASON))

    assert Proposal.objects.get().state == "void"
    event = last_event(proposal)
    assert (event.verb, event.actor, event.reason) == ("voided", name, REASON)


def test_a_void_proposal_cannot_be_used_again(make_proposal, act):
    proposal = make_proposal()
    reversals.void(proposal, context=act(reason=REASON))

    for step in (
        lambda: proposals.amend(proposal, entries=[NOTE_CHANGE], context=act()),
        lambda: proposals.submit(proposal, context=act()),
        lambda: reversals.recall(proposal, context=act(reason=REASON)),
        lambda: reversals.void(proposal, context=act(reason=REASON)),
    ):
        with pytest.raises(proposals.TransitionError, match="建议现在是“已作废”"):
            step()


@pytest.mark.parametrize(
    ("to", "name", "reason", "words"),
    [
        ("draft", "bao", REASON, "只有提出部门和有“发布”角色的人"),
        ("draft", "wang", None, "写明理由"),
        ("approved", "wang", REASON, "建议现在是“已批准”"),  # its approval is revoked first
    ],
)
def test_voiding_is_refused(make_proposal, act, to, name, reason, words):
    proposal = make_proposal(to=to)

    with pytest.raises(proposals.TransitionError, match=words):
        reversals.void(proposal, context=act(name, reason))

    assert Proposal.objects.get().state == to


# Revocation


@pytest.mark.parametrize("name", ["zhao", "root"])  # the approver and another person
def test_a_revoked_approval_stays_on_record_and_the_proposal_waits_again(make_proposal, act, name):
    proposal = make_proposal(to="approved")

    reversals.revoke_approval(proposal, context=act(name, REASON))

    proposal.refresh_from_db()
    assert proposal.state == "approving"
    approval = proposal.approvals.get()
    assert (approval.revoked_by.username, approval.revoked_at, approval.revoked_reason) == (name, PROPOSED_AT, REASON)
    event = last_event(proposal)
    assert (event.verb, event.actor, event.reason) == ("revoked", name, REASON)
    assert proposal.assessment.assessor.username == "li"


def test_after_a_revocation_a_proposal_is_approved_or_declined_or_amended(make_proposal, act, publish):
    proposal = make_proposal(to="approved")
    reversals.revoke_approval(proposal, context=act("zhao", REASON))
    proposals.approve(proposal, context=act("root"))
    reversals.revoke_approval(proposal, context=act("zhao", REASON))
    proposals.decline(proposal, context=act("zhao", "请更正"))
    proposals.amend(proposal, entries=[standard_change(standard_as_of="2028")], context=act())
    proposals.submit(proposal, context=act())
    proposals.assess(proposal, figures=ASSESSMENT_FIGURES, context=act("li"))
    proposals.approve(proposal, context=act("zhao"))

    edition = publish("2027", proposal)

    assert edition.entries.get(service__code="NM-01-07").standard_as_of == "2028"
    assert list(proposal.approvals.values_list("granted", "revoked_by__username").order_by("pk")) == [
        (True, "zhao"), (True, "zhao"), (False, None), (True, None),
    ]  # fmt: skip
    assert contradictions() == []


@pytest.mark.parametrize(
    ("to", "name", "reason", "words"),
    [
        ("approved", "wang", REASON, "提出、修改和评估过建议的人不能审批"),
        ("approved", "li", REASON, "提出、修改和评估过建议的人不能审批"),
        ("approved", "zhao", None, "写明理由"),
        ("approving", "zhao", REASON, "建议现在是“待审批”"),
    ],
)
def test_a_revocation_is_refused(make_proposal, act, to, name, reason, words):
    proposal = make_proposal(to=to)

    with pytest.raises(proposals.TransitionError, match=words):
        reversals.revoke_approval(proposal, context=act(name, reason))

    assert Proposal.objects.get().state == to


def test_the_approval_of_a_proposal_in_an_edition_is_revoked_after_it_was_taken_out(make_proposal, act, next_edition):
    proposal = make_proposal(to="approved")
    proposals.include_in_edition(proposal, next_edition, context=act("root"))
    with pytest.raises(proposals.TransitionError, match="已编入版本 2027；请先把它移出版本"):
        reversals.revoke_approval(proposal, context=act("zhao", REASON))

    reversals.take_out(proposal, context=act("root", REASON))

    assert reversals.revoke_approval(proposal, context=act("zhao", REASON)).state == "approving"


# Removal from a draft edition


def state_of(edition: Edition) -> tuple[dict, list]:
    """The entries of an edition by code and its cases, as a reader of the database finds them."""
    columns = ("code", "position", "circumstances", "expected", "because")
    return drafts.current_entries(edition), list(edition.cases.order_by("position").values(*columns))


CHANGES = {
    "a changed standard": ("change", standard_change()),
    "an addition": ("add", addition()),
    "a withdrawal": ("withdraw", withdrawal("NM-01-07")),
    "two changes and an addition": ("split", withdrawal("NM-05-01"), addition("NM-05-05"), addition("NM-05-06")),
    "a merger": (
        "merge", withdrawal("NM-01-01", "NM-01-10"), withdrawal("NM-01-02", "NM-01-10"),
        addition("NM-01-10", domain="NM-01"),
    ),
    "a rule": ("change", older(60)),
}  # fmt: skip
OTHERS = {
    "nothing": [],
    "an addition to the same domain": [("add", addition("NM-01-11", domain="NM-01"))],
    "a withdrawal before it": [("withdraw", withdrawal("NM-01-06"))],
    "an addition and a note": [("add", addition("NM-05-07")), ("change", NOTE_CHANGE | {"service": "NM-01-05"})],
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("others", OTHERS)
def test_a_draft_is_as_if_the_proposal_had_never_been_taken_up(make_proposal, act, next_edition, name, others):
    kind, *entries = CHANGES[name]
    proposal = make_proposal(*entries, kind=kind, to="approved", department=health())
    remaining = [make_proposal(*rest, kind=other, to="approved") for other, *rest in OTHERS[others]]
    with transaction.atomic():
        for other in remaining:
            proposals.include_in_edition(other, next_edition, context=act("root"))
        expected = state_of(next_edition)
        transaction.set_rollback(True)
    for other in [*remaining[:1], proposal, *remaining[1:]]:
        other.refresh_from_db()
        proposals.include_in_edition(other, next_edition, context=act("root"))

    reversals.take_out(proposal, context=act("root", REASON))

    assert state_of(next_edition) == expected
    proposal.refresh_from_db()
    assert (proposal.state, proposal.edition) == ("approved", None)
    event = last_event(proposal)
    assert (event.verb, event.edition, event.reason) == ("taken-out", "2027", REASON)
    proposals.include_in_edition(proposal, next_edition, context=act("root"))
    publishing.publish(next_edition, context=act("root"))
    assert contradictions() == []


def test_the_rule_of_an_earlier_proposal_and_its_cases_stay(make_proposal, act, next_edition):
    first, second = (make_proposal(older(age), to="approved", department=health()) for age in (60, 66))
    proposals.include_in_edition(first, next_edition, context=act("root"))
    expected = state_of(next_edition)
    proposals.include_in_edition(second, next_edition, context=act("root"))

    reversals.take_out(second, context=act("root", REASON))

    assert state_of(next_edition) == expected
    publishing.publish(next_edition, context=act("root"))


@pytest.mark.parametrize(
    ("kind", "later"), [("change", NOTE_CHANGE), ("withdraw", withdrawal("NM-01-07")), ("change", standard_change())]
)
def test_a_proposal_is_not_taken_out_before_those_that_build_on_it(make_proposal, act, next_edition, kind, later):
    first, second = make_proposal(to="approved"), make_proposal(later, kind=kind, to="approved")
    for proposal in (first, second):
        proposals.include_in_edition(proposal, next_edition, context=act("root"))
    before = state_of(next_edition)

    with pytest.raises(proposals.TransitionError, match="第 2 号建议在它之后编入，也改动了 NM-01-07；请先移出那件建议"):
        reversals.take_out(first, context=act("root", REASON))

    assert state_of(next_edition) == before
    for proposal in (second, first):
        proposal.refresh_from_db()
        reversals.take_out(proposal, context=act("root", REASON))
    assert state_of(next_edition) == state_of(next_edition.previous)


def test_nothing_is_taken_out_of_a_draft_that_differs_from_what_was_approved(make_proposal, act, next_edition):
    proposal = make_proposal(to="approved")
    proposals.include_in_edition(proposal, next_edition, context=act("root"))
    next_edition.entries.filter(service__code="NM-01-05").update(note="夹带")

    with pytest.raises(proposals.TransitionError, match="与批准的内容不符，不能单独移出"):
        reversals.take_out(proposal, context=act("root", REASON))

    assert Proposal.objects.get().edition == next_edition


def test_taking_out_is_refused(make_proposal, act, next_edition):
    proposal = make_proposal(to="approved")
    with pytest.raises(proposals.TransitionError, match="没有编入任何版本"):
        reversals.take_out(proposal, context=act("root", REASON))
    proposals.include_in_edition(proposal, next_edition, context=act("root"))
    with pytest.raises(proposals.TransitionError, match="写明理由"):
        reversals.take_out(proposal, context=act("root"))

    publishing.publish(next_edition, context=act("root"))

    with pytest.raises(proposals.TransitionError, match="建议现在是“已发布”"):
        reversals.take_out(proposal, context=act("root", REASON))


@pytest.mark.parametrize(
    ("to", "step", "name"),
    [
        ("approving", reversals.recall, "wang"),
        ("approving", reversals.void, "wang"),
        ("approved", reversals.revoke_approval, "zhao"),
        ("included", reversals.take_out, "root"),
    ],
)
def test_a_step_back_that_cannot_be_logged_changes_nothing(make_proposal, act, next_edition, to, step, name):
    def rows() -> list:
        models = (Proposal, ProposedEntry, Assessment, Approval, Entry, Case)
        return [list(model.objects.order_by("pk").values()) for model in models]

    proposal = make_proposal(to="approved" if to == "included" else to)
    if to == "included":
        proposals.include_in_edition(proposal, next_edition, context=act("root"))
        proposal.refresh_from_db()
    rows_before = rows()

    with connection.execute_wrapper(without_events), pytest.raises(OperationalError):
        step(proposal, context=act(name, REASON))

    assert rows() == rows_before


def test_a_published_edition_keeps_its_proposals_in_the_database_too(make_proposal, publish):
    proposal = make_proposal(to="approved")
    publish("2027", proposal)
    later = make_proposal(NOTE_CHANGE, to="approved", effective_from=NEXT_YEAR + datetime.timedelta(days=365))

    for row, edition in ((proposal, None), (later, Edition.objects.get(slug="2027"))):
        with pytest.raises(IntegrityError, match="keeps its proposals"), transaction.atomic():
            Proposal.objects.filter(pk=row.pk).update(edition=edition)
