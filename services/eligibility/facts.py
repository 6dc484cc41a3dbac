"""The facts a person can be asked about (事实): their types, bounds and words, and what follows from what.

Data of ``fixtures/vocabularies/facts.json``, read once. Standard library only: no database, no request, no clock. A
fact is never renamed and never loses a choice, because published editions hold rules over it.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import eq, ge, gt, le, lt, ne
from pathlib import Path
from typing import NamedTuple

INTEGER, BOOLEAN, CHOICE, CHOICES = "integer", "boolean", "choice", "choices"
TYPES = (INTEGER, BOOLEAN, CHOICE, CHOICES)
# What each type of fact can be asked. Of a list of choices ``contains`` and ``ne`` ask for one, ``in`` for any of some.
OPERATORS = {
    INTEGER: ("eq", "ne", "lt", "lte", "gt", "gte", "in"),
    BOOLEAN: ("eq", "ne"),
    CHOICE: ("eq", "ne", "in"),
    CHOICES: ("contains", "ne", "in"),
}
COMPARISONS = {"eq": eq, "ne": ne, "lt": lt, "lte": le, "gt": gt, "gte": ge}
# What an integer fact without a maximum of its own may hold: more months than anybody has lived.
MAX_INTEGER = 9999
# What an implication may say of another fact: a whole answer, or what a choice or a list holds or does not hold.
CONSEQUENCE_OPERATORS = {INTEGER: ("eq",), BOOLEAN: ("eq",), CHOICE: ("eq", "ne"), CHOICES: ("contains", "ne")}


class Criterion(NamedTuple):
    """One condition: a fact, an operator of ``OPERATORS``, and the value (for ``in``: a tuple) it is compared with."""

    fact: str
    op: str
    value: object

    def test(self, type_: str) -> Callable[[object], bool]:
        """Return the question the criterion asks of an answer to its fact, which is of a type of ``TYPES``."""
        op, value = self.op, self.value
        if type_ == CHOICES:
            if op == "in":
                wanted = frozenset(value)
                return lambda answer: not wanted.isdisjoint(answer)
            return (lambda answer: value not in answer) if op == "ne" else (lambda answer: value in answer)
        if op == "in":
            return frozenset(value).__contains__
        compare = COMPARISONS[op]
        return lambda answer: compare(answer, value)


class Implication(NamedTuple):
    """What follows from an answer for certain: if the first criterion holds, so does the second, and why."""

    condition: Criterion
    consequence: Criterion
    because: str
    because_en: str


class PartialAnswer(NamedTuple):
    """What other answers say of a choice or list that was not answered: what it holds, and what it does not hold."""

    includes: frozenset[str] = frozenset()
    excludes: frozenset[str] = frozenset()

    def result(self, criterion: Criterion) -> bool | None:
        """Whether a criterion over the fact holds whatever the answer is; None if the answer could decide it."""
        values = set(criterion.value) if criterion.op == "in" else {criterion.value}
        holds = criterion.op != "ne"
        if not values.isdisjoint(self.includes):
            return holds
        return not holds if values <= self.excludes else None


@dataclass(frozen=True)
class Fact:
    """One thing to know of a person.

    ``choices`` are code and label, in the order to show; ``exclusive`` those that no other may stand beside; ``said``
    are the words of a sentence about it; ``known_by`` is the office or paper that knows the answer.
    """

    name: str
    type: str
    label: str
    question: str
    label_en: str
    question_en: str
    choices: Mapping[str, str] = field(default_factory=dict)
    choices_en: Mapping[str, str] = field(default_factory=dict)
    minimum: int | None = None
    maximum: int | None = None
    unit: str | None = None
    said: Mapping[str, str] = field(default_factory=dict)
    help: str | None = None
    help_en: str | None = None
    example: str | None = None
    example_en: str | None = None
    group: str | None = None
    known_by: str | None = None
    known_by_en: str | None = None
    exclusive: tuple[str, ...] = ()

    def fault(self, value: object) -> str | None:
        """Return what is wrong with an answer and what is allowed, or None. The answer itself is not repeated."""
        if self.type == INTEGER:
            # A bool is an int to Python, and nobody is True years old.
            right = type(value) is int and self._lower_bound <= value <= self._upper_bound
            return None if right else f"应是 {self._lower_bound} 到 {self._upper_bound} 的整数。"
        if self.type == BOOLEAN:
            return None if type(value) is bool else "应是 true 或 false。"
        if self.type == CHOICE:
            return None if isinstance(value, str) and value in self.choices else "应是可用值之一。"
        if not isinstance(value, list) or not all(isinstance(each, str) and each in self.choices for each in value):
            return "应是由可用值组成的列表。"
        if len(set(value)) != len(value):
            return "列表中有重复的值。"
        if len(value) > 1 and (alone := [name for name in self.exclusive if name in value]):
            return f"{alone[0]} 表示没有，不能与其他值同时出现。"
        return None

    def allowed(self) -> list[str]:
        """The values an answer may have or hold, where they can be listed."""
        if self.type == INTEGER:
            return [f"{self._lower_bound}…{self._upper_bound}"]
        return ["true", "false"] if self.type == BOOLEAN else list(self.choices)

    def in_language(self, language: str) -> dict:
        """The fact as it is answered, labels and choices in English (``en``) or else in Chinese."""
        english = language == "en"
        found = {
            "name": self.name,
            "type": self.type,
            "label": self.label_en if english else self.label,
            "question": self.question_en if english else self.question,
            "help": self.help_en if english else self.help,
            "example": self.example_en if english else self.example,
            "group": self.group,
            "known_by": self.known_by_en if english else self.known_by,
        }
        bounds = {"minimum": self.minimum, "maximum": self.maximum, "unit": self.unit}
        found |= {name: bound for name, bound in bounds.items() if bound is not None}
        if self.choices:
            found["choices"] = dict(self.choices_en if english else self.choices)
        if self.type == CHOICES:
            found["exclusive"] = list(self.exclusive)
        return found

    @property
    def _lower_bound(self) -> int:
        return 0 if self.minimum is None else self.minimum

    @property
    def _upper_bound(self) -> int:
        return MAX_INTEGER if self.maximum is None else self.maximum


@dataclass(frozen=True)
class Vocabulary:
    """Every fact by its name, in the order they are asked in, and what follows from what.

    ``groups`` are the codes that facts are grouped by, each with its Chinese and its English name, in order.
    """

    facts: Mapping[str, Fact]
    groups: Mapping[str, tuple[str, str]]
    implications: tuple[Implication, ...]
    # Of each fact: what an answer to it may imply of others, each with the test of its condition.
    _implications_by_fact: Mapping[str, list[tuple[Callable[[object], bool], Implication]]]
    # Of each list: which choice implies which others of the same list.
    _implied_choices: Mapping[str, Mapping[str, frozenset[str]]]

    def __iter__(self) -> Iterator[Fact]:
        return iter(self.facts.values())

    def __getitem__(self, name: str) -> Fact:
        return self.facts[name]

    def __contains__(self, name: object) -> bool:
        return name in self.facts

    def with_implications(self, circumstances: Mapping[str, object]) -> dict[str, object]:
        """Return valid answers as they are judged, with what follows from them for facts that were not answered.

        A list is a set that holds what its members imply as well. Of what follows, a whole answer stands like one that
        was given, anything less as a ``Partial``. An answer that was given is never changed by another.
        """
        known = {
            name: self.implied(name, answer) if isinstance(answer, list) else answer
            for name, answer in circumstances.items()
        }
        waiting = list(known)
        while waiting:
            name = waiting.pop()
            for holds, implication in self._implications_by_fact.get(name, ()):
                fact = implication.consequence.fact
                if fact not in circumstances and _condition_holds(holds, implication.condition, known[name]):
                    added = self._add_consequence(known.get(fact), implication.consequence)
                    if added != known.get(fact):
                        known[fact] = added
                        waiting.append(fact)
        return known

    def contradictions(self, circumstances: Mapping[str, object]) -> list[Implication]:
        """Return the implications that valid answers break: another answer, or what follows from it, says otherwise."""
        known = self.with_implications(circumstances)
        return [
            each
            for each in self.implications
            if each.condition.fact in known
            and each.consequence.fact in known
            and self._criterion_result(each.condition, known) is True
            and self._criterion_result(each.consequence, known) is False
        ]

    def _criterion_result(self, criterion: Criterion, known: Mapping[str, object]) -> bool | None:
        answer = known[criterion.fact]
        if isinstance(answer, PartialAnswer):
            return answer.result(criterion)
        return criterion.test(self.facts[criterion.fact].type)(answer)

    def implied(self, name: str, answer: Iterable[str]) -> frozenset[str]:
        """Return a set of choices with everything they imply of the same list."""
        chosen, implied = frozenset(answer), self._implied_choices.get(name, {})
        return chosen.union(*(implied.get(choice, ()) for choice in chosen))

    def _add_consequence(self, known: object, consequence: Criterion) -> object:
        """What is known of an unanswered fact, with one consequence more."""
        if consequence.op == "eq":
            return consequence.value
        if known is not None and not isinstance(known, PartialAnswer):
            return known
        includes, excludes = known or PartialAnswer()
        if consequence.op == "contains" and consequence.value in self.facts[consequence.fact].exclusive:
            return frozenset({consequence.value})
        if consequence.op == "contains":
            return PartialAnswer(includes | self.implied(consequence.fact, [consequence.value]), excludes)
        return PartialAnswer(includes, excludes | {consequence.value})


def read_vocabulary(path: Path) -> Vocabulary:
    """Return the vocabulary of a file laid out as ``facts.json``.

    Raises KeyError, TypeError or ValueError for a misshapen one, so that a misspelt fact or choice stops the start.
    """
    file = json.loads(path.read_text(encoding="utf-8"))
    facts = {raw["name"]: Fact(**{**raw, "exclusive": tuple(raw.get("exclusive", ()))}) for raw in file["facts"]}
    implications = tuple(
        Implication(_criterion(facts, raw["if"]), _consequence(facts, raw["then"]), raw["because"], raw["because_en"])
        for raw in file["implications"]
    )
    direct: dict[str, dict[str, set[str]]] = {}
    across: dict[str, list[tuple[Callable[[object], bool], Implication]]] = {}
    for each in implications:
        condition, consequence = each.condition, each.consequence
        if condition.fact == consequence.fact:
            direct.setdefault(condition.fact, {}).setdefault(condition.value, set()).add(consequence.value)
        else:
            across.setdefault(condition.fact, []).append((condition.test(facts[condition.fact].type), each))
    groups = {raw["code"]: (raw["label"], raw["label_en"]) for raw in file["groups"]}
    return Vocabulary(
        facts, groups, implications, across, {name: _transitive_closure(implied) for name, implied in direct.items()}
    )


def _criterion(facts: Mapping[str, Fact], raw: Mapping) -> Criterion:
    fact, op, value = facts[raw["fact"]], raw["op"], raw["value"]
    values = value if op == "in" else [value]
    if op not in OPERATORS[fact.type] or any(fact.fault([each] if fact.type == CHOICES else each) for each in values):
        raise ValueError(f"facts.json：{raw}")
    return Criterion(fact.name, op, tuple(value) if op == "in" else value)


def _consequence(facts: Mapping[str, Fact], raw: Mapping) -> Criterion:
    consequence = _criterion(facts, raw)
    if consequence.op not in CONSEQUENCE_OPERATORS[facts[consequence.fact].type]:
        raise ValueError(f"facts.json：{raw}")
    return consequence


def _condition_holds(holds: Callable[[object], bool], condition: Criterion, answer: object) -> bool:
    return answer.result(condition) is True if isinstance(answer, PartialAnswer) else holds(answer)


def _transitive_closure(implied: Mapping[str, set[str]]) -> dict[str, frozenset[str]]:
    """What each choice implies, and what that implies in turn."""
    closed = {}
    for choice in implied:
        found, waiting = set(), {choice}
        while waiting:
            waiting = {each for one in waiting for each in implied.get(one, ())} - found
            found |= waiting
        closed[choice] = frozenset(found)
    return closed


VOCABULARY = read_vocabulary(Path(__file__).parents[2] / "fixtures" / "vocabularies" / "facts.json")
