"""Reads a file as the list: checked by ``limits`` first, then parsed into rows of text cells with their places.

The text of a cell is interpreted in ``cells``. All faults are reported at once, up to MAX_FAULTS.
"""

import csv
import datetime
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import zip_longest

from catalogue.spreadsheets import rewritten, writer
from catalogue.spreadsheets.columns import CITATIONS_SHEET, COLUMNS, EDITION_SHEET, LIST_SHEET, VALUE_SHEETS, Column
from catalogue.spreadsheets.limits import (
    MAX_BYTES,
    MAX_ROWS,
    ImportFault,
    UnreadableFileError,
    check_characters,
    check_kind,
    column_letter,
    decode,
    header_line,
    refuse,
)
from catalogue.spreadsheets.workbook import is_shown_as_percentage, sheet_rows
from services.text.characters import fold_radicals

# No field is longer than a file; the limit of the csv module is global to the process, so it is set once.
csv.field_size_limit(MAX_BYTES)
# Number of faults reported of a file.
MAX_FAULTS = 200
# A long number as a spreadsheet rewrites it.
SCIENTIFIC_NOTATION = re.compile(r"[0-9]+(\.[0-9]+)?[eE][+-]?[0-9]+")
MAX_EXACT_NUMBER = 10**11
# Columns whose cells may be a date, and whose cells are a number: ``cells`` reads them back in whatever form.
DATE_KEYS = ("standard_as_of", "effective_from", "published_at", "valid_from", "valid_until", "as_of")
DECIMAL_KEYS = ("value", "percent")
FIGURE_KEYS = ("number", "criterion", "edition", "slug", "group", *DECIMAL_KEYS, *DATE_KEYS)
# What a spreadsheet shows in place of a value: errors, those of LibreOffice too, and a column too narrow for a number.
ERROR_VALUE = re.compile(
    r"#(N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|GETTING_DATA|[A-Z][A-Z_/0-9]*[!?])|#{3,}|(Err|错误)[:：][0-9]{3}"
)


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
    """The rows of a file, by sheet; ``values`` are those of the sheets that the file has, by field."""

    rows: list[Row]
    sources: list[Row] = field(default_factory=list)
    values: dict[str, list[Row]] = field(default_factory=dict)
    editions: list[Row] = field(default_factory=list)


def read_table(name: str, content: bytes) -> Table:
    """Return the table in a file. Raises UnreadableFileError with all its faults, up to MAX_FAULTS."""
    rows = read_sheets(name, content, main=LIST_SHEET, columns=COLUMNS)
    if not rows[LIST_SHEET]:
        refuse("表格里只有表头，没有一行服务项目。", row=2)
    values = {key: rows[sheet] for key, sheet in VALUE_SHEETS.items() if sheet in rows}
    _refuse_missing_columns(values)
    return Table(rows[LIST_SHEET], rows.get(CITATIONS_SHEET, []), values, rows.get(EDITION_SHEET, []))


def as_read(text: str) -> str:
    """Return a text as it comes back from a spreadsheet: lines end in \\n, no blanks around it, no radicals."""
    return fold_radicals(text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _refuse_missing_columns(values: Mapping[str, list[Row]]) -> None:
    """Refuse the sheet of a value without one of its columns: that part of every value would become unknown."""
    for key, sheet in VALUE_SHEETS.items():
        for row in values.get(key, [])[:1]:
            columns = [column for column in COLUMNS[sheet] if not column.explains and column.key not in row.columns]
            if headers := "、".join(f"“{column.header}”" for column in columns):
                refuse(f"没有{headers}列，这里的值会变成未知；请恢复，没有内容的留空。", sheet, 1)


def read_sheets(
    name: str, content: bytes, *, main: str, columns: Mapping[str, Sequence[Column]]
) -> dict[str, list[Row]]:
    """Return the rows of a file by sheet, of a CSV those of ``main``; ``columns`` are those of each sheet.

    Raises UnreadableFileError with all faults, up to MAX_FAULTS.
    """
    if check_kind(name, content) == "csv":
        sheets = {None: _csv_rows(decode(content, columns[main][0].header), columns[main])}
    else:
        sheets = sheet_rows(content, main=main, known=tuple(columns))
    faults: list[ImportFault] = []
    rows = {
        sheet or main: list(_parse_rows(sheet, lines, faults, columns[sheet or main]))
        for sheet, lines in sheets.items()
    }
    if faults:
        raise UnreadableFileError(*faults[:MAX_FAULTS])
    return rows


def _csv_rows(text: str, columns: Sequence[Column]) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a CSV text with their numbers, without empty rows."""
    delimiter = _delimiter(text, columns)
    if "\0" in text:
        before = text[: text.index("\0")]
        row, column = before.count("\n") + 1, before.rpartition("\n")[2].count(delimiter) + 1
        refuse("含有空字符 U+0000；请删去后重新输入这一格。", row=row, column=column_letter(column))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number, line = 0, 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            # The reader does not report the position: search the rest of the text.
            rest = "".join(text.splitlines(keepends=True)[line:])
            column = column_letter(_unbalanced_cell(rest, delimiter))
            refuse("引号没有成对；单元格里的引号要写两遍，并用引号把整格括起来。", row=number + 1, column=column)
        number, line = number + 1, reader.line_num
        if any(cell.strip() for cell in cells):
            yield number, cells


def _delimiter(text: str, columns: Sequence[Column]) -> str:
    """Return what separates the cells of a CSV text: with it, most of the header are columns of the list.

    Spreadsheets save a comma, a semicolon or a tab, by the settings of the machine.
    """
    known = {_plain_header(column.header) for column in columns}
    header = header_line(text)
    counts = {
        delimiter: sum(_plain_header(cell.strip().strip('"')) in known for cell in header.split(delimiter))
        for delimiter in ",;\t"
    }
    delimiter = max(counts, key=counts.__getitem__)
    is_tied = list(counts.values()).count(counts[delimiter]) > 1
    if counts[delimiter] and is_tied and sum(mark in header for mark in counts) > 1:
        refuse("表头里有几种分隔符，分不清哪一种分隔各列；请另存为“CSV UTF-8（逗号分隔）”。", row=1)
    return delimiter


def _plain_header(header: str) -> str:
    """Return a header without blanks and line breaks, and with half-width letters and brackets."""
    return "".join(unicodedata.normalize("NFKC", header).split())


def _unbalanced_cell(record: str, delimiter: str) -> int:
    """Return the position, from 1, of the cell with unbalanced quotes in a record."""
    position, cell = 1, re.compile(r'(?:"(?:[^"]|"")*"|[^",\r\n][^,\r\n]*|)(?=(,|\r|\n|\Z))'.replace(",", delimiter))
    offset = 0
    while (match := cell.match(record, offset)) and match[1] == delimiter:
        offset, position = match.end() + 1, position + 1
    return position


def _parse_rows(
    sheet: str | None, lines: Iterable[tuple[int, list]], faults: list[ImportFault],
    sheet_columns: Sequence[Column],
) -> Iterator[Row]:  # fmt: skip
    """Yield the rows of a sheet below its header, and add the faults of their cells to ``faults``."""
    lines = iter(lines)
    number, headers = next(lines, (1, []))
    headers = [_cell_text(cell, sheet, number, position, faults) for position, cell in enumerate(headers, start=1)]
    if faults:
        raise UnreadableFileError(*faults)
    keys = _column_keys(sheet, number, headers, sheet_columns)
    columns = {key: f"{column_letter(position)}（{headers[position - 1]}）" for position, key in keys.items()}
    width = max(keys)
    count = 0
    for number, cells in lines:
        count += 1
        if count > MAX_ROWS:
            refuse(f"超过 {MAX_ROWS} 行；请只保留有改动的行，或分几次导入。", sheet, number)
        # Spreadsheets add empty columns, and leave them out of some rows again.
        if sheet is None and (len(cells) < width or any(map(str.strip, cells[max(width, len(headers)) :]))):
            _add_length_fault(number, len(cells), headers, faults)
            continue
        texts = {}
        for position, (header, cell) in enumerate(zip_longest(headers, cells, fillvalue=""), start=1):
            key = keys.get(position)
            text = _cell_text(cell, sheet, number, position, faults, header, key)
            if key:
                texts[key] = text
            elif text:
                faults.append(
                    ImportFault("这一列没有表头，却有内容；请补上表头或清空。", sheet, number, column_letter(position))
                )
        if len(faults) > MAX_FAULTS:
            return
        yield Row(number, {key: texts.get(key, "") for key in columns}, columns, sheet)


def _column_keys(sheet: str | None, number: int, headers: list[str], columns: Sequence[Column]) -> dict[int, str]:
    """Return the key of each column by its position. Raises UnreadableFileError for wrong headers."""
    keys_by_header = {_plain_header(column.header): column.key for column in columns}
    faults, keys = [], {}
    for position, header in enumerate(headers, start=1):
        if not header:
            continue
        key = keys_by_header.get(_plain_header(header))
        if key is None:
            faults.append(
                ImportFault(
                    f"表头“{header[:50]}”不是清单的列；可用：{'、'.join(column.header for column in columns)}。",
                    sheet,
                    number,
                    column_letter(position),
                )
            )
        elif key in keys.values():
            faults.append(
                ImportFault(f"表头“{header}”出现了两次，每列只能有一次。", sheet, number, column_letter(position))
            )
        else:
            keys[position] = key
    key_column = columns[0]
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
    cell: object,
    sheet: str | None,
    number: int,
    position: int,
    faults: list[ImportFault],
    header: str = "",
    key: str | None = None,
) -> str:
    """Return a cell as text, and add a fault to ``faults`` if it is not text. ``header`` and ``key`` of its column."""
    value = cell.value if hasattr(cell, "data_type") else cell
    if key in DATE_KEYS and isinstance(value, int | float) and value % 1 == 0 and int(value) in rewritten.SERIALS:
        # A day without its format; some workbooks count from 1904.
        value = cell.parent.parent.epoch + datetime.timedelta(days=int(value))
    if key in DATE_KEYS and isinstance(value, datetime.date):
        value = value.isoformat() if type(value) is datetime.date else value.isoformat(" ", timespec="seconds")
    if key in DECIMAL_KEYS and type(value) in (int, float) and abs(value) < MAX_EXACT_NUMBER:
        # 80% is 0.8 in a cell whose format adds the sign.
        is_percentage = is_shown_as_percentage(cell)
        if is_percentage or value % 1:
            # The shortest text that means this number: what was typed.
            value = f"{Decimal(repr(value)) * (100 if is_percentage else 1):f}"
    reason = _non_text_reason(cell, value)
    text = "" if value is None else str(int(value) if isinstance(value, float) and not reason else value)
    if hasattr(cell, "data_type"):
        text = writer.unescape_xml(text)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if reason is None:
        reason = next(check_characters(text), None)
    if reason is None and key not in FIGURE_KEYS and SCIENTIFIC_NOTATION.fullmatch(text.strip()):
        reason = f"“{text.strip()}”像是被表格软件改写过的数；请把这一格设为文本，再填写原来的数字。"
    text = fold_radicals(text)
    if reason is not None:
        column = f"{column_letter(position)}（{header}）" if header else column_letter(position)
        faults.append(ImportFault(reason, sheet, number, column))
        return ""
    return writer.unescape_formula(text) if writer.unescape_formula(text) != text else text.strip()


def _non_text_reason(cell: object, value: object) -> str | None:
    """Return a sentence on why a cell is not text, None if it is."""
    # The value of an array formula is no text.
    if getattr(cell, "data_type", None) == "f":
        return "是公式；请改成文字：复制后“选择性粘贴”为值。"
    if isinstance(value, str):
        if not hasattr(cell, "data_type") and writer.is_formula(value):
            start = value.lstrip(" \u3000")[:1].strip() or "制表符或换行"
            return f"以“{start}”开头，像是公式；请改成文字，或在最前面加一个撇号（'）。"
        if ERROR_VALUE.fullmatch(value.strip()):
            return f"是表格软件的出错值 {value.strip()}；请改正或清空。"
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
