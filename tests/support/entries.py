"""Entries, citations and changes for tests, in the format of the fixture files."""

import datetime
from decimal import Decimal

# The time of the tests' proposals, after the publication of the editions.
PROPOSED_AT = datetime.datetime(2026, 12, 1, 9, 0, tzinfo=datetime.UTC)
NEXT_YEAR = datetime.date(2027, 1, 1)
STANDARD = "自治区平均标准：孤儿集中供养每人每月2300元。"
ASSESSMENT_LINE = {
    "label": "全区",
    "beneficiaries": 6741,
    "old_standard": Decimal("1830.00"),
    "new_standard": Decimal("1920.00"),
    "periods": 12,
    "period": "month",
    "share_centre": Decimal("33.33"),
    "share_region": Decimal("33.33"),
    "share_league": Decimal("33.34"),
    "share_banner": Decimal(0),
}
ASSESSMENT_FIGURES = {
    "lines": [ASSESSMENT_LINE],
    "funding_source": "一般公共预算",
    "conclusion": "affordable",
    "attachments": [],
}


def assessment_form(*lines: dict, **changes: object) -> dict:
    """Return what the form of an assessment sends for lines that differ so from ``ASSESSMENT_LINE``; by default one."""
    rows = [ASSESSMENT_LINE | line for line in lines or [{}]]
    data = {f"lines-{at}-{name}": str(value) for at, row in enumerate(rows) for name, value in row.items()}
    return data | {
        "lines-TOTAL_FORMS": len(rows),
        "lines-INITIAL_FORMS": 0,
        "funding_source": "一般公共预算",
        "conclusion": "affordable",
        **changes,
    }


def make_citation(field: str, **changes: object) -> dict:
    """Return a verbatim citation of the plan, in the format of the fixture files."""
    citation = {
        "field": field,
        "source": "seed-plan",
        "locator": "表2",
        "quote": "老年人健康管理",
        "verification": "verbatim",
        "jurisdiction": "inner-mongolia",
    }
    return citation | changes


def make_entry(code: str = "NM-05-01", **changes: object) -> dict:
    """Return a minimal entry: name and domain, each with its citation."""
    unknown = dict.fromkeys(
        ("name_en", "target_group_text", "eligibility", "content", "standard", "standard_as_of", "lead_department")
        + ("expenditure_responsibility", "note")
    )
    lists = {key: [] for key in ("target_groups", "lead_department_alternatives", "co_departments", "legal_basis")}
    entry = {
        "code": code,
        "number": 1,
        "name": "老年人健康管理",
        "domain": "NM-05",
        **unknown,
        **lists,
        "amounts": [],
        "shares": [],
        "verification": {"name": "verbatim", "domain": "verbatim"},
        "basis": {"name": "plan", "domain": "plan"},
        # A verbatim value must be in its quote.
        "citations": [
            make_citation("name", quote=changes.get("name", "老年人健康管理")),
            make_citation("domain", quote="老有所养"),
        ],
    }
    return entry | changes


def quoted_standard(standard: str = STANDARD, as_of: str = "2027") -> str:
    """Return a clause that has a standard and the time from which it holds."""
    return f"自{as_of}起执行。{standard}"


def standard_change(**changes: object) -> dict:
    """Return a change of the orphans' standard with its citation."""
    entry = {
        "standard": STANDARD,
        "standard_as_of": "2027",
        "verification": {"standard": "verbatim"},
        "basis": {"standard": "regulation"},
        "citations": [
            make_citation(
                "standard",
                source="seed-daily",
                quote=quoted_standard(changes.get("standard", STANDARD), changes.get("standard_as_of", "2027")),
                locator="第1条",
            )
        ],
    }
    return {"service": "NM-01-07", "action": "change", "entry_data": entry | changes, "successors": []}


def addition(code: str = "NM-05-05", **changes: object) -> dict:
    entry = make_entry(code, name="基本殡葬服务", **changes)
    return {"service": code, "action": "add", "entry_data": entry, "successors": []}


def withdrawal(code: str, *successors: str) -> dict:
    return {"service": code, "action": "withdraw", "entry_data": None, "successors": list(successors)}


NOTE_CHANGE = {"service": "NM-01-07", "action": "change", "entry_data": {"note": "只改说明"}, "successors": []}
