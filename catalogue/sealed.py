"""Published editions in memory: they never change, so each is read once, and checked against its digest then."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from catalogue.models import DamagedEditionError, Edition
from catalogue.models.seals import Sealed
from catalogue.models.seals import content as content_of

EDITIONS_KEPT = 16
# Of how many editions it is kept that they are sound: more than there will be.
MAX_SOUND = 256


class Read(NamedTuple):
    """What was sealed with an edition: what it says of itself, and its documents by code."""

    header: Mapping
    documents: Mapping[str, dict]


def documents(edition: Edition) -> Mapping[str, dict]:
    """Return the documents of a published edition by code, in the order of their numbers. One query the first time.

    They are shared: whoever changes one takes a copy. Raises DamagedEditionError if they are not those of its digest.
    """
    return _read(edition.pk, edition.digest).documents


def documents_of(pk: int, digest: str) -> Mapping[str, dict]:
    """The same, by the edition's key and its digest: a database made anew may have another in the same place."""
    return _read(pk, digest).documents


def header(edition: Edition) -> Mapping:
    """Return what a published edition says of itself (``canonical.header()``), as it was sealed."""
    return _read(edition.pk, edition.digest).header


def content(edition: Edition) -> bytes:
    """Return the canonical bytes of a published edition. One query; raises DamagedEditionError as the others do."""
    return content_of(*_checked(edition.pk, edition.digest))


def is_sound(pk: int, digest: str) -> bool:
    """Whether the sealed texts of a published edition are those of its digest. One query until they are."""
    try:
        _sound(pk, digest)
    except DamagedEditionError:
        return False
    return True


# An error is not kept in either cache: an edition that was mended is served again without a new start.
@lru_cache(maxsize=EDITIONS_KEPT)
def _read(pk: int, digest: str) -> Read:
    sealed = _checked(pk, digest)
    return Read(json.loads(sealed.header), {document["code"]: document for document in sealed.documents()})


@lru_cache(maxsize=MAX_SOUND)
def _sound(pk: int, digest: str) -> None:
    Edition.objects.sealed(pk, digest)


def _checked(pk: int, digest: str) -> Sealed:
    try:
        return Edition.objects.sealed(pk, digest)
    except DamagedEditionError:
        # It may have been sound when is_sound() was last asked; the next time it looks again.
        _sound.cache_clear()
        raise
