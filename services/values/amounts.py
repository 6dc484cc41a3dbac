"""The figures of a service standard (服务标准里的数字): their shape, their faults, which is current, and their words.

Standard library only: no database, no request, no clock. An amount carries the clause that holds it, and says what it
is: 840元 is an average line, not what a family gets. Amounts are never added over services.
"""

import datetime
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from services.values import clauses

KINDS = {
    "payment": "发给的金额",
    "threshold": "界线",
    "ceiling": "上限",
    "floor": "下限",
    "average": "平均数",
    "rate": "比例",
    "price": "价格",
    "quantity": "数量",
}
PERIODS = {"month": "每月", "year": "每年", "day": "每天", "once": "一次"}
PERS = {"person": "每人", "household": "每户", "case": "每件", "place": "每处"}
# The keys of an amount, in the order of its answers.
KEYS = (
    "label", "kind", "value", "unit", "currency", "period", "per", "of_whom", "place", "valid_from", "valid_until",
    "as_of", "citation",
)  # fmt: skip
MAX_AMOUNTS = 40
VALUE = re.compile(r"[0-9]{1,9}([.][0-9]{1,4})?")
_TEXTS = ("label", "unit", "of_whom", "place")
_CHOICES = {"kind": KINDS, "period": PERIODS, "per": PERS}


def faults(amounts: object) -> list[str]:
    """Return every reason why a list of amounts is invalid, an empty list if it is valid.

    The value must stand in the quote of its citation.
    """
    if not isinstance(amounts, list) or len(amounts) > MAX_AMOUNTS:
        return [f"应是列表，至多{MAX_AMOUNTS}项。"]
    shape_faults = [
        f"第 {place} 项：{reason}" for place, amount in enumerate(amounts, start=1) for reason in _faults(amount)
    ]
    return shape_faults or [
        f"“{label}”在同一时间（{since or '未知'}）有 {count} 个数；请用不同的标签。"
        for (label, since), count in Counter((amount["label"], _since(amount)) for amount in amounts).items()
        if count > 1
    ]


def _faults(amount: object) -> Iterator[str]:
    if not isinstance(amount, dict) or set(amount) != set(KEYS):
        yield f"应恰好有这些：{'、'.join(KEYS)}。"
        return
    for key in _TEXTS:
        if not (amount[key] is None and key != "label") and not clauses.is_text(amount[key]):
            yield f"{key} 应是不空的文字，至多{clauses.MAX_TEXT}字；未知写 null。"
    for key, allowed in _CHOICES.items():
        # A list, because a value of a file need not be hashable.
        if amount[key] not in list(allowed) and not (amount[key] is None and key != "kind"):
            yield f"{key} 可用：{'、'.join(allowed)}。"
    if amount["currency"] not in ("CNY", None) or (amount["currency"] == "CNY") != (amount["unit"] == "元"):
        yield "currency 在单位是“元”时写 CNY，其余写 null。"
    for key in ("valid_from", "valid_until"):
        if amount[key] is not None and not _is_day(amount[key]):
            yield f"{key} 应是日期，例如 2026-07-01；未知写 null。"
    if amount["as_of"] is not None and not is_year_or_day(amount["as_of"]):
        yield "as_of 应是年份或日期，例如 2023；未知写 null。"
    yield from _value_faults(amount)


def _value_faults(amount: Mapping) -> Iterator[str]:
    value = amount["value"]
    if not isinstance(value, str) or not VALUE.fullmatch(value):
        yield 'value 应是写成文字的小数，例如 "840"、"0.55"。'
    else:
        yield from clauses.faults(amount["citation"], value)


def with_current(amounts: Sequence[Mapping], on: datetime.date) -> list[dict]:
    """Return amounts with ``current``: false if its validity is over or a newer figure of the same label is there.

    The current one of each label comes first, then its history, the newest first; labels stay in their order.
    """
    labels = list(dict.fromkeys(amount["label"] for amount in amounts))
    ordered = []
    for label in labels:
        series = sorted((amount for amount in amounts if amount["label"] == label), key=_since, reverse=True)
        open_from = [amount for amount in series if not amount["valid_from"] or amount["valid_from"] <= on.isoformat()]
        newest = open_from[0] if open_from else None
        ordered += [
            _answer(amount, current=amount is newest and not _has_ended(amount, on))
            for amount in sorted(series, key=lambda amount: amount is not newest)
        ]
    return ordered


def _answer(amount: Mapping, *, current: bool) -> dict:
    values = clauses.in_order(amount, KEYS)
    citation = values.pop("citation")
    return values | {"current": current, "citation": citation}


def _since(amount: Mapping) -> str:
    return amount["valid_from"] or amount["as_of"] or ""


def _has_ended(amount: Mapping, on: datetime.date) -> bool:
    return bool(amount["valid_until"]) and amount["valid_until"] < on.isoformat()


def amount_text(amount: Mapping) -> str:
    """Return an amount in words: 低保城市平均标准：每人每月840元（平均数，2023）."""
    measure = f"{PERIODS.get(amount['period'], '')}{amount['value']}{amount['unit'] or ''}"
    limits = [
        KINDS[amount["kind"]],
        amount["of_whom"],
        amount["place"],
        amount["valid_from"] and f"自{amount['valid_from']}起",
        amount["valid_until"] and f"至{amount['valid_until']}止",
        amount["as_of"],
        amount.get("current") is False and "不是现行的",
    ]
    details = "，".join(limit for limit in limits if limit)
    return f"{amount['label']}：{PERS.get(amount['per'], '')}{measure}（{details}）"


def _is_day(value: object) -> bool:
    try:
        return datetime.date.fromisoformat(value).isoformat() == value
    except (TypeError, ValueError):
        return False


def is_year_or_day(value: object, *, day: bool = False) -> bool:
    """Whether a value is a year, a month or a day in ISO 8601; with ``day``, a day only."""
    if not isinstance(value, str):
        return False
    return not day and bool(re.fullmatch("[0-9]{4}(-(0[1-9]|1[0-2]))?", value)) or _is_day(value)
