"""The search index: queries match in any script, form or word order. Pure, without the database."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.search import Index, Text, fold, split_query
from services.text import chinese

SERVICES = {
    "NM-05-01": [
        Text("code", "NM-05-01"),
        Text("number", "47"),
        Text("name", "老年人健康管理"),
        Text("name_en", "Health management for older people"),
        Text("target_group_text", "辖区内65岁及以上常住居民"),
        Text("content", "每年提供1次健康管理服务，包括生活方式和健康状况评估、体格检查、辅助检查和健康指导。"),
    ],
    "NM-05-03": [
        Text("code", "NM-05-03"),
        Text("number", "49"),
        Text("name", "职工基本养老保险"),
        Text("synonym", "养老金"),
        Text("content", "按月发给基本养老金。"),
    ],
    "NM-05-04": [
        Text("code", "NM-05-04"),
        Text("number", "50"),
        Text("name", "城乡居民基本养老保险"),
        Text("synonym", "养老金", place=1),
        Text("target_group_text", "年满16周岁的城乡居民"),
    ],
    "NM-07-01": [
        Text("code", "NM-07-01"),
        Text("number", "58"),
        Text("name", "最低生活保障"),
        Text("synonym", "低保"),
        Text("content", "按月发放最低生活保障金。"),
        Text("legal_basis", "内政办发〔2021〕70号"),
    ],
}
INDEX = Index(SERVICES)


def found(query: str) -> list[str]:
    return [result.code for result in INDEX.search(query)]


def why(query: str) -> tuple[str, str, str]:
    match = INDEX.search(query)[0].matches[0]
    return match.field, match.how, match.text


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("養老", "养老"),
        ("ＮＭ－０５－０１", "nm 05 01"),
        ("Health  Management", "health management"),
        ("内政办发〔2021〕70号", "内政办发 2021 70号"),
        ("yǎng lǎo", "yang lao"),
        ("lǚ LÜ", "lv lv"),
        ("①㎡", "1m2"),
        ("  ，。！", ""),
    ],
)
def test_text_is_folded(typed, folded):
    assert fold(typed) == folded


@pytest.mark.parametrize(
    ("query", "parts"),
    [
        ("老人 体检", ["老人", "体检"]),
        ("yanglao保险", ["yanglao", "保险"]),
        ("65岁以上", ["65岁以上"]),
        ("老人，老人", ["老人"]),
        ("NM-05-01", ["nm", "05", "01"]),
        ("", []),
    ],
)
def test_a_query_is_split_into_parts(query, parts):
    assert split_query(query) == parts


@pytest.mark.parametrize(
    ("query", "field", "how", "text"),
    [
        ("NM-05-01", "code", "exact", "NM-05-01"),
        ("nm0501", "code", "exact", "NM-05-01"),
        ("ＮＭ－０５－０１", "code", "exact", "NM-05-01"),
        ("NM-07", "code", "prefix", "NM-07-01"),
        ("47", "number", "exact", "47"),
        ("最低生活保障", "name", "exact", "最低生活保障"),
        ("老年人", "name", "prefix", "老年人健康管理"),
        ("養老", "name", "inside", "职工基本养老保险"),
        ("低", "name", "inside", "最低生活保障"),
        ("health", "name_en", "prefix", "Health management for older people"),
        ("management", "name_en", "inside", "Health management for older people"),
        ("older people", "name_en", "inside", "Health management for older people"),
        ("低保", "synonym", "exact", "低保"),
        ("zuidishenghuobaozhang", "name", "pinyin", "最低生活保障"),
        ("yanglao", "name", "pinyin", "职工基本养老保险"),
        ("yang lao bao xian", "name", "pinyin", "职工基本养老保险"),
        ("yanglaob", "name", "pinyin", "职工基本养老保险"),  # an incomplete query
        ("dibao", "synonym", "pinyin", "低保"),
        ("zdshbz", "name", "initials", "最低生活保障"),
        ("ylbx", "name", "initials", "职工基本养老保险"),
        ("65岁", "target_group_text", "inside", "辖区内65岁及以上常住居民"),
        ("体格检查", "content", "inside", SERVICES["NM-05-01"][-1].text),
        ("70号", "legal_basis", "inside", "内政办发〔2021〕70号"),
        ("内政办发[2021]70号", "legal_basis", "exact", "内政办发〔2021〕70号"),
        ("低保怎么申请", "synonym", "contained", "低保"),
        ("老人做健康检查", "name", "partial", "老年人健康管理"),
    ],
)
def test_a_match_has_its_field_kind_and_text(query, field, how, text):
    assert why(query) == (field, how, text)


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("养老", ["NM-05-03", "NM-05-04"]),  # in the order of the index if equally relevant
        ("养老金", ["NM-05-03", "NM-05-04"]),  # the service that the synonym stands for first
        ("老年人 检查", ["NM-05-01"]),  # every part matches
        ("老年人 低保", ["NM-07-01", "NM-05-01"]),  # no service matches both: each by its own match
        ("月", ["NM-05-03", "NM-07-01"]),
        ("anglao", []),  # not within a syllable
        ("ealth", []),  # nor within a word
        ("5", []),  # nor within a number
        ("021", []),
        ("量子力学", []),
        ("，。", []),
    ],
)
def test_a_query_finds_services_in_order(query, codes):
    assert found(query) == codes


def test_a_name_ranks_before_a_synonym_a_target_group_and_content():
    texts = {"content": "各类护理", "target_group_text": "护理对象", "synonym": "护理", "name": "失能老人护理补贴"}
    index = Index({field: [Text(field, text)] for field, text in texts.items()})

    assert [result.code for result in index.search("护理")] == ["name", "synonym", "target_group_text", "content"]


def test_an_exact_match_ranks_before_a_prefix_and_a_prefix_before_a_substring():
    index = Index({name: [Text("name", name)] for name in ("农村危房改造", "危房改造补助", "危房改造")})

    assert [result.code for result in index.search("危房改造")] == ["危房改造", "危房改造补助", "农村危房改造"]


def test_a_long_text_is_cut_around_the_match():
    (match,) = Index({"x": [Text("content", f"{'前' * 60}体检{'后' * 60}")]}).search("体检")[0].matches

    assert match.text == f"…{'前' * 16}体检{'后' * 16}…"


@pytest.mark.parametrize(
    ("word", "read"),
    [
        ("重度残疾", "zhong du can ji"),
        ("预防接种", "yu fang jie zhong"),
        ("人民调解", "ren min tiao jie"),
        ("儿童参加", "er tong can jia"),
        ("供养", "gong yang"),
        ("参战", "can zhan"),
    ],
)
def test_a_character_is_read_by_its_word(word, read):
    assert " ".join(chinese.syllables(word)) == read


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=60) | st.text(alphabet="养老保险低保残疾 yanglao-05，", max_size=40))
def test_no_query_raises_an_error(query):
    for result in INDEX.search(query):
        assert result.code in SERVICES
        assert result.matches
