"""Search index of an edition (检索): the searchable texts of its documents, and the synonyms.

The index depends on the edition and the synonyms only; ``services.search`` does the matching.
"""

import dataclasses
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from catalogue.editions.revisions import DataVersion, RevisionToken
from services.models import Synonym
from services.search import Index, Text

# The number of revisions of the public data whose synonyms are cached.
SYNONYMS_CACHE_SIZE = 4


@dataclasses.dataclass(frozen=True)
class Synonyms:
    """Pairs of a word and the code of a service it stands for.

    Compared by digest: comparing all pairs would take as long as a search.
    """

    digest: str
    pairs: tuple[tuple[str, str], ...] = dataclasses.field(compare=False)


def synonyms() -> Synonyms:
    """Return the current synonyms. One query, two after a change of public data."""
    return _synonyms(RevisionToken.objects.current_token())


@lru_cache(SYNONYMS_CACHE_SIZE)
def _synonyms(version: DataVersion) -> Synonyms:
    pairs = tuple(Synonym.objects.pairs())
    return Synonyms(hashlib.sha256(repr(pairs).encode()).hexdigest(), pairs)


def index(documents: Mapping[str, Mapping], synonyms: Synonyms) -> Index:
    """Return the search index of an edition's documents. No query."""
    texts_by_code: dict[str, list[Text]] = {code: list(texts(document)) for code, document in documents.items()}
    ranks: dict[str, int] = {}
    for word, code in synonyms.pairs:
        # The rank of this service among those of the word, from 0.
        rank = ranks[word] = ranks.get(word, -1) + 1
        if code in texts_by_code:
            texts_by_code[code].append(Text("synonym", word, rank))
    return Index(texts_by_code)


def texts(document: Mapping) -> Iterator[Text]:
    """Yield the searchable texts of a service's document (``entry_document()``)."""
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
    # People type the codes of domains; other codes are for programs.
    values = {term[key]: None for term in terms for key in (keys if field == "domain" else keys[1:]) if term.get(key)}
    for value in values:
        yield Text(field, value)
