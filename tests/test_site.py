"""The pages for people, Markdown and llms.txt: what they say, of which edition, and what they owe their readers."""

import re

import pytest

from catalogue.models import Edition
from catalogue.site import markdown
from tests.test_problems import assert_problem

PAGE, TEXT, LLMS = "/services/NM-05-01/", "/services/NM-05-01.md", "/llms.txt"


def said(client, path: str, **query) -> str:
    response = client.get(path, query)
    assert response.status_code == 200, response.content.decode()
    return response.content.decode()


@pytest.mark.parametrize("path", [PAGE, TEXT])
def test_a_service_is_told_with_its_clauses_edition_and_licence(client, db, path):
    text = said(client, path)

    digest = Edition.objects.get(slug="2026").digest
    for part in (
        "老年人健康管理",
        "Health management for older people",
        "年龄不小于65周岁",
        "内蒙古自治区卫生健康委员会",
        "内政办发〔2021〕70号",
        "原文核对",
        "未核实",
        digest,
        "/id/services/NM-05-01",
        "creativecommons.org/licenses/by/4.0",
    ):
        assert part in text.replace("\\", ""), part


@pytest.mark.parametrize("path", [PAGE, TEXT])
def test_what_is_unknown_is_said_to_be(client, db, path):
    then = said(client, path.replace("05-01", "07-01"), valid_on="2022-06-01")

    assert "未知" in then or "目前不知道" in then
    assert Edition.objects.get(slug="2021").digest in then


@pytest.mark.parametrize("path", [PAGE, TEXT, LLMS])
def test_a_reader_that_has_it_already_is_told_so(client, db, path):
    response = client.get(path)

    again = client.get(path, headers={"If-None-Match": response["ETag"]})
    packed = client.get(path, headers={"Accept-Encoding": "gzip"})

    assert (again.status_code, again.content) == (304, b"")
    assert packed["Content-Encoding"] == "gzip"
    assert client.head(path).content == b""
    assert not response.cookies
    assert "Cookie" not in response["Vary"]


def test_a_page_loads_nothing_from_elsewhere_and_runs_nothing(client, db):
    response = client.get(PAGE)
    text = response.content.decode()

    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert "script" not in response["Content-Security-Policy"]
    assert "<script" not in text and "style=" not in text and "<style" not in text
    loaded = re.findall(r'src="([^"]*)"|rel="(?:icon|stylesheet)" href="([^"]*)"', text)
    assert {each for pair in loaded for each in pair if each} == {"/static/site/site.css", "/static/desk/icon.svg"}
    assert '<html lang="zh-Hans">' in text
    for part in ("<main", "<header", "<footer", "<h1"):
        assert text.count(part) >= 1


@pytest.mark.parametrize(
    ("path", "words"),
    [("/services/NM-99-99/", "NM-99-99"), ("/services/nonsense/", "nonsense"), (f"{PAGE}?edition=1999", "2026")],
)
def test_what_nobody_has_is_a_page_that_says_so(client, db, path, words):
    response = client.get(path)

    assert response.status_code in (400, 404)
    assert response["Content-Type"].startswith("text/html")
    assert words in response.content.decode()


@pytest.mark.parametrize("path", ["/services/NM-99-99.md", f"{TEXT}?nonsense=1", f"{LLMS}?edition=2021"])
def test_programs_are_refused_with_a_problem(client, db, path):
    assert_problem(client.get(path), 404 if "99" in path else 400)


def test_nothing_but_reading_is_answered(client, db):
    assert client.post(PAGE).status_code == 405
    assert_problem(client.post(TEXT), 405)


def test_the_way_in_for_language_models_names_every_service(client, db):
    text = said(client, LLMS)

    assert text.startswith("# 内蒙古自治区基本公共服务清单\n\n> ")
    assert len(re.findall(r"^- \[.*\]\(http://testserver/services/NM-[0-9-]+\.md\)", text, re.MULTILINE)) == 81
    assert len(re.findall("^## NM-", text, re.MULTILINE)) == 9
    assert Edition.objects.get(slug="2026").digest in text
    assert "未知就说未知" in text


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("5*5_a_", "5\\*5\\_a\\_"),
        ("# 标题", "\\# 标题"),
        ("1. 一", "1\\. 一"),
        ("- 一", "\\- 一"),
        ("[a](b)", "\\[a\\](b)"),
        ("<b>", "\\<b>"),
        ("一\n二", "一 二"),
        ("年满65周岁", "年满65周岁"),
    ],
)
def test_no_character_of_a_value_is_markup(value, written):
    assert markdown.text(value) == written


@pytest.mark.parametrize("path", [PAGE, TEXT, LLMS])
def test_a_page_costs_few_queries(client, db, django_assert_max_num_queries, path):
    with django_assert_max_num_queries(2):
        said(client, path)
