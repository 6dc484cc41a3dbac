"""The questions to ask next: the facts that can decide the most rules first. Standard library only."""

from collections.abc import Container, Iterable
from typing import NamedTuple

from services.eligibility.facts import VOCABULARY, Fact, Vocabulary
from services.eligibility.rules import Rule, Verdict


class Question(NamedTuple):
    """A fact to ask, and the number of undecided rules that an answer to it can decide."""

    fact: Fact
    settles: int


def questions(
    judged: Iterable[tuple[Rule, Verdict]], unanswered: Container[str] = (), vocabulary: Vocabulary = VOCABULARY
) -> list[Question]:
    """Return the missing facts, without those that stay unanswered: first the one that can decide the most rules.

    Equals stand in the order of the vocabulary. The number is 0 if no single answer can decide a rule yet, for example
    one of two open groups with two facts each.
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
    found = [
        Question(fact, decided_counts[fact.name])
        for fact in vocabulary
        if fact.name in decided_counts and fact.name not in unanswered
    ]
    return sorted(found, key=lambda question: -question.settles)


def next_question(
    judged: Iterable[tuple[Rule, Verdict]], unanswered: Container[str] = (), vocabulary: Vocabulary = VOCABULARY
) -> Question | None:
    """Return the first of ``questions()``; None if there is none."""
    return next(iter(questions(judged, unanswered, vocabulary)), None)
