"""Random sequences of steps on a proposal by several users: forbidden steps are refused, and allowed ones succeed.

The suite runs few sequences; ``MACHINE_RUNS=2000 scripts/test tests/workflow/test_proposals_machine.py`` runs many.
"""

import os

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from catalogue.audit import log
from catalogue.audit.log import AuditContext
from catalogue.editions import drafts
from catalogue.models import Approval, Edition, Event
from catalogue.workflow import proposals, publishing
from catalogue.workflow.steps import reversals
from services.models import Department, Region
from tests.conftest import make_user
from tests.support.entries import ASSESSMENT_FIGURES, NEXT_YEAR, NOTE_CHANGE, PROPOSED_AT, standard_change

pytestmark = pytest.mark.long
RUNS = int(os.environ.get("MACHINE_RUNS", "12"))
PEOPLE = st.sampled_from(["wang", "li", "zhao"])
PROPOSER = "wang"


class ProposalMachine(RuleBasedStateMachine):
    """A model of the states of one proposal of ``wang``, compared with the database after each step."""

    def __init__(self):
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.people = {name: make_user(name, departments=["civil-affairs"]) for name in ("wang", "li", "zhao")}
        self.edition = drafts.create_draft(
            Edition.objects.get(slug="2026"),
            slug="2027",
            title="清单",
            effective_from=NEXT_YEAR,
            context=self.act("li"),
        )
        self.proposal = proposals.draft(
            kind="change",
            region=Region.objects.get(code="150000"),
            department=Department.objects.get(code="civil-affairs"),
            title="调整",
            reason="理由",
            effective_from=NEXT_YEAR,
            entries=[standard_change()],
            context=self.act(PROPOSER),
        )
        self.state, self.costly, self.assessor, self.affordable, self.taken_up = "draft", True, None, True, False
        self.editors = {PROPOSER}

    def teardown(self):
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    def act(self, who: str, reason: str | None = None) -> AuditContext:
        return AuditContext(at=PROPOSED_AT, user=self.people[who], reason=reason)

    def attempt(self, allowed: bool, verb, *args, **kwargs) -> None:
        """Call a transition: it succeeds if and only if the model allows it, and a refused one writes no event."""
        count = Event.objects.count()
        try:
            with transaction.atomic():
                verb(*args, **kwargs)
        except (proposals.TransitionError, publishing.NotPublishableError):
            assert not allowed
            assert Event.objects.count() == count
        else:
            assert allowed
            assert Event.objects.count() > count

    def moved(self, allowed: bool, state: str) -> None:
        self.state = state if allowed else self.state

    @rule(who=PEOPLE, costly=st.booleans())
    def amend(self, who, costly):
        allowed = self.state in {"draft", "declined"}
        self.attempt(
            allowed,
            proposals.amend,
            self.proposal,
            entries=[standard_change() if costly else NOTE_CHANGE],
            context=self.act(who),
        )
        if allowed:
            self.costly, self.assessor, self.affordable = costly, None, True
            self.editors.add(who)
        self.moved(allowed, "draft")

    @rule(who=PEOPLE)
    def submit(self, who):
        allowed = self.state == "draft"
        self.attempt(allowed, proposals.submit, self.proposal, context=self.act(who))
        self.editors |= {who} if allowed else set()
        self.moved(allowed, "assessing" if self.costly else "approving")

    @rule(who=PEOPLE, conclusion=st.sampled_from(["affordable", "staged", "unaffordable"]))
    def assess(self, who, conclusion):
        allowed = who not in self.editors and self.state == "assessing"
        figures = ASSESSMENT_FIGURES | {"conclusion": conclusion}
        self.attempt(allowed, proposals.assess, self.proposal, figures=figures, context=self.act(who))
        if allowed:
            self.assessor, self.affordable = who, conclusion != "unaffordable"
        self.moved(allowed, "approving")

    @rule(who=PEOPLE)
    def approve(self, who):
        allowed = who not in {*self.editors, self.assessor} and self.state == "approving" and self.affordable
        self.attempt(allowed, proposals.approve, self.proposal, context=self.act(who))
        self.moved(allowed, "approved")

    @rule(who=PEOPLE, reason=st.sampled_from([None, "缺少依据"]))
    def decline(self, who, reason):
        allowed = (
            who not in {*self.editors, self.assessor} and self.state in {"assessing", "approving"} and bool(reason)
        )
        self.attempt(allowed, proposals.decline, self.proposal, context=self.act(who, reason))
        self.moved(allowed, "declined")

    @rule(who=PEOPLE)
    def recall(self, who):
        allowed = self.state in {"assessing", "approving"}
        self.attempt(allowed, reversals.recall, self.proposal, context=self.act(who, "更正"))
        if allowed:
            self.assessor, self.affordable = None, True
        self.editors |= {who} if allowed else set()
        self.moved(allowed, "draft")

    @rule(who=PEOPLE)
    def revoke(self, who):
        allowed = who not in {*self.editors, self.assessor} and self.state == "approved" and not self.taken_up
        self.attempt(allowed, reversals.revoke_approval, self.proposal, context=self.act(who, "再议"))
        self.moved(allowed, "approving")

    @rule(who=PEOPLE)
    def take_out(self, who):
        allowed = self.state == "approved" and self.taken_up
        self.attempt(allowed, reversals.take_out, self.proposal, context=self.act(who, "另行研究"))
        self.taken_up = self.taken_up and not allowed

    @rule(who=PEOPLE)
    def void(self, who):
        allowed = self.state in {"draft", "assessing", "approving", "declined"}
        self.attempt(allowed, reversals.void, self.proposal, context=self.act(who, "不再需要"))
        self.moved(allowed, "void")

    @rule(who=PEOPLE)
    def take_up(self, who):
        published = Edition.objects.get(pk=self.edition.pk).is_published
        allowed = self.state == "approved" and not self.taken_up and not published
        self.attempt(allowed, proposals.include_in_edition, self.proposal, self.edition, context=self.act(who))
        self.taken_up = self.taken_up or allowed

    @rule(who=PEOPLE)
    def publish(self, who):
        allowed = not Edition.objects.get(pk=self.edition.pk).is_published
        self.attempt(allowed, publishing.publish, self.edition, context=self.act(who))
        if allowed and self.taken_up:
            self.state = "published"

    @invariant()
    def the_proposal_is_where_the_model_says(self):
        self.proposal.refresh_from_db()
        assert self.proposal.state == self.state

    @invariant()
    def nobody_decided_on_their_own(self):
        for approval in Approval.objects.filter(proposal=self.proposal).in_force():
            assert approval.approver.username not in {*self.editors, self.assessor}

    @invariant()
    def the_record_holds(self):
        assert Event.objects.order_by("number").last().digest == log.event_digest(Event.objects.last())


def test_no_sequence_of_steps_reaches_a_forbidden_state(db):
    run_state_machine_as_test(
        ProposalMachine,
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=14,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
