"""Answers to facts as people write them: by label or code, several choices with a mark between them. Pure."""

import re
from collections.abc import Iterator

from services.eligibility.facts import BOOLEAN, CHOICES, INTEGER, Fact

YES_NO = {"是": True, "否": False}
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
        raise ValueError(f"“{fact.label}”不能是“{text[:30]}”；可填：{_allowed(fact)}。")
    if fault := fact.fault(answer):
        raise ValueError(f"“{fact.label}”{fault}")
    return answer


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
            raise ValueError(f"“{fact.label}”不能是“{unknown[:30]}”；可填：{_allowed(fact)}。")
        start = end


def _allowed(fact: Fact) -> str:
    if fact.type == INTEGER:
        return f"整数，{fact.allowed()[0].replace('…', '到')}"
    return "、".join(YES_NO if fact.type == BOOLEAN else fact.choices.values())
