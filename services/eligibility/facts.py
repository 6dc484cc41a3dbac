"""The facts a person can be asked about (事实): their types, bounds and texts, and the implications between them.

The data is ``fixtures/vocabularies/facts.json``, read once at import. Standard library only: no database, no request,
no clock. A fact is never renamed and never loses a choice, because the rules of published editions refer to it.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import eq, ge, gt, le, lt, ne
from pathlib import Path
from typing import NamedTuple

from services.faults import ProblemCode, bounds

INTEGER, BOOLEAN, CHOICE, CHOICES = "integer", "boolean", "choice", "choices"
TYPES = (INTEGER, BOOLEAN, CHOICE, CHOICES)
# The operators of each type of fact. For a list of choices, ``contains`` and ``ne`` take one choice, ``in`` several.
OPERATORS = {
    INTEGER: ("eq", "ne", "lt", "lte", "gt", "gte", "in"),
    BOOLEAN: ("eq", "ne"),
    CHOICE: ("eq", "ne", "in"),
    CHOICES: ("contains", "ne", "in"),
}
COMPARISONS = {"eq": eq, "ne": ne, "lt": lt, "lte": le, "gt": gt, "gte": ge}
# The upper bound of an integer fact without a maximum of its own: more months than a human life has.
MAX_INTEGER = 9999
# The operators of a consequence: a complete answer, or one choice that a choice or list has or does not have.
CONSEQUENCE_OPERATORS = {INTEGER: ("eq",), BOOLEAN: ("eq",), CHOICE: ("eq", "ne"), CHOICES: ("contains", "ne")}


class Criterion(NamedTuple):
    """One condition: a fact, an operator of ``OPERATORS``, and the value (for ``in``: a tuple) it is compared with."""

    fact: str
    op: str
    value: object

    def test(self, type_: str) -> Callable[[object], bool]:
        """Return a predicate over answers to the fact, whose type is ``type_``, one of ``TYPES``."""
        op, value = self.op, self.value
        if type_ == CHOICES:
            if op == "in":
                choices = frozenset(value)
                return lambda answer: not choices.isdisjoint(answer)
            return (lambda answer: value not in answer) if op == "ne" else (lambda answer: value in answer)
        if op == "in":
            return frozenset(value).__contains__
        compare = COMPARISONS[op]
        return lambda answer: compare(answer, value)


class Implication(NamedTuple):
    """A certain inference: if the condition holds, so does the consequence; ``because`` states the reason."""

    condition: Criterion
    consequence: Criterion
    because: str
    because_en: str


class PartialAnswer(NamedTuple):
    """What other answers imply about an unanswered choice or list: the choices it includes and those it excludes."""

    includes: frozenset[str] = frozenset()
    excludes: frozenset[str] = frozenset()

    def result(self, criterion: Criterion) -> bool | None:
        """Whether a criterion over the fact holds for every possible answer; None if that depends on the answer."""
        values = set(criterion.value) if criterion.op == "in" else {criterion.value}
        holds = criterion.op != "ne"
        if not values.isdisjoint(self.includes):
            return holds
        return not holds if values <= self.excludes else None


@dataclass(frozen=True)
class Fact:
    """One attribute of a person that rules can refer to.

    ``choices`` maps code to label, in display order; ``exclusive`` are the choices that cannot be combined with any
    other; ``said`` are the words for a sentence about the fact; ``known_by`` is the office or paper with the answer.
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
        fault = self.check(value)
        return fault and fault[1]

    def check(self, value: object) -> tuple[ProblemCode, str] | None:
        """Return the same with its code before it."""
        if self.type == INTEGER:
            reason = f"应是 {self._lower_bound} 到 {self._upper_bound} 的整数。"
            # bool is a subclass of int in Python, but no answer to an integer fact.
            if type(value) is not int:
                return ProblemCode.INVALID_TYPE, reason
            is_valid = self._lower_bound <= value <= self._upper_bound
            return None if is_valid else (ProblemCode.OUT_OF_RANGE, reason)
        if self.type == BOOLEAN:
            return None if type(value) is bool else (ProblemCode.INVALID_TYPE, "应是 true 或 false。")
        if self.type == CHOICE:
            if not isinstance(value, str):
                return ProblemCode.INVALID_TYPE, "应是可用值之一。"
            return None if value in self.choices else (ProblemCode.UNKNOWN_CODE, "应是可用值之一。")
        return self._check_list(value)

    def _check_list(self, value: object) -> tuple[ProblemCode, str] | None:
        reason = "应是由可用值组成的列表。"
        if not isinstance(value, list) or not all(isinstance(choice, str) for choice in value):
            return ProblemCode.INVALID_TYPE, reason
        if not set(value) <= self.choices.keys():
            return ProblemCode.UNKNOWN_CODE, reason
        if len(set(value)) != len(value):
            return ProblemCode.DUPLICATE, "列表中有重复的值。"
        if len(value) > 1 and not set(value).isdisjoint(self.exclusive):
            return ProblemCode.CONTRADICTION, "表示“都没有”的值不能与其他值同时出现。"
        return None

    def allowed(self) -> list[str]:
        """The valid values, or the range of an integer fact as one text, such as ``0…130``."""
        if self.type == INTEGER:
            return bounds(self._lower_bound, self._upper_bound)
        return ["true", "false"] if self.type == BOOLEAN else list(self.choices)

    def in_language(self, language: str) -> dict:
        """The fact as the API returns it, with labels and choices in English (``en``) or otherwise in Chinese."""
        english = language == "en"
        data = {
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
        data |= {name: bound for name, bound in bounds.items() if bound is not None}
        if self.choices:
            data["choices"] = dict(self.choices_en if english else self.choices)
        if self.type == CHOICES:
            data["exclusive"] = list(self.exclusive)
        return data

    @property
    def _lower_bound(self) -> int:
        return 0 if self.minimum is None else self.minimum

    @property
    def _upper_bound(self) -> int:
        return MAX_INTEGER if self.maximum is None else self.maximum


@dataclass(frozen=True)
class Vocabulary:
    """The facts by name, in the order they are asked, and the implications between them.

    ``groups`` maps the code of each group of facts to its Chinese and its English name, in order.
    """

    facts: Mapping[str, Fact]
    groups: Mapping[str, tuple[str, str]]
    implications: tuple[Implication, ...]
    # By fact: its implications for other facts, each with the predicate of its condition.
    _implications_by_fact: Mapping[str, list[tuple[Callable[[object], bool], Implication]]]
    # By list fact: the choices of the same list that each choice implies.
    _implied_choices: Mapping[str, Mapping[str, frozenset[str]]]

    def __iter__(self) -> Iterator[Fact]:
        return iter(self.facts.values())

    def __getitem__(self, name: str) -> Fact:
        return self.facts[name]

    def __contains__(self, name: object) -> bool:
        return name in self.facts

    def with_implications(self, circumstances: Mapping[str, object]) -> dict[str, object]:
        """Return valid answers in the form that rules judge, with their implications for unanswered facts added.

        A list becomes a frozenset that includes the choices its members imply. An implied answer has the same form as
        a given one if it is complete, otherwise it is a ``PartialAnswer``. A given answer is never changed by another.
        """
        answers = {
            name: self.implied(name, answer) if isinstance(answer, list) else answer
            for name, answer in circumstances.items()
        }
        queue = list(answers)
        while queue:
            name = queue.pop()
            for test, implication in self._implications_by_fact.get(name, ()):
                fact = implication.consequence.fact
                if fact not in circumstances and _condition_holds(test, implication.condition, answers[name]):
                    implied_answer = self._add_consequence(answers.get(fact), implication.consequence)
                    if implied_answer != answers.get(fact):
                        answers[fact] = implied_answer
                        queue.append(fact)
        return answers

    def contradictions(self, circumstances: Mapping[str, object]) -> list[Implication]:
        """Return the implications that valid answers violate, directly or through other implications."""
        answers = self.with_implications(circumstances)
        return [
            implication
            for implication in self.implications
            if implication.condition.fact in answers
            and implication.consequence.fact in answers
            and self._criterion_result(implication.condition, answers) is True
            and self._criterion_result(implication.consequence, answers) is False
        ]

    def _criterion_result(self, criterion: Criterion, answers: Mapping[str, object]) -> bool | None:
        answer = answers[criterion.fact]
        if isinstance(answer, PartialAnswer):
            return answer.result(criterion)
        return criterion.test(self.facts[criterion.fact].type)(answer)

    def implied(self, name: str, answer: Iterable[str]) -> frozenset[str]:
        """Return the choices of an answer with all choices of the same list that they imply."""
        choices, implied_choices = frozenset(answer), self._implied_choices.get(name, {})
        return choices.union(*(implied_choices.get(choice, ()) for choice in choices))

    def _add_consequence(self, current: object, consequence: Criterion) -> object:
        """Combine the implied answer to an unanswered fact, None if there is none yet, with one more consequence."""
        if consequence.op == "eq":
            return consequence.value
        if current is not None and not isinstance(current, PartialAnswer):
            return current
        includes, excludes = current or PartialAnswer()
        if consequence.op == "contains" and consequence.value in self.facts[consequence.fact].exclusive:
            return frozenset({consequence.value})
        if consequence.op == "contains":
            return PartialAnswer(includes | self.implied(consequence.fact, [consequence.value]), excludes)
        return PartialAnswer(includes, excludes | {consequence.value})


def read_vocabulary(path: Path) -> Vocabulary:
    """Return the vocabulary in a file with the structure of ``facts.json``.

    Raises KeyError, TypeError or ValueError for an invalid file, so that a misspelt fact or choice stops the start.
    """
    data = json.loads(path.read_text(encoding="utf-8"))
    facts = {raw["name"]: Fact(**{**raw, "exclusive": tuple(raw.get("exclusive", ()))}) for raw in data["facts"]}
    implications = tuple(
        Implication(_criterion(facts, raw["if"]), _consequence(facts, raw["then"]), raw["because"], raw["because_en"])
        for raw in data["implications"]
    )
    within_fact: dict[str, dict[str, set[str]]] = {}
    between_facts: dict[str, list[tuple[Callable[[object], bool], Implication]]] = {}
    for implication in implications:
        condition, consequence = implication.condition, implication.consequence
        if condition.fact == consequence.fact:
            within_fact.setdefault(condition.fact, {}).setdefault(condition.value, set()).add(consequence.value)
        else:
            between_facts.setdefault(condition.fact, []).append(
                (condition.test(facts[condition.fact].type), implication)
            )
    groups = {raw["code"]: (raw["label"], raw["label_en"]) for raw in data["groups"]}
    return Vocabulary(
        facts,
        groups,
        implications,
        between_facts,
        {name: _transitive_closure(implied) for name, implied in within_fact.items()},
    )


def _criterion(facts: Mapping[str, Fact], raw: Mapping) -> Criterion:
    fact, op, value = facts[raw["fact"]], raw["op"], raw["value"]
    values = value if op == "in" else [value]
    if op not in OPERATORS[fact.type] or any(
        fact.fault([choice] if fact.type == CHOICES else choice) for choice in values
    ):
        raise ValueError(f"facts.json：{raw}")
    return Criterion(fact.name, op, tuple(value) if op == "in" else value)


def _consequence(facts: Mapping[str, Fact], raw: Mapping) -> Criterion:
    consequence = _criterion(facts, raw)
    if consequence.op not in CONSEQUENCE_OPERATORS[facts[consequence.fact].type]:
        raise ValueError(f"facts.json：{raw}")
    return consequence


def _condition_holds(test: Callable[[object], bool], condition: Criterion, answer: object) -> bool:
    return answer.result(condition) is True if isinstance(answer, PartialAnswer) else test(answer)


def _transitive_closure(implied: Mapping[str, set[str]]) -> dict[str, frozenset[str]]:
    """Map each choice to all the choices it implies, directly or through others."""
    closed = {}
    for choice in implied:
        reached, frontier = set(), {choice}
        while frontier:
            frontier = {implied_choice for source in frontier for implied_choice in implied.get(source, ())} - reached
            reached |= frontier
        closed[choice] = frozenset(reached)
    return closed


VOCABULARY = read_vocabulary(Path(__file__).parents[2] / "fixtures" / "vocabularies" / "facts.json")
