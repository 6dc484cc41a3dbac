"""Content negotiation (RFC 9110, 12.5): media type, language and content encoding, from header values. Pure functions.

Werkzeug parses the headers. They are normalised first, because real clients send ``q=.9``, blanks around ``;`` and
``=``, a bare ``*`` for any media type and ``zh_TW`` for a language. Parts that are still malformed are ignored.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TypeVar

from werkzeug.datastructures import Accept, LanguageAccept, MIMEAccept
from werkzeug.http import parse_accept_header

LANGUAGES = ("zh-Hans", "zh-Hant", "en")
# The language that answers each tag; a longer tag is truncated from its end until it is one of these (Lookup, RFC 4647,
# 3.4). Taiwan, Hong Kong and Macau write traditional characters.
# ``zh-CHT`` is .NET's; Cantonese is ``yue``.
TAGS = dict.fromkeys(("zh-hant", "zh-tw", "zh-hk", "zh-mo", "zh-cht", "yue"), "zh-Hant")
TAGS |= dict.fromkeys(("zh", "yue-hans", "yue-cn"), "zh-Hans") | {"en": "en"}
# Content encodings, the one with the smallest results first. ``x-gzip`` is gzip (RFC 9110, 8.4.1.3).
ENCODINGS = ("br", "zstd", "gzip")
IDENTITY = "identity"
# Characters of a header that are read; ``limits`` refuses longer headers in front of Django.
MAX_LENGTH = 1000
Parsed = TypeVar("Parsed", bound=Accept)
# Parsed headers that are cached, for each of the three: most clients send the same ones.
PARSED_CACHE_SIZE = 256

BLANKS = re.compile(r"\s*([;=,])\s*")
SHORT_WEIGHT = re.compile(r"(?<=;q=)(?=\.[0-9])", re.IGNORECASE)
FINAL_POINT = re.compile(r"(?<=;q=[01])\.(?![0-9])", re.IGNORECASE)
# An element of a list; a quote without an end is a character like any other, so that it spoils one element only.
ELEMENT = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^,])+')
ANY_TYPE = re.compile(r"(?<![^,])\*(?![^,;])")


def media_type(accept: str | None, offered: Sequence[str]) -> str | None:
    """Return the media type with the greatest weight, None if none is acceptable.

    ``offered`` is in our order of preference; the first is the default without a header. Of equal weights, the type
    named by the more specific range wins, so that a client that adds ``*/*`` still gets the type it names. Parameters
    of a range other than its weight are ignored.
    """
    if accept is None or not accept.strip():
        return offered[0]
    ranges = _media_ranges(accept[:MAX_LENGTH])
    weighted = [(*_weight(ranges, media), -position, media) for position, media in enumerate(offered)]
    weight, *_, media = max(weighted)
    return media if weight > 0 else None


def language(accept_language: str | None) -> str:
    """Return the one of ``LANGUAGES`` that an Accept-Language header prefers; the first if it names none of them."""
    for tag, weight in _languages((accept_language or "")[:MAX_LENGTH]):
        tag = tag.lower()
        while tag and tag not in TAGS:
            tag = tag.rpartition("-")[0]
        if tag and weight > 0:
            return TAGS[tag]
    return LANGUAGES[0]


def encoding(accept_encoding: str | None, offered: Sequence[str] = ENCODINGS) -> str:
    """Return the content encoding with the greatest weight; of equals the first offered.

    Returns ``identity`` if none of ours is acceptable, or if ``identity`` has a greater weight. It is never refused:
    every client can read a response without encoding (RFC 9110, 12.5.3).
    """
    weights = _encodings((accept_encoding or "")[:MAX_LENGTH])
    best = max(offered, key=weights.quality)
    plain = max((weight for name, weight in weights if name == IDENTITY), default=0.0)
    return best if weights.quality(best) > 0 and weights.quality(best) >= plain else IDENTITY


@lru_cache(PARSED_CACHE_SIZE)
def _media_ranges(header: str) -> MIMEAccept:
    parsed = _parse(ANY_TYPE.sub("*/*", _normal(header)), MIMEAccept)
    return MIMEAccept([(name.partition(";")[0].lower(), weight) for name, weight in parsed])


@lru_cache(PARSED_CACHE_SIZE)
def _languages(header: str) -> LanguageAccept:
    return _parse(_normal(header).replace("_", "-"), LanguageAccept)


@lru_cache(PARSED_CACHE_SIZE)
def _encodings(header: str) -> Accept:
    parsed = _parse(_normal(header).lower(), Accept)
    return Accept([("gzip" if name == "x-gzip" else name, weight) for name, weight in parsed])


def _parse(header: str, kind: type[Parsed]) -> Parsed:
    """Parse each element of a header by itself: Werkzeug reads all that follows an open quote as one."""
    return kind([pair for element in ELEMENT.findall(header) for pair in parse_accept_header(element, kind)])


def _normal(header: str) -> str:
    """Return a header without blanks around its separators, and with digits on both sides of a weight's point."""
    return FINAL_POINT.sub("", SHORT_WEIGHT.sub("0", BLANKS.sub(r"\1", header.strip())))


def _weight(ranges: MIMEAccept, media: str) -> tuple[float, int]:
    """Return the weight of a media type by its most specific range, and how specific that is (2: exact, 0: ``*/*``)."""
    for specificity, name in ((2, media), (1, f"{media.partition('/')[0]}/*"), (0, "*/*")):
        weights = [weight for media_range, weight in ranges if media_range == name]
        if weights:
            return max(weights), specificity
    return 0.0, 0
