"""Differences between two editions, field by field. Pure: it compares sealed documents and makes no query."""

from collections.abc import Iterable, Mapping, Sequence

from catalogue.editions.merge import citations_of

# Every field of a document but the code, which never changes, and the citations, which are compared one by one.
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
    "amounts",
    "expenditure_responsibility",
    "shares",
    "lead_department",
    "lead_department_alternatives",
    "co_departments",
    "legal_basis",
    "eligibility",
    "note",
    "verification",
    "basis",
)

# What is provided, to whom, how much and by whom; the rest is bookkeeping: clauses, labels, notes, numbers.
SUBSTANCE = frozenset(COMPARED_FIELDS) - {"number", "name_en", "legal_basis", "note", "verification", "basis"}
# Keys inside such a field that are no substance: the clause of a figure, and the editors' translation of a term.
NOT_STATED = {"citation", "name_en"}


def compare(before: Mapping | None, after: Mapping | None) -> dict | None:
    """Return the changes from one document of a service to the next, or None if there are none.

    ``{"kind": "added" | "changed" | "withdrawn", "fields": [{"field", "before", "after"}], "document"}``; ``before``
    or ``after`` is None for an edition without the service. Only removed and added citations are listed.
    ``document`` is the common source of all added citations, None if they have several or none.
    """
    if before is None and after is None:
        return None
    old, new = before or {}, after or {}
    fields = [
        {"field": field, "before": old.get(field), "after": new.get(field)}
        for field in COMPARED_FIELDS
        if old.get(field) != new.get(field)
    ]
    removed = [citation for citation in old.get("citations", []) if citation not in new.get("citations", [])]
    added = [citation for citation in new.get("citations", []) if citation not in old.get("citations", [])]
    if removed or added:
        fields.append({"field": "citations", "before": removed, "after": added})
    if not fields:
        return None
    return {
        "kind": "added" if before is None else "withdrawn" if after is None else "changed",
        "fields": fields,
        "document": _common_source(before, after, added),
    }


def is_substance(comparison: Mapping) -> bool:
    """Whether a comparison by ``compare()`` says anything but bookkeeping; a service that comes or goes always does."""
    return comparison["kind"] in {"added", "withdrawn"} or any(
        _states_another(change["field"], change["before"], change["after"]) for change in comparison["fields"]
    )


def substantial(before: Mapping[str, Mapping], after: Mapping[str, Mapping]) -> set[str]:
    """Return the codes of the services with a change of substance between the documents of two editions by code."""
    both = before.keys() & after.keys()
    return (before.keys() ^ after.keys()) | {
        code
        for code in both
        if any(_states_another(field, before[code].get(field), after[code].get(field)) for field in SUBSTANCE)
    }


def _states_another(field: str, before: object, after: object) -> bool:
    return field in SUBSTANCE and before != after and _stated(before) != _stated(after)


def _stated(value: object) -> object:
    """Return what a value states. Older editions lack fields that newer ones have empty."""
    if isinstance(value, list):
        return [_stated(item) for item in value] or None
    if isinstance(value, Mapping):
        return {key: _stated(item) for key, item in value.items() if key not in NOT_STATED}
    return value


def _common_source(before: Mapping | None, after: Mapping | None, added: Sequence[Mapping]) -> dict | None:
    if before is None:
        # The source cited for the name is the document that put a new service on the list.
        added = citations_of(after, "name")
    sources = {citation["source"]["code"]: citation["source"] for citation in added}
    return next(iter(sources.values())) if len(sources) == 1 else None


def changes(before: Iterable[Mapping], after: Iterable[Mapping]) -> list[tuple[dict, dict]]:
    """Return (document, comparison) for every service that changed between the documents of two editions.

    Changes come in the order of the newer edition, withdrawn services last. The document is the newer one, or the
    last one of a withdrawn service.
    """
    old = {document["code"]: document for document in before}
    new = {document["code"]: document for document in after}
    ordered = [*new, *(code for code in old if code not in new)]
    compared = ((new.get(code) or old[code], compare(old.get(code), new.get(code))) for code in ordered)
    return [(document, comparison) for document, comparison in compared if comparison]
