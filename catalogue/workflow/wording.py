"""Values in words, for pages, desk, spreadsheets and Markdown alike: terms by name, rules as sentences.

Pure. Takes values of documents (``entry_document()``), of entries with codes (``entry_data()``) and of model rows.
"""

from collections.abc import Mapping
from decimal import Decimal

from django.db.models import Model

from catalogue.editions.models import Citation, FieldVerification
from catalogue.workflow.cases import OUTCOME_LABELS
from catalogue.workflow.models import Assessment, AssessmentLine, Proposal, ProposedCase, ProposedEntry
from services.eligibility import sentences
from services.sources import Jurisdiction, Verification
from services.values import quoted_values

UNKNOWN = "未知"
SEPARATOR = "、"
# Labels of choices, by field.
CHOICES = {
    "field": dict(Citation.FIELDS),
    "verification": dict(Verification.choices),
    "finding": dict(Verification.choices),
    "basis": dict(FieldVerification.Basis.choices),
    "jurisdiction": dict(Jurisdiction.choices),
    "state": dict(Proposal.State.choices),
    "kind": dict(Proposal.Kind.choices),
    "action": dict(ProposedEntry.Action.choices),
    "conclusion": dict(Assessment.Conclusion.choices),
    "period": dict(AssessmentLine.Period.choices),
}


def name_of(term: Mapping | Model, *, short: bool = False) -> str:
    """Return the name of a term: with ``short`` the short name if there is one, for a source the title."""
    attributes = term if isinstance(term, Mapping) else vars(term)
    names = [attributes.get(name) for name in ("short_name" if short else "name", "name", "title")]
    return next(filter(None, names), None) or str(attributes["code"])


def values(value: object, *, field: str | None = None) -> list[str]:
    """Return the values of a field in words: an empty list if unknown, one item for each term of a list."""
    if value is None or value in ([], {}, ""):
        return []
    if isinstance(value, bool):
        return ["是" if value else "否"]
    if isinstance(value, list):
        return [words for item in value for words in values(item, field=field)]
    if isinstance(value, Mapping):
        return [_mapping_text(value)]
    return [CHOICES.get(field, {}).get(str(value), str(value))]


def value_text(value: object, *, field: str | None = None) -> str:
    """Return the value of a field in words on one line, ``UNKNOWN`` if it is unknown."""
    return SEPARATOR.join(values(value, field=field)) or UNKNOWN


def money_text(yuan: Decimal) -> str:
    """Return an amount in yuan for people: 18.55亿元（1,854,720,000.00元）; small ones in yuan alone."""
    exact = f"{yuan:,.2f}元"
    for unit, size in (("亿元", 100_000_000), ("万元", 10_000)):
        if abs(yuan) >= size:
            return f"{yuan / size:,.2f}{unit}（{exact}）"
    return exact


def _mapping_text(value: Mapping) -> str:
    if quoted_values.is_quoted_value(value):
        return quoted_values.text(value)
    return sentences.rule_text(value) if is_rule(value) else name_of(value)


def is_rule(value: object) -> bool:
    """Whether a value has the shape of ``Entry.eligibility``."""
    return isinstance(value, Mapping) and "machine_readable" in value


def case_change_text(change: Mapping, sources: Mapping[str, str]) -> str:
    """Return a change of a case, with the columns of ``ProposedCase``, as a sentence.

    ``sources`` are the names of documents by code.
    """
    action = f"{ProposedCase.Action(change['action']).label}案例 {change['code']}"
    person = change["circumstances"] and sentences.person_text(change["circumstances"])
    clauses = {
        service: f"，因为 {sources.get(clause['source'], clause['source'])} {clause['locator'] or ''}".rstrip()
        for service, clause in change["because"].items()
    }
    outcomes = "；".join(
        f"{service} → {OUTCOME_LABELS[outcome]}{clauses.get(service, '')}"
        for service, outcome in change["expected"].items()
    )
    return "：".join(filter(None, [action, person, outcomes]))
