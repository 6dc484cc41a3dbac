"""What a person's circumstances say of a rule: three-valued, with a reason for every criterion and the next question.

Standard library only: no database, no request, no clock. A rule's criteria and groups are bits of whole numbers, so
that a list of them is judged in well under a millisecond. A profile is judged and forgotten: nothing here keeps one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import chain, combinations
from operator import or_
from typing import NamedTuple

from services.eligibility.facts import (
    BOOLEAN,
    CHOICE,
    CHOICES,
    INTEGER,
    OPERATORS,
    VOCABULARY,
    Criterion,
    Fact,
    PartialAnswer,
    Vocabulary,
)

ELIGIBLE, NOT_ELIGIBLE, UNKNOWN = OUTCOMES = ("eligible", "not_eligible", "unknown")

ALL_OPERATORS = ("eq", "ne", "lt", "lte", "gt", "gte", "in", "contains")
# A rule nobody could read needs no room; and of one fact, no more choices than can be tried in every combination.
MAX_GROUPS, MAX_CRITERIA, MAX_CHOICES = 20, 60, 12


class Verdict(NamedTuple):
    """What circumstances say of one rule.

    ``results`` has True, False or None (unknown) for each criterion of the rule, in order. ``missing`` are the facts
    that could still decide it, in the vocabulary's order; ``open_groups`` are the unknown criteria of each that may yet
    hold, as bits.
    """

    outcome: str
    results: tuple[bool | None, ...]
    missing: tuple[str, ...]
    open_groups: tuple[int, ...]


class Rule:
    """Whom a service is for: everybody, or any of some groups of criteria that must all hold, or not to be said so.

    Made from the ``eligibility`` of an entry; ``None`` is a rule nobody has stated, and always unknown.
    """

    def __init__(self, eligibility: Mapping | None, vocabulary: Vocabulary = VOCABULARY):
        stated = eligibility or {"universal": False, "machine_readable": False, "any": []}
        self.universal: bool = stated["universal"]
        self.machine_readable: bool = stated["machine_readable"]
        groups = [[_criterion(raw) for raw in group["all"]] for group in stated["any"]]
        self.criteria: tuple[Criterion, ...] = tuple(chain.from_iterable(groups))
        # Which group, counted from 1, each criterion stands in.
        self.group_numbers: tuple[int, ...] = tuple(place for place, group in enumerate(groups, 1) for _ in group)
        self._groups = tuple(
            _bit_mask(group, first) for group, first in zip(groups, _first_positions(groups), strict=True)
        )
        self._tests_by_fact = {
            fact.name: [
                (1 << place, each.test(fact.type)) for place, each in enumerate(self.criteria) if each.fact == fact.name
            ]
            for fact in vocabulary
            if any(each.fact == fact.name for each in self.criteria)
        }
        # Each group beside itself with equal criteria as one bit: what equal criteria ask is known of all or of none.
        self._distinct_groups = tuple(
            (group, reduce(or_, (1 << self.criteria.index(each) for each in criteria)))
            for group, criteria in zip(self._groups, groups, strict=True)
        )
        self._bits_by_fact = {
            name: reduce(or_, (bit for bit, _ in tests)) for name, tests in self._tests_by_fact.items()
        }
        self._fact_bits = tuple(self._bits_by_fact.items())
        # The group of a rule that has but one.
        self._single_group = self._groups[0] if len(self._groups) == 1 and self.machine_readable else 0
        self._answer_bits = {
            name: frozenset(
                self._satisfied_bits(name, answer)
                for answer in distinguishing_answers(vocabulary[name], self.criteria, vocabulary)
            )
            for name in self._tests_by_fact
        }

        # Of each answer to a fact that is worth trying: the criteria that hold, and those that fail.
        self._answer_effects = {
            name: [(holding, self._bits_by_fact[name] & ~holding) for holding in answers]
            for name, answers in self._answer_bits.items()
        }
        # The criteria that some answer to a fact fails.
        self._bits_that_can_fail = {
            name: reduce(or_, (bits & ~holding for holding in self._answer_bits[name]), 0)
            for name, bits in self._bits_by_fact.items()
        }

        # Where every criterion can fail, any fact that is missing decides a rule of which one group is left.
        self.every_fact_decides = self._bits_that_can_fail == self._bits_by_fact
        # What is said of the rule where nothing is known that it asks, and which answers could decide it then.
        self.initial_verdict = self.judge({})
        self.initial_decisions = [
            (name, self.decided_by(name, self.initial_verdict.open_groups)) for name in self.initial_verdict.missing
        ]

    @property
    def groups(self) -> list[tuple[Criterion, ...]]:
        """The criteria of each group, in order."""
        places = sorted(set(self.group_numbers))
        return [
            tuple(each for each, where in zip(self.criteria, self.group_numbers, strict=True) if where == place)
            for place in places
        ]

    @property
    def facts(self) -> tuple[str, ...]:
        """The names of the facts the rule asks, in the vocabulary's order."""
        return tuple(self._tests_by_fact)

    def judge(self, circumstances: Mapping[str, object]) -> Verdict:
        """Judge circumstances as ``Vocabulary.with_implications()`` returns them.

        Kleene's logic: one failed criterion settles a group, one group that holds settles the rule, and an absent fact
        is unknown, never false.
        """
        holds = known = 0
        for name, tests in self._tests_by_fact.items():
            if name in circumstances:
                answer = circumstances[name]
                is_partial = isinstance(answer, PartialAnswer)
                for bit, test in tests:
                    result = answer.result(self.criteria[bit.bit_length() - 1]) if is_partial else test(answer)
                    known |= bit if result is not None else 0
                    holds |= bit if result else 0
        results = tuple(
            (holds >> place & 1 == 1) if known >> place & 1 else None for place in range(len(self.criteria))
        )
        return self.verdict(known, holds, results)

    def verdict(self, known: int, holds: int, results: tuple[bool | None, ...]) -> Verdict:
        """Return what follows from the criteria that are known and those that hold, as bits and as ``results``."""
        if self.universal:
            return Verdict(ELIGIBLE, results, (), ())
        if not self.machine_readable:
            return Verdict(UNKNOWN, results, (), ())
        if self._single_group:
            # Nearly every rule has one group, and most of the time goes here.
            left = self._single_group & ~known
            if self._single_group & known & ~holds:
                return Verdict(NOT_ELIGIBLE, results, (), ())
            if not left:
                return Verdict(ELIGIBLE, results, (), ())
            missing = tuple([name for name, bits in self._fact_bits if bits & left])
            return Verdict(UNKNOWN, results, missing, (left,))
        fails = known & ~holds
        pairs = [(group & ~known, alike & ~known) for group, alike in self._distinct_groups if not group & fails]
        open_groups = [group for group, _ in pairs]
        if 0 in open_groups:
            return Verdict(ELIGIBLE, results, (), ())
        if not open_groups:
            return Verdict(NOT_ELIGIBLE, results, (), ())
        if len(open_groups) > 1:
            open_groups = _without_subsumed(pairs)
        waiting = open_groups[0] if len(open_groups) == 1 else reduce(or_, open_groups)
        missing = tuple([name for name, bits in self._fact_bits if bits & waiting])
        return Verdict(UNKNOWN, results, missing, tuple(open_groups))

    def decided_by(self, name: str, open_groups: Sequence[int]) -> bool:
        """Whether some answer to one fact would decide the rule, given ``Verdict.open_groups``."""
        if len(open_groups) == 1 and open_groups[0] & self._bits_that_can_fail[name]:
            # An answer that fails a criterion of the only group left.
            return True
        for holding, failing in self._answer_effects[name]:
            all_fail = True
            for group in open_groups:
                if not group & ~holding:
                    return True
                all_fail = all_fail and bool(group & failing)
            if all_fail:
                return True
        return False

    def contradictions(self) -> Iterator[tuple[int, str]]:
        """The group (from 1) and the fact of every set of criteria that no answer at all could meet."""
        for place, group in enumerate(self._groups, 1):
            for name, bits in self._bits_by_fact.items():
                asked = group & bits
                if asked and not any(not asked & ~holding for holding in self._answer_bits[name]):
                    yield place, name

    def _satisfied_bits(self, name: str, answer: object) -> int:
        return reduce(or_, (bit for bit, test in self._tests_by_fact[name] if test(answer)), 0)


class Rules:
    """Many rules, judged at once: a criterion that stands in several of them is asked once."""

    def __init__(self, rules: Iterable[Rule], vocabulary: Vocabulary = VOCABULARY):
        self.rules = tuple(rules)
        criteria = [rule.criteria for rule in self.rules]
        self._count = sum(map(len, criteria))
        # Each rule with the places of its criteria: the first, the one after the last, and a mask.
        self._slices = [
            (rule, first, first + len(rule.criteria), (1 << len(rule.criteria)) - 1)
            for rule, first in zip(self.rules, _first_positions(criteria), strict=True)
        ]
        places: dict[Criterion, list[int]] = {}
        for place, criterion in enumerate(chain.from_iterable(criteria)):
            places.setdefault(criterion, []).append(place)
        # Of each fact what is asked of an answer, in which places, and these as bits.
        self._tests_by_fact: dict[str, list[tuple[Criterion, Callable[[object], bool], list[int], int]]] = {}
        for criterion, where in places.items():
            test = criterion.test(vocabulary[criterion.fact].type)
            bits = sum(1 << place for place in where)
            self._tests_by_fact.setdefault(criterion.fact, []).append((criterion, test, where, bits))

    def judge(self, circumstances: Mapping[str, object]) -> list[Verdict]:
        """Return the verdict of each rule, as ``Rule.judge()`` does."""
        results: list[bool | None] = [None] * self._count
        known = holds = 0
        for name, answer in circumstances.items():
            is_partial = isinstance(answer, PartialAnswer)
            for criterion, test, where, bits in self._tests_by_fact.get(name, ()):
                result = answer.result(criterion) if is_partial else test(answer)
                if result is None:
                    continue
                known |= bits
                if result:
                    holds |= bits
                for place in where:
                    results[place] = result
        return [
            rule.verdict(ours, holds >> first & mask, tuple(results[first:last]))
            if (ours := known >> first & mask)
            else rule.initial_verdict
            for rule, first, last, mask in self._slices
        ]


def next_question(
    judged: Iterable[tuple[Rule, Verdict]], vocabulary: Vocabulary = VOCABULARY
) -> tuple[Fact, int] | None:
    """Return the fact worth asking next, and how many undecided services an answer to it can decide; or None.

    Of the facts that still matter, the one that can decide the most; of equals, the first in the vocabulary. The
    number is 0 where no single answer decides anything yet, as between two groups of two facts each.
    """
    settles: dict[str, int] = {}
    for rule, verdict in judged:
        missing = verdict.missing
        if missing and rule.every_fact_decides and len(verdict.open_groups) == 1:
            for name in missing:
                settles[name] = settles.get(name, 0) + 1
        elif verdict is rule.initial_verdict:
            for name, decides in rule.initial_decisions:
                settles[name] = settles.get(name, 0) + decides
        else:
            for name in missing:
                settles[name] = settles.get(name, 0) + rule.decided_by(name, verdict.open_groups)
    if not settles:
        return None
    most = max(settles.values())
    return next((fact, most) for fact in vocabulary if settles.get(fact.name) == most)


def _without_subsumed(groups: Sequence[tuple[int, int]]) -> list[int]:
    """Return the groups without those that ask all that another asks, and more: of these nothing is left to ask.

    Each is given as its bits, and as those in which equal criteria are one.
    """
    asked = {alike for _, alike in groups}
    return [group for group, alike in groups if not any(other != alike and not other & ~alike for other in asked)]


def faults(eligibility: object, vocabulary: Vocabulary = VOCABULARY) -> list[str]:
    """Return what is wrong with an entry's ``eligibility``: sentences, an empty list if nothing is.

    None is nothing stated. A universal rule has no groups; one that is not machine-readable has none either, and a
    ``reason``; any other has groups, each of criteria that some person could meet all at once.
    """
    if eligibility is None:
        return []
    if not isinstance(eligibility, dict) or set(eligibility) != {"universal", "machine_readable", "any", "reason"}:
        return ["享受条件应写明 universal、machine_readable、any 和 reason。"]
    universal, readable, groups, reason = (
        eligibility[key] for key in ("universal", "machine_readable", "any", "reason")
    )
    if type(universal) is not bool or type(readable) is not bool or not isinstance(groups, list):
        return ["享受条件的 universal 和 machine_readable 应是 true 或 false，any 应是列表。"]
    if reason is not None and not (isinstance(reason, str) and reason.strip()):
        return ["享受条件的 reason 应是一句话，或为空。"]
    if not readable:
        wrong = ["不能化为条件的，不能同时写明条件或“面向所有人”。"] if universal or groups else []
        return wrong if reason else [*wrong, "不能化为条件的，请写明为什么。"]
    if reason is not None:
        return ["reason 只用于不能化为条件的项目。"]
    if universal:
        return ["面向所有人的，不能再写条件。"] if groups else []
    if not groups:
        return ["请至少写明一组条件，或注明“面向所有人”或“不能化为条件”。"]
    return _structure_faults(groups, vocabulary) or _contradiction_faults(eligibility, vocabulary)


def _structure_faults(groups: list, vocabulary: Vocabulary) -> list[str]:
    if len(groups) > MAX_GROUPS:
        return [f"条件最多 {MAX_GROUPS} 组。"]
    found, count = [], 0
    for place, group in enumerate(groups, 1):
        if not isinstance(group, dict) or set(group) != {"all"} or not isinstance(group["all"], list):
            found.append(f"第 {place} 组应是 all 加一个条件列表。")
        elif not group["all"]:
            found.append(f"第 {place} 组没有条件。")
        else:
            count += len(group["all"])
            found += [f"第 {place} 组：{fault}" for raw in group["all"] for fault in _criterion_faults(raw, vocabulary)]
            known = [_criterion(raw) for raw in group["all"]] if not found else []
            found += [f"第 {place} 组：有重复的条件。"] if len(set(known)) != len(known) else []
    return found + ([f"条件最多 {MAX_CRITERIA} 个。"] if count > MAX_CRITERIA else [])


def _criterion_faults(raw: object, vocabulary: Vocabulary) -> list[str]:
    if not isinstance(raw, dict) or set(raw) != {"fact", "op", "value"}:
        return ["条件应写明 fact、op 和 value。"]
    if not isinstance(raw["fact"], str) or raw["fact"] not in vocabulary:
        return ["没有这个事实，请从事实词表中选择。"]
    fact, op, value = vocabulary[raw["fact"]], raw["op"], raw["value"]
    if op not in OPERATORS[fact.type]:
        return [f"“{fact.label}”不能用这个比较方式，可用：{'、'.join(OPERATORS[fact.type])}。"]
    values = value if op == "in" else [value]
    if not isinstance(values, list) or not values:
        return [f"“{fact.label}”用 in 时，值应是不为空的列表。"]
    # Of a list of choices a criterion names one at a time.
    wrong = [fact.fault([each] if fact.type == CHOICES else each) for each in values]
    if any(wrong):
        return [f"“{fact.label}”的值{next(filter(None, wrong))}可用：{'、'.join(fact.allowed())}。"]
    return [f"“{fact.label}”的值有重复。"] if len({repr(each) for each in values}) != len(values) else []


def _contradiction_faults(eligibility: Mapping, vocabulary: Vocabulary) -> list[str]:
    mentioned: dict[str, set] = {}
    for raw in (raw for group in eligibility["any"] for raw in group["all"]):
        if vocabulary[raw["fact"]].type == CHOICES:
            mentioned.setdefault(raw["fact"], set()).update(_criterion_values(_criterion(raw)))
    if crowded := [name for name, choices in mentioned.items() if len(choices) > MAX_CHOICES]:
        return [f"“{vocabulary[crowded[0]].label}”在一条规则中最多提到 {MAX_CHOICES} 个值。"]
    return [
        f"第 {place} 组：关于“{vocabulary[name].label}”的条件互相矛盾，没有人能同时满足。"
        for place, name in Rule(eligibility, vocabulary).contradictions()
    ]


def _criterion(raw: Mapping) -> Criterion:
    value = raw["value"]
    return Criterion(raw["fact"], raw["op"], tuple(value) if isinstance(value, list) else value)


def _criterion_values(criterion: Criterion) -> tuple:
    return criterion.value if isinstance(criterion.value, tuple) else (criterion.value,)


def _first_positions(groups: Sequence[Sequence]) -> Iterator[int]:
    first = 0
    for group in groups:
        yield first
        first += len(group)


def _bit_mask(group: Sequence, first: int) -> int:
    return ((1 << len(group)) - 1) << first


def distinguishing_answers(
    fact: Fact, criteria: Iterable[Criterion], vocabulary: Vocabulary = VOCABULARY
) -> Iterator[object]:
    """Yield answers to a fact enough to tell apart whatever its criteria can tell apart; a list as a set."""
    mentioned = {value for each in criteria if each.fact == fact.name for value in _criterion_values(each)}
    if fact.type == INTEGER:
        near = sorted({value + step for value in mentioned for step in (-1, 0, 1)})
        yield from (value for value in near if fact.fault(value) is None)
    elif fact.type == BOOLEAN:
        yield from (True, False)
    elif fact.type == CHOICE:
        yield from fact.choices
    else:
        for size in range(len(mentioned) + 1):
            for chosen in combinations(sorted(mentioned), size):
                if size == 0 or fact.fault(list(chosen)) is None:
                    yield vocabulary.implied(fact.name, chosen)
