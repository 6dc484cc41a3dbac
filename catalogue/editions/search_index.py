"""Finding services of an edition by what people type (检索): what of a document is searched, and with which synonyms.

The index depends on the edition and the synonyms alone; ``services.search`` does the comparing.
"""

import dataclasses
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from catalogue.editions.revisions import DataVersion, RevisionToken
from services.models import Synonym
from services.search import Index, Text

# How many revisions of the synonyms are kept.
SYNONYMS_CACHE_SIZE = 4


@dataclasses.dataclass(frozen=True)
class Synonyms:
    """Every word with each service it stands for, known by their digest: comparing them all takes a search's time."""

    digest: str
    pairs: tuple[tuple[str, str], ...] = dataclasses.field(compare=False)


def synonyms() -> Synonyms:
    """Return the synonyms there are now. One query, after a change two."""
    return _synonyms(RevisionToken.objects.current_token())


@lru_cache(SYNONYMS_CACHE_SIZE)
def _synonyms(stamp: DataVersion) -> Synonyms:
    pairs = tuple(Synonym.objects.pairs())
    return Synonyms(hashlib.sha256(repr(pairs).encode()).hexdigest(), pairs)


def index(documents: Mapping[str, Mapping], synonyms: Synonyms) -> Index:
    """Return the index of an edition's documents. No query."""
    searched: dict[str, list[Text]] = {code: list(texts(document)) for code, document in documents.items()}
    places: dict[str, int] = {}
    for word, code in synonyms.pairs:
        # How many services a word names before this one.
        place = places[word] = places.get(word, -1) + 1
        if code in searched:
            searched[code].append(Text("synonym", word, place))
    return Index(searched)


def texts(document: Mapping) -> Iterator[Text]:
    """Yield what is searched of a service's document (``entry_document()``)."""
    yield Text("code", document["code"])
    yield Text("number", str(document["number"]))
    for field in ("name", "name_en", "target_group_text", "content", "standard"):
        if document[field]:
            yield Text(field, document[field])
    lead = document["lead_department"]
    for field, terms in (
        ("domain", [document["domain"]]),
        ("target_groups", document["target_groups"]),
        ("lead_department", [lead] if lead else []),
        ("lead_department_alternatives", document["lead_department_alternatives"]),
        ("co_departments", document["co_departments"]),
        ("legal_basis", document["legal_basis"]),
        ("citations", [citation["source"] for citation in document["citations"]]),
    ):
        yield from _named(field, terms)


def _named(field: str, terms: Iterable[Mapping]) -> Iterator[Text]:
    keys = ("code", "name", "short_name", "name_en", "title", "document_number")
    # The code of a domain is typed; the others' codes are for programs.
    seen = {term[key]: None for term in terms for key in (keys if field == "domain" else keys[1:]) if term.get(key)}
    for said in seen:
        yield Text(field, said)
