"""The facts a person can be asked about (事实): their types, bounds and words, and what follows from what.

Data of ``fixtures/vocabularies/facts.json``, read once. Standard library only: no database, no request, no clock. A
fact is never renamed and never loses a choice, because published editions hold rules over it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

INTEGER, BOOLEAN, CHOICE, CHOICES = "integer", "boolean", "choice", "choices"
TYPES = (INTEGER, BOOLEAN, CHOICE, CHOICES)
# The choice of a list that says plainly that nothing of it applies.
NOTHING = ("none", "adequate")
# What an integer fact without a maximum of its own may hold: more months than anybody has lived.
MOST = 9999


@dataclass(frozen=True)
class Fact:
    """One thing to know of a person. ``choices`` are code and label; ``said`` are the words of a sentence about it."""

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

    def fault(self, value: object) -> str | None:
        """Return what is wrong with an answer and what is allowed, or None. The answer itself is not repeated."""
        if self.type == INTEGER:
            # A bool is an int to Python, and nobody is True years old.
            right = type(value) is int and self._least <= value <= self._most
            return None if right else f"应是 {self._least} 到 {self._most} 的整数。"
        if self.type == BOOLEAN:
            return None if type(value) is bool else "应是 true 或 false。"
        if self.type == CHOICE:
            return None if isinstance(value, str) and value in self.choices else "应是可用值之一。"
        if not isinstance(value, list) or not all(isinstance(each, str) and each in self.choices for each in value):
            return "应是由可用值组成的列表。"
        if len(set(value)) != len(value):
            return "列表中有重复的值。"
        if len(value) > 1 and (plain := [name for name in NOTHING if name in value and self._is_plain(name)]):
            return f"{plain[0]} 表示没有，不能与其他值同时出现。"
        return None

    def allowed(self) -> list[str]:
        """The values an answer may have or hold, where they can be listed."""
        if self.type == INTEGER:
            return [f"{self._least}…{self._most}"]
        return ["true", "false"] if self.type == BOOLEAN else list(self.choices)

    def in_language(self, language: str) -> dict:
        """The fact as it is answered, labels and choices in English (``en``) or else in Chinese."""
        english = language == "en"
        found = {
            "name": self.name,
            "type": self.type,
            "label": self.label_en if english else self.label,
            "question": self.question_en if english else self.question,
        }
        bounds = {"minimum": self.minimum, "maximum": self.maximum, "unit": self.unit}
        found |= {name: bound for name, bound in bounds.items() if bound is not None}
        if self.choices:
            found["choices"] = dict(self.choices_en if english else self.choices)
        return found

    def _is_plain(self, choice: str) -> bool:
        # "none" of housing is "owns none": it may well stand beside a hardship.
        return choice in self.choices and not (choice == "none" and "adequate" in self.choices)

    @property
    def _least(self) -> int:
        return 0 if self.minimum is None else self.minimum

    @property
    def _most(self) -> int:
        return MOST if self.maximum is None else self.maximum


@dataclass(frozen=True)
class Vocabulary:
    """Every fact by its name, in the order they are asked in, and which choice implies which other."""

    facts: Mapping[str, Fact]
    implications: Mapping[str, Mapping[str, frozenset[str]]]

    def __iter__(self) -> Iterator[Fact]:
        return iter(self.facts.values())

    def __getitem__(self, name: str) -> Fact:
        return self.facts[name]

    def __contains__(self, name: object) -> bool:
        return name in self.facts

    def understood(self, circumstances: Mapping[str, object]) -> dict[str, object]:
        """Return valid answers as they are judged: a list as a set that holds what its members imply as well."""
        return {
            name: self.implied(name, answer) if isinstance(answer, list) else answer
            for name, answer in circumstances.items()
        }

    def implied(self, name: str, answer: Iterable[str]) -> frozenset[str]:
        """Return a set of choices with everything they imply."""
        chosen, implied = frozenset(answer), self.implications.get(name, {})
        return chosen.union(*(implied.get(choice, ()) for choice in chosen))


def read(path: Path) -> Vocabulary:
    """Return the vocabulary of a file laid out as ``facts.json``. Raises KeyError or TypeError for a misshapen one."""
    file = json.loads(path.read_text(encoding="utf-8"))
    facts = {raw["name"]: Fact(**raw) for raw in file["facts"]}
    direct: dict[str, dict[str, set[str]]] = {}
    for each in file["implications"]:
        choices = facts[each["fact"]].choices
        # Looked up, so that a misspelt choice stops the start.
        choices[each["choice"]], choices[each["implies"]]
        direct.setdefault(each["fact"], {}).setdefault(each["choice"], set()).add(each["implies"])
    return Vocabulary(facts, {name: _closed(implied) for name, implied in direct.items()})


def _closed(implied: Mapping[str, set[str]]) -> dict[str, frozenset[str]]:
    """What each choice implies, and what that implies in turn."""
    closed = {}
    for choice in implied:
        found, waiting = set(), {choice}
        while waiting:
            waiting = {each for one in waiting for each in implied.get(one, ())} - found
            found |= waiting
        closed[choice] = frozenset(found)
    return closed


VOCABULARY = read(Path(__file__).parent.parent / "fixtures" / "vocabularies" / "facts.json")
