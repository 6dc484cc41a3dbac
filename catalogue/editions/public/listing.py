"""Index of a published edition's services by term, and their sort orders. Pure."""

from collections.abc import Callable, Collection, Mapping

# The terms of a document for each filter of a list.
TERMS: dict[str, Callable[[Mapping], list[Mapping]]] = {
    "domain": lambda document: [document["domain"]],
    "target_group": lambda document: document["target_groups"],
    "lead_department": lambda document: _as_list(document["lead_department"]),
    "department": lambda document: [*_as_list(document["lead_department"]), *document["co_departments"]],
}
# The fields a list can be ordered by; text is ordered by code point, as on both databases.
ORDERS = ("number", "code", "name")


class Listing:
    """The services of one edition by code, in the order of their numbers."""

    def __init__(self, documents: Mapping[str, Mapping]):
        self.documents = documents
        self.codes = tuple(documents)
        # For each key of TERMS: the term by its code, and the codes of the services that have it.
        self.terms: dict[str, dict[str, Mapping]] = {name: {} for name in TERMS}
        self._having: dict[str, dict[str, set[str]]] = {name: {} for name in (*TERMS, "verification")}
        for code, document in documents.items():
            for name, terms_of in TERMS.items():
                for term in terms_of(document):
                    self.terms[name].setdefault(term["code"], term)
                    self._having[name].setdefault(term["code"], set()).add(code)
            for label in set(document["verification"].values()) - {None}:
                self._having["verification"].setdefault(label, set()).add(code)
        # Ties are ordered by number, in descending order too: the sort is stable and starts from the numbers.
        self._ordered = {
            f"{sign}{order}": sorted(self.codes, key=lambda code: documents[code][order], reverse=sign == "-")
            for order in ORDERS
            for sign in ("", "-")
        }
        self.numbers = {documents[code]["number"]: code for code in self.codes}

    def services_with(self, name: str, code: str) -> Collection[str]:
        """Return the codes of the services that have a term; empty if the edition lacks the term."""
        return self._having[name].get(code, frozenset())

    def knows(self, name: str, code: str) -> bool:
        """Whether any service of this edition has a term."""
        return code in self._having[name]

    def ordered(self, by: str) -> list[str]:
        """Return all codes in the order of one of ``ORDERS``, descending after ``-``; ties by number."""
        return list(self._ordered[by])


def _as_list(term: Mapping | None) -> list[Mapping]:
    return [term] if term else []
