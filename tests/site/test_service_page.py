"""The page of a service, its Markdown, and ``/llms.txt``."""

import json
import re
from html.parser import HTMLParser

import pytest
import yaml
from django.db import OperationalError

from catalogue.models import Edition, Entry
from catalogue.site import markdown
from catalogue.workflow import publishing
from services.sources import Source
from tests.support.departments import NEW_NAME, make_department, replace
from tests.support.entries import make_citation, make_entry, withdrawal
from tests.web.test_problems import assert_problem

PAGE, MARKDOWN, LLMS = "/services/NM-05-01/", "/services/NM-05-01.md", "/llms.txt"
READS = [PAGE, MARKDOWN, LLMS]
HOSTILE = '<script>alert(1)</script> [x](http://evil) `a` **b** & "c"'


class Page(HTMLParser):
    """A parsed page: its words, the levels of its headings in their order, and what it loads."""

    def __init__(self, html: str):
        super().__init__()
        self.words, self.levels, self.tags, self.loads = [], [], [], []
        self.feed(html)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if tag in {"img", "script", "iframe"} or (tag == "link" and attributes["rel"] in {"stylesheet", "icon"}):
            self.loads.append(attributes.get("src") or attributes.get("href"))

    def handle_data(self, data):
        self.words.append(data)


def page(client, path: str = PAGE, **query: str) -> Page:
    return Page(client.get(path, query).content.decode())


def sealed_document(code: str = "NM-05-01", edition: str = "2026") -> dict:
    return json.loads(Entry.objects.get(edition__slug=edition, service__code=code).canonical_json)


@pytest.mark.parametrize("code", ["NM-05-01", "NM-01-05"])
@pytest.mark.parametrize("form", ["/", ".md"])
def test_every_value_of_a_service_is_shown_with_its_clauses(client, db, code, form):
    document, edition = sealed_document(code), Edition.objects.get(slug="2026")
    body = client.get(f"/services/{code}{form}").content.decode()
    shown = Page(body).text if form == "/" else re.sub(r"\\(.)", r"\1", body)

    for field in ("name", "name_en", "content", "standard", "expenditure_responsibility", "target_group_text", "note"):
        assert " ".join(document[field].split()) in shown
    for field in ("target_groups", "co_departments", "legal_basis", "lead_department_alternatives"):
        assert all((term.get("name") or term["title"]) in shown for term in document[field])
    assert document["lead_department"]["name"] in shown
    for citation in document["citations"]:
        assert citation["source"]["title"] in shown
        assert not citation["locator"] or citation["locator"] in shown
        assert not citation["quote"] or " ".join(citation["quote"].split()) in " ".join(shown.split())
    for text in (edition.digest, edition.title, "2026-11-01", "CC BY 4.0", f"http://testserver/id/services/{code}"):
        assert text in shown
    assert "年龄不" in shown


@pytest.mark.parametrize("form", ["/", ".md"])
def test_a_quote_is_shown_once_on_a_page(client, db, form):
    quotes = {citation["quote"] for citation in sealed_document("NM-05-02")["citations"] if citation["quote"]}
    body = client.get(f"/services/NM-05-02{form}").content.decode()

    shown = re.findall(
        r"<blockquote>(.*?)</blockquote>" if form == "/" else r"^  > (.*)$", body, re.S * (form == "/") | re.M
    )

    assert sorted(shown) == sorted(set(shown))
    assert len(shown) == len(quotes)
    assert "原文见上面的" in body


def test_the_conditions_of_a_clause_are_named_in_order(client, db):
    text = page(client, "/services/NM-07-01/").text

    numbers = [list(map(int, found.split("、"))) for found in re.findall(r"第 ([\d、]+) 个条件", text)]
    assert max(map(len, numbers)) > 1
    assert numbers == [sorted(group) for group in numbers]


@pytest.mark.parametrize("form", ["/", ".md"])
def test_what_an_office_decides_is_shown_with_its_clause_and_each_alternative_alone(client, db, form):
    body = client.get(f"/services/NM-08-04{form}").content.decode()
    shown = Page(body).text if form == "/" else re.sub(r"\\(.)", r"\1", body)

    open_criteria = [raw for group in sealed_document("NM-08-04")["eligibility"]["any"] for raw in group["all"][-1:]]
    assert "情形8（满足其一即可）" in shown
    assert "经自治区退役军人工作主管部门批准集中供养（由省级人民政府退役军人工作主管部门认定）" in shown
    for raw in (raw for raw in open_criteria if "open" in raw):
        assert f"待认定的条件：{raw['open']}" in shown
        assert " ".join(raw["citation"]["quote"].split()) in " ".join(shown.split())


def test_a_source_read_in_a_copy_is_marked(client, db):
    cited = {citation["source"]["code"] for citation in sealed_document("NM-05-02")["citations"]}
    copies = set(Source.objects.filter(code__in=cited, read_in="copy").values_list("code", flat=True))
    body = client.get("/services/NM-05-02/").content.decode()

    marked = {code for code, text in re.findall(r'sources/([a-z0-9-]+)">(.*?)</p>', body, re.S) if "读自副本" in text}

    assert marked == copies != cited


@pytest.mark.parametrize("form", ["/", ".md"])
def test_each_field_has_its_own_verification_label(client, db, form):
    body = client.get(f"/services/NM-05-01{form}").content.decode()
    labels = {"verbatim": "原文核对", "secondary": "转述", "unverified": "未核实", None: "未知"}
    names = {"target_groups": "服务对象", "content": "服务内容", "standard": "服务标准", "legal_basis": "法律法规依据"}

    for field, label in sealed_document()["verification"].items():
        if field in names and form == "/":
            heading = re.search(rf'<h2 id="{field}-heading">(.*?)</h2>', body, re.DOTALL)[1]
            assert Page(heading).text == f"{names[field]} {labels[label]}"
        elif field in names:
            section = re.search(rf"## {names[field]}\n(.*?)\n## ", body, re.DOTALL)[1]
            assert re.search("核实情况：(.*?)；", section)[1] == labels[label]


@pytest.mark.parametrize("form", ["/", ".md"])
def test_unknown_values_are_shown_as_unknown(client, make_edition, form):
    make_edition("bare")
    body = client.get(f"/services/NM-05-01{form}").content.decode()

    # All eleven fields but name and domain; on the page the key to the labels contains the word too.
    assert len(re.findall("未知", body)) == (10 if form == "/" else 9)
    assert "None" not in body


@pytest.mark.parametrize("path", [PAGE, MARKDOWN])
def test_a_renamed_department_is_shown_with_its_new_name_and_day(client, db, path):
    digests = list(Edition.objects.values_list("digest", flat=True))
    make_department("new-health")
    replace("health-commission", "new-health", "2027-01-01")

    shown = client.get(path).content.decode()

    assert f"内蒙古自治区卫生健康委员会（自 2027-01-01 起由{NEW_NAME}接替）" in shown
    assert list(Edition.objects.values_list("digest", flat=True)) == digests
    assert publishing.verify_edition(Edition.objects.get(slug="2026")) == []


def test_values_are_escaped(client, make_edition):
    entry = make_entry(
        name=HOSTILE,
        citations=[make_citation("name", quote=f"# {HOSTILE}\n- x"), make_citation("domain", quote="老有所养")],
    )
    make_edition("hostile", entries=[entry])

    html, markdown_page = client.get(PAGE).content.decode(), client.get(MARKDOWN).content.decode()
    llms_txt = client.get(LLMS).content.decode()

    assert HOSTILE in Page(html).text
    assert not [tag for tag, _ in Page(html).tags if tag == "script"]
    for text in (markdown_page.split("---", 2)[2], llms_txt):
        assert not re.search(r"(?<!\\)[<`*](?=script|a|b|\*)", text.replace("`NM", "").replace("`seed", ""))
        assert "\\[x\\](http" in text
    assert "  > \\# \\<script>" in markdown_page
    assert "  > \\- x" in markdown_page


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("每人每月840元", "每人每月840元"),
        ("2023-12-25", "2023-12-25"),
        ("# 一", "\\# 一"),
        ("- 一", "\\- 一"),
        ("1. 一", "1\\. 一"),
        ("2) 一", "2\\) 一"),
        ("> 一", "\\> 一"),
        ("===", "\\==="),
        ("a_b*c`d", "a\\_b\\*c\\`d"),
        ("![x](y)", "!\\[x\\](y)"),
        ("&amp; <b>", "\\&amp; \\<b>"),
        ("a|b\\c~", "a\\|b\\\\c\\~"),
        ("    一\n二\t三", "一 二 三"),
    ],
)
def test_a_value_is_escaped_in_markdown(value, written):
    assert markdown.text(value) == written


def test_the_markdown_has_a_yaml_header_with_edition_and_licence(client, db):
    response = client.get(MARKDOWN, {"edition": "2023"})
    edition = Edition.objects.get(slug="2023")
    header = yaml.safe_load(response.content.decode().split("---\n")[1])

    assert response["Content-Type"] == "text/markdown; charset=utf-8"
    assert header["code"] == "NM-05-01"
    assert (header["edition"], header["digest"]) == ("2023", edition.digest)
    assert header["permanent"] == "http://testserver/id/services/NM-05-01"
    assert header["cite_as"] == "http://testserver/id/services/NM-05-01?edition=2023"
    assert header["licence"] == "CC BY 4.0"


@pytest.mark.parametrize("query", [{"edition": "2023"}, {"edition": "2"}, {"valid_on": "2023-12-31"}])
@pytest.mark.parametrize("path", [PAGE, MARKDOWN])
def test_the_requested_edition_is_shown(client, db, path, query):
    body = client.get(path, query).content.decode()

    assert Edition.objects.get(slug="2023").digest in body
    assert Edition.objects.get(slug="2026").digest not in body


def test_a_withdrawn_service_keeps_its_page_with_the_reason(client, make_proposal, publish):
    proposal = make_proposal(
        withdrawal("NM-09-09", "NM-09-08"), kind="withdraw", to="approved", reason="并入免费开放", document_number="9号"
    )
    publish("2027", proposal)

    for form in ("/", ".md"):
        body = client.get(f"/services/NM-09-09{form}", {"edition": "2027"}).content.decode()

        assert all(text in body for text in ("已取消", "2027-01-01", "并入免费开放", "9号", "NM-09-08"))
        assert Edition.objects.get(slug="2026").digest in body
        assert "已取消" not in client.get(f"/services/NM-09-09{form}", {"edition": "2026"}).content.decode()


def test_a_page_is_accessible(client, db):
    shown_page = page(client)
    tags = [tag for tag, _ in shown_page.tags]

    assert ("html", {"lang": "zh-Hans"}) in shown_page.tags
    assert all(tags.count(tag) == 1 for tag in ("h1", "main", "footer", "nav", "title"))
    assert next(attributes for tag, attributes in shown_page.tags if tag == "a")["href"] == "#main"
    assert shown_page.levels[0] == 1
    assert all(after - before <= 1 for before, after in zip(shown_page.levels, shown_page.levels[1:], strict=False))
    ids = [attributes["id"] for _, attributes in shown_page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert all(
        attributes["aria-labelledby"] in ids for _, attributes in shown_page.tags if "aria-labelledby" in attributes
    )


def test_a_page_loads_from_this_host_only_and_has_no_scripts(client, db):
    response = client.get(PAGE)
    shown_page = Page(response.content.decode())

    assert shown_page.loads and all(url.startswith("/static/") for url in shown_page.loads)
    assert not [attributes for _, attributes in shown_page.tags if "style" in attributes]
    assert "style" not in [tag for tag, _ in shown_page.tags]
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'; " in policy and "frame-ancestors 'none'" in policy
    assert "script-src" not in policy and "unsafe" not in policy
    assert all("url(" not in rule for rule in [css(client)])


def css(client) -> str:
    response = client.get("/static/site/site.css")
    return b"".join(response.streaming_content if response.streaming else [response.content]).decode()


def test_the_other_representations_are_linked_with_the_query(client, db):
    links = [attributes for tag, attributes in page(client, edition="2023").tags if tag == "link"]

    assert {link["type"]: link["href"] for link in links if link["rel"] == "alternate"} == {
        "application/atom+xml": "/feeds/changes.atom",
        "application/json": "/api/v1/services/NM-05-01/?edition=2023",
        "text/turtle": "/api/v1/services/NM-05-01.ttl?edition=2023",
        "application/ld+json": "/api/v1/services/NM-05-01.jsonld?edition=2023",
        "text/markdown": "/services/NM-05-01.md?edition=2023",
    }


@pytest.mark.parametrize("path", READS)
def test_a_response_has_an_etag_compression_and_cors(client, db, path):
    plain, compressed = client.get(path), client.get(path, headers={"Accept-Encoding": "gzip"})
    head = client.head(path)

    assert plain["ETag"].startswith('"') and plain["ETag"] != compressed["ETag"]
    assert compressed["Content-Encoding"] == "gzip"
    assert plain["Cache-Control"] == "public, no-cache"
    assert plain["Access-Control-Allow-Origin"] == "*"
    assert "Cookie" not in plain["Vary"] and not plain.cookies
    assert (head.content, head["ETag"], head["Content-Length"]) == (b"", plain["ETag"], plain["Content-Length"])
    assert client.get(path, headers={"If-None-Match": plain["ETag"]}).status_code == 304


@pytest.mark.parametrize(
    ("path", "query", "status", "words"),
    [
        ("/services/NM-99-99/", {}, 404, "NM-99-99"),
        ("/services/nonsense/", {}, 404, "nonsense"),
        (PAGE, {"nonsense": "1"}, 400, "valid_on"),
        (PAGE, {"edition": "1999"}, 400, "2026"),
        (PAGE, {"valid_on": "yesterday"}, 400, "2026-11-23"),
        (PAGE, {"valid_on": "1999-01-01"}, 404, "版本 2021"),
    ],
)
def test_an_error_page_gives_its_reason_in_chinese(client, db, path, query, status, words):
    response = client.get(path, query)
    shown_page = Page(response.content.decode())

    assert (response.status_code, response["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert words in shown_page.text
    assert ("html", {"lang": "zh-Hans"}) in shown_page.tags
    assert response["Content-Security-Policy"] and response["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/services/NM-99-99.md", {}, 404),
        (MARKDOWN, {"nonsense": "1"}, 400),
        (MARKDOWN, {"edition": "1999"}, 400),
        (LLMS, {"edition": "2023"}, 400),
        ("/llms.txt/", {}, 404),
    ],
)
def test_markdown_and_llms_txt_answer_errors_with_a_problem(client, db, path, query, status):
    assert_problem(client.get(path, query), status)


@pytest.mark.parametrize("path", READS)
def test_only_get_and_head_are_allowed(client, db, path):
    response = client.post(path)

    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", [PAGE, MARKDOWN])
def test_a_lost_database_is_answered_with_503(client, db, monkeypatch, path):
    def lost(*arguments):
        raise OperationalError("gone")

    monkeypatch.setattr("catalogue.web.query.edition_query.edition_from_query", lost)
    response = client.get(path)

    assert (response.status_code, response["Retry-After"]) == (503, "5")


@pytest.mark.parametrize("path", READS)
def test_a_page_takes_at_most_two_queries(client, db, django_assert_max_num_queries, path):
    with django_assert_max_num_queries(2):
        client.get(path)


def test_llms_txt_lists_every_service_of_the_edition_in_force(client, db):
    response = client.get(LLMS)
    lines = response.content.decode().splitlines()
    edition = Edition.objects.get(slug="2026")
    links = [re.fullmatch(r"- \[(.+)\]\((.+)\): (.+)", line) for line in lines]
    services = [link for link in links if link and "/services/NM-" in link[2] and link[2].endswith(".md")]

    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert lines[0].startswith("# ") and lines[2].startswith("> ")
    assert [line for line in lines if line.startswith("#")][1:] == ["## 怎样查询"] + [
        f"## {code} {name}"
        for code, name in dict.fromkeys(
            (document["domain"]["code"], document["domain"]["name"]) for document in edition.documents()
        )
    ]
    assert [link[2] for link in services] == [
        f"http://testserver/services/{document['code']}.md" for document in edition.documents()
    ]
    assert all(text in "\n".join(lines) for text in (edition.digest, "CC BY 4.0", "未知就说未知"))
    for link in filter(None, links):
        if link not in services:
            assert client.get(link[2].removeprefix("http://testserver")).status_code in {200, 303, 405}


def test_what_mentions_a_service_has_clauses_and_no_value(client, db):
    section = client.get(PAGE).content.decode().split('id="mention"')[1].split("</section>")[0]

    assert '<ul class="clauses">' in section
    assert "未知" not in section and 'class="said"' not in section and "<h3>" not in section
