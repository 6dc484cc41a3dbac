"""Reads a file as the list: checked by ``limits`` first, then parsed into rows of text cells with their places.

The text of a cell is interpreted in ``cells``. All faults are reported at once, up to MAX_FAULTS.
"""

import csv
import datetime
import io
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

from catalogue.spreadsheets import writer
from catalogue.spreadsheets.limits import (
    MAX_BYTES,
    MAX_COLUMN_NUMBER,
    MAX_ROW_NUMBER,
    MAX_ROWS,
    ImportFault,
    UnreadableFileError,
    check_characters,
    check_kind,
    check_unpacked,
    column_letter,
    decode,
    refuse,
)
from catalogue.spreadsheets.writer import CITATIONS_SHEET, COLUMNS, EDITION_SHEET, LIST_SHEET
from services.characters import fold_radicals

if TYPE_CHECKING:
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet

# Errors of zipfile, the XML parser and openpyxl for damaged or contradictory files; defusedxml raises a ValueError for
# entities.
OPENPYXL_ERRORS = (
    BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    RuntimeError,
    ParseError,
    AttributeError,
    LookupError,
    OverflowError,
    TypeError,
    ValueError,
)
# No field is longer than a file; the limit of the csv module is global to the process, so it is set once.
csv.field_size_limit(MAX_BYTES)
# Number of faults reported of a file.
MAX_FAULTS = 200
# A long number as a spreadsheet rewrites it.
SCIENTIFIC_NOTATION = re.compile(r"[0-9]+(\.[0-9]+)?[eE][+-]?[0-9]+")
MAX_EXACT_NUMBER = 10**11


@dataclass(frozen=True)
class Row:
    """A row of a sheet: its number counted from 1, its cells by column key (empty ones are ""), and their columns.

    ``columns`` are letter and header by key. ``sheet`` is None for CSV. ``cells`` has only columns of the sheet.
    """

    number: int
    cells: Mapping[str, str]
    columns: Mapping[str, str]
    sheet: str | None = None

    def fault(self, reason: str, key: str | None = None) -> ImportFault:
        return ImportFault(reason, self.sheet, self.number, self.columns.get(key))


@dataclass(frozen=True)
class Table:
    """The rows of a file, by sheet."""

    rows: list[Row]
    sources: list[Row] = field(default_factory=list)
    editions: list[Row] = field(default_factory=list)


def read_table(name: str, content: bytes) -> Table:
    """Return the table in a file. Raises UnreadableFileError with all its faults, up to MAX_FAULTS."""
    kind = check_kind(name, content)
    sheets = {None: _csv_rows(decode(content))} if kind == "csv" else _workbook(content)
    faults: list[ImportFault] = []
    rows = {sheet or LIST_SHEET: list(_parse_rows(sheet, lines, faults)) for sheet, lines in sheets.items()}
    if faults:
        raise UnreadableFileError(*faults[:MAX_FAULTS])
    if not rows[LIST_SHEET]:
        refuse("表格里只有表头，没有一行服务项目。", row=2)
    return Table(rows[LIST_SHEET], rows.get(CITATIONS_SHEET, []), rows.get(EDITION_SHEET, []))


def _csv_rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a CSV text with their numbers, without empty rows."""
    if "\0" in text:
        before = text[: text.index("\0")]
        row, column = before.count("\n") + 1, before.rpartition("\n")[2].count(",") + 1
        refuse("含有空字符 U+0000；请删去后重新输入这一格。", row=row, column=column_letter(column))
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    number, line = 0, 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            # The reader does not report the position: search the rest of the text.
            rest = "".join(text.splitlines(keepends=True)[line:])
            column = column_letter(_unbalanced_cell(rest))
            refuse("引号没有成对；单元格里的引号要写两遍，并用引号把整格括起来。", row=number + 1, column=column)
        number, line = number + 1, reader.line_num
        if any(cell.strip() for cell in cells):
            yield number, cells


def _unbalanced_cell(record: str) -> int:
    """Return the position, from 1, of the cell with unbalanced quotes in a record."""
    position, cell = 1, re.compile(r'(?:"(?:[^"]|"")*"|[^",\r\n][^,\r\n]*|)(?=(,|\r|\n|\Z))')
    offset = 0
    while (match := cell.match(record, offset)) and match[1] == ",":
        offset, position = match.end() + 1, position + 1
    return position


def _workbook(content: bytes) -> dict[str | None, Iterable[tuple[int, list]]]:
    """Return the rows of the sheets of a workbook by sheet name."""
    # Imported here, because openpyxl takes 7 MB and few processes need it.
    from openpyxl import load_workbook

    try:
        check_unpacked(content)
        book = load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
        sheets = book.worksheets
    except OPENPYXL_ERRORS:
        refuse("工作簿打不开：加了密码、已损坏，或不是工作簿；请用表格软件打开后另存为 .xlsx，再重新上传。")
    # Checked before a row is read: a workbook can name one sheet a thousand times.
    titles = [sheet.title for sheet in sheets]
    if LIST_SHEET not in titles:
        if len(sheets) != 1:
            refuse(f"工作簿里没有名为“{LIST_SHEET}”的工作表；现有：{'、'.join(titles)[:200] or '无'}。")
        return {LIST_SHEET: list(_sheet_rows(sheets[0]))}
    if unknown := sorted(set(titles) - set(COLUMNS)):
        refuse(f"多出工作表“{unknown[0]}”；只接受：{'、'.join(COLUMNS)}。")
    if len(set(titles)) != len(titles):
        refuse("工作簿里有重名的工作表；请用表格软件打开后另存为 .xlsx，再重新上传。")
    return {sheet.title: list(_sheet_rows(sheet)) for sheet in sheets}


def _sheet_rows(sheet: "ReadOnlyWorksheet") -> Iterator[tuple[int, list]]:
    """Yield the rows of a sheet of a workbook with their numbers, without empty rows."""
    # The dimensions in the file are not trusted: they may claim millions of empty cells.
    sheet.reset_dimensions()
    number = 0
    try:
        for number, cells in enumerate(sheet.iter_rows(), start=1):
            if number > MAX_ROW_NUMBER:
                refuse(f"行号超过 {MAX_ROW_NUMBER}；请删去清单之后的空行再另存。", sheet.title, number)
            if len(cells) > MAX_COLUMN_NUMBER:
                refuse(f"列数超过 {MAX_COLUMN_NUMBER}；请删去清单右边的空列再另存。", sheet.title, number)
            if any(cell.value not in (None, "") for cell in cells):
                yield number, list(cells)
    except OPENPYXL_ERRORS:
        reason = "这一行有一格无法读出（不是数，也不是文字）；请把整行设为文本，重新输入后另存为 .xlsx。"
        refuse(reason, sheet.title, number + 1)


def _parse_rows(sheet: str | None, lines: Iterable[tuple[int, list]], faults: list[ImportFault]) -> Iterator[Row]:
    """Yield the rows of a sheet below its header, and add the faults of their cells to ``faults``."""
    lines = iter(lines)
    number, headers = next(lines, (1, []))
    headers = [_cell_text(cell, sheet, number, position, faults) for position, cell in enumerate(headers, start=1)]
    if faults:
        raise UnreadableFileError(*faults)
    keys = _column_keys(sheet, number, headers)
    columns = {key: f"{column_letter(position)}（{headers[position - 1]}）" for position, key in keys.items()}
    count = 0
    for number, cells in lines:
        count += 1
        if count > MAX_ROWS:
            refuse(f"超过 {MAX_ROWS} 行；请只保留有改动的行，或分几次导入。", sheet, number)
        if sheet is None and len(cells) != len(headers):
            _add_length_fault(number, len(cells), headers, faults)
            continue
        texts = {}
        for position, (_, cell) in enumerate(zip_longest(headers, cells), start=1):
            text = _cell_text(
                cell, sheet, number, position, faults, headers[position - 1] if position <= len(headers) else ""
            )
            if key := keys.get(position):
                texts[key] = text
            elif text:
                faults.append(
                    ImportFault("这一列没有表头，却有内容；请补上表头或清空。", sheet, number, column_letter(position))
                )
        if len(faults) > MAX_FAULTS:
            return
        yield Row(number, {key: texts.get(key, "") for key in columns}, columns, sheet)


def _column_keys(sheet: str | None, number: int, headers: list[str]) -> dict[int, str]:
    """Return the key of each column by its position. Raises UnreadableFileError for wrong headers."""
    keys_by_header = {column.header: column.key for column in COLUMNS[sheet or LIST_SHEET]}
    faults, keys = [], {}
    for position, header in enumerate(headers, start=1):
        if not header:
            continue
        if header not in keys_by_header:
            faults.append(
                ImportFault(
                    f"表头“{header[:50]}”不是清单的列；可用：{'、'.join(keys_by_header)}。",
                    sheet,
                    number,
                    column_letter(position),
                )
            )
        elif keys_by_header[header] in keys.values():
            faults.append(
                ImportFault(f"表头“{header}”出现了两次，每列只能有一次。", sheet, number, column_letter(position))
            )
        else:
            keys[position] = keys_by_header[header]
    key_column = COLUMNS[sheet or LIST_SHEET][0]
    if not faults and key_column.key not in keys.values():
        faults.append(ImportFault(f"没有“{key_column.header}”列，每行都要用它指明服务项目。", sheet, number, "A"))
    if faults:
        raise UnreadableFileError(*faults)
    return keys


def _add_length_fault(number: int, count: int, headers: list[str], faults: list[ImportFault]) -> None:
    position = min(count, len(headers)) + 1
    faults.append(
        ImportFault(
            f"这一行有 {count} 格，表头有 {len(headers)} 格；每行的格数要与表头相同，含逗号的文字要用引号括起来。",
            None, number, column_letter(position),
        )
    )  # fmt: skip


def _cell_text(
    cell: object, sheet: str | None, number: int, position: int, faults: list[ImportFault], header: str = ""
) -> str:
    """Return a cell as text, and add a fault to ``faults`` if it is not text."""
    value = cell.value if hasattr(cell, "data_type") else cell
    reason = _non_text_reason(cell, value)
    text = "" if value is None else str(int(value) if isinstance(value, float) and not reason else value)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if hasattr(cell, "data_type"):
        text = writer.unescape_xml(text)
    if reason is None:
        reason = next(check_characters(text), None)
    if reason is None and SCIENTIFIC_NOTATION.fullmatch(text.strip()):
        reason = f"“{text.strip()}”像是被表格软件改写过的数；请把这一格设为文本，再填写原来的数字。"
    text = fold_radicals(text)
    if reason is not None:
        column = f"{column_letter(position)}（{header}）" if header else column_letter(position)
        faults.append(ImportFault(reason, sheet, number, column))
        return ""
    return writer.unescape_formula(text) if writer.unescape_formula(text) != text else text.strip()


def _non_text_reason(cell: object, value: object) -> str | None:
    """Return a sentence on why a cell is not text, None if it is."""
    if isinstance(value, str):
        if getattr(cell, "data_type", None) == "f" or (not hasattr(cell, "data_type") and writer.is_formula(value)):
            start = value.lstrip(" \u3000")[:1].strip() or "制表符或换行"
            return f"以“{start}”开头，像是公式；请改成文字，或在最前面加一个撇号（'）。"
        if getattr(cell, "data_type", None) == "e":
            return f"是表格软件的出错值 {value}；请改正或清空。"
        return None
    if value is None:
        return None
    if isinstance(value, bool):
        return "是逻辑值（真或假）；请改成文字。"
    if isinstance(value, datetime.date | datetime.time | datetime.timedelta):
        return "是日期或时间格式；请把这一格设为文本，再重新输入。"
    if isinstance(value, int | float) and value == value and value % 1 == 0 and abs(value) < MAX_EXACT_NUMBER:
        return None
    return f"是数值 {value}；请把这一格设为文本，再重新输入，免得位数被改写。"
