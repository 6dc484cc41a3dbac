"""The steps of a proposal on its page: which buttons somebody has, and what each does. Every step is one verb."""

from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path

from catalogue.desk.base.mixins import act
from catalogue.editions.drafts import DraftError
from catalogue.models import Edition, Proposal
from catalogue.workflow import proposals

State = Proposal.State
# Whoever has a hand in proposals has a say; auditors read.
SPEAKERS = ("add_proposal", "assess_proposal", "approve_proposal", "publish_edition")


class Step(NamedTuple):
    """A button: its name in the address, its words, and what is typed with it: ``required``, ``optional`` or nothing.

    A ``link`` leads to a page of its own.
    """

    name: str
    words: str
    reason: str | None = None
    link: str | None = None
    editions: list[Edition] | None = None


def steps_for(user: AbstractBaseUser, proposal: Proposal) -> list[Step]:
    """Return the steps somebody may take on a proposal as it is now, and nothing else."""
    state = proposal.state
    proposes = user == proposal.proposer and user.has_perm("catalogue.change_proposal")
    assessor = getattr(getattr(proposal, "assessment", None), "assessor", None)
    assesses = state == State.ASSESSING and user != proposal.proposer and user.has_perm("catalogue.assess_proposal")
    decides = (
        state == State.APPROVING
        and user not in {proposal.proposer, assessor}
        and user.has_perm("catalogue.approve_proposal")
    )
    found = []
    if proposes and state in {State.DRAFT, State.DECLINED}:
        found.append(Step("edit", "修改", link="admin:catalogue_proposal_edit"))
    if proposes and state == State.DRAFT:
        found.append(Step("submit", "提交"))
    if assesses:
        found.append(Step("assess", "评估", link="admin:catalogue_proposal_assess"))
    if decides:
        found.append(Step("approve", "批准", reason="optional"))
    if assesses or decides:
        found.append(Step("decline", "退回", reason="required"))
    if state == State.APPROVED and proposal.edition is None and user.has_perm("catalogue.publish_edition"):
        drafts = proposal.region.editions.drafts().filter(effective_from__gte=proposal.effective_from)
        found.append(Step("take-up", "编入版本", editions=list(drafts)))
    if proposes and state in {State.DRAFT, State.ASSESSING, State.APPROVING, State.DECLINED}:
        found.append(Step("retract", "撤回"))
    if any(user.has_perm(f"catalogue.{each}") for each in SPEAKERS):
        found.append(Step("comment", "发表意见", reason="required"))
    return found


class TransitionsMixin:
    """For ProposalAdmin: the addresses of the steps."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.step_view)
        return [path("<int:pk>/steps/<slug:step>/", view, name="catalogue_proposal_step"), *super().get_urls()]

    def step_view(self, request: HttpRequest, pk: int, step: str) -> HttpResponse:
        """Take one step, if who asks may, and if nothing of what he or she read has changed since."""
        proposal = self.get_object(request, str(pk))
        if proposal is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(pk))
        if not self.has_view_permission(request, proposal):
            raise PermissionDenied
        if request.method != "POST":
            return redirect("admin:catalogue_proposal_change", proposal.pk)
        reason = request.POST.get("reason", "").replace("\0", "").strip() or None
        try:
            with transaction.atomic():
                # Locked from here on: what is compared with what was read is what the step is taken on.
                Proposal.objects.select_for_update().get(pk=proposal.pk)
                proposal = self.get_object(request, str(pk))
                if stale := self.stale(request, proposal):
                    return self.page(request, proposal, typed=reason or "", status=409, **stale)
                allowed = {each.name: each for each in steps_for(request.user, proposal) if not each.link}
                if step not in allowed:
                    raise PermissionDenied("建议在现在的状态下，您不能进行这一步；请返回建议页面查看。")
                self._take(request, proposal, step, reason)
        except proposals.TransitionError as error:
            return self.page(request, proposal, reasons=error.reasons, typed=reason or "", status=409)
        except DraftError as error:
            reasons = [fault.reason for fault in error.faults]
            return self.page(request, proposal, reasons=reasons, typed=reason or "", status=409)
        self.message_user(request, f"{allowed[step].words}：已记录。")
        return redirect("admin:catalogue_proposal_change", proposal.pk)

    def _take(self, request: HttpRequest, proposal: Proposal, step: str, reason: str | None) -> None:
        done = act(request, reason=reason)
        if step == "take-up":
            chosen = request.POST.get("edition", "")
            edition = Edition.objects.drafts().filter(slug=chosen.replace("\0", "")).first()
            if edition is None:
                raise proposals.TransitionError(["请选择一个草稿版本。"])
            proposals.include_in_edition(proposal, edition, context=done)
            return
        verbs = {
            "submit": proposals.submit,
            "approve": proposals.approve,
            "decline": proposals.decline,
            "retract": proposals.retract,
            "comment": proposals.comment,
        }
        verbs[step](proposal, context=done)
