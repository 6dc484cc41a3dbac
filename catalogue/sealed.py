"""The documents of published editions in memory: they never change, so they are read once."""

import json
from collections.abc import Mapping
from functools import lru_cache

from catalogue.models import Edition, Entry

EDITIONS_KEPT = 16


def documents(edition: Edition) -> Mapping[str, dict]:
    """Return the documents of a published edition by code, in the order of their numbers. One query the first time.

    They are shared: whoever changes one takes a copy.
    """
    return documents_of(edition.pk, edition.digest)


@lru_cache(maxsize=EDITIONS_KEPT)
def documents_of(pk: int, digest: str) -> Mapping[str, dict]:
    """The same, by the edition's key and its digest: a database made anew may have another in the same place."""
    texts = Entry.objects.filter(edition=pk).order_by("number").values_list("sealed", flat=True)
    return {document["code"]: document for document in map(json.loads, texts)}
