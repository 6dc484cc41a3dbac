"""Whether the vocabularies still agree with the published editions that name their terms.

An edition's text is sealed and stays. A term is a row that can change: renamed or reordered, it differs from what was
sealed; dated later, a document may not be cited in an edition that cites it. Keeps out who may change a term.
"""

import datetime
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from django.db import models

from catalogue.models import Edition, Entry
from services.models import Department, Domain, Region, Source, TargetGroup

# The vocabulary that each list or term of a sealed document comes from.
VOCABULARIES: dict[str, type[models.Model]] = {
    "domain": Domain,
    "target_groups": TargetGroup,
    "lead_department": Department,
    "lead_department_alternatives": Department,
    "co_departments": Department,
    "legal_basis": Source,
}

Terms = Mapping[type[models.Model], Mapping[str, models.Model]]


class Fault(NamedTuple):
    """One reason why a term and a published edition disagree; both by what they are called outside the database."""

    edition: str
    term: str
    reason: str

    def __str__(self) -> str:
        return f"版本 {self.edition}，{self.term} {self.reason}"


def read_terms() -> Terms:
    """Return the terms that sealed documents name, by vocabulary and code, as they are now. Five queries."""
    return {
        vocabulary: {term.code: term for term in vocabulary.objects.all()}
        for vocabulary in (Region, Domain, TargetGroup, Department, Source)
    }


def faults(*states: Terms) -> list[dict[Fault, int]]:
    """Return, for each state of the terms, its faults with the number of sealed texts that have them.

    All states are compared with the same editions, which are read once. Two queries.
    """
    counters = [Counter() for _ in states]
    editions = {edition.pk: edition for edition in Edition.objects.published().order_by("number")}
    documents = {pk: [] for pk in editions}
    for pk, text in Entry.objects.filter(edition__in=editions).order_by("number").values_list("edition_id", "sealed"):
        documents[pk].append(json.loads(text))
    for pk, edition in editions.items():
        region = json.loads(edition.sealed)["region"]
        for terms, counter in zip(states, counters, strict=True):
            disagreements = [_renamed(region, Region, terms)]
            disagreements += [_disagreeing(document, terms, edition.effective_from) for document in documents[pk]]
            for disagreement in disagreements:
                # Once a text, however often it names a term.
                counter.update(Fault(edition.slug, *said) for said in dict.fromkeys(disagreement))
    return [dict(counter) for counter in counters]


def unsettled_by(source: Source) -> list[tuple[str, datetime.date, str]]:
    """Return the published entries that a document's dates, as they stand on the instance, would leave without ground.

    That is, those that cite it and are in force before it may be cited: the edition's slug, the first day it is in
    force and the service's code, by edition and number.
    """
    # What is a legal basis is cited as well: no edition is published otherwise.
    cited = {"citations__source": source, "edition__effective_from__lt": source.first_day()}
    entries = Entry.objects.published().filter(**cited).distinct()
    return list(
        entries.order_by("edition__number", "number").values_list(
            "edition__slug", "edition__effective_from", "service__code"
        )
    )


def _disagreeing(document: Mapping, terms: Terms, effective_from: datetime.date) -> Iterator[tuple[str, str]]:
    sources = {source["code"]: source for source in document["legal_basis"]}
    for column, vocabulary in VOCABULARIES.items():
        named = document[column]
        if not isinstance(named, list):
            named = [named] if named else []
        else:
            yield from _reordered([term["code"] for term in named], vocabulary, terms)
        for term in named:
            yield from _renamed(term, vocabulary, terms)
    for citation in document["citations"]:
        sources[citation["source"]["code"]] = citation["source"]
        yield from _renamed(citation["source"], Source, terms)
    for code in sources:
        source = terms[Source].get(code)
        if source and source.counts_from > effective_from:
            yield (
                _called(Source, code),
                f"自 {source.counts_from} 起方可引用，晚于版本的施行日期 {effective_from}",
            )


def _renamed(sealed: Mapping, vocabulary: type[models.Model], terms: Terms) -> Iterator[tuple[str, str]]:
    """Yield what a term says now in place of what was sealed."""
    called, term = _called(vocabulary, sealed["code"]), terms[vocabulary].get(sealed["code"])
    if term is None:
        yield called, "已不在词表中"
        return
    for column, value in sealed.items():
        now = getattr(term, column)
        if now != value:
            label = vocabulary._meta.get_field(column).verbose_name
            yield (
                called,
                f"的“{label}”已是“{'未知' if now is None else now}”，封存时是“{'未知' if value is None else value}”",
            )


def _reordered(sealed: list[str], vocabulary: type[models.Model], terms: Terms) -> Iterator[tuple[str, str]]:
    """Yield the first term of a list that now stands elsewhere in it, if there is one."""
    present = [terms[vocabulary][code] for code in sealed if code in terms[vocabulary]]
    order = sorted(present, key=lambda term: (term.position, term.code))
    moved = [term.code for was, term in zip(present, order, strict=True) if was != term]
    if moved:
        yield _called(vocabulary, moved[0]), f"的次序变了，现为：{'、'.join(term.code for term in order)}"


def _called(vocabulary: type[models.Model], code: str) -> str:
    return f"{vocabulary._meta.verbose_name} {code}"
