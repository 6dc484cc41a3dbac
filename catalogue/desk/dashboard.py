"""My work (我的工作): what waits for somebody, with counts and dates. The desk's start page."""

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
    """One thing that waits: what it is and where, since when, what is asked of whom, and until which day."""

    words: str
    address: str
    since: datetime.date | None
    note: str = ""
    due: datetime.date | None = None


class Section(NamedTuple):
    """What waits for somebody in one of his or her roles; ``empty`` is what to read where nothing does."""

    title: str
    items: list[Item]
    empty: str
    more: str | None = None


def waiting_for(user: AbstractBaseUser, *, on: datetime.date) -> Iterator[Section]:
    """Yield what waits for somebody on a day, by role, in the order of the path of a change."""
    if user.has_perm("catalogue.add_proposal"):
        mine = _since(Proposal.objects.filter(proposer=user))
        declined = [_item(each, _reason(each)) for each in mine.filter(state=State.DECLINED)]
        yield Section("退回给我的建议", declined, "没有退回的建议。")
        yield Section("我的草稿", [_item(each) for each in mine.filter(state=State.DRAFT)], "没有草稿。")
        under_way = [_item(each, each.get_state_display()) for each in mine.pending()]
        yield Section("我提交、正在办理的建议", under_way, "没有正在办理的建议。")
    if user.has_perm("catalogue.assess_proposal"):
        rows = _since(Proposal.objects.filter(state=State.ASSESSING).exclude(proposer=user))
        yield Section("待我评估", [_item(each, str(each.department)) for each in rows], "没有待评估的建议。")
    if user.has_perm("catalogue.approve_proposal"):
        rows = Proposal.objects.filter(state=State.APPROVING).exclude(proposer=user)
        rows = _since(rows.exclude(assessment__assessor=user))
        yield Section("待我审批", [_item(each, str(each.department)) for each in rows], "没有待审批的建议。")
    if user.has_perm("catalogue.publish_edition"):
        rows = _since(Proposal.objects.filter(state=State.APPROVED, edition=None))
        yield Section("待编入版本", [_item(each, str(each.department)) for each in rows], "没有待编入的建议。")
        yield Section("未发布的版本", [_draft(each) for each in Edition.objects.drafts()], "没有草稿版本。")
    if user.has_perm("catalogue.change_feedback"):
        rows = _own(Feedback.objects.unanswered(), user, on).order_by("at")
        yield Section("待答复的反馈", [_heard(each) for each in rows.select_related("service")], "没有待答复的反馈。")
    if user.has_perm("catalogue.check_entry"):
        due = [each for each in rechecks.due_entries(on) if _is_mine(user, each.entry)]
        yield Section("满一年未核对的服务项目", [_due(each) for each in due], "本部门的项目一年内都核对过。")
    yield from _reading(user, on)


def _reading(user: AbstractBaseUser, on: datetime.date) -> Iterator[Section]:
    """What nobody has to do on a day, but somebody should have an eye on."""
    seen = permissions.visible_departments(user)
    edition = Edition.objects.in_force(on).first()
    if edition and user.has_perm("catalogue.check_entry"):
        left = FieldVerification.objects.not_verified().filter(entry__edition=edition)
        left = left if seen is None else left.filter(entry__lead_department__code__in=seen)
        if count := left.count():
            address = f"{reverse('admin:catalogue_fieldverification_changelist')}?edition={edition.slug}"
            yield Section("待核实的字段", [Item(f"版本 {edition.slug}：{count} 个字段", address, None)], "")
    if user.has_perm("catalogue.view_event"):
        last = Event.objects.order_by("number").last()
        items = (
            [Item(f"共 {last.number} 条，最后一条：{last.get_verb_display()}", _record(), _day(last.at))]
            if last
            else []
        )
        yield Section("记录", items, "还没有记录。")


def _record() -> str:
    return reverse("admin:catalogue_event_changelist")


def _since(proposals: QuerySet) -> QuerySet:
    """Proposals with the time of their last step, those that wait longest first."""
    steps = Event.objects.filter(proposal=OuterRef("number")).exclude(verb=Event.Verb.COMMENTED).order_by("-number")
    proposals = proposals.annotate(since=Subquery(steps.values("at")[:1])).select_related("department")
    return proposals.order_by(F("since").asc(nulls_first=True), "number")


def _item(proposal: Proposal, note: str = "") -> Item:
    address = reverse("admin:catalogue_proposal_change", args=[proposal.pk])
    words = f"第 {proposal.number} 号（{proposal.get_kind_display()}）：{proposal.title}"
    return Item(words, address, proposal.since and _day(proposal.since), note, proposal.effective_from)


def _reason(proposal: Proposal) -> str:
    declined = proposal.approvals.filter(granted=False).last()
    return f"退回理由：{declined.reason}" if declined else ""


def _draft(edition: Edition) -> Item:
    begun = Event.objects.filter(edition=edition.slug, service=None).order_by("number").first()
    address = reverse("admin:catalogue_edition_change", args=[edition.pk])
    return Item(edition.title, address, begun and _day(begun.at), "", edition.effective_from)


def _heard(feedback: Feedback) -> Item:
    address = reverse("admin:catalogue_feedback_change", args=[feedback.pk])
    return Item(
        f"{feedback.service}：{feedback.message[:40]}", address, _day(feedback.at), feedback.get_state_display()
    )


def _due(due: rechecks.DueEntry) -> Item:
    entry = due.entry
    address = reverse("admin:catalogue_entry_change", args=[entry.pk])
    note = "" if due.last_checked else "从未核对"
    return Item(f"{entry.service} {entry.name}", address, due.last_checked, note)


def _is_mine(user: AbstractBaseUser, entry) -> bool:
    return permissions.can_change(user, entry.lead_department and entry.lead_department.code)


def _own(feedback: QuerySet, user: AbstractBaseUser, on: datetime.date) -> QuerySet:
    """Feedback on services that somebody's departments lead."""
    return (
        feedback
        if user.is_superuser
        else feedback.with_lead_department(on).filter(lead__in=permissions.departments_of(user))
    )


def _day(at: datetime.datetime) -> datetime.date:
    return timezone.localdate(at)
