"""The list as CPSV-AP 3.2.0 (SEMIC, European Commission): JSON-LD, and Turtle made from it. No HTTP.

Every node has a URI, and every referenced node is described in the same file, once. Unknown values are left out; where
the profile requires a value (a description, a competent authority), the node states that it is unknown. There is no
``cv:hasCost``: that is what a citizen pays. Expenditure responsibility is a ``cv:Participation``. How well a statement
is verified is its ``adms:status``; each clause is a ``prov:Quotation`` of its document, with place and field.
"""

import json
from collections.abc import Iterable, Iterator, Mapping

from django.utils import timezone

from catalogue.editions.document import lead_basis
from catalogue.editions.public import imprint, published
from catalogue.models import Citation, Edition
from catalogue.web import permalinks
from services.eligibility import sentences
from services.sources import Verification
from services.values.amounts import amount_text
from services.values.shares import share_text

CONTEXT_PATH = "/api/v1/context.jsonld"
PREFIXES = {
    "adms": "http://www.w3.org/ns/adms#",
    "bibo": "http://purl.org/ontology/bibo/",
    "cpsv": "http://purl.org/vocab/cpsv#",
    "cv": "http://data.europa.eu/m8g/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "eli": "http://data.europa.eu/eli/ontology#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "org": "http://www.w3.org/ns/org#",
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
# The JSON keys and their terms, by the kind of value: language-tagged, plain, typed and references.
TAGGED = {"title": "dct:title", "description": "dct:description", "label": "skos:prefLabel"}
PLAIN = {
    "identifier": "dct:identifier",
    "notation": "skos:notation",
    "localNumber": "eli:id_local",
    "locator": "bibo:locator",
    "quote": "prov:value",
    "checksumValue": "spdx:checksumValue",
    "schemaAgency": "adms:schemaAgency",
}
DATED = {
    "date": ("dct:date", "xsd:date"),
    "issued": ("dct:issued", "xsd:dateTime"),
    "startDate": ("dcat:startDate", "xsd:date"),
}
LINKED = {
    "audience": "dct:audience",
    "changedBy": "org:changedBy",
    "algorithm": "spdx:algorithm",
    "checksum": "spdx:checksum",
    "entity": "prov:entity",
    "follows": "cpsv:follows",
    "originalOrganization": "org:originalOrganization",
    "otherIdentifier": "adms:identifier",
    "fulfils": "cv:fulfils",
    "hasCompetentAuthority": "cv:hasCompetentAuthority",
    "hasLegalResource": "cv:hasLegalResource",
    "hasParticipant": "cv:hasParticipant",
    "hasParticipation": "cv:hasParticipation",
    "holdsRequirement": "cv:holdsRequirement",
    "implements": "cpsv:implements",
    "inScheme": "skos:inScheme",
    "isPartOf": "dct:isPartOf",
    "isReplacedBy": "dct:isReplacedBy",
    "isVersionOf": "dct:isVersionOf",
    "license": "dct:license",
    "produces": "cpsv:produces",
    "publisher": "dct:publisher",
    "quotation": "prov:qualifiedQuotation",
    "relation": "dct:relation",
    "resultingOrganization": "org:resultingOrganization",
    "role": "cv:role",
    "seeAlso": "rdfs:seeAlso",
    "source": "dct:source",
    "spatial": "dct:spatial",
    "status": "adms:status",
    "subject": "dct:subject",
    "temporal": "dct:temporal",
    "thematicArea": "cv:thematicArea",
}
CONTEXT = {
    "@version": 1.1,
    **PREFIXES,
    "id": "@id",
    "type": "@type",
    **{name: {"@id": term, "@container": "@language"} for name, term in TAGGED.items()},
    **PLAIN,
    **{name: {"@id": term, "@type": kind} for name, (term, kind) in DATED.items()},
    **{name: {"@id": term, "@type": "@id"} for name, term in LINKED.items()},
}
ROLES = {
    "lead": ("牵头单位", "lead department"),
    "co-department": ("配合单位", "supporting department"),
    "possible-lead": ("可能的牵头单位", "possible lead department"),
    "expenditure": ("支出责任", "expenditure responsibility"),
}
# The schemes of concepts: those of our vocabularies, and those that only these files have.
SCHEMES = {
    permalinks.DOMAINS: ("领域", "Domains"),
    permalinks.TARGET_GROUPS: ("服务对象", "Target groups"),
    "roles": ("参与方式", "Roles of a participation"),
    "verification": ("核实情况", "How well a value is verified"),
    "fields": ("字段", "Fields of an entry"),
}
# Regions by code that have a well-known URI: Wikidata's item with ISO 3166-2 CN-NM.
REGIONS = {"150000": "http://www.wikidata.org/entity/Q41079"}
ZH, EN = "zh-Hans", "en"
Node = dict[str, object]


def to_jsonld(documents: Iterable[Mapping], *, edition: Edition, root: str) -> Iterator[str]:
    """Yield documents of a published edition as the text of one JSON-LD object, node by node."""
    return write_jsonld((node for nodes in _graph(documents, edition, root) for node in nodes), root)


def to_turtle(documents: Iterable[Mapping], *, edition: Edition, root: str) -> Iterator[str]:
    """Yield documents of a published edition as Turtle: the same triples as JSON-LD."""
    return write_turtle([node for nodes in _graph(documents, edition, root) for node in nodes], root)


def write_jsonld(nodes: Iterable[Node], root: str) -> Iterator[str]:
    """Yield nodes in the terms of ``CONTEXT`` as the text of one JSON-LD object."""
    yield f'{{"@context":"{root}{CONTEXT_PATH}","@graph":['
    separator = ""
    for node in nodes:
        yield f"{separator}{json.dumps(node, ensure_ascii=False)}"
        separator = ",\n"
    yield "]}\n"


def write_turtle(nodes: Iterable[Node], root: str) -> Iterator[str]:
    """Yield nodes in the terms of ``CONTEXT`` as Turtle."""
    # Imported here, because rdflib takes 20 MB and only Turtle needs it.
    from rdflib import Graph
    from rdflib.plugins.parsers.jsonld import to_rdf

    graph = Graph(bind_namespaces="none")
    # Graph.parse would need text, and uses a class that rdflib 7.6 deprecates.
    to_rdf({"@context": CONTEXT, "@graph": list(nodes)}, graph)
    yield graph.serialize(format="turtle")


def edition_nodes(edition: Edition, root: str) -> Iterator[Node]:
    """Yield the nodes of a published edition without its services."""
    return (node for nodes in _graph([], edition, root) for node in nodes)


def _graph(documents: Iterable[Mapping], edition: Edition, root: str) -> Iterator[list[Node]]:
    """Yield the nodes of the edition, and then the nodes of each service that are not described yet."""
    maker = _Maker(edition, root)
    yield maker.new(maker.dataset())
    for document in documents:
        yield maker.new(maker.service(document))


class _Maker:
    """Makes the nodes of one file."""

    def __init__(self, edition: Edition, root: str):
        self.edition, self.root = edition, root
        self.region = published.get_published(edition).header["region"]
        self.address = permalinks.permalink(root, permalinks.EDITIONS, edition.slug)
        self.described: set[str] = set()

    def new(self, nodes: Iterable[Node]) -> list[Node]:
        """Return the nodes that are not described yet, without unknown values."""
        new_nodes = []
        for node in nodes:
            if node["id"] not in self.described:
                self.described.add(node["id"])
                new_nodes.append({key: value for key, value in node.items() if value not in (None, [], {})})
        return new_nodes

    def dataset(self) -> Iterator[Node]:
        edition = self.edition
        published = timezone.localtime(edition.published_at)
        note = f"{edition.note or ''}{imprint.DISCLAIMER}出处：{imprint.SOURCE}。"
        yield {
            "id": self.address,
            "type": "dcat:Dataset",
            "identifier": edition.slug,
            "title": {ZH: edition.title, EN: f"{imprint.TITLE_EN} ({edition.slug})"},
            "description": {ZH: note},
            "publisher": f"{self.root}/#editors",
            "license": imprint.LICENCE_URL,
            "issued": published.isoformat(timespec="seconds"),
            "temporal": f"{self.address}#validity",
            "spatial": self._spatial(),
            "checksum": f"{self.address}#checksum",
            "seeAlso": f"{self.root}/api/v1/editions/{edition.slug}/content/",
        }
        yield self._validity()
        yield {
            "id": f"{self.address}#checksum",
            "type": "spdx:Checksum",
            "algorithm": "spdx:checksumAlgorithm_sha256",
            "checksumValue": edition.digest,
        }
        yield {"id": imprint.LICENCE_URL, "type": "dct:LicenseDocument", "title": {EN: imprint.LICENCE}}
        yield {
            "id": f"{self.root}/#editors",
            "type": "foaf:Agent",
            "identifier": "editors",
            "title": {ZH: "本清单编者", EN: "The editors of this list"},
        }
        yield self._location()
        yield from self._identifiers("region", self.region["code"], self._spatial())

    def service(self, document: Mapping) -> Iterator[Node]:
        """Yield the node of a service, and then the nodes that it references."""
        address = permalinks.permalink(self.root, permalinks.SERVICES, document["code"])
        parts = [
            ("thematicArea", [self._concept(permalinks.DOMAINS, document["domain"])]),
            ("audience", [self._concept(permalinks.TARGET_GROUPS, group) for group in document["target_groups"]]),
            ("hasCompetentAuthority", [self._authority(document["lead_department"])]),
            ("hasParticipation", list(self._participations(document, address))),
            ("holdsRequirement", list(self._requirements(document, address))),
            ("follows", list(self._rules(document, address))),
            ("produces", list(self._outputs(document, address))),
            # Before the legal basis: the source of a citation also has its document number.
            ("source", [self._legal_resource(citation["source"]) for citation in document["citations"]]),
            ("hasLegalResource", [self._legal_resource(source) for source in document["legal_basis"]]),
            ("quotation", list(self._quotations(document, address))),
        ]
        yield {
            "id": address,
            "type": "cpsv:PublicService",
            "identifier": document["code"],
            "title": _tagged(document["name"], document["name_en"]),
            "description": _tagged(document["content"] or "服务内容未知。"),
            "isPartOf": self.address,
            "temporal": f"{self.address}#validity",
            "spatial": self._spatial(),
            "otherIdentifier": self._identifier_addresses("service", document["code"], address),
            **{key: list(dict.fromkeys(node["id"] for node in nodes)) for key, nodes in parts},
        }
        for _, nodes in parts:
            yield from nodes
        yield from self._identifiers("service", document["code"], address)
        yield from self._participants(document)
        yield from self._shared_concepts()

    def _participants(self, document: Mapping) -> Iterator[Node]:
        others = (*document["co_departments"], *document["lead_department_alternatives"])
        for department in others:
            yield self._organisation(department)
        for department in (document["lead_department"], *others):
            if department:
                address = permalinks.permalink(self.root, permalinks.DEPARTMENTS, department["code"])
                yield from self._identifiers("department", department["code"], address)
        for role, names in ROLES.items():
            yield self._shared_concept("roles", role, *names)
        yield {
            "id": f"{self.root}/#payers",
            "type": "foaf:Agent",
            "identifier": "payers",
            "title": {ZH: "负担支出的各级政府", EN: "The governments that bear the expenditure"},
        }

    def _shared_concepts(self) -> Iterator[Node]:
        """Yield the concepts and schemes that every service may refer to."""
        for label in Verification:
            yield self._shared_concept("verification", label.value, label.label, label.value)
        for field, label in Citation.FIELDS:
            yield self._shared_concept("fields", field, label)
        for scheme, names in SCHEMES.items():
            yield {"id": self._scheme(scheme), "type": "skos:ConceptScheme", "title": _tagged(*names)}

    def _quotations(self, document: Mapping, address: str) -> Iterator[Node]:
        """Yield the clauses of a service, in the order of its citations."""
        for number, citation in enumerate(document["citations"], start=1):
            yield {
                "id": f"{address}#citation-{number}",
                "type": "prov:Quotation",
                "entity": permalinks.permalink(self.root, permalinks.SOURCES, citation["source"]["code"]),
                "subject": f"{self.root}/#fields-{citation['field']}",
                "locator": citation["locator"],
                "quote": citation["quote"],
                "status": self._status(citation["verification"]),
            }

    def _participations(self, document: Mapping, address: str) -> Iterator[Node]:
        labels = document["verification"]
        if (lead := document["lead_department"]) and (basis := lead_basis(document)):
            # hasCompetentAuthority says which department it is, this says on what that rests.
            description = _tagged(f"{ROLES['lead'][0]}：{lead['name']}（{basis.label}）")
            participant = permalinks.permalink(self.root, permalinks.DEPARTMENTS, lead["code"])
            status = labels.get("lead_department")
            yield self._participation(f"{address}#lead", "lead", participant, description, status)
        for role, departments, field in (
            ("co-department", document["co_departments"], "co_departments"),
            ("possible-lead", document["lead_department_alternatives"], "lead_department"),
        ):
            for department in departments:
                participant = permalinks.permalink(self.root, permalinks.DEPARTMENTS, department["code"])
                description = _tagged(f"{ROLES[role][0]}：{department['name']}")
                node = f"{address}#{role}-{department['code']}"
                yield self._participation(node, role, participant, description, labels.get(field))
        payers = f"{self.root}/#payers"
        if text := document["expenditure_responsibility"]:
            status = labels.get("expenditure_responsibility")
            yield self._participation(f"{address}#expenditure", "expenditure", payers, _tagged(text), status)
        for number, share in enumerate(document.get("shares", []), start=1):
            description = _tagged(share_text(share))
            status = share["citation"]["verification"]
            yield self._participation(f"{address}#share-{number}", "expenditure", payers, description, status)

    def _participation(
        self, address: str, role: str, participant: str, description: Mapping, status: str | None
    ) -> Node:
        return {
            "id": address,
            "type": "cv:Participation",
            "identifier": address.rpartition("/")[2],
            "description": description,
            "role": f"{self.root}/#roles-{role}",
            "hasParticipant": participant,
            "status": self._status(status),
        }

    def _requirements(self, document: Mapping, address: str) -> Iterator[Node]:
        """Yield the requirements as text: the rule, or each group if there are several, one of which must be met."""
        rule = document["eligibility"]
        if rule is None:
            return
        groups = rule["any"] if len(rule["any"]) > 1 else [None]
        for number, group in enumerate(groups, start=1):
            text = sentences.rule_text(rule if group is None else rule | {"any": [group]})
            # In CCCEV a Criterion is a Requirement, but the SHACL shapes need both types.
            yield {
                "id": f"{address}#requirement-{number}",
                "type": ["cv:Requirement", "cv:Criterion"],
                "identifier": f"{document['code']}#requirement-{number}",
                "title": _tagged("享受条件" if group is None else f"享受条件之{number}（满足其一即可）"),
                "description": _tagged(text),
                "status": self._status(document["verification"].get("eligibility")),
            }

    def _outputs(self, document: Mapping, address: str) -> Iterator[Node]:
        """Yield what a person gets: one output for each amount, in words."""
        for number, amount in enumerate(document.get("amounts", []), start=1):
            yield {
                "id": f"{address}#amount-{number}",
                "type": "cv:Output",
                "identifier": f"{document['code']}#amount-{number}",
                "title": _tagged(amount["label"]),
                "description": _tagged(amount_text(amount)),
                "status": self._status(amount["citation"]["verification"]),
            }

    def _rules(self, document: Mapping, address: str) -> Iterator[Node]:
        if document["standard"] is None:
            return
        cited = [citation["source"] for citation in document["citations"] if citation["field"] == "standard"]
        as_of = f"（{document['standard_as_of']}）" if document["standard_as_of"] else ""
        yield {
            "id": f"{address}#standard",
            "type": "cpsv:Rule",
            "identifier": f"{document['code']}#standard",
            "title": _tagged(f"服务标准{as_of}", "Service standard"),
            "description": _tagged(document["standard"]),
            "implements": list(dict.fromkeys(self._legal_resource(source)["id"] for source in cited)),
            "status": self._status(document["verification"].get("standard")),
        }

    def _authority(self, department: Mapping | None) -> Node:
        if department is not None:
            return self._organisation(department)
        return {
            "id": f"{self.root}/#unknown-department",
            "type": "cv:PublicOrganisation",
            "label": {ZH: "未知", EN: "unknown"},
            "spatial": self._spatial(),
        }

    def _organisation(self, department: Mapping) -> Node:
        label = _tagged(department["name"], department["name_en"])
        address = permalinks.permalink(self.root, permalinks.DEPARTMENTS, department["code"])
        return {
            "id": address,
            # Also an agent, because the participant of a participation must be one.
            "type": ["cv:PublicOrganisation", "foaf:Agent"],
            "identifier": department["code"],
            "label": label,
            "title": label,
            "spatial": self._spatial(),
            "otherIdentifier": self._identifier_addresses("department", department["code"], address),
        }

    def _identifiers(self, kind: str, code: str, address: str) -> Iterator[Node]:
        """Yield the official codes of a region, department or service."""
        rows = self.edition.official_codes.get((kind, code), [])
        for row, node_address in zip(rows, self._identifier_addresses(kind, code, address), strict=True):
            yield {"id": node_address, "type": "adms:Identifier", "notation": row.value, "schemaAgency": row.scheme}

    def _identifier_addresses(self, kind: str, code: str, address: str) -> list[str]:
        if address == self._spatial():
            # A well-known URI is not ours to add to.
            address = f"{self.root}/#region-{code}"
        separator = "-" if "#" in address else "#"
        count = len(self.edition.official_codes.get((kind, code), []))
        return [f"{address}{separator}identifier-{number}" for number in range(1, count + 1)]

    def _concept(self, kind: str, term: Mapping) -> Node:
        return {
            "id": permalinks.permalink(self.root, kind, term["code"]),
            "type": "skos:Concept",
            "notation": term["code"],
            "label": _tagged(term["name"], term["name_en"]),
            "inScheme": self._scheme(kind),
        }

    def _shared_concept(self, scheme: str, notation: str, chinese: str, english: str | None = None) -> Node:
        return {
            "id": f"{self.root}/#{scheme}-{notation}",
            "type": "skos:Concept",
            "notation": notation,
            "label": _tagged(chinese, english),
            "inScheme": self._scheme(scheme),
        }

    def _scheme(self, scheme: str) -> str:
        return f"{self.root}/#{scheme}"

    def _status(self, verification: str | None) -> str | None:
        return verification and f"{self.root}/#verification-{verification}"

    def _legal_resource(self, source: Mapping) -> Node:
        return {
            "id": permalinks.permalink(self.root, permalinks.SOURCES, source["code"]),
            "type": "eli:LegalResource",
            "identifier": source["code"],
            "title": _tagged(source["title"]),
            "localNumber": source.get("document_number"),
        }

    def _spatial(self) -> str:
        code = self.region["code"]
        return REGIONS.get(code, f"{self.root}/#region-{code}")

    def _location(self) -> Node:
        return {
            "id": self._spatial(),
            "type": "dct:Location",
            "identifier": self.region["code"],
            "label": _tagged(self.region["name"]),
            "otherIdentifier": self._identifier_addresses("region", self.region["code"], self._spatial()),
        }

    def _validity(self) -> Node:
        return {
            "id": f"{self.address}#validity",
            "type": "dct:PeriodOfTime",
            "startDate": self.edition.effective_from.isoformat(),
        }


def _tagged(chinese: str, english: str | None = None) -> dict[str, str]:
    return {ZH: chinese} | ({EN: english} if english else {})
