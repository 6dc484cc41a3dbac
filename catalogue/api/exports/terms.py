"""A term of a vocabulary as nodes of RDF, in the terms of ``cpsv.CONTEXT``. No HTTP, no database."""

from collections.abc import Iterator, Mapping

from catalogue.api.exports.cpsv import EN, ZH, Node
from catalogue.web import permalinks

CONCEPT = "skos:Concept"
# What a term of each vocabulary is.
TYPES = {
    permalinks.DOMAINS: CONCEPT,
    permalinks.DEPARTMENTS: ["cv:PublicOrganisation", "foaf:Agent"],
    permalinks.TARGET_GROUPS: CONCEPT,
    permalinks.SOURCES: "eli:LegalResource",
    permalinks.INDICATORS: CONCEPT,
    permalinks.TARGETS: CONCEPT,
    permalinks.TASKS: CONCEPT,
    permalinks.PROJECTS: CONCEPT,
    permalinks.OBSERVATIONS: CONCEPT,
    permalinks.TOPICS: "cv:LifeEvent",
}
# The keys of a term's JSON that name it, and those that describe it: the first with a value counts.
NAMES = ("name", "title", "heading")
DESCRIPTIONS = ("definition", "goal", "text", "target_text", "note")


def nodes(kind: str, term: Mapping, root: str) -> Iterator[Node]:
    """Yield the node of a term, given its JSON, and that of the clause it rests on."""
    address = permalinks.permalink(root, kind, term["code"])
    name = {ZH: _first(term, NAMES), EN: term.get("name_en")}
    name = {language: text for language, text in name.items() if text}
    description = _first(term, DESCRIPTIONS)
    citation = term.get("citation")
    successor = term.get("replaced_by") and permalinks.permalink(root, kind, term["replaced_by"])
    node = {
        "id": address,
        "type": TYPES[kind],
        "identifier": term["code"],
        "notation": term["code"] if TYPES[kind] == CONCEPT else None,
        "label": name,
        "title": name,
        "description": description and {ZH: description},
        "localNumber": term.get("document_number"),
        "inScheme": f"{root}/#{kind}" if TYPES[kind] == CONCEPT else None,
        "isPartOf": term.get("domain") and permalinks.permalink(root, permalinks.DOMAINS, term["domain"]),
        "relation": [permalinks.permalink(root, permalinks.SERVICES, code) for code in term.get("services", [])],
        "seeAlso": term.get("url"),
        "isReplacedBy": successor,
        "changedBy": f"{address}#change" if kind == permalinks.DEPARTMENTS and successor else None,
        "quotation": citation and f"{address}#citation",
    }
    yield {key: value for key, value in node.items() if value not in (None, [], {})}
    if citation:
        yield _clause(f"{address}#citation", citation, root)
    if node["changedBy"]:
        # A department that was renamed or merged, on its day and by its clause.
        yield {
            "id": node["changedBy"],
            "type": "org:ChangeEvent",
            "originalOrganization": address,
            "resultingOrganization": successor,
            "date": term["replaced_from"],
            "quotation": f"{address}#change-citation",
        }
        yield _clause(f"{address}#change-citation", term["replaced_citation"], root)


def _clause(address: str, citation: Mapping, root: str) -> Node:
    clause = {
        "id": address,
        "type": "prov:Quotation",
        "entity": permalinks.permalink(root, permalinks.SOURCES, citation["source"]["code"]),
        "locator": citation["locator"],
        "quote": citation["quote"],
        "status": f"{root}/#verification-{citation['verification']}",
    }
    return {key: value for key, value in clause.items() if value is not None}


def _first(term: Mapping, keys: tuple[str, ...]) -> str | None:
    texts = (term.get(key) for key in keys)
    return next((text["text"] if isinstance(text, Mapping) else text for text in texts if text), None)
