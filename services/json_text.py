"""JSON serialization: responses written by orjson, request bodies parsed strictly, canonical JSON. Pure."""

import json
from collections.abc import Sequence

import orjson

# The deepest nesting that is accepted, in levels; code that walks deeper values recursively would exhaust the stack.
MAX_DEPTH = 20
# The longest request body, in bytes; the longest feedback message takes 30 kB with every character escaped.
MAX_BODY_BYTES = 64 * 1024


def dumps(value: object) -> bytes:
    """Return a value as JSON in UTF-8.

    The result is a copy, because orjson's bytes keep their output buffer: at least 4 kB, several times the length.
    """
    return bytes(memoryview(orjson.dumps(value)))


def strict_loads(body: bytes) -> object:
    """Return the value of a JSON text in UTF-8 as RFC 8259 defines it.

    Raises ValueError for anything else, for NaN, for duplicate names in an object and for more than ``MAX_DEPTH``
    levels.
    """
    try:
        value = json.loads(body.decode(), object_pairs_hook=_unique_names, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("too deep") from None
    if _is_deep(value):
        raise ValueError("too deep")
    return value


def _unique_names(pairs: Sequence[tuple[str, object]]) -> dict:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name is given twice")
    return members


def _refuse_constant(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _is_deep(value: object) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for container in level
            if isinstance(container, dict | list)
            for child in (container.values() if isinstance(container, dict) else container)
        ]
    return bool(level)


def canonical_json(value: object) -> str:
    """Return a value as canonical JSON text: keys sorted, no blanks. Raises ValueError for NaN or infinity."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
