"""The home page, and the page that lists and searches services."""

import re
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError

from catalogue.models import Edition
from catalogue.site import presentation
from catalogue.site.home import EXAMPLES
from catalogue.web.middleware import csp
from services.search import MATCH_KINDS, RANK, Match, fold
from tests.site.test_service_page import HOSTILE, Page, page
from tests.support.entries import make_entry, withdrawal

HOME, LIST, API = "/", "/services/", "/api/v1/services/"
PAGES = [HOME, LIST]
QUANTUM = "量子力学"


def links(shown_page: Page) -> list[str]:
    return [attributes["href"] for tag, attributes in shown_page.tags if tag == "a"]


def codes(shown_page: Page) -> list[str]:
    """Return the codes of the services that a page lists, in its order."""
    return [match[1] for link in links(shown_page) if (match := re.match(r"/services/(NM-[0-9]{2}-[0-9]+)/", link))]


def api_codes(client, **query: str) -> list[str]:
    results = client.get(API, query | {"fields": "code", "page_size": 500}).json()["results"]
    return [service["code"] for service in results]


def search_box_value(shown_page: Page) -> str:
    return next(attributes["value"] for tag, attributes in shown_page.tags if attributes.get("name") == "q")


def test_the_home_page_describes_the_list_in_two_languages(client, db):
    body = client.get(HOME).content.decode()

    assert "未经任何政府部门认可" in Page(body).text
    english = re.search(r'<p class="english" lang="en">(.*?)</p>', body)[1]
    assert "public services of the Inner Mongolia" in english and "not endorsed by any government" in english


def test_the_home_page_names_the_edition_in_force(client, db):
    shown_page, edition = page(client, HOME), Edition.objects.get(slug="2026")

    for text in (edition.title, "2026-11-01", f"{edition.digest[:12]}…", edition.digest, "（北京时间）"):
        assert text in shown_page.text
    assert f"{API.removesuffix('services/')}editions/2026/" in links(shown_page)


def test_the_home_page_links_to_every_domain_with_its_count(client, db):
    shown_page = page(client, HOME)
    domains = client.get("/api/v1/domains/").json()["results"]
    counts = {item["code"]: item["count"] for item in client.get(API, {"facets": "true"}).json()["facets"]["domain"]}

    assert len(domains) == 9
    for domain in domains:
        assert f"{LIST}?domain={domain['code']}" in links(shown_page)
        assert f"{domain['name']} {counts[domain['code']]} 项 {domain['goal']}" in shown_page.text


def test_the_home_page_has_links_for_each_kind_of_user(client, db):
    files = [f"/api/v1/services.{kind}" for kind in ("csv", "xlsx", "ndjson", "jsonld", "ttl")]

    assert {"/api/docs/", "/api/v1/", "/llms.txt", "/admin/", LIST, *files} <= set(links(page(client, HOME)))


def test_the_form_of_the_home_page_searches_the_list(client, db):
    tags = page(client, HOME).tags
    form = next(attributes for tag, attributes in tags if tag == "form")

    assert form["action"] == LIST and form.get("method", "get") == "get"
    assert [attributes["name"] for tag, attributes in tags if tag == "input"] == ["q"]


def test_every_example_on_the_home_page_has_results(client, db):
    for word in EXAMPLES:
        assert codes(page(client, LIST, q=word)), word


def test_the_list_has_every_service_under_its_domain(client, db):
    shown_page = page(client, LIST)
    documents = list(Edition.objects.get(slug="2026").documents())

    assert codes(shown_page) == sorted(document["code"] for document in documents) and len(documents) == 81
    assert "共 81 项" in shown_page.text
    assert shown_page.levels == [1, *[2] * 9]
    for document in documents:
        assert document["name"] in shown_page.text and document["lead_department"]["name"] in shown_page.text


@pytest.mark.parametrize(
    "query", ["养老", "養老", "yanglao", "YLBX", "低保", "低保怎么申请", "残疾", "NM-05-01", "pension", "孤儿 救助"]
)
def test_a_search_has_the_results_of_the_api_in_the_same_order(client, db, query):
    listed_codes = codes(page(client, LIST, q=query))

    assert listed_codes and listed_codes == api_codes(client, q=query)
    domain_codes = codes(page(client, LIST, q=query, domain="NM-05"))
    assert domain_codes == api_codes(client, q=query, domain="NM-05")


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("養老", "名称里有“养老”：职工基本养老保险"),
        ("yanglao", "名称的拼音里有“yanglao”：职工基本养老保险"),
        ("最低生活", "名称以“最低生活”开头：最低生活保障"),
        ("NM-05-01", "代码就是“NM-05-01”"),
        ("低保怎么申请", "检索词里有俗称“低保”"),
    ],
)
def test_a_result_explains_its_match_in_chinese(client, db, query, reason):
    assert reason in page(client, LIST, q=query).text


@pytest.mark.parametrize("field", RANK)
@pytest.mark.parametrize("how", MATCH_KINDS)
def test_every_kind_of_match_has_a_sentence_for_every_field(field, how):
    sentence = presentation.match(Match("低保", field, how, "低保金"))

    assert "低保" in sentence and not re.search("[a-z{}]", sentence)


@pytest.mark.parametrize("query", ["低保", "養老", "NM-05-01", HOSTILE])
def test_the_search_box_keeps_the_query(client, db, query):
    assert fold(search_box_value(page(client, LIST, q=query))) == fold(query)


def test_a_search_shows_its_count_or_offers_another_search(client, db):
    results, no_results = page(client, LIST, q="养老"), page(client, LIST, q=QUANTUM, domain="NM-05")

    assert f"检索“养老”，找到 {len(codes(results))} 项" in results.text
    assert f"在“老有所养”中检索“{QUANTUM}”，没有找到服务项目" in no_results.text
    assert not codes(no_results)
    assert LIST in links(no_results)
    anywhere = next(link for link in links(no_results) if "?q=" in link)
    assert dict(parse_qsl(urlsplit(anywhere).query)) == {"q": QUANTUM}


def test_a_domain_lists_only_its_own_services(client, db):
    shown_page = page(client, LIST, domain="NM-05")
    options = [attributes for tag, attributes in shown_page.tags if tag == "option"]

    assert codes(shown_page) == api_codes(client, domain="NM-05")
    assert [option["value"] for option in options if "selected" in option] == ["NM-05"]
    assert len(options) == 10


@pytest.mark.parametrize("query", ["?q=", "?domain=", "?q=&domain=", "?q=%20%20", "?q=&q="])
def test_an_empty_form_shows_the_whole_list(client, db, query):
    assert client.get(f"{LIST}{query}").content == client.get(LIST).content


def test_an_empty_field_does_not_undo_the_other(client, db):
    assert codes(Page(client.get(f"{LIST}?q=&domain=NM-05").content.decode())) == api_codes(client, domain="NM-05")
    assert codes(Page(client.get(f"{LIST}?q=养老&domain=").content.decode())) == api_codes(client, q="养老")


@pytest.mark.parametrize(
    "query", [{"edition": "2021"}, {"valid_on": "2023-12-31"}, {"known_at": "2026-11-24T00:00:00Z"}]
)
def test_the_requested_edition_is_listed_and_stays_selected(client, db, query):
    shown_page = page(client, LIST, **query)
    (name, value), expected_codes = *query.items(), api_codes(client, **query)
    service_links = [link for link in links(shown_page) if re.match("/services/NM", link)]

    assert sorted(codes(shown_page)) == sorted(expected_codes)
    assert all(dict(parse_qsl(urlsplit(link).query)) == query for link in service_links)
    assert {"type": "hidden", "name": name, "value": value} in [tag[1] for tag in shown_page.tags]
    assert "指定版本" in shown_page.text and "指定版本" not in page(client, LIST).text


@pytest.mark.parametrize(
    ("path", "query", "status", "words"),
    [
        (HOME, "nonsense=1", 400, "没有参数“nonsense”"),
        (LIST, "nonsense=1", 400, "domain、edition、known_at、q、valid_on"),
        (LIST, "domain=NM-99", 400, "NM-01、NM-02"),
        (LIST, "domain=NM-05&domain=NM-07", 400, "只能出现一次"),
        (LIST, "q=a&q=b", 400, "只能出现一次"),
        (LIST, f"q={'x' * 1001}", 400, "太长"),
        (LIST, "q=a%00b", 400, "不允许的字符"),
        (LIST, "edition=1999", 400, "2026"),
        (LIST, "edition=", 400, "值为空"),
        (LIST, "edition=2026&valid_on=2026-11-23", 400, "不能同时使用"),
        (LIST, "valid_on=yesterday", 400, "2026-11-23"),
        (LIST, "valid_on=1999-01-01", 404, "版本 2021"),
    ],
)
def test_an_invalid_query_is_refused_with_the_allowed_values(client, db, path, query, status, words):
    response = client.get(f"{path}?{query}")
    shown_page = Page(response.content.decode())

    assert (response.status_code, response["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert words in shown_page.text
    assert {HOME, LIST} <= set(links(shown_page))
    assert response["Content-Security-Policy"] == csp.SITE


@pytest.mark.parametrize(("make", "words"), [(None, "还没有已发布的版本"), ("2099-01-01", "自 2099-01-01 起才有")])
def test_the_home_page_says_that_no_edition_is_in_force(client, empty_catalogue, make_edition, make, words):
    if make:
        make_edition("later", make)
    home, listed = client.get(HOME), client.get(LIST)

    assert (home.status_code, listed.status_code) == (200, 404)
    for response in (home, listed):
        assert words in Page(response.content.decode()).text
    assert "/api/docs/" in links(Page(home.content.decode()))
    assert "form" not in [tag for tag, _ in Page(home.content.decode()).tags]


def test_the_first_edition_links_to_no_previous_edition(client, empty_catalogue, make_edition):
    make_edition("first")
    shown_page = page(client, HOME)

    assert "1 个领域的 1 项服务" in shown_page.text
    assert "上一版" not in shown_page.text
    assert_every_link_answers(client, shown_page, HOME)


def test_unknown_values_of_a_service_are_shown_as_unknown(client, make_edition):
    make_edition("bare")
    text = page(client, LIST).text

    assert "服务对象： 未知" in text and "牵头负责单位： 未知" in text
    assert "None" not in text


def test_a_withdrawn_service_is_neither_listed_nor_found(client, make_proposal, publish):
    proposal = make_proposal(withdrawal("NM-09-09", "NM-09-08"), kind="withdraw", to="approved")
    publish("2027", proposal)

    after, before = page(client, LIST, edition="2027"), page(client, LIST, edition="2026")
    assert "NM-09-09" in codes(before) and set(codes(before)) - set(codes(after)) == {"NM-09-09"}
    assert "NM-09-09" not in codes(page(client, LIST, edition="2027", q="NM-09-09"))


def test_values_and_queries_are_escaped(client, make_edition):
    make_edition("hostile", entries=[make_entry(name=HOSTILE)])
    for shown_page in (page(client, LIST), page(client, LIST, q=HOSTILE), page(client, HOME)):
        assert "script" not in [tag for tag, _ in shown_page.tags]
    assert HOSTILE in page(client, LIST).text


def assert_every_link_answers(client, shown_page: Page, path: str) -> None:
    for link in {urljoin(path, link).split("#")[0] for link in links(shown_page)}:
        assert client.get(link).status_code < 400, link


@pytest.mark.parametrize(
    "path",
    [HOME, LIST, f"{LIST}?q=养老", f"{LIST}?q={QUANTUM}&domain=NM-05", f"{LIST}?edition=2023"],
)
def test_every_link_on_a_page_answers(client, db, path):
    assert_every_link_answers(client, Page(client.get(path).content.decode()), path)


def test_a_service_links_to_its_domain_in_the_requested_edition(client, db):
    assert {HOME, LIST, f"{LIST}?domain=NM-05"} <= set(links(page(client)))
    assert f"{LIST}?edition=2023&domain=NM-05" in links(page(client, edition="2023"))


@pytest.mark.parametrize("path", [HOME, LIST, f"{LIST}?q=养老", f"{LIST}?q={QUANTUM}"])
def test_a_page_is_accessible(client, db, path):
    shown_page = Page(client.get(path).content.decode())
    tags = [tag for tag, _ in shown_page.tags]

    assert ("html", {"lang": "zh-Hans"}) in shown_page.tags
    assert all(tags.count(tag) == 1 for tag in ("h1", "main", "footer", "nav", "title"))
    assert links(shown_page)[0] == "#main"
    assert shown_page.levels[0] == 1
    assert all(after - before <= 1 for before, after in zip(shown_page.levels, shown_page.levels[1:], strict=False))
    ids = [attributes["id"] for _, attributes in shown_page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for name in ("for", "aria-labelledby", "aria-describedby"):
        assert all(attributes[name] in ids for _, attributes in shown_page.tags if name in attributes)
    labelled = [attributes["for"] for tag, attributes in shown_page.tags if tag == "label"]
    boxes = [attributes for tag, attributes in shown_page.tags if tag in {"input", "select"}]
    assert [
        search_box_value["id"] for search_box_value in boxes if search_box_value.get("type") != "hidden"
    ] == labelled


@pytest.mark.parametrize("path", [HOME, LIST, f"{LIST}?q=养老"])
def test_a_page_loads_from_this_host_only_without_scripts_and_cookies(client, db, path):
    response = client.get(path)
    body = response.content.decode()
    shown_page = Page(body)

    assert response["Content-Security-Policy"] == csp.SITE
    assert "://" not in body
    assert shown_page.loads and all(url.startswith("/static/") for url in shown_page.loads)
    assert not {"script", "style"} & {tag for tag, _ in shown_page.tags}
    assert not [attributes for _, attributes in shown_page.tags if "style" in attributes]
    assert not response.cookies and "Cookie" not in response.get("Vary", "")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_does_not_depend_on_the_account(client, db, path):
    before = client.get(path).content
    client.force_login(User.objects.create_superuser("root"))

    assert client.get(path).content == before


@pytest.mark.parametrize("path", PAGES)
def test_only_get_and_head_are_allowed(client, db, path):
    response = client.post(path)

    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")
    assert (client.head(path).status_code, client.head(path).content) == (200, b"")


@pytest.mark.parametrize("path", PAGES)
def test_a_lost_database_is_answered_with_503(client, db, monkeypatch, path):
    def lost(*arguments):
        raise OperationalError("gone")

    monkeypatch.setattr("catalogue.web.query.edition_query.edition_from_query", lost)
    response = client.get(path)

    assert (response.status_code, response["Retry-After"]) == (503, "5")


@pytest.mark.parametrize(
    ("path", "queries"),
    [
        (HOME, 2),
        (LIST, 1),
        (f"{LIST}?domain=NM-05", 1),
        (f"{LIST}?edition=2023", 1),
        (f"{LIST}?q=养老", 2),
        (f"{LIST}?q=保障&domain=NM-04", 2),
    ],
)
def test_the_number_of_queries_does_not_depend_on_the_number_of_services(
    client, db, django_assert_num_queries, path, queries
):
    client.get(path)

    with django_assert_num_queries(queries):
        client.get(path)


def test_the_desk_links_to_the_home_page(client, db):
    client.force_login(User.objects.create_superuser("root"))
    body = client.get("/admin/").content.decode()

    assert re.search(r'<a href="/">\s*查看站点\s*</a>', body)


def test_the_page_of_a_404_links_to_the_home_page(client, db):
    response = client.get("/nowhere/")

    assert response.status_code == 404
    assert HOME in links(Page(response.content.decode()))


def test_the_list_without_its_slash_redirects(client, db):
    response = client.get("/services?q=养老")

    assert response.status_code == 301
    assert urlsplit(response["Location"]).path == LIST


@pytest.mark.parametrize("query", ["", "?q=低保", "?q=没有这样的词", "?domain=NM-05", "?q=低保&domain=NM-03"])
def test_each_section_of_the_list_is_closed(client, db, query):
    page = client.get(f"/services/{query}").content.decode()

    assert page.count("<section") == page.count("</section>")
