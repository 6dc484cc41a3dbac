"""Whether a value stands in the quotes it rests on. Pure: no database, no request, no clock."""

import re
import unicodedata
from collections.abc import Iterable

from services.chinese import simplified

# The marks between the parts of a value; each part is looked for on its own.
PART_SEPARATOR = re.compile(r"[，；。\n]")
NUMBER = re.compile(r"\d+(?:\.\d+)?")
THOUSANDS_SEPARATOR = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
# A range is written with many kinds of dash.
DASH = re.compile("[‐‑‒–—―−~～-]+")
HAN_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
HAN_UNITS = {"十": 10, "百": 100, "千": 1000}
HAN_NUMBER = re.compile(f"[{''.join(HAN_DIGITS)}{''.join(HAN_UNITS)}]+")
# The year of a date is read as a span as well, of so many months that no rule asks for them.
YEARS = re.compile(rf"(?<![\d.])(\d+|{HAN_NUMBER.pattern})年")


def fold(text: str) -> str:
    """Return a text as it is compared: Simplified, half-width, one kind of dash, no blanks."""
    plain = simplified("".join(unicodedata.normalize("NFKC", text).split()))
    return THOUSANDS_SEPARATOR.sub("", DASH.sub("-", plain))


def numbers(text: str) -> set[str]:
    """Return the numbers of a text in figures, those written in Chinese (八十, 二十四) among them."""
    folded = fold(text)
    return set(NUMBER.findall(folded)) | {str(_han_number(word)) for word in HAN_NUMBER.findall(folded)}


def months(text: str) -> set[str]:
    """Return the spans of a text in months that are told in years (满一年, 5年) or as 半年."""
    folded = fold(text)
    years = [int(years) if years.isdigit() else _han_number(years) for years in YEARS.findall(folded)]
    return {str(12 * number) for number in years} | ({"6"} if "半年" in folded else set())


def unsupported(value: str, quotes: Iterable[str]) -> list[str]:
    """Return the parts of a value, between ，；and 。, that stand in none of the quotes, and its numbers that do not.

    A number counts as a whole: 20 does not stand in 2021.
    """
    texts = list(quotes)
    folded = [fold(quote) for quote in texts]
    parts = [part.strip() for part in PART_SEPARATOR.split(value) if part.strip()]
    missing = [part for part in parts if not any(fold(part) in quote for quote in folded)]
    known = set().union(*map(numbers, texts))
    loose = [number for number in NUMBER.findall(fold(value)) if number not in known]
    return missing + [number for number in dict.fromkeys(loose) if not any(number in part for part in missing)]


def _han_number(word: str) -> int:
    """Return the value of a Chinese numeral below ten thousand: 二十四 is 24, 一〇 read digit by digit is 10."""
    if not any(character in HAN_UNITS for character in word):
        return int("".join(str(HAN_DIGITS[character]) for character in word))
    total = digit = 0
    for character in word:
        if character in HAN_DIGITS:
            digit = HAN_DIGITS[character]
        else:
            total += (digit or 1) * HAN_UNITS[character]
            digit = 0
    return total + digit
