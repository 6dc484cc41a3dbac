"""What approved proposals make of an edition, and where a draft says anything else. Pure.

Entries are as ``entry_data()`` writes them. ``editing`` and ``proposals`` write a draft by the same two rules,
``ordered_steps()`` and ``drafts.new_number()``, so that a draft which only the verbs have written differs in nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from os.path import commonprefix
from typing import NamedTuple

from catalogue.editions import merge
from catalogue.editions.drafts import new_number
from catalogue.editions.models import Citation, Entry, FieldVerification
from catalogue.workflow.models import Proposal, ProposedEntry
from services.eligibility import sentences
from services.json_text import canonical_json
from services.models import Jurisdiction, Verification
from services.vocabularies import Terms, UnknownCodeError

Action = ProposedEntry.Action
LIST_COLUMNS = ("target_groups", "lead_department_alternatives", "co_departments", "legal_basis")
CITATION_KEYS = ("field", "source", "locator", "quote", "verification", "jurisdiction")
NOT_LISTED = "不在清单中"
# A longer value is cut to this many characters, around the first that differs.
MAX_SHOWN_CHARS = 200
# So many characters before the first that differs are shown with it.
CONTEXT_CHARS = 20


class Difference(NamedTuple):
    """A place where a draft does not say what was approved.

    ``proposal`` is the number of the last that speaks of the field, None if none does: ``approved`` is then the value
    of the previous edition. ``caption`` is what editors call the place; a ``field`` is a column or a cited field.
    """

    service: str
    field: str
    caption: str
    proposal: int | None
    approved: object
    drafted: object


def ordered_steps(entries: Iterable[ProposedEntry]) -> list[ProposedEntry]:
    """Return the entries of a proposal in the order in which they are written: withdrawn, changed, added; by code."""
    order = [Action.WITHDRAW, Action.CHANGE, Action.ADD]
    return sorted(entries, key=lambda entry: (order.index(entry.action), entry.service))


def expected_entries(
    previous: Sequence[Mapping], proposals: Iterable[Proposal], positions: Mapping[str, int]
) -> dict[str, dict]:
    """Return by code what proposals, taken up in this order, make of an edition; of two of a field the later holds.

    ``previous`` are the entries in the order of their numbers, ``positions`` those of the domains by code. What a
    proposal changes or withdraws and is not there, is left out: the draft then differs from it.
    """
    listed = [dict(entry) for entry in previous]
    for proposal in proposals:
        for step in ordered_steps(proposal.entries.all()):
            at = next((at for at, entry in enumerate(listed) if entry["code"] == step.service), None)
            if step.action == Action.CHANGE and at is not None:
                listed[at] = normalize_entry(merge.apply_change(listed[at], step.entry_data))
                continue
            if step.action != Action.CHANGE and at is not None:
                del listed[at]
            if step.action == Action.ADD:
                others = [positions.get(entry["domain"], 0) for entry in listed]
                number = new_number(others, positions.get(step.entry_data["domain"], 0))
                listed.insert(number - 1, normalize_entry(step.entry_data | {"code": step.service}))
    return {entry["code"]: entry | {"number": number} for number, entry in enumerate(listed, start=1)}


def normalize_entry(stated: Mapping) -> dict:
    """Return an entry as it is read once it was written: lists are sorted, and only what has a label has a basis."""
    labels = {field: label for field, label in stated["verification"].items() if label}
    return {
        **stated,
        **{name: sorted(set(stated[name])) for name in LIST_COLUMNS},
        "verification": labels,
        "basis": {field: basis for field, basis in stated["basis"].items() if field in labels},
        "citations": [
            {name: citation.get(name) for name in CITATION_KEYS}
            | ({"criterion": citation["criterion"]} if citation.get("criterion") else {})
            for citation in stated["citations"]
        ],
    }


def approval_differences(
    approved: Mapping[str, Mapping], draft: Mapping[str, Mapping], proposals: Iterable[Proposal]
) -> Iterator[Difference]:
    """Yield where a draft (entries by code) says anything but what was approved (``expected()`` of the proposals)."""
    spoken = _last_proposals(proposals)
    for code in sorted({*approved, *draft}):
        if code in approved and code in draft:
            for field, caption, *values in _entry_differences(approved[code], draft[code]):
                yield Difference(code, field, caption, spoken.get((code, field)), *values)
            continue
        values = [entries[code]["name"] if code in entries else NOT_LISTED for entries in (approved, draft)]
        yield Difference(code, "code", "这一项目", spoken.get((code, "code")), *values)
    if set(approved) == set(draft):
        # Otherwise every number after the first service too many or too few would be another.
        for code, entry in approved.items():
            if entry["number"] != draft[code]["number"]:
                yield Difference(code, "number", "序号", None, entry["number"], draft[code]["number"])


def _last_proposals(proposals: Iterable[Proposal]) -> dict[tuple[str, str], int]:
    """The last proposal that speaks of each (service, field); ``code`` stands for the service, ``citations`` for any.

    Whatever a change gives of a cited field, a column, its label or a clause, all of the field is what it speaks of.
    """
    spoken = {}
    for proposal in proposals:
        for entry in proposal.entries.all():
            stated = entry.entry_data or {}
            cited = {citation["field"] for citation in stated.get("citations", [])} | set(
                stated.get("verification", {})
            )
            fields = set(stated) | cited | {"code"}
            for field, columns in Entry.SOURCED_FIELDS.items():
                if fields & {field, *columns}:
                    fields |= {field, *columns}
            if entry.action == Action.ADD:
                fields |= {*Entry.SOURCED_FIELDS, Citation.MENTION, "citations"}
            spoken |= {(entry.service, field): proposal.number for field in fields}
    return spoken


def _entry_differences(approved: Mapping, drafted: Mapping) -> Iterator[tuple]:
    """Yield (field, caption, approved, drafted) for every place but the number where two states of a service differ."""
    for column in drafted:
        if column not in {"number", *merge.SOURCING_KEYS} and approved.get(column) != drafted[column]:
            yield column, str(Entry._meta.get_field(column).verbose_name), approved.get(column), drafted[column]
    same = True
    for field, words in Citation.FIELDS:
        for labels, caption in (("verification", "核实情况"), ("basis", "依据类别")):
            values = [entry[labels].get(field) for entry in (approved, drafted)]
            if values[0] != values[1]:
                yield field, f"{words}的{caption}", *values
        clauses = [merge.citations_of(entry, field) for entry in (approved, drafted)]
        if clauses[0] != clauses[1]:
            same = False
            yield field, f"{words}的来源", *clauses
    if same and approved["citations"] != drafted["citations"]:
        yield "citations", "字段来源的次序", approved["citations"], drafted["citations"]


def difference_sentence(difference: Difference, terms: Terms) -> str:
    """Return a difference as a sentence with both values; long ones are cut around the first place that differs."""
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
    if isinstance(value, Mapping):
        return sentences.rule_text(value)
    if isinstance(value, list) and isinstance(value[0], Mapping):
        return "；".join(_citation_text(citation, terms) for citation in value)
    values = value if isinstance(value, list) else [value]
    return "、".join(_term_text(field, each, terms) for each in values)


def _term_text(field: str, value: object, terms: Terms) -> str:
    find = {
        "domain": terms.domain,
        "lead_department": terms.department,
        "lead_department_alternatives": terms.department,
        "co_departments": terms.department,
        "target_groups": terms.target_group,
        "legal_basis": terms.source,
    }.get(field)
    labels = dict(Verification.choices) | dict(FieldVerification.Basis.choices)
    try:
        return str(find(value)) if find and value not in labels else str(labels.get(value, value))
    except UnknownCodeError:
        return str(value)


def _citation_text(citation: Mapping, terms: Terms) -> str:
    """A clause in words: its field, document, place, label, jurisdiction and criterion, and what it quotes."""
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
    """Return texts, each cut to what is shown around the first place where they differ."""
    start = max(0, len(commonprefix(texts)) - CONTEXT_CHARS) if max(map(len, texts)) > MAX_SHOWN_CHARS else 0
    end = start + MAX_SHOWN_CHARS
    return [f"{'…' if start else ''}{text[start:end]}{'…' if len(text) > end else ''}" for text in texts]
