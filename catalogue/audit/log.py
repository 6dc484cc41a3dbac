"""The audit log: every step and every change of a field is one event, chained by digest to the previous event.

``append()`` is the only writer of events; database triggers refuse to change or delete one, and ``verify()`` detects
changes that bypassed the triggers.
"""

import datetime
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction

from catalogue.audit.models import Event
from services.text.json_text import canonical_json

# The key of the PostgreSQL advisory lock that serializes appends; an arbitrary number that has no other use here.
ADVISORY_LOCK_ID = 70_2021_11_05


@dataclass(frozen=True)
class AuditContext:
    """Who does something, when and why. ``at`` is aware; ``user`` is None when committed files are loaded."""

    at: datetime.datetime
    user: AbstractBaseUser | None = None
    role: str | None = None
    department: str | None = None
    reason: str | None = None
    document_number: str | None = None
    request_id: str | None = None


@transaction.atomic
def append(context: AuditContext, changes: Iterable[Mapping]) -> list[Event]:
    """Append one event for each change made in one context, and return the events.

    A change is a mapping of ``verb`` and, as far as they apply, ``edition`` (slug), ``service`` (code), ``proposal``
    (number), ``term`` (vocabulary/code), ``field``, ``before`` and ``after`` (any JSON value), ``reason`` and
    ``document_number`` (in place of the context's). Appends are serialized, so that the chain never forks; the events
    are rolled back with the caller's transaction.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_LOCK_ID])
    last = Event.objects.order_by("number").last()
    number, digest = (last.number, last.digest) if last else (0, None)
    events = []
    for change in changes:
        number += 1
        event = Event(
            number=number,
            at=context.at,
            actor=context.user and context.user.get_username(),
            role=context.role,
            department=context.department,
            verb=change["verb"],
            edition=change.get("edition"),
            service=change.get("service"),
            proposal=change.get("proposal"),
            term=change.get("term"),
            field=change.get("field"),
            before=_json_text(change.get("before")),
            after=_json_text(change.get("after")),
            reason=change.get("reason") or context.reason,
            document_number=change.get("document_number") or context.document_number,
            request_id=context.request_id,
            previous_digest=digest,
        )
        digest = event.digest = event_digest(event)
        events.append(event)
    return Event.objects.bulk_create(events)


def event_digest(event: Event) -> str:
    """Return the SHA-256 of an event's canonical JSON, which includes the digest of the previous event."""
    content = {name: getattr(event, name) for name in Event.HASHED_FIELDS}
    content |= {name: value for name in Event.LATER_HASHED_FIELDS if (value := getattr(event, name)) is not None}
    content["at"] = event.at.astimezone(datetime.UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def verify_chain(*, until: int | None = None) -> list[str]:
    """Return the faults of the chain as sentences; an empty list if it is intact.

    Detects a change of any column of any event, and an event missing between two others; ``until`` is the number of
    the last event to check. Events cut off at the end, or a chain rewritten from some event on, are detected only
    against a digest kept elsewhere (``verify_head()``).
    """
    faults, number, digest = [], 0, None
    events = Event.objects.order_by("number")
    if until is not None:
        events = events.filter(number__lte=until)
    for event in events.iterator():
        number += 1
        if event.number != number:
            faults.append(f"记录：第 {number} 条缺失。")
            number = event.number
        if event.previous_digest != digest:
            faults.append(f"记录第 {event.number} 条：与前一条的摘要不衔接。")
        if event_digest(event) != event.digest:
            faults.append(f"记录第 {event.number} 条：内容与摘要不符。")
        digest = event.digest
    return faults


def verify_head(head: str, *, number: int | None = None) -> list[str]:
    """Return how the log differs from its state when ``head`` was its last digest; an empty list if it only grew.

    ``head`` is the digest of the event that was the last one when it was noted, and ``number`` that event's number if
    it was noted too. Each digest covers the previous one, so ``head`` covers all events up to its own.
    """
    event = Event.objects.filter(digest=head).first()
    if event is None:
        return [f"记录：没有摘要为 {head} 的一条；当时的记录被截去或改写了。"]
    if number not in (None, event.number):
        return [f"记录：摘要 {head} 当时是第 {number} 条的，现在是第 {event.number} 条的。"]
    return [f"记录：第 {event.number} 条以前有改动：{fault}" for fault in verify_chain(until=event.number)]


def _json_text(value: object) -> str | None:
    return None if value is None else canonical_json(value)
