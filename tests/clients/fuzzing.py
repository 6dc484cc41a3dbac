"""Hooks of Schemathesis: parameters that exclude each other, which OpenAPI cannot say, are no valid request."""

import ipaddress
import itertools
from urllib.parse import urlencode

import schemathesis

EDITION_OR = ("valid_on", "known_at")
# The parameters that a form of a file does not take: it always has them, or never.
NOT_TAKEN = {
    "csv": ("expand",),
    "xlsx": ("expand",),
    "ndjson": (),
    "hsds.json": ("expand", "fields"),
    "jsonld": ("expand", "fields", "lang"),
    "ttl": ("expand", "fields", "lang"),
}
FIRST_ADDRESS, MESSAGES = ipaddress.IPv4Address("10.0.0.1"), itertools.count()
# A longer address is refused in front of Django (catalogue/web/middleware/limits.py), not here.
MAX_QUERY = 16_384
FEEDBACK = "POST /api/v1/feedback/"


@schemathesis.hook
def filter_case(context: schemathesis.HookContext, case: schemathesis.Case) -> bool:
    return len(urlencode(case.query or {}, doseq=True)) < MAX_QUERY


@schemathesis.hook
def map_case(context: schemathesis.HookContext, case: schemathesis.Case) -> schemathesis.Case:
    if case.meta is not None and case.meta.generation.mode.is_positive:
        _leave_out(case)
    return case


@schemathesis.hook
def before_add_examples(context: schemathesis.HookContext, examples: list[schemathesis.Case]) -> None:
    """An example of an operation has those of all its parameters."""
    for case in examples:
        _leave_out(case)


def _leave_out(case: schemathesis.Case) -> None:
    """Leave out of a case what excludes each other."""
    kind = (case.path_parameters or {}).get("kind")
    excluded = set(NOT_TAKEN.get(kind, ())) | set(EDITION_OR if "edition" in (case.query or {}) else ())
    for name in excluded & set(case.query or {}):
        del case.query[name]
    if case.operation.label == FEEDBACK:
        # From an address of its own: ten messages an hour are accepted from one.
        case.headers["X-Forwarded-For"] = str(FIRST_ADDRESS + next(MESSAGES))
        if isinstance(case.body, dict) and case.body.get("service") is None:
            # A field is one of a service.
            case.body.pop("field", None)
