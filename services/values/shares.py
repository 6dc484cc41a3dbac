"""Who pays for a service, as shares (支出分担比例): their shape, their faults and their words.

Standard library only: no database, no request, no clock. A share carries the clause that gives it. What no clause
gives is not listed, so the shares of one cost need not add up to 100.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from services.values import clauses

LEVELS = {"centre": "中央", "region": "自治区", "league": "盟市", "banner": "旗县"}
# The keys of a share, in the order of its answers.
KEYS = ("level", "percent", "of_whom", "citation")
MAX_SHARES = 40
PERCENT = re.compile(r"[0-9]{1,3}([.][0-9]{1,4})?")


def faults(shares: object) -> list[str]:
    """Return every reason why a list of shares is invalid, an empty list if it is valid.

    A percentage is above 0, at most 100, and stands in the quote of its clause. One level has one share of the same
    cost (``of_whom``), and the shares of one cost are at most 100 together.
    """
    if not isinstance(shares, list) or len(shares) > MAX_SHARES:
        return [f"应是列表，至多{MAX_SHARES}项。"]
    shape_faults = [
        f"第 {place} 项：{reason}" for place, share in enumerate(shares, start=1) for reason in _faults(share)
    ]
    return shape_faults or [*_repetitions(shares), *_excesses(shares)]


def _faults(share: object) -> Iterator[str]:
    if not isinstance(share, dict) or set(share) != set(KEYS):
        yield f"应恰好有这些：{'、'.join(KEYS)}。"
        return
    # A list, because a value of a file need not be hashable.
    if share["level"] not in list(LEVELS):
        yield f"level 可用：{'、'.join(LEVELS)}。"
    if share["of_whom"] is not None and not clauses.is_text(share["of_whom"]):
        yield f"of_whom 应是不空的文字，至多{clauses.MAX_TEXT}字；整个项目写 null。"
    percent = share["percent"]
    if not isinstance(percent, str) or not PERCENT.fullmatch(percent):
        yield 'percent 应是写成文字的小数，不带百分号，例如 "80"、"12.5"。'
    elif not 0 < Decimal(percent) <= 100:
        yield "percent 应大于 0，不大于 100。"
    else:
        yield from clauses.faults(share["citation"], percent)


def _repetitions(shares: Iterable[Mapping]) -> Iterator[str]:
    for (level, cost), count in Counter((share["level"], share["of_whom"]) for share in shares).items():
        if count > 1:
            yield f"“{cost or '整个项目'}”中{LEVELS[level]}有 {count} 个比例；请分别写明是哪一部分的钱（of_whom）。"


def _excesses(shares: Iterable[Mapping]) -> Iterator[str]:
    totals: dict[str | None, Decimal] = {}
    for share in shares:
        totals[share["of_whom"]] = totals.get(share["of_whom"], Decimal(0)) + Decimal(share["percent"])
    for cost, total in totals.items():
        if total > 100:
            yield f"“{cost or '整个项目'}”的各级比例合计 {total:f}%，超过 100%。"


def share_text(share: Mapping) -> str:
    """Return a share in words: 中央负担80%（基本公共卫生服务）."""
    cost = f"（{share['of_whom']}）" if share["of_whom"] else ""
    return f"{LEVELS[share['level']]}负担{share['percent']}%{cost}"


def in_order(shares: Iterable[Mapping]) -> list[dict]:
    """Return shares with their keys in the order of answers."""
    return [clauses.in_order(share, KEYS) for share in shares]
