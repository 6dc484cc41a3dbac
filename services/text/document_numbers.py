"""Document numbers (文号) in the form of official documents, 内民政发〔2026〕18号, and compared. Pure: no database."""

import re
import unicodedata

from services.text.characters import fold_radicals, without_ignorable
from services.text.chinese import simplified

OPENING, CLOSING = r"[\[【〔「〖(]", r"[\]】〕」〗)]"
NUMBER = re.compile(rf"(.*?){OPENING}([0-9]{{4}})年?{CLOSING}(第?)([0-9]+)[号號]?")


def normal(number: str) -> str:
    """Return a number as official documents write it: 〔〕 around the year, half-width digits, no blanks, 号.

    Another kind of number (国务院令第713号, GB/T 43153—2023) is returned as it is, without outer blanks.
    """
    folded = "".join(unicodedata.normalize("NFKC", without_ignorable(fold_radicals(number))).split())
    match = NUMBER.fullmatch(folded)
    return f"{match[1]}〔{match[2]}〕{match[3]}{int(match[4])}号" if match else number.strip()


def key(number: str) -> str:
    """Return what two ways to write one number have in common."""
    folded = "".join(unicodedata.normalize("NFKC", normal(number)).split())
    return simplified(folded).replace("〕第", "〕").casefold()
