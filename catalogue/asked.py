"""One way to ask each question: parameters sorted and written alike, whoever asks. Pure.

What is answered is a function of this form, its links among it; so that two ways to ask the same have one answer, byte
for byte, and one place where it is remembered. What is malformed stays as it is: the views say what is wrong with it.
"""

import re
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode

from catalogue.parameters import MAX_LENGTH
from services import searching

# The longest query that is written anew; a longer one can only be refused.
LONGEST = 8000


def _whole(values: list[str]) -> list[str]:
    return [str(int(value)) if re.fullmatch("[0-9]{1,20}", value) else value for value in values]


def _listed(values: list[str]) -> list[str]:
    """Of a list, each once, in the order given."""
    parts = [part.strip() for value in values for part in value.split(",")]
    return list(dict.fromkeys(parts)) if all(parts) else values


def _any_of(values: list[str]) -> list[str]:
    """Of codes of which any will do, the order says nothing."""
    return values if (parts := _listed(values)) is values else sorted(parts)


def _searched(values: list[str]) -> list[str]:
    """What is searched, as the search folds it; what it folds to nothing is what it was."""
    return [searching.fold(value) or value if "\0" not in value else value for value in values]


ALIKE: dict[str, Callable[[list[str]], list[str]]] = {
    **dict.fromkeys(("page", "page_size", "per_page", "number", "after"), _whole),
    **dict.fromkeys(("domain", "target_group", "lead_department", "department", "verification"), _any_of),
    "fields": _listed,
    "q": _searched,
}


def normalised(query: str) -> str:
    """Return a query string (as WSGI has it: bytes as Latin-1) in the one form that asks the same; ASCII."""
    if not query or len(query) > LONGEST:
        return query
    try:
        text = query.encode("latin-1").decode()
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=100, errors="strict")
    except ValueError:
        return query
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return urlencode([(name, value) for name in sorted(values) for value in _alike(name, values[name])])


def _alike(name: str, values: list[str]) -> list[str]:
    if name not in ALIKE or any(len(value) > MAX_LENGTH for value in values):
        return values
    return ALIKE[name](values)
