"""Published editions in memory: they never change, so each is read once and checked against its digest then.

Everything else that an answer needs of an edition is made of what was read, when it is first needed, and is shared.
"""

import json
from collections.abc import Mapping
from functools import cached_property, lru_cache

from orjson import Fragment

from catalogue.editions import seal, search_index
from catalogue.editions.entitlements import Entitlement, Entitlements
from catalogue.editions.listing import Listing
from catalogue.editions.models import Edition
from catalogue.editions.seal import DamagedEditionError, SealedTexts
from catalogue.editions.translation import translate
from services.eligibility.rules import Verdict
from services.json_text import dumps
from services.search import Index, SearchResult

# One takes some 15 MB with three languages and its search index; an edition comes every two or three years.
EDITIONS_CACHE_SIZE = 16


class PublishedEdition:
    """What was sealed with a published edition.

    Whatever reads the sealed texts raises DamagedEditionError if they are not those of the digest. Nothing is kept of
    damaged texts: an edition that was mended is served again without a restart.
    """

    def __init__(self, pk: int, digest: str):
        self.pk, self.digest = pk, digest
        self._is_known_sound = False
        self._index: tuple[search_index.Synonyms | None, Index | None] = None, None
        self._translations: dict[str, Translation] = {}

    def is_sound(self) -> bool:
        """Whether the sealed texts are those of the digest. One query until they are."""
        try:
            return self._is_known_sound or bool(self._read())
        except DamagedEditionError:
            return False

    def content(self) -> bytes:
        """Return the canonical bytes of the edition. One query."""
        return seal.edition_bytes(*self._read())

    @property
    def header(self) -> Mapping:
        """What the edition says of itself (``edition_header()``). One query the first time."""
        return self._parsed[0]

    @property
    def documents(self) -> Mapping[str, dict]:
        """The documents (``entry_document()``) by code, in the order of their numbers. One query the first time."""
        return self._parsed[1]

    @cached_property
    def reference(self) -> dict[str, str]:
        """The edition as every answer names it."""
        return {key: self.header[key] for key in ("slug", "effective_from")} | {"digest": self.digest}

    @cached_property
    def listing(self) -> Listing:
        """The services by their terms and in every order."""
        return Listing(self.documents)

    @cached_property
    def entitlements(self) -> Entitlements:
        """The rules of the services, ready to be judged."""
        return Entitlements.of(self.documents.values())

    def search(self, query: str) -> list[SearchResult]:
        """Return the services that a query finds, the best first. One query, of which a new index takes two more."""
        synonyms = search_index.synonyms()
        indexed, index = self._index
        if indexed != synonyms:
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
            # It may have been sound the last time.
            self._is_known_sound = False
            raise
        self._is_known_sound = True
        return sealed


class Translation:
    """A published edition in one language, ready for orjson: what stands in every answer alike is JSON already."""

    def __init__(self, edition: PublishedEdition, language: str):
        self._edition, self._language = edition, language

    @cached_property
    def services(self) -> Mapping[str, Mapping]:
        """The fields of each service, by its code."""
        return {
            code: _fields(translate(document, self._language)) for code, document in self._edition.documents.items()
        }

    @cached_property
    def entitlements(self) -> list["TranslatedEntitlement"]:
        """What the edition entitles to, in the order of its numbers."""
        entitlements = self._edition.entitlements.entitlements
        return [TranslatedEntitlement(entitlement, self._language) for entitlement in entitlements]


class TranslatedEntitlement:
    """A service with its rule in one language, as an answer about entitlements has it."""

    def __init__(self, entitlement: Entitlement, language: str):
        self._service = _written(translate(entitlement.service, language))
        self._note = translate(entitlement.note, language)
        # Each reason for a fact that is given; and, by its result, the whole reason for one that is not.
        self._reasons = [
            (
                reason["fact"],
                _fields(reason),
                {result: _written({**reason, "given": None, "result": result}) for result in (True, False, None)},
            )
            for reason in translate(entitlement.reasons, language)
        ]
        self._blank = entitlement.rule.initial_verdict
        self._blank_result = _written(self._result(self._blank, {}))

    def result(self, verdict: Verdict, circumstances: Mapping[str, object]) -> dict | Fragment:
        """Return what the answer says of the service, for orjson."""
        return self._blank_result if verdict is self._blank else self._result(verdict, circumstances)

    def _result(self, verdict: Verdict, circumstances: Mapping[str, object]) -> dict:
        return {
            "service": self._service,
            "outcome": verdict.outcome,
            "reasons": [
                {**reason, "given": circumstances[fact], "result": result} if fact in circumstances else ungiven[result]
                for (fact, reason, ungiven), result in zip(self._reasons, verdict.results, strict=True)
            ],
            "missing": verdict.missing,
            "note": self._note,
        }


def get(edition: Edition) -> PublishedEdition:
    """Return a published edition in memory. No query."""
    # By its digest too: a database that was made anew may have another edition in the same place.
    return _get(edition.pk, edition.digest)


@lru_cache(EDITIONS_CACHE_SIZE)
def _get(pk: int, digest: str) -> PublishedEdition:
    return PublishedEdition(pk, digest)


def _fields(document: Mapping) -> dict[str, object]:
    return {name: _written(value) if isinstance(value, dict | list) else value for name, value in document.items()}


def _written(value: object) -> Fragment:
    return Fragment(dumps(value))
