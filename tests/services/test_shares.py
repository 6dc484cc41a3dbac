"""Who pays, as shares: their shape, the quote that holds each percentage, and their words."""

import pytest

from services.values import shares

CITATION = {
    "source": "web-fin6-tier", "locator": "正文", "quote": "自治区按照30%、50%和70%的比例补助,中央分担80%、百分之十",
    "verification": "secondary", "jurisdiction": "national",
}  # fmt: skip


def share(percent: str = "80", **changes: object) -> dict:
    """Return a valid share, changed."""
    return {"level": "centre", "percent": percent, "of_whom": None, "citation": CITATION} | changes


@pytest.mark.parametrize(
    "valid",
    [
        [],
        [share()],
        [share(), share("10", level="region")],  # the rest is not given
        [share("30", of_whom="一类地区"), share("70", of_whom="三类地区")],  # one level, two costs
        [share("30"), share("70", level="region")],  # 100 exactly
        [share("80.0")],
    ],
    ids=["none", "one", "rest", "costs", "all", "decimal"],
)
def test_valid_shares_have_no_fault(valid):
    assert shares.faults(valid) == []


@pytest.mark.parametrize(
    ("invalid", "words"),
    [
        ({"percent": "20"}, "20 不在所引原文之中"),
        ({"percent": "8"}, "8 不在所引原文之中"),  # a part of a number is no number
        ({"percent": 80}, "percent 应是写成文字的小数"),
        ({"percent": "80%"}, "percent 应是写成文字的小数"),
        ({"percent": "-80"}, "percent 应是写成文字的小数"),
        ({"percent": None}, "percent 应是写成文字的小数"),
        ({"percent": "0"}, "percent 应大于 0，不大于 100"),
        ({"percent": "100.1"}, "percent 应大于 0，不大于 100"),
        ({"level": "county"}, "level 可用：centre、region、league、banner"),
        ({"level": None}, "level 可用"),
        ({"level": []}, "level 可用"),  # no hash table takes it as a key
        ({"of_whom": " "}, "of_whom 应是不空的文字"),
        ({"of_whom": "\ud800"}, "of_whom 应是不空的文字"),  # no database stores it
        ({"citation": None}, "citation 应恰好有"),
        ({"citation": CITATION | {"quote": None}}, "quote 应是照录的原文"),
        ({"citation": CITATION | {"verification": "sure"}}, "verification 可用"),
    ],
)
def test_an_invalid_share_has_a_fault_that_names_it(invalid, words):
    (fault, *_) = shares.faults([share(of_whom="另一笔"), share(**invalid)])

    assert fault.startswith("第 2 项：")
    assert words in fault


@pytest.mark.parametrize("value", [None, {}, "80", [[]], [{"level": "centre"}], [share()] * 41])
def test_what_is_no_list_of_shares_is_refused(value):
    assert shares.faults(value)


def test_one_level_has_one_share_of_a_cost():
    assert shares.faults([share("30"), share("50")]) == [
        "“整个项目”中中央有 2 个比例；请分别写明是哪一部分的钱（of_whom）。"
    ]


def test_the_shares_of_a_cost_are_at_most_a_hundred():
    together = [share("80", of_whom="补助"), share("30", level="region", of_whom="补助")]

    assert shares.faults(together) == ["“补助”的各级比例合计 110%，超过 100%。"]


def test_a_share_in_words_says_who_pays_how_much_of_what():
    assert shares.share_text(share()) == "中央负担80%"
    assert shares.share_text(share("30", level="region", of_whom="一类地区")) == "自治区负担30%（一类地区）"
