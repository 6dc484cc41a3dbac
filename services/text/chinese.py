"""Converts Chinese between Simplified and Traditional (OpenCC) and into pinyin (pypinyin).

Both dictionaries are large (OpenCC's towards Traditional 26 MB, pypinyin's 55 MB), so each is loaded on first use, and
the pinyin of texts in the committed files is read from ``fixtures/pinyin.json``.
"""

import gc
import json
import re
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path

from opencc import OpenCC

# OpenCC matches the longest word in its dictionary, and so finds 生发 (hair growing) in 民生/发展 and 全干 (bone dry)
# in 安全/干预. A character that occurs in no text separates these words.
BREAK_MARK = "\ue000"
WORD_BREAKS = re.compile("(?=发放|发展|干预)|(?<=并)(?=为|合理)")

# Words that pypinyin reads wrongly, with their correct readings and tones.
PRONUNCIATIONS = {"调档": [["diào"], ["dàng"]], "调档案": [["diào"], ["dàng"], ["àn"]]}

# The pinyin of the names in the committed editions and of the synonyms; ``manage.py build_pinyin`` writes the file.
READINGS = Path(__file__).parent.parent.parent / "fixtures" / "pinyin.json"


@cache
def _converter(name: str) -> OpenCC:
    return OpenCC(name)


def simplified(text: str) -> str:
    """Convert Traditional characters to Simplified (OpenCC t2s)."""
    return _converter("t2s").convert(text)


def traditional(text: str) -> str:
    """Convert Simplified characters to Traditional as readers write it (OpenCC s2tw: 群, 為, 裡, not 羣, 爲, 裏).

    Only the forms of characters are Taiwan's, not the words; the length stays the same.
    """
    return _converter("s2tw").convert(WORD_BREAKS.sub(BREAK_MARK, text)).replace(BREAK_MARK, "")


@cache
def _dictionary() -> Callable[..., list[str]]:
    import pypinyin

    pypinyin.load_phrases_dict(PRONUNCIATIONS)
    # Freeze: the dictionary lives as long as the process, and each full garbage collection would scan it for 80 ms.
    gc.collect()
    gc.freeze()
    return partial(pypinyin.lazy_pinyin, style=pypinyin.Style.NORMAL, errors="ignore")


@cache
def _readings() -> Mapping[str, str]:
    return json.loads(READINGS.read_text(encoding="utf-8"))["readings"]


def syllables(text: str) -> list[str]:
    """Return the pinyin of each Chinese character of a text, without tones (ü is v); other characters are left out.

    Texts of the committed editions and synonyms are looked up in ``READINGS``, others in pypinyin's dictionary.
    """
    reading = _readings().get(text)
    return dictionary_syllables(text) if reading is None else reading.split()


def dictionary_syllables(text: str) -> list[str]:
    """Return the same as ``syllables()``, always from pypinyin's dictionary, which then keeps 55 MB in memory.

    A character with several readings is read by the word it is part of (种: ``jie zhong`` in 接种).
    """
    return _dictionary()(text)
