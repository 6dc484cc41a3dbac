"""Measures the questions: pages and facts until all is decided, beside the least number of facts that could decide it.

    python -m bench.questions [--edition 2026] [--persons]

The example persons answer everything: what ``persons.json`` does not say of a person, an ordinary answer does. A page
has the expected questions of the first one's group, and those of the group that the answers on it call for. Only the
fixtures are read: no database, no server.
"""

import argparse
import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import NamedTuple

from services.eligibility.facts import VOCABULARY, Criterion, PartialAnswer
from services.eligibility.persons import PERSONS
from services.eligibility.questions import questions
from services.eligibility.rules import ELIGIBLE, Rule, Verdict

FIXTURES = Path(__file__).parents[1] / "fixtures"
# The pages after which most of what a person is entitled to should have appeared.
EARLY_PAGES = 4
# What is answered by a person of whom nothing else is said: a value, or a function of the age.
ORDINARY: dict[str, object] = {
    "sex": "female", "residence": "urban", "migrant": False, "months_resident": 120,
    "household_registration": "urban", "registered_in_banner_town": False, "special_area": ["ethnic_minority_area"],
    "household": ["none"], "income_below_dibao": False, "assets_within_limit": True,
    "personal_income_below_dibao": False, "income_source": True, "has_supporter": True,
    "universal_aged_allowance": False, "married": lambda age: age >= 30, "spouse_residence": "urban",
    "maternity": ["none"], "childbearing_age": lambda age: 15 <= age < 50, "child_status": ["none"],
    "only_child": "none", "family_planning": ["none"], "wife_age": lambda age: age, "no_living_child": False,
    "lives_alone": False, "education_stage": "none", "grade": 1, "full_time_student": True, "boarding": False,
    "study_field": "other", "school_in_banner_seat": True, "inclusive_kindergarten": False,
    "last_preschool_year": False, "qualification": lambda age: "senior_high" if age >= 19 else "none",
    "years_since_graduation": lambda age: max(0, age - 18), "employment": "employed", "employment_traits": ["none"],
    "wants_training": False, "retirement_age_reached": lambda age: age >= 60, "labour_capacity": lambda age: age < 60,
    "insured": ["resident_medical"], "unemployment_insurance_months": 0, "pension_years": 0, "disability_level": 0,
    "disability_types": ["none"], "autism": False, "needs_long_term_care": False, "self_care": True,
    "health_conditions": ["none"], "priority_vaccination_group": False, "lives_at_home": True,
    "needs_accessibility": False, "military": ["none"], "awaiting_placement": False, "military_disability_grade": 0,
    "needs_collective_care": False, "housing": ["adequate"], "housing_income_within_limit": False,
    "hardship": ["none"], "basic_living_affected": False, "legal_matter": ["none"],
}  # fmt: skip

Rules = Mapping[str, Rule]
Answers = Mapping[str, object]
# One of these facts must be known.
Clause = frozenset[str]


class Interview(NamedTuple):
    """The pages of questions a person answers: the facts of each, and the services found eligible after each."""

    pages: list[list[str]]
    eligible: list[set[str]]

    @property
    def facts(self) -> int:
        return sum(map(len, self.pages))


def read_rules(slug: str) -> dict[str, Rule]:
    """Return the rules of an edition's file by the code of their service."""
    edition = json.loads((FIXTURES / "editions" / f"{slug}.json").read_text(encoding="utf-8"))
    return {service["code"]: Rule(service["eligibility"]) for service in edition["services"]}


def complete(told: Answers) -> dict[str, object]:
    """Return a person with every fact answered: as told, as follows from that, or with the ordinary answer."""
    answers = dict(told)
    for fact in VOCABULARY:
        if fact.name not in answers:
            answer = VOCABULARY.with_implications(answers).get(fact.name)
            if answer is None or isinstance(answer, PartialAnswer):
                ordinary = ORDINARY[fact.name]
                answer = ordinary(told["age"]) if callable(ordinary) else ordinary
            answers[fact.name] = sorted(answer) if isinstance(answer, frozenset) else answer
    return answers


def interview(rules: Rules, person: Answers, *, whole_pages: bool = False) -> Interview:
    """Ask a person of whom nothing is known until no question is left.

    With ``whole_pages`` a page is answered as it is when it begins; otherwise its questions follow each answer.
    """
    answers: dict[str, object] = {}
    pages, eligible = [], []
    while left := questions(_judge(rules, answers).values()):
        group, page = left[0].fact.group, []
        while left and left[0].expected and left[0].fact.group == group:
            page.append(left[0].fact.name)
            answers[page[-1]] = person[page[-1]]
            if whole_pages:
                left = left[1:]
                continue
            # The same group first, as long as it is expected to need more.
            left = sorted(questions(_judge(rules, answers).values()), key=lambda item: item.fact.group != group)
            left = [question for question in left if question.expected]
        pages.append(page)
        eligible.append(_eligible(rules, answers))
    return Interview(pages, eligible)


def minimum(rules: Rules, person: Answers) -> int:
    """Return the least number of facts of a person that decide every rule, with all that follows from them."""
    known_by_fact = {name: VOCABULARY.with_implications({name: answer}) for name, answer in person.items()}
    all_known = VOCABULARY.with_implications(person)
    clauses: list[Clause] = []
    alternatives: list[list[list[Clause]]] = []
    for rule in rules.values():
        ways = _ways_to_decide(rule, all_known, known_by_fact)
        if len(ways) == 1:
            clauses += ways[0]
        else:
            alternatives.append(ways)
    return _smallest(clauses, alternatives, frozenset(), len(VOCABULARY.facts) + 1)


def _ways_to_decide(rule: Rule, all_known: Answers, known_by_fact: Mapping[str, Answers]) -> list[list[Clause]]:
    """Return the ways to decide a rule for a person: the clauses of one way must all be met."""
    if rule.universal or not rule.machine_readable:
        return [[]]
    groups = []
    for number in sorted({*rule.group_numbers, *rule.open_group_numbers}):
        criteria = [item for item, of in zip(rule.criteria, rule.group_numbers, strict=True) if of == number]
        texts = {
            item["open"] for item, of in zip(rule.open_criteria, rule.open_group_numbers, strict=True) if of == number
        }
        results = [_result(criterion, all_known) for criterion in criteria]
        sources = [
            frozenset(name for name, known in known_by_fact.items() if _result(criterion, known) is not None)
            for criterion in criteria
        ]
        groups.append((texts, results, sources))
    if held := [sources for texts, results, sources in groups if all(results) and not texts]:
        return held
    held_but_open = [(texts, sources) for texts, results, sources in groups if all(results)]
    clauses = [clause for _, sources in held_but_open for clause in sources]
    for texts, results, sources in groups:
        # A group that needs all that another one needs, and more, is not asked about.
        if not all(results) and not any(other <= texts for other, _ in held_but_open):
            failing = [clause for clause, result in zip(sources, results, strict=True) if result is False]
            clauses.append(frozenset().union(*failing))
    return [clauses]


def _result(criterion: Criterion, answers: Answers) -> bool | None:
    answer = answers.get(criterion.fact)
    if answer is None or isinstance(answer, PartialAnswer):
        return answer and answer.result(criterion)
    return criterion.test(VOCABULARY[criterion.fact].type)(answer)


def _smallest(clauses: Iterable[Clause], alternatives: Sequence[list[list[Clause]]], chosen: Clause, best: int) -> int:
    """Return the size of the smallest set of facts that meets all clauses, or ``best`` if none is smaller.

    Branch and bound: clauses that share no fact need one each.
    """
    while units := [clause for clause in clauses if len(clause) == 1 and not clause & chosen]:
        chosen = chosen.union(*units)
    clauses = {clause for clause in clauses if not clause & chosen}
    clauses = {clause for clause in clauses if not any(other < clause for other in clauses)}
    if len(chosen) + _disjoint(clauses) >= best:
        return best
    if not clauses:
        open_alternatives = [
            ways for ways in alternatives if not any(all(clause & chosen for clause in way) for way in ways)
        ]
        if not open_alternatives:
            return len(chosen)
        for way in open_alternatives[0]:
            best = _smallest(way, open_alternatives[1:], chosen, best)
        return best
    counts = Counter(name for clause in clauses for name in clause)
    excluded: set[str] = set()
    for name in sorted(min(clauses, key=len), key=lambda name: (-counts[name], name)):
        left = [clause - excluded for clause in clauses]
        if all(left):
            best = _smallest(left, alternatives, chosen | {name}, best)
        excluded.add(name)
    return best


def _disjoint(clauses: Collection[Clause]) -> int:
    count, used = 0, set()
    for clause in sorted(clauses, key=lambda clause: (len(clause), sorted(clause))):
        if not clause & used:
            count += 1
            used |= clause
    return count


def _judge(rules: Rules, answers: Answers) -> dict[str, tuple[Rule, Verdict]]:
    known = VOCABULARY.with_implications(answers)
    return {code: (rule, rule.judge(known)) for code, rule in rules.items()}


def _eligible(rules: Rules, answers: Answers) -> set[str]:
    return {code for code, (_, verdict) in _judge(rules, answers).items() if verdict.outcome == ELIGIBLE}


def measure(rules: Rules, *, show_persons: bool = False) -> dict[str, float]:
    """Return the figures over all persons, and print each person's pages if asked to."""
    interviews, minima, early, at_once = [], [], [], []
    for person in PERSONS:
        answers = complete(person.circumstances)
        asked, least = interview(rules, answers), minimum(rules, answers)
        final = _eligible(rules, answers)
        if not asked.eligible or asked.eligible[-1] != final:
            raise AssertionError(f"{person.name}：按问题问完，与全部说明的结论不同。")
        interviews.append(asked)
        at_once.append(interview(rules, answers, whole_pages=True))
        minima.append(least)
        early.append(len(asked.eligible[:EARLY_PAGES][-1]) / len(final) if final else 1)
        if show_persons:
            print(f"\n{person.name}：{len(asked.pages)} 页，{asked.facts} 个事实，最少 {least} 个")
            before: set[str] = set()
            for number, (page, eligible) in enumerate(zip(asked.pages, asked.eligible, strict=True), 1):
                labels = "、".join(VOCABULARY[name].label for name in page)
                added = " ".join(sorted(eligible - before))
                print(f"  第 {number} 页：{labels} → 新增 {len(eligible - before)} 项 {added}")
                before = eligible
    pages, facts = [len(asked.pages) for asked in interviews], [asked.facts for asked in interviews]
    return {
        "pages": mean(pages),
        "most_pages": max(pages),
        "facts": mean(facts),
        "least_facts": mean(minima),
        "ratio": sum(facts) / sum(minima),
        "early": mean(early),
        "pages_at_once": mean(len(asked.pages) for asked in at_once),
        "facts_at_once": mean(asked.facts for asked in at_once),
    }


def measure_narrowed(rules: Rules) -> dict[str, float]:
    """Return the mean number of facts asked when one asks for a life event, and for a single service."""
    topics = json.loads((FIXTURES / "vocabularies" / "topics.json").read_text(encoding="utf-8"))["terms"]
    persons = [complete(person.circumstances) for person in PERSONS]

    def facts_asked(codes: Collection[str]) -> float:
        selected = {code: rule for code, rule in rules.items() if code in codes}
        return mean(interview(selected, person).facts for person in persons)

    return {
        "topic": mean(facts_asked(topic["services"]) for topic in topics),
        "service": mean(facts_asked([code]) for code, rule in rules.items() if rule.criteria),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edition", default="2026", help="版本，默认 2026")
    parser.add_argument("--persons", action="store_true", help="列出每个人的各页问题和新增的服务")
    arguments = parser.parse_args()
    rules = read_rules(arguments.edition)
    figures = measure(rules, show_persons=arguments.persons)
    narrowed = measure_narrowed(rules)
    print(f"\n{len(PERSONS)} 人，{arguments.edition} 年版，回答全部问题：")
    print(f"  页数：平均 {figures['pages']:.1f}，最多 {figures['most_pages']}")
    print(f"  事实：平均 {figures['facts']:.1f}；最少 {figures['least_facts']:.1f}；比 {figures['ratio']:.3f}")
    print(f"  {EARLY_PAGES} 页之后已出现应享服务的 {figures['early']:.0%}")
    print(f"  一页一次答完：{figures['pages_at_once']:.1f} 页，{figures['facts_at_once']:.1f} 个事实")
    print(f"  只问一个人生事件：平均 {narrowed['topic']:.1f} 个事实；只问一项服务：{narrowed['service']:.1f} 个")


if __name__ == "__main__":
    main()
