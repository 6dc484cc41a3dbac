"""The question to ask next: the fact that can decide the most rules. Standard library only."""

from collections.abc import Iterable

from services.eligibility.facts import VOCABULARY, Fact, Vocabulary
from services.eligibility.rules import Rule, Verdict


def next_question(
    judged: Iterable[tuple[Rule, Verdict]], vocabulary: Vocabulary = VOCABULARY
) -> tuple[Fact, int] | None:
    """Return the fact to ask next and the number of undecided rules that an answer to it can decide, or None.

    This is the missing fact that can decide the most rules; among equals, the first in the vocabulary. The number is 0
    if no single answer can decide a rule yet, for example one of two open groups with two facts each. None means that
    no fact is missing.
    """
    decided_counts: dict[str, int] = {}
    for rule, verdict in judged:
        missing = verdict.missing
        if missing and rule.every_fact_decides and len(verdict.open_groups) == 1:
            for name in missing:
                decided_counts[name] = decided_counts.get(name, 0) + 1
        elif verdict is rule.initial_verdict:
            for name, decides in rule.initial_decisions:
                decided_counts[name] = decided_counts.get(name, 0) + decides
        else:
            for name in missing:
                decided_counts[name] = decided_counts.get(name, 0) + rule.decided_by(name, verdict.open_groups)
    if not decided_counts:
        return None
    max_count = max(decided_counts.values())
    return next((fact, max_count) for fact in vocabulary if decided_counts.get(fact.name) == max_count)
