"""What language models may ask of the list: search, one service, entitlements, changes. Knows no protocol.

Every answer names the edition it is of, with its digest, and the clauses behind what it says. What cannot be taken
raises ``faults.InvalidError`` or ``faults.NotFoundError`` with a sentence that names what is allowed.
"""

from collections.abc import Mapping

from django.conf import settings
from django.utils.datastructures import MultiValueDict

from catalogue.editions import changes as changes_module
from catalogue.editions import entitlements, published
from catalogue.editions.changes import serialize_change
from catalogue.editions.imprint import imprint
from catalogue.models import Edition, Event
from catalogue.web import edition_query, parameters, permalinks
from services.eligibility.rules import ELIGIBLE, NOT_ELIGIBLE, UNKNOWN
from services.faults import Fault, InvalidError

MOST_FOUND = 20
MOST_CHANGES = 50
# Fields whose clauses stand beside a search's result; the others are told by ``get_service``.
SHOWN = ("name", "target_groups", "content", "standard")


def search(query: str, *, edition: str | None = None, limit: int = 10) -> dict:
    """Return the services that a query finds in an edition, the best first, each with why it was found."""
    if not query.strip() or len(query) > parameters.MAX_LENGTH:
        raise InvalidError(Fault("query", f"query 应是 1 到 {parameters.MAX_LENGTH} 个字的文字。"))
    if not 1 <= limit <= MOST_FOUND:
        raise InvalidError(Fault("limit", f"limit 应是 1 到 {MOST_FOUND} 的整数。"))
    chosen = _edition(edition=edition)
    documents = published.get(chosen).documents
    found = published.get(chosen).search(query)
    return {
        "edition": imprint(chosen),
        "count": len(found),
        "results": [
            {
                **{key: documents[each.code][key] for key in ("code", "name", "name_en", "target_group_text")},
                **{key: documents[each.code][key] for key in ("content", "standard", "lead_department")},
                "matches": [match._asdict() for match in each.matches],
                "citations": [cited for cited in documents[each.code]["citations"] if cited["field"] in SHOWN],
                "permanent": _permanent(each.code),
            }
            for each in found[:limit]
        ],
    }


def get_service(code: str, *, edition: str | None = None, valid_on: str | None = None) -> dict:
    """Return what an edition says of a service, with the clause of every field; of a withdrawn one, how it went."""
    chosen = _edition(edition=edition, valid_on=valid_on)
    document = changes_module.get_service(code, chosen)
    return {
        "edition": imprint(document.pop("edition", chosen)),
        "service": document | {"withdrawal": document["withdrawal"] and _written(document["withdrawal"])},
        "permanent": _permanent(code),
    }


def check_entitlement(circumstances: Mapping[str, object], *, valid_on: str | None = None) -> dict:
    """Return what a person is entitled to, why, and what to ask next. Judged and forgotten."""
    if errors := list(entitlements.faults(circumstances)):
        raise InvalidError(*errors)
    chosen = _edition(valid_on=valid_on)
    judgement = entitlements.judge(published.get(chosen).entitlements, circumstances)
    told = {ELIGIBLE: [], UNKNOWN: [], NOT_ELIGIBLE: []}
    for each, verdict in judgement.verdicts:
        service = {"code": each.service["code"], "name": each.service["name"]}
        if verdict.outcome == ELIGIBLE:
            service |= {
                "lead_department": each.service["lead_department"],
                "because": [reason for reason, result in zip(each.reasons, verdict.results, strict=True) if result],
            }
        elif verdict.outcome == UNKNOWN:
            service |= {"missing": list(verdict.missing), "note": each.note}
        told[verdict.outcome].append(service)
    question = judgement.question
    return {
        "edition": imprint(chosen),
        "disclaimer": entitlements.DISCLAIMER["zh-Hans"],
        "counts": judgement.counts,
        **told,
        "next_question": question and question[0].in_language("zh-Hans") | {"settles": question[1]},
    }


def changes(*, after: int = 0, limit: int = 20) -> dict:
    """Return what published editions changed, oldest first, after a cursor (0: from the beginning)."""
    if after < 0:
        raise InvalidError(Fault("after", "after 应是从 0 起的整数，取自上一次的 next_after。"))
    if not 1 <= limit <= MOST_CHANGES:
        raise InvalidError(Fault("limit", f"limit 应是 1 到 {MOST_CHANGES} 的整数。"))
    events = list(Event.objects.changes().filter(number__gt=min(after, 2**63 - 1))[: limit + 1])
    told = [_written(serialize_change(event)) for event in events[:limit]]
    editions = Edition.objects.published().filter(slug__in={each["edition"] for each in told}).order_by("number")
    return {
        "editions": [imprint(edition) for edition in editions],
        "changes": told,
        "next_after": int(told[-1]["cursor"]) if len(events) > limit else None,
    }


def _edition(**asked: str | None) -> Edition:
    query = MultiValueDict({name: [value] for name, value in asked.items() if value is not None})
    return edition_query.edition_from_query(parameters.read(query, edition_query.PARAMETERS))


def _permanent(code: str) -> str:
    return permalinks.permalink(settings.PUBLIC_URL, permalinks.SERVICES, code)


def _written(told: Mapping) -> dict:
    """Days and moments as JSON writes them."""
    return {key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in told.items()}
