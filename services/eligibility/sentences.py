"""Rules, criteria and answers as Chinese sentences. Standard library only: no database, no request, no clock."""

from collections.abc import Mapping

from services.eligibility.facts import BOOLEAN, CHOICE, CHOICES, INTEGER, VOCABULARY, Fact, Vocabulary

UNIVERSAL = "面向所有人"
_COMPARISON_WORDS = {
    "gte": "不{low}于",
    "lte": "不{high}于",
    "gt": "{high}于",
    "lt": "{low}于",
    "eq": "为",
    "ne": "不为",
}


def rule_text(eligibility: Mapping | None, vocabulary: Vocabulary = VOCABULARY) -> str:
    """Return a valid rule in words: 「年龄不小于65周岁，且在本地连续居住不少于6个月」."""
    if eligibility is None:
        return "未知"
    if eligibility["universal"]:
        return UNIVERSAL
    if not eligibility["machine_readable"]:
        return f"不能化为条件：{eligibility['reason']}"
    return "；或者".join(group_texts(eligibility, vocabulary))


def group_texts(eligibility: Mapping, vocabulary: Vocabulary = VOCABULARY) -> list[str]:
    """Return each group of a valid rule in words; it is enough to meet one."""
    return ["，且".join(criterion_text(raw, vocabulary) for raw in group["all"]) for group in eligibility["any"]]


def criterion_text(raw: Mapping, vocabulary: Vocabulary = VOCABULARY) -> str:
    """Return one criterion in words: 「年龄不小于65周岁」; an open one with who decides it."""
    if "open" in raw:
        return f"{raw['open']}（{f'由{decider}' if (decider := raw['decided_by']) else '须另行'}认定）"
    fact, op, value = vocabulary[raw["fact"]], raw["op"], raw["value"]
    if fact.type == BOOLEAN:
        return fact.said["yes" if value == (op == "eq") else "no"]
    if fact.type == INTEGER:
        return _number_text(fact, op, value)
    choice_labels = "或".join(f"“{fact.choices[code]}”" for code in (value if op == "in" else [value]))
    if fact.type == CHOICES:
        return f"{fact.label}{'不含' if op == 'ne' else '包括'}{choice_labels}"
    return f"{fact.label}{'不是' if op == 'ne' else '是'}{choice_labels}"


def answer_text(fact: Fact, value: object) -> str:
    """Return an answer to a fact in words: 「是」, 「低保家庭、特困人员」."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(answer_text(fact, item) for item in value) or "无"
    return fact.choices.get(value, "") if fact.type in {CHOICE, CHOICES} else str(value)


def person_text(circumstances: Mapping[str, object], vocabulary: Vocabulary = VOCABULARY) -> str:
    """Return circumstances as one phrase: 「年龄70周岁，已婚，户口类别：农业，家庭类别：低保家庭」."""
    return "，".join(_trait_text(vocabulary[name], value) for name, value in circumstances.items()) or "情况全不知道"


def _trait_text(fact: Fact, value: object) -> str:
    if fact.type == BOOLEAN:
        return fact.said["yes" if value else "no"]
    if fact.type == INTEGER:
        return f"{fact.said['subject']}{value}{fact.said['unit']}"
    return f"{fact.label}：{answer_text(fact, value)}"


def _number_text(fact: Fact, op: str, value: int | list[int]) -> str:
    subject, unit = fact.said["subject"], fact.said["unit"]
    if op == "in":
        return f"{subject}为{'或'.join(f'{number}{unit}' for number in value)}"
    return f"{subject}{_COMPARISON_WORDS[op].format(**fact.said)}{value}{unit}"


_ENGLISH_COMPARISONS = {
    "gte": "at least",
    "lte": "at most",
    "gt": "more than",
    "lt": "less than",
    "eq": "exactly",
    "ne": "not",
}


def criterion_text_en(raw: Mapping, vocabulary: Vocabulary = VOCABULARY) -> str:
    """Return one criterion in English: "Age in years: at least 65"; the text of an open one stays Chinese."""
    if "open" in raw:
        return f"{raw['open']} (to be confirmed{f' by {decider}' if (decider := raw['decided_by']) else ''})"
    fact, op = vocabulary[raw["fact"]], raw["op"]
    values = raw["value"] if op == "in" else [raw["value"]]
    if fact.type == BOOLEAN:
        return f"{fact.label_en}: {'yes' if values[0] == (op == 'eq') else 'no'}"
    if fact.type == INTEGER:
        comparison = "" if op == "in" else f"{_ENGLISH_COMPARISONS[op]} "
        return f"{fact.label_en}: {comparison}{' or '.join(map(str, values))}"
    labels = " or ".join(fact.choices_en[code] for code in values)
    return f"{fact.label_en}: {'not ' if op == 'ne' else ''}{labels}"
