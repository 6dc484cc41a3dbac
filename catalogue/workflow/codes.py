"""Codes of new services: the next free one of a domain, so that a code is neither typed nor used twice."""

from collections.abc import Iterable

from catalogue.workflow.models import Proposal, ProposedEntry
from services.models import Domain, Service


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


def _taken() -> set[str]:
    """Return the codes of all services there ever were, and those that a proposal adds that was not voided."""
    proposed = ProposedEntry.objects.filter(action=ProposedEntry.Action.ADD)
    proposed = proposed.exclude(proposal__state=Proposal.State.VOID)
    return {*Service.objects.values_list("code", flat=True), *proposed.values_list("service", flat=True)}


def _next(domain: str, taken: Iterable[str]) -> str:
    numbers = [int(code.removeprefix(f"{domain}-")) for code in taken if code.startswith(f"{domain}-")]
    return f"{domain}-{max(numbers, default=0) + 1:02}"
