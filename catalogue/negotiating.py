"""Which form and which language the headers of a request ask for (RFC 9110, 12.5). Pure: knows no request."""

import re
from collections.abc import Iterator, Sequence

from django.utils.translation.trans_real import parse_accept_lang_header

LANGUAGES = ("zh-Hans", "zh-Hant", "en")
# Where Traditional characters are written, by the tags that say so.
TRADITIONAL = ("zh-hant", "zh-tw", "zh-hk", "zh-mo")
# Of a header, what is read.
LONGEST = 500
# An item of a list, in which a quoted parameter may hold commas and semicolons.
ITEM = re.compile(r'(?:[^,"]|"(?:\\.|[^"\\])*")+')
PART = re.compile(r'(?:[^;"]|"(?:\\.|[^"\\])*")+')
RANGE = re.compile(r"(?:\*/\*|[!#$%&'*+.^_`|~0-9a-z-]+/[!#$%&'+.^_`|~0-9a-z-]+|[!#$%&'+.^_`|~0-9a-z-]+/\*)")
WEIGHT = re.compile(r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")


def best(accept: str | None, offered: Sequence[str]) -> str | None:
    """Return the media type that fits best, None if none is acceptable.

    ``offered`` stands in the order of our own preference: without a header the first is taken. Of equal weights the
    one that is named more exactly wins, so that a client that adds ``*/*`` still gets what it names. A part that is no
    media range is passed over; parameters of a range other than its weight choose nothing here.
    """
    if accept is None or not accept.strip():
        return offered[0]
    ranges = list(_ranges(accept))
    weighed = [(*_weight(media, ranges), -place, media) for place, media in enumerate(offered)]
    weight, *_, media = max(weighed)
    return media if weight > 0 else None


def language(accept_language: str | None) -> str:
    """Return the first of ``LANGUAGES`` that an Accept-Language header names, by weight; our first if it names none."""
    for tag, weight in parse_accept_lang_header((accept_language or "")[:LONGEST]):
        if weight > 0 and tag.partition("-")[0] in {"zh", "en"}:
            return "en" if tag.startswith("en") else "zh-Hant" if tag.startswith(TRADITIONAL) else "zh-Hans"
    return LANGUAGES[0]


def _weight(media: str, ranges: Sequence[tuple[str, float]]) -> tuple[float, int]:
    """The weight a media type has by the range that names it most exactly, and how exactly that is."""
    for exactness, name in ((2, media), (1, f"{media.partition('/')[0]}/*"), (0, "*/*")):
        weights = [weight for each, weight in ranges if each == name]
        if weights:
            return max(weights), exactness
    return 0.0, 0


def _ranges(accept: str) -> Iterator[tuple[str, float]]:
    for item in ITEM.findall(accept):
        name, *parameters = (part.strip().lower() for part in PART.findall(item))
        weights = [each[2:].strip() for each in parameters if each.startswith("q=")]
        if RANGE.fullmatch(name) and all(map(WEIGHT.fullmatch, weights)):
            yield name, float(weights[0]) if weights else 1.0
