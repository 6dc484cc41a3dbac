"""The questions that are left, in the order to ask them, a page of one subject at a time. Standard library only."""

from collections.abc import Container, Iterable, Sequence
from typing import NamedTuple

from services.eligibility.facts import VOCABULARY, Fact, Vocabulary
from services.eligibility.rules import Rule, Verdict


class Question(NamedTuple):
    """A fact to ask, and the number of undecided rules that an answer to it can decide.

    ``expected`` is whether it is still asked if each answer settles what it can; other questions follow only from
    answers that do not.
    """

    fact: Fact
    settles: int
    expected: bool


def questions(
    judged: Iterable[tuple[Rule, Verdict]], unanswered: Container[str] = (), vocabulary: Vocabulary = VOCABULARY
) -> list[Question]:
    """Return the missing facts, without those that stay unanswered, in the order to ask them.

    The first one can decide the most rules; of equals the first of the vocabulary. The expected ones of its group come
    with it, then those of the group that can decide the most, and so on; the others come last. The number is 0 if no
    single answer can decide a rule yet, for example one of two open groups with two facts each.
    """
    undecided = [(rule, verdict) for rule, verdict in judged if verdict.missing]
    decided_counts = _decided_counts(undecided)
    counts = {fact.name: decided_counts[fact.name] for fact in vocabulary if fact.name in decided_counts}
    left = sorted((name for name in counts if name not in unanswered), key=lambda name: -counts[name])
    weights = _cover(left, [facts for rule, verdict in undecided for facts in rule.open_facts(verdict)])
    pages = _pages([(vocabulary[name], weight) for name, weight in weights.items()])
    return [Question(fact, counts[fact.name], expected=True) for page in pages for fact in page] + [
        Question(vocabulary[name], counts[name], expected=False) for name in left if name not in weights
    ]


def _decided_counts(undecided: Iterable[tuple[Rule, Verdict]]) -> dict[str, int]:
    """Return for each missing fact how many rules some answer to it decides."""
    counts: dict[str, int] = {}
    for rule, verdict in undecided:
        missing = verdict.missing
        if rule.every_fact_decides and len(verdict.open_groups) == 1:
            for name in missing:
                counts[name] = counts.get(name, 0) + 1
        elif verdict is rule.initial_verdict:
            for name, decides in rule.initial_decisions:
                counts[name] = counts.get(name, 0) + decides
        else:
            for name in missing:
                counts[name] = counts.get(name, 0) + rule.decided_by(name, verdict.open_groups)
    return counts


def _cover(names: Sequence[str], groups: Sequence[Sequence[str]]) -> dict[str, int]:
    """Return facts that meet every open group, each with the number of groups that it is the first to meet.

    A group is closed by one criterion that fails, so these are the facts to ask if answers are as they mostly are. The
    first name is always one of them; then the one that meets the most groups, by the greedy algorithm for a set cover.
    """
    groups_by_fact: dict[str, list[int]] = {name: [] for name in names}
    for place, group in enumerate(groups):
        for name in group:
            if name in groups_by_fact:
                groups_by_fact[name].append(place)
    sizes = {name: len(places) for name, places in groups_by_fact.items()}
    cover: dict[str, int] = {}
    is_met = [False] * len(groups)
    name = next(iter(names), None)
    while name is not None and sizes[name]:
        cover[name] = sizes[name]
        for place in groups_by_fact[name]:
            if not is_met[place]:
                is_met[place] = True
                for other in groups[place]:
                    if other in sizes:
                        sizes[other] -= 1
        name = max(sizes, key=sizes.__getitem__)
    return cover


def _pages(weighted_facts: Sequence[tuple[Fact, int]]) -> list[list[Fact]]:
    """Return the facts by group: the group of the first one, then by weight."""
    pages: dict[str | None, list[Fact]] = {}
    weights: dict[str | None, int] = {}
    for fact, weight in weighted_facts:
        pages.setdefault(fact.group, []).append(fact)
        weights[fact.group] = weights.get(fact.group, 0) + weight
    first = next(iter(pages), None)
    return [pages[group] for group in sorted(pages, key=lambda group: (group != first, -weights[group]))]
