"""Faults of input and requests, independent of HTTP: the API and the pages turn them into responses."""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

# More faults than a person makes by mistyping; a program may send any number.
MAX_FAULTS = 100


class ProblemCode(StrEnum):
    """What kind of fault or problem it is: the closed list that programs branch on. A code is never renamed."""

    # Of one parameter, field or fact:
    UNKNOWN_PARAMETER = "unknown_parameter"
    UNSUPPORTED_PARAMETER = "unsupported_parameter"
    UNKNOWN_FIELD = "unknown_field"
    UNKNOWN_FACT = "unknown_fact"
    UNKNOWN_CODE = "unknown_code"
    UNKNOWN_SERVICE = "unknown_service"
    UNKNOWN_EDITION = "unknown_edition"
    REQUIRED = "required"
    EMPTY = "empty"
    REPEATED = "repeated"
    DUPLICATE = "duplicate"
    INVALID_TYPE = "invalid_type"
    INVALID_DATE = "invalid_date"
    INVALID_MOMENT = "invalid_moment"
    MALFORMED = "malformed"
    OUT_OF_RANGE = "out_of_range"
    TOO_LONG = "too_long"
    CONFLICT = "conflict"
    CONTRADICTION = "contradiction"
    # Of a request as a whole:
    INVALID_REQUEST = "invalid_request"
    TOO_MANY_PARAMETERS = "too_many_parameters"
    MALFORMED_BODY = "malformed_body"
    INCOMPLETE_BODY = "incomplete_body"
    MALFORMED_HEADER = "malformed_header"
    UNKNOWN_HOST = "unknown_host"
    NOT_FOUND = "not_found"
    UNKNOWN_TERM = "unknown_term"
    UNKNOWN_RECEIPT = "unknown_receipt"
    NO_PAGE = "no_page"
    NO_EDITION = "no_edition"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    NOT_ACCEPTABLE = "not_acceptable"
    PRECONDITION_FAILED = "precondition_failed"
    PAYLOAD_TOO_LARGE = "payload_too_large"
    ADDRESS_TOO_LONG = "address_too_long"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    UNSUPPORTED_ENCODING = "unsupported_encoding"
    TOO_MANY_REQUESTS = "too_many_requests"
    HEADER_TOO_LARGE = "header_too_large"
    INTERNAL = "internal"
    UNAVAILABLE = "unavailable"
    NOT_READY = "not_ready"
    DAMAGED_EDITION = "damaged_edition"


class Fault(NamedTuple):
    """One fault of a field or parameter: a message in Chinese and, for programs, the code and the allowed values.

    The invalid value is never repeated.
    """

    field: str
    code: ProblemCode
    message: str
    allowed: Sequence[str] | None = None


class InvalidError(Exception):
    """The input is invalid; ``faults`` has the first ``MAX_FAULTS`` with their fields and the allowed values."""

    def __init__(self, *faults: Fault):
        self.faults = faults[:MAX_FAULTS]
        super().__init__("；".join(dict.fromkeys(fault.message for fault in self.faults)))


class NotFoundError(Exception):
    """The requested object does not exist; the message is a sentence in Chinese for the public.

    ``faults`` name the parameters that would have to be different, if there are any.
    """

    def __init__(self, message: str, code: ProblemCode = ProblemCode.NOT_FOUND, *faults: Fault):
        self.code, self.faults = code, faults
        super().__init__(message)


def printable(name: str) -> str:
    """Return a submitted name for an error message: at most 50 characters, ``?`` for any unusual character."""
    return re.sub(r"[^\w.\[\]-]", "?", name)[:50] or "?"


def bounds(minimum: int, maximum: int | None = None) -> list[str]:
    """Return the allowed values of a number as the one text that ``Fault.allowed`` has for a range: ``1…500``."""
    return [f"{minimum}…{'' if maximum is None else maximum}"]
