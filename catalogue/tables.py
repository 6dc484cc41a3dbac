"""The list as a table: its sheets and columns, said once for what is written and for what is read; and the writers.

Codes stand in the cells and names beside them, so that a table comes back exactly as it went out. Keeps out how a file
from outside is guarded and read: that is ``reading``.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font

from catalogue.models import Citation, Edition, Entry, Finding, SourcedField
from services.models import Jurisdiction, Verification

LIST, SOURCES, EDITION = "清单", "字段来源", "版本"
# What a spreadsheet takes for a formula, and the full-width forms that some of them take for one too.
FORMULAS = "=+-@\t\r\n＝＋－＠"
SEPARATOR = "、"
# The most characters a cell of a workbook holds.
LONGEST = 32_767


class TooLong(Exception):
    """A text that no cell of a workbook can hold."""


class Column(NamedTuple):
    """A column: the key it has in the code, its header, and whether it only explains the codes of another."""

    key: str
    header: str
    explains: str | None = None


def _header(model: type, field: str) -> str:
    return str(model._meta.get_field(field).verbose_name)


def _explained(field: str) -> tuple[Column, Column]:
    header = _header(Entry, field)
    return Column(field, header), Column(f"{field}_names", f"{header}名称", explains=field)


# The clause that every sourced field changed in a row rests on. Empty on export: what stands has its own in SOURCES.
CLAUSE = (
    *(Column(field, _header(Citation, field)) for field in ("source", "locator", "quote", "verification")),
    Column("basis", _header(Finding, "basis")),
    Column("jurisdiction", _header(Citation, "jurisdiction")),
)
COLUMNS = {
    LIST: (
        Column("code", _header(Entry, "service")),
        *(Column(field, _header(Entry, field)) for field in ("number", "name", "name_en")),
        *_explained("domain"),
        *_explained("target_groups"),
        *(
            Column(field, _header(Entry, field))
            for field in ("target_group_text", "content", "standard", "standard_as_of", "expenditure_responsibility")
        ),
        *_explained("lead_department"),
        *_explained("lead_department_alternatives"),
        *_explained("co_departments"),
        *_explained("legal_basis"),
        Column("note", _header(Entry, "note")),
        *CLAUSE,
        Column("edition", "版本"),
    ),
    SOURCES: (
        Column("code", _header(Entry, "service")),
        Column("field", "字段"),
        Column("source", _header(Citation, "source")),
        Column("source_names", "来源文件名称", explains="source"),
        *(
            Column(field, _header(Citation, field))
            for field in ("locator", "quote", "verification", "jurisdiction", "criterion")
        ),
        # The field's own conclusion, repeated in each of its rows.
        Column("finding", "字段核实情况"),
        Column("basis", _header(Finding, "basis")),
    ),
    EDITION: tuple(
        Column(field, _header(Edition, field))
        for field in ("slug", "title", "effective_from", "published_at", "digest")
    ),
}
# What stands in a cell for a choice: its words.
WORDS = {
    "field": dict(Citation.FIELDS),
    "verification": dict(Verification.choices),
    "finding": dict(Verification.choices),
    "basis": dict(Finding.Basis.choices),
    "jurisdiction": dict(Jurisdiction.choices),
}


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula, behind an apostrophe if it might have been."""
    return f"'{text}" if text.startswith("'") or is_formula(text) else text


def plain(text: str) -> str:
    """Return the text that ``harmless()`` was given."""
    return text[1:] if text.startswith("'") and (text[1:2] == "'" or is_formula(text[1:])) else text


def is_formula(text: str) -> bool:
    """Whether a spreadsheet may take a text for a formula, also behind blanks."""
    return bool(text.strip()) and (text[0] in FORMULAS or text.lstrip()[0] in FORMULAS)


def listed(documents: Iterable[Mapping], *, edition: str) -> Iterator[dict[str, str]]:
    """Yield the rows of LIST for entries as ``canonical.document()`` gives them, of the edition of this slug."""
    for document in documents:
        row = {}
        for column in COLUMNS[LIST]:
            terms = document.get(column.explains or column.key)
            if column in CLAUSE or terms is None:
                row[column.key] = ""
            elif column.explains:
                row[column.key] = named(terms if isinstance(terms, list) else [terms])
            elif isinstance(terms, list):
                row[column.key] = SEPARATOR.join(sorted(term["code"] for term in terms))
            else:
                row[column.key] = terms["code"] if isinstance(terms, Mapping) else str(terms)
        yield row | {"edition": edition}


def sourced(documents: Iterable[Mapping]) -> Iterator[dict[str, str]]:
    """Yield the rows of SOURCES: one for each citation, in the order of the entries and of their fields."""
    order = [*SourcedField.values, Citation.MENTION]
    for document in documents:
        for citation in sorted(document["citations"], key=lambda citation: order.index(citation["field"])):
            row = {key: citation[key] for key in ("field", "locator", "quote", "verification", "jurisdiction")}
            row |= {
                "criterion": str(citation.get("criterion", "")),
                "finding": document["verification"].get(citation["field"]),
                "basis": document["basis"].get(citation["field"]),
            }
            row = {key: WORDS.get(key, {}).get(value, value) or "" for key, value in row.items()}
            source = {"source": citation["source"]["code"], "source_names": named([citation["source"]])}
            yield {"code": document["code"], **row, **source}


def named(terms: Iterable[Mapping]) -> str:
    """Return the names of terms as they stand beside their codes, in the order of the codes."""
    ordered = sorted(terms, key=lambda term: term["code"])
    return SEPARATOR.join(term.get("short_name") or term.get("name") or term["title"] for term in ordered)


def to_csv(documents: Iterable[Mapping], *, edition: Edition) -> bytes:
    """Return the list as CSV in UTF-8 with a byte order mark, by which spreadsheets know its encoding."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([column.header for column in COLUMNS[LIST]])
    for row in listed(documents, edition=edition.slug):
        writer.writerow([harmless(row[column.key]) for column in COLUMNS[LIST]])
    return text.getvalue().encode("utf-8-sig")


def to_xlsx(documents: Iterable[Mapping], *, edition: Edition) -> bytes:
    """Return the list, the clauses behind it and its edition as the three sheets of a workbook, every cell a string.

    Raises TooLong for a text no cell can hold.
    """
    documents = list(documents)
    about = {column.key: getattr(edition, column.key) for column in COLUMNS[EDITION]}
    published = edition.published_at
    about |= {
        "effective_from": edition.effective_from.isoformat(),
        "published_at": published and published.isoformat(timespec="seconds"),
    }
    sheets = {
        LIST: list(listed(documents, edition=edition.slug)),
        SOURCES: list(sourced(documents)),
        EDITION: [{key: value or "" for key, value in about.items()}],
    }
    # Before the first cell is written: openpyxl cannot be stopped half way.
    longest = max(len(harmless(text)) for rows in sheets.values() for row in rows for text in row.values())
    if longest > LONGEST:
        raise TooLong(f"有一处文字长 {longest} 字，工作簿的单元格最多 {LONGEST} 字；请导出为 CSV。")
    book = Workbook(write_only=True)
    for name, rows in sheets.items():
        _sheet(book, name, rows)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _sheet(book: Workbook, name: str, rows: Iterable[Mapping[str, str]]) -> None:
    sheet = book.create_sheet(name)
    sheet.freeze_panes = "B2"
    headers = []
    for column in COLUMNS[name]:
        cell = _cell(sheet, column.header)
        cell.font = Font(bold=True)
        headers.append(cell)
    sheet.append(headers)
    for row in rows:
        sheet.append([_cell(sheet, row[column.key]) for column in COLUMNS[name]])


def _cell(sheet, text: str) -> WriteOnlyCell:
    text = harmless(text)
    cell = WriteOnlyCell(sheet)
    # XML cannot say a control character; none comes in through the desk.
    cell.value = ILLEGAL_CHARACTERS_RE.sub("\ufffd", _escaped(text))
    # Whatever it looks like (a number, "#N/A"): a string.
    cell.data_type = "s"
    cell.number_format = "@"
    cell.alignment = Alignment(vertical="top", wrap_text=len(text) > 20)
    return cell


def _escaped(text: str) -> str:
    """Return a text as Office Open XML writes it: what looks like its escape of a character is escaped itself."""
    return re.sub(r"_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", text)


def unescaped(text: str) -> str:
    """Return what a cell of a workbook says, with the line ends a spreadsheet escapes as line ends."""
    return re.sub(r"_x005F_(?=x[0-9A-Fa-f]{4}_)", "_", text.replace("_x000D_\n", "\n"))
