"""Answers to facts, and what they are compared with, as people write them: by label or code. Pure.

Several choices or numbers stand with a mark between them.
"""

import re
from collections.abc import Iterator, Mapping

from services.eligibility.facts import BOOLEAN, CHOICES, INTEGER, OPERATORS, VOCABULARY, Fact
from services.eligibility.sentences import answer_text

YES_NO = {"是": True, "否": False}
OPERATOR_LABELS = {
    "eq": "等于",
    "ne": "不等于、不含",
    "gte": "不小于（≥）",
    "lte": "不大于（≤）",
    "gt": "大于（>）",
    "lt": "小于（<）",
    "contains": "包括",
    "in": "是其中之一",
}
# A label may itself contain some.
PIECE = re.compile(r"[^、，,;；\s]+")


def parse_answer(fact: Fact, text: str) -> object:
    """Return the answer that a text states, the inverse of ``sentences.answer_text()``.

    Raises ValueError with a sentence that says what is allowed.
    """
    text = text.strip()
    if fact.type == INTEGER:
        answer = int(text) if re.fullmatch("[0-9]{1,6}", text) else None
    elif fact.type == BOOLEAN:
        answer = YES_NO.get(text)
    else:
        codes = list(_codes(fact, text))
        answer = codes if fact.type == CHOICES else codes[0] if len(codes) == 1 else None
    if answer is None:
        raise ValueError(f"“{fact.label}”不能是“{text[:30]}”；可填：{allowed(fact)}。")
    if fault := fact.fault(answer):
        raise ValueError(f"“{fact.label}”{fault}")
    return answer


def operand_text(criterion: Mapping) -> str:
    """Return what a criterion of a rule compares its fact with, in words: 「低保家庭、特困人员」."""
    fact, value = VOCABULARY[criterion["fact"]], criterion["value"]
    return "、".join(answer_text(fact, item) for item in (value if criterion["op"] == "in" else [value]))


def parse_criterion(fact: Fact, op: str, text: str) -> dict:
    """Return the criterion that compares a fact by ``op`` with what a text states, as ``operand_text()`` writes it.

    Raises ValueError with a sentence that says what is allowed; ``rules.faults()`` tells what is beyond a rule.
    """
    if op not in OPERATORS[fact.type]:
        labels = "、".join(OPERATOR_LABELS[name] for name in OPERATORS[fact.type])
        raise ValueError(f"“{fact.label}”请选择比较方式：{labels}。")
    values = list(_operands(fact, text))
    if op == "in":
        if not values:
            raise ValueError(f"“{fact.label}”请至少填一个值，多个用顿号隔开。")
        return {"fact": fact.name, "op": op, "value": values}
    if len(values) != 1:
        raise ValueError(f"“{fact.label}”不能是“{text.strip()[:30]}”；可填：{allowed(fact)}。")
    return {"fact": fact.name, "op": op, "value": values[0]}


def _operands(fact: Fact, text: str) -> Iterator[object]:
    if fact.type not in {BOOLEAN, INTEGER}:
        yield from _codes(fact, text)
        return
    for piece in PIECE.findall(text):
        value = YES_NO.get(piece) if fact.type == BOOLEAN else int(piece) if re.fullmatch("[0-9]{1,6}", piece) else None
        if value is None:
            raise ValueError(f"“{fact.label}”不能是“{piece[:30]}”；可填：{allowed(fact)}。")
        yield value


def _codes(fact: Fact, text: str) -> Iterator[str]:
    """Yield the code of each label or code in a text, the longest label first."""
    codes = {label: code for code, label in fact.choices.items()} | {code: code for code in fact.choices}
    spans = [match.span() for match in PIECE.finditer(text)]
    longest = max(len(PIECE.findall(name)) for name in codes)
    start = 0
    while start < len(spans):
        for end in range(min(len(spans), start + longest), start, -1):
            name = text[spans[start][0] : spans[end - 1][1]]
            if name in codes:
                yield codes[name]
                break
        else:
            unknown = text[slice(*spans[start])]
            raise ValueError(f"“{fact.label}”不能是“{unknown[:30]}”；可填：{allowed(fact)}。")
        start = end


def allowed(fact: Fact) -> str:
    """Return the answers to a fact in words."""
    if fact.type == INTEGER:
        return f"整数，{fact.allowed()[0].replace('…', '到')}"
    return "、".join(YES_NO if fact.type == BOOLEAN else fact.choices.values())
