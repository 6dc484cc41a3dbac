"""Whether a client has an answer already (RFC 9110, 13.1.2), and what is said to one that has (15.4.5). Pure."""

import re
from collections.abc import Iterable

# A list of validators, each weak or strong; in one there may be a comma, but no quotation mark.
TAG = re.compile(r'(?:W/)?("[^"]*")')
# What describes bytes that a 304 does not have.
OF_THE_BODY = {
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-length",
    "content-type",
}


def has(if_none_match: str, etag: str) -> bool:
    """Whether an If-None-Match header names a validator; weak and strong are alike to it, and ``*`` names all."""
    return if_none_match.strip() == "*" or etag in TAG.findall(if_none_match)


def of_not_modified(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the headers of a 304, given those of the 200 in its place."""
    return [(name, value) for name, value in headers if name.lower() not in OF_THE_BODY]
