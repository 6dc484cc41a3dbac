"""The values, verification and citations of an entry's sourced fields, in the order of the entry's page. No HTML."""

import datetime
from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import Case, Value, When

from catalogue.editions.document import lead_basis
from catalogue.models import Citation, Entry, FieldVerification, SourcedField
from catalogue.workflow import wording
from services.values import quoted_values
from services.values.amounts import with_current

# Orders field verifications and citations like the fields on the entry's page.
IN_ORDER = Case(*(When(field=field, then=Value(at)) for at, field in enumerate(SourcedField.values)))


class Column(NamedTuple):
    """A column of a sourced field: its label and its values as text; an unknown column has no values."""

    caption: str
    values: list


class FieldCitations(NamedTuple):
    """A sourced field: its code and label, its columns, its verification (None if unknown) and its citations."""

    field: str
    words: str
    columns: list[Column]
    finding: FieldVerification | None
    citations: list[Citation]
    # The amounts or shares that stand with the field, in words.
    figures: Column | None = None

    @property
    def lead_basis(self) -> str | None:
        """On what the lead department rests, in words; None of other fields."""
        if self.field != "lead_department" or self.finding is None:
            return None
        return lead_basis({"basis": {self.field: self.finding.basis}}).label

    @property
    def is_known(self) -> bool:
        return any(column.values for column in self.columns)


def field_citations(entry: Entry, on: datetime.date) -> list[FieldCitations]:
    """Return every sourced field of an entry, with its figures as of a day.

    Makes no queries after ``Entry.objects.with_details()``.
    """
    findings = {finding.field: finding for finding in entry.field_verifications.all()}
    return [
        FieldCitations(
            field,
            SourcedField(field).label,
            [
                Column(Entry._meta.get_field(column).verbose_name, wording.values(_column_value(entry, column)))
                for column in columns
            ],
            findings.get(field),
            cited(entry, field),
            _figures(entry, field, on),
        )
        for field, columns in Entry.SOURCED_FIELDS.items()
    ]


def _figures(entry: Entry, field: str, on: datetime.date) -> Column | None:
    for name, column in quoted_values.COLUMNS.items():
        if column.field == field and (values := getattr(entry, name)):
            values = with_current(values, on) if name == "amounts" else values
            return Column(column.caption, [column.text(value) for value in values])
    return None


def cited(entry: Entry, field: str) -> list[Citation]:
    """Return the citations of one field, or of ``Citation.MENTION``."""
    return [citation for citation in entry.citations.all() if citation.field == field]


class VerificationCounts(NamedTuple):
    """Counts of an entry's sourced fields that are unverified, from a secondary source, or unknown."""

    unverified: int
    secondary: int
    unknown: int

    def in_words(self) -> list[str]:
        counts = ((self.unverified, "未核实"), (self.secondary, "转述"), (self.unknown, "未知"))
        return [f"{count} 项{label}" for count, label in counts if count] or ["全部核对"]


def count_verifications(findings: Iterable[FieldVerification]) -> VerificationCounts:
    """Count an entry's field verifications; a sourced field without one is unknown."""
    labels = [finding.verification for finding in findings]
    return VerificationCounts(
        labels.count("unverified"), labels.count("secondary"), len(Entry.SOURCED_FIELDS) - len(labels)
    )


def _column_value(entry: Entry, column: str) -> object:
    value = getattr(entry, column)
    return list(value.all()) if hasattr(value, "all") else value
