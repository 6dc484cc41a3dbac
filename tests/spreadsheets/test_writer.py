"""Export of the list: the filtered entries, without formulas, and equal after a re-import."""

import csv
import io

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from catalogue.models import Edition, Entry
from catalogue.spreadsheets import writer
from tests.conftest import PUBLISHED_AT, make_user
from tests.support.entries import make_citation, make_entry

pytestmark = pytest.mark.django_db

EXPORT = {kind: reverse("admin:catalogue_entry_export", args=[kind]) for kind in ("csv", "xlsx")}


def from_csv(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def from_xlsx(content: bytes, sheet: str = "清单") -> list[dict[str, str | None]]:
    lines = load_workbook(io.BytesIO(content), read_only=True)[sheet].iter_rows(values_only=True)
    headers = next(lines)
    return [dict(zip(headers, line, strict=True)) for line in lines]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        *((f"{sign}1+1", f"'{sign}1+1") for sign in "=+-@＝＋－＠\t\r\n"),
        ("  =1", "'  =1"),  # some spreadsheets skip leading blanks
        ("\u3000＝1", "'\u3000＝1"),
        ("'=1", "''=1"),
        ("'", "''"),
        ("'老", "''老"),
        ("每人每月2300元", "每人每月2300元"),
        ("1=1", "1=1"),
        ("——", "——"),
        ("", ""),
    ],
)
def test_escaping_prevents_formulas_and_is_reversible(text, written):
    assert writer.escape_formula(text) == written
    assert writer.unescape_formula(written) == text


@pytest.mark.parametrize("text", ["=1", "#N/A", "2023", "_x000D_", "a_x005F_b", "TRUE", "1e9"])
def test_every_cell_of_a_workbook_is_a_string(make_edition, text):
    entry = make_entry(content=text, verification={"name": "verbatim", "domain": "verbatim", "content": "verbatim"})
    entry |= {
        "basis": entry["basis"] | {"content": "plan"},
        "citations": [*entry["citations"], make_citation("content", quote=text)],
    }
    edition = make_edition("2027", "2027-01-01", entries=[entry])

    book = load_workbook(io.BytesIO(b"".join(writer.to_xlsx(edition.documents(), edition=edition))))

    cells = [cell for sheet in book for line in sheet.iter_rows() for cell in line if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}


def test_an_export_has_the_filtered_entries_in_the_order_of_the_page(client):
    client.force_login(make_user("shen", "审计"))

    page = client.get(reverse("admin:catalogue_entry_changelist") + "?domain=NM-05&q=养老")
    answer = client.get(EXPORT["csv"] + "?domain=NM-05&q=养老")

    shown = [entry.service.code for entry in page.context["cl"].result_list]
    assert len(shown) > 1
    assert [row["服务项目代码"] for row in from_csv(answer.content)] == shown
    assert answer["Content-Disposition"].startswith("attachment")


def test_an_export_has_the_selected_edition(client):
    client.force_login(make_user("shen", "审计"))

    rows = from_csv(client.get(EXPORT["csv"] + "?edition=2021").content)

    assert {row["版本"] for row in rows} == {"2021"}
    assert len(rows) == 81


def test_the_list_links_to_its_exports_with_its_filters(client):
    client.force_login(make_user("bian", "编辑", departments=["civil-affairs"]))

    page = client.get(reverse("admin:catalogue_entry_changelist") + "?domain=NM-05").content.decode()

    for kind in ("csv", "xlsx"):
        assert f'href="{EXPORT[kind]}?domain=NM-05"' in page
    assert f'href="{reverse("admin:import")}"' in page


def test_a_workbook_has_sheets_of_citations_and_edition(client):
    client.force_login(make_user("shen", "审计"))

    content = client.get(EXPORT["xlsx"]).content

    edition = Edition.objects.get(slug="2026")
    assert len(from_xlsx(content)) == 81
    assert len(from_xlsx(content, "字段来源")) == sum(len(document["citations"]) for document in edition.documents())
    (edition_row,) = from_xlsx(content, "版本")
    assert (edition_row["版本标识"], edition_row["摘要（SHA-256）"]) == ("2026", edition.digest)


def test_a_draft_can_be_exported(client, make_edition):
    make_edition("2027", "2027-01-01", at=None)
    client.force_login(make_user("shen", "审计"))

    (row,) = from_csv(client.get(EXPORT["csv"] + "?edition=2027").content)

    assert (row["名称"], row["领域"], row["领域名称"]) == ("老年人健康管理", "NM-05", "老有所养")


def test_a_text_too_long_for_a_cell_is_reported(make_edition, client):
    text = "长" * 32_768
    entry = make_entry(content=text, verification={"name": "verbatim", "domain": "verbatim", "content": "verbatim"})
    entry |= {
        "basis": entry["basis"] | {"content": "plan"},
        "citations": [*entry["citations"], make_citation("content", quote=text)],
    }
    make_edition("2027", "2027-01-01", entries=[entry], at=PUBLISHED_AT)
    client.force_login(make_user("shen", "审计"))

    page = client.get(EXPORT["xlsx"] + "?edition=2027", follow=True)

    assert "最多 32767 字；请导出为 CSV" in page.content.decode()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (EXPORT["csv"] + "?domain=NM-99", "没有“NM-99”这个值"),
        (EXPORT["csv"] + "?edition=1999", "没有“1999”这个值"),
        (EXPORT["csv"].removesuffix("csv") + "pdf", "可用：CSV、XLSX"),
    ],
)
def test_an_invalid_export_address_is_reported_on_the_list(client, address, words):
    client.force_login(make_user("shen", "审计"))

    page = client.get(address, follow=True)

    assert page.status_code == 200
    assert words in page.content.decode()


def test_an_export_requires_permission_to_view_the_list(client):
    client.force_login(make_user("wu"))

    assert client.get(EXPORT["csv"]).status_code == 403
    client.logout()
    assert client.get(EXPORT["csv"]).status_code == 302


def test_the_query_count_of_an_export_is_bounded(client, django_assert_max_num_queries):
    client.force_login(make_user("shen", "审计"))
    assert Entry.objects.filter(edition__slug="2026").count() == 81

    with django_assert_max_num_queries(60):
        client.get(EXPORT["xlsx"])
