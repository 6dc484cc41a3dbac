"""What each field of an entry rests on, in the order an editor reads it. It reads rows and formats nothing."""

from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import Case, Value, When

from catalogue.models import Citation, Entry, FieldVerification, SourcedField
from catalogue.workflow import wording

# Sorts findings and citations as an entry's page has their fields.
IN_ORDER = Case(*(When(field=field, then=Value(at)) for at, field in enumerate(SourcedField.values)))


class Column(NamedTuple):
    """A column of an entry that belongs to a sourced field: its words and its values, none of which is unknown."""

    caption: str
    values: list


class Rest(NamedTuple):
    """A sourced field with what it says, how well that is known, and the clauses behind it."""

    field: str
    words: str
    columns: list[Column]
    finding: FieldVerification | None
    citations: list[Citation]

    @property
    def is_known(self) -> bool:
        return any(column.values for column in self.columns)


def rests(entry: Entry) -> list[Rest]:
    """Return every sourced field of an entry. Reads what ``Entry.objects.with_details()`` prefetched."""
    findings = {finding.field: finding for finding in entry.field_verifications.all()}
    return [
        Rest(
            field,
            SourcedField(field).label,
            [
                Column(Entry._meta.get_field(column).verbose_name, wording.values(_value(entry, column)))
                for column in columns
            ],
            findings.get(field),
            cited(entry, field),
        )
        for field, columns in Entry.SOURCED_FIELDS.items()
    ]


def cited(entry: Entry, field: str) -> list[Citation]:
    """Return the citations of one field, or of ``Citation.MENTION``."""
    return [citation for citation in entry.citations.all() if citation.field == field]


class Standing(NamedTuple):
    """How many of an entry's sourced fields are not verified, and how many nobody knows."""

    unverified: int
    secondary: int
    unknown: int

    def in_words(self) -> list[str]:
        counts = ((self.unverified, "未核实"), (self.secondary, "转述"), (self.unknown, "未知"))
        return [f"{count} 项{words}" for count, words in counts if count] or ["全部核对"]


def standing(findings: Iterable[FieldVerification]) -> Standing:
    """Return how an entry stands with the findings it has: a field without one is unknown."""
    labels = [finding.verification for finding in findings]
    return Standing(labels.count("unverified"), labels.count("secondary"), len(Entry.SOURCED_FIELDS) - len(labels))


def _value(entry: Entry, column: str) -> object:
    value = getattr(entry, column)
    return list(value.all()) if hasattr(value, "all") else value
