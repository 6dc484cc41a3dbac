"""Every value rests on a clause that was citable on the edition's first day."""

import datetime

import pytest

from catalogue.editions import sourcing
from tests.support.entries import make_citation, make_entry

CITABLE_FROM = {
    "seed-plan": datetime.date(2021, 11, 5),
    "newspaper": datetime.date(2023, 12, 25),
    "undated": datetime.date(2026, 1, 1),
}
KNOWN = {"verification": "unverified", "basis": "regulation"}


def with_standard(*citations: dict, label: str | None = "secondary", **changes: object) -> dict:
    """Return an entry with a standard, its citations and its verification (None: no verification)."""
    entry = make_entry(**({"standard": "每人每月840元"} | changes))
    entry["citations"] += citations
    if label:
        entry["verification"] |= {"standard": label}
        entry["basis"] |= {"standard": "regulation"}
    return entry


def with_age_rule(age: int, quote: str | None, op: str = "gte") -> dict:
    """Return an entry with a verbatim rule on age, and its criterion's quote (None: one citation of the whole rule)."""
    rule = {"any": [{"all": [{"fact": "age", "op": op, "value": age}]}]}
    entry = make_entry(eligibility=rule | {"universal": False, "machine_readable": True, "reason": None})
    entry["verification"] |= {"eligibility": "verbatim"}
    entry["basis"] |= {"eligibility": "regulation"}
    entry["citations"] += [make_citation("eligibility", quote=quote or "老年人", **({"criterion": 1} if quote else {}))]
    return entry


def with_open_criterion(**citation: str) -> dict:
    """Return an entry with a verbatim rule on age and an open criterion with a clause."""
    entry = with_age_rule(65, "65岁及以上")
    clause = {"source": "seed-plan", "locator": "表2", "quote": "符合条件", "verification": "verbatim"}
    raw = {"open": "符合条件", "decided_by": None, "citation": clause | {"jurisdiction": "national"} | citation}
    entry["eligibility"]["any"][0]["all"].append(raw)
    return entry


def reasons(entry: dict, effective_from: str = "2023-12-25") -> list[tuple[str, str]]:
    day = datetime.date.fromisoformat(effective_from)
    return [tuple(fault) for fault in sourcing.faults(entry, effective_from=day, citable_from=CITABLE_FROM)]


SECONDARY = make_citation("standard", source="newspaper", verification="secondary", quote=None)
VERBATIM = make_citation("standard", source="newspaper", quote="每人每月840元")


@pytest.mark.parametrize(
    ("entry", "on", "field", "words"),
    [
        (with_standard(), "2023-12-25", "standard", "没有来源"),
        (with_standard(SECONDARY, label=None), "2023-12-25", "standard", "没有核实情况"),
        (with_standard(SECONDARY, label="verbatim"), "2023-12-25", "standard", "不能上调"),
        (with_standard(SECONDARY), "2023-12-24", "standard", "晚于版本的施行日期"),  # a day too early
        (with_standard(SECONDARY | {"source": "undated"}), "2025-12-31", "standard", "晚于版本的施行日期"),
        (with_standard(VERBATIM | {"quote": None}, label="verbatim"), "2023-12-25", "standard", "没有照录原文"),
        (make_entry(citations=[*make_entry()["citations"], SECONDARY]), "2023-12-25", "standard", "没有值，却有来源"),
        (
            make_entry(verification=make_entry()["verification"] | {"content": "secondary"}),
            "2023-12-25",
            "content",
            "没有值，却有核",
        ),
        (make_entry(legal_basis=["undated"]), "2023-12-25", "legal_basis", "没有来源"),
        (make_entry(legal_basis=["undated"]), "2023-12-25", "legal_basis", "晚于版本的施行日期"),
        (
            make_entry(
                legal_basis=["newspaper"],
                verification=make_entry()["verification"] | {"legal_basis": "unverified"},
                basis=make_entry()["basis"] | {"legal_basis": "editorial"},
                citations=[*make_entry()["citations"], make_citation("legal_basis")],
            ),
            "2023-12-25",
            "legal_basis",
            "没有自己的来源",
        ),
        (with_standard(VERBATIM | {"quote": "\u3000 "}, label="verbatim"), "2023-12-25", "standard", "没有照录原文"),
        (make_entry(target_groups=["disabled"]), "2023-12-25", "target_groups", "没有来源"),
        (
            make_entry(citations=[*make_entry()["citations"], make_citation("price")]),
            "2023-12-25",
            "citations",
            "不存在的字段",
        ),
        (make_entry(citations=[]), "2023-12-25", "name", "没有来源"),
        (make_entry(lead_department_alternatives=["finance"]), "2023-12-25", "lead_department", "没有来源"),
        (make_entry(standard_as_of="2023"), "2023-12-25", "standard", "没有来源"),
        (make_entry(), "2021-11-04", "name", "晚于版本的施行日期"),
        (
            with_standard(VERBATIM | {"quote": "每人每月670元"}, label="verbatim"),
            "2023-12-25",
            "standard",
            "不在所引原文",
        ),
        (  # numbers are compared whole: 840 does not occur in 1840
            with_standard(VERBATIM | {"quote": "1840元；每人每月84"}, label="verbatim"),
            "2023-12-25",
            "standard",
            "“每人每月840元”不在所引原文之中",
        ),
        (  # a quote of a secondary citation does not make a value verbatim
            with_standard(
                VERBATIM, SECONDARY | {"quote": "低保标准"}, label="verbatim", standard="每人每月840元；低保标准"
            ),
            "2023-12-25",
            "standard",
            "“低保标准”不在所引原文",
        ),
        (with_age_rule(65, "年满六十周岁"), "2023-12-25", "eligibility", "65 不在所引原文之中"),
        (with_age_rule(65, None), "2023-12-25", "eligibility", "第 1 个条件没有照录原文的来源"),
        (
            with_open_criterion(verification="secondary"),
            "2023-12-25",
            "eligibility",
            "待认定的条件“符合条件”的来源不是",
        ),
        (with_open_criterion(source="nowhere"), "2023-12-25", "eligibility", "没有代码“nowhere”"),
        (with_open_criterion(source="undated"), "2023-12-25", "eligibility", "自 2026-01-01 起方可引用"),
    ],
)
def test_an_invalid_entry_has_a_fault_with_the_reason(entry, on, field, words):
    assert any(fault_field == field and words in reason for fault_field, reason in reasons(entry, on))


@pytest.mark.parametrize(
    ("entry", "on"),
    [
        (make_entry(), "2021-11-05"),  # the plan, on the day it was issued
        (with_standard(SECONDARY), "2023-12-25"),  # a source of the same day
        (with_standard(VERBATIM, label="verbatim"), "2023-12-25"),
        (with_standard(VERBATIM, label="unverified"), "2023-12-25"),  # a label may be lower than its citations
        (with_standard(SECONDARY | {"source": "undated"}), "2026-01-01"),
        (
            make_entry(citations=[*make_entry()["citations"], make_citation("mention")]),
            "2023-12-25",
        ),  # a clause that supports no field
        (with_standard(VERBATIM | {"quote": "標準為每人每月 840 元。"}, label="verbatim"), "2023-12-25"),
        (with_age_rule(65, "六十五周岁以上的老年人"), "2023-12-25"),
        (with_age_rule(65, "65岁及以上"), "2023-12-25"),
        (with_age_rule(15, "不满十六周岁", op="lte"), "2023-12-25"),
        (with_open_criterion(), "2023-12-25"),
    ],
)
def test_an_entry_with_sufficient_sources_has_no_fault(entry, on):
    assert reasons(entry, on) == []


def test_a_verbatim_citation_without_a_quote_raises_no_label():
    entry = with_standard(VERBATIM | {"quote": None}, label="secondary")

    assert any("不能上调" in reason for _, reason in reasons(entry))


def with_amount(source: str, value: str) -> dict:
    citation = {
        "source": source, "locator": None, "quote": "每人每月840元", "verification": "secondary", "jurisdiction": None,
    }  # fmt: skip
    blank = dict.fromkeys(("of_whom", "place", "valid_from", "valid_until", "as_of"))
    amount = {"label": "低保标准", "kind": "average", "value": value, "unit": "元", "currency": "CNY"}
    return make_entry(amounts=[amount | {"period": "month", "per": "person"} | blank | {"citation": citation}])


@pytest.mark.parametrize(
    ("source", "value", "words"),
    [
        ("newspaper", "940", "第 1 项：940 不在所引原文之中"),
        ("undated", "840", "来源 undated 自 2026-01-01 起方可引用"),  # not yet citable in 2023
        ("no-such", "840", "依据文件中没有代码“no-such”"),
    ],
)
def test_an_amount_rests_on_a_clause_too(source, value, words):
    ((field, reason),) = reasons(with_amount(source, value))

    assert field == "standard"
    assert words in reason


def with_share(source: str, percent: str) -> dict:
    citation = {
        "source": source, "locator": None, "quote": "中央分担80%", "verification": "secondary", "jurisdiction": None,
    }  # fmt: skip
    share = {"level": "centre", "percent": percent, "of_whom": None, "citation": citation}
    return make_entry(shares=[share])


@pytest.mark.parametrize(
    ("source", "percent", "words"),
    [
        ("newspaper", "20", "“支出分担比例”第 1 项：20 不在所引原文之中"),
        ("undated", "80", "来源 undated 自 2026-01-01 起方可引用"),  # not yet citable in 2023
        ("no-such", "80", "依据文件中没有代码“no-such”"),
    ],
)
def test_a_share_rests_on_a_clause_too(source, percent, words):
    ((field, reason),) = reasons(with_share(source, percent))

    assert field == "expenditure_responsibility"
    assert words in reason


def test_an_amount_that_its_quote_holds_has_no_fault():
    assert reasons(with_amount("newspaper", "840")) == []
    assert reasons(with_share("newspaper", "80")) == []
