"""The list of services and one service: fields, filters, order, history and query counts."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalogue.api.base import filters
from catalogue.api.serializers import EntrySerializer, ServiceSerializer
from catalogue.api.services import FRESHNESS_FIELDS
from catalogue.models import Entry
from services.models import Department, Domain, Service, TargetGroup, TopicService
from tests.support.entries import make_citation, make_entry

LIST = "/api/v1/services/"


def results(client, **query: object) -> list[dict]:
    return client.get(LIST, query).json()["results"]


def codes(client, **query: object) -> list[str]:
    return [service["code"] for service in results(client, **query)]


def test_the_list_has_the_81_services_of_the_edition_in_force(client, db):
    answer = client.get(LIST).json()

    assert list(answer) == ["count", "next", "previous", "edition", "results"]
    assert (answer["count"], answer["next"], answer["previous"]) == (81, None, None)
    assert answer["edition"]["slug"] == "2026"
    assert [service["number"] for service in answer["results"]] == list(range(1, 82))


def test_a_service_has_all_its_fields(client, empty_catalogue, make_edition):
    entry = make_entry(
        content="健康体检",
        lead_department="health-commission",
        verification=make_entry()["verification"] | {"content": "secondary", "lead_department": "unverified"},
        basis=make_entry()["basis"] | {"content": "regulation", "lead_department": "editorial"},
    )
    entry["citations"] += [
        make_citation(
            "content", source="law-health", locator=None, quote=None, verification="secondary", jurisdiction=None
        ),
        make_citation("lead_department", source="editors", locator=None, quote=None, verification="unverified"),
    ]
    edition = make_edition("only", "2026-11-02", entries=[entry])
    plan = {
        "code": "seed-plan",
        "title": "内蒙古自治区“十四五”保障和改善公共服务规划",
        "document_number": "内政办发〔2021〕70号",
    }
    unknown = dict.fromkeys(Entry.SOURCED_FIELDS)

    assert client.get(f"{LIST}NM-05-01/").json() == {
        "code": "NM-05-01",
        "number": 1,
        "name": "老年人健康管理",
        "name_en": None,
        "domain": {"code": "NM-05", "name": "老有所养", "name_en": "Old-age care"},
        "target_groups": [],
        "target_group_text": None,
        "content": "健康体检",
        "standard": None,
        "standard_as_of": None,
        "amounts": [],
        "expenditure_responsibility": None,
        "shares": [],
        "lead_department": {
            "code": "health-commission",
            "name": "内蒙古自治区卫生健康委员会",
            "short_name": "自治区卫生健康委",
            "name_en": "Health Commission of Inner Mongolia Autonomous Region",
        },
        "lead_basis": "assigned",
        "lead_department_alternatives": [],
        "co_departments": [],
        "legal_basis": [],
        "eligibility": None,
        "note": None,
        "verification": unknown
        | {"name": "verbatim", "domain": "verbatim", "content": "secondary", "lead_department": "unverified"},
        "basis": unknown | {"name": "plan", "domain": "plan", "content": "regulation", "lead_department": "editorial"},
        "checked_on": {"name": "2026-11-01", "domain": "2026-11-01", "content": None, "lead_department": None},
        "valid_until": {},
        "may_be_outdated": [],
        "citations": [
            {
                "field": "name",
                "source": plan,
                "locator": "表2",
                "quote": "老年人健康管理",
                "verification": "verbatim",
                "jurisdiction": "inner-mongolia",
            },
            {
                "field": "domain",
                "source": plan,
                "locator": "表2",
                "quote": "老有所养",
                "verification": "verbatim",
                "jurisdiction": "inner-mongolia",
            },
            {
                "field": "content",
                "source": {
                    "code": "law-health",
                    "title": "中华人民共和国基本医疗卫生与健康促进法",
                    "document_number": None,
                },
                "locator": None,
                "quote": None,
                "verification": "secondary",
                "jurisdiction": None,
            },
            {
                "field": "lead_department",
                "source": {"code": "editors", "title": "本清单编者的归纳", "document_number": None},
                "locator": None,
                "quote": None,
                "verification": "unverified",
                "jurisdiction": "inner-mongolia",
            },
        ],
        "edition": {"slug": "only", "effective_from": "2026-11-02", "digest": edition.digest},
        "url": "http://testserver/api/v1/services/NM-05-01/",
        "status": "listed",
        "identifiers": [],
        "withdrawal": None,
    }


def test_a_service_equals_its_sealed_document(client, db):
    sealed = Entry.objects.get(edition__slug="2021", service__code="NM-01-07").canonical_json

    answer = client.get(f"{LIST}NM-01-07/", {"edition": "2021"}).json()

    added = {"edition", "url", "status", "withdrawal", "lead_basis", "shares", "identifiers"} | FRESHNESS_FIELDS
    for amount in answer["amounts"]:
        del amount["current"]
    assert {key: value for key, value in answer.items() if key not in added} == json.loads(sealed)


def test_the_serializer_declares_the_fields_of_the_response(client, db):
    answer = client.get(f"{LIST}NM-05-01/").json()

    assert list(answer) == list(ServiceSerializer().fields)
    listed = results(client, q="老年人健康管理", expand="citations")[0]
    assert list(listed) == list(EntrySerializer().fields)
    assert list(answer["verification"]) == sorted(Entry.SOURCED_FIELDS)


def test_the_list_has_citations_only_on_request(client, db):
    assert "citations" not in results(client, page_size=1)[0]
    assert results(client, page_size=1, expand="citations")[0]["citations"]
    assert "citations" in results(client, page_size=1, fields="code,citations")[0]
    assert list(results(client, page_size=1, fields="code", expand="citations")[0]) == ["code", "citations"]


@pytest.mark.parametrize("on", ["list", "detail"])
def test_only_the_selected_fields_are_in_the_response(client, db, on):
    path = LIST if on == "list" else f"{LIST}NM-01-01/"
    answer = client.get(path, {"fields": "name,code"}).json()

    service = answer["results"][0] if on == "list" else answer
    assert service == {"name": "农村牧区免费孕前优生健康检查", "code": "NM-01-01"}


FILTERS = {
    "domain": ("NM-03", lambda s: s["domain"]["code"] == "NM-03"),
    "target_group": ("disabled", lambda s: "disabled" in [group["code"] for group in s["target_groups"]]),
    "lead_department": ("civil-affairs", lambda s: s["lead_department"]["code"] == "civil-affairs"),
    "department": (
        "civil-affairs",
        lambda s: "civil-affairs" in [d["code"] for d in [s["lead_department"], *s["co_departments"]]],
    ),
    "verification": ("secondary", lambda s: "secondary" in s["verification"].values()),
    "topic": (
        "housing",
        lambda s: TopicService.objects.filter(topic__code="housing", service__code=s["code"]).exists(),
    ),
    "has_amounts": ("true", lambda s: s["amounts"] != []),
    "number": ("47", lambda s: s["number"] == 47),
}


def test_every_filter_has_its_test():
    assert set(FILTERS) == {parameter.name for parameter in filters.FILTERS}


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_selects_exactly_the_matching_services(client, db, name):
    value, expected = FILTERS[name]

    selected = codes(client, **{name: value})

    assert selected == [service["code"] for service in results(client) if expected(service)]
    assert 0 < len(selected) < 81


@pytest.mark.parametrize("query", ["domain=NM-01,NM-03", "domain=NM-01&domain=NM-03", "domain=NM-03,NM-01,NM-01"])
def test_a_filter_takes_any_of_several_codes(client, db, query):
    answer = client.get(f"{LIST}?{query}").json()

    assert answer["count"] == 9 + 12
    assert {service["domain"]["code"] for service in answer["results"]} == {"NM-01", "NM-03"}


def test_filters_narrow_each_other(client, db):
    both = codes(client, domain="NM-07", lead_department="civil-affairs")

    assert both == [code for code in codes(client, domain="NM-07") if code in codes(client, department="civil-affairs")
                    and code in codes(client, lead_department="civil-affairs")]  # fmt: skip
    assert 0 < len(both) < 15


def test_a_service_that_matches_two_codes_is_listed_once(client, db):
    selected = codes(client, target_group="rural-couples-planning-pregnancy,migrant-couples-planning-pregnancy")

    assert selected == ["NM-01-01"]


def test_every_code_of_every_vocabulary_is_accepted_by_its_filter(client, db):
    for name, model in {"domain": Domain, "target_group": TargetGroup, "department": Department}.items():
        all_codes = ",".join(model.objects.values_list("code", flat=True))[:999].rsplit(",", 1)[0]
        assert client.get(LIST, {name: all_codes}).status_code == 200


@pytest.mark.parametrize(
    ("ordering", "key", "reverse"),
    [
        ("number", lambda s: s["number"], False),
        ("-number", lambda s: s["number"], True),
        ("code", lambda s: s["code"], False),
        ("-code", lambda s: s["code"], True),
        ("name", lambda s: s["name"].encode(), False),  # by code point, the same on both databases
        ("-name", lambda s: s["name"].encode(), True),
    ],
)
def test_the_list_follows_ordering(client, db, ordering, key, reverse):
    services = results(client, ordering=ordering)

    assert [s["code"] for s in services] == [s["code"] for s in sorted(services, key=key, reverse=reverse)]


def test_links_between_pages_keep_the_query(client, db):
    first = client.get(LIST, {"domain": "NM-07", "page_size": 10}).json()
    second = client.get(first["next"]).json()

    assert (first["count"], len(first["results"]), len(second["results"])) == (15, 10, 5)
    assert second["next"] is None
    assert client.get(second["previous"]).json() == first
    assert [s["number"] for s in first["results"] + second["results"]] == list(range(54, 69))


@pytest.mark.parametrize("query", [{}, {"domain": "NM-01", "target_group": "orphans", "department": "finance"}])
@pytest.mark.parametrize("expand", [{}, {"expand": "citations"}])
def test_a_list_of_any_length_costs_one_query(client, db, query, expand):
    client.get(LIST)
    costs = set()
    for page_size in (1, 10, 81):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(LIST, query | expand | {"page_size": page_size}).status_code == 200
        costs.add(len(queries))

    assert costs == {1}


def test_a_service_costs_one_query(client, db, django_assert_num_queries):
    client.get(f"{LIST}NM-05-02/")

    with django_assert_num_queries(1):
        client.get(f"{LIST}NM-05-01/")


def test_an_unknown_service_is_a_404_that_names_the_code(client, db):
    response = client.get(f"{LIST}NM-05-99/")

    assert response.status_code == 404
    assert response.json()["detail"] == "版本 2026 中没有服务项目 NM-05-99；请按名称、俗称或拼音检索（参数 q）。"


def test_a_draft_is_not_public(client, make_edition):
    make_edition("draft", "2026-11-02", at=None)

    assert client.get(LIST).json()["edition"]["slug"] == "2026"
    assert client.get(LIST, {"edition": "draft"}).status_code == 400
    assert client.get("/api/v1/editions/draft/").status_code == 404
    assert client.get("/api/v1/editions/draft/content/").status_code == 404


@pytest.mark.parametrize(
    ("edition", "standard"),
    [
        ("2021", "每人每月1530元"),  # the figures of the region for 2019; 2210 is of 2023
        ("2023", "2210"),
        ("2026", "2210"),
    ],
)
def test_an_edition_has_no_figure_that_is_newer_than_itself(client, db, edition, standard):
    answer = client.get(f"{LIST}NM-01-07/", {"edition": edition}).json()

    assert standard in answer["standard"]
    assert ("2210" in json.dumps(answer, ensure_ascii=False)) == (edition != "2021")


def test_history_has_the_changes_of_every_edition(client, db):
    answer = client.get(f"{LIST}NM-01-07/history/").json()

    assert [(state["edition"], state["kind"]) for state in answer["results"]] == [
        ("2026", "changed"),
        ("2023", "changed"),
        ("2021", "added"),
    ]
    change = next(field for field in answer["results"][1]["fields"] if field["field"] == "standard")
    assert "1530" in change["before"]
    assert "2210" in change["after"]
    assert answer["results"][2]["document"]["document_number"] == "内政办发〔2021〕70号"
    assert answer["results"][0]["state"]["standard"] == client.get(f"{LIST}NM-01-07/").json()["standard"]


def test_history_has_the_withdrawal(client, make_edition):
    make_edition("small", "2026-11-02")

    newest = client.get(f"{LIST}NM-07-01/history/").json()["results"][0]

    assert (newest["edition"], newest["kind"], newest["state"]) == ("small", "withdrawn", None)


def test_history_has_editions_without_a_change(client, make_edition):
    for slug in ("one", "two"):
        make_edition(slug, "2026-11-02")

    kinds = [change["kind"] for change in client.get(f"{LIST}NM-05-01/history/").json()["results"]]

    assert kinds[:2] == ["unchanged", "changed"]


def test_the_history_of_an_unknown_service_is_not_found(client, db):
    assert client.get(f"{LIST}NM-05-99/history/").status_code == 404


def test_a_code_that_the_model_allows_has_a_url(client, empty_catalogue, request):
    Service.objects.create(code="NM-05-12345")  # created before the terms are looked up
    request.getfixturevalue("make_edition")("long", entries=[make_entry("NM-05-12345")])

    assert codes(client) == ["NM-05-12345"]
    assert client.get(f"{LIST}NM-05-12345/").status_code == 200


def test_a_service_has_its_figures_with_what_each_is_and_its_clause(client, db):
    amounts = client.get(f"{LIST}NM-07-01/", {"fields": "amounts"}).json()["amounts"]

    assert [(amount["label"], amount["value"], amount["as_of"], amount["current"]) for amount in amounts] == [
        ("低保城市平均标准", "840", "2023", True),
        ("低保城市平均标准", "813", "2022", False),
        ("低保城市平均标准", "732", "2020", False),
        ("低保农村牧区平均标准", "670", "2023", True),
        ("低保农村牧区平均标准", "7320", "2022", False),
        ("低保农村牧区平均标准", "6307", "2020", False),
    ]
    urban = amounts[0]
    assert (urban["kind"], urban["unit"], urban["currency"], urban["period"], urban["per"]) == (
        "average", "元", "CNY", "month", "person",
    )  # fmt: skip
    assert urban["citation"]["source"]["code"] == "seed-daily"
    assert "840元" in urban["citation"]["quote"]


def test_a_figure_is_current_as_of_the_day_that_is_asked_about(client, make_edition):
    ended = {
        "label": "体检次数", "kind": "quantity", "value": "1", "unit": "次", "currency": None, "period": "year",
        "per": "person", "of_whom": None, "place": None, "valid_from": None, "valid_until": "2026-11-20",
        "as_of": "2025",
        "citation": {
            "source": "seed-plan", "locator": "表2", "quote": "每年体检1次", "verification": "verbatim",
            "jurisdiction": "inner-mongolia",
        },
    }  # fmt: skip
    make_edition("small", "2026-11-10", entries=[make_entry(amounts=[ended])])

    def current(day: str) -> bool:
        (amount,) = client.get(f"{LIST}NM-05-01/", {"valid_on": day}).json()["amounts"]
        return amount["current"]

    assert current("2026-11-20")
    assert not current("2026-11-21")


def test_an_edition_sealed_without_figures_has_none_in_its_content(client, make_edition):
    make_edition("small", "2026-11-10")

    content = client.get("/api/v1/editions/small/content/").content
    assert b"amounts" not in content and b"shares" not in content
    service = client.get(f"{LIST}NM-05-01/", {"edition": "small"}).json()
    assert (service["amounts"], service["shares"]) == ([], [])


def test_a_service_says_who_pays_which_share_and_by_which_clause(client, db):
    tiers = client.get(f"{LIST}NM-07-08/", {"fields": "shares"}).json()["shares"]

    assert [(share["level"], share["percent"], share["of_whom"][:4]) for share in tiers] == [
        ("region", "30", "一类地区"), ("region", "50", "二类地区"), ("region", "70", "三类地区"),
    ]  # fmt: skip
    (share,) = client.get(f"{LIST}NM-02-07/", {"fields": "shares", "edition": "2021"}).json()["shares"]
    assert list(share) == ["level", "percent", "of_whom", "citation"]
    assert (share["level"], share["percent"]) == ("centre", "80")
    assert share["citation"]["source"]["code"] == "web-fin6-tier"
    assert "内蒙古" in share["citation"]["quote"] and "中央分担80%" in share["citation"]["quote"]


@pytest.mark.parametrize(
    "path",
    ["/services/NM-02-07/", "/services/NM-02-07.md", f"{LIST[:-1]}.csv", f"{LIST}NM-02-07.ttl"],
)
def test_pages_and_files_have_the_shares_in_words(client, db, path):
    answer = client.get(path)
    text = b"".join(answer) if answer.streaming else answer.content

    assert "中央负担80%（中等职业教育国家助学金（第一档，含内蒙古））" in text.decode()
