"""The sourcing rule: every value rests on a clause that was citable on the edition's first day.

Pure: it takes an entry in the shape of ``entry_data()`` and of the files of ``fixtures/editions``, so that the loader,
the editors' form and the publisher all apply the same rule.
"""

import datetime
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from catalogue.editions.merge import citations_of, touched_by
from catalogue.editions.models import Citation, Entry, FieldVerification, SourcedField
from services.eligibility import open_criteria, rules
from services.eligibility.facts import VOCABULARY
from services.eligibility.rules import Rule
from services.sources import Verification
from services.text import quotes
from services.text.characters import is_blank
from services.values import clauses, quoted_values

Basis = FieldVerification.Basis
# The text column of each field that has one: a text labelled verbatim must occur in the field's quotes.
TEXT_COLUMNS = {
    "name": "name",
    "target_groups": "target_group_text",
    "content": "content",
    "standard": "standard",
    "expenditure_responsibility": "expenditure_responsibility",
}
# The columns whose figures stand in the quotes of their field.
FIGURE_COLUMNS = {*TEXT_COLUMNS.values(), "standard_as_of"}


class FieldFault(NamedTuple):
    """One reason why an entry is invalid: the sourced field it concerns (or ``citations``) and a sentence."""

    field: str
    reason: str


def faults(
    entry: Mapping, *, effective_from: datetime.date, citable_from: Mapping[str, datetime.date]
) -> list[FieldFault]:
    """Return every reason why an entry is invalid in an edition in force from ``effective_from``; empty if it is valid.

    ``citable_from`` has, by code of source, the first day it may be cited. A value needs a verification and a citation;
    a field without a value has neither; a verification is not higher than the best of the field's citations, and a
    value labelled verbatim occurs in its quotes; every cited source and legal basis is citable by ``effective_from``.
    """
    entry_faults = []
    for field, columns in Entry.SOURCED_FIELDS.items():
        citations = citations_of(entry, field)
        has_value = any(entry[column] not in (None, []) for column in columns)
        entry_faults += [
            FieldFault(field, f"“{SourcedField(field).label}”{reason}")
            for reason in _field_reasons(has_value, field, entry, citations)
        ]
    for citation in entry["citations"]:
        if citation["field"] not in Entry.SOURCED_FIELDS and citation["field"] != Citation.MENTION:
            entry_faults.append(FieldFault("citations", f"来源引用了不存在的字段“{citation['field']}”。"))
        if citation["verification"] == Verification.VERBATIM and not _has_quote(citation):
            entry_faults.append(
                FieldFault(citation["field"], f"标为“原文核对”的来源 {citation['source']} 没有照录原文。")
            )
    entry_faults += _criterion_faults(entry)
    entry_faults += _unsupported_verbatim(entry)
    quoted_faults, quoted_sources = _quoted_values(entry)
    entry_faults += quoted_faults
    cited_sources = {citation["source"] for citation in citations_of(entry, "legal_basis")}
    entry_faults += [
        FieldFault("legal_basis", f"“法律法规依据”中的 {code} 没有自己的来源。")
        for code in entry["legal_basis"]
        if cited_sources and code not in cited_sources
    ]
    cited_fields = [(citation["field"], citation["source"]) for citation in entry["citations"]]
    cited_fields += [("legal_basis", source) for source in entry["legal_basis"]]
    cited_fields += quoted_sources
    cited_fields += [("eligibility", source) for source in clauses.sources(_open_criteria(entry))]
    for field, source in dict.fromkeys(cited_fields):
        if source not in citable_from:
            entry_faults.append(FieldFault(field, f"依据文件中没有代码“{source}”。"))
        elif citable_from[source] > effective_from:
            entry_faults.append(
                FieldFault(
                    field, f"来源 {source} 自 {citable_from[source]} 起方可引用，晚于版本的施行日期 {effective_from}。"
                )
            )
    return entry_faults


def uncited(entry: Mapping, *, changed: Iterable[str], cited: Iterable[str]) -> list[FieldFault]:
    """Return a fault for every sourced field whose value changed while its citations did not.

    ``changed`` and ``cited`` are the fields whose value and whose citations changed. A field that was emptied needs no
    citation: an unknown value has no source. Nor does a text labelled verbatim: ``faults()`` sees that the clauses that
    are there say it. The terms of the target groups stand in no quote, so that they are no such text.
    """
    texts = TEXT_COLUMNS.keys() - {"target_groups"}
    held = {field for field in texts if entry["verification"].get(field) == Verification.VERBATIM}
    unsupported = set(changed) - set(cited) - held
    return [
        FieldFault(field, f"“{SourcedField(field).label}”改动了，请同时为它新增或更改一条来源。")
        for field, columns in Entry.SOURCED_FIELDS.items()
        if field in unsupported and any(entry[column] not in (None, []) for column in columns)
    ]


def derived_verification(entry: Mapping, field: str) -> str | None:
    """Return the highest label that the citations of a field allow; None if it has no value or no citation.

    A value is verbatim only if all of it occurs in its quotes.
    """
    citations = citations_of(entry, field)
    if not citations or all(entry[column] in (None, []) for column in Entry.SOURCED_FIELDS[field]):
        return None
    label = max((citation["verification"] for citation in citations), key=lambda label: Verification(label).rank)
    labelled = {**entry, "verification": {field: label}}
    if any(fault.field == field for fault in _unsupported_verbatim(labelled)):
        return Verification.SECONDARY.value
    return label


def basis_of(kind: str) -> FieldVerification.Basis:
    """Return the basis of a value that rests on a document of a kind (``Source.Kind``)."""
    kinds = {
        Basis.PLAN: ("plan", "plan-repost"),
        Basis.SEED: ("newspaper", "official-article", "research-article"),
        Basis.NATIONAL_STANDARD: ("national-standard", "national-standard-gbt"),
        Basis.EDITORIAL: ("recalled", "editorial"),
    }
    return next((basis for basis, of_it in kinds.items() if kind in of_it), Basis.REGULATION)


def changed_fields(before: Mapping, after: Mapping) -> tuple[set[str], set[str]]:
    """Return the sourced fields whose value changed, and those whose citations changed."""
    columns = {column for field_columns in Entry.SOURCED_FIELDS.values() for column in field_columns}
    changed = touched_by(column for column in columns if before[column] != after[column])
    cited = {field for field in Entry.SOURCED_FIELDS if citations_of(before, field) != citations_of(after, field)}
    return changed, cited


def stated_text(entry: Mapping, field: str) -> str:
    """Return the text that a sourced field states, the day of a standard on a line of its own; "" if none."""
    columns = [column for column in Entry.SOURCED_FIELDS[field] if column in FIGURE_COLUMNS]
    return "\n".join(entry[column] for column in columns if entry[column])


def unquoted_figures(entry: Mapping, identities: Mapping[str, str]) -> dict[str, list[str]]:
    """Return, by sourced field, the figures of its text that stand in none of its quotes; only fields that have any.

    ``identities`` is ``vocabularies.source_identities()``: the time of a standard may also be that of a cited document.
    """
    figures = {}
    for field, column in TEXT_COLUMNS.items():
        citations = citations_of(entry, field)
        texts = [citation["quote"] for citation in citations if citation["quote"]]
        missing = quotes.unquoted_figures(entry[column] or "", texts)
        if field == "standard":
            texts += [identities.get(citation["source"], "") for citation in citations]
            missing += quotes.unquoted_figures(entry["standard_as_of"] or "", texts)
        if missing:
            figures[field] = list(dict.fromkeys(missing))
    return figures


def newly_unquoted_figures(
    before: Mapping | None, after: Mapping, identities: Mapping[str, str]
) -> dict[str, list[str]]:
    """Return the unquoted figures of the fields that changed; ``before`` is None for a new entry.

    Of a field with the same text, only the figures that had a quote before.
    """
    unquoted = unquoted_figures(after, identities)
    if before is None:
        return unquoted
    old = unquoted_figures(before, identities)
    same = {field for field in unquoted if stated_text(before, field) == stated_text(after, field)}
    newly = {
        field: [figure for figure in figures if field not in same or figure not in old.get(field, [])]
        for field, figures in unquoted.items()
    }
    return {field: figures for field, figures in newly.items() if figures}


def _quoted_values(entry: Mapping) -> tuple[list[FieldFault], list[tuple[str, str]]]:
    """Return the faults of the amounts and shares, and the (field, source) of those that have none.

    Each carries a clause of its own; faults are shown at the field that the column stands with.
    """
    faults_found, cited = [], []
    for name, column in quoted_values.COLUMNS.items():
        if reasons := column.faults(entry[name]):
            faults_found += [FieldFault(column.field, f"“{column.caption}”{reason}") for reason in reasons]
        else:
            cited += [(column.field, source) for source in clauses.sources(entry[name])]
    return faults_found, cited


def _criterion_faults(entry: Mapping) -> list[FieldFault]:
    """Return a fault for every citation of a criterion that the rule does not have."""
    rule = entry["eligibility"]
    count = len(Rule(rule).criteria) if not rules.faults(rule) else 0
    return [
        FieldFault("eligibility", f"来源 {citation['source']} 所支持的第 {citation['criterion']} 个条件不存在。")
        for citation in citations_of(entry, "eligibility")
        if (citation.get("criterion") or 0) > count
    ]


def _open_criteria(entry: Mapping) -> list[Mapping]:
    """Return the open criteria of the rule; an empty list if the rule is invalid."""
    rule = entry["eligibility"]
    return [] if rules.faults(rule) else open_criteria.open_criteria(rule)


def _unsupported_verbatim(entry: Mapping) -> list[FieldFault]:
    """Return a fault for every part of a verbatim field that occurs in none of its quotes."""
    entry_faults = []
    for field, column in TEXT_COLUMNS.items():
        if entry["verification"].get(field) == Verification.VERBATIM and entry[column]:
            label = SourcedField(field).label
            for part in quotes.unsupported_parts(entry[column], _verbatim_quotes(citations_of(entry, field))):
                reason = (
                    f"“{label}”标为“原文核对”，但“{part}”不在所引原文之中；请补充原文、改用原文的文字，或标为“转述”。"
                )
                entry_faults.append(FieldFault(field, reason))
    if entry["verification"].get("legal_basis") == Verification.VERBATIM:
        quoted = {citation["source"] for citation in citations_of(entry, "legal_basis") if _verbatim_quotes([citation])}
        entry_faults += [
            FieldFault("legal_basis", f"“法律法规依据”标为“原文核对”，但没有照录 {code} 的条文。")
            for code in entry["legal_basis"]
            if code not in quoted
        ]
    return entry_faults + list(_unsupported_conditions(entry))


def _unsupported_conditions(entry: Mapping) -> Iterator[FieldFault]:
    """Yield a fault for every criterion of a verbatim rule that has no quote, or whose number its quotes lack."""
    rule = entry["eligibility"]
    if entry["verification"].get("eligibility") != Verification.VERBATIM or not rule or rules.faults(rule):
        return
    citations = citations_of(entry, "eligibility")
    criteria = [criterion for group in rule["any"] for criterion in group["all"] if "fact" in criterion]
    for number, criterion in enumerate(criteria, start=1):
        texts = _verbatim_quotes(citation for citation in citations if citation.get("criterion") == number)
        values = criterion["value"] if isinstance(criterion["value"], list) else [criterion["value"]]
        # Numbers up to 1 need not occur in a clause: a grade of at least 1 means any grade.
        numbers = set().union(*map(quotes.numbers, texts))
        if VOCABULARY[criterion["fact"]].unit == "months":
            numbers |= set().union(*map(quotes.months, texts))
        unsupported = [
            value
            for value in values
            if type(value) is int and value > 1 and not _is_bound_in(criterion["op"], value, numbers)
        ]
        if not texts:
            yield FieldFault("eligibility", f"标为“原文核对”，但第 {number} 个条件没有照录原文的来源。")
        for value in unsupported:
            yield FieldFault("eligibility", f"标为“原文核对”，但第 {number} 个条件的 {value} 不在所引原文之中。")
    for raw in _open_criteria(entry):
        if raw["citation"]["verification"] != Verification.VERBATIM:
            yield FieldFault("eligibility", f"标为“原文核对”，但待认定的条件“{raw['open']}”的来源不是。")


def _is_bound_in(op: str, value: int, numbers: set[str]) -> bool:
    """Whether the numbers of a clause support a bound: 未满16周岁 supports lt 16 and lte 15, 不满五年 lte 4."""
    offset = {"lte": 1, "gt": 1, "gte": -1, "lt": -1}.get(op, 0)
    return str(value) in numbers or (op in ("lte", "gte") and str(value + offset) in numbers)


def _verbatim_quotes(citations: Iterable[Mapping]) -> list[str]:
    return [
        citation["quote"]
        for citation in citations
        if citation["verification"] == Verification.VERBATIM and _has_quote(citation)
    ]


def _has_quote(citation: Mapping) -> bool:
    # White space alone is no quote.
    return bool(citation["quote"] and not is_blank(citation["quote"]))


def _field_reasons(has_value: bool, field: str, entry: Mapping, citations: list[Mapping]) -> list[str]:
    label = entry["verification"].get(field)
    if not has_value:
        reasons = ["没有值，却有来源，请删去来源或填写值。"] if citations else []
        return reasons + (["没有值，却有核实情况，请删去。"] if label else [])
    if not citations:
        return ["有值而没有来源，请补充来源，或留空表示未知。"]
    if not label or not entry["basis"].get(field):
        return ["有值而没有核实情况和依据类别，请补充。"]
    # A verbatim citation without a quote is ignored: only a quote can raise a label to verbatim.
    ranks = [
        Verification(citation["verification"]).rank
        for citation in citations
        if _has_quote(citation) or citation["verification"] != "verbatim"
    ]
    if Verification(label).rank > max(ranks, default=-1):
        return [f"标为“{Verification(label).label}”，高于其来源的核实情况，不能上调。"]
    return []
