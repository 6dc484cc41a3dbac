"""Example persons (示例人物): invented, to see whom a changed rule would touch. Standard library only."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from services.eligibility import sentences
from services.eligibility.facts import VOCABULARY, Criterion, Fact
from services.eligibility.rules import Rule, distinguishing_answers


class Person(NamedTuple):
    """An invented person: a name to speak of, and valid circumstances."""

    name: str
    circumstances: Mapping[str, object]


class AffectedPerson(NamedTuple):
    """A person whom a change of a rule touches: the outcomes before and after it."""

    person: Person
    before: str
    after: str


def read_persons(path: Path) -> tuple[Person, ...]:
    """Return the persons of a file laid out as ``persons.json``."""
    return tuple(Person(**raw) for raw in json.loads(path.read_text(encoding="utf-8"))["persons"])


PERSONS = read_persons(Path(__file__).parents[2] / "fixtures" / "examples" / "persons.json")


def affected_persons(before: Mapping | None, after: Mapping | None) -> list[AffectedPerson]:
    """Return the persons of whom one ``eligibility`` says something else than another.

    First those made from the bounds of both rules, so that no change of a bound goes unseen; then the kept ones, in
    the order of their file.
    """
    old, new = Rule(before), Rule(after)
    found = []
    for person in (*boundary_persons(old, new), *PERSONS):
        known = VOCABULARY.with_implications(person.circumstances)
        outcomes = old.judge(known).outcome, new.judge(known).outcome
        if outcomes[0] != outcomes[1]:
            found.append(AffectedPerson(person, *outcomes))
    return found


def boundary_persons(*rules: Rule) -> list[Person]:
    """Return persons on both sides of every bound of some rules: each meets a group but for one answer, or wholly.

    A group is met as plainly as it can be; of facts that only other groups ask, the answer is one that meets the
    fewest of their criteria, so that the one answer decides. No person twice.
    """
    asked: dict[str, list[Criterion]] = {}
    for criterion in (criterion for rule in rules for criterion in rule.criteria):
        asked.setdefault(criterion.fact, []).append(criterion)
    answers = {name: _sample_answers(VOCABULARY[name], criteria) for name, criteria in asked.items()}
    made: dict[str, Person] = {}
    for rule in rules:
        for group in rule.groups:
            plain = {
                name: _simplest_answer(
                    VOCABULARY[name], answers[name], [each for each in group if each.fact == name], criteria
                )
                for name, criteria in asked.items()
            }
            for name in dict.fromkeys(criterion.fact for criterion in group):
                for answer in answers[name]:
                    circumstances = plain | {name: answer}
                    words = sentences.circumstances_text(circumstances)
                    made.setdefault(words, Person(words, circumstances))
    return list(made.values())


def _sample_answers(fact: Fact, criteria: Sequence[Criterion]) -> list[object]:
    """Answers that tell a fact's criteria apart, as a person would give them."""
    return [
        sorted(answer) if isinstance(answer, frozenset) else answer for answer in distinguishing_answers(fact, criteria)
    ]


def _simplest_answer(fact: Fact, answers: Sequence, own: Sequence[Criterion], every: Sequence[Criterion]) -> object:
    """The answer that meets all of a group's own criteria, and the fewest of any others."""

    def met(criteria: Sequence[Criterion], answer: object) -> int:
        known = VOCABULARY.with_implications({fact.name: answer})[fact.name]
        return sum(criterion.test(fact.type)(known) for criterion in criteria)

    return min(answers, key=lambda answer: (len(own) - met(own, answer), met(every, answer)))
