"""The sheets of the list as a spreadsheet and their columns, for export and import alike.

A CSV file is the list alone, with codes and the names beside them. A workbook has names only, and what a cell cannot
hold as rows of further sheets: the clauses, the rule, the figures of the standard and the shares.
"""

from typing import NamedTuple

from catalogue.editions.models import Citation, Edition, Entry, FieldVerification
from services.eligibility.sentences import UNIVERSAL
from services.sources import Jurisdiction, Verification
from services.values import amounts, quoted_values, shares

LIST_SHEET, CITATIONS_SHEET, EDITION_SHEET = "清单", "字段来源", "版本"
# The field of the rule.
RULE = "eligibility"


class Column(NamedTuple):
    """A column: its key, its header, and the key of the column that it only explains, if any."""

    key: str
    header: str
    explains: str | None = None


def _column_header(model: type, field: str) -> str:
    return str(model._meta.get_field(field).verbose_name)


def _code_and_name_columns(field: str) -> tuple[Column, Column]:
    header = _column_header(Entry, field)
    return Column(field, header), Column(f"{field}_names", f"{header}名称", explains=field)


# What a cell of the list says in words alone: each value stands in rows of a sheet of the workbook, by field.
VALUE_SHEETS = {field: _column_header(Entry, field) for field in (*quoted_values.COLUMNS, RULE)}
# What a row of a rule is: a condition of a fact, one that somebody must decide, or the whole rule.
BY_FACT, OPEN, UNREADABLE = "事实条件", "待认定的条件", "不能化为条件"
# The columns of each kind that are filled, of those before the clause.
RULE_KINDS = {
    BY_FACT: ("group", "fact", "op", "value"),
    OPEN: ("group", "text", "decided_by"),
    UNIVERSAL: (),
    UNREADABLE: ("text",),
}
# The labels of a value's choices.
VALUE_LABELS = {
    "kind": amounts.KINDS,
    "period": amounts.PERIODS,
    "per": amounts.PERS,
    "level": shares.LEVELS,
    "verification": dict(Verification.choices),
    "jurisdiction": dict(Jurisdiction.choices),
}
# The clause that a value carries.
CLAUSE_COLUMNS = tuple(
    Column(field, _column_header(Citation, field))
    for field in ("source", "locator", "quote", "verification", "jurisdiction")
)
SERVICE_COLUMNS = (Column("code", _column_header(Entry, "service")), Column("name", "名称", explains="code"))
# The citation of all sourced fields changed in a row. Empty on export: present citations are in CITATIONS_SHEET.
CITATION_COLUMNS = (
    *(Column(field, _column_header(Citation, field)) for field in ("source", "locator", "quote", "verification")),
    Column("basis", _column_header(FieldVerification, "basis")),
    Column("jurisdiction", _column_header(Citation, "jurisdiction")),
)
# How fresh the values are on the day of the export; an import ignores these columns.
FRESHNESS_COLUMNS = (
    Column("checked_on", "核对日期"),
    Column("valid_until", "有效至"),
    Column("may_be_outdated", "可能过时"),
)
# Provenance of the table, the same in each row.
PROVENANCE_COLUMNS = (
    Column("digest", _column_header(Edition, "digest")),
    Column("origin", "出处"),
    Column("licence", "许可"),
)
COLUMNS = {
    LIST_SHEET: (
        Column("code", _column_header(Entry, "service")),
        *(Column(field, _column_header(Entry, field)) for field in ("number", "name", "name_en")),
        *_code_and_name_columns("domain"),
        *_code_and_name_columns("target_groups"),
        *(
            Column(field, _column_header(Entry, field))
            for field in ("target_group_text", "content", "standard", "standard_as_of", "expenditure_responsibility")
        ),
        *(Column(field, _column_header(Entry, field)) for field in VALUE_SHEETS),
        *_code_and_name_columns("lead_department"),
        Column("lead_basis", "牵头依据", explains="basis"),
        *_code_and_name_columns("lead_department_alternatives"),
        *_code_and_name_columns("co_departments"),
        *_code_and_name_columns("legal_basis"),
        Column("note", _column_header(Entry, "note")),
        Column("findings", "各字段核实情况", explains="verification"),
        *FRESHNESS_COLUMNS,
        *CITATION_COLUMNS,
        Column("edition", "版本"),
        *PROVENANCE_COLUMNS,
    ),
    CITATIONS_SHEET: (
        Column("code", _column_header(Entry, "service")),
        Column("field", "字段"),
        Column("source", _column_header(Citation, "source")),
        Column("source_names", "来源文件名称", explains="source"),
        *(
            Column(field, _column_header(Citation, field))
            for field in ("locator", "quote", "verification", "jurisdiction", "criterion")
        ),
        # The verification of the field, repeated in each row of its citations.
        Column("finding", "字段核实情况"),
        Column("basis", _column_header(FieldVerification, "basis")),
    ),
    VALUE_SHEETS[RULE]: (
        *SERVICE_COLUMNS,
        Column("kind", "种类"),
        Column("group", "组"),
        Column("fact", "事实"),
        Column("op", "比较"),
        Column("value", "值"),
        Column("text", "内容"),
        Column("decided_by", "由谁认定"),
        *CLAUSE_COLUMNS,
    ),
    VALUE_SHEETS["amounts"]: (
        *SERVICE_COLUMNS,
        Column("label", "是什么"),
        Column("kind", "种类"),
        Column("value", "数值"),
        Column("unit", "单位"),
        Column("period", "周期"),
        Column("per", "每……"),
        Column("of_whom", "对象"),
        Column("place", "地区"),
        Column("valid_from", "起"),
        Column("valid_until", "止"),
        Column("as_of", "数据年份"),
        *CLAUSE_COLUMNS,
    ),
    VALUE_SHEETS["shares"]: (
        *SERVICE_COLUMNS,
        Column("level", "哪一级财政"),
        Column("percent", "百分之几"),
        Column("of_whom", "哪一部分的钱"),
        *CLAUSE_COLUMNS,
    ),
    EDITION_SHEET: tuple(
        Column(field, _column_header(Edition, field)) for field in ("slug", "title", "effective_from", "published_at")
    )
    + PROVENANCE_COLUMNS
    + (Column("disclaimer", "声明"),),
}
# The columns of a workbook: names stand in place of codes, so no column explains them.
WORKBOOK_COLUMNS = {
    sheet: tuple(column for column in columns if not column.key.endswith("_names"))
    for sheet, columns in COLUMNS.items()
}
# What differs between two editions, a row for each field; not imported.
COMPARISON_SHEET = "对照"
COMPARISON_COLUMNS = (
    Column("code", _column_header(Entry, "service")),
    Column("name", "名称"),
    Column("kind", "变化"),
    Column("field", "字段"),
    Column("before", "原来"),
    Column("after", "现在"),
    Column("clauses", "条文"),
)
# Column widths in characters of the default font; 14 for all others.
WIDTHS = {
    "name": 28, "name_en": 32, "content": 60, "standard": 50, "quote": 60, "target_group_text": 40, "note": 40,
    "eligibility": 50, "amounts": 50, "shares": 40, "expenditure_responsibility": 40, "lead_department": 24,
    "co_departments": 30, "legal_basis": 48, "target_groups": 30, "findings": 40, "source": 40, "locator": 20,
    "title": 48, "fact": 24, "value": 24, "text": 40, "label": 24, "of_whom": 24, "digest": 68, "published_at": 26,
    "origin": 40, "licence": 30, "disclaimer": 30, "before": 50, "after": 50, "clauses": 60,
}  # fmt: skip
