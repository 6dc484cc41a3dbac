"""Helpers for tests of spreadsheets: the list as CSV or XLSX, with changes, and its upload by an editor."""

import csv
import io
import zipfile
from collections.abc import Callable, Mapping

from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from catalogue.models import Attachment, Edition, Event, Proposal, ProposedEntry
from catalogue.spreadsheets.columns import COLUMNS
from catalogue.spreadsheets.plan import Plan, make_plan
from catalogue.spreadsheets.reader import read_table
from catalogue.spreadsheets.writer import to_csv, to_xlsx
from tests.conftest import all_department_codes, make_user
from tests.support.entries import NEXT_YEAR, STANDARD

UPLOAD, CONFIRM = reverse("admin:import"), reverse("admin:import_confirm")
HEADERS = [column.header for column in COLUMNS["清单"]]
CITATION_CELLS = {
    "来源文件": "seed-daily",
    "位置": "第1条",
    "原文": STANDARD,
    "核实情况": "原文核对",
    "依据类别": "法规与政策",
    "适用范围": "内蒙古自治区",
}
# A service, the sheets of values, and rows of them.
ORPHANS = "NM-01-07"
AMOUNTS, SHARES, RULE = "标准里的数字", "支出分担比例", "享受条件"
CITED = {
    "source": "seed-daily", "locator": "第1条", "quote": STANDARD, "verification": "verbatim",
    "jurisdiction": "inner-mongolia",
}  # fmt: skip
CLAUSE = {
    "来源文件": "seed-daily", "位置": "第1条", "原文": STANDARD, "核实情况": "原文核对", "适用范围": "内蒙古自治区",
}  # fmt: skip
FIGURE = {
    "服务项目代码": ORPHANS, "是什么": "孤儿集中供养平均标准", "种类": "平均数", "数值": 2300, "单位": "元",
    "周期": "每月", "每……": "每人", "对象": "集中供养孤儿", "数据年份": "2027年",
} | CLAUSE  # fmt: skip
FIGURE_DATA = {
    "label": "孤儿集中供养平均标准", "kind": "average", "value": "2300", "unit": "元", "currency": "CNY",
    "period": "month", "per": "person", "of_whom": "集中供养孤儿", "place": None, "valid_from": None,
    "valid_until": None, "as_of": "2027", "citation": CITED,
}  # fmt: skip
SHARE = {"服务项目代码": ORPHANS, "哪一级财政": "中央", "百分之几": "80%"} | CLAUSE | {"原文": "中央分担80%"}
OPEN = {"服务项目代码": ORPHANS, "种类": "待认定的条件", "组": 1, "内容": "父母双亡", "由谁认定": "民政部门"} | CLAUSE
AGE = {"服务项目代码": ORPHANS, "种类": "事实条件", "组": 1, "事实": "年龄（周岁）", "比较": "小于（<）", "值": 18}
PROPOSAL_DETAILS = {
    "region": "150000",
    "department": "civil-affairs",
    "title": "提高孤儿基本生活费标准",
    "reason": "落实常务会议决定",
    "document_number": "内民政发〔2026〕1号",
    "effective_from": "2027-01-01",
}


def current_edition() -> Edition:
    return Edition.objects.get(slug="2026")


def exported_list(kind: str) -> bytes:
    edition = current_edition()
    write = {"csv": to_csv, "xlsx": to_xlsx}[kind]
    return b"".join(write(edition.documents(), edition=edition))


def plan(content: bytes, *, slug: str = "2026") -> Plan:
    """Return the plan of a CSV or XLSX file against an edition, as an editor of all departments uploads it."""
    name = "清单.xlsx" if content.startswith(b"PK") else "清单.csv"
    editor = User.objects.filter(username="wang").first() or make_user(
        "wang", "编辑", departments=all_department_codes()
    )
    return make_plan(
        read_table(name, content), digest="0" * 64, edition=Edition.objects.get(slug=slug), by=editor, on=NEXT_YEAR,
        effective_from=NEXT_YEAR,
    )  # fmt: skip


def csv_rows(content: bytes | None = None) -> list[list[str]]:
    """Return the cells of a CSV file, by default of the whole list."""
    text = (content or exported_list("csv")).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


def list_row(code: str = "NM-01-07", **cells: str) -> dict[str, str]:
    """Return one exported row of the list, with changed ``cells`` by header."""
    headers, *rows = csv_rows()
    (row,) = (dict(zip(headers, row, strict=True)) for row in rows if row[0] == code)
    return row | cells


def make_csv(*rows: Mapping[str, str] | list[str], headers: list[str] | None = None, ends: str = "\r\n") -> bytes:
    """Return rows as a CSV file, by default with the headers of the list."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=ends)
    headers = headers or HEADERS
    writer.writerow(headers)
    writer.writerows(row if isinstance(row, list) else [row.get(header, "") for header in headers] for row in rows)
    return text.getvalue().encode()


def make_workbook(
    *rows: Mapping[str, object], headers: list[str] | None = None, change: Callable | None = None
) -> bytes:
    """Return rows as a workbook of one sheet; ``change`` edits the workbook before it is saved."""
    book = Workbook()
    sheet = book.active
    sheet.title = "清单"
    headers = headers or HEADERS
    sheet.append(headers)
    for row in rows:
        sheet.append([row.get(header) for header in headers])
    if change:
        change(book)
    return workbook_bytes(book)


def workbook_with(sheet: str, *rows: dict, **cells: str) -> bytes:
    """Return a workbook of one service, with ``cells`` of its row in the list, and rows on another sheet."""

    def add(book):
        headers = [column.header for column in COLUMNS[sheet]]
        added = book.create_sheet(sheet)
        for line in (headers, *([row.get(name) for name in headers] for row in rows)):
            added.append(line)

    return make_workbook(list_row(ORPHANS, **cells), change=add)


def edit_workbook(content: bytes, change: Callable) -> bytes:
    """Return a workbook edited by ``change``."""
    book = load_workbook(io.BytesIO(content))
    change(book)
    return workbook_bytes(book)


def workbook_bytes(book: Workbook) -> bytes:
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def repack_workbook(content: bytes, change: Callable[[dict[str, bytes]], None], **options: object) -> bytes:
    """Return a workbook with its ZIP members (bytes by name) edited by ``change``."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    change(parts)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, part in parts.items():
            packed.writestr(name, part, **options)
    return out.getvalue()


def upload(client: Client, name: str, content: bytes, **details: str) -> HttpResponse:
    return client.post(UPLOAD, PROPOSAL_DETAILS | details | {"file": SimpleUploadedFile(name, content)})


def confirm(client: Client, page: HttpResponse, **details: str) -> HttpResponse:
    return client.post(CONFIRM, PROPOSAL_DETAILS | details | {"seen": page.context["seen"]})


def row_counts() -> dict[str, int]:
    """Return the number of rows of each model that an import may write."""
    return {model.__name__: model.objects.count() for model in (Proposal, ProposedEntry, Attachment, Event)}
