"""Cross-checks of the database against the audit log, in both directions: editions, proposals and feedback.

Digests reveal later changes; these checks reveal rows that bypassed the application: a publication, a decision or an
assessment without its event, and an event whose subject is gone. The log holds user names: a renamed account is
identified by the event of its renaming. ``docs/integrity.md`` lists what is not checked.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from catalogue.audit.models import Event
from catalogue.editions.models import Edition
from catalogue.editions.public import published
from catalogue.feedback import answers as answers_module
from catalogue.feedback.models import Feedback
from catalogue.workflow import proposals
from catalogue.workflow.models import Assessment, Attachment, Proposal
from catalogue.workflow.steps import assessments
from services.text.json_text import canonical_json

Verb, State = Event.Verb, Proposal.State
# The steps by which one becomes an editor of a proposal.
EDITING = (Verb.DRAFTED, Verb.AMENDED, Verb.SUBMITTED, Verb.EXPLAINED, Verb.RECALLED, Verb.HANDED_OVER)
DECISIONS = (Verb.APPROVED, Verb.DECLINED)


def damaged_editions(editions: Iterable[Edition]) -> list[str]:
    """Return the slugs of the published editions whose sealed texts do not match their digest."""
    return [edition.slug for edition in editions if not published.get_published(edition).is_sound()]


def cross_check() -> list[str]:
    """Return the contradictions between the database and the audit log as sentences; empty if there are none."""
    record = RecordedEvents()
    return [*_edition_faults(record), *_proposal_faults(record), *_feedback_faults(record)]


class RecordedEvents:
    """The events that have counterparts in the database, read once."""

    def __init__(self):
        self.published = defaultdict(list)
        self.proposals = defaultdict(list)
        self.feedback = defaultdict(list)
        self._renamed = defaultdict(list)
        for event in Event.objects.order_by("number").iterator():
            if event.verb == Verb.PUBLISHED:
                self.published[event.edition].append(event)
            elif event.proposal is not None:
                self.proposals[event.proposal].append(event)
            elif event.term and event.term.startswith("feedback/"):
                self.feedback[event.term].append(event)
            elif event.verb == Verb.REVISED and (event.field == "username" or self._is_slug(event)):
                self._renamed[event.field].append(event)

    def actor_name(self, event: Event) -> str | None:
        """Return the current name of the account that acted."""
        return self._current_name("username", event.actor, event)

    def edition_slug(self, event: Event) -> str | None:
        """Return the current slug of an event's edition; a draft may have been renamed."""
        return self._current_name("slug", event.edition, event)

    def _current_name(self, field: str, name: str | None, since: Event) -> str | None:
        for event in self._renamed[field]:
            if name is not None and event.number > since.number and _json_value(event.before) == name:
                name = _json_value(event.after)
        return name

    @staticmethod
    def _is_slug(event: Event) -> bool:
        return event.field == "slug" and event.service is None


def _edition_faults(record: RecordedEvents) -> Iterator[str]:
    published = {
        edition.slug: edition for edition in Edition.objects.published().select_related("previous").order_by("number")
    }
    for slug, edition in published.items():
        events = record.published[slug]
        if len(events) != 1:
            yield f"版本 {slug}：记录中有 {len(events)} 条它的发布，应正好有一条。"
        for event in events:
            if (digest := _json_object(event.after).get("digest")) != edition.digest:
                yield f"版本 {slug}：摘要是 {edition.digest}，记录第 {event.number} 条发布的是 {digest}。"
            if event.at != edition.published_at:
                yield f"版本 {slug}：发布时间与记录第 {event.number} 条不符。"
    yield from _fork_faults(published.values())
    drafts = set(Edition.objects.drafts().values_list("slug", flat=True))
    for slug in record.published.keys() - published.keys():
        for event in record.published[slug]:
            current_status = "现在却是草稿" if slug in drafts else "现在却没有这个版本"
            yield f"版本 {slug}：记录第 {event.number} 条说已经发布，{current_status}。"


def _fork_faults(editions: Iterable[Edition]) -> Iterator[str]:
    """Check that of the editions after the same one all but the first in force were published again."""
    followers = defaultdict(list)
    reissued = {edition.reissue_of_id for edition in editions}
    for edition in editions:
        followers[edition.previous].append(edition)
    for previous, after in followers.items():
        if previous and previous.pk in reissued:
            for edition in after:
                if edition.pk not in reissued:
                    yield f"版本 {edition.slug}：接在版本 {previous.slug} 之后，后者已重新发布，它却没有。"
        first, *later = sorted(after, key=lambda edition: (edition.effective_from, edition.number))
        for edition in later:
            if edition.pk not in reissued:
                where = f"都接在版本 {previous.slug} 之后" if previous else "都没有上一版本"
                yield f"版本 {edition.slug}：与版本 {first.slug} {where}，又没有重新发布。"


def _proposal_faults(record: RecordedEvents) -> Iterator[str]:
    rows = Proposal.objects.select_related("department", "proposer", "edition").order_by("number")
    proposals_by_number = {
        proposal.number: proposal
        for proposal in rows.prefetch_related(
            "approvals__approver", "approvals__revoked_by", "figure_reasons__author", "editors"
        )
    }
    rows = Assessment.objects.select_related("assessor").prefetch_related("lines", "attachments")
    assessed = {row.proposal_id: row for row in rows}
    attachments = set(Attachment.objects.values_list("digest", flat=True))
    for number, proposal in proposals_by_number.items():
        assessment = assessed.get(proposal.pk)
        proposal_faults = [
            *_content_faults(proposal, record),
            *_state_faults(proposal, record),
            *_decision_faults(proposal, record),
            *_assessment_faults(proposal, assessment, record),
            *_figure_reason_faults(proposal, record),
        ]
        proposal_faults += [
            f"评估所依据的附件 {row.name}（{row.digest}）不在。"
            for row in (assessment.attachments.all() if assessment else ())
            if row.digest not in attachments
        ]
        yield from (f"第 {number} 号建议：{fault}" for fault in proposal_faults)
    for number in sorted(record.proposals.keys() - proposals_by_number.keys()):
        yield f"第 {number} 号建议：记录第 {record.proposals[number][0].number} 条说到它，现在却没有这件建议。"


def _content_faults(proposal: Proposal, record: RecordedEvents) -> Iterator[str]:
    """Check the proposer, and the content against the last event that drafted or amended the proposal."""
    drafts = [event for event in record.proposals[proposal.number] if event.verb in (Verb.DRAFTED, Verb.AMENDED)]
    if not drafts or drafts[0].verb != Verb.DRAFTED:
        yield "记录中没有它的起草。"
        return
    if record.actor_name(drafts[0]) != proposal.proposer.get_username():
        yield f"提出人与记录第 {drafts[0].number} 条的经办人不符。"
    editors = {user.get_username() for user in proposal.editors.all()}
    for event in record.proposals[proposal.number]:
        if event.verb in EDITING and record.actor_name(event) not in editors:
            yield f"记录第 {event.number} 条的经办人不在起草和修改的人之中。"
    recorded, current = (
        _json_object(drafts[-1].after),
        json.loads(canonical_json(proposals.proposal_snapshot(proposal))),
    )
    for content in (recorded, current):
        # Sorted here, because their order depends on the collation of the database that recorded them.
        content["entries"] = sorted(map(canonical_json, content.get("entries", ())))
    if differing_keys := sorted(
        key for key in recorded.keys() | current.keys() if recorded.get(key) != current.get(key)
    ):
        yield f"内容（{'、'.join(differing_keys)}）与记录第 {drafts[-1].number} 条不符。"


def _state_faults(proposal: Proposal, record: RecordedEvents) -> Iterator[str]:
    """Check that the state and the edition are the result of the recorded steps."""
    state, edition = None, None
    for event in record.proposals[proposal.number]:
        if event.verb in (Verb.DRAFTED, Verb.AMENDED):
            state = State.DRAFT
        elif event.verb in (Verb.TAKEN_UP, Verb.TAKEN_OUT):
            edition = record.edition_slug(event) if event.verb == Verb.TAKEN_UP else None
        elif event.verb == Verb.REVISED and event.field == "edition":
            edition = _json_value(event.after)
        elif event.verb not in Event.REMARKS:
            if _json_object(event.before).get("state") != state:
                yield f"记录第 {event.number} 条之前缺少一步。"
            state = _json_object(event.after).get("state", state)
    current_slug = proposal.edition and proposal.edition.slug
    if current_slug != edition:
        yield f"编入的版本是“{current_slug or '无'}”，按记录应是“{edition or '无'}”。"
    if state == State.APPROVED and proposal.edition and proposal.edition.is_published:
        state = State.PUBLISHED
    if state is not None and proposal.state != state:
        yield f"状态是“{proposal.get_state_display()}”，按记录应是“{dict(State.choices).get(state, state)}”。"


def _decision_faults(proposal: Proposal, record: RecordedEvents) -> Iterator[str]:
    existing = Counter(
        (
            Verb.APPROVED if approval.granted else Verb.DECLINED,
            approval.approver.get_username(),
            approval.at,
            approval.reason,
            canonical_json(approval.outcomes),
        )
        for approval in proposal.approvals.all()
    )
    recorded = Counter(
        (
            event.verb,
            record.actor_name(event),
            event.at,
            event.reason,
            canonical_json(_json_object(event.after).get("outcomes")),
        )
        for event in record.proposals[proposal.number]
        if event.verb in DECISIONS
    )
    existing += Counter(
        (Verb.REVOKED, row.revoked_by.get_username(), row.revoked_at, row.revoked_reason)
        for row in proposal.approvals.all()
        if row.revoked_at
    )
    recorded += Counter(
        (event.verb, record.actor_name(event), event.at, event.reason)
        for event in record.proposals[proposal.number]
        if event.verb == Verb.REVOKED
    )
    for verb, name, *_ in (existing - recorded).elements():
        yield f"{name} 的审批“{Verb(verb).label}”在记录中没有。"
    for verb, name, *_ in (recorded - existing).elements():
        yield f"记录有 {name} 的审批“{Verb(verb).label}”，现在却没有。"


def _assessment_faults(proposal: Proposal, assessment: Assessment | None, record: RecordedEvents) -> Iterator[str]:
    """Check the assessment against the one recorded since the last amendment or recall: these discard it."""
    recorded = None
    for event in record.proposals[proposal.number]:
        if event.verb == Verb.ASSESSED:
            recorded = event
        elif event.verb in (Verb.AMENDED, Verb.RECALLED):
            recorded = None
    if assessment is None or recorded is None:
        if assessment:
            yield "评估在记录中没有。"
        if recorded:
            yield f"记录第 {recorded.number} 条有它的评估，现在却没有。"
        return
    recorded_values = {name: value for name, value in _json_object(recorded.after).items() if name != "state"}
    if recorded_values != assessments.snapshot(assessment):
        yield f"评估的内容与记录第 {recorded.number} 条不符。"
    if (assessment.assessor.get_username(), assessment.at) != (record.actor_name(recorded), recorded.at):
        yield f"评估人或评估时间与记录第 {recorded.number} 条不符。"


def _figure_reason_faults(proposal: Proposal, record: RecordedEvents) -> Iterator[str]:
    """Check the reasons for figures against the last one recorded for each field."""
    events = [event for event in record.proposals[proposal.number] if event.verb == Verb.EXPLAINED]
    recorded = {
        (event.service, event.field): (
            _json_object(event.after), event.reason, record.actor_name(event), event.at,
        )
        for event in events
    }  # fmt: skip
    existing = {
        (row.service, row.field): (
            {"value": row.value, "figures": row.figures}, row.reason, row.author.get_username(), row.at,
        )
        for row in proposal.figure_reasons.all()
    }  # fmt: skip
    for service, field in sorted(recorded.keys() | existing.keys()):
        if recorded.get((service, field)) != existing.get((service, field)):
            yield f"{service} 的“{field}”的数字说明与记录不符。"


def _feedback_faults(record: RecordedEvents) -> Iterator[str]:
    feedback_by_term = {
        answers_module.feedback_reference(feedback): feedback
        for feedback in Feedback.objects.select_related("proposal", "department", "drafter", "releaser").order_by("pk")
    }
    for term, feedback in feedback_by_term.items():
        events = record.feedback[term]
        answers = [(_json_value(event.after), event.at) for event in events if event.verb == Verb.ANSWERED]
        answer = answers_module.recorded_answer(feedback)
        if answers != ([(answer, feedback.answered_at)] if answer else []):
            yield f"意见反馈 {feedback.receipt}：答复与记录不符。"
        releasers = [record.actor_name(event) for event in events if event.verb == Verb.ANSWERED]
        if releasers != ([feedback.releaser.get_username()] if feedback.releaser else []):
            yield f"意见反馈 {feedback.receipt}：公开答复的人与记录不符。"
        drafts = [event for event in events if event.verb in (Verb.ANSWER_DRAFTED, Verb.TRANSFERRED)][-1:]
        drafted = [
            (record.actor_name(event), _json_value(event.after))
            for event in drafts
            if event.verb == Verb.ANSWER_DRAFTED
        ]
        draft = answer or answers_module.recorded_draft(feedback)
        if drafted != ([(feedback.drafter.get_username(), draft)] if feedback.drafter else []):
            yield f"意见反馈 {feedback.receipt}：起草的答复或起草人与记录不符。"
        transfers = [_json_value(event.after) for event in events if event.verb == Verb.TRANSFERRED]
        if transfers[-1:] != ([feedback.department.code] if feedback.department else []):
            yield f"意见反馈 {feedback.receipt}：转办到的部门与记录不符。"
        proposal_numbers = [_json_value(event.after) for event in events if event.field == "proposal"]
        if proposal_numbers != ([feedback.proposal.number] if feedback.proposal else []):
            yield f"意见反馈 {feedback.receipt}：由它提出的建议与记录不符。"
    for term in sorted(record.feedback.keys() - feedback_by_term.keys()):
        receipt = term.removeprefix("feedback/")
        yield f"意见反馈 {receipt}：记录第 {record.feedback[term][0].number} 条说到它，现在却没有。"


def _json_object(text: str | None) -> dict:
    """Return the JSON object of a column of an event; empty for anything else, which a tampered log may contain."""
    value = _json_value(text)
    return value if isinstance(value, dict) else {}


def _json_value(text: str | None) -> object:
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        return None
