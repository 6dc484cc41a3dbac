"""How long one judgement of every rule takes: ``python -m bench.entitlements``. Prints milliseconds of CPU, medians.

The rules of the edition in force, as a service of the catalogue judges them: what circumstances say of each, and the
question worth asking next. Asks no database.
"""

import json
import statistics
import time
from pathlib import Path

from services.eligibility.facts import VOCABULARY
from services.eligibility.persons import PERSONS
from services.eligibility.questions import next_question
from services.eligibility.rules import Rule

EDITION = Path(__file__).resolve().parent.parent / "fixtures" / "editions" / "2026.json"
ROUNDS = 50


def judgement(rules: list[Rule], circumstances: dict) -> None:
    understood = VOCABULARY.with_implications(circumstances)
    next_question([(rule, rule.judge(understood)) for rule in rules])


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
