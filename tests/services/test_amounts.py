"""The figures of a standard: their shape, the quote that holds them, which is current, and their words."""

import datetime

import pytest

from services.values import amounts, clauses

CITATION = {
    "source": "seed-daily", "locator": "第1条", "quote": "2023年全区城乡低保平均标准达到每人每月840元、670元",
    "verification": "verbatim", "jurisdiction": "inner-mongolia",
}  # fmt: skip


def amount(value: str = "840", **changes: object) -> dict:
    """Return a valid amount, changed."""
    values = {
        "label": "低保城市平均标准", "kind": "average", "value": value, "unit": "元", "currency": "CNY",
        "period": "month", "per": "person", "of_whom": None, "place": None, "valid_from": None, "valid_until": None,
        "as_of": "2023", "citation": CITATION,
    }  # fmt: skip
    return values | changes


def test_a_valid_amount_has_no_fault():
    assert amounts.faults([amount(), amount("670", label="低保农村牧区平均标准"), amount(as_of="2022")]) == []
    assert amounts.faults([]) == []


@pytest.mark.parametrize(
    ("invalid", "words"),
    [
        ({"value": "940"}, "940 不在所引原文之中"),
        ({"value": "84"}, "84 不在所引原文之中"),  # a part of a number is no number
        ({"value": 840}, "写成文字的小数"),
        ({"value": "8.40.0"}, "写成文字的小数"),
        ({"value": "-840"}, "写成文字的小数"),
        ({"citation": CITATION | {"quote": None}}, "quote 应是照录的原文"),
        ({"citation": CITATION | {"verification": "sure"}}, "verification 可用"),
        ({"citation": None}, "citation 应恰好有"),
        ({"kind": "gift"}, "kind 可用"),
        ({"kind": None}, "kind 可用"),
        ({"period": "week"}, "period 可用"),
        ({"per": "dog"}, "per 可用"),
        ({"label": " "}, "label 应是不空的文字"),
        ({"label": None}, "label 应是不空的文字"),
        ({"unit": "%"}, "currency 在单位是“元”时写 CNY"),
        ({"currency": None}, "currency 在单位是“元”时写 CNY"),
        ({"valid_from": "2023-02-30"}, "valid_from 应是日期"),
        ({"valid_until": "2023"}, "valid_until 应是日期"),
        ({"as_of": "23"}, "as_of 应是年份或日期"),
        ({"as_of": 2023}, "as_of 应是年份或日期"),
        ({"as_of": "2023-13"}, "as_of 应是年份或日期"),
        # What no hash table takes as a key, and what no database stores.
        ({"kind": []}, "kind 可用"),
        ({"period": {}}, "period 可用"),
        ({"currency": []}, "currency 在单位是"),
        ({"label": "\ud800"}, "label 应是不空的文字"),
        ({"place": "\0"}, "place 应是不空的文字"),
        ({"citation": CITATION | {"source": None}}, "citation 的 source、locator 应是文字"),
        ({"citation": CITATION | {"locator": []}}, "citation 的 source、locator 应是文字"),
        ({"citation": CITATION | {"quote": "840元\ud800"}}, "quote 应是照录的原文"),
    ],
)
def test_an_invalid_amount_has_a_fault_that_names_it(invalid, words):
    (fault, *_) = amounts.faults([amount(), amount(**invalid)])

    assert fault.startswith("第 2 项：")
    assert words in fault


@pytest.mark.parametrize("value", [None, {}, "840", [[]], [{"label": "少了其余"}], [amount()] * 41])
def test_what_is_no_list_of_amounts_is_refused(value):
    assert amounts.faults(value)


@pytest.mark.parametrize(
    ("quote", "value", "held"),
    [
        ("每人每月840元", "840", True),
        ("每年1,200元", "1200", True),  # a thousands separator
        ("报销比例为百分之七十五", "75", True),
        ("每两年一次", "2", True),
        ("0.55元", "0.55", True),
        ("2020年", "20", False),
        ("", "1", False),
    ],
)
def test_a_quote_holds_a_number_as_a_whole(quote, value, held):
    assert clauses.holds(quote, value) is held


def test_one_label_has_one_figure_at_a_time():
    (fault,) = amounts.faults([amount(), amount("670", of_whom="农村")])

    assert fault == "“低保城市平均标准”在同一时间（2023）有 2 个数；请用不同的标签。"


ON = datetime.date(2026, 11, 29)


@pytest.mark.parametrize(
    ("series", "current"),
    [
        ([amount(as_of="2022"), amount(as_of="2023")], ["2023"]),  # the newer figure replaces the older one
        ([amount(valid_until="2026-11-28")], []),  # over since yesterday
        ([amount(valid_until="2026-11-29")], ["2023"]),  # the last day counts
        ([amount(valid_from="2026-11-29", as_of="2026"), amount()], ["2026"]),  # the first day counts
        ([amount(valid_from="2026-11-30", as_of="2026"), amount()], ["2023"]),  # not yet
        ([amount(), amount(label="另一个", as_of="2019")], ["2023", "2019"]),  # each label has its own
    ],
)
def test_an_amount_is_current_until_it_ends_or_a_newer_one_of_its_label_begins(series, current):
    answered = amounts.with_current(series, ON)

    assert [item["as_of"] for item in answered if item["current"]] == current
    assert len(answered) == len(series)


def test_the_current_amount_comes_before_its_history():
    series = [amount(as_of="2020"), amount(as_of="2023"), amount(as_of="2022")]

    assert [item["as_of"] for item in amounts.with_current(series, ON)] == ["2023", "2022", "2020"]


def test_an_amount_in_words_says_what_it_is():
    ended = amount(valid_until="2024-06-30", of_whom="城市低保对象")

    assert amounts.amount_text(ended) == "低保城市平均标准：每人每月840元（平均数，城市低保对象，至2024-06-30止，2023）"
    assert amounts.amount_text({**ended, "current": False}).endswith("，不是现行的）")
