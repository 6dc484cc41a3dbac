"""A value in words, the same on pages, on the desk, in tables and in Markdown: terms by name, rules as sentences.

Pure. Reads values of documents (``entry_document()``), of entries with codes (``entry_data()``), and of rows.
"""

from collections.abc import Mapping

from django.db.models import Model

from catalogue.editions.models import Citation, FieldVerification
from catalogue.workflow.models import Assessment, Proposal, ProposedEntry
from services.eligibility import sentences
from services.models import Jurisdiction, Verification

UNKNOWN = "未知"
SEPARATOR = "、"
# The labels of the values of fields that have choices.
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
    "period": dict(Assessment.Period.choices),
}


def name_of(term: Mapping | Model, *, short: bool = False) -> str:
    """Return what a term is called: the short name if it is asked for and there is one, the title of a source."""
    attributes = term if isinstance(term, Mapping) else vars(term)
    names = [attributes.get(name) for name in ("short_name" if short else "name", "name", "title")]
    return next(filter(None, names), None) or str(attributes["code"])


def values(value: object, *, field: str | None = None) -> list[str]:
    """Return the values of a field in words: none if it is unknown, and one for each term of a list."""
    if value is None or value in ([], {}, ""):
        return []
    if isinstance(value, bool):
        return ["是" if value else "否"]
    if isinstance(value, list):
        return [words for item in value for words in values(item, field=field)]
    if isinstance(value, Mapping):
        return [sentences.rule_text(value) if is_rule(value) else name_of(value)]
    return [CHOICES.get(field, {}).get(str(value), str(value))]


def words(value: object, *, field: str | None = None) -> str:
    """Return a value of a field in words on one line, or that it is unknown."""
    return SEPARATOR.join(values(value, field=field)) or UNKNOWN


def is_rule(value: object) -> bool:
    """Whether a value has the shape of ``Entry.eligibility``."""
    return isinstance(value, Mapping) and "machine_readable" in value
