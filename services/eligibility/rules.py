"""Evaluates eligibility rules in three-valued logic, with a result for every criterion.

A condition that no fact can decide is an open criterion: it is never known, so its group never holds.

Standard library only: no database, no request, no clock. Criteria and groups are bits of integers, so that a list of
rules is judged in well under a millisecond. Circumstances of a person are not stored or cached.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import chain, combinations
from operator import or_
from typing import NamedTuple

from services.eligibility import open_criteria
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
from services.text.characters import is_blank

# The version of the judging. It changes with any outcome of the published cases under the same rules and facts.
ENGINE = "1"
ELIGIBLE, NOT_ELIGIBLE, UNKNOWN = OUTCOMES = ("eligible", "not_eligible", "unknown")

ALL_OPERATORS = ("eq", "ne", "lt", "lte", "gt", "gte", "in", "contains")
# Limits of one rule, so that it stays readable; MAX_CHOICES is per fact, as every combination of its choices is tried.
MAX_GROUPS, MAX_CRITERIA, MAX_CHOICES = 20, 60, 12


class Verdict(NamedTuple):
    """The result of one rule for some circumstances.

    ``results`` has True, False or None (unknown) for each criterion of the rule, in order. ``missing`` are the facts
    that could still decide it, in the vocabulary's order. ``open_groups`` has, for each group that may still hold, the
    bits of its unknown criteria. ``conditions`` are the open criteria of these groups, as places in
    ``Rule.open_criteria``: if nothing is missing, the person is eligible if those of one group hold.
    """

    outcome: str
    results: tuple[bool | None, ...]
    missing: tuple[str, ...]
    open_groups: tuple[int, ...]
    conditions: tuple[int, ...] = ()


# A group that may still hold: the bits of its unknown criteria, these with equal criteria as one, and the places of its
# open criteria in ``Rule.open_criteria``. A plain tuple: thousands a second are made.
OpenGroup = tuple[int, int, tuple[int, ...]]


class Rule:
    """Whom a service is for: universal, or a disjunction of groups of criteria, or not machine-readable.

    Built from the ``eligibility`` of an entry; ``None`` means that none is stated, and is always unknown.
    """

    def __init__(self, eligibility: Mapping | None, vocabulary: Vocabulary = VOCABULARY):
        rule_data = eligibility or {"universal": False, "machine_readable": False, "any": []}
        self.universal: bool = rule_data["universal"]
        self.machine_readable: bool = rule_data["machine_readable"]
        groups = [[_criterion(raw) for raw in group["all"] if "fact" in raw] for group in rule_data["any"]]
        self.criteria: tuple[Criterion, ...] = tuple(chain.from_iterable(groups))
        open_groups = [[raw for raw in group["all"] if "open" in raw] for group in rule_data["any"]]
        self.open_criteria: tuple[Mapping, ...] = tuple(chain.from_iterable(open_groups))
        self.open_group_numbers: tuple[int, ...] = _group_numbers(open_groups)
        # The number of each criterion's group, from 1.
        self.group_numbers: tuple[int, ...] = _group_numbers(groups)
        self._set_group_bits(groups, open_groups)
        self._set_fact_bits(vocabulary)
        self._set_answer_bits(vocabulary)
        # The verdict if no fact of the rule is known, and whether an answer to each fact could then decide it.
        self.initial_verdict = self.judge({})
        self.initial_decisions = [
            (name, self.decided_by(name, self.initial_verdict.open_groups)) for name in self.initial_verdict.missing
        ]
        self._initial_open_facts = self._facts_by_open_group(self.initial_verdict)

    def _set_group_bits(self, groups: list[list[Criterion]], open_groups: list[list[Mapping]]) -> None:
        """Set the bits of each group's criteria and open criteria."""
        # By group: the bits of its open criteria, which come after those of all criteria; equal ones share one.
        texts = [raw["open"] for raw in self.open_criteria]
        open_bits = [
            reduce(or_, (1 << len(self.criteria) + texts.index(raw["open"]) for raw in group), 0)
            for group in open_groups
        ]
        self._conditions = tuple(
            tuple(range(first_position, first_position + len(group)))
            for group, first_position in zip(open_groups, _first_positions(open_groups), strict=True)
        )
        self._groups = tuple(
            _bit_mask(group, first_position) | bits
            for group, first_position, bits in zip(groups, _first_positions(groups), open_bits, strict=True)
        )
        # Each group as its bits, and as bits in which equal criteria share one: equal criteria are known together.
        self._open_groups: tuple[OpenGroup, ...] = tuple(
            (group, reduce(or_, (1 << self.criteria.index(criterion) for criterion in criteria), bits), conditions)
            for group, criteria, bits, conditions in zip(self._groups, groups, open_bits, self._conditions, strict=True)
        )
        # The bits of the only group, 0 if the rule has several groups or is not machine-readable.
        self._single_group = self._groups[0] if len(self._groups) == 1 and self.machine_readable else 0

    def _set_fact_bits(self, vocabulary: Vocabulary) -> None:
        """Set the criteria of each fact, their tests and the values from which they change."""
        self._tests_by_fact = {
            fact.name: [
                (1 << position, criterion.test(fact.type))
                for position, criterion in enumerate(self.criteria)
                if criterion.fact == fact.name
            ]
            for fact in vocabulary
            if any(criterion.fact == fact.name for criterion in self.criteria)
        }
        self._bits_by_fact = {
            name: reduce(or_, (bit for bit, _ in tests)) for name, tests in self._tests_by_fact.items()
        }
        self._fact_bits = tuple(self._bits_by_fact.items())
        # By integer fact: the values from which a criterion changes.
        integers = [name for name in self._tests_by_fact if vocabulary[name].type == INTEGER]
        self.bounds = {name: bounds(self.criteria, name) for name in integers}

    def _set_answer_bits(self, vocabulary: Vocabulary) -> None:
        """Set what each answer to a fact would make of its criteria."""
        self._answer_bits = {
            name: frozenset(
                self._satisfied_bits(name, answer)
                for answer in distinguishing_answers(vocabulary[name], self.criteria, vocabulary)
            )
            for name in self._tests_by_fact
        }

        # By fact, for each distinguishing answer: the bits of the criteria that hold, and of those that fail.
        self._answer_effects = {
            name: [(holding, self._bits_by_fact[name] & ~holding) for holding in answers]
            for name, answers in self._answer_bits.items()
        }
        # By fact: the bits of the criteria that at least one answer fails.
        self._bits_that_can_fail = {
            name: reduce(or_, (bits & ~holding for holding in self._answer_bits[name]), 0)
            for name, bits in self._bits_by_fact.items()
        }

        # If every criterion can fail, any missing fact can decide the rule once only one group is open.
        self.every_fact_decides = self._bits_that_can_fail == self._bits_by_fact

    @property
    def groups(self) -> list[tuple[Criterion, ...]]:
        """The criteria of each group, in order."""
        group_numbers = sorted(set(self.group_numbers))
        return [
            tuple(
                criterion
                for criterion, criterion_group in zip(self.criteria, self.group_numbers, strict=True)
                if criterion_group == number
            )
            for number in group_numbers
        ]

    @property
    def facts(self) -> tuple[str, ...]:
        """The names of the facts the rule refers to, in the vocabulary's order."""
        return tuple(self._tests_by_fact)

    def judge(self, circumstances: Mapping[str, object]) -> Verdict:
        """Judge circumstances as returned by ``Vocabulary.with_implications()``.

        Kleene's three-valued logic: a group fails if one criterion fails, the rule holds if one group holds, and an
        absent fact is unknown, never false.
        """
        holding_bits = known_bits = 0
        for name, tests in self._tests_by_fact.items():
            if name in circumstances:
                answer = circumstances[name]
                is_partial = isinstance(answer, PartialAnswer)
                for bit, test in tests:
                    result = answer.result(self.criteria[bit.bit_length() - 1]) if is_partial else test(answer)
                    known_bits |= bit if result is not None else 0
                    holding_bits |= bit if result else 0
        results = tuple(
            (holding_bits >> position & 1 == 1) if known_bits >> position & 1 else None
            for position in range(len(self.criteria))
        )
        return self.verdict(known_bits, holding_bits, results)

    def verdict(self, known_bits: int, holding_bits: int, results: tuple[bool | None, ...]) -> Verdict:
        """Return the verdict for the known criteria and those that hold, both as bits; ``results`` has the same."""
        if self.universal:
            return Verdict(ELIGIBLE, results, (), ())
        if not self.machine_readable:
            return Verdict(UNKNOWN, results, (), ())
        if self._single_group:
            # Fast path: nearly every rule has one group, and most of the time is spent here.
            open_bits = self._single_group & ~known_bits
            if self._single_group & known_bits & ~holding_bits:
                return Verdict(NOT_ELIGIBLE, results, (), ())
            if not open_bits:
                return Verdict(ELIGIBLE, results, (), ())
            missing = tuple([name for name, bits in self._fact_bits if bits & open_bits])
            return Verdict(UNKNOWN, results, missing, (open_bits,), self._conditions[0])
        failing_bits = known_bits & ~holding_bits
        unknown_bits = ~known_bits
        open_groups = [
            (bits & unknown_bits, distinct_bits & unknown_bits, conditions)
            for bits, distinct_bits, conditions in self._open_groups
            if not bits & failing_bits
        ]
        if not open_groups:
            return Verdict(NOT_ELIGIBLE, results, (), ())
        bits_of_groups = [bits for bits, _, _ in open_groups]
        if 0 in bits_of_groups:
            return Verdict(ELIGIBLE, results, (), ())
        if len(open_groups) > 1:
            open_groups = _without_subsumed(open_groups)
            bits_of_groups = [bits for bits, _, _ in open_groups]
        open_bits = reduce(or_, bits_of_groups)
        missing = tuple([name for name, bits in self._fact_bits if bits & open_bits])
        conditions = _distinct_conditions(open_groups) if self.open_criteria else ()
        return Verdict(UNKNOWN, results, missing, tuple(bits_of_groups), conditions)

    def decided_by(self, name: str, open_groups: Sequence[int]) -> bool:
        """Whether some answer to the fact ``name`` would decide the rule, given ``Verdict.open_groups``."""
        if len(open_groups) == 1 and open_groups[0] & self._bits_that_can_fail[name]:
            # Some answer fails a criterion of the only open group.
            return True
        for holding_bits, failing_bits in self._answer_effects[name]:
            all_fail = True
            for group in open_groups:
                if not group & ~holding_bits:
                    return True
                all_fail = all_fail and bool(group & failing_bits)
            if all_fail:
                return True
        return False

    def open_facts(self, verdict: Verdict) -> list[list[str]]:
        """Return the missing facts of each group that may still hold by a verdict, without groups that miss none."""
        return self._initial_open_facts if verdict is self.initial_verdict else self._facts_by_open_group(verdict)

    def _facts_by_open_group(self, verdict: Verdict) -> list[list[str]]:
        groups = ([name for name, bits in self._fact_bits if bits & group] for group in verdict.open_groups)
        return [names for names in groups if names]

    def contradictions(self) -> Iterator[tuple[int, str]]:
        """Yield the group number (from 1) and the fact of each set of criteria that no answer can meet together."""
        for number, group in enumerate(self._groups, 1):
            for name, bits in self._bits_by_fact.items():
                group_bits = group & bits
                if group_bits and not any(not group_bits & ~holding for holding in self._answer_bits[name]):
                    yield number, name

    def _satisfied_bits(self, name: str, answer: object) -> int:
        return reduce(or_, (bit for bit, test in self._tests_by_fact[name] if test(answer)), 0)


class Rules:
    """Many rules that are judged together: a criterion shared by several rules is evaluated once."""

    def __init__(self, rules: Iterable[Rule], vocabulary: Vocabulary = VOCABULARY):
        self.rules = tuple(rules)
        criteria = [rule.criteria for rule in self.rules]
        self._count = sum(map(len, criteria))
        # Each rule with the slice of its criteria in the list of all: start, end, and a bit mask of its length.
        self._slices = [
            (rule, first_position, first_position + len(rule.criteria), (1 << len(rule.criteria)) - 1)
            for rule, first_position in zip(self.rules, _first_positions(criteria), strict=True)
        ]
        positions_by_criterion: dict[Criterion, list[int]] = {}
        for position, criterion in enumerate(chain.from_iterable(criteria)):
            positions_by_criterion.setdefault(criterion, []).append(position)
        # By fact: the criteria, each with its predicate, its positions in the list of all, and these as bits.
        self._tests_by_fact: dict[str, list[tuple[Criterion, Callable[[object], bool], list[int], int]]] = {}
        for criterion, positions in positions_by_criterion.items():
            test = criterion.test(vocabulary[criterion.fact].type)
            bits = sum(1 << position for position in positions)
            self._tests_by_fact.setdefault(criterion.fact, []).append((criterion, test, positions, bits))

    def judge(self, circumstances: Mapping[str, object]) -> list[Verdict]:
        """Return the verdict of each rule, equal to that of ``Rule.judge()``, in the order of ``rules``."""
        results: list[bool | None] = [None] * self._count
        known_bits = holding_bits = 0
        for name, answer in circumstances.items():
            is_partial = isinstance(answer, PartialAnswer)
            for criterion, test, positions, bits in self._tests_by_fact.get(name, ()):
                result = answer.result(criterion) if is_partial else test(answer)
                if result is None:
                    continue
                known_bits |= bits
                if result:
                    holding_bits |= bits
                for position in positions:
                    results[position] = result
        return [
            rule.verdict(rule_known_bits, holding_bits >> start & mask, tuple(results[start:end]))
            if (rule_known_bits := known_bits >> start & mask)
            else rule.initial_verdict
            for rule, start, end, mask in self._slices
        ]


def _without_subsumed(groups: Sequence[OpenGroup]) -> list[OpenGroup]:
    """Return the groups without each one whose criteria include all those of another group and more.

    Such a group holds only if the other one does, so its facts need not be asked.
    """
    distinct_groups = {distinct_bits for _, distinct_bits, _ in groups}
    return [
        group for group in groups if not any(other != group[1] and not other & ~group[1] for other in distinct_groups)
    ]


def _distinct_conditions(groups: Sequence[OpenGroup]) -> tuple[int, ...]:
    """Return the conditions of the groups; of groups that need the same, only those of the first."""
    by_bits = {distinct_bits: conditions for _, distinct_bits, conditions in reversed(groups)}
    return tuple(sorted(chain.from_iterable(by_bits.values())))


def faults(eligibility: object, vocabulary: Vocabulary = VOCABULARY) -> list[str]:
    """Return the faults of an entry's ``eligibility`` as Chinese sentences; an empty list if it is valid.

    None is valid and means that no rule is stated. A universal rule has no groups; a rule that is not machine-readable
    has no groups and has a ``reason``; any other rule has groups of criteria that one person can meet together.
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
    if reason is not None and not (isinstance(reason, str) and not is_blank(reason)):
        return ["享受条件的 reason 应是一句话，或为空。"]
    if not readable:
        messages = ["不能化为条件的，不能同时写明条件或“面向所有人”。"] if universal or groups else []
        return messages if reason else [*messages, "不能化为条件的，请写明为什么。"]
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
    messages, count = [], 0
    for number, group in enumerate(groups, 1):
        if not isinstance(group, dict) or set(group) != {"all"} or not isinstance(group["all"], list):
            messages.append(f"第 {number} 组应是 all 加一个条件列表。")
        elif not group["all"]:
            messages.append(f"第 {number} 组没有条件。")
        else:
            count += len(group["all"])
            messages += [f"第 {number} 组：{fault}" for fault in _group_faults(group["all"], vocabulary)]
    return messages + ([f"条件最多 {MAX_CRITERIA} 个。"] if count > MAX_CRITERIA else [])


def _group_faults(group: list, vocabulary: Vocabulary) -> list[str]:
    is_open = [isinstance(raw, dict) and "open" in raw for raw in group]
    messages = [
        fault
        for raw, is_open_criterion in zip(group, is_open, strict=True)
        for fault in (open_criteria.faults(raw) if is_open_criterion else _criterion_faults(raw, vocabulary))
    ]
    if messages:
        return messages
    # One order, so that a rule has one form: on the desk open criteria are entered below the others.
    if is_open != sorted(is_open):
        messages.append("待认定的条件应写在其他条件之后。")
    keys = [raw["open"] if "open" in raw else _criterion(raw) for raw in group]
    return messages + (["有重复的条件。"] if len(set(keys)) != len(keys) else [])


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
    # A criterion over a list of choices names single choices, but an answer to the fact is a list.
    value_faults = [fact.fault([item] if fact.type == CHOICES else item) for item in values]
    if any(value_faults):
        return [f"“{fact.label}”的值{next(filter(None, value_faults))}可用：{'、'.join(fact.allowed())}。"]
    return [f"“{fact.label}”的值有重复。"] if len({repr(item) for item in values}) != len(values) else []


def _contradiction_faults(eligibility: Mapping, vocabulary: Vocabulary) -> list[str]:
    choices_by_fact: dict[str, set] = {}
    for raw in (raw for group in eligibility["any"] for raw in group["all"] if "fact" in raw):
        if vocabulary[raw["fact"]].type == CHOICES:
            choices_by_fact.setdefault(raw["fact"], set()).update(_criterion_values(_criterion(raw)))
    if crowded_facts := [name for name, choices in choices_by_fact.items() if len(choices) > MAX_CHOICES]:
        return [f"“{vocabulary[crowded_facts[0]].label}”在一条规则中最多提到 {MAX_CHOICES} 个值。"]
    return [
        f"第 {number} 组：关于“{vocabulary[name].label}”的条件互相矛盾，没有人能同时满足。"
        for number, name in Rule(eligibility, vocabulary).contradictions()
    ]


def _criterion(raw: Mapping) -> Criterion:
    value = raw["value"]
    return Criterion(raw["fact"], raw["op"], tuple(value) if isinstance(value, list) else value)


def _criterion_values(criterion: Criterion) -> tuple:
    return criterion.value if isinstance(criterion.value, tuple) else (criterion.value,)


def bounds(criteria: Iterable[Criterion], fact: str) -> frozenset[int]:
    """Return the values of an integer fact from which one of the criteria changes."""
    values = [value for criterion in criteria if criterion.fact == fact for value in _criterion_values(criterion)]
    return frozenset(values).union(value + 1 for value in values)


def _group_numbers(groups: Sequence[Sequence]) -> tuple[int, ...]:
    return tuple(number for number, group in enumerate(groups, 1) for _ in group)


def _first_positions(groups: Sequence[Sequence]) -> Iterator[int]:
    position = 0
    for group in groups:
        yield position
        position += len(group)


def _bit_mask(group: Sequence, first_position: int) -> int:
    return ((1 << len(group)) - 1) << first_position


def distinguishing_answers(
    fact: Fact, criteria: Iterable[Criterion], vocabulary: Vocabulary = VOCABULARY
) -> Iterator[object]:
    """Yield answers to a fact that cover every combination of results of its criteria; a list as a frozenset.

    For an integer these are the values of the criteria and their neighbours, for a list the combinations of the
    choices that the criteria mention.
    """
    criterion_values = {
        value for criterion in criteria if criterion.fact == fact.name for value in _criterion_values(criterion)
    }
    if fact.type == INTEGER:
        candidates = sorted({value + step for value in criterion_values for step in (-1, 0, 1)})
        yield from (value for value in candidates if fact.fault(value) is None)
    elif fact.type == BOOLEAN:
        yield from (True, False)
    elif fact.type == CHOICE:
        yield from fact.choices
    else:
        for size in range(len(criterion_values) + 1):
            for choices in combinations(sorted(criterion_values), size):
                if fact.fault(list(choices)) is None:
                    yield vocabulary.implied(fact.name, choices)
