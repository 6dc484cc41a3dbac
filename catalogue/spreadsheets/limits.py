"""Checks of a file before it is parsed: its kind, size, encoding and unpacked size.

Cells are read in ``reader`` and parsed in ``cells``. Macros, links and other files inside a workbook need no check:
openpyxl runs none of them, and with defusedxml it refuses entities.
"""

import io
import re
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from services.text import characters

MEGABYTE = 1024 * 1024
MAX_BYTES = 5 * MEGABYTE
MAX_ROWS = 5_000
MAX_UNPACKED_BYTES = 100 * MEGABYTE
# Start and end tags; 5000 rows of all columns have about a million. Each takes half a kilobyte of memory.
MAX_TAGS = 1_200_000
# Counts empty rows too: a sheet that is formatted down to its last row is not read to its end.
MAX_ROW_NUMBER = 20_000
MAX_COLUMN_NUMBER = 100
ARCHIVE_SIGNATURES = (b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!")
XLS_SIGNATURE = b"\xd0\xcf\x11\xe0"
HIDDEN_CHARACTER = "看不见的格式字符（零宽或改变书写方向）"
BYTE_ORDER_MARKS = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}


class ImportFault(NamedTuple):
    """A reason why a file or a row cannot be imported: a sentence, and its place in the file if known."""

    reason: str
    sheet: str | None = None
    row: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        sheet = f"工作表“{self.sheet}”" if self.sheet else ""
        row = f"第 {self.row} 行" if self.row else ""
        column = f"{self.column} 列" if self.column else ""
        where = "，".join(part for part in (sheet, row, column) if part)
        return f"{where}：{self.reason}" if where else self.reason


class UnreadableFileError(Exception):
    """A file that cannot be read as the list; ``faults`` are the reasons with their places."""

    def __init__(self, *faults: ImportFault):
        self.faults = list(faults)
        super().__init__("；".join(map(str, faults)))


def refuse(reason: str, sheet: str | None = None, row: int | None = None, column: str | None = None) -> None:
    raise UnreadableFileError(ImportFault(reason, sheet, row, column))


def column_letter(position: int) -> str:
    """Return the letters of a column counted from 1: 1 is A, 27 is AA."""
    letters = ""
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def check_kind(name: str, content: bytes) -> str:
    """Return ``csv`` or ``xlsx``. Raises UnreadableFileError if a file is neither, too large, or misnamed."""
    kind = PurePosixPath(name.lower()).suffix.removeprefix(".")
    if kind not in ("csv", "xlsx"):
        refuse(f"文件“{name}”的扩展名不是 .csv 或 .xlsx；只接受这两种表格，含宏的工作簿请另存为 .xlsx。")
    if not content:
        refuse("文件是空的，没有任何内容。")
    if len(content) > MAX_BYTES:
        refuse(too_large_message())
    if content.startswith(XLS_SIGNATURE):
        refuse("文件是旧版 .xls 工作簿，或加了密码；请去掉密码，另存为 .xlsx 或 .csv。")
    if kind == "xlsx" and not content.startswith(ARCHIVE_SIGNATURES[0]):
        refuse("文件名是 .xlsx，内容却不是工作簿；请用表格软件另存为 .xlsx。")
    if kind == "csv" and content.startswith(ARCHIVE_SIGNATURES):
        refuse("文件名是 .csv，内容却是压缩文件或工作簿；工作簿请用扩展名 .xlsx。")
    return kind


def too_large_message() -> str:
    return f"文件超过 {MAX_BYTES // MEGABYTE} MB；请只保留有改动的行，或分几次导入。"


def check_characters(text: str) -> Iterator[str]:
    """Yield a sentence for the first invisible or invalid character of a text."""
    if hidden := characters.HIDDEN.search(text):
        yield f"含有{HIDDEN_CHARACTER} U+{ord(hidden[0]):04X}；请删去后重新输入这一格。"
        return
    for character in text:
        if character in "\n\t" or character.isalnum() or characters.IGNORABLE.match(character):
            continue
        category = unicodedata.category(character)
        if category in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") or character == "\ufffd":
            category_names = {"Cf": HIDDEN_CHARACTER, "Cc": "控制字符", "Co": "私用区字符"}
            description = (
                "表示乱码的替换字符" if character == "\ufffd" else category_names.get(category, "不是文字的字符")
            )
            yield f"含有{description} U+{ord(character):04X}；请删去后重新输入这一格。"
            return


def decode(content: bytes, marker: str) -> str:
    """Return the text of a CSV file, in UTF-8 or in GB18030, which Excel saves in China.

    ``marker`` stands in the header, so that bytes of another encoding are not taken for GB18030. Raises
    UnreadableFileError with row and column.
    """
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if content.startswith(mark):
            refuse(f"文件的编码是 {encoding}，只接受 UTF-8 和 GB18030；请另存为“CSV UTF-8（逗号分隔）”。")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        try:
            text = content.decode("gb18030").removeprefix("\ufeff")
        except UnicodeDecodeError:
            text = ""
        if marker in "".join(header_line(text).split()):
            return text
        before = content[: error.start]
        row, column = before.count(b"\n") + 1, before.rpartition(b"\n")[2].count(b",") + 1
        refuse(
            "不是 UTF-8 编码，也不是 GB18030；请另存为“CSV UTF-8（逗号分隔）”。",
            row=row,
            column=column_letter(column),
        )


def header_line(text: str) -> str:
    return re.split("[\r\n]", text, maxsplit=1)[0]


def check_unpacked(content: bytes) -> None:
    """Refuse a workbook whose unpacked size or number of tags exceeds its limit, or that is damaged.

    What a workbook takes in memory follows from these, not from how well a part can be compressed: small parts repeat
    themselves. Parts are unpacked one at a time. Raises UnreadableFileError, or an error of zipfile for a damaged part.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        parts = packed.infolist()
        if sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
            refuse(f"工作簿解压后超过 {MAX_UNPACKED_BYTES // MEGABYTE} MB，不予打开；请只保留清单的行。")
        tags = 0
        for part in parts:
            with packed.open(part) as stream:
                while piece := stream.read(MEGABYTE):
                    tags += piece.count(b"<")
        if tags > MAX_TAGS:
            refuse("工作簿的单元格太多，不予打开；请只保留清单的行和列。")
