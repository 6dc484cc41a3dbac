"""Opens a workbook and reads the rows of its sheets, without what openpyxl would lose: merged cells and escapes.

A merged range has its value in one cell only, so it is refused by its name: read as it is, the others would be unknown.
"""

import io
import re
import zlib
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

from catalogue.spreadsheets.columns import COLUMNS, LIST_SHEET
from catalogue.spreadsheets.limits import (
    MAX_COLUMN_NUMBER,
    MAX_ROW_NUMBER,
    ImportFault,
    UnreadableFileError,
    check_unpacked,
    column_letter,
    refuse,
)

# openpyxl takes 7 MB and few processes need it, so it is imported when the first workbook is read.
if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell.read_only import ReadOnlyCell
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
# Of the “Strict Open XML Spreadsheet” that Excel offers too: openpyxl finds no sheet in it.
STRICT_NAMESPACE = b"http://purl.oclc.org/ooxml/spreadsheetml/"


def sheet_rows(
    content: bytes, *, main: str = LIST_SHEET, known: Collection[str] = tuple(COLUMNS)
) -> dict[str | None, list[tuple[int, list]]]:
    """Return the numbered rows of a workbook's sheets by sheet name. Raises UnreadableFileError.

    ``main`` must be among the sheets, unless there is one alone; the others are of ``known``.
    """
    try:
        check_unpacked(content)
        book = _open(content)
        sheets = book.worksheets
    except OPENPYXL_ERRORS:
        refuse("工作簿打不开：加了密码、已损坏，或不是工作簿；请用表格软件打开后另存为 .xlsx，再重新上传。")
    # Checked before a row is read: a workbook can name one sheet a thousand times.
    titles = [sheet.title for sheet in sheets]
    if main not in titles:
        if len(sheets) != 1:
            refuse(f"工作簿里没有名为“{main}”的工作表；现有：{'、'.join(titles)[:200] or '无'}。")
        return {main: _rows(sheets[0])}
    if unknown := sorted(set(titles) - set(known)):
        refuse(f"多出工作表“{unknown[0]}”；只接受：{'、'.join(known)}。")
    if len(set(titles)) != len(titles):
        refuse("工作簿里有重名的工作表；请用表格软件打开后另存为 .xlsx，再重新上传。")
    return {sheet.title: _rows(sheet) for sheet in sheets}


def is_shown_as_percentage(cell: "ReadOnlyCell") -> bool:
    """Whether the format of a cell shows a hundred times its number; one that the workbook does not have shows it."""
    try:
        number_format = cell.number_format
    except LookupError:
        return False
    # A sign that is quoted or escaped is only written beside the number.
    return "%" in re.sub(r'"[^"]*"|\\.', "", number_format or "")


def _open(content: bytes) -> "Workbook":
    from openpyxl.cell.text import Text
    from openpyxl.reader.excel import ExcelReader
    from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS
    from openpyxl.xml.functions import iterparse

    class Reader(ExcelReader):
        def read_strings(self) -> None:
            # openpyxl drops every "x005F_", so that an escaped underscore could not be told from an escape.
            part = self.package.find(SHARED_STRINGS)
            if part is None:
                return
            with self.archive.open(part.PartName[1:]) as source:
                for _, element in iterparse(source):
                    if element.tag == f"{{{SHEET_MAIN_NS}}}si":
                        self.shared_strings.append(Text.from_tree(element).content)
                        element.clear()

    reader = Reader(io.BytesIO(content), read_only=True, keep_links=False)
    parts = [name for name in reader.archive.namelist() if name.endswith("workbook.xml")]
    if any(STRICT_NAMESPACE in reader.archive.read(name) for name in parts):
        refuse("工作簿是“严格 Open XML 电子表格”；请另存为普通的“Excel 工作簿（.xlsx）”，再重新上传。")
    reader.read()
    return reader.wb


def _rows(sheet: "ReadOnlyWorksheet") -> list[tuple[int, list]]:
    """Return the rows of a sheet with their numbers, without empty rows."""
    # The dimensions in the file are not trusted: they may claim millions of empty cells.
    sheet.reset_dimensions()
    number, rows = 0, []
    try:
        for number, cells in enumerate(sheet.iter_rows(), start=1):
            if number > MAX_ROW_NUMBER:
                refuse(f"行号超过 {MAX_ROW_NUMBER}；请删去清单之后的空行再另存。", sheet.title, number)
            if len(cells) > MAX_COLUMN_NUMBER:
                refuse(f"列数超过 {MAX_COLUMN_NUMBER}；请删去清单右边的空列再另存。", sheet.title, number)
            if any(cell.value not in (None, "") for cell in cells):
                rows.append((number, list(cells)))
        faults = list(_merged_faults(sheet, dict(rows)))
    except OPENPYXL_ERRORS:
        reason = "这一行有一格无法读出（不是数，也不是文字）；请把整行设为文本，重新输入后另存为 .xlsx。"
        refuse(reason, sheet.title, number + 1)
    if faults:
        raise UnreadableFileError(*faults)
    return rows


def _merged_faults(sheet: "ReadOnlyWorksheet", rows: Mapping[int, list]) -> Iterator[ImportFault]:
    """Yield a fault for each merged range with a value; ``rows`` are the cells by row number."""
    from openpyxl.utils import range_boundaries
    from openpyxl.worksheet.merge import MergeCells
    from openpyxl.xml.constants import SHEET_MAIN_NS
    from openpyxl.xml.functions import iterparse

    # The cells of a read-only sheet do not say that they are merged, and its ranges stand after the last row.
    with sheet.parent._archive.open(sheet._worksheet_path) as source:
        for _, element in iterparse(source):
            if element.tag == f"{{{SHEET_MAIN_NS}}}mergeCells":
                for merged in MergeCells.from_tree(element).mergeCell:
                    left, top, right, bottom = range_boundaries(merged.ref)
                    first = rows.get(top, [])[left - 1 : left]
                    if first and first[0].value not in (None, "") and (left, top) != (right, bottom):
                        reason = f"{merged.ref} 是合并单元格，只有左上角一格有值；请取消合并，在每一格里各填一遍。"
                        yield ImportFault(reason, sheet.title, top, column_letter(left))
            # A row holds its cells until its end.
            if element.tag in (f"{{{SHEET_MAIN_NS}}}row", f"{{{SHEET_MAIN_NS}}}mergeCells"):
                element.clear()
