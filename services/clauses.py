"""The clause that a value carries inside its JSON: its shape and its faults. Standard library only: no database."""

from collections.abc import Iterable, Iterator, Mapping

CITATION_KEYS = ("source", "locator", "quote", "verification", "jurisdiction")
MAX_TEXT, MAX_QUOTE = 200, 5_000
VERIFICATIONS = ("verbatim", "secondary", "unverified")
JURISDICTIONS = ("national", "inner-mongolia", "other-region", "unknown", None)


def faults(citation: object) -> Iterator[str]:
    """Yield every reason why a citation is invalid. It has a quote: such a value rests on nothing else."""
    if not isinstance(citation, dict) or set(citation) != set(CITATION_KEYS):
        yield f"citation 应恰好有这些：{'、'.join(CITATION_KEYS)}。"
        return
    # Lists, because a value of a file need not be hashable.
    if citation["verification"] not in list(VERIFICATIONS) or citation["jurisdiction"] not in list(JURISDICTIONS):
        yield f"citation 的 verification 可用：{'、'.join(VERIFICATIONS)}；jurisdiction 同字段来源。"
    if not is_text(citation["source"]) or not (citation["locator"] is None or is_text(citation["locator"])):
        yield "citation 的 source、locator 应是文字；没有位置写 null。"
    if not is_text(citation["quote"], MAX_QUOTE):
        yield f"citation 的 quote 应是照录的原文，至多{MAX_QUOTE}字。"


def is_text(value: object, longest: int = MAX_TEXT) -> bool:
    """Whether a value is text that can be stored, with at most ``longest`` characters and more than blanks."""
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        return False
    # A lone surrogate cannot be stored.
    return "\0" not in value and value.encode(errors="ignore").decode() == value


def sources(values: Iterable[Mapping]) -> list[str]:
    """Return the codes of the sources that values with a citation cite, without duplicates, in order."""
    return list(dict.fromkeys(value["citation"]["source"] for value in values))
