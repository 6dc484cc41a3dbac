"""The transitions of a proposal on its page: which a user may take, and the view that takes one.

Steps forward are buttons; a step back (``Step.back``) is folded and says what it does before it asks for the reason.
"""

from typing import NamedTuple

from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone

from catalogue.desk.base import versions
from catalogue.desk.base.mixins import audit_context, typed_text
from catalogue.editions.drafts import DraftError
from catalogue.models import Edition, Proposal
from catalogue.workflow import proposals
from catalogue.workflow.checks import explanations
from catalogue.workflow.steps import copies, handover, reversals

State = Proposal.State
# Permissions that allow a comment: all roles with a part in the workflow, but not auditors.
COMMENT_PERMISSIONS = ("add_proposal", "assess_proposal", "approve_proposal", "publish_edition")


class Step(NamedTuple):
    """A button: its name in the URL, its label, and whether a reason is ``required``, ``optional`` or None.

    ``link`` is the URL name of a step with its own page, ``editions`` are the choices for "take-up", ``people`` those
    for "hand-over". ``back`` is what a step back does, as a sentence for the user; None for the others.
    """

    name: str
    words: str
    reason: str | None = None
    link: str | None = None
    editions: list[Edition] | None = None
    back: str | None = None
    people: list[AbstractBaseUser] | None = None


# Makes another proposal and changes nothing of this one.
COPY = Step("copy", "复制为新建议")
RECALL = Step(
    "recall", "撤回修改", "required",
    back="建议回到草稿，填写的内容和来源都不丢；改好后再提交，须重新评估的重新评估，以前的评估和附件仍可查看。",
)  # fmt: skip
REVOKE = Step(
    "revoke", "撤销批准", "required",
    back="建议回到待审批，可以再次批准或者退回；这次批准和撤销的理由都留在记录中。",
)  # fmt: skip
TAKE_OUT = Step(
    "take-out", "移出版本", "required",
    back="建议回到已批准、尚未编入；草稿版本的条目恢复成没有编入过的样子。",
)  # fmt: skip
# Taken beside the figures that it explains, not among the other buttons.
EXPLAIN = Step("explain", "说明数字", "required")
VOID = Step(
    "void", "作废", "required",
    back="建议到此结束，不能恢复，也不能再修改和提交；内容和理由留在记录中。还要修改的，不要作废。",
)  # fmt: skip


def may_edit(user: AbstractBaseUser, proposal: Proposal) -> bool:
    """Whether a user may go on with a proposal: an editor of its department.

    A publisher goes on with what follows when a department is renamed or merged, and nothing else.
    """
    is_publisher = user == proposal.proposer and user.has_perm("catalogue.publish_edition")
    return (user.has_perm("catalogue.change_proposal") or is_publisher) and proposals.acts_for(
        user, proposal, timezone.localdate()
    )


def steps_for(user: AbstractBaseUser, proposal: Proposal) -> list[Step]:
    """Return the steps that a user may take on a proposal in its current state."""
    state = proposal.state
    can_edit = may_edit(user, proposal)
    can_publish = user.has_perm("catalogue.publish_edition")
    may_approve = user.pk not in proposals.involved(proposal) and user.has_perm("catalogue.approve_proposal")
    may_assess = user not in proposal.editors.all() and user.has_perm("catalogue.assess_proposal")
    can_assess = state == State.ASSESSING and may_assess
    can_decide = state == State.APPROVING and may_approve
    steps = []
    if can_edit and state in {State.DRAFT, State.DECLINED}:
        steps += [Step("edit", "修改", link="admin:catalogue_proposal_edit"), EXPLAIN]
    if can_edit and state == State.DRAFT:
        steps.append(Step("submit", "提交"))
    if can_edit and state in {State.DRAFT, State.DECLINED}:
        steps.append(Step("hand-over", "转交", "required", people=handover.colleagues(proposal)))
    if user.has_perm("catalogue.add_proposal"):
        steps.append(COPY)
    if can_assess:
        steps.append(Step("assess", "评估", link="admin:catalogue_proposal_assess"))
    if can_decide:
        steps.append(Step("approve", "批准", reason="optional"))
    if can_assess or can_decide:
        steps.append(Step("decline", "退回", reason="required"))
    if state == State.APPROVED and proposal.edition is None and can_publish:
        drafts = proposal.region.editions.drafts().filter(effective_from__gte=proposal.effective_from)
        steps.append(Step("take-up", "编入版本", editions=list(drafts)))
    if any(user.has_perm(f"catalogue.{permission}") for permission in COMMENT_PERMISSIONS):
        steps.append(Step("comment", "发表意见", reason="required"))
    if can_edit and state in {State.ASSESSING, State.APPROVING}:
        steps.append(RECALL)
    if may_approve and state == State.APPROVED and proposal.edition is None:
        steps.append(REVOKE)
    if can_publish and state == State.APPROVED and proposal.edition is not None:
        steps.append(TAKE_OUT)
    if (can_edit or can_publish) and state in {State.DRAFT, State.ASSESSING, State.APPROVING, State.DECLINED}:
        steps.append(VOID)
    return steps


class TransitionsMixin:
    """For ProposalAdmin: the view that takes a step."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.step_view)
        return [path("<int:pk>/steps/<slug:step>/", view, name="catalogue_proposal_step"), *super().get_urls()]

    def step_view(self, request: HttpRequest, pk: int, step: str) -> HttpResponse:
        """Take a step (POST), if the user may and the proposal has not changed since the page was shown.

        Otherwise nothing is written: PermissionDenied, or the page with the reasons and status 409.
        """
        proposal = self.get_object(request, str(pk))
        if proposal is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(pk))
        if not self.has_view_permission(request, proposal):
            raise PermissionDenied
        if request.method != "POST":
            return redirect("admin:catalogue_proposal_change", proposal.pk)
        reason = typed_text(request, "reason") or None
        try:
            with transaction.atomic():
                # Locked, so that the proposal cannot change between the comparison and the step.
                Proposal.objects.select_for_update().get(pk=proposal.pk)
                proposal = self.get_object(request, str(pk))
                if stale := self.stale(request, proposal):
                    return self.page(request, proposal, refused=step, typed=reason or "", status=409, **stale)
                allowed = {
                    candidate.name: candidate for candidate in steps_for(request.user, proposal) if not candidate.link
                }
                if step not in allowed:
                    raise PermissionDenied("建议在现在的状态下，您不能进行这一步；请返回建议页面查看。")
                if step == COPY.name:
                    return self._copy(request, proposal)
                self._take_step(request, proposal, step, reason)
        except proposals.TransitionError as error:
            return self.page(request, proposal, reasons=error.reasons, refused=step, typed=reason or "", status=409)
        except DraftError as error:
            reasons = [fault.reason for fault in error.faults]
            return self.page(request, proposal, reasons=reasons, refused=step, typed=reason or "", status=409)
        self.message_user(request, f"{allowed[step].words}：已记录。")
        return redirect("admin:catalogue_proposal_change", proposal.pk)

    def _copy(self, request: HttpRequest, proposal: Proposal) -> HttpResponse:
        """Copy a proposal once for each page shown, and open the copy with what could not be carried over."""
        form_key = versions.step_key(request.POST.get("seen", ""), COPY.name, request.user.get_username())
        copied = Proposal.objects.filter(form_key=form_key).first()
        if copied is None:
            copied, notes = copies.copy(proposal, form_key=form_key, context=audit_context(request))
            self.message_user(request, f"已复制为第 {copied.number} 号建议（草稿）。")
            for note in notes:
                self.message_user(request, note, messages.WARNING)
        return redirect("admin:catalogue_proposal_change", copied.pk)

    def _take_step(self, request: HttpRequest, proposal: Proposal, step: str, reason: str | None) -> None:
        context = audit_context(request, reason=reason)
        if step == "take-up":
            slug = request.POST.get("edition", "")
            edition = Edition.objects.drafts().filter(slug=slug.replace("\0", "")).first()
            if edition is None:
                raise proposals.TransitionError(["请选择一个草稿版本。"])
            proposals.include_in_edition(proposal, edition, context=context)
            return
        if step == "hand-over":
            name = request.POST.get("person", "").replace("\0", "")
            to = next((user for user in handover.colleagues(proposal) if user.get_username() == name), None)
            handover.hand_over(proposal, to, context=context)
            return
        if step == EXPLAIN.name:
            service, field = (typed_text(request, name) for name in ("service", "field"))
            explanations.explain_figures(proposal, service=service, field=field, context=context)
            return
        functions = {
            "submit": proposals.submit,
            "approve": proposals.approve,
            "decline": proposals.decline,
            "comment": proposals.comment,
            "recall": reversals.recall,
            "revoke": reversals.revoke_approval,
            "take-out": reversals.take_out,
            "void": reversals.void,
        }
        functions[step](proposal, context=context)
