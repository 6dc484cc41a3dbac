"""Files that must be refused: each gets a sentence with the place of the fault, and nothing is written."""

import datetime
import html
import struct
from collections.abc import Callable
from os import urandom

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.formula import ArrayFormula

from tests.conftest import make_user
from tests.support import spreadsheets
from tests.support.spreadsheets import CITATION_CELLS, HEADERS, list_row, make_csv, make_workbook, repack_workbook

# Citation cells of the value 新, quoted verbatim, and of a new service, which quotes its name.
QUOTED = CITATION_CELLS | {"原文": "新"}
NAMED = CITATION_CELLS | {"原文": "基本殡葬服务"}
SHEET = "xl/worksheets/sheet1.xml"
AGAIN = b'<sheet name="\xe6\xb8\x85\xe5\x8d\x95" sheetId="9" r:id="rId1"/>'
ENTITIES = b'<!DOCTYPE x [<!ENTITY a "1"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
EXTERNAL = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


def at(header: str) -> str:
    """Return the letters and header of a column as in faults."""
    position, letters = HEADERS.index(header) + 1, ""
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}（{header}）"


def cell(text: str, header: str = "编者说明", **cells: str) -> Callable[[], bytes]:
    return lambda: make_csv(list_row(**cells) | {header: text})


def book_cell(value: object, header: str = "编者说明") -> Callable[[], bytes]:
    return lambda: make_workbook(list_row() | {header: value})


def fresh(**cells: str) -> Callable[[], bytes]:
    """A row of a new service with a citation, changed by ``cells``."""
    row = {"服务项目代码": "NM-05-05", "名称": "基本殡葬服务", "领域": "NM-05"} | NAMED
    return lambda: make_csv(row | cells)


def with_headers(change: Callable[[list[str]], list[str]]) -> Callable[[], bytes]:
    def make() -> bytes:
        row = list_row()
        headers = change(list(HEADERS))
        return make_csv([row.get(header, "") for header in headers], headers=headers)

    return make


def packed(change: Callable[[dict[str, bytes]], None]) -> Callable[[], bytes]:
    return lambda: repack_workbook(make_workbook(list_row()), change)


def in_part(name: str, old: bytes, new: bytes) -> Callable[[], bytes]:
    return packed(lambda parts: parts.update({name: parts[name].replace(old, new, 1)}))


def sheets(change: Callable[[Workbook], None]) -> Callable[[], bytes]:
    return lambda: make_workbook(list_row(), change=change)


def merged(reference: str) -> Callable[[], bytes]:
    """Two rows of services whose cells in a range are merged."""
    return lambda: make_workbook(
        list_row(), list_row("NM-01-05"), change=lambda book: book["清单"].merge_cells(reference)
    )


def sources(*cells: str | None, code: str = "NM-01-07") -> Callable[[], bytes]:
    """A workbook whose sheet of citations has one row with these cells."""

    def change(book: Workbook) -> None:
        sheet = book.create_sheet("字段来源")
        sheet.append(["服务项目代码", "字段", "来源文件", "核实情况", "字段核实情况", "依据类别", "来源文件名称"])
        sheet.append([code, *cells])

    return sheets(change)


def of_edition(slug: str, digest: str | None = None) -> Callable[[], bytes]:
    def change(book: Workbook) -> None:
        sheet = book.create_sheet("版本")
        sheet.append(["版本标识", "摘要（SHA-256）"])
        sheet.append([slug, digest])

    return sheets(change)


def ragged(cells: int) -> Callable[[], bytes]:
    return lambda: make_csv([*list_row().values()][:cells] + ["多"] * (cells - len(HEADERS)))


def locked() -> bytes:
    """A workbook whose parts are flagged as encrypted."""
    content = bytearray(make_workbook(list_row()))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.find(mark)
        content[place + offset] |= 1
    return bytes(content)


def lying() -> bytes:
    """A workbook whose first part claims to be ten bytes long: the rest is not read, and the checksum fails."""
    content = bytearray(make_workbook(list_row()))
    place = content.find(b"PK\x01\x02")
    content[place + 24 : place + 28] = struct.pack("<I", 10)
    return bytes(content)


def flipped() -> bytes:
    content = bytearray(make_workbook(list_row()))
    content[content.find(SHEET.encode()) + len(SHEET) + 50] ^= 0xFF
    return bytes(content)


def large() -> bytes:
    return b"a" * (5 * 1024 * 1024 + 1)


def bomb() -> bytes:
    """101 MB of blanks in one part."""
    return repack_workbook(
        make_workbook(list_row()), lambda parts: parts.update({"xl/media/a.xml": b"<a>" + b" " * 101 * 2**20 + b"</a>"})
    )


def crowded() -> bytes:
    """A row of millions of cells, which would take gigabytes; random bytes keep the compression ratio low."""
    row = b"<!--" + urandom(300_000).hex().encode() + b"--><sheetData><row>" + b"<c/>" * 5_000_000 + b"</row>"
    return repack_workbook(
        make_workbook(list_row()), lambda parts: parts.update({SHEET: parts[SHEET].replace(b"<sheetData>", row, 1)})
    )


def strict() -> bytes:
    """A workbook as Excel saves it as “Strict Open XML Spreadsheet”."""
    old, new = (
        b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        b"http://purl.oclc.org/ooxml/spreadsheetml/main",
    )
    return repack_workbook(
        make_workbook(list_row()),
        lambda parts: parts.update({name: part.replace(old, new) for name, part in parts.items()}),
    )


# By description: the function that makes the file, its name, and a part of the fault.
BAD = {
    # Files that are not tables
    "empty": (lambda: b"", "a.csv", "文件是空的"),
    "text": (lambda: b"abc", "a.txt", "扩展名不是 .csv 或 .xlsx"),
    "no extension": (lambda: b"abc", "csv", "扩展名不是 .csv 或 .xlsx"),
    "macro workbook by name": (lambda: make_workbook(list_row()), "a.xlsm", "含宏的工作簿请另存为 .xlsx"),
    "old workbook": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "a.xls", "扩展名不是"),
    "old workbook by another name": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "a.xlsx", "旧版 .xls"),
    "table called workbook": (lambda: make_csv(list_row()), "a.xlsx", "内容却不是工作簿"),
    "workbook called table": (lambda: make_workbook(list_row()), "a.csv", "内容却是压缩文件或工作簿"),
    "too large": (large, "a.csv", "文件超过 5 MB"),
    "too many rows": (lambda: make_csv(*[{"服务项目代码": "x"}] * 5001), "a.csv", "第 5002 行：超过 5000 行"),
    "too many rows of a workbook": (
        lambda: make_workbook(*[{"服务项目代码": "x"}] * 5001),
        "a.xlsx",
        "第 5002 行：超过 5000 行",
    ),
    "header only": (lambda: make_csv(), "a.csv", "第 2 行：表格里只有表头"),
    # Encodings
    "GBK without the code column": (
        lambda: make_csv(["注"], headers=["编者说明"]).decode().encode("gb18030"),
        "a.csv",
        "第 1 行，A 列：不是 UTF-8 编码，也不是 GB18030",
    ),
    "UTF-16": (
        lambda: make_csv(list_row()).decode().encode("utf-16"),
        "a.csv",
        "编码是 UTF-16，只接受 UTF-8 和 GB18030",
    ),
    "UTF-32": (
        lambda: make_csv(list_row()).decode().encode("utf-32"),
        "a.csv",
        "编码是 UTF-32，只接受 UTF-8 和 GB18030",
    ),
    "UTF-16 without mark": (lambda: "服务,x".encode("utf-16-be"), "a.csv", "第 1 行"),
    "Latin 1 in one cell": (lambda: make_csv(list_row(编者说明="X!")).replace(b"X!", b"caf\xe9"), "a.csv", "第 2 行"),
    "overlong": (lambda: make_csv(list_row(编者说明="X!")).replace(b"X!", b"\xc0\x80"), "a.csv", "不是 UTF-8 编码"),
    "half a surrogate": (
        lambda: make_csv(list_row(编者说明="X!")).replace(b"X!", b"\xed\xa0\x80"),
        "a.csv",
        "不是 UTF-8 编码",
    ),
    # Invisible characters
    "NUL": (cell("甲\0乙"), "a.csv", "第 2 行，"),
    "NUL said": (cell("甲\0乙"), "a.csv", "含有空字符 U+0000"),
    "bell": (cell("甲\x07乙"), "a.csv", f"第 2 行，{at('编者说明')} 列：含有控制字符 U+0007"),
    "right to left override": (cell("甲\u202e乙"), "a.csv", f"第 2 行，{at('编者说明')} 列：含有看不见的格式字符"),
    "isolate": (cell("甲\u2066乙"), "a.csv", "U+2066"),
    "zero-width space": (cell("甲\u200b乙"), "a.csv", "U+200B"),
    "zero-width joiner in a code": (
        cell("NM-01-0\u200d7", "服务项目代码"),
        "a.csv",
        f"第 2 行，{at('服务项目代码')} 列：含有",
    ),
    "soft hyphen": (cell("甲\u00ad乙"), "a.csv", "U+00AD"),
    "a filler that is a letter": (cell("\u3164"), "a.csv", "U+3164"),
    "a variation selector": (cell("丙\ufe0f"), "a.csv", "U+FE0F"),
    "a Mongolian selector after no letter": (cell("丙\u180b"), "a.csv", "U+180B"),
    "a blank of Braille": (cell("\u2800"), "a.csv", "U+2800"),
    "byte order mark inside": (cell("甲\ufeff乙"), "a.csv", "U+FEFF"),
    "replacement character": (cell("甲\ufffd乙"), "a.csv", "表示乱码的替换字符 U+FFFD"),
    "private use": (cell("甲\ue000乙"), "a.csv", "私用区字符 U+E000"),
    "no character": (cell("甲\uffff乙"), "a.csv", "U+FFFF"),
    "line separator": (cell("甲\u2028乙"), "a.csv", "U+2028"),
    "zero width in a workbook": (
        book_cell("甲\u200b乙"),
        "a.xlsx",
        f"工作表“清单”，第 2 行，{at('编者说明')} 列：含有",
    ),
    "zero width in a header": (with_headers(lambda h: [h[0] + "\u200b", *h[1:]]), "a.csv", "第 1 行，A 列：含有"),
    # Headers
    "renamed header": (
        with_headers(lambda h: ["代码", *h[1:]]),
        "a.csv",
        "第 1 行，A 列：表头“代码”不是清单的列；可用：服务项目代码",
    ),
    "duplicate header": (with_headers(lambda h: [*h, "名称"]), "a.csv", "表头“名称”出现了两次"),
    "no code": (with_headers(lambda h: h[1:]), "a.csv", "第 1 行，A 列：没有“服务项目代码”列"),
    "two separators": (
        lambda: "服务项目代码;名称,编者说明\r\nNM-01-07;甲,乙\r\n".encode(),
        "a.csv",
        "第 1 行：表头里有几种分隔符",
    ),
    "no header": (
        lambda: make_csv(list_row()).split(b"\r\n", 1)[1],
        "a.csv",
        "第 1 行，A 列：表头“NM-01-07”不是清单的列",
    ),
    "column without header": (
        lambda: make_csv([*list_row().values(), "多"], headers=[*HEADERS, ""]),
        "a.csv",
        f"第 2 行，A{chr(64 + len(HEADERS) + 1 - 26)} 列：这一列没有表头，却有内容",
    ),
    # Rows
    "duplicate code": (
        lambda: make_csv(list_row(), list_row()),
        "a.csv",
        f"第 3 行，{at('服务项目代码')} 列：代码 NM-01-07 与第 2 行重复",
    ),
    "too few cells": (ragged(5), "a.csv", "第 2 行，F 列：这一行有 5 格"),
    "too many cells": (ragged(len(HEADERS) + 2), "a.csv", f"这一行有 {len(HEADERS) + 2} 格"),
    "unterminated quote": (lambda: make_csv(list_row()) + b'NM-01-05,5,"', "a.csv", "第 3 行，C 列：引号没有成对"),
    "text behind a quote": (lambda: make_csv(list_row()) + b'NM-01-05,"5"x,', "a.csv", "第 3 行，B 列：引号没有成对"),
    "another department's row": (
        lambda: make_csv(list_row("NM-01-05", 编者说明="注")),
        "a.csv",
        f"第 2 行，{at('服务项目代码')} 列：NM-01-05 由",
    ),
    # Codes
    "full-width code": (
        cell("ＮＭ-０１-０７", "服务项目代码"),
        "a.csv",
        f"第 2 行，{at('服务项目代码')} 列：服务项目代码“ＮＭ-０１-０７”格式不符",
    ),
    "lower case code": (cell("nm-01-07", "服务项目代码"), "a.csv", "应像 NM-05-01"),
    "empty code": (cell("", "服务项目代码"), "a.csv", "服务项目代码“”格式不符"),
    "unknown domain": (cell("NM-77", "领域"), "a.csv", f"第 2 行，{at('领域')} 列：领域中没有代码“NM-77”"),
    "no domain": (cell("", "领域", 领域名称=""), "a.csv", "领域不能为空"),
    "unknown department": (
        cell("x-bureau", "牵头负责单位"),
        "a.csv",
        f"{at('牵头负责单位')} 列：部门中没有代码“x-bureau”",
    ),
    "unknown target group": (cell("everyone-else", "服务对象（词表）"), "a.csv", "没有代码“everyone-else”"),
    "code twice in a cell": (cell("finance、finance", "配合单位"), "a.csv", "代码“finance”写了两次"),
    "unknown source": (
        cell("新", "服务标准", **QUOTED | {"来源文件": "nobody"}),
        "a.csv",
        f"{at('来源文件')} 列：依据文件中没有代码“nobody”",
    ),
    "another name beside a code": (
        cell("别的部门", "牵头负责单位名称"),
        "a.csv",
        f"{at('牵头负责单位名称')} 列：“牵头负责单位名称”只说明左边的代码",
    ),
    # Numbers and dates
    "another number": (cell("1", "序号"), "a.csv", f"第 2 行，{at('序号')} 列：序号“1”不对"),
    "another number in full-width digits": (cell("８", "序号"), "a.csv", f"{at('序号')} 列：序号“８”不对"),
    "1e9": (cell("1e9", "序号"), "a.csv", f"第 2 行，{at('序号')} 列：序号“1e9”不对"),
    "1e9 as a text": (cell("1.23457E+12", "编者说明"), "a.csv", "“1.23457E+12”像是被表格软件改写过的数"),
    "NaN": (cell("NaN", "序号"), "a.csv", "序号“NaN”不对"),
    "NaN in a workbook": (
        lambda: repack_workbook(
            book_cell(7)(), lambda parts: parts.update({SHEET: parts[SHEET].replace(b"<v>7</v>", b"<v>NaN</v>")})
        ),
        "a.xlsx",
        "工作表“清单”，第 2 行：这一行有一格无法读出",
    ),
    "thirteen digits": (cell("1234567890123", "序号"), "a.csv", "序号“1234567890123”不对"),
    "thirteen digits in a workbook": (book_cell(1234567890123), "a.xlsx", f"{at('编者说明')} 列：是数值 1234567890123"),
    "a fraction in a workbook": (book_cell(0.1), "a.xlsx", "是数值 0.1"),
    "a number for a new service": (fresh(序号="82"), "a.csv", "新增项目的序号由系统编排，请留空"),
    "impossible day": (
        cell("2027-02-30", "标准所属时间"),
        "a.csv",
        f"第 2 行，{at('标准所属时间')} 列：没有 2027 年 02 月 30 日这一天",
    ),
    "a date in a workbook": (book_cell(datetime.date(2027, 1, 1)), "a.xlsx", "是日期或时间格式"),
    "a truth in a workbook": (book_cell(True), "a.xlsx", "是逻辑值"),
    # Formulas
    "formula": (cell("=1+1"), "a.csv", f"第 2 行，{at('编者说明')} 列：以“=”开头，像是公式"),
    "command": (cell("@SUM(1)"), "a.csv", "以“@”开头"),
    "plus": (cell("+1"), "a.csv", "以“+”开头"),
    "minus": (cell("-1"), "a.csv", "以“-”开头"),
    "full-width formula": (cell("＝1+1"), "a.csv", "以“＝”开头"),
    "formula behind a tab": (cell("\t=1"), "a.csv", "像是公式"),
    "formula cell": (book_cell("=1+1"), "a.xlsx", f"工作表“清单”，第 2 行，{at('编者说明')} 列：是公式"),
    "array formula": (
        sheets(lambda book: book["清单"].__setitem__("B2", ArrayFormula("B2", "=SUM(1)"))),
        "a.xlsx",
        "工作表“清单”，第 2 行，B（序号） 列：是公式",
    ),
    "error cell": (book_cell("#N/A"), "a.xlsx", "是表格软件的出错值 #N/A"),
    "error value": (cell("#REF!", "服务标准"), "a.csv", f"第 2 行，{at('服务标准')} 列：是表格软件的出错值 #REF!"),
    "error value of LibreOffice": (cell("Err:502", "服务标准"), "a.csv", "是表格软件的出错值 Err:502"),
    "a number in a narrow column": (cell("#####", "服务标准"), "a.csv", "是表格软件的出错值 #####"),
    # Merged cells
    "merged rows": (merged("D2:D3"), "a.xlsx", "工作表“清单”，第 2 行，D 列：D2:D3 是合并单元格"),
    "merged columns": (merged("C2:D2"), "a.xlsx", "C2:D2 是合并单元格"),
    "merged header": (merged("A1:B1"), "a.xlsx", "A1:B1 是合并单元格"),
    "merged clauses": (
        sheets(
            lambda book: (
                book.create_sheet("字段来源").append(["服务项目代码", "字段"]),
                book["字段来源"].merge_cells("A1:A2"),
            )
        ),
        "a.xlsx",
        "工作表“字段来源”，第 1 行，A 列：A1:A2 是合并单元格",
    ),
    # Escapes of Office Open XML
    "escaped line tabulation": (book_cell("甲_x000B_乙"), "a.xlsx", f"{at('编者说明')} 列：含有控制字符 U+000B"),
    "escaped zero width": (book_cell("甲_x200B_乙"), "a.xlsx", "U+200B"),
    "escaped bell": (book_cell("甲_x0007_乙"), "a.xlsx", "U+0007"),
    "escaped surrogate": (book_cell("甲_xD83D_乙"), "a.xlsx", "U+D83D"),
    # Citations
    "no clause": (
        cell("新标准", "服务标准"),
        "a.csv",
        f"第 2 行，{at('服务标准')} 列：“服务标准”改动了，请同时为它新增或更改一条来源",
    ),
    "verbatim without quote": (cell("新", "服务标准", **QUOTED | {"原文": ""}), "a.csv", "没有照录原文"),
    "verbatim and not in its quote": (
        cell("新标准", "服务标准", **QUOTED),
        "a.csv",
        f"第 2 行，{at('服务标准')} 列：“服务标准”标为“原文核对”，但“新标准”不在所引原文之中",
    ),
    "verbatim and half a number of its quote": (
        cell("每月20", "服务标准", **CITATION_CELLS | {"原文": "每月200元"}),
        "a.csv",
        f"{at('服务标准')} 列：“服务标准”标为“原文核对”，但“20”不在所引原文之中",
    ),
    "no label": (
        cell("新", "服务标准", **QUOTED | {"核实情况": ""}),
        "a.csv",
        f"{at('核实情况')} 列：填了来源，还要填“核实情况”：原文核对、转述、未核实",
    ),
    "unknown label": (
        cell("新", "服务标准", **QUOTED | {"核实情况": "属实"}),
        "a.csv",
        "“属实”不能用；可用：原文核对、转述、未核实",
    ),
    "no basis": (cell("新", "服务标准", **QUOTED | {"依据类别": ""}), "a.csv", "还要填“依据类别”"),
    "unknown jurisdiction": (
        cell("新", "服务标准", **QUOTED | {"适用范围": "盟市"}),
        "a.csv",
        f"{at('适用范围')} 列：“盟市”不能用",
    ),
    "clause without change": (
        lambda: make_csv(list_row(**CITATION_CELLS)),
        "a.csv",
        f"第 2 行，{at('来源文件')} 列：这一行没有改动须有来源的字段",
    ),
    "quote without source": (cell("新", "服务标准", 原文="只有原文"), "a.csv", "没有写明来源文件"),
    "no name": (cell("", "名称", **CITATION_CELLS), "a.csv", f"第 2 行，{at('名称')} 列：名称不能为空"),
    "name too long": (
        cell("长" * 201, "名称", **CITATION_CELLS | {"原文": "长" * 201}),
        "a.csv",
        f"第 2 行，{at('名称')} 列：“名称”不合要求",
    ),
    "name in two lines": (cell("甲\n乙", "名称", **CITATION_CELLS | {"原文": "甲乙"}), "a.csv", "只能写一行"),
    "new service without name": (fresh(名称=""), "a.csv", f"第 2 行，{at('名称')} 列：名称不能为空"),
    "old edition": (
        cell("2021", "版本"),
        "a.csv",
        f"第 2 行，{at('版本')} 列：出自版本“2021”，而最后发布的版本是“2026”",
    ),
    # The other sheets of a workbook
    "another sheet": (sheets(lambda book: book.create_sheet("备注")), "a.xlsx", "多出工作表“备注”"),
    "no list": (
        sheets(lambda b: (setattr(b["清单"], "title", "甲"), b.create_sheet("乙"))),
        "a.xlsx",
        "没有名为“清单”的工作表",
    ),
    "clauses of an unknown service": (
        sources("名称", "seed-plan", "转述", None, None, None, code="NM-01-99"),
        "a.xlsx",
        "工作表“字段来源”，第 2 行，A（服务项目代码） 列：",
    ),
    "clauses of an unknown field": (
        sources("价格", "seed-plan", "转述", None, None, None),
        "a.xlsx",
        "B（字段） 列：“价格”不能用",
    ),
    "clauses of an unknown source": (
        sources("名称", "nobody", "转述", "转述", "规划", None),
        "a.xlsx",
        "C（来源文件） 列：依据文件中没有代码“nobody”",
    ),
    "clauses with a label too high": (
        sources("名称", "seed-plan", "转述", "原文核对", "规划", None),
        "a.xlsx",
        "不能上调",
    ),
    "clauses with another name": (
        sources("名称", "seed-plan", "转述", "转述", "规划", "别的文件"),
        "a.xlsx",
        "G（来源文件名称） 列：",
    ),
    "another mention": (sources("相关表述", "seed-plan", "转述", None, None, None), "a.xlsx", "导入不能更改相关表述"),
    "sheet of an old edition": (
        of_edition("2021"),
        "a.xlsx",
        "工作表“版本”，第 2 行，A（版本标识） 列：出自版本“2021”",
    ),
    "another digest": (of_edition("2026", "0" * 64), "a.xlsx", "B（摘要（SHA-256）） 列：与版本“2026”的摘要"),
    "two lists": (in_part("xl/workbook.xml", b"</sheets>", AGAIN + b"</sheets>"), "a.xlsx", "重名的工作表"),
    # Damaged and malicious workbooks
    "truncated": (lambda: make_workbook(list_row())[:-500], "a.xlsx", "工作簿打不开"),
    "truncated to a signature": (lambda: b"PK\x03\x04", "a.xlsx", "工作簿打不开"),
    "a flipped bit": (flipped, "a.xlsx", "工作簿打不开"),
    "a length that lies": (lying, "a.xlsx", "工作簿打不开"),
    "some other archive": (
        lambda: repack_workbook(b"PK\x05\x06" + b"\0" * 18, lambda parts: parts.update({"a.xml": b"<a/>"})),
        "a.xlsx",
        "不是工作簿",
    ),
    "bomb": (bomb, "a.xlsx", "解压后超过 100 MB"),
    "cells without end": (crowded, "a.xlsx", "单元格太多"),
    "strict": (strict, "a.xlsx", "严格 Open XML 电子表格”；请另存为普通的"),
    "password": (locked, "a.xlsx", "加了密码"),
    "entity bomb": (in_part(SHEET, b"<worksheet", ENTITIES + b"<worksheet"), "a.xlsx", "工作簿打不开"),
    "entity of a file": (in_part("xl/workbook.xml", b"<workbook", EXTERNAL + b"<workbook"), "a.xlsx", "工作簿打不开"),
    "broken part": (in_part(SHEET, b"</sheetData>", b"</sheet"), "a.xlsx", "第 3 行：这一行有一格无法读出"),
    "a row far down": (in_part(SHEET, b'<row r="2"', b'<row r="1048576"'), "a.xlsx", "第 20001 行：行号超过 20000"),
    "a row no sheet has": (
        in_part(SHEET, b'<row r="2"', b'<row r="99999999999"'),
        "a.xlsx",
        "第 20001 行：行号超过 20000",
    ),
    "a column far out": (sheets(lambda book: book["清单"].cell(2, 16384, "x")), "a.xlsx", "第 2 行：列数超过 100"),
    "a sheet that is not there": (packed(lambda parts: parts.pop(SHEET)), "a.xlsx", "没有名为“清单”的工作表；现有：无"),
    "a string that is not there": (
        in_part(SHEET, b"</sheetData>", b'<row r="3"><c r="A3" t="s"><v>99999</v></c></row></sheetData>'),
        "a.xlsx",
        "工作表“清单”，第 3 行：这一行有一格无法读出",
    ),
}


@pytest.fixture
def editor(client, db):
    client.force_login(make_user("bian", "编辑", departments=["civil-affairs"]))
    return client


@pytest.mark.parametrize(("make", "name", "words"), BAD.values(), ids=BAD)
def test_a_bad_file_is_refused_with_a_sentence_and_writes_nothing(editor, make, name, words):
    content = make()
    before = spreadsheets.row_counts()

    page = spreadsheets.upload(editor, name, content)

    text = html.unescape(page.content.decode())
    assert page.status_code in (200, 422)
    assert page.context["seen"] is None
    faults = "\n".join([*map(str, page.context["faults"]), *page.context["form"].errors.get("file", [])])
    assert words in faults
    assert faults.splitlines()[0] in text
    assert spreadsheets.row_counts() == before
