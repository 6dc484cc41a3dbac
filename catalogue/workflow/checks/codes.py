"""Codes of new services and terms: the next free one, so that a code is neither typed nor used twice."""

from collections.abc import Iterable

from django.db import models

from catalogue.audit.models import Event
from catalogue.workflow.models import Proposal, ProposedEntry
from services.models import Department, Domain, Region, Service, TargetGroup, Topic
from services.sources import Source

# What the codes begin with that the system gives to terms.
PREFIXES = {Source: "doc-", Department: "dept-", TargetGroup: "group-", Topic: "topic-"}


def next_term_code(vocabulary: type[models.Model]) -> str:
    """Return the next code of a vocabulary of ``PREFIXES``, ``doc-12``: never one that a term had, deleted or not.

    Called in the transaction that stores the term: codes are given one at a time.
    """
    list(Region.objects.select_for_update().order_by("pk"))
    prefix = PREFIXES[vocabulary]
    reference = f"{vocabulary._meta.model_name}/"
    codes = set(vocabulary.objects.filter(code__startswith=prefix).values_list("code", flat=True))
    recorded = Event.objects.filter(verb=Event.Verb.CREATED, term__startswith=f"{reference}{prefix}")
    codes |= {term.removeprefix(reference) for term in recorded.values_list("term", flat=True)}
    numbers = [int(number) for code in codes if (number := code.removeprefix(prefix)).isascii() and number.isdecimal()]
    return f"{prefix}{max(numbers, default=0) + 1}"


def next_codes() -> dict[str, str]:
    """Return the next free code of every domain, by the code of the domain."""
    taken = _taken()
    return {domain: _next(domain, taken) for domain in Domain.objects.values_list("code", flat=True)}


def free_codes(domain: str, count: int = 1) -> list[str]:
    """Return the next ``count`` free codes of a domain (its code)."""
    taken = _taken()
    codes = []
    for _ in range(count):
        codes.append(_next(domain, taken))
        taken.add(codes[-1])
    return codes


def proposed_codes(*, besides: Proposal | None = None) -> dict[str, int]:
    """Return the codes that a proposal adds that was not voided, each with the number of the proposal."""
    added = ProposedEntry.objects.filter(action=ProposedEntry.Action.ADD).exclude(proposal=besides)
    added = added.exclude(proposal__state=Proposal.State.VOID)
    return dict(added.values_list("service", "proposal__number"))


def _taken() -> set[str]:
    """Return the codes of all services there ever were, and those that are proposed."""
    return {*Service.objects.values_list("code", flat=True), *proposed_codes()}


def _next(domain: str, taken: Iterable[str]) -> str:
    numbers = [int(code.removeprefix(f"{domain}-")) for code in taken if code.startswith(f"{domain}-")]
    return f"{domain}-{max(numbers, default=0) + 1:02}"
