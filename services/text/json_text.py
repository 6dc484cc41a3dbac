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
    """Return the value of a JSON text in UTF-8 as RFC 8259 defines it; a byte order mark before it is skipped.

    A number without a fraction is an integer however it is written (JSON Schema): 70.0 and 7e1 are 70.

    Raises ValueError for anything else, for NaN, for duplicate names in an object and for more than ``MAX_DEPTH``
    levels.
    """
    hooks = {"object_pairs_hook": _unique_names, "parse_constant": _refuse_constant, "parse_float": _number}
    try:
        value = json.loads(body.decode("utf-8-sig"), **hooks)
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


def _number(text: str) -> int | float:
    return whole(float(text))


def whole(value: object) -> object:
    """Return an integer for a float that has no fraction; any other value unchanged."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


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
