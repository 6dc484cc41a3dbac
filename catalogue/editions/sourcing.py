"""The rule the catalogue stands on: every value rests on a clause that could be known on the edition's first day.

Pure: it is asked about an entry as ``entry_data()`` or a file of ``fixtures/editions`` writes it, and about
nothing else, so that the loader, the editors' form and the publisher all ask the same rule.
"""

import datetime
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from catalogue.editions.merge import citations_of, touched_by
from catalogue.editions.models import Citation, Entry, SourcedField
from services import quotes
from services.eligibility import rules
from services.eligibility.facts import VOCABULARY
from services.models import Verification

# The text that is the value of each field with one: what is labelled verbatim stands in its quotes.
TEXT_COLUMNS = {
    "name": "name",
    "target_groups": "target_group_text",
    "content": "content",
    "standard": "standard",
    "expenditure_responsibility": "expenditure_responsibility",
}


class FieldFault(NamedTuple):
    """One reason why an entry cannot stand: the sourced field it is about (or ``citations``) and a sentence."""

    field: str
    reason: str


def faults(
    entry: Mapping, *, effective_from: datetime.date, citable_from: Mapping[str, datetime.date]
) -> list[FieldFault]:
    """Return every reason why an entry cannot stand in an edition that is in force from ``effective_from``.

    ``citable_from`` gives, by code of source, the first day it may be cited. A value needs a finding and a citation; a
    field without a value has neither; a label is not higher than the best of the field's citations, and a value that
    is labelled verbatim stands in its quotes; no citation and no legal basis is younger than the edition.
    """
    found = []
    for field, columns in Entry.SOURCED_FIELDS.items():
        citations = citations_of(entry, field)
        known = any(entry[column] not in (None, []) for column in columns)
        found += [
            FieldFault(field, f"“{SourcedField(field).label}”{reason}")
            for reason in _field_reasons(known, field, entry, citations)
        ]
    for citation in entry["citations"]:
        if citation["field"] not in Entry.SOURCED_FIELDS and citation["field"] != Citation.MENTION:
            found.append(FieldFault("citations", f"来源引用了不存在的字段“{citation['field']}”。"))
        if citation["verification"] == Verification.VERBATIM and not _has_quote(citation):
            found.append(FieldFault(citation["field"], f"标为“原文核对”的来源 {citation['source']} 没有照录原文。"))
    found += _criterion_faults(entry)
    found += _unsupported_verbatim(entry)
    named = {citation["source"] for citation in citations_of(entry, "legal_basis")}
    found += [
        FieldFault("legal_basis", f"“法律法规依据”中的 {code} 没有自己的来源。")
        for code in entry["legal_basis"]
        if named and code not in named
    ]
    cited = [(citation["field"], citation["source"]) for citation in entry["citations"]]
    for field, source in dict.fromkeys(cited + [("legal_basis", source) for source in entry["legal_basis"]]):
        if source not in citable_from:
            found.append(FieldFault(field, f"依据文件中没有代码“{source}”。"))
        elif citable_from[source] > effective_from:
            found.append(
                FieldFault(
                    field, f"来源 {source} 自 {citable_from[source]} 起方可引用，晚于版本的施行日期 {effective_from}。"
                )
            )
    return found


def uncited(entry: Mapping, *, changed: Iterable[str], cited: Iterable[str]) -> list[FieldFault]:
    """Return a fault for every sourced field that changed while nothing changed in what it rests on.

    ``changed`` and ``cited`` are the fields whose value and whose citations are not what they were. A field that was
    emptied needs no citation: unknown rests on nothing.
    """
    unsupported = set(changed) - set(cited)
    return [
        FieldFault(field, f"“{SourcedField(field).label}”改动了，请同时为它新增或更改一条来源。")
        for field, columns in Entry.SOURCED_FIELDS.items()
        if field in unsupported and any(entry[column] not in (None, []) for column in columns)
    ]


def changed_fields(before: Mapping, after: Mapping) -> tuple[set[str], set[str]]:
    """Return the sourced fields whose value, and those whose citations, are not what they were."""
    columns = {column for own in Entry.SOURCED_FIELDS.values() for column in own}
    changed = touched_by(column for column in columns if before[column] != after[column])
    cited = {field for field in Entry.SOURCED_FIELDS if citations_of(before, field) != citations_of(after, field)}
    return changed, cited


def _criterion_faults(entry: Mapping) -> list[FieldFault]:
    """Clauses of a criterion that the rule does not have."""
    rule = entry["eligibility"]
    count = sum(len(group["all"]) for group in rule["any"]) if rule and not rules.faults(rule) else 0
    return [
        FieldFault("eligibility", f"来源 {citation['source']} 所支持的第 {citation['criterion']} 个条件不存在。")
        for citation in citations_of(entry, "eligibility")
        if (citation.get("criterion") or 0) > count
    ]


def _unsupported_verbatim(entry: Mapping) -> list[FieldFault]:
    """Fields labelled verbatim of which a part stands in none of their quotes."""
    found = []
    for field, column in TEXT_COLUMNS.items():
        if entry["verification"].get(field) == Verification.VERBATIM and entry[column]:
            label = SourcedField(field).label
            for part in quotes.unsupported(entry[column], _verbatim_quotes(citations_of(entry, field))):
                reason = (
                    f"“{label}”标为“原文核对”，但“{part}”不在所引原文之中；请补充原文、改用原文的文字，或标为“转述”。"
                )
                found.append(FieldFault(field, reason))
    if entry["verification"].get("legal_basis") == Verification.VERBATIM:
        quoted = {each["source"] for each in citations_of(entry, "legal_basis") if _verbatim_quotes([each])}
        found += [
            FieldFault("legal_basis", f"“法律法规依据”标为“原文核对”，但没有照录 {code} 的条文。")
            for code in entry["legal_basis"]
            if code not in quoted
        ]
    return found + list(_unsupported_conditions(entry))


def _unsupported_conditions(entry: Mapping) -> Iterator[FieldFault]:
    """Conditions of a rule labelled verbatim that rest on no quote, or whose number stands in none of theirs."""
    rule = entry["eligibility"]
    if entry["verification"].get("eligibility") != Verification.VERBATIM or not rule or rules.faults(rule):
        return
    citations = citations_of(entry, "eligibility")
    criteria = [raw for group in rule["any"] for raw in group["all"]]
    for place, raw in enumerate(criteria, start=1):
        texts = _verbatim_quotes(each for each in citations if each.get("criterion") == place)
        values = raw["value"] if isinstance(raw["value"], list) else [raw["value"]]
        # A grade of 1 is no number that a clause need name: everybody with any grade has it.
        known = set().union(*map(quotes.numbers, texts))
        if VOCABULARY[raw["fact"]].unit == "months":
            known |= set().union(*map(quotes.months, texts))
        loose = [
            value for value in values if type(value) is int and value > 1 and not _is_bound_in(raw["op"], value, known)
        ]
        if not texts:
            yield FieldFault("eligibility", f"标为“原文核对”，但第 {place} 个条件没有照录原文的来源。")
        for value in loose:
            yield FieldFault("eligibility", f"标为“原文核对”，但第 {place} 个条件的 {value} 不在所引原文之中。")


def _is_bound_in(op: str, value: int, known: set[str]) -> bool:
    """Whether a clause's numbers hold a bound: 未满16周岁 is lt 16 and lte 15, 不满五年 lte 4."""
    beside = {"lte": 1, "gt": 1, "gte": -1, "lt": -1}.get(op, 0)
    return str(value) in known or (op in ("lte", "gte") and str(value + beside) in known)


def _verbatim_quotes(citations: Iterable[Mapping]) -> list[str]:
    return [each["quote"] for each in citations if each["verification"] == Verification.VERBATIM and _has_quote(each)]


def _has_quote(citation: Mapping) -> bool:
    # Blanks of any kind stand in every document, so they quote none.
    return bool(citation["quote"] and citation["quote"].strip())


def _field_reasons(known: bool, field: str, entry: Mapping, citations: list[Mapping]) -> list[str]:
    label = entry["verification"].get(field)
    if not known:
        reasons = ["没有值，却有来源，请删去来源或填写值。"] if citations else []
        return reasons + (["没有值，却有核实情况，请删去。"] if label else [])
    if not citations:
        return ["有值而没有来源，请补充来源，或留空表示未知。"]
    if not label or not entry["basis"].get(field):
        return ["有值而没有核实情况和依据类别，请补充。"]
    # A quote is what raises a label to verbatim, so a verbatim citation without one counts for nothing here.
    ranks = [
        Verification(c["verification"]).rank for c in citations if _has_quote(c) or c["verification"] != "verbatim"
    ]
    if Verification(label).rank > max(ranks, default=-1):
        return [f"标为“{Verification(label).label}”，高于其来源的核实情况，不能上调。"]
    return []
