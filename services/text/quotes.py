"""Checks that a value occurs in the quotes of its citations. Pure: no database, no request, no clock.

A figure is a number with its order of magnitude and what makes it another number: a share in per cent, the month or the
day of a date. The unit of money or of things is no part of it, because tables give it once, in their head.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

from services.text.characters import fold_radicals, without_ignorable
from services.text.chinese import simplified

# The marks between the parts of a value; each part is searched separately.
PART_SEPARATOR = re.compile(r"[，；。\n]")
# What a quote leaves out.
OMISSION = re.compile(r"[…⋯]+|[.．]{3,}|。{3,}")
DIGITS = r"\d+(?:\.\d+)?"
NUMBER = re.compile(DIGITS)
THOUSANDS_SEPARATOR = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
# The dashes and tildes that occur in ranges.
DASH = re.compile("[‐‑‒–—―−~～-]+")
HAN_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
HAN_UNITS = {"十": 10, "百": 100, "千": 1000}
SCALES = HAN_UNITS | {"万": 10_000, "亿": 100_000_000}
_HAN = f"[{''.join(HAN_DIGITS)}{''.join(HAN_UNITS)}]"
HAN_NUMBER = re.compile(f"{_HAN}+(?:[万亿]{_HAN}*)*")
# Also matches the year of a date; as a span it has more months than any rule asks for.
YEARS = re.compile(rf"(?<![\d.])(\d+|{HAN_NUMBER.pattern})年")

# A number with its magnitude (3万, 5千, but no 千克) and its kind: per cent, per mille, month or day of a date.
TOKEN = re.compile(
    rf"(?P<number>{DIGITS}|{HAN_NUMBER.pattern})(?P<scale>[百千](?![克米瓦分])|[万亿]+)?(?P<kind>[%‰日号]|月(?!龄))?"
)
PER_HUNDRED = re.compile(
    rf"(?P<base>[百千])分之(?P<low>{DIGITS}|{_HAN}+)(?:(?P<to>[-至到])(?P<high>{DIGITS}|{_HAN}+))?"
)
# 2027-01-01, 2027.1.1, 2027/1/1 and 2027-01 are dates as 2027年1月1日 is.
DATE = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d\d)(?P<mark>[-./])(?P<month>0?[1-9]|1[0-2])(?P=mark)(?P<day>0?[1-9]|[12]\d|3[01])(?![\d.])"
)
MONTH = re.compile(r"(?<!\d)(?P<year>(?:19|20)\d\d)-(?P<month>0[1-9]|1[0-2])(?!\d)")
RANGE = {"-", "至", "到"}
# The number of an item of a list is no figure.
ITEM_NUMBER = re.compile(
    rf"(?:^|(?<=[\n。；;：:]))\s*(?:[①-⑳]|[（(](?:\d{{1,2}}|{_HAN}+)[）)]|(?:\d{{1,2}}|{_HAN}+)[、.．](?!\d))"
)
# White space and a full-width comma separate numbers (840，670元), unless they group the digits of one.
GROUPED_DIGITS = re.compile(r"(?<![\d.])\d{1,3}(?:[ \u00a0\u2009\u202f]\d{3})+(?![\d.])")
BETWEEN_NUMBERS = re.compile(r"(?<=\d)\s+(?=\d)|(?<=[0-9])，(?=[0-9])")
# What makes one Chinese character a number: 五日 is one, 五保 and 统一 are not.
MEASURE = re.compile(
    "元|角|年|月|日|号|天|周|岁|次|人|名|户|倍|成|级|档|个月|个工作日|个自然日|个学|小时|学时|课时|分钟|公里|平方米|米|公斤|斤|升|吨"
)


class Figure(NamedTuple):
    """A figure of a text: its value, its kind (``%``, ``‰``, ``月``, ``日`` or none), and how it is written."""

    value: Decimal
    kind: str
    text: str

    @property
    def key(self) -> tuple[Decimal, str]:
        return self.value, self.kind


def fold(text: str) -> str:
    """Normalise a text for comparison: Simplified, half-width, one kind of dash, no blanks or thousands separators."""
    visible = without_ignorable(fold_radicals(text))
    normalised = simplified("".join(unicodedata.normalize("NFKC", visible).split()))
    return THOUSANDS_SEPARATOR.sub("", DASH.sub("-", normalised))


def numbers(text: str) -> set[str]:
    """Return the numbers in a text in digits, those in Chinese (八十) included; of 5万, 5 and 50000."""
    folded = fold(text)
    return set(NUMBER.findall(folded)) | {f"{figure.value:f}" for figure in _figures(folded)}


def months(text: str) -> set[str]:
    """Return the spans that a text states in years (满一年, 5年) or as 半年, in months as figures."""
    folded = fold(text)
    year_counts = [
        int(year_counts) if year_counts.isdigit() else _han_number(year_counts) for year_counts in YEARS.findall(folded)
    ]
    return {str(12 * number) for number in year_counts} | ({"6"} if "半年" in folded else set())


def unquoted_figures(value: str, quotes: Iterable[str]) -> list[str]:
    """Return the figures of a value that stand in none of the quotes, as written, in order, without duplicates.

    Figures are compared by value, whatever their notation: 八百元, ８００元, 800元 are one. 20 is not in 2021, nor
    25日 in 25元 or 5万 in 5.
    """
    held = {figure.key for quote in quotes for text in (quote, _separated(quote)) for figure in _figures(fold(text))}
    folded = fold(_separated(ITEM_NUMBER.sub("", value)))
    missing = {figure.key: figure.text for figure in _figures(folded, stated=True) if figure.key not in held}
    return list(dict.fromkeys(missing.values()))


def unsupported_parts(value: str, quotes: Iterable[str]) -> list[str]:
    """Return the parts of a value (between ，；and 。) that occur in no quote, and its other figures that do not.

    Figures are compared as ``unquoted_figures()`` does.
    """
    quote_texts = list(quotes)
    folded_quotes = [fold(quote) for quote in quote_texts]
    parts = [part.strip() for part in PART_SEPARATOR.split(value) if part.strip()]
    missing = [part for part in parts if not any(fold(part) in quote for quote in folded_quotes)]
    folded_missing = [fold(part) for part in missing]
    figures = unquoted_figures(value, quote_texts)
    return missing + [figure for figure in figures if not any(figure in part for part in folded_missing)]


def parts_not_in(quote: str, folded_text: str) -> list[str]:
    """Return the parts of a quote (between ……) that do not occur in a folded text, one after the other."""
    missing, position = [], 0
    for part in OMISSION.split(quote):
        folded = fold(part)
        place = folded_text.find(folded, position)
        if place < 0:
            missing.append(part.strip())
        else:
            position = place + len(folded)
    return missing


def _separated(text: str) -> str:
    """Return a text with a mark between numbers that only a blank or a full-width comma keeps apart."""
    joined = GROUPED_DIGITS.sub(lambda match: "".join(match[0].split()), text)
    return BETWEEN_NUMBERS.sub("、", joined)


def _figures(folded: str, *, stated: bool = False) -> Iterator[Figure]:
    """Yield the figures of a folded text.

    ``stated``: of a value, where one Chinese character is a figure before a measure only; in a quote any may be one.
    """
    folded = PER_HUNDRED.sub(_as_per_cent, MONTH.sub(_as_date, DATE.sub(_as_date, folded)))
    tokens = list(TOKEN.finditer(folded))
    for index, token in enumerate(tokens):
        if stated and not _is_stated(token):
            continue
        scale, kind = token["scale"], token["kind"]
        following = tokens[index + 1] if index + 1 < len(tokens) else None
        # 5至8万元 are 50000 to 80000, 60-80% are two shares.
        if following and folded[token.end() : following.start()] in RANGE:
            kind = kind or (None if scale else following["kind"])
            scale = scale or (None if token["kind"] else following["scale"])
        value = Decimal(token["number"]) if token["number"][0].isdecimal() else Decimal(_han_number(token["number"]))
        for unit in scale or "":
            value *= SCALES[unit]
        yield Figure(value.normalize(), {"号": "日"}.get(kind, kind or ""), token[0])


def _is_stated(token: re.Match) -> bool:
    number, text = token["number"], token.string
    if number[0].isdecimal():
        return True
    if text[: token.start()].endswith("第") or not set(number) & {*HAN_DIGITS, "十"}:
        return False
    is_composed = len(number) > 1 and bool(set(number) & set(SCALES))
    return is_composed or bool(token["kind"] == "%" or MEASURE.match(text, token.end("number")))


def _as_date(match: re.Match) -> str:
    parts = match.groupdict()
    return f"{parts['year']}年{int(parts['month'])}月" + (f"{int(parts['day'])}日" if "day" in parts else "")


def _as_per_cent(match: re.Match) -> str:
    sign = {"百": "%", "千": "‰"}[match["base"]]
    return f"{match['low']}{sign}" + (f"-{match['high']}{sign}" if match["high"] else "")


def _han_number(numeral: str) -> int:
    """Return the value of a Chinese numeral: 二十四 is 24, 三万五千 is 35000; 一〇 (digits without units) is 10."""
    for scale in "亿万":
        if scale in numeral:
            high, _, low = numeral.rpartition(scale)
            return _han_number(high) * SCALES[scale] + (_han_number(low) if low else 0)
    if not any(character in HAN_UNITS for character in numeral):
        return int("".join(str(HAN_DIGITS[character]) for character in numeral))
    total = digit = 0
    for character in numeral:
        if character in HAN_DIGITS:
            digit = HAN_DIGITS[character]
        else:
            total += (digit or 1) * HAN_UNITS[character]
            digit = 0
    return total + digit
