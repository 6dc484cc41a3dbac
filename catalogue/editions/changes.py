"""Changes for readers: the differences, and from the audit log the reason, the document and a service's successors."""

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from catalogue.audit.models import Event
from catalogue.editions import published
from catalogue.editions.models import Edition
from services.faults import NotFoundError

LISTED, WITHDRAWN = "listed", "withdrawn"


def serialize_change(event: Event) -> dict:
    """Return a recorded change in the shape of the API."""
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
    """Return a comparison by ``diff.compare()`` in the same shape, with the reasons recorded in ``events``."""
    return {
        "cursor": None,
        "service": {"code": document["code"], "name": document["name"]},
        "edition": edition.slug,
        "at": edition.published_at,
        "effective_from": edition.effective_from,
        **with_reason(comparison, events),
    }


def group_by(column: str, events: Iterable[Event]) -> dict[str, list[Event]]:
    """Return events by the value of a column, each group in the order of the input."""
    groups = {}
    for event in events:
        groups.setdefault(getattr(event, column), []).append(event)
    return groups


def with_reason(comparison: Mapping, events: Sequence[Event]) -> dict:
    """Return a comparison with its reason and document.

    A withdrawal cites no clause: only the number of the deciding document is known.
    """
    recorded = reasons(events)
    number = recorded["document_number"]
    if comparison["kind"] == WITHDRAWN and comparison["document"] is None and number:
        recorded["document"] = {"code": None, "title": None, "document_number": number}
    return {**comparison, **recorded}


def reasons(events: Sequence[Event]) -> dict:
    """Return the reason, document number and successors recorded for one or more events of a service, oldest first.

    ``reason`` joins the distinct reasons in the order of the events, None if none was given; ``document_number`` is
    None if there are several or none; ``successors`` are those of the last event.
    """
    numbers = {event.document_number for event in events} - {None}
    return {
        "reason": "；".join(dict.fromkeys(event.reason for event in events if event.reason)) or None,
        "document_number": numbers.pop() if len(numbers) == 1 else None,
        "successors": json.loads(events[-1].after).get("successors", []) if events else [],
    }


def get_service(code: str, edition: Edition) -> dict:
    """Return the document of a service in an edition, or its last document if the service was withdrawn by then.

    The sealed document, with ``status`` and ``withdrawal``; its parts are shared and must not be changed. No query,
    three for a withdrawn service. Raises NotFoundError, which names the editions that have the service, if neither
    this edition nor an earlier one in its line has it.
    """
    if document := published.get_published(edition).documents.get(code):
        return document | {"status": LISTED, "withdrawal": None}
    if withdrawn := get_withdrawn_service(code, edition):
        return withdrawn
    others = Edition.objects.published().filter(entries__service__code=code).values_list("slug", flat=True)
    where = f"；它在版本 {'、'.join(sorted(others))} 中" if others else ""
    raise NotFoundError(f"版本 {edition.slug} 中没有服务项目 {code}{where}。")


def get_withdrawn_service(code: str, edition: Edition) -> dict | None:
    """Return the last document of a service that an edition no longer has, with its ``status`` and ``withdrawal``.

    The sealed document, with its ``edition``; None if no earlier edition in the line has the service. Two queries,
    and one for each edition that is not in memory yet.
    """
    for after, before in pairwise(edition.lineage()):
        if document := published.get_published(before).documents.get(code):
            events = Event.objects.filter(verb=Event.Verb.SERVICE_WITHDRAWN, service=code, edition=after.slug)
            withdrawal = {"edition": after.slug, "effective_from": after.effective_from, **reasons(list(events))}
            return document | {"edition": before, "status": WITHDRAWN, "withdrawal": withdrawal}
    return None
