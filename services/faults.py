"""Faults of input and requests, independent of HTTP: the API and the pages turn them into responses."""

import re
from collections.abc import Sequence
from typing import NamedTuple

# More faults than a person makes by mistyping; a program may send any number.
MAX_FAULTS = 100


class Fault(NamedTuple):
    """One fault of a field or parameter. The invalid value is never repeated."""

    field: str
    message: str
    allowed: Sequence[str] | None = None
    code: str = "invalid"


class InvalidError(Exception):
    """The input is invalid; ``faults`` has the first ``MAX_FAULTS`` with their fields and the allowed values."""

    def __init__(self, *faults: Fault):
        self.faults = faults[:MAX_FAULTS]
        super().__init__("；".join(fault.message for fault in self.faults))


class NotFoundError(Exception):
    """The requested object does not exist; the message is a sentence for the public."""


def printable(name: str) -> str:
    """Return a submitted name for an error message: at most 50 characters, ``?`` for any unusual character."""
    return re.sub(r"[^\w.\[\]-]", "?", name)[:50] or "?"
