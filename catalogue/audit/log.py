"""The record nobody can rewrite: every step and every change of a field is one event, chained to the one before.

``append()`` is the only writer of events; the database refuses to change or delete one, and ``verify()`` finds what was
changed behind it.
"""

import datetime
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction

from catalogue.audit.models import Event
from services.json_text import canonical_json

# Names the lock under which PostgreSQL lets one transaction at a time append; any number nobody else uses.
ADVISORY_LOCK_ID = 70_2021_11_05


@dataclass(frozen=True)
class AuditContext:
    """Who does something, when and why. ``at`` is aware; ``user`` None is the loading of the committed files."""

    at: datetime.datetime
    user: AbstractBaseUser | None = None
    role: str | None = None
    department: str | None = None
    reason: str | None = None
    document_number: str | None = None
    request_id: str | None = None


@transaction.atomic
def append(context: AuditContext, changes: Iterable[Mapping]) -> list[Event]:
    """Append one event for each thing that happened in one context, and return them.

    Each is a mapping of ``verb`` and, as far as they apply, ``edition`` (slug), ``service`` (code), ``proposal``
    (number), ``term`` (vocabulary/code), ``field``, ``before`` and ``after`` (any JSON value), ``reason`` and
    ``document_number`` (in place of the context's). One transaction at a time appends, so that the chain never forks;
    if the caller's transaction is rolled back, nothing was recorded.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_LOCK_ID])
    last = Event.objects.order_by("number").last()
    number, digest = (last.number, last.digest) if last else (0, None)
    events = []
    for each in changes:
        number += 1
        event = Event(
            number=number,
            at=context.at,
            actor=context.user and context.user.get_username(),
            role=context.role,
            department=context.department,
            verb=each["verb"],
            edition=each.get("edition"),
            service=each.get("service"),
            proposal=each.get("proposal"),
            term=each.get("term"),
            field=each.get("field"),
            before=_json_text(each.get("before")),
            after=_json_text(each.get("after")),
            reason=each.get("reason") or context.reason,
            document_number=each.get("document_number") or context.document_number,
            request_id=context.request_id,
            previous_digest=digest,
        )
        digest = event.digest = event_digest(event)
        events.append(event)
    return Event.objects.bulk_create(events)


def event_digest(event: Event) -> str:
    """Return the SHA-256 of an event's canonical JSON, the digest of the one before among it."""
    content = {name: getattr(event, name) for name in Event.HASHED_FIELDS}
    content |= {name: value for name in Event.LATER_HASHED_FIELDS if (value := getattr(event, name)) is not None}
    content["at"] = event.at.astimezone(datetime.UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def verify(*, until: int | None = None) -> list[str]:
    """Return what in the record is no longer as it was written: sentences, an empty list if all is well.

    A change of any column of any event shows, and so does an event that is missing between two others; ``until`` is
    the number of the last one to look at. What was cut off at the end, or written anew from some event on, shows
    against a digest that somebody kept (``departures()``).
    """
    found, number, digest = [], 0, None
    events = Event.objects.order_by("number")
    if until is not None:
        events = events.filter(number__lte=until)
    for event in events.iterator():
        number += 1
        if event.number != number:
            found.append(f"记录：第 {number} 条缺失。")
            number = event.number
        if event.previous_digest != digest:
            found.append(f"记录第 {event.number} 条：与前一条的摘要不衔接。")
        if event_digest(event) != event.digest:
            found.append(f"记录第 {event.number} 条：内容与摘要不符。")
        digest = event.digest
    return found


def verify_head(head: str, *, number: int | None = None) -> list[str]:
    """Return how the record departs from what it was when ``head`` was its last digest: an empty list if it only grew.

    ``head`` is the digest of the event that was the last one when it was noted down, and ``number`` its number if that
    was noted too. Each digest is taken over the one before, so that this one stands for all events up to its own.
    """
    event = Event.objects.filter(digest=head).first()
    if event is None:
        return [f"记录：没有摘要为 {head} 的一条；当时的记录被截去或改写了。"]
    if number not in (None, event.number):
        return [f"记录：摘要 {head} 当时是第 {number} 条的，现在是第 {event.number} 条的。"]
    return [f"记录：第 {event.number} 条以前有改动：{fault}" for fault in verify(until=event.number)]


def _json_text(value: object) -> str | None:
    return None if value is None else canonical_json(value)
