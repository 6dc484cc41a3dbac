"""Rules, figures and shares stand in rows of a workbook: whole, by name, each with its clause."""

import datetime
import io
from collections.abc import Callable

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from catalogue.editions.document import entry_data
from catalogue.spreadsheets import value_rows
from catalogue.spreadsheets.columns import COLUMNS
from catalogue.spreadsheets.limits import UnreadableFileError
from catalogue.spreadsheets.names import TermNames
from catalogue.spreadsheets.plan import Plan
from catalogue.spreadsheets.reader import read_table
from catalogue.spreadsheets.writer import to_xlsx
from services.models import Department, Domain, TargetGroup
from services.sources import Source
from services.vocabularies import Terms
from tests.support.spreadsheets import (
    AGE,
    AMOUNTS,
    CITATION_CELLS,
    CITED,
    CLAUSE,
    FIGURE,
    FIGURE_DATA,
    OPEN,
    ORPHANS,
    RULE,
    SHARE,
    SHARES,
    current_edition,
    edit_workbook,
    exported_list,
    list_row,
    make_csv,
    make_workbook,
    plan,
    workbook_with,
)

pytestmark = pytest.mark.django_db


def sentences(shown: Plan) -> list[str]:
    return [str(fault) for fault in shown.faults]


def planned_data(shown: Plan) -> dict:
    """Return the data of the only planned row of a plan without faults."""
    assert sentences(shown) == []
    (row,) = shown.to_propose
    return row.entry_data


def document(code: str) -> dict:
    return next(document for document in current_edition().documents() if document["code"] == code)


def a_code_with(field: str, count: int = 1) -> str:
    """Return the code of the first service with at least so many values in a field, or as many criteria in its rule."""
    for document in current_edition().documents():
        value = document.get(field) or []
        values = [raw for group in value["any"] for raw in group["all"]] if field == "eligibility" and value else value
        if len(values) >= count:
            return document["code"]
    raise LookupError(field)


def header(sheet: Worksheet) -> list[str]:
    return [cell.value for cell in sheet[1]]


def rows_of(sheet: Worksheet, code: str) -> list[int]:
    """Return the numbers of a service's rows, the last first."""
    return [line[0].row for line in sheet.iter_rows(min_row=2) if line[0].value == code][::-1]


def remove_rows(sheet: Worksheet, code: str) -> None:
    for number in rows_of(sheet, code):
        sheet.delete_rows(number)


def write(book: Workbook, sheet: str, code: str, **cells: object) -> None:
    """Change cells, by header, in the first row of a service."""
    number = rows_of(book[sheet], code)[-1]
    for name, value in cells.items():
        book[sheet].cell(number, header(book[sheet]).index(name) + 1).value = value


def with_rows(sheet: str, *rows: dict, **cells: str) -> Plan:
    return plan(workbook_with(sheet, *rows, **cells))


def edited(code: str, change: Callable[[Workbook], None]) -> Plan:
    """Plan the exported workbook of one service after a change."""
    exported = b"".join(to_xlsx([document(code)], edition=current_edition()))
    return plan(edit_workbook(exported, change))


def test_a_workbook_has_neither_codes_of_terms_nor_json():
    models = (Department, Domain, TargetGroup, Source)
    codes = {code for model in models for code in model.objects.values_list("code", flat=True)}
    book = load_workbook(io.BytesIO(exported_list("xlsx")))

    texts = {str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value}

    assert {piece for text in texts for piece in text.split("、")} & codes == set()
    assert [text for text in texts if text[0] in "[{"] == []


def test_a_law_that_was_amended_is_told_from_its_older_text_by_its_day():
    book = load_workbook(io.BytesIO(exported_list("xlsx")))
    column = header(book["清单"]).index("法律法规依据")

    names = {name for row in book["清单"].iter_rows(min_row=2) for name in (row[column].value or "").split("、")}

    assert "中华人民共和国体育法（2022-06-24）" in names


def test_a_figure_in_a_row_is_planned_with_its_clause():
    shown = with_rows(AMOUNTS, FIGURE)

    assert planned_data(shown) == {"amounts": [FIGURE_DATA]}
    (change,) = shown.to_propose[0].changes
    assert (change.label, change.after) == (
        "标准里的数字", "孤儿集中供养平均标准：每人每月2300元（平均数，集中供养孤儿，2027）",
    )  # fmt: skip


def test_a_share_in_a_row_is_planned_with_its_clause():
    shown = with_rows(SHARES, SHARE)

    share = {"level": "centre", "percent": "80", "of_whom": None, "citation": CITED | {"quote": "中央分担80%"}}
    assert planned_data(shown) == {"shares": [share]}


def test_a_rule_is_planned_from_its_rows():
    orphan = AGE | {"事实": "儿童情况", "比较": "包括", "值": "孤儿"}
    poor = AGE | {"组": 2, "事实": "家庭类别", "比较": "是其中之一", "值": "低保家庭、特困人员"}
    shown = with_rows(RULE, OPEN, orphan, poor, **CITATION_CELLS | {"核实情况": "转述"})

    assert planned_data(shown)["eligibility"] == {
        "universal": False,
        "machine_readable": True,
        "any": [
            {
                "all": [
                    {"fact": "child_status", "op": "contains", "value": "orphan"},
                    {"open": "父母双亡", "decided_by": "民政部门", "citation": CITED},
                ]
            },
            {"all": [{"fact": "household", "op": "in", "value": ["dibao", "tekun"]}]},
        ],
        "reason": None,
    }


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ({"种类": "面向所有人"}, {"universal": True, "machine_readable": True, "any": [], "reason": None}),
        (
            {"种类": "不能化为条件", "内容": "由学校评定"},
            {"universal": False, "machine_readable": False, "any": [], "reason": "由学校评定"},
        ),
    ],
)
def test_a_whole_rule_is_one_row(row, rule):
    assert planned_data(with_rows(RULE, {"服务项目代码": ORPHANS} | row, **CITATION_CELLS))["eligibility"] == rule


def test_a_document_may_be_named_as_the_export_names_it():
    name = "内蒙古自治区“十四五”保障和改善公共服务规划（内政办发〔2021〕70号）"

    (figure,) = planned_data(with_rows(AMOUNTS, FIGURE | {"来源文件": name}))["amounts"]

    assert figure["citation"]["source"] == "seed-plan"


@pytest.mark.parametrize(("sheet", "field"), [(AMOUNTS, "amounts"), (SHARES, "shares"), (RULE, "eligibility")])
def test_rows_in_another_order_are_no_change(sheet, field):
    code = a_code_with(field, count=2 if field != "shares" else 1)

    def turn_round(book):
        lines = [[cell.value for cell in book[sheet][number]] for number in rows_of(book[sheet], code)]
        remove_rows(book[sheet], code)
        for line in lines:
            book[sheet].append(line)

    shown = edited(code, turn_round)

    assert (sentences(shown), shown.to_propose) == ([], [])


def test_other_numbers_of_the_groups_are_no_change():
    code = a_code_with("eligibility", 2)
    assert len(document(code)["eligibility"]["any"]) > 1

    def number_backwards(book):
        column = header(book[RULE]).index("组") + 1
        for number in rows_of(book[RULE], code):
            cell = book[RULE].cell(number, column)
            cell.value = 20 - int(cell.value)

    shown = edited(code, number_backwards)

    assert (sentences(shown), shown.to_propose) == ([], [])


@pytest.mark.parametrize(("sheet", "field"), [(AMOUNTS, "amounts"), (SHARES, "shares"), (RULE, "eligibility")])
def test_rows_may_be_left_out_as_long_as_the_list_says_the_value(sheet, field):
    code = a_code_with(field)

    shown = edited(code, lambda book: remove_rows(book[sheet], code))

    assert (sentences(shown), shown.to_propose) == ([], [])


@pytest.mark.parametrize(("sheet", "field"), [(AMOUNTS, "amounts"), (SHARES, "shares"), (RULE, "eligibility")])
def test_a_workbook_without_the_sheet_changes_nothing_on_it(sheet, field):
    shown = edited(a_code_with(field), lambda book: book.remove(book[sheet]))

    assert (sentences(shown), shown.to_propose) == ([], [])


@pytest.mark.parametrize(("sheet", "field"), [(AMOUNTS, "amounts"), (SHARES, "shares")])
def test_a_value_is_cleared_with_its_rows_and_its_words(sheet, field):
    code = a_code_with(field)

    def clear(book):
        remove_rows(book[sheet], code)
        write(book, "清单", code, **{sheet: None})

    (row,) = edited(code, clear).to_propose

    assert row.entry_data[field] == []


def test_one_row_less_is_one_figure_less():
    code = a_code_with("amounts", 2)

    shown = edited(code, lambda book: book[AMOUNTS].delete_rows(rows_of(book[AMOUNTS], code)[0]))

    assert planned_data(shown) == {"amounts": entry_data(document(code))["amounts"][:-1]}


def test_words_that_were_cleared_while_the_rows_stay_are_refused():
    assert document(ORPHANS)["amounts"]

    (sentence,) = sentences(with_rows(AMOUNTS, FIGURE, **{AMOUNTS: ""}))

    assert "这一栏清空了，工作表“标准里的数字”里还有这一项的行" in sentence


@pytest.mark.parametrize("sheet", [AMOUNTS, SHARES, RULE])
def test_changed_words_are_refused_and_say_where_the_rows_are(sheet):
    row = list_row(ORPHANS, **{sheet: "另写"})

    (sentence,) = sentences(plan(make_workbook(row)))
    (csv_sentence,) = sentences(plan(make_csv(row)))

    assert f"请在工作表“{sheet}”里逐行填写" in sentence
    assert f"请导出 XLSX，在工作表“{sheet}”里逐行填写" in csv_sentence


def test_words_that_agree_with_the_new_rows_are_accepted():
    assert "shares" in planned_data(with_rows(SHARES, SHARE, **{SHARES: "中央负担80%"}))


FIGURE_FAULTS = [
    ({"种类": None}, "“种类”不能为空；可用：发给的金额、界线"),
    ({"种类": "补助"}, "“补助”不能用；可用：发给的金额、界线"),
    ({"是什么": None}, "“是什么”不能为空"),
    ({"是什么": "两\n行"}, "只能写一行"),
    ({"数值": "2300元"}, "“数值”应是数字，不带单位，至多四位小数，例：840"),
    ({"数值": -5}, "E（数值） 列：“数值”应是数字，不带单位"),
    ({"对象": "长" * 201}, "I（对象） 列：“对象”有 201 字，至多 200 字"),
    ({"位置": "长" * 201}, "O（位置） 列：“位置”有 201 字，至多 200 字"),
    ({"原文": "长" * 5001}, "P（原文） 列：“原文”有 5001 字，至多 5000 字"),
    ({"数值": 2400}, "2400 不在所引原文之中"),
    ({"起": "2027"}, "“起”应是日期，例：2027-01-01"),
    ({"起": "2027-02-30"}, "没有 2027 年 02 月 30 日"),
    ({"止": "1/2/2027"}, "分不清是哪一天"),
    ({"数据年份": "去年"}, "“数据年份”应是年份或日期，例：2023"),
    ({"原文": None}, "请照录原文"),
    ({"来源文件": None}, "没有写明来源文件"),
    ({"来源文件": "没有的文件"}, "没有代码“没有的文件”，也没有这个名称"),
    ({"核实情况": None}, "填了来源，还要填“核实情况”"),
    ({"名称": "别的项目"}, "“名称”只说明左边的代码"),
    ({"服务项目代码": "NM-99-99"}, "“清单”中没有代码为“NM-99-99”的行"),
]


@pytest.mark.parametrize(("cells", "words"), FIGURE_FAULTS)
def test_a_wrong_cell_of_a_figure_is_refused_with_its_place(cells, words):
    (sentence,) = sentences(with_rows(AMOUNTS, FIGURE | cells))

    assert sentence.startswith("工作表“标准里的数字”，第 ")
    assert words in sentence


RULE_FAULTS = [
    ([AGE | {"种类": None}], "“种类”不能为空；可用：事实条件、待认定的条件、面向所有人、不能化为条件"),
    ([AGE | {"种类": "条件"}], "“条件”不能用"),
    ([AGE | {"组": None}], "组应是 1 到 20 的整数"),
    ([AGE | {"组": 21}], "组应是 1 到 20 的整数"),
    ([AGE | {"事实": "身高"}], "没有“身高”这个事实；可用：年龄（周岁）、"),
    ([AGE | {"比较": "包括"}], "“年龄（周岁）”的比较方式可用：等于"),
    ([AGE | {"值": "十八"}], "“年龄（周岁）”不能是“十八”；可填：整数"),
    ([AGE | {"值": None}], "“年龄（周岁）”不能是“”；可填：整数"),
    ([AGE, AGE | {"值": 999}], "第 3 行，C（种类） 列：这一条不能用：“年龄（周岁）”的值应是 0 到 130 的整数"),
    ([AGE, AGE], "享受条件不能用：第 1 组：有重复的条件"),
    ([OPEN | {"内容": "长" * 201}], "H（内容） 列：“内容”有 201 字，至多 200 字"),
    ([AGE | {"内容": "另写"}], "种类是“事实条件”时不填“内容”"),
    ([AGE | CLAUSE], "种类是“事实条件”时不填“来源文件”"),
    ([OPEN | {"事实": "年龄"}], "种类是“待认定的条件”时不填“事实”"),
    ([OPEN | {"内容": None}], "请写明是什么条件"),
    ([OPEN | {"原文": None}], "请照录原文"),
    ([AGE, {"服务项目代码": ORPHANS, "种类": "面向所有人"}], "“面向所有人”只能单独一行"),
    ([{"服务项目代码": ORPHANS, "种类": "不能化为条件"}], "请写明为什么不能化为条件"),
]


@pytest.mark.parametrize(("rows", "words"), RULE_FAULTS)
def test_a_wrong_row_of_a_rule_is_refused_with_its_place(rows, words):
    (sentence,) = sentences(with_rows(RULE, *rows))

    assert sentence.startswith("工作表“享受条件”，第 ")
    assert words in sentence


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"哪一级财政": None}, "“哪一级财政”不能为空；可用：中央、自治区、盟市、旗县"),
        ({"百分之几": "八成"}, "“百分之几”应是数字"),
        ({"百分之几": 101}, "“百分之几”应大于 0，不大于 100"),
    ],
)
def test_a_wrong_cell_of_a_share_is_refused_with_its_place(cells, words):
    (sentence,) = sentences(with_rows(SHARES, SHARE | cells))

    assert words in sentence


def test_a_second_figure_of_the_same_label_and_day_is_refused_at_its_row():
    (sentence,) = sentences(with_rows(AMOUNTS, FIGURE, FIGURE))

    assert sentence.startswith("工作表“标准里的数字”，第 3 行")
    assert "“孤儿集中供养平均标准”在同一时间（2027）有 2 个数" in sentence


@pytest.mark.parametrize("percent", ["80", "80%", "８０％"])
def test_a_share_may_have_its_percent_sign(percent):
    (share,) = planned_data(with_rows(SHARES, SHARE | {"百分之几": percent}))["shares"]

    assert share["percent"] == "80"


@pytest.mark.parametrize(
    ("number", "number_format", "percent"),
    [(0.8, "0%", "80"), (1, "0.00%", "100"), (0.125, "0.0%", "12.5"), (80, '0"%"', "80"), (80, "0\\%", "80")],
)
def test_a_share_in_a_cell_that_adds_the_percent_sign_is_read_as_it_is_shown(number, number_format, percent):
    def add(book):
        sheet = book.create_sheet(SHARES)
        row = SHARE | {"百分之几": number, "原文": f"1. 中央分担{percent}%"}
        headers = [column.header for column in COLUMNS[SHARES]]
        sheet.append(headers)
        sheet.append([row.get(name) for name in headers])
        sheet.cell(2, headers.index("百分之几") + 1).number_format = number_format

    (share,) = planned_data(plan(make_workbook(list_row(ORPHANS), change=add)))["shares"]

    assert share["percent"] == percent


@pytest.mark.parametrize(
    ("sheet", "field", "column"),
    [(AMOUNTS, "amounts", "对象"), (SHARES, "shares", "位置"), (RULE, "eligibility", "由谁认定")],
)
def test_a_sheet_without_one_of_its_columns_is_refused(sheet, field, column):
    def remove(book):
        book[sheet].delete_cols(header(book[sheet]).index(column) + 1)

    with pytest.raises(UnreadableFileError, match=f"工作表“{sheet}”，第 1 行：没有“{column}”列，这里的值会变成未知"):
        edited(a_code_with(field), remove)


@pytest.mark.parametrize(("sheet", "column"), [(AMOUNTS, "名称"), ("清单", AMOUNTS)])
def test_the_rows_are_read_without_the_columns_that_only_explain_them(sheet, column):
    code = a_code_with("amounts", 2)

    def change(book):
        book[sheet].delete_cols(header(book[sheet]).index(column) + 1)
        book[AMOUNTS].delete_rows(rows_of(book[AMOUNTS], code)[0])

    assert planned_data(edited(code, change)) == {"amounts": entry_data(document(code))["amounts"][:-1]}


def test_a_present_citation_does_not_lose_what_the_sheet_has_no_column_for():
    def remove(book):
        book["字段来源"].delete_cols(header(book["字段来源"]).index("适用范围") + 1)

    faults = sentences(edited(ORPHANS, remove))

    assert "工作表没有“适用范围”列，这一条现行的来源会失去这一部分" in faults[0]


def test_another_clause_of_a_figure_is_shown_before_and_after():
    code = a_code_with("amounts")

    shown = edited(code, lambda book: write(book, AMOUNTS, code, 适用范围="未知"))

    words, clause = shown.to_propose[0].changes
    assert words.before == words.after
    assert (clause.label, clause.before == clause.after) == ("“标准里的数字”的条文", False)
    assert clause.after.split("\n")[0].endswith("（未知）")


def test_a_new_criterion_leaves_the_present_ones_in_their_order():
    """Citations name a criterion by its number, and the rows may have been sorted."""
    code = a_code_with("eligibility", 2)
    before = [group["all"] for group in entry_data(document(code))["eligibility"]["any"]]

    def turn_round_and_add(book):
        sheet = book[RULE]
        lines = [[cell.value for cell in sheet[number]] for number in rows_of(sheet, code)]
        remove_rows(sheet, code)
        new = AGE | {"服务项目代码": code, "比较": "不等于、不含", "值": 3}
        for line in [[new.get(name) for name in header(sheet)], *lines]:
            sheet.append(line)
        for name, text in (CITATION_CELLS | {"核实情况": "转述"}).items():
            write(book, "清单", code, **{name: text})

    after = planned_data(edited(code, turn_round_and_add))["eligibility"]["any"]

    kept = [[raw for raw in group["all"] if raw.get("value") != 3] for group in after]
    assert max(map(len, kept)) > 1
    assert kept == before


def value_read(row: dict, *present: dict) -> list[dict]:
    """Return the figures that a row states in place of the present ones."""
    (read,) = read_table("a.xlsx", workbook_with(AMOUNTS, row)).values["amounts"]
    current = {ORPHANS: {"name": None, "amounts": list(present)}}
    stated = value_rows.read({"amounts": [read]}, listed={ORPHANS: read}, current=current, names=TermNames(Terms()))
    assert stated.faults == []
    return stated.by_field[ORPHANS, "amounts"]


def test_line_ends_blanks_and_radicals_are_no_change_of_a_value():
    """A spreadsheet does not carry them as they are stored."""
    present = FIGURE_DATA | {"citation": CITED | {"quote": " 孤儿\r\n⺠政2300元 "}}

    assert value_read(FIGURE | {"原文": "孤儿\n民政2300元"}, present) == [present]


def test_a_number_and_a_month_stay_as_they_are_written():
    present = FIGURE_DATA | {"value": "2300.0", "as_of": "2027-06"}

    assert value_read(FIGURE | {"数值": 2300, "数据年份": datetime.date(2027, 6, 1)}, present) == [present]


def test_a_day_is_not_read_as_the_month_of_another_figure():
    older = FIGURE_DATA | {"label": "另一个数", "as_of": "2027-06"}
    present = FIGURE_DATA | {"as_of": "2027-06-01"}

    assert value_read(FIGURE | {"数据年份": "2027-06-01"}, older, present) == [present]


@pytest.mark.parametrize("name", [None, "改后的名称"])
def test_rows_of_a_service_with_a_new_name_have_the_old_or_the_new_one(name):
    code = a_code_with("amounts")

    def rename(book):
        write(book, "清单", code, 名称="改后的名称")
        for number in rows_of(book[AMOUNTS], code) if name else ():
            book[AMOUNTS].cell(number, 2).value = name

    faults = sentences(edited(code, rename))

    assert [fault for fault in faults if "工作表“标准里的数字”" in fault] == []
