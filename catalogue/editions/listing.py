"""The services of a published edition by any term they have and in any order. Pure."""

from collections.abc import Callable, Collection, Mapping

# The terms of a document, by what they are terms of.
TERMS: dict[str, Callable[[Mapping], list[Mapping]]] = {
    "domain": lambda document: [document["domain"]],
    "target_group": lambda document: document["target_groups"],
    "lead_department": lambda document: _known(document["lead_department"]),
    "department": lambda document: [*_known(document["lead_department"]), *document["co_departments"]],
}
# What a list can be ordered by: text by its code points, as both databases compare it.
ORDERS = ("number", "code", "name")


class Listing:
    """The services of one edition by code, in the order of their numbers."""

    def __init__(self, documents: Mapping[str, Mapping]):
        self.documents = documents
        self.codes = tuple(documents)
        # For each sort of term: the term of each code, and the services that have it.
        self.terms: dict[str, dict[str, Mapping]] = {name: {} for name in TERMS}
        self._having: dict[str, dict[str, set[str]]] = {name: {} for name in (*TERMS, "verification")}
        for code, document in documents.items():
            for name, terms_of in TERMS.items():
                for term in terms_of(document):
                    self.terms[name].setdefault(term["code"], term)
                    self._having[name].setdefault(term["code"], set()).add(code)
            for label in set(document["verification"].values()) - {None}:
                self._having["verification"].setdefault(label, set()).add(code)
        # Equals stand by their numbers, backwards too: both ways are sorted from them, and sorting is stable.
        self._ordered = {
            f"{sign}{order}": sorted(self.codes, key=lambda code: documents[code][order], reverse=sign == "-")
            for order in ORDERS
            for sign in ("", "-")
        }
        self.numbers = {documents[code]["number"]: code for code in self.codes}

    def having(self, name: str, code: str) -> Collection[str]:
        """Return the services that have a term, none if this edition knows no such term."""
        return self._having[name].get(code, frozenset())

    def knows(self, name: str, code: str) -> bool:
        """Whether some service of this edition has a term."""
        return code in self._having[name]

    def ordered(self, by: str) -> list[str]:
        """Return every service in the order of one of ``ORDERS``, backwards after ``-``; equals by their numbers."""
        return list(self._ordered[by])


def _known(term: Mapping | None) -> list[Mapping]:
    return [term] if term else []
