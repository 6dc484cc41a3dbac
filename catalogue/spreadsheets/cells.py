"""Parsing of cells: codes, choices and texts, validated by column.

Each function raises CellError with the column and a sentence that lists the allowed values.
"""

import datetime
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from catalogue.editions import drafts
from catalogue.editions.models import Citation, Entry
from catalogue.spreadsheets import rewritten
from catalogue.spreadsheets.columns import CITATION_COLUMNS, LIST_SHEET
from catalogue.spreadsheets.names import TermNameError, TermNames
from catalogue.spreadsheets.reader import Row
from catalogue.workflow import wording
from services.fields import Text

DATE_PATTERN = re.compile(r"(?<![0-9])([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})(?![0-9])")
CITATION_KEYS = ("source", "locator", "quote", "verification", "jurisdiction")


class CellError(Exception):
    """An invalid cell: its column (``key``) and a sentence (``reason``)."""

    def __init__(self, key: str, reason: str):
        self.key, self.reason = key, reason
        super().__init__(reason)


@dataclass(frozen=True)
class FieldSourcing:
    """The sourcing of a field: its verification, its basis and its citations."""

    verification: str | None
    basis: str | None
    citations: list[dict]

    def for_field(self, field: str, existing: Iterable[dict] = ()) -> "FieldSourcing":
        """Return the sourcing with its citations set to a field, after the citations the field keeps."""
        own = [citation | {"field": field} for citation in self.citations]
        others = [citation for citation in existing if citation not in own]
        return FieldSourcing(self.verification, self.basis, others + own)

    def is_contained_in(self, citations: Iterable[Mapping]) -> bool:
        """Whether all its citations are among these, whatever their field."""
        comparable = [{name: citation[name] for name in CITATION_KEYS} for citation in citations]
        return all({name: citation[name] for name in CITATION_KEYS} in comparable for citation in self.citations)

    def as_text(self) -> str | None:
        """Return the citations in words, one per line; None if there are none."""
        lines = []
        for citation in self.citations:
            line = f"{wording.CHOICES['verification'][citation['verification']]}：{citation['source']}"
            line += f" {citation['locator']}" if citation["locator"] else ""
            lines.append(line + (f"　{citation['quote']}" if citation["quote"] else ""))
        return "\n".join(lines) or None


def parse_value(key: str, text: str, names: TermNames, current: Mapping | None) -> object:
    """Return the value of a list column in the shape of ``entry_data()``: None or [] if the cell is empty."""
    if key in drafts.LIST_COLUMNS:
        return _parse_codes(key, text, names)
    if key in ("domain", "lead_department"):
        return _parse_code(key, text, names)
    if not text and key == "name":
        raise CellError(key, "名称不能为空；取消服务项目请另提“取消”建议。")
    current_text = current and current[key]
    if current_text is not None and text in (
        current_text,
        current_text.replace("\r\n", "\n").replace("\r", "\n").strip(),
    ):
        return current_text
    if current_text is not None and rewritten.is_same(text, current_text):
        return current_text
    if "\n" in text and not isinstance(Entry._meta.get_field(key), Text):
        raise CellError(key, "只能写一行，请去掉换行。")
    if key == "standard_as_of":
        text = parse_day(key, text)
    return text or None


def parse_day(key: str, text: str) -> str:
    """Return a day, month or year in the form 2026-11-01; a text that is more than that stays as it is."""
    check_dates(key, text)
    try:
        return rewritten.day(text) or text
    except rewritten.AmbiguousDateError:
        reason = f"“{text[:50]}”分不清是哪一天，或带有时间；请按年月日写成 2026-01-02 的样子。"
    except ValueError:
        reason = f"没有“{text[:50]}”这一天；请写实际的日期，例：2026-11-01。"
    raise CellError(key, reason)


def check_dates(key: str, text: str) -> None:
    """Raise CellError if a text contains an impossible date."""
    for year, month, day in DATE_PATTERN.findall(text):
        try:
            datetime.date(int(year), int(month), int(day))
        except ValueError:
            raise CellError(
                key, f"没有 {year} 年 {month} 月 {day} 日这一天；请写实际的日期，例：2026-11-01。"
            ) from None


def parse_clause(row: Row, names: TermNames) -> FieldSourcing | None:
    """Return the clause of a row of the list, for every sourced field the row changes; None if there is none."""
    cells = {column.key: row.cells.get(column.key, "") for column in CITATION_COLUMNS}
    if not any(cells.values()):
        return None
    citation = parse_source(cells, names)
    basis = parse_choice(cells, "basis")
    if basis is None:
        raise CellError(
            "basis" if "basis" in row.columns else "source", f"填了来源，还要填“依据类别”：{_allowed('basis')}。"
        )
    return FieldSourcing(citation["verification"], basis, [citation])


def parse_citation(row: Row, names: TermNames) -> tuple[str, dict, tuple[str | None, str | None]]:
    """Return the field of a row of the sheet of citations, the citation, and the field's verification and basis."""
    field = parse_choice(row.cells, "field")
    if field is None:
        raise CellError("field", f"“字段”不能为空；可用：{_allowed('field')}。")
    citation = (
        {"field": field} | parse_source(row.cells, names) | _parse_criterion(field, row.cells.get("criterion", ""))
    )
    title, written = names.term("source", citation["source"]).title, row.cells.get("source_names")
    if written not in (None, "", title) and not names.matches("source", written, [citation["source"]]):
        raise CellError("source_names", f"“来源文件名称”只说明左边的代码，应是“{title}”，或留空。")
    finding = (parse_choice(row.cells, "finding"), parse_choice(row.cells, "basis"))
    if field == Citation.MENTION and any(finding):
        raise CellError("finding", "“相关表述”不是字段，没有字段核实情况和依据类别，请清空。")
    return field, citation, finding


def parse_choice(cells: Mapping[str, str], key: str) -> str | None:
    """Return the value of the choice whose label is in a cell, None for an empty cell."""
    text = cells.get(key, "")
    values = {label: value for value, label in wording.CHOICES[key].items()}
    if text and text not in values:
        raise CellError(key, f"“{text[:50]}”不能用；可用：{_allowed(key)}。")
    return values[text] if text else None


def unlisted_reason(code: str) -> str:
    """Say why a row of another sheet of the workbook is of no service."""
    return f"“{LIST_SHEET}”中没有代码为“{code[:50]}”的行，现行清单也没有这个项目；请改正或删去。"


def parse_source(cells: Mapping[str, str], names: TermNames) -> dict:
    """Return the clause in the cells of a row, with the code of its source. Raises CellError."""
    key = "source" if cells.get("source") or not cells.get("source_names") else "source_names"
    if not cells.get(key):
        raise CellError("source", "没有写明来源文件；请填写依据文件的标题、文号或代码，例：内政办发〔2021〕70号。")
    try:
        source = _parse_code("source", cells[key], names)
    except CellError as error:
        raise CellError(key, error.reason) from None
    verification = parse_choice(cells, "verification")
    if verification is None:
        raise CellError("verification", f"填了来源，还要填“核实情况”：{_allowed('verification')}。")
    texts = {name: cells.get(name) or None for name in ("locator", "quote")}
    if texts["locator"] and "\n" in texts["locator"]:
        raise CellError("locator", "只能写一行，请去掉换行。")
    return {
        "source": source,
        **texts,
        "verification": verification,
        "jurisdiction": parse_choice(cells, "jurisdiction"),
    }


def _parse_criterion(field: str, text: str) -> dict[str, int]:
    if not text:
        return {}
    text = rewritten.figure(text) or text
    if field != "eligibility" or not re.fullmatch("[1-9][0-9]?", text):
        raise CellError("criterion", "只有“享受条件”的来源才填条件序号，是从 1 起的半角整数，例：1；也可留空。")
    return {"criterion": int(text)}


def _allowed(key: str) -> str:
    return "、".join(wording.CHOICES[key].values())


def _parse_code(key: str, text: str, names: TermNames) -> str | None:
    if not text:
        if key == "domain":
            raise CellError(key, "领域不能为空；请填写领域代码或名称，例：NM-05。")
        return None
    (code,) = _parse_names(key, text, names)
    return code


def _parse_codes(key: str, text: str, names: TermNames) -> list[str]:
    codes = _parse_names(key, text, names)
    for code in codes:
        if codes.count(code) > 1:
            raise CellError(key, f"代码“{code}”写了两次，请删去一个。")
    return sorted(codes)


def _parse_names(key: str, text: str, names: TermNames) -> list[str]:
    try:
        return names.parse(key, text)
    except TermNameError as error:
        raise CellError(key, str(error)) from None
