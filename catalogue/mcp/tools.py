"""The tools for language models: search, one service, entitlements, changes. Independent of the protocol.

Every answer names its edition with the digest, and has the citations of its values. Invalid arguments raise
``faults.InvalidError`` or ``faults.NotFoundError`` with a message that names the allowed values.
"""

import datetime
from collections.abc import Mapping

from django.conf import settings
from django.utils.datastructures import MultiValueDict

from catalogue.editions import changes as changes_module
from catalogue.editions import entitlements, published
from catalogue.editions.changes import serialize_change
from catalogue.editions.imprint import imprint
from catalogue.models import Edition, Event
from catalogue.web import edition_query, parameters, permalinks
from services.characters import is_blank
from services.eligibility.circumstances import read_person
from services.eligibility.rules import ELIGIBLE, NOT_ELIGIBLE, UNKNOWN
from services.faults import Fault, InvalidError

MAX_RESULTS = 20
MAX_CHANGES = 50
# Fields whose citations are in search results; ``get_service`` returns all citations.
SHOWN = ("name", "target_groups", "content", "standard")


def search(query: str, *, edition: str | None = None, limit: int = 10) -> dict:
    """Return the services of an edition that match a query, best first, each with its matches."""
    if is_blank(query) or len(query) > parameters.MAX_LENGTH:
        raise InvalidError(Fault("query", f"query 应是 1 到 {parameters.MAX_LENGTH} 个字的文字。"))
    if not 1 <= limit <= MAX_RESULTS:
        raise InvalidError(Fault("limit", f"limit 应是 1 到 {MAX_RESULTS} 的整数。"))
    selected = _edition(edition=edition)
    documents = published.get_published(selected).documents
    results = published.get_published(selected).search(query)
    return {
        "edition": imprint(selected),
        "count": len(results),
        "results": [
            {
                **{key: documents[result.code][key] for key in ("code", "name", "name_en", "target_group_text")},
                **{key: documents[result.code][key] for key in ("content", "standard", "lead_department")},
                "matches": [match._asdict() for match in result.matches],
                "citations": [
                    citation for citation in documents[result.code]["citations"] if citation["field"] in SHOWN
                ],
                "permanent": _permalink(result.code),
            }
            for result in results[:limit]
        ],
    }


def get_service(code: str, *, edition: str | None = None, valid_on: str | None = None) -> dict:
    """Return a service as an edition states it, with all citations; a withdrawn one with its withdrawal."""
    selected = _edition(edition=edition, valid_on=valid_on)
    document = changes_module.get_service(code, selected)
    return {
        "edition": imprint(document.pop("edition", selected)),
        "service": document | {"withdrawal": document["withdrawal"] and _with_iso_dates(document["withdrawal"])},
        "permanent": _permalink(code),
    }


def check_entitlement(circumstances: Mapping[str, object], *, valid_on: str | None = None) -> dict:
    """Return the services by outcome, with reasons, and the next question. The circumstances are not stored."""
    selected = _edition(valid_on=valid_on)
    on = datetime.date.fromisoformat(valid_on) if valid_on else edition_query.today()
    person, errors = read_person(circumstances, None, on=on)
    if errors:
        raise InvalidError(*errors)
    judged = published.get_published(selected).entitlements
    judgement = entitlements.judge(judged, person.answers, unanswered=person.unanswered)
    services = {ELIGIBLE: [], UNKNOWN: [], NOT_ELIGIBLE: []}
    for entitlement, verdict in judgement.verdicts:
        service = {"code": entitlement.service["code"], "name": entitlement.service["name"]}
        if verdict.outcome == ELIGIBLE:
            service |= {
                "lead_department": entitlement.service["lead_department"],
                "because": [
                    reason for reason, result in zip(entitlement.reasons, verdict.results, strict=True) if result
                ],
            }
        elif verdict.outcome == UNKNOWN:
            conditions = [entitlement.conditions[place] for place in verdict.conditions]
            service |= {"missing": list(verdict.missing), "conditions": conditions, "note": entitlement.note}
        services[verdict.outcome].append(service)
    question = next(iter(judgement.questions), None)
    return {
        "edition": imprint(selected),
        "disclaimer": entitlements.DISCLAIMER["zh-Hans"],
        "counts": judgement.counts,
        **services,
        "next_question": question and question[0].in_language("zh-Hans") | {"settles": question[1]},
    }


def changes(*, after: int = 0, limit: int = 20) -> dict:
    """Return the changes of published editions after a cursor (0: from the beginning), oldest first."""
    if after < 0:
        raise InvalidError(Fault("after", "after 应是从 0 起的整数，取自上一次的 next_after。"))
    if not 1 <= limit <= MAX_CHANGES:
        raise InvalidError(Fault("limit", f"limit 应是 1 到 {MAX_CHANGES} 的整数。"))
    events = list(Event.objects.changes().filter(number__gt=min(after, 2**63 - 1))[: limit + 1])
    page = [_with_iso_dates(serialize_change(event)) for event in events[:limit]]
    editions = Edition.objects.published().filter(slug__in={change["edition"] for change in page}).order_by("number")
    return {
        "editions": [imprint(edition) for edition in editions],
        "changes": page,
        "next_after": int(page[-1]["cursor"]) if len(events) > limit else None,
    }


def _edition(**arguments: str | None) -> Edition:
    query = MultiValueDict({name: [value] for name, value in arguments.items() if value is not None})
    return edition_query.edition_from_query(parameters.read(query, edition_query.PARAMETERS))


def _permalink(code: str) -> str:
    return permalinks.permalink(settings.PUBLIC_URL, permalinks.SERVICES, code)


def _with_iso_dates(change: Mapping) -> dict:
    """Return a change or withdrawal with its dates and times as ISO 8601 text."""
    return {key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in change.items()}
