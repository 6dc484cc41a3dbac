"""The desk's start page (我的工作): a user's pending tasks by role, with dates."""

import datetime
from collections.abc import Iterator
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Exists, F, OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone

from catalogue.accounts import names, permissions
from catalogue.desk.base.dates import time_left
from catalogue.desk.base.services import named, newest_name
from catalogue.feedback import answers
from catalogue.models import DraftInput, Edition, Event, Feedback, FieldVerification, Look, Proposal
from catalogue.workflow.maintenance import rechecks
from services.text import dates

State, Verb = Proposal.State, Event.Verb
# The role that takes the next step of a proposal.
ROLE_OF = {
    State.ASSESSING: permissions.ASSESSOR,
    State.APPROVING: permissions.APPROVER,
    State.APPROVED: permissions.PUBLISHER,
}
# What a proposer is told that others did, and for how many days.
NOTICES = (
    Verb.COMMENTED, Verb.ASSESSED, Verb.APPROVED, Verb.DECLINED, Verb.TAKEN_UP, Verb.REVOKED, Verb.TAKEN_OUT,
    Verb.VOIDED,
)  # fmt: skip
NOTICE_DAYS = 14


class Item(NamedTuple):
    """A pending task: its text, URL, day since when it is pending, a note, its due day, who has it or did it.

    ``days`` are the working days since then, ``left`` those until the due day in words; ``is_updated`` is whether
    somebody else did something after the user's last look.
    """

    words: str
    address: str
    since: datetime.date | None
    note: str = ""
    due: datetime.date | None = None
    who: str = ""
    days: int | None = None
    left: str = ""
    is_updated: bool = False


class Section(NamedTuple):
    """The pending tasks of a user in one role; ``number`` if one item stands for several tasks.

    ``who``, ``due`` and ``since`` are the headings of their columns.
    """

    title: str
    items: list[Item]
    number: int | None = None
    who: str = "提出人"
    due: str = "施行日期"
    since: str = "自"

    @property
    def count(self) -> int:
        return len(self.items) if self.number is None else self.number

    def has(self, column: str) -> bool:
        return any(getattr(item, column) for item in self.items)

    @property
    def has_note(self) -> bool:
        return self.has("note")

    @property
    def has_who(self) -> bool:
        return self.has("who")

    @property
    def has_since(self) -> bool:
        return self.has("since")

    @property
    def has_due(self) -> bool:
        return self.has("due")


def waiting_for(user: AbstractBaseUser, *, on: datetime.date) -> Iterator[Section]:
    """Yield the sections of a user's pending tasks on a day that are not empty, in the order of the workflow."""
    for section in _sections(user, on):
        items = [
            item._replace(
                days=dates.working_days_between(item.since, on) if item.since and section.since == "自" else None,
                left=time_left(item.due, on) if item.due else "",
            )
            for item in section.items
        ]
        if items:
            yield section._replace(items=items)


def _sections(user: AbstractBaseUser, on: datetime.date) -> Iterator[Section]:
    if user.has_perm("catalogue.add_proposal"):
        yield from _own_sections(user, on)
    if user.has_perm("catalogue.assess_proposal"):
        rows = _with_since(Proposal.objects.filter(state=State.ASSESSING).exclude(editors=user), user)
        yield Section("待我评估", [_others_item(row) for row in rows])
    if user.has_perm("catalogue.approve_proposal"):
        rows = Proposal.objects.filter(state=State.APPROVING).exclude(editors=user)
        rows = _with_since(rows.exclude(assessment__assessor=user), user)
        yield Section("待我审批", [_others_item(row) for row in rows])
    if user.has_perm("catalogue.publish_edition"):
        rows = _with_since(Proposal.objects.filter(state=State.APPROVED, edition=None), user)
        yield Section("待编入版本", [_others_item(row) for row in rows])
        yield Section("未发布的版本", [_edition_item(row) for row in Edition.objects.drafts()])
    yield from _feedback_sections(user, on)
    if user.has_perm("catalogue.check_entry"):
        due = [row for row in rechecks.due_entries(on) if _is_mine(user, row.entry, on)]
        yield Section("满一年未核对的服务项目", [_recheck_item(row) for row in due], since="上次核对")
    yield from _information_sections(user, on)


def _own_sections(user: AbstractBaseUser, on: datetime.date) -> Iterator[Section]:
    """Yield what a proposer has to do, what others did with his or her proposals, and where these are."""
    own_proposals = _with_since(Proposal.objects.filter(handler=user), user)
    declined = [_proposal_item(row, _decline_reason(row)) for row in own_proposals.filter(state=State.DECLINED)]
    yield Section("退回给我的建议", declined)
    yield Section("近两周别人对我的建议", _notices(user, on), who="谁")
    started = DraftInput.objects.filter(author=user, proposal=None)
    yield Section("填写到一半的新建议", [_input_item(row) for row in started])
    yield Section("我的草稿", [_proposal_item(row) for row in own_proposals.filter(state=State.DRAFT)])
    pending = [
        _proposal_item(row, row.get_state_display(), _people(ROLE_OF[row.state], row))
        for row in own_proposals.pending()
        if row.state in ROLE_OF
    ]
    yield Section("我提交、正在办理的建议", pending, who="现在由谁办")


def _notices(user: AbstractBaseUser, on: datetime.date) -> list[Item]:
    """Return what others said of a user's proposals and did with them in the last days, the newest first."""
    own_proposals = {proposal.number: proposal for proposal in Proposal.objects.filter(handler=user)}
    events = Event.objects.filter(
        proposal__in=own_proposals, verb__in=NOTICES, at__date__gt=on - datetime.timedelta(NOTICE_DAYS)
    ).exclude(actor=user.get_username())  # fmt: skip
    return [
        Item(
            f"第 {event.proposal} 号{event.get_verb_display()}：{own_proposals[event.proposal].title}",
            reverse("admin:catalogue_proposal_change", args=[own_proposals[event.proposal].pk]),
            _day(event.at),
            event.reason or "",
            who=names.actor(event),
        )
        for event in names.with_actors(events).order_by("-number")
    ]


def _people(role: str, proposal: Proposal) -> str:
    """Return the names of those who may take the next step of a proposal, at most three."""
    users = get_user_model().objects.filter(is_active=True, groups__name=role).exclude(pk__in=proposal.editors.all())
    everyone = [names.full_name(user) for user in users.order_by("pk")]
    return f"{role}：{'、'.join(everyone[:3]) or '没有人'}{' 等' if len(everyone) > 3 else ''}"


def _feedback_sections(user: AbstractBaseUser, on: datetime.date) -> Iterator[Section]:
    due = "限办日期"
    if user.has_perm("catalogue.change_feedback"):
        rows = _own_feedback(Feedback.objects.unanswered(), user, on).order_by("at").select_related("service")
        rows = rows.annotate(service_name=newest_name("service"))
        yield Section("待答复的反馈", [_feedback_item(row) for row in rows.filter(draft_answer=None)], due=due)
        own_drafts = [_feedback_item(row, _return_reason(row)) for row in rows.filter(drafter=user)]
        yield Section("我起草、待审核的答复", own_drafts, due=due)
    if user.has_perm("catalogue.release_feedback"):
        drafted = Feedback.objects.to_release(user).select_related("service", "drafter").order_by("at")
        drafted = drafted.annotate(service_name=newest_name("service"))
        if not user.has_perm("catalogue.approve_proposal"):
            drafted = _own_feedback(drafted, user, on)
        items = [_feedback_item(row)._replace(who=names.person_name(row.drafter)) for row in drafted]
        yield Section("待我审核的答复", items, who="起草人", due=due)


def _return_reason(feedback: Feedback) -> str:
    """Return why the drafted answer of a message was returned; "" if that is not the last thing that happened."""
    event = Event.objects.filter(term=answers.feedback_reference(feedback)).order_by("number").last()
    return f"退回理由：{event.reason}" if event and event.verb == Event.Verb.ANSWER_RETURNED else "待审核"


def _information_sections(user: AbstractBaseUser, on: datetime.date) -> Iterator[Section]:
    """Yield the sections that are for information: unverified fields and the audit log."""
    codes = permissions.visible_departments(user, on)
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


def _input_item(row: DraftInput) -> Item:
    return Item(f"{timezone.localtime(row.at):%Y-%m-%d %H:%M} 自动保存、尚未提交的内容", row.url, _day(row.at))


def _audit_log_url() -> str:
    return reverse("admin:catalogue_event_changelist")


def _with_since(proposals: QuerySet, user: AbstractBaseUser) -> QuerySet:
    """Annotate proposals with ``since``, the time of their last transition, and order them by it, oldest first.

    ``is_updated`` is whether somebody else did or said something after the user's last look, if there was one.
    """
    events = Event.objects.filter(proposal=OuterRef("number")).order_by("-number")
    steps = events.exclude(verb__in=Event.REMARKS)
    looks = Look.objects.filter(user=user, proposal=OuterRef(OuterRef("pk")))
    news = events.exclude(actor=user.get_username()).filter(number__gt=Subquery(looks.values("number")))
    proposals = proposals.annotate(since=Subquery(steps.values("at")[:1]), is_updated=Exists(news))
    proposals = proposals.select_related("department", "handler")
    return proposals.order_by(F("since").asc(nulls_first=True), "number")


def _proposal_item(proposal: Proposal, note: str = "", who: str = "") -> Item:
    url = reverse("admin:catalogue_proposal_change", args=[proposal.pk])
    text = f"第 {proposal.number} 号（{proposal.get_kind_display()}）：{proposal.title}"
    since = proposal.since and _day(proposal.since)
    return Item(text, url, since, note, proposal.effective_from, who, is_updated=proposal.is_updated)


def _others_item(proposal: Proposal) -> Item:
    return _proposal_item(proposal, str(proposal.department), names.full_name(proposal.handler))


def _decline_reason(proposal: Proposal) -> str:
    declined = proposal.approvals.filter(granted=False).last()
    return f"退回理由：{declined.reason}" if declined else ""


def _edition_item(edition: Edition) -> Item:
    first_event = Event.objects.filter(edition=edition.slug, service=None).order_by("number").first()
    url = reverse("admin:catalogue_edition_change", args=[edition.pk])
    return Item(edition.title, url, first_event and _day(first_event.at), "", edition.effective_from)


def _feedback_item(feedback: Feedback, note: str = "") -> Item:
    about = named(feedback.service.code, feedback.service_name) if feedback.service else feedback.get_kind_display()
    return Item(
        f"{about}：{feedback.message[:40]}",
        reverse("admin:catalogue_feedback_change", args=[feedback.pk]),
        _day(feedback.at),
        note or feedback.get_state_display(),
        answers.deadline(feedback, working_days=settings.FEEDBACK_WORKING_DAYS),
    )


def _recheck_item(due: rechecks.DueRecheck) -> Item:
    entry = due.entry
    url = reverse("admin:catalogue_entry_change", args=[entry.pk])
    note = "" if due.last_checked else "从未核对"
    return Item(f"{entry.service} {entry.name}", url, due.last_checked, note)


def _is_mine(user: AbstractBaseUser, entry, on: datetime.date) -> bool:
    return permissions.can_change(user, entry.lead_department and entry.lead_department.code, on)


def _own_feedback(feedback: QuerySet, user: AbstractBaseUser, on: datetime.date) -> QuerySet:
    """Filter feedback by services that the user's departments lead on a day; superusers get all."""
    return (
        feedback
        if user.is_superuser
        else feedback.with_lead_department(on).filter(lead__in=permissions.departments_of(user, on))
    )


def _day(at: datetime.datetime) -> datetime.date:
    return timezone.localdate(at)
