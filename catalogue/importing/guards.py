"""What a file is refused for before it is parsed: its size, its kind, and what a workbook must not hold.

Keeps out what the cells say: that is ``reading`` and ``planning``.
"""

import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import NamedTuple
from xml.parsers import expat

MEGABYTE = 1024 * 1024
MOST_BYTES = 5 * MEGABYTE
MOST_ROWS = 5_000
MOST_UNPACKED = 100 * MEGABYTE
MOST_RATIO = 100
MOST_PARTS = 200
# Empty rows between others count here: a spreadsheet that was formatted all the way down is not read to its end.
LAST_ROW = 20_000
LAST_COLUMN = 100
PACKED = (b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!")
OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
# Parts a spreadsheet writes beside its sheets; no program, no other file.
PARTS = re.compile(r"(\[Content_Types\]\.xml|([\w .()-]+/)*[\w .()-]*\.(xml|rels|vml|png|jpe?g|gif|emf|wmf|bin))\Z")
MACROS = re.compile(r"vbaProject|macrosheets|dialogsheets|activeX|vbaData", re.IGNORECASE)
FOREIGN = re.compile(r"embeddings|externalLinks|oleObject|connections\.xml|queryTables", re.IGNORECASE)
# What is set above or below, or written in Mongolian, needs it: the Mongolian vowel separator.
SPOKEN = "\u180e"
ENCODINGS = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}


class Fault(NamedTuple):
    """One reason why a file or a row cannot come in: a sentence, and where in the file as far as that is known."""

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


class Unreadable(Exception):
    """A file that cannot be read as the list's table; ``faults`` says why and where."""

    def __init__(self, *faults: Fault):
        self.faults = list(faults)
        super().__init__("；".join(map(str, faults)))


def refuse(reason: str, sheet: str | None = None, row: int | None = None, column: str | None = None) -> None:
    raise Unreadable(Fault(reason, sheet, row, column))


def letter(position: int) -> str:
    """Return a column as a spreadsheet names it, counted from 1: 1 is A, 27 is AA."""
    letters = ""
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def check_kind(name: str, content: bytes) -> str:
    """Return ``csv`` or ``xlsx``; raises Unreadable if the file is neither, is too large, or not what it is called."""
    kind = PurePosixPath(name.lower()).suffix.removeprefix(".")
    if kind not in ("csv", "xlsx"):
        refuse(f"文件“{name}”的扩展名不是 .csv 或 .xlsx；只接受这两种表格，含宏的工作簿请另存为 .xlsx。")
    if not content:
        refuse("文件是空的，没有任何内容。")
    if len(content) > MOST_BYTES:
        refuse(too_large())
    if content.startswith(OLD_WORKBOOK):
        refuse("文件是旧版 .xls 工作簿，或加了密码；请去掉密码，另存为 .xlsx 或 .csv。")
    if kind == "xlsx" and not content.startswith(PACKED[0]):
        refuse("文件名是 .xlsx，内容却不是工作簿；请用表格软件另存为 .xlsx。")
    if kind == "csv" and content.startswith(PACKED):
        refuse("文件名是 .csv，内容却是压缩文件或工作簿；工作簿请用扩展名 .xlsx。")
    return kind


def too_large() -> str:
    return f"文件超过 {MOST_BYTES // MEGABYTE} MB；请只保留有改动的行，或分几次导入。"


def check_characters(text: str) -> Iterator[str]:
    """Yield a sentence for the first character of a text that cannot be seen, or is none at all."""
    for character in text:
        if character in "\n\t" or character.isalnum():
            continue
        category = unicodedata.category(character)
        if (category in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") and character != SPOKEN) or character == "\ufffd":
            named = {"Cf": "看不见的格式字符（零宽或改变书写方向）", "Cc": "控制字符", "Co": "私用区字符"}
            what = "表示乱码的替换字符" if character == "\ufffd" else named.get(category, "不是文字的字符")
            yield f"含有{what} U+{ord(character):04X}；请删去后重新输入这一格。"
            return


def decode(content: bytes) -> str:
    """Return the text of a CSV file; raises Unreadable with the row if it is not UTF-8."""
    for mark, encoding in ENCODINGS.items():
        if content.startswith(mark):
            refuse(f"文件的编码是 {encoding}，只接受 UTF-8；请另存为“CSV UTF-8（逗号分隔）”。")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        row, column = before.count(b"\n") + 1, before.rpartition(b"\n")[2].count(b",") + 1
        refuse(
            "不是 UTF-8 编码（可能是 GBK 或 GB18030）；请另存为“CSV UTF-8（逗号分隔）”。",
            row=row,
            column=letter(column),
        )


def check_workbook(content: bytes) -> None:
    """Refuse a workbook that is broken, a bomb, or holds anything but sheets. Unpacks one part at a time."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = [part for part in packed.infolist() if not part.is_dir()]
            _check_sizes(parts, len(content))
            for part in parts:
                _check_name(part.filename)
            for part in parts:
                _check_part(packed, part)
            names = set(packed.namelist())
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError):
        refuse("工作簿已损坏或不完整，无法打开；请用表格软件打开后另存为 .xlsx，再重新上传。")
    if not {"[Content_Types].xml", "xl/workbook.xml"} <= names:
        refuse("文件里没有工作簿（xl/workbook.xml）；请用表格软件另存为 .xlsx。")


def _check_sizes(parts: list[zipfile.ZipInfo], packed: int) -> None:
    if len(parts) > MOST_PARTS:
        refuse(f"工作簿有 {len(parts)} 个部件，最多 {MOST_PARTS} 个；请另存为只含清单的工作簿。")
    if len({part.filename.lower() for part in parts}) != len(parts):
        refuse("工作簿里有重名的部件，无法确定以哪个为准；请用表格软件另存为 .xlsx。")
    if sum(part.file_size for part in parts) > MOST_UNPACKED:
        refuse(f"工作簿解压后超过 {MOST_UNPACKED // MEGABYTE} MB，不予打开；请只保留清单的行。")
    if sum(part.compress_size for part in parts) > packed:
        refuse("工作簿的部件互相重叠，不予打开；请用表格软件另存为 .xlsx。")
    for part in parts:
        if part.flag_bits & 1:
            refuse("工作簿加了密码；请去掉密码再上传。")
        if part.file_size > MOST_RATIO * max(part.compress_size, 1):
            refuse(f"工作簿的部件“{part.filename}”压缩比超过 {MOST_RATIO}，不予打开；请用表格软件另存为 .xlsx。")


def _check_name(name: str) -> None:
    if MACROS.search(name):
        refuse(f"工作簿含有宏（{name}）；请另存为不含宏的 .xlsx。")
    if FOREIGN.search(name):
        refuse(f"工作簿含有别的文件或外部链接（{name}）；请删去后另存为 .xlsx。")
    if ".." in name or not PARTS.match(name):
        refuse(f"工作簿含有不属于表格的部件“{name}”；请用表格软件另存为 .xlsx。")


def _check_part(packed: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Read a part to its end, which also checks its length and checksum."""
    with packed.open(part) as stream:
        if stream.read(8).startswith(PACKED + (OLD_WORKBOOK,)):
            refuse(f"工作簿里还有压缩文件（{part.filename}）；请删去后另存为 .xlsx。")
    with packed.open(part) as stream:
        if part.filename.endswith((".xml", ".rels", ".vml")):
            _check_xml(stream, part.filename)
        else:
            while stream.read(MEGABYTE):
                pass


def _check_xml(stream, name: str) -> None:
    """Refuse XML that declares a document type, whose entities could unpack without end, and cells too far out."""
    parser = expat.ParserCreate()

    def doctype(*_: object) -> None:
        refuse(f"工作簿的部件“{name}”含有文档类型或实体声明，不予打开；请用表格软件另存为 .xlsx。")

    def element(tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if tag in ("row", "c") and "r" in attributes:
            _check_place(tag, attributes["r"])
        elif name == "[Content_Types].xml" and "macroEnabled" in attributes.get("ContentType", ""):
            refuse("工作簿标为含宏；请另存为不含宏的 .xlsx。")

    parser.StartDoctypeDeclHandler = doctype
    if name.startswith("xl/worksheets/") or name == "[Content_Types].xml":
        parser.StartElementHandler = element
    try:
        parser.ParseFile(stream)
    except expat.ExpatError as error:
        refuse(f"工作簿的部件“{name}”第 {error.lineno} 行不是完整的内容；请用表格软件打开后另存为 .xlsx。")


def _check_place(tag: str, place: str) -> None:
    found = re.fullmatch(r"([A-Z]{0,3})([1-9][0-9]{0,6})", place)
    if found is None or bool(found[1]) != (tag == "c"):
        refuse(f"工作簿里有一个位置写作“{place[:20]}”，不是行或单元格；请用表格软件另存为 .xlsx。")
    row, column = int(found[2]), 0
    for character in found[1]:
        column = column * 26 + ord(character) - 64
    if row > LAST_ROW:
        refuse(f"行号超过 {LAST_ROW}；请删去清单之后的空行再另存。", row=row)
    if column > LAST_COLUMN:
        refuse(f"列数超过 {LAST_COLUMN}；请删去清单右边的空列再另存。", row=row, column=found[1])
