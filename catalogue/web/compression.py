"""Content encodings (RFC 9110, 8.4): the bytes of an answer in each, and the ETag of that form. Pure.

The same bytes always make the same encoded bytes, so that an encoded form can have a strong ETag of its own.
"""

import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator

import brotli
import zstandard

from catalogue.web.negotiation import IDENTITY

# What is not worth compressing, in bytes.
MIN_LENGTH = 500
# Brotli and zstd at the levels where they are both smaller than gzip and no slower; measured on the list.
COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda body: brotli.compress(body, mode=brotli.MODE_TEXT, quality=5),
    "zstd": lambda body: zstandard.ZstdCompressor(level=9).compress(body),
    "gzip": lambda body: gzip.compress(body, 6, mtime=0),
}


def compress(body: bytes, encoding: str) -> bytes:
    """Return the bytes of a body in a content encoding, or as they are for ``identity``."""
    return body if encoding == IDENTITY else COMPRESSORS[encoding](body)


def etag_of(etag: str, encoding: str) -> str:
    """Return the ETag of an encoded form, made from that of the plain one: ``"abc"`` becomes ``"abc-gzip"``."""
    return etag if encoding == IDENTITY else f'{etag[:-1]}-{encoding}"'


def gzip_stream(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what is sent in pieces as gzip, which every client that takes any encoding takes."""
    # Its header holds no time, so the same pieces make the same bytes.
    packer = zlib.compressobj(6, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    for piece in pieces:
        if packed := packer.compress(piece):
            yield packed
    yield packer.flush()
