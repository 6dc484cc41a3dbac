"""How many services there are by domain, target group, lead department and verification: the facets of a list."""

from collections.abc import Callable, Collection

from catalogue.editions.listing import Listing
from services.models import Verification

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
                    "count": {"type": "integer"},
                },
            },
        }
        for name in ("domain", "target_group", "lead_department", "verification")
    },
}
# What stands for those whose value is unknown.
UNKNOWN = {"code": None, "name": "未知", "name_en": "unknown"}
FACETS = ("domain", "target_group", "lead_department", "verification")


def counted(listed: Listing, chosen: Callable[[str], Collection[str]]) -> dict[str, list[dict]]:
    """Return for each facet every term the edition has, with how many of the chosen services have it.

    ``chosen`` gives the codes that all filters but that of a facet leave. The most frequent term comes first; what is
    unknown is counted as code ``null``.
    """
    return {name: _counted(name, listed, set(chosen(name))) for name in FACETS}


def _counted(name: str, listed: Listing, codes: set[str]) -> list[dict]:
    terms = LABELS if name == "verification" else listed.terms[name].values()
    having = {term["code"]: listed.having(name, term["code"]) for term in terms}
    counts = [(term, len(codes & having[term["code"]])) for term in terms if having[term["code"]]]
    if name != "verification" and (unknown := set(listed.codes).difference(*having.values())):
        counts.append((UNKNOWN, len(codes & unknown)))
    found = [
        {"code": term["code"], "name": term["name"], "name_en": term["name_en"], "count": count}
        for term, count in counts
    ]
    return sorted(found, key=lambda each: (-each["count"], each["code"] is None, each["code"] or ""))
