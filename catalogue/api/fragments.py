"""The services of an edition as JSON text, field by field: an answer is put together of them, and rendered no more.

They are cut from what was sealed at publication, once in each language. What they make together is what
``EntrySerializer`` declares and would make; a test compares the two.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from catalogue import listing
from catalogue.models import Edition
from catalogue.translating import told
from catalogue.web.negotiation import LANGUAGES
from catalogue.wire import member


class Fragments:
    """Each field of each service of one edition in one language, by the service's code."""

    def __init__(self, documents: Mapping[str, Mapping], edition: Mapping, language: str):
        self.edition = member("edition", edition)
        self._fields = {
            code: {name: member(name, value) for name, value in told(document, language).items()}
            for code, document in documents.items()
        }

    def service(self, code: str, fields: Sequence[str], *, address: str, more: Mapping[str, str]) -> str:
        """Return one service as JSON, with the fields given, in their order.

        ``address`` is where it is read; ``more`` are members that are not the edition's to say, by their names.
        """
        return "{" + ",".join(self._parts(code, fields, address, more)) + "}"

    def _parts(self, code: str, fields: Sequence[str], address: str, more: Mapping[str, str]) -> Iterator[str]:
        own = self._fields[code]
        for name in fields:
            if name in own:
                yield own[name]
            elif name == "url":
                yield f'"url":"{address}"'
            else:
                yield self.edition if name == "edition" else more[name]


def fragments(edition: Edition, language: str) -> Fragments:
    """Return the fragments of a published edition. One query the first time."""
    return _fragments(edition.pk, edition.digest, edition.slug, edition.effective_from.isoformat(), language)


@lru_cache(maxsize=4 * len(LANGUAGES))
def _fragments(pk: int, digest: str, slug: str, effective_from: str, language: str) -> Fragments:
    reference = {"slug": slug, "effective_from": effective_from, "digest": digest}
    return Fragments(listing.listing_of(pk, digest).documents, reference, language)


def page(edition: str, services: Iterable[str], **members: object) -> bytes:
    """Return a page of a list: the envelope of ``members`` with the edition and the services, as they are given."""
    envelope = [member(name, value) for name, value in members.items() if name != "facets"]
    facets = [member("facets", members["facets"])] if members.get("facets") else []
    return ("{" + ",".join([*envelope, edition, *facets, f'"results":[{",".join(services)}]']) + "}").encode()
