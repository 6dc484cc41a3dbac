"""What is wrong with what was sent or asked for. Knows no protocol: the API and the pages make answers of it."""

import re
from collections.abc import Sequence
from typing import NamedTuple


class Fault(NamedTuple):
    """One thing that is wrong with a field or parameter. The value that was given is never repeated."""

    field: str
    message: str
    allowed: Sequence[str] | None = None
    code: str = "invalid"


class InvalidError(Exception):
    """Something that was sent cannot be taken; ``faults`` names each thing and lists what is allowed."""

    def __init__(self, *faults: Fault):
        super().__init__("；".join(fault.message for fault in faults))
        self.faults = faults


class NotFoundError(Exception):
    """What was asked for is not there; the message is a sentence for the public."""


def printable(name: str) -> str:
    """Return a name that was sent as an error may repeat it: short, and without what is no part of a name."""
    return re.sub(r"[^\w.\[\]-]", "?", name)[:50] or "?"
