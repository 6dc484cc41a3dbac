"""Content encodings (RFC 9110, 8.4): a body in each of them, and the ETag of the encoded body. Pure functions.

Encoding is deterministic, so that an encoded body can have a strong ETag of its own.
"""

import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator

import brotli
import zstandard

from catalogue.web.negotiation import IDENTITY

# Shorter bodies, in bytes, are not compressed.
MIN_LENGTH = 500
# Brotli and zstd at levels that are both smaller than gzip and not slower, measured on the list of services.
COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda body: brotli.compress(body, mode=brotli.MODE_TEXT, quality=5),
    "zstd": lambda body: zstandard.ZstdCompressor(level=9).compress(body),
    "gzip": lambda body: gzip.compress(body, 6, mtime=0),
}


def compress(body: bytes, encoding: str) -> bytes:
    """Return a body in a content encoding; ``identity`` leaves it unchanged."""
    return body if encoding == IDENTITY else COMPRESSORS[encoding](body)


def encoded_etag(etag: str, encoding: str) -> str:
    """Return the ETag of an encoded body, made from that of the plain one: ``"abc"`` becomes ``"abc-gzip"``."""
    return etag if encoding == IDENTITY else f'{etag[:-1]}-{encoding}"'


def gzip_stream(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a streamed body as gzip, which every client that accepts an encoding accepts."""
    # The gzip header that zlib writes has no time in it, so that the same pieces give the same bytes.
    compressor = zlib.compressobj(6, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    for piece in pieces:
        if compressed := compressor.compress(piece):
            yield compressed
    yield compressor.flush()
