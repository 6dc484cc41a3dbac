"""Checks that a value occurs in the quotes of its citations. Pure: no database, no request, no clock."""

import re
import unicodedata
from collections.abc import Iterable

from services.characters import fold_radicals, without_ignorable
from services.chinese import simplified

# The marks between the parts of a value; each part is searched separately.
PART_SEPARATOR = re.compile(r"[，；。\n]")
NUMBER = re.compile(r"\d+(?:\.\d+)?")
THOUSANDS_SEPARATOR = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
# The dashes and tildes that occur in ranges.
DASH = re.compile("[‐‑‒–—―−~～-]+")
HAN_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
HAN_UNITS = {"十": 10, "百": 100, "千": 1000}
HAN_NUMBER = re.compile(f"[{''.join(HAN_DIGITS)}{''.join(HAN_UNITS)}]+")
# Also matches the year of a date; as a span it has more months than any rule asks for.
YEARS = re.compile(rf"(?<![\d.])(\d+|{HAN_NUMBER.pattern})年")


def fold(text: str) -> str:
    """Normalise a text for comparison: Simplified, half-width, one kind of dash, no blanks or thousands separators."""
    visible = without_ignorable(fold_radicals(text))
    normalised = simplified("".join(unicodedata.normalize("NFKC", visible).split()))
    return THOUSANDS_SEPARATOR.sub("", DASH.sub("-", normalised))


def numbers(text: str) -> set[str]:
    """Return the numbers in a text as figures, including those written in Chinese (八十, 二十四)."""
    folded = fold(text)
    return set(NUMBER.findall(folded)) | {str(_han_number(word)) for word in HAN_NUMBER.findall(folded)}


def months(text: str) -> set[str]:
    """Return the spans that a text states in years (满一年, 5年) or as 半年, in months as figures."""
    folded = fold(text)
    year_counts = [
        int(year_counts) if year_counts.isdigit() else _han_number(year_counts) for year_counts in YEARS.findall(folded)
    ]
    return {str(12 * number) for number in year_counts} | ({"6"} if "半年" in folded else set())


def unsupported_parts(value: str, quotes: Iterable[str]) -> list[str]:
    """Return the parts of a value (between ，；and 。) that occur in no quote, and its other numbers that do not.

    Numbers are compared as a whole: 20 does not occur in 2021.
    """
    quote_texts = list(quotes)
    folded_quotes = [fold(quote) for quote in quote_texts]
    parts = [part.strip() for part in PART_SEPARATOR.split(value) if part.strip()]
    missing = [part for part in parts if not any(fold(part) in quote for quote in folded_quotes)]
    quoted_numbers = set().union(*map(numbers, quote_texts))
    missing_numbers = [number for number in NUMBER.findall(fold(value)) if number not in quoted_numbers]
    return missing + [
        number for number in dict.fromkeys(missing_numbers) if not any(number in part for part in missing)
    ]


def _han_number(numeral: str) -> int:
    """Return the value of a Chinese numeral below ten thousand: 二十四 is 24; 一〇 (digits without units) is 10."""
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
