"""JSON text, as DRF's renderer writes it: without blanks, in UTF-8. Pure."""

import json

# What JavaScript took for ends of lines, written as DRF writes it.
ENDS = str.maketrans({"\u2028": "\\u2028", "\u2029": "\\u2029"})


def text(value: object) -> str:
    """Return a value as JSON text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(ENDS)


def member(name: str, value: object) -> str:
    """Return a member of an object: ``"name":value``."""
    return f'"{name}":{text(value)}'
