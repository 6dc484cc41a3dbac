"""The seal of an edition: the bytes its digest is taken over, and the error for sealed texts that differ from it. Pure.

A row of the model stands for the edition; this module knows texts and digests only.
"""

import hashlib
import json
from collections.abc import Iterable
from typing import NamedTuple


class DamagedEditionError(Exception):
    """The sealed texts of a published edition are not those its digest was taken over, so they are not served."""

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
    """Return the canonical bytes of an edition, of which its digest is the SHA-256.

    ``header`` and ``entries`` are what was sealed: the canonical texts of ``header()`` and, in the order of their
    numbers, of every ``document()``.
    """
    return f'{{"edition":{header},"services":[{",".join(entries)}]}}'.encode()


def verified_texts(slug: str, digest: str, header: str | None, entries: Iterable[str | None]) -> SealedTexts:
    """Return the sealed texts of an edition. Raises DamagedEditionError if they are not those of its digest."""
    # A text that was taken away is none; the digest shows that it is missing.
    sealed = SealedTexts(header or "", tuple(text or "" for text in entries))
    if hashlib.sha256(edition_bytes(*sealed)).hexdigest() != digest:
        raise DamagedEditionError(slug)
    return sealed
