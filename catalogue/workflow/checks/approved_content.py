"""The entries that approved proposals make of an edition, and the differences of a draft from them. Pure.

Entries have the shape of ``entry_data()``. ``drafts`` and ``proposals`` write a draft by the same two rules,
``ordered_steps()`` and ``drafts.new_number()``, so that a draft written only by them has no differences.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from os.path import commonprefix
from typing import NamedTuple

from catalogue.editions import merge
from catalogue.editions.drafts import new_number
from catalogue.editions.models import Citation, Entry, FieldVerification
from catalogue.workflow.models import Proposal, ProposedEntry
from services.eligibility import sentences
from services.sources import Jurisdiction, Verification
from services.text.json_text import canonical_json
from services.values import quoted_values
from services.vocabularies import Terms, UnknownCodeError

Action = ProposedEntry.Action
LIST_COLUMNS = ("target_groups", "lead_department_alternatives", "co_departments", "legal_basis")
CITATION_KEYS = ("field", "source", "locator", "quote", "verification", "jurisdiction")
NOT_LISTED = "不在清单中"
# Longer values are cut to this many characters around the first difference.
MAX_SHOWN_CHARS = 200
# Number of characters shown before the first difference.
CONTEXT_CHARS = 20


class Difference(NamedTuple):
    """A place where a draft differs from what was approved.

    ``proposal`` is the number of the last proposal that changes the field, None if there is none: ``approved`` is then
    the value of the previous edition. ``field`` is a column or a cited field, ``caption`` its name for editors.
    """

    service: str
    field: str
    caption: str
    proposal: int | None
    approved: object
    drafted: object


def ordered_steps(entries: Iterable[ProposedEntry]) -> list[ProposedEntry]:
    """Return the entries of a proposal in writing order: withdrawals, changes, additions, each by code."""
    order = [Action.WITHDRAW, Action.CHANGE, Action.ADD]
    return sorted(entries, key=lambda entry: (order.index(entry.action), entry.service))


def expected_entries(
    previous: Sequence[Mapping], proposals: Iterable[Proposal], positions: Mapping[str, int]
) -> dict[str, dict]:
    """Return, by code, the entries of an edition after proposals taken up in this order; the later one of a field wins.

    ``previous`` are the entries in the order of their numbers, ``positions`` the positions of the domains by code.
    Changes and withdrawals of a service that is not listed are skipped: the draft then shows a difference.
    """
    entries = [dict(entry) for entry in previous]
    for proposal in proposals:
        for step in ordered_steps(proposal.entries.all()):
            index = next((index for index, entry in enumerate(entries) if entry["code"] == step.service), None)
            if step.action == Action.CHANGE and index is not None:
                entries[index] = normalize_entry(merge.apply_change(entries[index], step.entry_data))
                continue
            if step.action != Action.CHANGE and index is not None:
                del entries[index]
            if step.action == Action.ADD:
                others = [positions.get(entry["domain"], 0) for entry in entries]
                number = new_number(others, positions.get(step.entry_data["domain"], 0))
                entries.insert(number - 1, normalize_entry(step.entry_data | {"code": step.service}))
    return {entry["code"]: entry | {"number": number} for number, entry in enumerate(entries, start=1)}


def normalize_entry(entry: Mapping) -> dict:
    """Return an entry as it is read back from the database: lists sorted, a basis only where there is a label."""
    labels = {field: label for field, label in entry["verification"].items() if label}
    return {
        **entry,
        **{name: sorted(set(entry[name])) for name in LIST_COLUMNS},
        "verification": labels,
        "basis": {field: basis for field, basis in entry["basis"].items() if field in labels},
        "citations": [
            {name: citation.get(name) for name in CITATION_KEYS}
            | ({"criterion": citation["criterion"]} if citation.get("criterion") else {})
            for citation in entry["citations"]
        ],
    }


def approval_differences(
    approved: Mapping[str, Mapping], draft: Mapping[str, Mapping], proposals: Iterable[Proposal]
) -> Iterator[Difference]:
    """Yield the differences of a draft (entries by code) from ``approved``, which is ``expected_entries()``."""
    numbers = _last_proposals(proposals)
    for code in sorted({*approved, *draft}):
        if code in approved and code in draft:
            for field, caption, *values in _entry_differences(approved[code], draft[code]):
                yield Difference(code, field, caption, numbers.get((code, field)), *values)
            continue
        values = [entries[code]["name"] if code in entries else NOT_LISTED for entries in (approved, draft)]
        yield Difference(code, "code", "这一项目", numbers.get((code, "code")), *values)
    if set(approved) == set(draft):
        # With a service too many or too few, every number after it would differ.
        for code, entry in approved.items():
            if entry["number"] != draft[code]["number"]:
                yield Difference(code, "number", "序号", None, entry["number"], draft[code]["number"])


def _last_proposals(proposals: Iterable[Proposal]) -> dict[tuple[str, str], int]:
    """The last proposal that changes each (service, field); field ``code`` is the service, ``citations`` any citation.

    A change of one part of a cited field (a column, its label or a citation) counts as a change of the whole field.
    """
    numbers = {}
    for proposal in proposals:
        for entry in proposal.entries.all():
            data = entry.entry_data or {}
            cited_fields = {citation["field"] for citation in data.get("citations", [])} | set(
                data.get("verification", {})
            )
            fields = set(data) | cited_fields | {"code"}
            for field, columns in Entry.SOURCED_FIELDS.items():
                if fields & {field, *columns}:
                    fields |= {field, *columns}
            if entry.action == Action.ADD:
                fields |= {*Entry.SOURCED_FIELDS, Citation.MENTION, "citations"}
            numbers |= {(entry.service, field): proposal.number for field in fields}
    return numbers


def _entry_differences(approved: Mapping, drafted: Mapping) -> Iterator[tuple]:
    """Yield (field, caption, approved, drafted) for each difference of a service, except in its number."""
    for column in drafted:
        if column not in {"number", *merge.SOURCING_KEYS} and approved.get(column) != drafted[column]:
            yield column, str(Entry._meta.get_field(column).verbose_name), approved.get(column), drafted[column]
    citations_agree = True
    for field, label in Citation.FIELDS:
        for labels, caption in (("verification", "核实情况"), ("basis", "依据类别")):
            values = [entry[labels].get(field) for entry in (approved, drafted)]
            if values[0] != values[1]:
                yield field, f"{label}的{caption}", *values
        citations = [merge.citations_of(entry, field) for entry in (approved, drafted)]
        if citations[0] != citations[1]:
            citations_agree = False
            yield field, f"{label}的来源", *citations
    if citations_agree and approved["citations"] != drafted["citations"]:
        yield "citations", "字段来源的次序", approved["citations"], drafted["citations"]


def difference_sentence(difference: Difference, terms: Terms) -> str:
    """Return a difference as a sentence with both values; long values are cut around the first difference."""
    values = (difference.approved, difference.drafted)
    approved, drafted = (_value_text(difference.field, value, terms) for value in values)
    if approved == drafted:
        approved, drafted = (canonical_json(value) for value in values)
    approved, drafted = _excerpts(approved, drafted)
    if difference.proposal:
        return (
            f"与第 {difference.proposal} 号建议批准的内容不同：“{difference.caption}”批准的是“{approved}”，"
            f"草稿中是“{drafted}”。"
        )
    if difference.field == "code":
        return f"增减这一项目没有经批准的调整建议：应是“{approved}”，草稿中是“{drafted}”。"
    if difference.field == "number":
        return f"“序号”与经批准的增减不符：应是“{approved}”，草稿中是“{drafted}”。"
    return f"“{difference.caption}”的改动没有经批准的调整建议：上一版本是“{approved}”，草稿中是“{drafted}”。"


def _value_text(field: str, value: object, terms: Terms) -> str:
    if value in (None, []):
        return "未知"
    if field in quoted_values.COLUMNS:
        return "；".join(map(quoted_values.text, value))
    if isinstance(value, Mapping):
        return sentences.rule_text(value)
    if isinstance(value, list) and isinstance(value[0], Mapping):
        return "；".join(_citation_text(citation, terms) for citation in value)
    values = value if isinstance(value, list) else [value]
    return "、".join(_term_text(field, item, terms) for item in values)


def _term_text(field: str, value: object, terms: Terms) -> str:
    lookup = {
        "domain": terms.domain,
        "lead_department": terms.department,
        "lead_department_alternatives": terms.department,
        "co_departments": terms.department,
        "target_groups": terms.target_group,
        "legal_basis": terms.source,
    }.get(field)
    labels = dict(Verification.choices) | dict(FieldVerification.Basis.choices)
    try:
        return str(lookup(value)) if lookup and value not in labels else str(labels.get(value, value))
    except UnknownCodeError:
        return str(value)


def _citation_text(citation: Mapping, terms: Terms) -> str:
    """A citation in words: its field, source, locator, verification, jurisdiction, criterion and quote."""
    parts = [
        str(dict(Citation.FIELDS).get(citation["field"], citation["field"])),
        _term_text("legal_basis", citation["source"], terms),
        citation["locator"],
        str(dict(Verification.choices).get(citation["verification"], citation["verification"])),
        citation["jurisdiction"] and str(dict(Jurisdiction.choices)[citation["jurisdiction"]]),
        f"第 {citation['criterion']} 个条件" if "criterion" in citation else None,
        citation["quote"] and f"「{citation['quote']}」",
    ]
    return "，".join(part for part in parts if part)


def _excerpts(*texts: str) -> list[str]:
    """Return texts cut to at most MAX_SHOWN_CHARS around their first difference."""
    start = max(0, len(commonprefix(texts)) - CONTEXT_CHARS) if max(map(len, texts)) > MAX_SHOWN_CHARS else 0
    end = start + MAX_SHOWN_CHARS
    return [f"{'…' if start else ''}{text[start:end]}{'…' if len(text) > end else ''}" for text in texts]
