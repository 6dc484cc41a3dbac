"""What changed in a proposal since it was last sent back (自上次退回以来), by field, from the audit log."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from django.utils.safestring import SafeString

from catalogue.desk.base.history import field_in_words
from catalogue.desk.proposals.diff_view import Row, diff_documents, marked, parts
from catalogue.models import Event, Proposal, ProposedEntry
from catalogue.workflow import proposals, wording

Verb = Event.Verb


class ServiceChange(NamedTuple):
    """How the proposed content of a service changed; the ``note`` says if it was added to the proposal or removed."""

    code: str
    note: str
    rows: list[Row]


class Round(NamedTuple):
    """The changes since a proposal was sent back: of its own columns as (label, before, after), and of its services.

    Both texts of a column are HTML that marks what changed.
    """

    declined: Event
    columns: list[tuple[str, SafeString, SafeString]]
    services: list[ServiceChange]


def since_declined(
    proposal: Proposal,
    events: Sequence[Event],
    current: Mapping[str, Mapping],
    documented: Callable[[ProposedEntry, Mapping | None], Mapping | None],
) -> Round | None:
    """Return what changed since a proposal was last sent back; None if it never was, or still is.

    ``events`` are those of the proposal, the oldest first; ``current`` are the documents that it is compared with, and
    ``documented`` returns the document that an entry wants, None for a withdrawal.
    """
    declined = next((event for event in reversed(events) if event.verb == Verb.DECLINED), None)
    if declined is None or proposal.state in (Proposal.State.DECLINED, Proposal.State.VOID):
        return None
    written = [
        event for event in events if event.verb in (Verb.DRAFTED, Verb.AMENDED) and event.number < declined.number
    ]
    then, now = json.loads(written[-1].after), proposals.proposal_snapshot(proposal)
    columns = [
        (
            str(field_in_words(Proposal, name)),
            *map(marked, parts(*(wording.value_text(said[name], field=name) for said in (then, now)))),
        )
        for name in then
        if name != "entries" and then[name] != now[name]
    ]
    entries = [{entry["service"]: entry for entry in said["entries"]} for said in (then, now)]
    services = []
    for code in sorted(entries[0] | entries[1]):
        before, after = (_document(side.get(code), current.get(code), documented) for side in entries)
        note = "移出了建议" if code not in entries[1] else "加入了建议" if code not in entries[0] else ""
        if rows := diff_documents(before, after):
            services.append(ServiceChange(code, note, rows))
    return Round(declined, columns, services)


def _document(entry: Mapping | None, current: Mapping | None, documented: Callable) -> Mapping | None:
    if entry is None:
        return current
    proposed = ProposedEntry(service=entry["service"], action=entry["action"], entry_data=entry["stated"])
    return documented(proposed, current)
