"""The problem types (RFC 9457) of the API: for each code its texts in Chinese and English, an example and the cure.

A fault has its own message in Chinese; in English it is the sentence of its code. The texts are in
``problem_types.json``, which is read once at import.
"""

import json
from pathlib import Path
from typing import NamedTuple

from services.faults import Fault, ProblemCode

# Where a fault has no list of allowed values.
SEE_DOCUMENT = "see /api/v1/schema/"


class ProblemType(NamedTuple):
    """A problem type. ``sentence_en`` may name ``{field}`` and ``{allowed}`` of a fault.

    ``status`` is that of a problem with this code; a fault is an item of an ``invalid_request``. ``example`` is a
    request that gets the code: method and address, then headers, then the body.
    """

    status: int
    title: str
    title_en: str
    sentence: str
    sentence_en: str
    cure: str
    cure_en: str
    example: str

    def message_en(self, fault: Fault) -> str:
        """Return the English message of a fault with this code."""
        allowed = ", ".join(fault.allowed) if fault.allowed else SEE_DOCUMENT
        return self.sentence_en.format(field=fault.field, allowed=allowed)


def _read(path: Path) -> dict[ProblemCode, ProblemType]:
    data = json.loads(path.read_text(encoding="utf-8"))
    return {ProblemCode(code): ProblemType(**texts) for code, texts in data.items()}


TYPES = _read(Path(__file__).with_suffix(".json"))
