"""The canonical form of an edition: the bytes that are sealed, served and identified by their digest.

JSON as RFC 8785 writes the values used here (sorted keys, UTF-8, no insignificant whitespace, no floating point), so
that an edition has the same bytes on every machine and on both databases. Sealing itself is in
``catalogue.workflow.publishing``.
"""

from collections.abc import Callable, Iterable, Mapping

from django.db import models
from django.db.models import Manager

from catalogue.editions.models import Edition, Entry
from services.eligibility import open_criteria
from services.values import quoted_values

# The attributes of each column's terms that a document contains, besides their codes.
TERM_NAMES = {
    "domain": ("name", "name_en"),
    "target_groups": ("name", "name_en"),
    "lead_department": ("name", "short_name", "name_en"),
    "lead_department_alternatives": ("name", "name_en"),
    "co_departments": ("name", "name_en"),
    "legal_basis": ("title",),
}


class LeadBasis(models.TextChoices):
    """On what it rests that a department leads a service (牵头依据)."""

    LIST = "list", "已公布的清单写明"
    STATUTE = "statute", "法律法规写明的主管部门"
    ASSIGNED = "assigned", "编者指定"


def lead_basis(document: Mapping) -> LeadBasis | None:
    """Return on what the lead department of a document rests; None if there is none.

    It follows from the basis that the field has: a plan's list, a law, or anything else, which is the editors'
    judgement.
    """
    basis = document["basis"]["lead_department"]
    if basis is None:
        return None
    return {"plan": LeadBasis.LIST, "regulation": LeadBasis.STATUTE}.get(basis, LeadBasis.ASSIGNED)


def entry_document(entry: Entry) -> dict:
    """Return an entry in the shape of the API's service, without the parts that depend on the request (edition, url).

    Terms carry their current names, so that a sealed entry keeps them. An unknown field is ``None`` (a list: empty)
    and so is its ``verification``. Reads the relations that ``Entry.objects.with_details()`` prefetches.
    """
    verifications = {verification.field: verification for verification in entry.field_verifications.all()}
    sources = {source.code: _term(source, "title", "document_number") for source in entry.quoted_sources.all()}
    lead = entry.lead_department
    return {
        "code": entry.service.code,
        "number": entry.number,
        "name": entry.name,
        "name_en": entry.name_en,
        "domain": _term(entry.domain, *TERM_NAMES["domain"]),
        "target_groups": _terms(entry.target_groups, *TERM_NAMES["target_groups"]),
        "target_group_text": entry.target_group_text,
        "content": entry.content,
        "standard": entry.standard,
        "standard_as_of": entry.standard_as_of,
        # Amounts and shares are present only if there are some: an edition sealed before keeps its bytes.
        **({"amounts": with_sources(entry.amounts, sources)} if entry.amounts else {}),
        "expenditure_responsibility": entry.expenditure_responsibility,
        **({"shares": with_sources(entry.shares, sources)} if entry.shares else {}),
        "lead_department": lead and _term(lead, *TERM_NAMES["lead_department"]),
        "lead_department_alternatives": _terms(
            entry.lead_department_alternatives, *TERM_NAMES["lead_department_alternatives"]
        ),
        "co_departments": _terms(entry.co_departments, *TERM_NAMES["co_departments"]),
        "legal_basis": _terms(entry.legal_basis, *TERM_NAMES["legal_basis"]),
        "eligibility": eligibility_document(entry.eligibility, sources),
        "note": entry.note,
        "verification": {
            field: verifications[field].verification if field in verifications else None
            for field in Entry.SOURCED_FIELDS
        },
        "basis": {
            field: verifications[field].basis if field in verifications else None for field in Entry.SOURCED_FIELDS
        },
        "citations": [
            {
                "field": citation.field,
                "source": _term(citation.source, "title", "document_number"),
                "locator": citation.locator,
                "quote": citation.quote,
                "verification": citation.verification,
                "jurisdiction": citation.jurisdiction,
                # Present only if a citation of the eligibility supports one criterion: its number.
                **({"criterion": citation.criterion} if citation.criterion else {}),
            }
            for citation in entry.citations.all()
        ],
    }


def with_sources(values: Iterable[Mapping], sources: Mapping[str, dict]) -> list[dict]:
    """Return values that carry a citation, with the names of its source; ``sources`` are terms by code."""
    unnamed = {"title": None, "document_number": None}
    return [
        value
        | {
            "citation": value["citation"]
            | {"source": sources.get(code := value["citation"]["source"], {"code": code} | unnamed)}
        }
        for value in values
    ]


def with_source_codes(values: Iterable[Mapping], keys: Iterable[str]) -> list[dict]:
    """Return values of a document that carry a citation, with the code of its source; ``keys`` are in reading order."""
    return [
        {key: value[key] for key in keys}
        | {"citation": value["citation"] | {"source": value["citation"]["source"]["code"]}}
        for value in values
    ]


def eligibility_document(eligibility: Mapping | None, sources: Mapping[str, dict]) -> Mapping | None:
    """Return a valid rule with the names of the sources of its open criteria."""
    return _with_open_criteria(eligibility, lambda values: with_sources(values, sources))


def eligibility_data(eligibility: Mapping | None) -> Mapping | None:
    """Return the rule of a document with the codes of the sources of its open criteria."""
    return _with_open_criteria(eligibility, lambda values: with_source_codes(values, open_criteria.KEYS))


def _with_open_criteria(eligibility: Mapping | None, change: Callable[[list], list]) -> Mapping | None:
    """Return a rule with its open criteria changed."""
    if not open_criteria.open_criteria(eligibility):
        return eligibility
    groups = [
        {"all": [changed for raw in group["all"] for changed in (change([raw]) if "open" in raw else [raw])]}
        for group in eligibility["any"]
    ]
    return {**eligibility, "any": groups}


def quoted_data(column: str, values: Iterable[Mapping]) -> list[dict]:
    """Return the amounts or shares of a document with the codes of their sources."""
    return with_source_codes(values, quoted_values.COLUMNS[column].keys)


def _terms(related: Manager, *attributes: str) -> list[dict]:
    # By position, then by code: never by the collation of a database.
    terms = sorted(related.all(), key=lambda term: (term.position, term.code))
    return [_term(term, *attributes) for term in terms]


def _term(term: object, *attributes: str) -> dict:
    return {name: getattr(term, name) for name in ("code", *attributes)}


def entry_data(document: dict) -> dict:
    """Return a document with codes in place of terms: the shape of an entry in a file of ``fixtures/editions``.

    Lists of terms are sorted by code; an unknown field has no ``verification`` and no ``basis``.
    """
    lead = document["lead_department"]
    return {
        **document,
        "domain": document["domain"]["code"],
        "lead_department": lead and lead["code"],
        **{column: quoted_data(column, document.get(column, [])) for column in quoted_values.COLUMNS},
        "eligibility": eligibility_data(document["eligibility"]),
        **{
            field: sorted(term["code"] for term in document[field])
            for field in ("target_groups", "lead_department_alternatives", "co_departments", "legal_basis")
        },
        **{
            field: {name: value for name, value in document[field].items() if value is not None}
            for field in ("verification", "basis")
        },
        "citations": [citation | {"source": citation["source"]["code"]} for citation in document["citations"]],
    }


def edition_header(edition: Edition) -> dict:
    """Return the header of an edition. The time of publication is left out: it is not part of the content."""
    previous, reissued = edition.previous, edition.reissue_of
    return {
        "region": _term(edition.region, "name"),
        "number": edition.number,
        "slug": edition.slug,
        "title": edition.title,
        "effective_from": edition.effective_from.isoformat(),
        "previous": previous and {"slug": previous.slug, "digest": previous.digest},
        # Present only if there is one: an edition sealed before keeps its bytes.
        **({"reissue_of": {"slug": reissued.slug, "digest": reissued.digest}} if reissued else {}),
        **({"as_of": edition.as_of.isoformat()} if edition.as_of else {}),
        "note": edition.note,
    }
