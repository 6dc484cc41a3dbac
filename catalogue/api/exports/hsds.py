"""The list as HSDS 3.1 (Open Referral UK): every service, fully nested, in one page. No HTTP.

Unknown values are left out. HSDS's ``metadata`` is left out too: its rows require a previous value and a person, and
we have neither. Instead ``additional_urls`` has the cited documents, and ``citations`` and ``verification`` are our own
properties, which the schema permits. ``licenses`` is not for data: the licence is in ``imprint``.
"""

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping

from django.utils import timezone

from catalogue.editions.public.imprint import imprint
from catalogue.models import Edition
from catalogue.web import permalinks
from services.eligibility.facts import VOCABULARY
from services.eligibility.rules import NOT_ELIGIBLE, Rule
from services.eligibility.sentences import rule_text

# The two vocabularies that classify a service: the HSDS ``link_type``, and the name and description of the vocabulary.
VOCABULARIES = {
    permalinks.DOMAINS: ("domain", "领域", "本清单的领域词表"),
    permalinks.TARGET_GROUPS: ("intended_audience", "服务对象", "本清单的服务对象词表"),
}
LANGUAGE = "zh"
NAMESPACE = uuid.UUID("b8a5a8f0-6f5c-5d0e-9c1e-3b5a1d7f4c20")


def service(document: Mapping, *, edition: Edition, root: str) -> dict:
    """Return the fully nested HSDS service of a sealed document of a published edition."""
    uri = permalinks.permalink(root, permalinks.SERVICES, document["code"])
    name = f"{permalinks.SERVICES}/{document['code']}"
    organization = document["lead_department"] and _organization(document["lead_department"], root)
    youngest, oldest = ages(document["eligibility"])
    values = {
        "id": _uuid(name),
        "organization_id": organization and organization["id"],
        "name": document["name"],
        "alternate_name": document["name_en"],
        "description": document["content"],
        "url": uri,
        "status": "active",
        "eligibility_description": document["target_group_text"]
        or (document["eligibility"] and rule_text(document["eligibility"])),
        "minimum_age": youngest,
        "maximum_age": oldest,
        "assured_date": _assured_on(document),
        "last_modified": timezone.localtime(edition.published_at).isoformat(timespec="milliseconds"),
        "organization": organization,
        "phones": _phones(document, edition, name),
        "funding": _funding(document["expenditure_responsibility"], name),
        "attributes": [*_classified(document, root, name), *_unclassified(document, name)],
        "additional_urls": _sources(document, root, name),
        "verification": document["verification"],
        "citations": document["citations"],
    }
    return {name: value for name, value in values.items() if value is not None and value != []}


def to_hsds(documents: Iterable[Mapping], *, edition: Edition, root: str) -> Iterator[str]:
    """Yield one page with every service, fully nested, as pieces of JSON text, the counts last."""
    yield f'{{"imprint":{_dumps(imprint(edition))},"contents":['
    count = 0
    for document in documents:
        text = _dumps(service(document, edition=edition, root=root))
        yield f",{text}" if count else text
        count += 1
    page = {
        "total_items": count,
        "total_pages": 1,
        "page_number": 1,
        "size": count,
        "first_page": True,
        "last_page": True,
        "empty": count == 0,
    }
    yield f"],{_dumps(page)[1:]}"


def ages(eligibility: Mapping | None) -> tuple[int | None, int | None]:
    """Return the least and the greatest age, in completed years, at which a rule can be met; None without a bound."""
    rule, age = Rule(eligibility), VOCABULARY["age"]
    if age.name not in rule.facts:
        return None, None
    all_ages = range(age.minimum, age.maximum + 1)
    possible = [years for years in all_ages if rule.judge({age.name: years}).outcome != NOT_ELIGIBLE]
    youngest, oldest = possible[0], possible[-1]
    return (youngest if youngest > age.minimum else None), (oldest if oldest < age.maximum else None)


def _assured_on(document: Mapping) -> str | None:
    """Return the day since which every value was held against its source; None if one never was."""
    days = list((document.get("checked_on") or {}).values())
    return min(days).isoformat() if days and all(days) else None


def _phones(document: Mapping, edition: Edition, name: str) -> list[dict]:
    """Return the hotline of the department that leads a service, if a document gives one."""
    lead = document["lead_department"]
    hotline = edition.contacts.get(lead["code"], {}).get("hotline") if lead else None
    if hotline is None:
        return []
    return [
        {
            "id": _uuid(f"{name}#hotline"),
            "service_id": _uuid(name),
            "number": hotline["value"],
            "type": "voice",
            "description": f"{lead['name']}服务热线",
        }
    ]


def _terms(document: Mapping) -> list[tuple[str, Mapping]]:
    groups = [(permalinks.TARGET_GROUPS, group) for group in document["target_groups"]]
    return [(permalinks.DOMAINS, document["domain"]), *groups]


def _organization(department: Mapping, root: str) -> dict:
    # HSDS requires a description; the sealed document has only the names of a department.
    name, short = department["name"], department["short_name"]
    organization = {
        "id": _uuid(f"{permalinks.DEPARTMENTS}/{department['code']}"),
        "name": name,
        "alternate_name": department["name_en"],
        "description": f"{name}，简称{short}。" if short else name,
        "uri": permalinks.permalink(root, permalinks.DEPARTMENTS, department["code"]),
    }
    return {key: value for key, value in organization.items() if value is not None}


def _funding(responsibility: str | None, name: str) -> list[dict]:
    if responsibility is None:
        return []
    return [{"id": _uuid(f"{name}#funding"), "service_id": _uuid(name), "source": responsibility}]


def _classified(document: Mapping, root: str, name: str) -> Iterator[dict]:
    for kind, term in _terms(document):
        taxonomy_term = _term(kind, term, root)
        link, label, _ = VOCABULARIES[kind]
        yield _attribute(name, f"{kind}/{term['code']}", link, label) | {
            "taxonomy_term_id": taxonomy_term["id"],
            "taxonomy_term": taxonomy_term,
        }


def _term(kind: str, term: Mapping, root: str) -> dict:
    _, name, description = VOCABULARIES[kind]
    english = f"（{term['name_en']}）" if term["name_en"] else ""
    taxonomy = {"id": _uuid(kind), "name": name, "description": description}
    return {
        "id": _uuid(f"{kind}/{term['code']}"),
        "code": term["code"],
        "name": term["name"],
        "description": f"{name}：{term['name']}{english}",
        "language": LANGUAGE,
        "taxonomy_id": taxonomy["id"],
        "taxonomy_detail": taxonomy,
        "term_uri": permalinks.permalink(root, kind, term["code"]),
    }


def _unclassified(document: Mapping, name: str) -> Iterator[dict]:
    """Yield attributes for values without an HSDS field: the standard, alternative leads, and co-departments."""
    if document["standard"]:
        as_of = f"（{document['standard_as_of']}）" if document["standard_as_of"] else ""
        yield _attribute(name, "standard", "standard", f"服务标准{as_of}") | {"value": document["standard"]}
    for department in document["lead_department_alternatives"]:
        link = "lead_department_alternative"
        yield _attribute(name, f"{link}/{department['code']}", link, "可能的牵头单位") | {"value": department["name"]}
    for department in document["co_departments"]:
        link = "co_department"
        yield _attribute(name, f"{link}/{department['code']}", link, "配合单位") | {"value": department["name"]}


def _attribute(name: str, fragment: str, link: str, label: str) -> dict:
    return {
        "id": _uuid(f"{name}#{fragment}"),
        "link_id": _uuid(name),
        "link_entity": "service",
        "link_type": link,
        "label": label,
    }


def _sources(document: Mapping, root: str, name: str) -> list[dict]:
    """Return the cited documents of a service, each once."""
    labels = {source["code"]: f"法律法规依据：{source['title']}" for source in document["legal_basis"]}
    for source in (citation["source"] for citation in document["citations"]):
        title, number = source["title"], source["document_number"]
        add_number = number and number not in title
        labels.setdefault(source["code"], f"来源：{title}（{number}）" if add_number else f"来源：{title}")
    return [
        {
            "id": _uuid(f"{name}#source/{code}"),
            "service_id": _uuid(name),
            "label": label,
            "url": permalinks.permalink(root, permalinks.SOURCES, code),
        }
        for code, label in labels.items()
    ]


def _uuid(name: str) -> str:
    """Return the id of a thing by its kind and code: the same on every host."""
    return str(uuid.uuid5(NAMESPACE, name))


def _dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
