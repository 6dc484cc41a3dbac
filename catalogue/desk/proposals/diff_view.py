"""Before beside after: what differs between two documents of a service, character by character. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from catalogue.editions.diff import COMPARED_FIELDS
from catalogue.editions.merge import citations_of
from catalogue.models import Entry, FieldVerification, SourcedField
from catalogue.workflow.wording import UNKNOWN, words
from services.models import Verification

SAME, GONE, NEW = "same", "gone", "new"
# Chinese is compared by the character; a number or a foreign word is read as a whole.
TOKEN = re.compile(r"[0-9]+(?:\.[0-9]+)?|[A-Za-z]+|.", re.DOTALL)
# What stands unchanged between two changes and is shorter than this is read as part of them.
SHORTEST = 2
# Of longer texts the comparison would take seconds, and nobody reads them by the character.
LONGEST = 4000
LABELS = {"verification", "basis"}


class Part(NamedTuple):
    """A stretch of a text that is the same on both sides, or on one alone."""

    kind: str
    text: str


class Row(NamedTuple):
    """A column that differs, or a sourced field of which only the label or the clauses do.

    ``label`` and ``was_label`` are how well the field is known (None: unknown), ``citations`` those that came and
    ``gone`` those that went, as documents have them.
    """

    field: str
    words: str
    before: list[Part]
    after: list[Part]
    was_label: str | None
    label: str | None
    basis: str | None
    citations: list[Mapping]
    gone: list[Mapping]


def beside(before: Mapping | None, after: Mapping | None) -> list[Row]:
    """Return what differs between two documents of a service (``entry_document()``), in the order of its page.

    ``None`` is an edition without the service: all that the other one says then differs.
    """
    old, new = before or {}, after or {}
    rows = []
    for field, columns in Entry.SOURCED_FIELDS.items():
        came, went = _citations(new, old, field), _citations(old, new, field)
        was, now = _label(old, field), _label(new, field)
        differing = [column for column in columns if _differs(old, new, column)]
        if not differing and (came or went or was != now or _basis(old, field) != _basis(new, field)):
            differing = columns[:1]
        for column in differing:
            sides = parts(words(old.get(column)), words(new.get(column)))
            rows.append(Row(field, _words(column), *sides, was, now, _basis(new, field), came, went))
            # Said once a field, not once a column.
            came = went = []
    sourced = {column for columns in Entry.SOURCED_FIELDS.values() for column in columns} | LABELS
    for column in COMPARED_FIELDS:
        if column not in sourced and _differs(old, new, column):
            sides = parts(words(old.get(column)), words(new.get(column)))
            rows.append(Row(column, _words(column), *sides, None, None, None, [], []))
    came, went = _citations(new, old, "mention"), _citations(old, new, "mention")
    if came or went:
        rows.append(Row("mention", "相关表述", [], [], None, None, None, came, went))
    return rows


def parts(before: str, after: str) -> tuple[list[Part], list[Part]]:
    """Return two texts in stretches: what is the same, what only the first has, what only the second has."""
    if before == after:
        return [Part(SAME, before)], [Part(SAME, after)]
    if not before or not after or max(len(before), len(after)) > LONGEST or UNKNOWN in (before, after):
        return _side(GONE, before), _side(NEW, after)
    old, new = TOKEN.findall(before), TOKEN.findall(after)
    left, right = [], []
    for same, first, second in _merged(SequenceMatcher(None, old, new, autojunk=False).get_opcodes()):
        left.append(Part(SAME if same else GONE, "".join(old[slice(*first)])))
        right.append(Part(SAME if same else NEW, "".join(new[slice(*second)])))
    return [part for part in left if part.text], [part for part in right if part.text]


def _merged(opcodes: Sequence[tuple]) -> Iterator[tuple[bool, tuple[int, int], tuple[int, int]]]:
    """Join changes that only a character or so stands between: of single letters kept nobody can read a sentence."""
    joined = []
    for at, (tag, a, b, c, d) in enumerate(opcodes):
        inside = 0 < at < len(opcodes) - 1
        same = tag == "equal" and not (inside and b - a < SHORTEST)
        if joined and not same and not joined[-1][0]:
            _, (start, _), (other, _) = joined[-1]
            joined[-1] = (False, (start, b), (other, d))
        else:
            joined.append((same, (a, b), (c, d)))
    yield from joined


def _differs(old: Mapping, new: Mapping, column: str) -> bool:
    # No terms and no service are both nothing.
    return (old.get(column) or None) != (new.get(column) or None)


def _side(kind: str, text: str) -> list[Part]:
    return [Part(kind, text)] if text else []


def _citations(these: Mapping, others: Mapping, field: str) -> list[Mapping]:
    """The citations of a field that these have and the others have not."""
    known = others.get("citations", [])
    return [citation for citation in citations_of(these, field) if citation not in known] if these else []


def _label(document: Mapping, field: str) -> str | None:
    label = document.get("verification", {}).get(field)
    return label and Verification(label).label


def _basis(document: Mapping, field: str) -> str | None:
    basis = document.get("basis", {}).get(field)
    return basis and FieldVerification.Basis(basis).label


def _words(column: str) -> str:
    if column in SourcedField.values and column not in {"target_groups"}:
        return SourcedField(column).label
    return str(Entry._meta.get_field(column).verbose_name)
