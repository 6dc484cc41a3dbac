"""Changes for readers: what differs, and from the record why, by which document, and what took a service's place."""

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from catalogue.audit.models import Event
from catalogue.editions import published
from catalogue.editions.models import Edition
from services.faults import NotFoundError

LISTED, WITHDRAWN = "listed", "withdrawn"


def serialize_change(event: Event) -> dict:
    """Return a recorded change as the API answers it."""
    after = json.loads(event.after)
    comparison = {
        "kind": event.verb.removeprefix("service-"),
        "fields": after["fields"],
        "document": after["document"],
    }
    return {
        "cursor": str(event.number),
        "service": {"code": event.service, "name": after["name"]},
        "edition": event.edition,
        "at": event.at,
        "effective_from": after["effective_from"],
        **with_reason(comparison, [event]),
    }


def serialize_comparison(edition: Edition, document: Mapping, comparison: Mapping, events: Sequence[Event]) -> dict:
    """Return what ``comparing`` found of a service, with what the record says of the steps that led there."""
    return {
        "cursor": None,
        "service": {"code": document["code"], "name": document["name"]},
        "edition": edition.slug,
        "at": edition.published_at,
        "effective_from": edition.effective_from,
        **with_reason(comparison, events),
    }


def group_by(column: str, events: Iterable[Event]) -> dict[str, list[Event]]:
    """Return events in groups, each in the order given."""
    groups = {}
    for event in events:
        groups.setdefault(getattr(event, column), []).append(event)
    return groups


def with_reason(comparison: Mapping, events: Sequence[Event]) -> dict:
    """Return a comparison with its reason and document.

    A withdrawal cites no clause: of the document that decided on it only the number is known.
    """
    recorded = reasons(events)
    number = recorded["document_number"]
    if comparison["kind"] == WITHDRAWN and comparison["document"] is None and number:
        recorded["document"] = {"code": None, "title": None, "document_number": number}
    return {**comparison, **recorded}


def reasons(events: Sequence[Event]) -> dict:
    """Return what the record says of one or more steps of a service, oldest first: why, by which document, what next.

    Of several steps each reason stands once, in their order; the document's number only if they have but one; the
    successors are those of the last. ``reason`` is None if none was given.
    """
    numbers = {event.document_number for event in events} - {None}
    return {
        "reason": "；".join(dict.fromkeys(event.reason for event in events if event.reason)) or None,
        "document_number": numbers.pop() if len(numbers) == 1 else None,
        "successors": json.loads(events[-1].after).get("successors", []) if events else [],
    }


def get_service(code: str, edition: Edition) -> dict:
    """Return a service as an edition has it, or what was last said of one that was withdrawn by then.

    The document that was sealed, with its ``status`` and ``withdrawal``; what is in it is shared, and not to be
    changed. No query, of a withdrawn service three. Raises
    NotFoundError, which says which editions have the service, if neither this one nor any before it in the line does.
    """
    if document := published.get(edition).documents.get(code):
        return document | {"status": LISTED, "withdrawal": None}
    if found := get_withdrawn_service(code, edition):
        return found
    others = Edition.objects.published().filter(entries__service__code=code).values_list("slug", flat=True)
    where = f"；它在版本 {'、'.join(sorted(others))} 中" if others else ""
    raise NotFoundError(f"版本 {edition.slug} 中没有服务项目 {code}{where}。")


def get_withdrawn_service(code: str, edition: Edition) -> dict | None:
    """Return what was last said of a service that an edition no longer has, and how it was withdrawn.

    The document is the one that was sealed, with its ``edition``; None if no edition before this one in the line had
    the service. Two queries, and one for each edition that was not read before.
    """
    for after, before in pairwise(edition.lineage()):
        if document := published.get(before).documents.get(code):
            events = Event.objects.filter(verb=Event.Verb.SERVICE_WITHDRAWN, service=code, edition=after.slug)
            withdrawal = {"edition": after.slug, "effective_from": after.effective_from, **reasons(list(events))}
            return document | {"edition": before, "status": WITHDRAWN, "withdrawal": withdrawal}
    return None
