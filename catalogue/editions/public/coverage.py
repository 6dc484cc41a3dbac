"""How well the fields of an edition are known: their labels, quotes and age, counted. Pure."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping

from catalogue.editions.document import LeadBasis, lead_basis
from catalogue.editions.models import Entry
from catalogue.editions.sourcing import unquoted_figures
from services.eligibility.open_criteria import open_criteria

# What is counted of each field: entries by label, those with place and words of a clause, those that may be outdated.
COUNTED = ("verbatim", "secondary", "unverified", "unknown", "quoted", "outdated")
# The key of the entries without a lead department.
NO_DEPARTMENT = "unknown"


def count_fields(
    entries: Iterable[Mapping], outdated: Mapping[str, Collection[str]] | None = None
) -> dict[str, dict[str, int]]:
    """Return the counts of ``COUNTED`` by sourced field.

    ``entries`` are documents or ``entry_data()``; ``outdated`` has the fields that may be outdated, by code.
    """
    counts = {field: Counter() for field in Entry.SOURCED_FIELDS}
    for entry in entries:
        quoted = {citation["field"] for citation in entry["citations"] if citation["locator"] and citation["quote"]}
        for field, count in counts.items():
            count[entry["verification"].get(field) or "unknown"] += 1
            count["quoted"] += field in quoted
            count["outdated"] += field in (outdated or {}).get(entry["code"], ())
    return {field: {name: count[name] for name in COUNTED} for field, count in counts.items()}


def count_by(
    key: Callable[[Mapping], str], documents: Iterable[Mapping], outdated: Mapping[str, Collection[str]]
) -> dict[str, dict[str, dict[str, int]]]:
    """Return the counts of the fields for each key of the documents, in the order of the documents."""
    groups: dict[str, list[Mapping]] = {}
    for document in documents:
        groups.setdefault(key(document), []).append(document)
    return {name: count_fields(group, outdated) for name, group in groups.items()}


def count_values(entries: Iterable[Mapping], identities: Mapping[str, str]) -> dict[str, tuple[int, int]]:
    """Return by caption how many entries (``entry_data()``) have values as data, and how many values there are.

    ``identities`` are those of ``sourcing.unquoted_figures()``. A condition that stands in several
    groups of a rule is counted once.
    """
    values = {
        "标准里的数字": lambda entry: entry["amounts"],
        "支出分担比例": lambda entry: entry["shares"],
        "待认定的条件": lambda entry: {raw["open"] for raw in open_criteria(entry["eligibility"])},
        "不在所引原文中的数字": lambda entry: sum(unquoted_figures(entry, identities).values(), []),
        "法律法规写明的牵头单位": lambda entry: ["lead"] if _basis_of_lead(entry) == LeadBasis.STATUTE else [],
    }
    counts = {}
    for caption, values_of in values.items():
        numbers = [len(values_of(entry)) for entry in entries]
        counts[caption] = (sum(map(bool, numbers)), sum(numbers))
    return counts


def _basis_of_lead(entry: Mapping) -> LeadBasis | None:
    return lead_basis({"basis": {"lead_department": None} | entry["basis"]})


def domain_of(document: Mapping) -> str:
    return document["domain"]["code"]


def department_of(document: Mapping) -> str:
    """Return the code of the lead department of a document, ``NO_DEPARTMENT`` if it has none."""
    return document["lead_department"]["code"] if document["lead_department"] else NO_DEPARTMENT
