"""What changed between two editions, field by field. Pure: it compares sealed documents and asks no database."""

from collections.abc import Iterable, Mapping, Sequence

from catalogue.editions.merge import citations_of

# A service's code never changes, and where an edition puts the rest is no news of the service.
COMPARED_FIELDS = (
    "number",
    "name",
    "name_en",
    "domain",
    "target_groups",
    "target_group_text",
    "content",
    "standard",
    "standard_as_of",
    "expenditure_responsibility",
    "lead_department",
    "lead_department_alternatives",
    "co_departments",
    "legal_basis",
    "eligibility",
    "note",
    "verification",
    "basis",
)


def compare(before: Mapping | None, after: Mapping | None) -> dict | None:
    """Return what changed from one document of a service to the next, or None if nothing did.

    ``{"kind": "added" | "changed" | "withdrawn", "fields": [{"field", "before", "after"}], "document"}``; ``None`` for
    a document is an edition without the service. Of the citations only those that went or came are listed.
    ``document`` is the one source that all newly cited clauses come from, None if there are several or none.
    """
    if before is None and after is None:
        return None
    old, new = before or {}, after or {}
    fields = [
        {"field": field, "before": old.get(field), "after": new.get(field)}
        for field in COMPARED_FIELDS
        if old.get(field) != new.get(field)
    ]
    went = [citation for citation in old.get("citations", []) if citation not in new.get("citations", [])]
    came = [citation for citation in new.get("citations", []) if citation not in old.get("citations", [])]
    if went or came:
        fields.append({"field": "citations", "before": went, "after": came})
    if not fields:
        return None
    return {
        "kind": "added" if before is None else "withdrawn" if after is None else "changed",
        "fields": fields,
        "document": _common_source(before, after, came),
    }


def _common_source(before: Mapping | None, after: Mapping | None, came: Sequence[Mapping]) -> dict | None:
    if before is None:
        # A service is on the list by the document that names it there.
        came = citations_of(after, "name")
    sources = {citation["source"]["code"]: citation["source"] for citation in came}
    return next(iter(sources.values())) if len(sources) == 1 else None


def changes(before: Iterable[Mapping], after: Iterable[Mapping]) -> list[tuple[dict, dict]]:
    """Return (document, comparison) for every service that changed between two editions' documents.

    In the order of the newer edition; services that it no longer has come last. The document is the newer one, or
    the last there was.
    """
    old = {document["code"]: document for document in before}
    new = {document["code"]: document for document in after}
    ordered = [*new, *(code for code in old if code not in new)]
    compared = ((new.get(code) or old[code], compare(old.get(code), new.get(code))) for code in ordered)
    return [(document, comparison) for document, comparison in compared if comparison]
