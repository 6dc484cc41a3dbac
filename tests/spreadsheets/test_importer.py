"""Import of a table: its plan by the rules of proposals, and the proposals drafted after confirmation."""

import csv
import dataclasses
import datetime
import io
import time
from collections.abc import Callable

import pytest

from catalogue.audit.log import AuditContext
from catalogue.editions.document import entry_data
from catalogue.models import Proposal
from catalogue.spreadsheets import importer
from catalogue.spreadsheets.plan import Plan
from catalogue.workflow import attachments, proposals
from catalogue.workflow.steps import reversals
from services.models import Department, Region
from tests.conftest import all_department_codes, make_user
from tests.support import spreadsheets
from tests.support.entries import NEXT_YEAR, STANDARD

AT = datetime.datetime(2026, 12, 1, 9, 0, tzinfo=datetime.UTC)
CITED = {
    "source": "seed-daily",
    "locator": "第1条",
    "quote": STANDARD,
    "verification": "verbatim",
    "jurisdiction": "inner-mongolia",
}


@pytest.fixture
def act(db) -> AuditContext:
    return AuditContext(at=AT, user=make_user("wang", "编辑", departments=all_department_codes()))


@pytest.fixture
def plan(act):
    """Plan a file as an editor of every department."""

    def run(content: bytes, name: str = "清单.csv") -> Plan:
        region = Region.objects.get(code="150000")
        return importer.dry_run(name, content, region=region, effective_from=NEXT_YEAR, context=act)

    return run


@pytest.fixture
def propose(act, plan):
    """Store a file and confirm its plan."""

    def run(content: bytes, name: str = "清单.csv") -> list[Proposal]:
        plan_shown = plan(content, name)
        attachment = attachments.store(name, content, context=act)
        return importer.propose(attachment.digest, fingerprint=plan_shown.fingerprint, details=details(), context=act)

    return run


def details() -> dict:
    return {
        "region": Region.objects.get(code="150000"),
        "department": Department.objects.get(code="civil-affairs"),
        "title": "提高孤儿基本生活费标准",
        "reason": "落实常务会议决定",
        "document_number": None,
        "effective_from": NEXT_YEAR,
        "raises_cost": False,
    }


def sentences(shown: Plan) -> list[str]:
    return [str(fault) for fault in shown.faults]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_unchanged_export_plans_no_change(plan, kind):
    shown = plan(spreadsheets.exported_list(kind), f"清单.{kind}")

    assert sentences(shown) == []
    assert len(shown.rows) == 81
    assert [row for row in shown.rows if row.action] == []


def test_one_edited_cell_plans_exactly_that_change(plan):
    shown = plan(
        spreadsheets.make_csv(
            spreadsheets.list_row(服务标准=STANDARD, **spreadsheets.CITATION_CELLS), spreadsheets.list_row("NM-01-05")
        )
    )

    assert sentences(shown) == []
    (row,) = shown.to_propose
    assert row.draft_entry == {
        "service": "NM-01-07",
        "action": "change",
        "entry_data": {
            "standard": STANDARD,
            "verification": {"standard": "verbatim"},
            "basis": {"standard": "regulation"},
            "citations": [{"field": "standard"} | CITED],
        },
        "successors": [],
    }
    assert [change.label for change in row.changes] == ["服务标准", "“服务标准”的来源"]


def test_one_edited_cell_of_a_workbook_plans_exactly_that_change(plan):
    def change(book):
        sheet = book["清单"]
        at = {cell.value: cell.column for cell in sheet[1]}
        (row,) = (line[0].row for line in sheet.iter_rows(min_row=2) if line[0].value == "NM-01-07")
        sheet.cell(row, at["编者说明"]).value = "只改说明"

    (planned_row,) = plan(
        spreadsheets.edit_workbook(spreadsheets.exported_list("xlsx"), change), "清单.xlsx"
    ).to_propose

    assert (planned_row.code, planned_row.entry_data) == ("NM-01-07", {"note": "只改说明"})


def test_the_sheet_of_citations_can_give_a_field_several_citations(plan):
    """The citations of a field are replaced by those on the sheet, if they differ."""

    def change(book):
        sheet, sources = book["清单"], book["字段来源"]
        at = {cell.value: cell.column for cell in sheet[1]}
        (row,) = (line[0].row for line in sheet.iter_rows(min_row=2) if line[0].value == "NM-01-07")
        sheet.cell(row, at["服务标准"]).value = STANDARD
        row_numbers = [
            line[0].row for line in sources.iter_rows() if [c.value for c in line[:2]] == ["NM-01-07", "服务标准"]
        ]
        for number in reversed(row_numbers):
            sources.delete_rows(number)
        for locator in ("第1条", "第2条"):
            sources.append(
                [
                    "NM-01-07",
                    "服务标准",
                    "seed-daily",
                    locator,
                    STANDARD,
                    "原文核对",
                    None,
                    None,
                    "原文核对",
                    "法规与政策",
                ]
            )

    shown = plan(spreadsheets.edit_workbook(spreadsheets.exported_list("xlsx"), change), "清单.xlsx")

    assert sentences(shown) == []
    (planned_row,) = shown.to_propose
    assert planned_row.entry_data["verification"] == {"standard": "verbatim"}
    assert [citation["locator"] for citation in planned_row.entry_data["citations"]] == ["第1条", "第2条"]


def test_a_changed_value_needs_a_new_citation(plan):
    shown = plan(spreadsheets.make_csv(spreadsheets.list_row(服务标准=STANDARD)))

    at = f"{chr(65 + spreadsheets.HEADERS.index('服务标准'))}（服务标准）"
    assert sentences(shown) == [f"第 2 行，{at} 列：“服务标准”改动了，请同时为它新增或更改一条来源。"]
    assert shown.to_propose == []


def test_an_emptied_value_needs_no_citation(plan):
    shown = plan(spreadsheets.make_csv(spreadsheets.list_row(服务标准="", 标准所属时间="")))

    assert sentences(shown) == []
    assert shown.to_propose[0].entry_data["standard"] is None


def test_a_law_added_to_the_legal_basis_keeps_the_citations_of_the_others(plan):
    row = spreadsheets.list_row("NM-01-05")
    laws = f"{row['法律法规依据']}、seed-daily"

    shown = plan(
        spreadsheets.make_csv(row | {"法律法规依据": laws, "法律法规依据名称": ""} | spreadsheets.CITATION_CELLS)
    )

    assert sentences(shown) == []
    (planned_row,) = shown.to_propose
    (document,) = (entry for entry in spreadsheets.current_edition().documents() if entry["code"] == "NM-01-05")
    others = [citation for citation in entry_data(document)["citations"] if citation["field"] == "legal_basis"]
    assert {citation["source"] for citation in others} == {*row["法律法规依据"].split("、")}
    assert planned_row.entry_data["citations"] == [*others, {"field": "legal_basis"} | CITED]


def test_a_missing_column_changes_nothing(plan):
    shown = plan(spreadsheets.make_csv(["NM-01-07", "只改说明"], headers=["服务项目代码", "编者说明"]))

    (planned_row,) = shown.to_propose
    assert planned_row.entry_data == {"note": "只改说明"}


def new_row(**cells: str) -> dict[str, str]:
    clause = spreadsheets.CITATION_CELLS | {"原文": "基本殡葬服务"}
    return {"服务项目代码": "NM-05-05", "名称": "基本殡葬服务", "领域": "NM-05"} | clause | cells


def test_a_new_code_is_drafted_as_an_addition(propose):
    (added,) = propose(spreadsheets.make_csv(new_row()))

    assert added.kind == "add"
    assert proposals.faults(added) == []
    (entry,) = added.entries.all()
    assert entry.entry_data["verification"] == {"name": "verbatim", "domain": "verbatim"}


def test_changes_and_additions_of_a_file_are_two_drafts(propose):
    content = spreadsheets.make_csv(
        spreadsheets.list_row(服务标准=STANDARD, **spreadsheets.CITATION_CELLS),
        spreadsheets.list_row("NM-01-05", 编者说明="注"),
        new_row(),
    )

    drafted = propose(content)

    assert [(proposal.kind, proposal.state, proposal.entries.count()) for proposal in drafted] == [
        ("change", "draft", 2),
        ("add", "draft", 1),
    ]
    assert {proposal.imported_from for proposal in drafted} == {attachments.digest_of(content)}
    assert [proposals.faults(proposal) for proposal in drafted] == [[], []]


def test_the_same_file_is_not_proposed_twice(plan, propose):
    content = spreadsheets.make_csv(spreadsheets.list_row(编者说明="注"))
    (first,) = propose(content)

    again = plan(content)

    assert (again.imported_as, again.to_propose) == (first.number, [])
    with pytest.raises(importer.OutdatedPlanError):
        propose(content)


def test_the_same_file_is_not_proposed_again_after_an_amendment(plan, propose, act):
    content = spreadsheets.make_csv(spreadsheets.list_row(编者说明="注"))
    (first,) = propose(content)
    other = {"service": "NM-01-07", "action": "change", "entry_data": {"note": "另一个注"}, "successors": []}

    proposals.amend(first, entries=[other], context=act)

    assert plan(content).to_propose == []


def test_the_same_change_in_another_file_is_not_proposed_twice(plan, propose):
    (first,) = propose(spreadsheets.make_csv(spreadsheets.list_row(编者说明="注")))

    again = plan(spreadsheets.make_csv(spreadsheets.list_row(编者说明="注"), spreadsheets.list_row("NM-01-05")))

    assert [row.pending_proposal for row in again.rows] == [first.number, None]
    assert again.to_propose == []


def test_a_file_can_be_imported_again_after_its_proposal_is_void(plan, propose, act):
    content = spreadsheets.make_csv(spreadsheets.list_row(编者说明="注"))
    (first,) = propose(content)

    reversals.void(first, context=dataclasses.replace(act, reason="导错了"))

    assert len(plan(content).to_propose) == 1


def test_an_outdated_plan_is_not_proposed(plan, act):
    content = spreadsheets.make_csv(spreadsheets.list_row(编者说明="注"))
    attachment = attachments.store("清单.csv", content, context=act)

    with pytest.raises(importer.OutdatedPlanError):
        importer.propose(attachment.digest, fingerprint="another", details=details(), context=act)

    assert not Proposal.objects.exists()


def test_one_fault_blocks_the_whole_file(plan):
    shown = plan(
        spreadsheets.make_csv(spreadsheets.list_row(编者说明="注"), spreadsheets.list_row("NM-01-05", 名称=""))
    )

    assert len(shown.faults) == 1
    assert shown.to_propose == []


def separated(text: str, delimiter: str) -> str:
    """Return a CSV text with another separator of its cells."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows(csv.reader(io.StringIO(text, newline="")))
    return out.getvalue()


def with_header(text: str, change: Callable[[str], str]) -> bytes:
    header, _, rest = text.partition("\r\n")
    return f"{change(header)}\r\n{rest}".encode()


def with_empty_columns(text: str) -> str:
    """Return a CSV text with two empty columns at its end, which its last row leaves out."""
    out = io.StringIO(newline="")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    csv.writer(out).writerows([*([*row, "", " "] for row in rows[:-1]), rows[-1]])
    return out.getvalue()


WILD = {
    "GB18030": lambda text: text.encode("gb18030"),
    "GB18030 with a mark": lambda text: f"\ufeff{text}".encode("gb18030"),
    "semicolons": lambda text: separated(text, ";").encode("utf-8-sig"),
    "tabs": lambda text: separated(text, "\t").encode(),
    "tabs in GB18030": lambda text: separated(text, "\t").encode("gb18030"),
    "blanks in the header": lambda text: with_header(
        text, lambda header: header.replace("编者说明", " 编者 说明\u3000")
    ),
    "full-width letters in the header": lambda text: with_header(
        text, lambda header: header.replace("SHA-256", "ＳＨＡ－２５６")
    ),
    "empty columns at the end": lambda text: with_empty_columns(text).encode(),
    "no byte order mark": lambda text: text.encode(),
    "byte order mark": lambda text: text.encode("utf-8-sig"),
    "line feeds": lambda text: text.replace("\r\n", "\n").encode(),
    "empty rows at the end": lambda text: (
        text + ("," * (len(spreadsheets.HEADERS) - 1) + "\r\n") * 3 + "\r\n"
    ).encode(),
    "no line end at the end": lambda text: text.removesuffix("\r\n").encode(),
    "blanks around": lambda text: text.replace("NM-01-07,", " NM-01-07　,").encode(),
}


@pytest.mark.parametrize("write", WILD.values(), ids=WILD)
def test_variants_of_csv_give_the_same_plan(plan, write):
    text = spreadsheets.make_csv(spreadsheets.list_row(编者说明='第一段。\n第二段，“引号”和"引号"。')).decode()

    (row,) = plan(write(text)).to_propose

    assert row.entry_data == {"note": '第一段。\n第二段，“引号”和"引号"。'}


def test_the_columns_may_be_in_any_order(plan):
    shown = plan(spreadsheets.make_csv(spreadsheets.list_row(编者说明="注"), headers=spreadsheets.HEADERS[::-1]))

    assert [row.entry_data for row in shown.to_propose] == [{"note": "注"}]


def test_an_escaping_apostrophe_is_removed(plan):
    (row,) = plan(spreadsheets.make_csv(spreadsheets.list_row(编者说明="'=以等号开头"))).to_propose

    assert row.entry_data == {"note": "=以等号开头"}


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_five_thousand_rows_are_planned_within_seconds(plan, kind):
    text = "内容" * 20
    rows = [
        new_row(服务项目代码=f"NM-05-{number}", 服务内容=text, 原文=f"基本殡葬服务：{text}")
        for number in range(1000, 6000)
    ]
    content = spreadsheets.make_csv(*rows) if kind == "csv" else spreadsheets.make_workbook(*rows)

    start = time.perf_counter()
    shown = plan(content, f"清单.{kind}")
    seconds = time.perf_counter() - start

    assert len(shown.to_propose) == 5000
    assert seconds < 15  # about two seconds on one core; the bound is for a busy machine
