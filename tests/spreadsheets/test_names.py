"""Departments, sources and other terms of a table may be written as people call them."""

import collections
import io

import pytest
from openpyxl import load_workbook

from services.models import Department
from services.sources import Source
from tests.support.entries import STANDARD
from tests.support.spreadsheets import (
    CITATION_CELLS,
    csv_rows,
    edit_workbook,
    exported_list,
    list_row,
    make_csv,
    make_workbook,
    plan,
)

pytestmark = pytest.mark.django_db


def planned_data(row: dict) -> dict:
    shown = plan(make_csv(row))
    assert [str(fault) for fault in shown.faults] == []
    (planned,) = shown.rows
    return planned.entry_data


def cited(**cells: str) -> dict[str, str]:
    return list_row("NM-01-07", **CITATION_CELLS | {"核实情况": "转述"} | cells)


@pytest.mark.parametrize("written", ["finance", "内蒙古自治区财政厅", "自治区财政厅", "自治区 财政厅"])
def test_a_department_is_named_by_code_name_or_short_name(written):
    data = planned_data(cited(牵头负责单位=written, 牵头负责单位名称=""))

    assert data["lead_department"] == "finance"


def test_a_department_may_be_changed_by_its_name_alone():
    data = planned_data(cited(牵头负责单位="", 牵头负责单位名称="自治区财政厅"))

    assert data["lead_department"] == "finance"


def test_several_departments_may_be_changed_by_their_names_alone():
    short_names = Department.objects.filter(code__in=["finance", "civil-affairs"]).values_list("short_name", flat=True)

    data = planned_data(cited(配合单位="", 配合单位名称="，".join(short_names)))

    assert data["co_departments"] == ["civil-affairs", "finance"]


def test_names_that_agree_with_their_code_may_be_written_in_full():
    row = list_row("NM-01-07")
    name = Department.objects.get(code=row["牵头负责单位"]).name
    assert name != row["牵头负责单位名称"]

    assert planned_data(row | {"牵头负责单位名称": name}) == {}


def test_names_and_code_that_disagree_are_refused():
    (fault,) = plan(make_csv(list_row("NM-01-07", 牵头负责单位名称="自治区财政厅"))).faults

    assert "“牵头负责单位名称”只说明左边的代码" in str(fault)
    assert "清空代码、只写名称" in str(fault)


def test_an_unknown_name_is_refused_by_its_column():
    (fault,) = plan(make_csv(list_row("NM-01-07", 牵头负责单位="", 牵头负责单位名称="财经办"))).faults

    assert "（牵头负责单位名称） 列：部门中没有代码“财经办”，也没有这个名称" in str(fault)


@pytest.mark.parametrize("brackets", ["〔〕", "[]", "（）", "()", "【】", "［］"])
def test_a_source_is_named_by_its_document_number(brackets):
    counts = collections.Counter(Source.objects.exclude(document_number=None).values_list("document_number", flat=True))
    source = next(
        source for source in Source.objects.exclude(document_number=None)
        if counts[source.document_number] == 1 and "〔2023〕" in source.document_number
    )  # fmt: skip
    number = source.document_number.replace("〔2023〕", f" {brackets[0]}２０２３{brackets[1]} ")

    shown = plan(make_csv(list_row("NM-01-07", 服务标准=STANDARD, **CITATION_CELLS | {"来源文件": number})))

    (citation,) = shown.rows[0].entry_data["citations"]
    assert citation["source"] == source.code


def test_a_source_is_named_by_its_title():
    title = f"《{Source.objects.get(code='seed-daily').title}》"

    shown = plan(make_csv(list_row("NM-01-07", 服务标准=STANDARD, **CITATION_CELLS | {"来源文件": title})))

    (citation,) = shown.rows[0].entry_data["citations"]
    assert citation["source"] == "seed-daily"


def test_an_ambiguous_source_is_refused_with_its_candidates():
    counts = collections.Counter(Source.objects.exclude(document_number=None).values_list("document_number", flat=True))
    number = next(number for number, count in counts.items() if 1 < count <= 5)

    (fault,) = plan(make_csv(list_row("NM-01-07", 服务标准=STANDARD, **CITATION_CELLS | {"来源文件": number}))).faults

    assert f"（来源文件） 列：“{number}”有 {counts[number]} 个：" in str(fault)
    for title in Source.objects.filter(document_number=number).values_list("title", flat=True):
        assert f"{title}（{number}）" in str(fault)


def test_the_texts_of_a_law_are_offered_by_their_days():
    law = "中华人民共和国体育法"

    (fault,) = plan(make_csv(list_row("NM-01-07", 服务标准=STANDARD, **CITATION_CELLS | {"来源文件": law}))).faults

    days = Source.objects.filter(title=law).values_list("date", flat=True)
    assert len(days) == 2
    for day in days:
        assert f"{law}（{day}）" in str(fault)
    assert "请写其中一个的全名。" in str(fault)


def test_every_title_with_separators_is_found_in_a_list():
    """Titles contain commas and blanks, which separate the terms of a cell too."""
    row = list_row("NM-01-05")
    titles = [
        title
        for title in Source.objects.filter(title__regex="[、，,；; ]").values_list("title", flat=True)
        if Source.objects.filter(title=title).count() == 1
    ]
    assert titles

    shown = plan(make_csv(row | {"法律法规依据": "、".join(titles), "法律法规依据名称": ""}))

    assert not [fault for fault in shown.faults if "法律法规依据中没有" in str(fault) or "没有代码" in str(fault)]


def test_an_export_without_its_codes_is_unchanged():
    headers, *rows = csv_rows()
    codes = [header for header in headers if f"{header}名称" in headers]
    assert len(codes) == 6
    kept = [position for position, header in enumerate(headers) if header not in codes]

    shown = plan(
        make_csv(*([row[place] for place in kept] for row in rows), headers=[headers[place] for place in kept])
    )

    assert [str(fault) for fault in shown.faults] == []
    assert [row.code for row in shown.rows if row.action] == []


def test_rows_of_services_that_stand_in_no_row_of_the_list_are_ignored_and_counted(client):
    def keep_one_row(book):
        sheet = book["清单"]
        numbers = [line[0].row for line in sheet.iter_rows(min_row=2) if line[0].value != "NM-01-07"]
        for number in reversed(numbers):
            sheet.delete_rows(number)

    book = load_workbook(io.BytesIO(exported_list("xlsx")))
    others = sum(line[0].value != "NM-01-07" for sheet in book.worksheets[1:-1] for line in sheet.iter_rows(min_row=2))
    assert others > 81

    shown = plan(edit_workbook(exported_list("xlsx"), keep_one_row))

    assert [str(fault) for fault in shown.faults] == []
    assert [row.action for row in shown.rows] == [None]
    assert shown.ignored_rows == others


def test_a_clause_may_name_its_source_beside_an_empty_code():
    def change(book):
        sheet = book.create_sheet("字段来源")
        sheet.append(
            ["服务项目代码", "字段", "来源文件", "来源文件名称", "位置", "原文", "核实情况", "字段核实情况", "依据类别"]
        )
        title = Source.objects.get(code="seed-daily").title
        sheet.append(["NM-01-07", "服务标准", None, title, "第1条", STANDARD, "原文核对", "原文核对", "法规与政策"])

    shown = plan(make_workbook(list_row("NM-01-07", 服务标准=STANDARD), change=change))

    assert [str(fault) for fault in shown.faults] == []
    (citation,) = shown.rows[0].entry_data["citations"]
    assert citation["source"] == "seed-daily"


@pytest.mark.parametrize("day", [None, "2026-01-01"])
def test_documents_of_one_name_are_told_apart_by_their_codes(day):
    """An export of the list is imported without changes, also after another document of that title was entered."""
    cited = Source.objects.filter(citations__entry__edition__slug="2026", document_number=None, date=None)
    first = cited.filter(in_force_from=None).first()
    Source.objects.create(
        code="doc-900", title=first.title, date=day, kind=first.kind, jurisdiction=first.jurisdiction,
        extent_read=first.extent_read,
    )  # fmt: skip

    content = exported_list("xlsx")
    shown = plan(content)

    texts = {cell for row in load_workbook(io.BytesIO(content))["字段来源"].iter_rows(values_only=True) for cell in row}
    assert f"{first.title}（{first.code}）" in texts
    assert [str(fault) for fault in shown.faults] == []
    assert {row.action for row in shown.rows} == {None}


def test_a_name_more_than_there_are_codes_is_refused():
    row = list_row("NM-01-07")

    (fault,) = plan(make_csv(row | {"配合单位名称": f"{row['配合单位名称']}、自治区教育厅"})).faults

    assert "“配合单位名称”只说明左边的代码" in str(fault)
