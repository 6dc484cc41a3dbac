"""The desk's start page (我的工作): a user's pending tasks by role, with dates."""

import datetime
from collections.abc import Iterator
from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone

from catalogue.accounts import permissions
from catalogue.models import Edition, Event, Feedback, FieldVerification, Proposal
from catalogue.workflow import rechecks

State = Proposal.State


class Item(NamedTuple):
    """A pending task: its text, URL, day since when it is pending, a note, its due day, and how many days it waits."""

    words: str
    address: str
    since: datetime.date | None
    note: str = ""
    due: datetime.date | None = None
    days: int | None = None


class Section(NamedTuple):
    """The pending tasks of a user in one role; ``number`` if one item stands for several tasks."""

    title: str
    items: list[Item]
    number: int | None = None

    @property
    def count(self) -> int:
        return len(self.items) if self.number is None else self.number


def waiting_for(user: AbstractBaseUser, *, on: datetime.date) -> Iterator[Section]:
    """Yield the sections of a user's pending tasks on a day that are not empty, in the order of the workflow."""
    for section in _sections(user, on):
        items = [item._replace(days=max(0, (on - item.since).days) if item.since else None) for item in section.items]
        if items:
            yield section._replace(items=items)


def _sections(user: AbstractBaseUser, on: datetime.date) -> Iterator[Section]:
    if user.has_perm("catalogue.add_proposal"):
        own_proposals = _with_since(Proposal.objects.filter(proposer=user))
        declined = [_proposal_item(row, _decline_reason(row)) for row in own_proposals.filter(state=State.DECLINED)]
        yield Section("退回给我的建议", declined)
        yield Section("我的草稿", [_proposal_item(row) for row in own_proposals.filter(state=State.DRAFT)])
        pending = [_proposal_item(row, row.get_state_display()) for row in own_proposals.pending()]
        yield Section("我提交、正在办理的建议", pending)
    if user.has_perm("catalogue.assess_proposal"):
        rows = _with_since(Proposal.objects.filter(state=State.ASSESSING).exclude(proposer=user))
        yield Section("待我评估", [_proposal_item(row, str(row.department)) for row in rows])
    if user.has_perm("catalogue.approve_proposal"):
        rows = Proposal.objects.filter(state=State.APPROVING).exclude(proposer=user)
        rows = _with_since(rows.exclude(assessment__assessor=user))
        yield Section("待我审批", [_proposal_item(row, str(row.department)) for row in rows])
    if user.has_perm("catalogue.publish_edition"):
        rows = _with_since(Proposal.objects.filter(state=State.APPROVED, edition=None))
        yield Section("待编入版本", [_proposal_item(row, str(row.department)) for row in rows])
        yield Section("未发布的版本", [_edition_item(row) for row in Edition.objects.drafts()])
    if user.has_perm("catalogue.change_feedback"):
        rows = _own_feedback(Feedback.objects.unanswered(), user, on).order_by("at").select_related("service")
        yield Section("待答复的反馈", [_feedback_item(row) for row in rows.filter(draft_answer=None)])
        yield Section("我起草、待审核的答复", [_feedback_item(row) for row in rows.filter(drafter=user)])
    if user.has_perm("catalogue.release_feedback"):
        drafted = Feedback.objects.to_release(user).select_related("service").order_by("at")
        if not user.has_perm("catalogue.approve_proposal"):
            drafted = _own_feedback(drafted, user, on)
        yield Section("待我审核的答复", [_feedback_item(row) for row in drafted])
    if user.has_perm("catalogue.check_entry"):
        due = [row for row in rechecks.due_entries(on) if _is_mine(user, row.entry)]
        yield Section("满一年未核对的服务项目", [_recheck_item(row) for row in due])
    yield from _information_sections(user, on)


def _information_sections(user: AbstractBaseUser, on: datetime.date) -> Iterator[Section]:
    """Yield the sections that are for information: unverified fields and the audit log."""
    codes = permissions.visible_departments(user)
    edition = Edition.objects.in_force(on).first()
    if edition and user.has_perm("catalogue.check_entry"):
        unverified = FieldVerification.objects.unverified().filter(entry__edition=edition)
        unverified = unverified if codes is None else unverified.filter(entry__lead_department__code__in=codes)
        if count := unverified.count():
            url = f"{reverse('admin:catalogue_fieldverification_changelist')}?edition={edition.slug}"
            yield Section("待核实的字段", [Item(f"版本 {edition.slug}：{count} 个字段", url, None)], count)
    if user.has_perm("catalogue.view_event"):
        last_event = Event.objects.order_by("number").last()
        items = (
            [
                Item(
                    f"共 {last_event.number} 条，最后一条：{last_event.get_verb_display()}",
                    _audit_log_url(),
                    _day(last_event.at),
                )
            ]
            if last_event
            else []
        )
        yield Section("记录", items)


def _audit_log_url() -> str:
    return reverse("admin:catalogue_event_changelist")


def _with_since(proposals: QuerySet) -> QuerySet:
    """Annotate proposals with ``since``, the time of their last transition, and order them by it, oldest first."""
    steps = Event.objects.filter(proposal=OuterRef("number")).exclude(verb__in=Event.REMARKS).order_by("-number")
    proposals = proposals.annotate(since=Subquery(steps.values("at")[:1])).select_related("department")
    return proposals.order_by(F("since").asc(nulls_first=True), "number")


def _proposal_item(proposal: Proposal, note: str = "") -> Item:
    url = reverse("admin:catalogue_proposal_change", args=[proposal.pk])
    text = f"第 {proposal.number} 号（{proposal.get_kind_display()}）：{proposal.title}"
    return Item(text, url, proposal.since and _day(proposal.since), note, proposal.effective_from)


def _decline_reason(proposal: Proposal) -> str:
    declined = proposal.approvals.filter(granted=False).last()
    return f"退回理由：{declined.reason}" if declined else ""


def _edition_item(edition: Edition) -> Item:
    first_event = Event.objects.filter(edition=edition.slug, service=None).order_by("number").first()
    url = reverse("admin:catalogue_edition_change", args=[edition.pk])
    return Item(edition.title, url, first_event and _day(first_event.at), "", edition.effective_from)


def _feedback_item(feedback: Feedback) -> Item:
    url = reverse("admin:catalogue_feedback_change", args=[feedback.pk])
    return Item(
        f"{feedback.service or feedback.get_kind_display()}：{feedback.message[:40]}",
        url,
        _day(feedback.at),
        feedback.get_state_display(),
    )


def _recheck_item(due: rechecks.DueRecheck) -> Item:
    entry = due.entry
    url = reverse("admin:catalogue_entry_change", args=[entry.pk])
    note = "" if due.last_checked else "从未核对"
    return Item(f"{entry.service} {entry.name}", url, due.last_checked, note)


def _is_mine(user: AbstractBaseUser, entry) -> bool:
    return permissions.can_change(user, entry.lead_department and entry.lead_department.code)


def _own_feedback(feedback: QuerySet, user: AbstractBaseUser, on: datetime.date) -> QuerySet:
    """Filter feedback by services that the user's departments lead on a day; superusers get all."""
    return (
        feedback
        if user.is_superuser
        else feedback.with_lead_department(on).filter(lead__in=permissions.departments_of(user))
    )


def _day(at: datetime.datetime) -> datetime.date:
    return timezone.localdate(at)
