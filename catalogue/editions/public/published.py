"""Published editions in memory: each is read once, checked against its digest, and cached, because it never changes.

Derived data (listing, rules, search index, translations) is computed on first use and shared.
"""

import datetime
import json
from collections.abc import Mapping
from functools import cached_property, lru_cache

from orjson import Fragment

from catalogue.editions import seal
from catalogue.editions.document import lead_basis
from catalogue.editions.models import Edition
from catalogue.editions.public import search_index
from catalogue.editions.public.entitlements import Entitlements
from catalogue.editions.public.listing import Listing
from catalogue.editions.public.results import Benefit, TranslatedEntitlement
from catalogue.editions.seal import DamagedEditionError, SealedTexts
from catalogue.editions.translation import translate
from services.search import Index, SearchResult
from services.text.json_text import dumps
from services.values import shares

# An edition takes some 15 MB with three languages and its search index; one is published every two or three years.
EDITIONS_CACHE_SIZE = 16
# Nearly everybody asks about today; some about a day in the past or to come.
DAYS_CACHE_SIZE = 8


class PublishedEdition:
    """The sealed content of a published edition, and the data derived from it.

    Every member that reads the sealed texts raises DamagedEditionError if they do not match the digest. Damaged texts
    are not cached: a repaired edition is served again without a restart.
    """

    def __init__(self, pk: int, digest: str):
        self.pk, self.digest = pk, digest
        self._is_known_sound = False
        self._index: tuple[search_index.Synonyms | None, Index | None] = None, None
        self._translations: dict[str, Translation] = {}

    def is_sound(self) -> bool:
        """Whether the sealed texts match the digest. One query, none once they were read and matched."""
        try:
            return self._is_known_sound or bool(self._read())
        except DamagedEditionError:
            return False

    def content(self) -> bytes:
        """Return the canonical bytes of the edition. One query."""
        return seal.edition_bytes(*self._read())

    @property
    def header(self) -> Mapping:
        """The header of the edition (``edition_header()``). One query the first time."""
        return self._parsed[0]

    @property
    def documents(self) -> Mapping[str, dict]:
        """The documents (``entry_document()``) by code, in the order of their numbers. One query the first time."""
        return self._parsed[1]

    @cached_property
    def reference(self) -> dict[str, str]:
        """The reference to the edition in every answer: slug, effective_from and digest."""
        return {key: self.header[key] for key in ("slug", "effective_from")} | {"digest": self.digest}

    @cached_property
    def listing(self) -> Listing:
        """The services indexed by term and sorted in every order."""
        return Listing(self.documents)

    @cached_property
    def entitlements(self) -> Entitlements:
        """The rules of the services, ready to be judged."""
        return Entitlements.of(self.documents.values())

    def search(self, query: str) -> list[SearchResult]:
        """Return the services that match, best first. One query, two when the data revision has changed."""
        synonyms = search_index.synonyms()
        index_synonyms, index = self._index
        if index_synonyms != synonyms:
            index = search_index.index(self.documents, synonyms)
            self._index = synonyms, index
        return index.search(query)

    def translation(self, language: str) -> "Translation":
        """Return the edition in a language."""
        if language not in self._translations:
            self._translations[language] = Translation(self, language)
        return self._translations[language]

    @cached_property
    def _parsed(self) -> tuple[dict, dict[str, dict]]:
        sealed = self._read()
        return json.loads(sealed.header), {document["code"]: document for document in sealed.documents()}

    def _read(self) -> SealedTexts:
        try:
            sealed = Edition.objects.sealed_texts(self.pk, self.digest)
        except DamagedEditionError:
            # It may have been sound at an earlier read.
            self._is_known_sound = False
            raise
        self._is_known_sound = True
        return sealed


class Translation:
    """A published edition in one language, for orjson: parts that are the same in every answer are already JSON."""

    def __init__(self, edition: PublishedEdition, language: str):
        self._edition, self._language = edition, language
        self._benefits = lru_cache(DAYS_CACHE_SIZE)(self._benefits_on)

    @cached_property
    def services(self) -> Mapping[str, Mapping]:
        """The fields of each service, by its code."""
        return {
            code: _fields(translate(document | {"shares": shares.in_order(document.get("shares", []))}, self._language))
            | {"lead_basis": lead_basis(document)}
            for code, document in self._edition.documents.items()
        }

    @cached_property
    def amounts(self) -> Mapping[str, list[dict]]:
        """The amounts of each service, by its code; which are current depends on a day (``with_current()``)."""
        documents = self._edition.documents.items()
        return {code: translate(document.get("amounts", []), self._language) for code, document in documents}

    def benefits(self, day: datetime.date) -> Mapping[str, Benefit]:
        """What one gets from each service on a day, by its code. Those of the last few days asked for are cached."""
        return self._benefits(day)

    @cached_property
    def entitlements(self) -> Mapping[str, TranslatedEntitlement]:
        """The entitlements of the edition by code of service, in the order of its numbers."""
        entitlements = self._edition.entitlements.entitlements
        return {item.service["code"]: TranslatedEntitlement(item, self._language) for item in entitlements}

    def _benefits_on(self, day: datetime.date) -> Mapping[str, Benefit]:
        documents = self._edition.documents.items()
        return {code: Benefit.on(document, day, self._language) for code, document in documents}


def get_published(edition: Edition) -> PublishedEdition:
    """Return a published edition in memory. No query."""
    # The digest is part of the key: a rebuilt database may have another edition with the same primary key.
    return _get(edition.pk, edition.digest)


@lru_cache(EDITIONS_CACHE_SIZE)
def _get(pk: int, digest: str) -> PublishedEdition:
    return PublishedEdition(pk, digest)


def _fields(document: Mapping) -> dict[str, object]:
    return {name: _written(value) if isinstance(value, dict | list) else value for name, value in document.items()}


def _written(value: object) -> Fragment:
    return Fragment(dumps(value))
