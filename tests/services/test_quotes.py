"""Checking values against quotes: by part and by number, in any notation."""

import pytest

from services.text import quotes


@pytest.mark.parametrize(
    ("value", "quotes_given", "missing"),
    [
        ("每人每月840元", ["城市每人每月840元"], []),
        ("每人每月840元；农村牧区670元", ["城市每人每月840元", "农村牧区670元"], []),  # each part is in a quote
        ("每人每月840元，农村牧区670元。", ["城市每人每月840元"], ["农村牧区670元"]),
        (
            "标准每人每月840元",
            ["标准为每人每月840元"],
            ["标准每人每月840元"],
        ),  # parts are compared as a whole, not word by word
        ("65岁及以上", ["6 5 岁\n及以上"], []),  # blanks are ignored
        ("0—6岁", ["0~6岁"], []),  # kinds of dash are ignored
        ("養老", ["养老"], []),  # the script is ignored
        ("2,210元", ["2210元"], []),  # thousands separators are ignored
        ("20元", ["2021年120元"], ["20"]),  # occurs as a substring, but not as a number
        ("每年１次", ["每年1次"], []),  # full-width
        ("", ["什么都有"], []),
        ("没有引文", [], ["没有引文"]),
    ],
)
def test_the_unsupported_parts_of_a_value_are_listed(value, quotes_given, missing):
    assert quotes.unsupported_parts(value, quotes_given) == missing


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("六十五周岁", {"65"}),
        ("十六周岁、八十周岁以上", {"16", "80"}),
        ("一百二十元", {"120"}),
        ("第一百零三条", {"103"}),
        ("二〇二五年", {"2025"}),
        ("1.5小时", {"1.5"}),
        ("累计缴费满两年", {"2"}),
        ("5万元", {"5", "50000"}),  # an amount may be 5 of 万元
        ("五万元", {"50000"}),
        ("老年人", set()),
    ],
)
def test_numbers_are_read_in_figures_and_in_chinese(text, found):
    assert quotes.numbers(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("居住半年以上", {"6"}),
        ("缴费满一年不足五年", {"12", "60"}),
        ("累计缴费满15年", {"180"}),
        ("每年2次，第六条", set()),  # numbers, but not of years
        ("1.5年", set()),
    ],
)
def test_spans_of_years_are_read_as_months(text, found):
    assert quotes.months(text) == found


@pytest.mark.parametrize(
    ("value", "quote", "missing"),
    [
        ("每人每月800元", "由每人每月780元提高到790元", ["800"]),
        ("每人每月八百元", "每人每月800元", []),
        ("每人每月800元", "每人每月八百元", []),
        ("每人每月八百元", "每人每月790元", ["八百"]),
        ("８００元", "800元", []),  # full-width
        ("1,920元", "1920元", []),
        ("1 920元", "1920元", []),
        ("１，９２０元", "1920元", []),
        ("840元和670元", "分别为840，670元", []),  # a comma between two numbers, not in one
        ("840，670元", "840元、670元", []),
        ("3万元", "30000元", []),
        ("三万五千元", "35000元", []),
        ("1.5亿元", "15000万元", []),
        ("3万元", "3元", ["3万"]),
        ("3千克", "3公斤", []),  # a weight, not a thousand
        ("5至8万元", "50000元到80000元", []),  # the magnitude of a range
        ("60-80%", "百分之六十至八十", []),
        ("75%", "百分之七十五", []),
        ("75%", "75元", ["75%"]),
        ("2.5‰", "千分之2.5", []),
        ("0—6岁", "0~6岁儿童", []),
        ("每月25日前", "每月二十五日前", []),
        ("每月25号前", "每月25日前", []),
        ("每月25日前", "每月25元", ["25日"]),
        ("二十五日内", "20日内", ["二十五日"]),
        ("2027-01-01起", "自2027年1月1日起", []),
        ("2027年1月1日起", "2027.1.1", []),
        ("2027年1月1日起", "2027年", ["1月", "1日"]),
        ("2026-07", "2026年7月", []),
        ("12个月", "12月", ["12"]),
        ("满6月龄", "满6个月", []),
        ("20元", "2021年120元", ["20"]),
        ("每年一次", "每年两次", ["一"]),
        ("一级残疾", "二级残疾", ["一"]),
        ("五保供养，统一办理，一人一档", "一人一档", []),  # words, not numbers
        ("百日咳疫苗，第三条，十分困难", "", []),
        ("1.体检；\n2、健康指导。", "体检和健康指导", []),  # the numbers of the items of a list
        ("（一）体检；（二）三次", "二次", ["三"]),
        ("每月1000元。\n2027", "每月1000元", ["2027"]),  # a line ends a number
        ("9 日", "9日", []),
        ("每人每月800元，800元", "", ["800"]),  # once each
    ],
)
def test_the_figures_of_a_value_that_its_quotes_lack_are_listed(value, quote, missing):
    assert quotes.unquoted_figures(value, [quote]) == missing


def test_a_figure_may_stand_in_any_of_the_quotes():
    assert quotes.unquoted_figures("城市840元，农村牧区670元", ["城市840元", "农村670元"]) == []
    assert quotes.unquoted_figures("840元", []) == ["840"]
