"""How many services there are by domain, target group, lead department and verification: the facets of a list."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping

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


def _labels(document: Mapping) -> list[dict]:
    given = set(document["verification"].values())
    return [label for label in LABELS if label["code"] in given]


# The terms a document counts for, by the parameter that selects them.
FACETS: dict[str, Callable[[Mapping], list[dict]]] = {
    "domain": lambda document: [document["domain"]],
    "target_group": lambda document: document["target_groups"] or [UNKNOWN],
    "lead_department": lambda document: [document["lead_department"] or UNKNOWN],
    "verification": _labels,
}


def counted(documents: Mapping[str, Mapping], chosen: Callable[[str], Collection[str]]) -> dict[str, list[dict]]:
    """Return for each facet every term the edition has, with how many of the chosen services have it.

    ``documents`` are all of an edition, by code; ``chosen`` gives the codes that all filters but that of a facet leave.
    The most frequent term comes first; what is unknown is counted as code ``null``.
    """
    return {name: _counted(terms_of, documents, chosen(name)) for name, terms_of in FACETS.items()}


def _counted(
    terms_of: Callable[[Mapping], Iterable[dict]], documents: Mapping[str, Mapping], codes: Collection[str]
) -> list[dict]:
    terms = {term["code"]: term for document in documents.values() for term in terms_of(document)}
    counts = Counter(term["code"] for code in codes for term in terms_of(documents[code]))
    found = [
        {"code": code, "name": term["name"], "name_en": term["name_en"], "count": counts[code]}
        for code, term in terms.items()
    ]
    return sorted(found, key=lambda each: (-each["count"], each["code"] is None, each["code"] or ""))
