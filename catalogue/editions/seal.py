"""The seal of an edition: the bytes of its digest, and the error for sealed texts that do not match it. Pure.

It knows texts and digests only, not the models.
"""

import hashlib
import json
from collections.abc import Iterable
from typing import NamedTuple


class DamagedEditionError(Exception):
    """The sealed texts of a published edition do not match its digest, so they are not served."""

    def __init__(self, slug: str):
        self.slug = slug
        self.detail = f"版本 {slug} 的内容与其摘要不符，暂停提供；请联系管理员运行 manage.py verify。"
        super().__init__(self.detail)


class SealedTexts(NamedTuple):
    """The sealed texts of a published edition: its header, and its entries in the order of their numbers."""

    header: str
    entries: tuple[str, ...]

    def documents(self) -> list[dict]:
        """Return the entries as documents (``entry_document()``)."""
        return [json.loads(text) for text in self.entries]


def edition_bytes(header: str, entries: Iterable[str]) -> bytes:
    """Return the canonical bytes of an edition; its digest is their SHA-256.

    ``header`` and ``entries`` are sealed texts: the canonical JSON of ``edition_header()`` and, in the order of their
    numbers, of every ``entry_document()``.
    """
    return f'{{"edition":{header},"services":[{",".join(entries)}]}}'.encode()


def verified_texts(slug: str, digest: str, header: str | None, entries: Iterable[str | None]) -> SealedTexts:
    """Return the sealed texts of an edition. Raises DamagedEditionError if they do not match its digest."""
    # A deleted text is NULL and counts as empty: the digest then differs.
    sealed = SealedTexts(header or "", tuple(text or "" for text in entries))
    if hashlib.sha256(edition_bytes(*sealed)).hexdigest() != digest:
        raise DamagedEditionError(slug)
    return sealed
