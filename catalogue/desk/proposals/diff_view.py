"""Character diff of two documents of a service, and its HTML. Pure functions: no database, no clock."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from django.template.defaultfilters import linebreaksbr
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from catalogue.editions.diff import COMPARED_FIELDS
from catalogue.editions.merge import citations_of
from catalogue.models import Entry, FieldVerification, SourcedField
from catalogue.workflow.wording import UNKNOWN, value_text
from services.sources import Verification

SAME, GONE, NEW = "same", "gone", "new"
# Chinese is compared by character, numbers and Latin words as a whole.
TOKEN = re.compile(r"[0-9]+(?:\.[0-9]+)?|[A-Za-z]+|.", re.DOTALL)
# An unchanged part between two changes that has fewer tokens than this is merged with them.
MIN_SAME_TOKENS = 2
# Longer texts are not compared by character: it would take seconds and be unreadable.
MAX_COMPARED_LENGTH = 4000
LABELS = {"verification", "basis"}
# A part in HTML, by its kind; what colours say is said to screen readers too.
MARKUP = {
    SAME: "{}",
    GONE: '<del><span class="visually-hidden">［删去：</span>{}<span class="visually-hidden">］</span></del>',
    NEW: '<ins><span class="visually-hidden">［新增：</span>{}<span class="visually-hidden">］</span></ins>',
}


class Part(NamedTuple):
    """A part of a text; ``kind`` is ``SAME`` on both sides, ``GONE`` (only before) or ``NEW`` (only after)."""

    kind: str
    text: str


class Side(NamedTuple):
    """One side of a row: its text in HTML, its labels, and its citations by kind, of which none is empty."""

    text: SafeString
    label: str | None
    basis: str | None
    citations: list[tuple[str, list[Mapping]]]


class Row(NamedTuple):
    """A column that differs, or a sourced field with only a different verification, basis or citations.

    ``was_label`` and ``label`` are the labels of the verification (None if unknown), ``citations`` the added and
    ``gone`` the removed citations, ``kept`` those of both, as in documents.
    """

    field: str
    field_label: str
    before: list[Part]
    after: list[Part]
    was_label: str | None
    label: str | None
    basis: str | None
    citations: list[Mapping]
    gone: list[Mapping]
    kept: list[Mapping] = ()

    @property
    def sides(self) -> list[Side]:
        """Return what was before and what is after."""
        before = [(GONE, self.gone)] if self.gone else []
        after = [(kind, citations) for kind, citations in ((NEW, self.citations), (SAME, self.kept)) if citations]
        return [
            Side(marked(self.before), self.was_label, None, before),
            Side(marked(self.after), self.label, self.basis, after),
        ]


def diff_documents(before: Mapping | None, after: Mapping | None) -> list[Row]:
    """Return the differences of two documents of a service (``entry_document()``), in the order of its page.

    None stands for an edition without the service: then every column of the other document differs.
    """
    old, new = before or {}, after or {}
    rows = []
    for field, columns in Entry.SOURCED_FIELDS.items():
        added, removed = _added_citations(new, old, field), _added_citations(old, new, field)
        kept = [citation for citation in citations_of(new, field) if citation not in added] if old and new else []
        old_label, new_label = _label(old, field), _label(new, field)
        differing = [column for column in columns if _differs(old, new, column)]
        if not differing and (added or removed or old_label != new_label or _basis(old, field) != _basis(new, field)):
            differing = columns[:1]
        for column in differing:
            text_parts = parts(value_text(old.get(column)), value_text(new.get(column)))
            labels = old_label, new_label, _basis(new, field)
            rows.append(Row(field, _column_label(column), *text_parts, *labels, added, removed, kept))
            # Citations are shown with the first differing column of a field only.
            added = removed = kept = []
    sourced = {column for columns in Entry.SOURCED_FIELDS.values() for column in columns} | LABELS
    for column in COMPARED_FIELDS:
        if column not in sourced and _differs(old, new, column):
            text_parts = parts(value_text(old.get(column)), value_text(new.get(column)))
            rows.append(Row(column, _column_label(column), *text_parts, None, None, None, [], []))
    added, removed = _added_citations(new, old, "mention"), _added_citations(old, new, "mention")
    if added or removed:
        rows.append(Row("mention", "相关表述", [], [], None, None, None, added, removed))
    return rows


def parts(before: str, after: str) -> tuple[list[Part], list[Part]]:
    """Return the parts of both texts: ``SAME`` or ``GONE`` for the first, ``SAME`` or ``NEW`` for the second."""
    if before == after:
        return [Part(SAME, before)], [Part(SAME, after)]
    if not before or not after or max(len(before), len(after)) > MAX_COMPARED_LENGTH or UNKNOWN in (before, after):
        return _single_part(GONE, before), _single_part(NEW, after)
    old, new = TOKEN.findall(before), TOKEN.findall(after)
    left, right = [], []
    for same, first, second in _merge_opcodes(SequenceMatcher(None, old, new, autojunk=False).get_opcodes()):
        left.append(Part(SAME if same else GONE, "".join(old[slice(*first)])))
        right.append(Part(SAME if same else NEW, "".join(new[slice(*second)])))
    return [part for part in left if part.text], [part for part in right if part.text]


def marked(parts: Iterable[Part]) -> SafeString:
    """Return the parts of a text as a paragraph of HTML, in which what is gone or new is marked."""
    marked_parts = ((format_html(MARKUP[part.kind], linebreaksbr(part.text)),) for part in parts)
    return format_html('<p class="desk-parts">{}</p>', format_html_join("", "{}", marked_parts))


def _merge_opcodes(opcodes: Sequence[tuple]) -> Iterator[tuple[bool, tuple[int, int], tuple[int, int]]]:
    """Merge changes with fewer than ``MIN_SAME_TOKENS`` between them, so that the diff stays readable.

    Yields (same, slice of the old tokens, slice of the new tokens).
    """
    joined = []
    for at, (tag, a, b, c, d) in enumerate(opcodes):
        inside = 0 < at < len(opcodes) - 1
        same = tag == "equal" and not (inside and b - a < MIN_SAME_TOKENS)
        if joined and not same and not joined[-1][0]:
            _, (start, _), (other, _) = joined[-1]
            joined[-1] = (False, (start, b), (other, d))
        else:
            joined.append((same, (a, b), (c, d)))
    yield from joined


def _differs(old: Mapping, new: Mapping, column: str) -> bool:
    # An empty list of terms equals a missing column.
    return (old.get(column) or None) != (new.get(column) or None)


def _single_part(kind: str, text: str) -> list[Part]:
    return [Part(kind, text)] if text else []


def _added_citations(document: Mapping, other: Mapping, field: str) -> list[Mapping]:
    """Return the citations of a field in one document that the other lacks."""
    other_citations = other.get("citations", [])
    return (
        [citation for citation in citations_of(document, field) if citation not in other_citations] if document else []
    )


def _label(document: Mapping, field: str) -> str | None:
    label = document.get("verification", {}).get(field)
    return label and Verification(label).label


def _basis(document: Mapping, field: str) -> str | None:
    basis = document.get("basis", {}).get(field)
    return basis and FieldVerification.Basis(basis).label


def _column_label(column: str) -> str:
    if column in SourcedField.values and column not in {"target_groups"}:
        return SourcedField(column).label
    return str(Entry._meta.get_field(column).verbose_name)
