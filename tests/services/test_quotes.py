"""Checking values against quotes: by part and by number, in any notation."""

import pytest

from services import quotes


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
