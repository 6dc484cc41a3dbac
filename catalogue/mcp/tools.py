"""The tools for language models: search, one service, facts, entitlements, changes. Independent of the protocol.

Every answer names its edition with the digest, and the clauses of its values. It has at most 20,000 characters unless
more is asked for. Invalid arguments raise ``faults.InvalidError`` or ``faults.NotFoundError`` with a message that names
the allowed values.
"""

import datetime
from collections.abc import Mapping, Sequence

import orjson
from django.conf import settings
from django.utils.datastructures import MultiValueDict

from catalogue.editions import changes as changes_module
from catalogue.editions.changes import serialize_change
from catalogue.editions.public import entitlements, published
from catalogue.editions.public.imprint import imprint
from catalogue.editions.public.results import Surroundings
from catalogue.models import Edition, Event
from catalogue.web import permalinks
from catalogue.web.query import edition_query, parameters
from services.eligibility.circumstances import read_person
from services.eligibility.facts import VOCABULARY
from services.eligibility.rules import ELIGIBLE, NOT_ELIGIBLE, UNKNOWN
from services.eligibility.timing import when
from services.faults import Fault, InvalidError, ProblemCode, printable
from services.text.characters import is_blank

MAX_RESULTS = 20
MAX_CHANGES = 50
# Fields whose clauses are in search results; ``get_service`` returns those of all fields.
SHOWN = ("name", "target_groups", "content", "standard")
# The facts of a question that a model needs.
FACT_KEYS = ("name", "type", "label", "question", "minimum", "maximum", "choices")


def search(query: str, *, edition: str | None = None, limit: int = 10) -> dict:
    """Return the services of an edition that match a query, best first, each with its matches."""
    if is_blank(query) or len(query) > parameters.MAX_LENGTH:
        message = f"query 应是 1 到 {parameters.MAX_LENGTH} 个字的文字。"
        raise InvalidError(Fault("query", ProblemCode.TOO_LONG if query else ProblemCode.EMPTY, message))
    if not 1 <= limit <= MAX_RESULTS:
        raise InvalidError(Fault("limit", ProblemCode.OUT_OF_RANGE, f"limit 应是 1 到 {MAX_RESULTS} 的整数。"))
    selected = _edition(edition=edition)
    documents = published.get_published(selected).documents
    results = published.get_published(selected).search(query)
    return {
        "edition": imprint(selected),
        "count": len(results),
        "results": [
            {
                **{key: documents[result.code][key] for key in ("code", "name", "name_en", "target_group_text")},
                **{key: documents[result.code][key] for key in ("content", "standard")},
                "lead_department": _name(documents[result.code]["lead_department"]),
                "matches": [match._asdict() for match in result.matches],
                "clauses": _clauses(documents[result.code]),
                "permanent": _permalink(result.code),
            }
            for result in results[:limit]
        ],
    }


def get_service(
    code: str, *, edition: str | None = None, valid_on: str | None = None, all_citations: bool = False
) -> dict:
    """Return a service as an edition states it, with the first citation of each field or all; a withdrawn one too."""
    selected = _edition(edition=edition, valid_on=valid_on)
    document = changes_module.get_service(code, selected)
    if not all_citations:
        first = {citation["field"]: citation for citation in reversed(document["citations"])}
        document["citations"] = [
            first[field] for field in dict.fromkeys(item["field"] for item in document["citations"])
        ]
    return {
        "edition": imprint(document.pop("edition", selected)),
        "service": document | {"withdrawal": document["withdrawal"] and _with_iso_dates(document["withdrawal"])},
        "permanent": _permalink(code),
    }


def facts() -> dict:
    """Return the facts that circumstances may name, with their choices."""
    data = [fact.in_language("zh-Hans") for fact in VOCABULARY]
    return {"facts": [{key: fact[key] for key in FACT_KEYS if key in fact} for fact in data]}


def check_entitlement(
    circumstances: Mapping[str, object],
    *,
    unanswered: Sequence[str] | None = None,
    services: Sequence[str] | None = None,
    valid_on: str | None = None,
) -> dict:
    """Return the services by outcome, in the words of the API, and the next page of questions.

    For those of ``services`` the results are whole, each reason with its quoted clause. Nothing is stored.
    """
    selected = _edition(valid_on=valid_on)
    on = datetime.date.fromisoformat(valid_on) if valid_on else edition_query.today()
    person, faults = read_person(circumstances, unanswered, on=on)
    edition = published.get_published(selected)
    if unknown := [code for code in services or () if code not in edition.documents]:
        message = f"没有服务项目 {printable(unknown[0])}。"
        faults.append(Fault("services", ProblemCode.UNKNOWN_SERVICE, message, list(edition.documents)))
    if faults:
        raise InvalidError(*faults)
    judgement = entitlements.judge(edition.entitlements, person.answers, services or None, person.unanswered)
    translation = edition.translation("zh-Hans")
    about = Surroundings(selected.contacts, translation.benefits(on), f"{settings.PUBLIC_URL}/services/")
    outcomes = {ELIGIBLE: [], UNKNOWN: [], NOT_ELIGIBLE: []}
    for entitlement, verdict in judgement.verdicts:
        until = when(entitlement.rule, person.answers, verdict.outcome, on=on, birth_month=person.birth_month)
        result = translation.entitlements[entitlement.service["code"]].result(verdict, person.told, until, about)
        result = orjson.loads(orjson.dumps(result))
        outcomes[verdict.outcome].append(result if services else _short(result))
    group = judgement.questions[0].fact.group if judgement.questions else None
    page = [question for question in judgement.questions if question.expected and question.fact.group == group]
    return {
        "edition": imprint(selected),
        "disclaimer": entitlements.DISCLAIMER["zh-Hans"],
        "counts": judgement.counts,
        **outcomes,
        "questions": [question.fact.in_language("zh-Hans") | {"settles": question.settles} for question in page],
        "remaining": sum(question.expected for question in judgement.questions),
    }


def _short(result: Mapping) -> dict:
    """Return of a result what there is room for: what one gets, by what sentence, or what is missing."""
    service = {"code": result["service"]["code"], "name": result["service"]["name"]}
    if "benefit" in result:
        return service | {
            "sentence": result["sentence"],
            "verification": result["verification"],
            "standard": result["benefit"]["standard"],
            "when": result["when"],
        }
    if result["outcome"] == UNKNOWN:
        return service | {"missing": result["missing"], "note": result.get("note")}
    return service


def changes(*, after: int = 0, limit: int = 20, values: bool = False) -> dict:
    """Return the changes of published editions after a cursor (0: from the beginning), oldest first.

    Each names the fields that changed; with ``values`` it has what stood there before and what does now.
    """
    if after < 0:
        raise InvalidError(
            Fault("after", ProblemCode.OUT_OF_RANGE, "after 应是从 0 起的整数，取自上一次的 next_after。")
        )
    if not 1 <= limit <= MAX_CHANGES:
        raise InvalidError(Fault("limit", ProblemCode.OUT_OF_RANGE, f"limit 应是 1 到 {MAX_CHANGES} 的整数。"))
    events = list(Event.objects.changes().filter(number__gt=min(after, 2**63 - 1))[: limit + 1])
    page = [_with_iso_dates(serialize_change(event)) for event in events[:limit]]
    if not values:
        page = [change | {"fields": [field["field"] for field in change["fields"]]} for change in page]
    editions = Edition.objects.published().filter(slug__in={change["edition"] for change in page}).order_by("number")
    return {
        "editions": [imprint(edition) for edition in editions],
        "changes": page,
        "next_after": int(page[-1]["cursor"]) if len(events) > limit else None,
    }


def _edition(**arguments: str | None) -> Edition:
    query = MultiValueDict({name: [value] for name, value in arguments.items() if value is not None})
    return edition_query.edition_from_query(parameters.read(query, edition_query.PARAMETERS))


def _clauses(document: Mapping) -> list[str]:
    """Return document and place of the first clause of each shown field."""
    clauses = [
        f"{citation['source']['title']} {citation['locator'] or ''}".strip()
        for field in SHOWN
        for citation in [next((item for item in document["citations"] if item["field"] == field), None)]
        if citation
    ]
    return list(dict.fromkeys(clauses))


def _name(department: Mapping | None) -> str | None:
    return department and department["name"]


def _permalink(code: str) -> str:
    return permalinks.permalink(settings.PUBLIC_URL, permalinks.SERVICES, code)


def _with_iso_dates(change: Mapping) -> dict:
    """Return a change or withdrawal with its dates and times as ISO 8601 text."""
    return {key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in change.items()}
