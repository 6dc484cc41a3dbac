"""CPU time of judging every rule once: ``python -m bench.entitlements``. Prints medians, in milliseconds.

The rules are those of ``fixtures/editions/2026.json``. A judgement is what the API does: the outcome of each rule, and
the order of the questions. Needs no database.
"""

import json
import statistics
import time
from pathlib import Path

from services.eligibility.facts import VOCABULARY
from services.eligibility.persons import PERSONS
from services.eligibility.questions import questions
from services.eligibility.rules import Rule

EDITION = Path(__file__).resolve().parent.parent / "fixtures" / "editions" / "2026.json"
ROUNDS = 50


def judgement(rules: list[Rule], circumstances: dict) -> None:
    facts = VOCABULARY.with_implications(circumstances)
    questions([(rule, rule.judge(facts)) for rule in rules])


def main() -> None:
    rules = [Rule(service["eligibility"]) for service in json.loads(EDITION.read_text())["services"]]
    asked = {"nothing known": [{}], "forty example persons": [dict(person.circumstances) for person in PERSONS]}
    for name, people in asked.items():
        times = []
        for _ in range(ROUNDS):
            for person in people:
                start = time.process_time_ns()
                judgement(rules, person)
                times.append((time.process_time_ns() - start) / 1e6)
        print(f"{len(rules)} rules, {name}: median {statistics.median(times):.3f} ms of CPU, 99th of 100 "
              f"{statistics.quantiles(times, n=100)[98]:.3f} ms")  # fmt: skip


if __name__ == "__main__":
    main()
