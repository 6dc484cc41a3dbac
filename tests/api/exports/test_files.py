"""The list as files: their content, their selection by path or Accept, and their HTTP headers."""

import csv
import gzip
import io
import json
from zipfile import ZipFile

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from catalogue.api.exports.files import FILE_FORMATS
from catalogue.audit.log import AuditContext
from catalogue.models import Edition, Entry
from catalogue.spreadsheets import importer
from services.models import Contact, Region, Service, Synonym, SynonymTarget
from services.sources import Source
from tests.support.entries import NEXT_YEAR, make_entry

LIST = "/api/v1/services/"
DIGEST = "digest"


def file(client, kind: str, **query):
    response = client.get(f"/api/v1/services.{kind}", query)
    assert response.status_code == 200, response.content.decode()
    return response


# Five services: the files of all take seconds.
FEW = {"domain": "NM-05"}


def content(response) -> bytes:
    return b"".join(response.streaming_content)


def rows(response) -> list[dict]:
    text = content(response).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def current() -> Edition:
    return Edition.objects.get(slug="2026")


@pytest.mark.parametrize("kind", FILE_FORMATS)
@pytest.mark.parametrize("by", ["address", "accept"])
def test_a_format_is_selected_by_path_or_accept(client, db, kind, by):
    if by == "address":
        response = client.get(f"/api/v1/services.{kind}", FEW, headers={"accept": "text/html"})
    else:
        response = client.get(LIST, FEW, headers={"accept": FILE_FORMATS[kind].media_type})

    assert response.status_code == 200
    assert response.streaming
    assert response["Content-Type"] == FILE_FORMATS[kind].sent_as
    assert f"services-2026.{kind}" in response["Content-Disposition"]
    assert current().digest.encode() in unpacked(content(response))


def unpacked(data: bytes) -> bytes:
    if not data.startswith(b"PK"):
        return data
    with ZipFile(io.BytesIO(data)) as book:
        return b"".join(book.read(name) for name in book.namelist())


@pytest.mark.parametrize("kind", FILE_FORMATS)
def test_a_file_has_its_edition_digest_licence_and_source(client, db, kind):
    text = unpacked(content(file(client, kind, edition="2023", **FEW))).decode()

    for part in (
        "2023",
        Edition.objects.get(slug="2023").digest,
        "creativecommons.org/licenses/by/4.0",
        "内政办发〔2021〕70号",
    ):
        assert part in text


@pytest.mark.parametrize("kind", FILE_FORMATS)
def test_a_matching_if_none_match_is_a_304(client, db, kind):
    response = file(client, kind)
    again = client.get(f"/api/v1/services.{kind}", headers={"If-None-Match": response["ETag"]})
    other = client.get(f"/api/v1/services.{kind}", {"domain": "NM-05"}, headers={"If-None-Match": response["ETag"]})

    assert response["ETag"].startswith('"')
    assert (again.status_code, again["ETag"]) == (304, response["ETag"])
    assert other.status_code == 200
    assert {"Accept", "Accept-Encoding"} <= set(response["Vary"].replace(" ", "").split(","))
    assert response["Access-Control-Allow-Origin"] == "*"
    assert response["Cache-Control"] == "public, no-cache"


def test_a_new_synonym_changes_the_etag(client, db):
    before = file(client, "csv", q="麒麟饭")["ETag"]
    word = Synonym.objects.create(word="麒麟饭", source=Source.objects.get(code="editors"), verification="unverified")
    SynonymTarget.objects.create(synonym=word, service=Service.objects.get(code="NM-07-04"))

    response = client.get("/api/v1/services.csv", {"q": "麒麟饭"}, headers={"If-None-Match": before})

    assert response.status_code == 200
    assert [row["服务项目代码"] for row in rows(response)] == ["NM-07-04"]


def test_another_hotline_changes_the_etag_and_the_file(client, db):
    before = file(client, "hsds.json")["ETag"]
    Contact.objects.filter(department__code="hrss", kind="hotline").update(value="12345")

    response = client.get("/api/v1/services.hsds.json", headers={"If-None-Match": before})

    assert response.status_code == 200
    assert b'"number":"12345"' in content(response)


@pytest.mark.parametrize("kind", FILE_FORMATS)
def test_a_file_is_deterministic(client, db, kind):
    assert content(file(client, kind, **FEW)) == content(file(client, kind, **FEW))


@pytest.mark.parametrize("kind", FILE_FORMATS)
def test_a_file_is_compressed_while_it_is_streamed(client, db, kind):
    plain = file(client, kind, **FEW)
    compressed = client.get(f"/api/v1/services.{kind}", FEW, headers={"accept-encoding": "gzip"})

    assert compressed["Content-Encoding"] == "gzip"
    assert compressed["ETag"] == f'{plain["ETag"][:-1]}-gzip"'
    assert gzip.decompress(content(compressed)) == content(plain)


@pytest.mark.parametrize("kind", FILE_FORMATS)
def test_head_has_the_headers_of_get_and_no_body(client, db, kind):
    head, get = client.head(f"/api/v1/services.{kind}"), file(client, kind)

    assert content(head) == b""
    for name in ("ETag", "Content-Type", "Content-Disposition", "Vary"):
        assert head[name] == get[name]


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
@pytest.mark.parametrize(
    "query",
    [
        {"domain": "NM-05"},
        {"q": "残疾"},
        {"q": "残疾", "ordering": "-number", "department": "civil-affairs"},
        {"page": "2", "page_size": "30"},
        {"number": "47", "edition": "2021"},
        {"valid_on": "2022-06-01"},
        {"ordering": "-code"},
        {"domain": "NM-01", "q": "失业"},
    ],
)
def test_a_file_has_the_services_of_the_list(client, db, kind, query):
    expected = [service["code"] for service in client.get(LIST, query).json()["results"]]

    response = file(client, kind, **query)
    if kind == "csv":
        codes = [row["服务项目代码"] for row in rows(response)]
    else:
        codes = [json.loads(line)["code"] for line in content(response).decode().splitlines()]

    assert codes == expected


def test_an_ndjson_line_is_a_service_with_its_licence(client, db):
    lines = content(file(client, "ndjson", domain="NM-05", expand="citations")).decode().splitlines()
    (service, *_) = client.get(LIST, {"domain": "NM-05", "expand": "citations"}).json()["results"]

    first = json.loads(lines[0])
    assert first.pop("licence") == "CC BY 4.0"
    assert {first.pop("licence_url"), first.pop("source")} == {KEPT_LICENCE, KEPT_SOURCE}
    assert first == service


KEPT_LICENCE = "https://creativecommons.org/licenses/by/4.0/"
KEPT_SOURCE = "内蒙古自治区“十四五”保障和改善公共服务规划（内政办发〔2021〕70号），以及每个字段所引的文件"


def test_the_csv_begins_with_a_byte_order_mark(client, db):
    assert content(file(client, "csv")).startswith("\ufeff服务项目代码,".encode())


def test_a_csv_has_only_the_columns_of_the_selected_fields(client, db):
    (row, *_) = rows(file(client, "csv", fields="name,lead_department", domain="NM-05"))

    assert list(row) == [
        "服务项目代码", "名称", "牵头负责单位", "牵头负责单位名称", "版本", "摘要（SHA-256）", "出处", "许可",
    ]  # fmt: skip


def test_a_workbook_has_six_readable_sheets(client, db):
    book = load_workbook(io.BytesIO(content(file(client, "xlsx"))))

    assert book.sheetnames == ["清单", "字段来源", "标准里的数字", "支出分担比例", "享受条件", "版本"]
    assert book["清单"].max_row == 82
    for sheet in book:
        assert sheet.freeze_panes == "B2"
        assert all(sheet.column_dimensions[cell.column_letter].width >= 14 for cell in sheet[1])
    about = {header.value: cell.value for header, cell in zip(book["版本"][1], book["版本"][2], strict=True)}
    assert about["摘要（SHA-256）"] == current().digest
    assert about["声明"] == "依据公开文件编制，未经任何政府部门认可。"


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_exported_table_imports_without_changes(client, db, people, kind):
    data = content(file(client, kind))

    region = Region.objects.get(code="150000")
    act = AuditContext(at=timezone.now(), user=people["wang"])
    plan = importer.dry_run(f"清单.{kind}", data, region=region, effective_from=NEXT_YEAR, context=act)

    assert plan.faults == []
    assert len(plan.rows) == 81
    assert [row.code for row in plan.rows if row.action] == []


def test_a_formula_is_escaped(client, empty_catalogue, make_edition):
    make_edition("only", "2026-11-02", entries=[make_entry(note='=HYPERLINK("http://x","y")')])

    (row,) = rows(file(client, "csv"))

    assert row["编者说明"].startswith("'=")


@pytest.mark.parametrize(
    ("kind", "query", "field", "words"),
    [
        ("csv", {"facets": "true"}, "facets", "/api/v1/services/?facets=true"),
        ("csv", {"expand": "citations"}, "expand", "services.xlsx"),
        ("xlsx", {"expand": "citations"}, "expand", "字段来源"),
        ("csv", {"fields": "nonsense"}, "fields", "不在可用范围内"),
        ("csv", {"nonsense": "1"}, "nonsense", "没有参数"),
        ("ndjson", {"domain": "NM-99"}, "domain", "不在可用范围内"),
    ],
)
def test_a_parameter_that_a_format_refuses_is_named(client, db, kind, query, field, words):
    response = client.get(f"/api/v1/services.{kind}", query)

    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    assert response.json()["errors"][0]["field"] == field
    assert words in response.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    "path", ["/api/v1/services.pdf", "/api/v1/services.csv/", "/api/v1/services.", "/api/v1/services.CSV"]
)
def test_an_unknown_format_is_a_problem(client, db, path):
    response = client.get(path)

    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("accept", ["application/pdf", "text/html;q=0.5, image/png"])
def test_an_unavailable_media_type_is_not_acceptable(client, db, accept):
    assert client.get(LIST, headers={"accept": accept}).status_code == 406


@pytest.mark.parametrize("kind", FILE_FORMATS)
def test_the_query_count_of_a_file_does_not_depend_on_its_length(client, db, django_assert_num_queries, kind):
    client.get(f"{LIST[:-1]}.{kind}", {"number": "2"})
    for query in (FEW, {"number": "1"}):
        # A workbook calls the documents by title and number or day, which the edition does not have.
        with django_assert_num_queries(2 if kind == "xlsx" else 1):
            content(file(client, kind, **query))


def test_a_search_without_results_is_a_file_with_headers_only(client, db):
    assert Entry.objects.filter(edition__slug="2026").count() == 81
    assert rows(file(client, "csv", q="量子力学")) == []
