"""The canonical form of an edition: the bytes that are sealed, answered and cited by their digest.

JSON as RFC 8785 writes it for what we hold (sorted keys, UTF-8, no insignificant space, no floating point), so that
the same edition gives the same bytes on every machine and on both databases. Keeps out when and whether to seal:
that is ``publishing``.
"""

from django.db.models import Manager

from catalogue.editions import seal
from catalogue.editions.models import Edition, Entry

# What a document says of the terms of each column, besides their codes.
TERM_NAMES = {
    "domain": ("name", "name_en"),
    "target_groups": ("name", "name_en"),
    "lead_department": ("name", "short_name", "name_en"),
    "lead_department_alternatives": ("name", "name_en"),
    "co_departments": ("name", "name_en"),
    "legal_basis": ("title",),
}

# The bytes of a whole edition, from the texts below.
edition_content = seal.edition_bytes


def entry_document(entry: Entry) -> dict:
    """Return an entry in the shape of the API's service, without what depends on where it is asked (edition, url).

    Terms carry their names as they are today, so that a sealed entry keeps them. A field nobody knows is ``None``
    (a list: empty) and its ``verification`` is ``None``. Reads what ``Entry.objects.with_details()`` prefetched.
    """
    findings = {finding.field: finding for finding in entry.field_verifications.all()}
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
        "expenditure_responsibility": entry.expenditure_responsibility,
        "lead_department": lead and _term(lead, *TERM_NAMES["lead_department"]),
        "lead_department_alternatives": _terms(
            entry.lead_department_alternatives, *TERM_NAMES["lead_department_alternatives"]
        ),
        "co_departments": _terms(entry.co_departments, *TERM_NAMES["co_departments"]),
        "legal_basis": _terms(entry.legal_basis, *TERM_NAMES["legal_basis"]),
        "eligibility": entry.eligibility,
        "note": entry.note,
        "verification": {
            field: findings[field].verification if field in findings else None for field in Entry.SOURCED_FIELDS
        },
        "basis": {field: findings[field].basis if field in findings else None for field in Entry.SOURCED_FIELDS},
        "citations": [
            {
                "field": citation.field,
                "source": _term(citation.source, "title", "document_number"),
                "locator": citation.locator,
                "quote": citation.quote,
                "verification": citation.verification,
                "jurisdiction": citation.jurisdiction,
                # Said where there is one: of the eligibility, the criterion that the clause supports.
                **({"criterion": citation.criterion} if citation.criterion else {}),
            }
            for citation in entry.citations.all()
        ],
    }


def _terms(related: Manager, *attributes: str) -> list[dict]:
    # In the vocabulary's order, and by code where two have the same place: never as a database's locale would sort.
    terms = sorted(related.all(), key=lambda term: (term.position, term.code))
    return [_term(term, *attributes) for term in terms]


def _term(term: object, *attributes: str) -> dict:
    return {name: getattr(term, name) for name in ("code", *attributes)}


def entry_data(document: dict) -> dict:
    """Return a document with codes in place of terms: the shape of an entry in a file of ``fixtures/editions``.

    Lists of terms are sorted by code, and what is unknown has no ``verification`` and no ``basis``.
    """
    lead = document["lead_department"]
    return {
        **document,
        "domain": document["domain"]["code"],
        "lead_department": lead and lead["code"],
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
    """Return what an edition says of itself. The time of publication stays outside: it differs from its content."""
    previous = edition.previous
    return {
        "region": _term(edition.region, "name"),
        "number": edition.number,
        "slug": edition.slug,
        "title": edition.title,
        "effective_from": edition.effective_from.isoformat(),
        "previous": previous and {"slug": previous.slug, "digest": previous.digest},
        "note": edition.note,
    }
