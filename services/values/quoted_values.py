"""The columns of an entry whose values each carry a clause of their own: amounts and shares.

What such a column needs everywhere (its keys, its faults, its words) is declared here once.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from services.eligibility.open_criteria import open_criteria
from services.values import amounts, shares


class QuotedColumn(NamedTuple):
    """A column: its caption, the sourced field it stands with, the keys of a value, and its rules and words."""

    caption: str
    field: str
    keys: tuple[str, ...]
    faults: Callable[[object], list[str]]
    text: Callable[[Mapping], str]


COLUMNS = {
    "amounts": QuotedColumn("标准里的数字", "standard", amounts.KEYS, amounts.faults, amounts.amount_text),
    "shares": QuotedColumn("支出分担比例", "expenditure_responsibility", shares.KEYS, shares.faults, shares.share_text),
}


def clauses_of(entry: Mapping) -> list[Mapping]:
    """Return the clauses that the columns and the open criteria of a valid entry carry."""
    values = [value for name in COLUMNS for value in entry[name]] + open_criteria(entry["eligibility"])
    return [value["citation"] for value in values]


def sources(entry: Mapping) -> list[str]:
    """Return the codes of the sources that these clauses name, without duplicates, in order."""
    return list(dict.fromkeys(clause["source"] for clause in clauses_of(entry)))


def text(value: Mapping) -> str:
    """Return a value of any of the columns in words."""
    return COLUMNS["shares" if "percent" in value else "amounts"].text(value)


def is_quoted_value(value: Mapping) -> bool:
    """Whether a value has the shape of one of the columns."""
    return "of_whom" in value
