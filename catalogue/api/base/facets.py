"""Facets of the list: the number of services by domain, target group, lead department and verification."""

from collections.abc import Callable, Collection

from catalogue.editions.public.listing import Listing
from services.sources import Verification

LABELS = [
    {"code": code, "name": label, "name_en": english}
    for (code, label), english in zip(
        Verification.choices, ("checked against the text", "as others report it", "not verified"), strict=True
    )
]
SCHEMA = {
    "type": "object",
    "description": "各项的数目，要 facets=true 才有；每一种都不计自身的筛选，code 为 null 的是未知的",
    "required": ["domain", "target_group", "lead_department", "verification"],
    "properties": {
        name: {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "name", "name_en", "count"],
                "properties": {
                    "code": {"type": ["string", "null"]},
                    "name": {"type": "string"},
                    "name_en": {"type": ["string", "null"]},
                    "count": {"type": "integer", "description": "项数"},
                },
            },
        }
        for name in ("domain", "target_group", "lead_department", "verification")
    },
}
# The term that counts the services whose value is unknown.
UNKNOWN = {"code": None, "name": "未知", "name_en": "unknown"}
FACETS = ("domain", "target_group", "lead_department", "verification")


def count_facets(listed: Listing, select: Callable[[str], Collection[str]]) -> dict[str, list[dict]]:
    """Return for each facet the terms of the edition, each with the number of selected services that have it.

    ``select`` returns the codes that all filters except that of the facet select. The most frequent term comes first;
    services whose value is unknown are counted under code ``null``.
    """
    return {name: _count_terms(name, listed, set(select(name))) for name in FACETS}


def _count_terms(name: str, listed: Listing, codes: set[str]) -> list[dict]:
    terms = LABELS if name == "verification" else listed.terms[name].values()
    services_with_term = {term["code"]: listed.services_with(name, term["code"]) for term in terms}
    counts = [
        (term, len(codes & services_with_term[term["code"]])) for term in terms if services_with_term[term["code"]]
    ]
    if name != "verification" and (unknown := set(listed.codes).difference(*services_with_term.values())):
        counts.append((UNKNOWN, len(codes & unknown)))
    facet = [
        {"code": term["code"], "name": term["name"], "name_en": term["name_en"], "count": count}
        for term, count in counts
    ]
    return sorted(facet, key=lambda term: (-term["count"], term["code"] is None, term["code"] or ""))
