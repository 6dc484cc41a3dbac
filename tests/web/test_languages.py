"""Responses in three languages: translated names, converted text, and unchanged codes and quotes."""

import json
import re

import pytest

from catalogue.editions.translation import translate
from services.text import chinese as chinese_module
from tests.support.paths import FIXTURES, SHARED

LIST = "/api/v1/services/"
DETAIL = f"{LIST}NM-05-01/"
PLAN = SHARED / "seeds" / "001_1a8618c0c8f7ca40.txt"
# Characters for which OpenCC uses another form than the Traditional text of the plan; 計畫 is used in Taiwan.
FORMS = str.maketrans("爲羣臺佈週徵牀覈併", "為群台布周征床核並")
SPOKEN = [
    "/api/v1/",
    LIST,
    DETAIL,
    f"{DETAIL}history/",
    "/api/v1/editions/",
    "/api/v1/editions/2023/",
    "/api/v1/editions/2023/changes/",
    "/api/v1/changes/",
    "/api/v1/domains/NM-05/",
    "/api/v1/departments/",
    "/api/v1/target-groups/older-65-plus/",
    "/api/v1/sources/seed-plan/",
    "/api/v1/indicators/IND-03/",
    "/api/v1/projects/BOX-1/",
    "/api/v1/facts/age/",
]


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant", "en"])
@pytest.mark.parametrize("path", SPOKEN)
def test_every_response_is_in_the_requested_language(client, db, path, language):
    by_parameter, by_header = (
        client.get(path, {"lang": language}),
        client.get(path, headers={"accept-language": language}),
    )

    for response in (by_parameter, by_header):
        assert response.status_code == 200
        assert response["Content-Language"] == language
        assert "Accept-Language" in response["Vary"]
    assert by_parameter.content.decode().replace(f"lang={language}&", "") == by_header.content.decode()


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("zh-TW", "zh-Hant"),
        ("zh-HK,en;q=0.5", "zh-Hant"),
        ("zh-Hant-CN", "zh-Hant"),
        ("zh-MO;q=0.2, en;q=0.1", "zh-Hant"),
        ("zh", "zh-Hans"),
        ("zh-CN,zh-TW;q=0.9", "zh-Hans"),
        ("mn-Mong, zh-Hant;q=0.5, en;q=0.4", "zh-Hant"),
        ("en;q=0.9, zh-Hant;q=0.8", "en"),
        ("zh-Hant;q=0", "zh-Hans"),
        ("*", "zh-Hans"),
    ],
)
def test_accept_language_selects_the_language(client, db, header, language):
    assert client.get(DETAIL, headers={"accept-language": header})["Content-Language"] == language


def test_the_lang_parameter_overrides_accept_language(client, db):
    assert client.get(DETAIL, {"lang": "en"}, headers={"accept-language": "zh-TW"})["Content-Language"] == "en"


def test_english_has_the_english_names_of_terms_and_the_same_codes(client, db):
    chinese, english = client.get(DETAIL).json(), client.get(DETAIL, {"lang": "en"}).json()

    assert english["name"] == "Health management for older people"
    assert english["domain"] == {"code": "NM-05", "name": "Old-age care", "name_en": "Old-age care"}
    assert english["target_groups"][0]["name"] == "People aged 65 and over"
    assert english["lead_department"]["name"] == "Health Commission of Inner Mongolia Autonomous Region"
    assert english["lead_department"]["short_name"] is None
    assert english["content"] == chinese["content"]
    assert english["citations"] == chinese["citations"]
    assert codes(english) == codes(chinese)


def test_every_service_and_term_has_an_english_name(client, db):
    for service in client.get(LIST, {"lang": "en"}).json()["results"]:
        for term in (service, service["domain"], *service["target_groups"], *service["co_departments"]):
            assert term["name"].isascii(), term
    for path in ("domains", "departments", "target-groups", "indicators"):
        for term in client.get(f"/api/v1/{path}/", {"lang": "en"}).json()["results"]:
            assert term["name"].isascii(), term


def test_traditional_chinese_converts_all_text_except_quotes_and_codes(client, db):
    chinese, traditional = client.get(DETAIL).json(), client.get(DETAIL, {"lang": "zh-Hant"}).json()

    assert traditional["domain"]["name"] == "老有所養"
    assert traditional["lead_department"]["name"] == "內蒙古自治區衛生健康委員會"
    assert "體格檢查、輔助檢查和健康指導" in traditional["content"]
    quotes = [[citation["quote"] for citation in answer["citations"]] for answer in (chinese, traditional)]
    assert quotes[0] == quotes[1]
    assert traditional["citations"][0]["source"]["document_number"] == "内政办发〔2021〕70号"
    assert traditional["citations"][0]["source"]["title"].startswith("內蒙古自治區")
    assert codes(traditional) == codes(chinese)


def codes(value: object) -> list:
    """Return every code, slug, label and URL of a response."""
    if isinstance(value, list):
        return [code for item in value for code in codes(item)]
    if not isinstance(value, dict):
        return []
    keys = ("code", "slug", "digest", "url", "field", "fact", "op", "verification", "basis")
    return [value[key] for key in keys if isinstance(value.get(key), str)] + codes(list(value.values()))


def test_facets_are_translated(client, db):
    facets = client.get(LIST, {"facets": "true", "lang": "en"}).json()["facets"]

    assert {term["name"] for term in facets["verification"]} >= {"not verified"}
    assert all(term["name"].isascii() for terms in facets.values() for term in terms)


def test_entitlements_are_converted_to_traditional_characters(client, db):
    body = {"circumstances": {"age": 70}}
    answer = client.post("/api/v1/entitlements/?lang=zh-Hant", body, content_type="application/json")

    assert answer["Content-Language"] == "zh-Hant"
    assert "僅供參考" in answer.json()["disclaimer"]
    child, *_ = (result for result in answer.json()["results"] if result["service"]["code"] == "NM-01-06")
    assert child["service"]["name"] == "兒童健康管理" and "條件" in child["sentence"]


def test_files_are_in_the_requested_language(client, db):
    response = client.get("/api/v1/services.ndjson", {"lang": "zh-Hant", "number": "47"})

    assert response["Content-Language"] == "zh-Hant"
    assert json.loads(b"".join(response.streaming_content))["domain"]["name"] == "老有所養"


def test_translating_leaves_its_argument_unchanged():
    original = {"name": "养老", "name_en": "Old age", "terms": [{"name": "养老", "quote": "养老"}]}

    converted = {"name": "養老", "name_en": "Old age", "terms": [{"name": "養老", "quote": "养老"}]}
    assert translate(original, "zh-Hant") == converted
    assert translate(original, "en") == {**original, "name": "Old age"}
    assert original["name"] == "养老"


@pytest.mark.parametrize(
    ("simplified", "traditional"),
    [
        ("民生发展", "民生發展"),  # not the 生髮 that makes hair grow
        ("足额发放", "足額發放"),
        ("国家安全干预项目", "國家安全干預項目"),
        ("苗，并为儿童", "苗，並為兒童"),
        ("群众在家里", "群眾在家裡"),
        ("合并组建", "合併組建"),
        ("关系、联系、制造", "關係、聯繫、製造"),
        ("后来、皇后", "後來、皇后"),
    ],
)
def test_a_character_with_two_forms_is_converted_by_the_word_it_is_in(simplified, traditional):
    assert chinese_module.traditional(simplified) == traditional
    assert chinese_module.simplified(traditional) == simplified


def test_the_vocabulary_agrees_with_the_traditional_text_of_the_plan():
    if not PLAN.exists():
        pytest.skip("没有 ../shared/seeds：不与规划的繁体文本核对")
    plan = re.sub(r"\s+", "", PLAN.read_text())
    simple = chinese_module.simplified(plan)
    shared = [phrase for phrase in phrases() if phrase in simple]

    differing = [
        phrase for phrase in shared if chinese_module.traditional(phrase).translate(FORMS) not in plan.translate(FORMS)
    ]

    assert len(shared) > 600
    assert [phrase for phrase in differing if "计划" not in phrase] == []


def phrases() -> set[str]:
    """Return the names, headings and clauses of the vocabularies and editions that come from the plan."""
    collected = set()
    for name in ("domains", "indicators", "projects", "target_groups", "departments"):
        for term in json.loads((FIXTURES / "vocabularies" / f"{name}.json").read_text())["terms"]:
            parts = [term, *term.get("tasks", ()), *term.get("projects", ())]
            texts = [part[key] for part in parts for key in ("name", "title", "heading", "text") if key in part]
            collected |= {phrase for text in texts for phrase in re.split("[，。；：、（）]", text)}
    for path in (FIXTURES / "editions").glob("*.json"):
        collected |= {service["name"] for service in json.loads(path.read_text())["services"]}
    return {re.sub(r"\s+", "", phrase) for phrase in collected if len(phrase) > 1}
