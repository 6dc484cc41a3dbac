"""What changed in a proposal since the user last looked at it or since it was sent back, from the audit log.

自您上次查看以来、自上次退回以来: who did what, and the content by field.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.utils.safestring import SafeString

from catalogue.desk.base.history import VocabularyNames, field_in_words, value_in_words
from catalogue.desk.proposals.diff_view import Row, diff_documents, marked, parts
from catalogue.models import Event, Proposal, ProposedEntry
from catalogue.workflow import proposals
from catalogue.workflow.base import compared_edition
from catalogue.workflow.documents import Vocabularies, wanted

Verb = Event.Verb
# The events that have the whole content of a proposal.
CONTENT = (Verb.DRAFTED, Verb.AMENDED)


class ServiceChange(NamedTuple):
    """How the proposed content of a service changed; ``notes``: it was added, was removed, has other successors."""

    name: str
    notes: list[str]
    rows: list[Row]


class Comparison(NamedTuple):
    """The changes since a moment: the steps since, the columns of the proposal as (label, before, after), the services.

    Both texts of a column are HTML that marks what changed. ``name`` is that of the section on the
    page, ``then`` the heading of the earlier content; ``is_amended`` says whether the content was written since.
    """

    name: str
    title: str
    then: str
    steps: list[Event]
    columns: list[tuple[str, SafeString, SafeString]]
    services: list[ServiceChange]
    is_amended: bool


def comparisons(
    proposal: Proposal, events: Sequence[Event], *, user: AbstractBaseUser, seen: int | None
) -> Iterator[Comparison]:
    """Yield what changed since the user's last look and since the proposal was last sent back, if anything did.

    ``events`` are those of the proposal, the oldest first, and ``seen`` the number of the last one that the user saw,
    None for a first look. Nothing is told twice: the second is left out if the first covers it.
    """
    content, now = _Content(proposal), proposals.proposal_snapshot(proposal)
    looked, declined, name = None, None, user.get_username()
    news = [event for event in events if seen is not None and event.number > seen and event.actor != name]
    if news:
        # What the user wrote, he or she has seen: the desk refuses to save over what somebody else changed.
        own = (event.number for event in events if event.actor == name and event.verb in CONTENT)
        then = _written(events, max([seen, *own]))
        columns, services = content.changes(then, now)
        is_amended = any(event.verb in CONTENT for event in news)
        looked = Comparison("look", "自您上次查看以来", "上次查看时", news, columns, services, is_amended)
    sent_back = next((event for event in reversed(events) if event.verb == Verb.DECLINED), None)
    if sent_back and proposal.state not in (Proposal.State.DECLINED, Proposal.State.VOID):
        before = _written(events, sent_back.number)
        if looked and before.number >= then.number:
            if sent_back not in news:
                looked = looked._replace(steps=[sent_back, *news])
        else:
            columns, services = content.changes(before, now)
            declined = Comparison(
                "round", "自上次退回以来改了什么", "退回时", [sent_back], columns, services, is_amended=True
            )
    yield from filter(None, (looked, declined))


def _written(events: Sequence[Event], number: int) -> Event:
    """Return the event that wrote the content which a proposal had at an event."""
    return [event for event in events if event.verb in CONTENT and event.number <= number][-1]


class _Content:
    """Compares contents of a proposal. The list that it changes and the vocabularies are read once, if at all."""

    def __init__(self, proposal: Proposal):
        self.proposal = proposal
        self._terms = VocabularyNames()
        self._list = None

    def changes(self, written: Event, now: Mapping) -> tuple[list, list[ServiceChange]]:
        """Return the columns and the services that differ between the content that an event wrote and that of now."""
        then = json.loads(written.after)
        if then == now:
            return [], []
        columns = [
            (
                str(field_in_words(Proposal, name)),
                *map(marked, parts(*(self._in_words(name, side.get(name)) for side in (then, now)))),
            )
            for name in then | now
            if name != "entries" and then.get(name) != now.get(name)
        ]
        return columns, list(self._services(then["entries"], now["entries"]))

    def _in_words(self, name: str, value: object) -> str:
        return "没有" if name == "cases" and not value else value_in_words(name, value, self._terms)

    def _services(self, then: Sequence[Mapping], now: Sequence[Mapping]) -> Iterator[ServiceChange]:
        old, new = ({entry["service"]: entry for entry in entries} for entries in (then, now))
        for code in sorted(old | new):
            notes = ["移出了建议"] if code not in new else ["加入了建议"] if code not in old else []
            successors = [side.get(code, {}).get("successors") or [] for side in (old, new)]
            if successors[0] != successors[1]:
                notes.append("承接项目：{}→{}".format(*("、".join(codes) or "没有" for codes in successors)))
            before, after = (self._document(code, side.get(code)) for side in (old, new))
            rows = diff_documents(before, after)
            if rows or notes:
                name = next(
                    (side["name"] for side in (after, before, self._list.get(code)) if side and side.get("name")), ""
                )
                yield ServiceChange(f"{code} {name}".strip(), notes, rows)

    def _document(self, code: str, entry: Mapping | None) -> Mapping | None:
        """Return the document that an entry of a proposal wants: that of the list without one, None if withdrawn."""
        if self._list is None:
            base = compared_edition(self.proposal)
            self._list = {document["code"]: document for document in (base.documents() if base else [])}
            self._vocabularies = Vocabularies()
        current = self._list.get(code)
        if entry is None:
            return current
        if entry["action"] == ProposedEntry.Action.WITHDRAW:
            return None
        proposed = ProposedEntry(service=code, action=entry["action"], entry_data=entry["stated"])
        return self._vocabularies.documented(wanted(proposed, current))
