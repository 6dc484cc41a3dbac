"""Which form, language and content encoding the headers of a request ask for (RFC 9110, 12.5). Pure: knows no request.

Werkzeug parses the headers. Before it does, they are written as it expects them: real clients send ``q=.9``, blanks
around ``;`` and ``=``, a bare ``*`` for any media type and ``zh_TW`` for a language. A part that is malformed all the
same is left out, and the others count.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from werkzeug.datastructures import Accept, LanguageAccept, MIMEAccept
from werkzeug.http import parse_accept_header

LANGUAGES = ("zh-Hans", "zh-Hant", "en")
# The tags offered, by what each is answered with; a longer tag is cut from its end until it is one of them (RFC 4647,
# 3.4). Traditional characters are written in Taiwan, Hong Kong and Macau.
TAGS = dict.fromkeys(("zh-hant", "zh-tw", "zh-hk", "zh-mo"), "zh-Hant") | {"zh": "zh-Hans", "en": "en"}
# Content encodings, the smallest form first. ``x-gzip`` is gzip (RFC 9110, 8.4.1.3).
ENCODINGS = ("br", "zstd", "gzip")
IDENTITY = "identity"
# The longest header that is read, in characters; in front of Django a longer one is refused (``headers``).
MAX_LENGTH = 1000
# Of how many headers it is kept what they say: every part of a request asks for the same three.
PARSED_CACHE_SIZE = 256

BLANKS = re.compile(r"\s*([;=,])\s*")
SHORT_WEIGHT = re.compile(r"(?<=;q=)(?=\.[0-9])", re.IGNORECASE)
ANY_TYPE = re.compile(r"(?<![^,])\*(?![^,;])")


def media_type(accept: str | None, offered: Sequence[str]) -> str | None:
    """Return the media type that fits best, None if none is acceptable.

    ``offered`` stands in the order of our own preference: without a header the first is taken. Of equal weights the
    one that is named more exactly wins, so that a client that adds ``*/*`` still gets what it names. Parameters of a
    range other than its weight choose nothing here.
    """
    if accept is None or not accept.strip():
        return offered[0]
    ranges = _media_ranges(accept[:MAX_LENGTH])
    weighed = [(*_weight(ranges, media), -place, media) for place, media in enumerate(offered)]
    weight, *_, media = max(weighed)
    return media if weight > 0 else None


def language(accept_language: str | None) -> str:
    """Return the first of ``LANGUAGES`` that an Accept-Language header names, by weight; our first if it names none."""
    for tag, weight in _languages((accept_language or "")[:MAX_LENGTH]):
        tag = tag.lower()
        while tag and tag not in TAGS:
            tag = tag.rpartition("-")[0]
        if tag and weight > 0:
            return TAGS[tag]
    return LANGUAGES[0]


def encoding(accept_encoding: str | None, offered: Sequence[str] = ENCODINGS) -> str:
    """Return the content encoding of the greatest weight; of equals the first offered.

    ``identity`` where none of ours is admitted, or where it is named and wanted more. It is never refused: everybody
    can read an answer without encoding (RFC 9110, 12.5.3).
    """
    weights = _encodings((accept_encoding or "")[:MAX_LENGTH])
    best = max(offered, key=weights.quality)
    plain = max((weight for name, weight in weights if name == IDENTITY), default=0.0)
    return best if weights.quality(best) > 0 and weights.quality(best) >= plain else IDENTITY


@lru_cache(PARSED_CACHE_SIZE)
def _media_ranges(header: str) -> MIMEAccept:
    parsed = parse_accept_header(ANY_TYPE.sub("*/*", _normal(header)), MIMEAccept)
    return MIMEAccept([(name.partition(";")[0].lower(), weight) for name, weight in parsed])


@lru_cache(PARSED_CACHE_SIZE)
def _languages(header: str) -> LanguageAccept:
    return parse_accept_header(_normal(header).replace("_", "-"), LanguageAccept)


@lru_cache(PARSED_CACHE_SIZE)
def _encodings(header: str) -> Accept:
    parsed = parse_accept_header(_normal(header).lower())
    return Accept([("gzip" if name == "x-gzip" else name, weight) for name, weight in parsed])


def _normal(header: str) -> str:
    """Return a header without blanks around its marks, its weights with the digit before the point."""
    return SHORT_WEIGHT.sub("0", BLANKS.sub(r"\1", header.strip()))


def _weight(ranges: MIMEAccept, media: str) -> tuple[float, int]:
    """The weight a media type has by the range that names it most exactly, and how exactly that is."""
    for exactness, name in ((2, media), (1, f"{media.partition('/')[0]}/*"), (0, "*/*")):
        weights = [weight for each, weight in ranges if each == name]
        if weights:
            return max(weights), exactness
    return 0.0, 0
