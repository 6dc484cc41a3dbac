"""Cases as a table: the export is read back as no change, and a changed table as just its changes."""

import csv
import io

import pytest
from openpyxl import load_workbook

from catalogue.models import Edition
from catalogue.spreadsheets import cases
from catalogue.spreadsheets.limits import UnreadableFileError
from services.sources import Source

SLUGS = ["2021", "2023", "2026"]
FORMATS = {"csv": cases.to_csv, "xlsx": cases.to_xlsx}


@pytest.fixture
def edition(db) -> Edition:
    return Edition.objects.get(slug="2026")


def table(edition: Edition) -> list[dict[str, str]]:
    """Return the rows of the exported CSV by header."""
    text = b"".join(cases.to_csv(edition)).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def written(rows: list[dict[str, str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def read(edition: Edition, rows: list[dict[str, str]]) -> dict[str, dict]:
    return cases.read_changes("案例.csv", written(rows), edition=edition).changes


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("slug", SLUGS)
def test_an_export_is_read_back_as_no_change(db, slug, kind):
    edition = Edition.objects.get(slug=slug)
    content = b"".join(FORMATS[kind](edition))

    result = cases.read_changes(f"案例.{kind}", content, edition=edition)

    assert result.changes == {}
    assert result.count == edition.cases.count()


def test_a_workbook_of_cases_names_documents_by_title(edition):
    book = load_workbook(io.BytesIO(b"".join(cases.to_xlsx(edition))))
    headers, *rows = book["案例"].iter_rows(values_only=True)

    cited = {row[headers.index("依据文件")] for row in rows}

    assert any(name.startswith("《云南省基本公共服务实施标准（2021年版）》公示报道") for name in cited)
    assert cited & set(Source.objects.values_list("code", flat=True)) == set()


def test_every_case_of_an_edition_is_read_as_it_is(edition):
    """As new cases, so that nothing of the present ones helps."""
    rows = [row | {"案例编号": f"new {row['案例编号']}"} for row in table(edition)]

    changes = list(read(edition, rows).values())

    present = [(case.circumstances, case.expected, case.because) for case in edition.cases.all()]
    assert [(change["circumstances"], change["expected"], change["because"]) for change in changes] == present


def test_names_are_read_as_codes_are(edition):
    row = next(row for row in table(edition) if row["服务项目"] == "NM-05-01")

    assert read(edition, [row | {"服务项目": "老年人健康管理"}]) == {}


def test_a_changed_row_is_a_change_of_its_case(edition):
    row = next(row for row in table(edition) if row["服务项目"] == "NM-05-01")

    ((code, change),) = read(edition, [row | {"年龄（周岁）": "99"}]).items()

    assert (code, change["action"], change["circumstances"]["age"]) == (row["案例编号"], "change", 99)


def test_a_case_is_withdrawn_with_its_last_service(edition):
    row = next(row for row in table(edition) if row["服务项目"] == "NM-05-01")

    (change,) = read(edition, [row | {"应有的结论": "撤下"}]).values()

    assert change["action"] == "withdraw"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"年龄（周岁）": "九十"}, "“年龄（周岁）”不能是“九十”；可填：整数，0到130"),
        ({"年龄（周岁）": "900"}, "应是 0 到 130"),
        ({"家庭类别": "低保家庭、富人"}, "不能是“富人”"),
        ({"家庭类别": "低保家庭、以上都不是"}, "不能与其他值同时出现"),
        ({"流动人口": "大概"}, "可填：是、否"),
        ({"服务项目": "NM-99-99"}, "版本中没有服务项目“NM-99-99”"),
        ({"应有的结论": "也许"}, "应是 符合、不符合、未知、撤下 之一"),
        ({"依据文件": ""}, "请填依据文件"),
        ({"依据文件": "没有的文件"}, "没有的文件"),
        ({"年龄（周岁）": "5", "已婚": "是"}, "没有这样的人"),
    ],
)
def test_a_faulty_row_is_refused_with_its_place(edition, changes, words):
    row = next(row for row in table(edition) if row["服务项目"] == "NM-05-01")

    with pytest.raises(UnreadableFileError) as refused:
        read(edition, [row | changes])

    assert any(words in str(fault) and "第 2 行" in str(fault) for fault in refused.value.faults), refused.value.faults


def test_rows_of_one_case_with_two_persons_are_refused(edition):
    row = next(row for row in table(edition) if row["服务项目"] == "NM-05-01")

    with pytest.raises(UnreadableFileError, match="情况却不同"):
        read(edition, [row, row | {"服务项目": "NM-05-02", "年龄（周岁）": "70"}])


def test_a_table_without_rows_is_refused(edition):
    with pytest.raises(UnreadableFileError, match="没有一行案例"):
        cases.read_changes("案例.csv", "案例编号,服务项目\n".encode(), edition=edition)
