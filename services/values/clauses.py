"""The clause that a value of a JSON column carries (引文): its shape and its faults, the same for every such column.

Pure: no database, no request, no clock. Amounts, shares and open criteria are such values; the number
of an amount or a share stands in the quote of its clause.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation

from services.text import quotes
from services.text.characters import HIDDEN, is_blank

KEYS = ("source", "locator", "quote", "verification", "jurisdiction")
VERIFICATIONS = ("verbatim", "secondary", "unverified")
JURISDICTIONS = ("national", "inner-mongolia", "other-region", "unknown", None)
MAX_TEXT, MAX_QUOTE = 200, 5_000


def faults(clause: object, number: str | None = None) -> Iterator[str]:
    """Yield the first reason why a clause is invalid; its quote must hold ``number``, a decimal as text, if given."""
    if not isinstance(clause, dict) or set(clause) != set(KEYS):
        yield f"citation 应恰好有这些：{'、'.join(KEYS)}。"
    elif clause["verification"] not in VERIFICATIONS or clause["jurisdiction"] not in JURISDICTIONS:
        yield f"citation 的 verification 可用：{'、'.join(VERIFICATIONS)}；jurisdiction 同字段来源。"
    elif not is_text(clause["source"]) or not (clause["locator"] is None or is_text(clause["locator"])):
        yield "citation 的 source、locator 应是文字；没有位置写 null。"
    elif not is_text(clause["quote"], MAX_QUOTE):
        yield f"citation 的 quote 应是照录的原文，至多{MAX_QUOTE}字。"
    elif number is not None and not holds(clause["quote"], number):
        yield f"{number} 不在所引原文之中；没有原文的数字不能列。"


def holds(quote: str, value: str) -> bool:
    """Whether a number stands in a quote, in digits or in Chinese (五千元, 百分之七十五)."""
    wanted = Decimal(value)
    return any(number == wanted for number in _numbers(quote))


def _numbers(quote: str) -> Iterator[Decimal]:
    for text in quotes.numbers(quote):
        try:
            yield Decimal(text)
        except InvalidOperation:
            continue


def sources(values: Iterable[Mapping]) -> list[str]:
    """Return the codes of the sources that values cite, without duplicates, in order."""
    return list(dict.fromkeys(value["citation"]["source"] for value in values))


def in_order(value: Mapping, keys: Iterable[str]) -> dict:
    """Return a value with its keys and those of its clause in reading order."""
    values = {key: value[key] for key in keys}
    return values | {"citation": {key: value["citation"][key] for key in KEYS}}


def is_text(value: object, longest: int = MAX_TEXT) -> bool:
    """Whether a value is text without hidden characters, not blank, not too long, and that a database can store."""
    if not isinstance(value, str) or is_blank(value) or HIDDEN.search(value) or len(value) > longest:
        return False
    # A lone surrogate cannot be stored.
    return "\0" not in value and value.encode(errors="ignore").decode() == value
