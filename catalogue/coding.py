"""Content codings (RFC 9110, 8.4): which one an Accept-Encoding header asks for, and the bytes of each. Pure.

The same bytes always make the same coded bytes, so that a coded form can have a strong validator of its own.
"""

import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator

import brotli
import zstandard

from catalogue.negotiating import WEIGHT

IDENTITY = "identity"
# What is not worth coding, in bytes.
SMALLEST = 500
# Brotli and zstd at the levels where they are both smaller than gzip and no slower; measured on the list.
CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda body: brotli.compress(body, mode=brotli.MODE_TEXT, quality=5),
    "zstd": lambda body: zstandard.ZstdCompressor(level=9).compress(body),
    "gzip": lambda body: gzip.compress(body, 6, mtime=0),
}


def chosen(header: str) -> str:
    """Return the coding an Accept-Encoding header asks for: the one of the greatest weight; of equals our first.

    ``identity`` where none of ours is admitted; it is never refused, since an answer without coding can be read by
    everybody (RFC 9110, 12.5.3). A part that is malformed is passed over.
    """
    if not header:
        return IDENTITY
    weights = dict(_weights(header.lower()))
    anything = weights.get("*", 0.0)
    weighed = {coding: weights.get(coding, anything) for coding in CODINGS}
    coding = max(weighed, key=weighed.__getitem__)
    # Named and wanted more than any coding: a client that would rather have it plain.
    plain = weights.get(IDENTITY, 0.0)
    return coding if weighed[coding] > 0 and weighed[coding] >= plain else IDENTITY


def admits(header: str, coding: str) -> bool:
    """Whether an Accept-Encoding header admits a coding, by name or by ``*``, with a weight over 0."""
    weights = dict(_weights(header.lower()))
    return weights.get(coding, weights.get("*", 0.0)) > 0


def coded(body: bytes, coding: str) -> bytes:
    """Return the bytes of a body in a coding of ``CODINGS``, or as they are."""
    return body if coding == IDENTITY else CODINGS[coding](body)


def tagged(etag: str, coding: str) -> str:
    """Return the validator of a coded form, made from that of the plain one: ``"abc"`` becomes ``"abc-gzip"``."""
    return etag if coding == IDENTITY else f'{etag[:-1]}-{coding}"'


def in_pieces(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what is sent in pieces as gzip, which every client that takes any coding takes."""
    # Its header holds no time, so the same pieces make the same bytes.
    packer = zlib.compressobj(6, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    for piece in pieces:
        if packed := packer.compress(piece):
            yield packed
    yield packer.flush()


def _weights(header: str) -> Iterator[tuple[str, float]]:
    for part in header.split(","):
        coding, *attributes = (piece.strip() for piece in part.split(";"))
        given = [each[2:].strip() for each in attributes if each.startswith("q=")]
        if all(map(WEIGHT.fullmatch, given)):
            yield "gzip" if coding == "x-gzip" else coding, float(given[0]) if given else 1.0
