"""Example persons (示例人物): invented persons that show which outcomes a changed rule changes.

Standard library only: no database, no request, no clock.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from services.eligibility import sentences
from services.eligibility.facts import VOCABULARY, Criterion, Fact
from services.eligibility.rules import Rule, distinguishing_answers


class Person(NamedTuple):
    """An invented person: a descriptive name and valid circumstances."""

    name: str
    circumstances: Mapping[str, object]


class AffectedPerson(NamedTuple):
    """A person whose outcome a change of a rule changes: the outcomes before and after it."""

    person: Person
    before: str
    after: str


def read_persons(path: Path) -> tuple[Person, ...]:
    """Return the persons in a file with the structure of ``persons.json``."""
    return tuple(Person(**raw) for raw in json.loads(path.read_text(encoding="utf-8"))["persons"])


PERSONS = read_persons(Path(__file__).parents[2] / "fixtures" / "examples" / "persons.json")


def affected_persons(before: Mapping | None, after: Mapping | None) -> list[AffectedPerson]:
    """Return the persons for whom two values of ``eligibility`` give different outcomes.

    Persons generated from the bounds of both rules come first, so that every change of a bound shows; then those of
    ``PERSONS``, in the order of the file.
    """
    old, new = Rule(before), Rule(after)
    affected = []
    for person in (*boundary_persons(old, new), *PERSONS):
        answers = VOCABULARY.with_implications(person.circumstances)
        outcomes = old.judge(answers).outcome, new.judge(answers).outcome
        if outcomes[0] != outcomes[1]:
            affected.append(AffectedPerson(person, *outcomes))
    return affected


def boundary_persons(*rules: Rule) -> list[Person]:
    """Return persons on both sides of every bound of some rules, without duplicates.

    Each person meets a group entirely, or except for the answer to one fact. The answers to facts that only other
    groups refer to meet as few criteria as possible, so that the one answer decides the outcome.
    """
    criteria_by_fact: dict[str, list[Criterion]] = {}
    for criterion in (criterion for rule in rules for criterion in rule.criteria):
        criteria_by_fact.setdefault(criterion.fact, []).append(criterion)
    answers = {name: _sample_answers(VOCABULARY[name], criteria) for name, criteria in criteria_by_fact.items()}
    persons: dict[str, Person] = {}
    for rule in rules:
        for group in rule.groups:
            base_circumstances = {
                name: _simplest_answer(
                    VOCABULARY[name],
                    answers[name],
                    [group_criterion for group_criterion in group if group_criterion.fact == name],
                    criteria,
                )
                for name, criteria in criteria_by_fact.items()
            }
            for name in dict.fromkeys(criterion.fact for criterion in group):
                for answer in answers[name]:
                    circumstances = base_circumstances | {name: answer}
                    name_text = sentences.person_text(circumstances)
                    persons.setdefault(name_text, Person(name_text, circumstances))
    return list(persons.values())


def _sample_answers(fact: Fact, criteria: Sequence[Criterion]) -> list[object]:
    """Answers that distinguish a fact's criteria, lists as sorted lists."""
    return [
        sorted(answer) if isinstance(answer, frozenset) else answer for answer in distinguishing_answers(fact, criteria)
    ]


def _simplest_answer(
    fact: Fact, answers: Sequence, group_criteria: Sequence[Criterion], all_criteria: Sequence[Criterion]
) -> object:
    """The answer that meets the most of a group's own criteria and, among equals, the fewest criteria overall."""

    def count_met(criteria: Sequence[Criterion], answer: object) -> int:
        full_answer = VOCABULARY.with_implications({fact.name: answer})[fact.name]
        return sum(criterion.test(fact.type)(full_answer) for criterion in criteria)

    return min(
        answers,
        key=lambda answer: (len(group_criteria) - count_met(group_criteria, answer), count_met(all_criteria, answer)),
    )
