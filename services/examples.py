"""The kept example persons (示例人物): invented, to see whom a changed rule would touch. Standard library only."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from services.eligibility import Rule
from services.facts import VOCABULARY


class Person(NamedTuple):
    """An invented person: a name to speak of, and valid circumstances."""

    name: str
    circumstances: Mapping[str, object]


class Touched(NamedTuple):
    """A person whom a change of a rule touches: the outcomes before and after it."""

    person: Person
    before: str
    after: str


def read(path: Path) -> tuple[Person, ...]:
    """Return the persons of a file laid out as ``persons.json``."""
    return tuple(Person(**raw) for raw in json.loads(path.read_text(encoding="utf-8"))["persons"])


PERSONS = read(Path(__file__).parent.parent / "fixtures" / "examples" / "persons.json")


def touched(before: Mapping | None, after: Mapping | None) -> list[Touched]:
    """Return the persons of whom one ``eligibility`` says something else than another, in the order of their file."""
    old, new = Rule(before), Rule(after)
    found = []
    for person in PERSONS:
        known = VOCABULARY.understood(person.circumstances)
        outcomes = old.judge(known).outcome, new.judge(known).outcome
        if outcomes[0] != outcomes[1]:
            found.append(Touched(person, *outcomes))
    return found
