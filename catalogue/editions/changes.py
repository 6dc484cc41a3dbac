"""Changes for readers: the differences, and from the audit log the reason, the document and a service's successors.

``select()`` narrows the change feed.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from django.db.models import Q, QuerySet

from catalogue.audit.models import Event
from catalogue.editions import diff
from catalogue.editions.models import Edition, Entry, sourced_fields_of
from catalogue.editions.public import published
from services.faults import Fault, NotFoundError, ProblemCode

LISTED, WITHDRAWN = "listed", "withdrawn"
# Chinese labels of the compared fields that are no columns of an entry.
LABELS = {"verification": "核实情况", "basis": "依据类别", "citations": "依据条文"}
# A reason names at most this many documents.
MAX_NAMED_SOURCES = 3
# What to do with a code that no service has.
SEARCH = "请按名称、俗称或拼音检索（参数 q）"


def select(
    events: QuerySet[Event], *, terms: Mapping[str, Sequence[str]], substance: bool | None = None
) -> QuerySet[Event]:
    """Return the changes of substance (or of bookkeeping) of the services that have some terms, before or after.

    ``terms`` has codes by the names of ``listing.TERMS``: OR within one, AND between them. Events are never changed,
    nor are the editions that decide here, so a selection only ever grows at its end. One query, and one for each
    edition that is not in memory yet. Raises DamagedEditionError.
    """
    selected = Q(pk__in=[])
    for edition in Edition.objects.published().select_related("previous"):
        states = [published.get_published(state) for state in (edition.previous, edition) if state]
        codes = set().union(*(state.documents for state in states))
        for name, wanted in terms.items():
            codes &= {code for state in states for term in wanted for code in state.listing.services_with(name, term)}
        if substance is not None:
            before = states[0].documents if edition.previous else {}
            substantial = diff.substantial(before, states[-1].documents)
            codes = codes & substantial if substance else codes - substantial
        selected |= Q(edition=edition.slug, service__in=codes)
    return events.filter(selected)


def serialize_change(event: Event) -> dict:
    """Return a recorded change in the shape of the API."""
    after = event.state
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


def field_label(field: str) -> str:
    """Return the Chinese label of a field of a comparison."""
    return LABELS.get(field) or str(Entry._meta.get_field(field).verbose_name)


def group_by(column: str, events: Iterable[Event]) -> dict[str, list[Event]]:
    """Return events by the value of a column, each group in the order of the input."""
    groups = {}
    for event in events:
        groups.setdefault(getattr(event, column), []).append(event)
    return groups


def with_reason(comparison: Mapping, events: Sequence[Event]) -> dict:
    """Return a comparison with its reason and document, and whether it is of substance.

    A withdrawal cites no clause: only the number of the deciding document is known.
    """
    recorded = reasons(events)
    number = recorded["document_number"]
    if comparison["document"] is None and len(events) == 1 and len(sources := _compiled_from(events[0])) == 1:
        recorded["document"] = sources[0]
    if comparison["kind"] == WITHDRAWN and comparison["document"] is None and number:
        recorded["document"] = {"code": None, "title": None, "document_number": number}
    return {**comparison, "substance": diff.is_substance(comparison), **recorded}


def reasons(events: Sequence[Event]) -> dict:
    """Return the reason, document number and successors of one or more events of a service, oldest first.

    ``reason`` joins the distinct reasons in the order of the events, None if none was given; ``document_number`` is
    None if there are several or none; ``successors`` are those of the last event.
    """
    numbers = {event.document_number for event in events} - {None}
    return {
        "reason": "；".join(dict.fromkeys(filter(None, map(_reason, events)))) or None,
        "document_number": numbers.pop() if len(numbers) == 1 else None,
        "successors": events[-1].state.get("successors", []) if events else [],
    }


def _reason(event: Event) -> str | None:
    """Return the reason recorded for a change. One compiled without a proposal has its documents."""
    if event.reason:
        return event.reason
    titles = [source["title"] for source in _compiled_from(event)]
    named = "、".join(f"《{title}》" for title in titles[:MAX_NAMED_SOURCES])
    more = f"等 {len(titles)} 份文件" if len(titles) > MAX_NAMED_SOURCES else ""
    return f"汇编自{named}{more}" if titles else None


def _compiled_from(event: Event) -> list[Mapping]:
    """Return the sources cited for the changed fields, or for the name of a new service; none if it was proposed."""
    after = event.state
    if after["proposals"]:
        return []
    if event.verb == Event.Verb.SERVICE_ADDED:
        return [after["document"]] if after["document"] else []
    changed = {change["field"]: change["after"] for change in after["fields"]}
    fields = sourced_fields_of(changed)
    citations = [citation for citation in changed.get("citations", []) if citation["field"] in fields]
    return list({citation["source"]["code"]: citation["source"] for citation in citations}.values())


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
    editions, unknown = sorted(others), ProblemCode.UNKNOWN_SERVICE
    if not editions:
        raise NotFoundError(f"版本 {edition.slug} 中没有服务项目 {code}；{SEARCH}。", unknown)
    message = f"版本 {edition.slug} 中没有服务项目 {code}；它在版本 {'、'.join(editions)} 中。"
    raise NotFoundError(message, unknown, Fault("edition", unknown, message, editions))


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
