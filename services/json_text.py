"""JSON over the wire: answers written by orjson, bodies read strictly. Pure."""

import json
from collections.abc import Sequence

import orjson

# How many values may stand in one another; whatever walks through deeper ones would run out of stack.
DEEPEST = 20
# The longest body that is read, in bytes; the longest message takes 30 kB with every character escaped.
LONGEST = 64 * 1024


def dumps(value: object) -> bytes:
    """Return a value as JSON in UTF-8.

    A copy: what orjson returns keeps the room it was written in, 4 kB at least and several times its length.
    """
    return bytes(memoryview(orjson.dumps(value)))


def strict_loads(body: bytes) -> object:
    """Return what JSON in UTF-8 says, as RFC 8259 has it: no NaN, no name given twice, and at most ``DEEPEST`` deep.

    Raises ValueError for anything else.
    """
    try:
        found = json.loads(body.decode(), object_pairs_hook=_once, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("too deep") from None
    if _is_deep(found):
        raise ValueError("too deep")
    return found


def _once(pairs: Sequence[tuple[str, object]]) -> dict:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is given twice")
    return found


def _no_number(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _is_deep(value: object) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        level = [
            child
            for each in level
            if isinstance(each, dict | list)
            for child in (each.values() if isinstance(each, dict) else each)
        ]
    return bool(level)


def canonical_json(value: object) -> str:
    """Return a value as canonical JSON text."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
