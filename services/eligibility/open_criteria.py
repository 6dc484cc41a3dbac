"""Open criteria (待认定的条件): conditions of a rule that no fact can decide, each with its clause.

Standard library only: no database.
"""

from collections.abc import Iterator, Mapping

from services.values import clauses

KEYS = ("open", "decided_by", "citation")


def faults(raw: Mapping) -> Iterator[str]:
    """Yield every reason why an open criterion is invalid."""
    if set(raw) != set(KEYS):
        yield f"待认定的条件应恰好有这些：{'、'.join(KEYS)}。"
        return
    if not clauses.is_text(raw["open"]):
        yield f"待认定的条件应写明是什么（open），至多{clauses.MAX_TEXT}字。"
    if not (raw["decided_by"] is None or clauses.is_text(raw["decided_by"])):
        yield f"decided_by 应是认定的单位，至多{clauses.MAX_TEXT}字；条文没有写明的写 null。"
    yield from clauses.faults(raw["citation"])


def open_criteria(eligibility: Mapping | None) -> list[Mapping]:
    """Return the open criteria of a valid rule, in the order of its groups; an empty list if no rule is stated."""
    groups = eligibility["any"] if eligibility else []
    return [raw for group in groups for raw in group["all"] if "open" in raw]
