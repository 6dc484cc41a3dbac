"""Chinese in its two scripts and in Latin letters: OpenCC converts characters, pypinyin reads them.

Both dictionaries are large (OpenCC's towards Traditional 26 MB, pypinyin's 55 MB), so each is loaded when it is first
needed, and what the committed files say is read in ``fixtures/pinyin.json``. Keeps out what is searched or answered.
"""

import gc
import json
import re
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path

from opencc import OpenCC

# OpenCC takes the longest word it knows, and so reads 民生/发展 as 生发 (hair growing) and 安全/干预 as 全干 (bone
# dry). A mark that no text holds keeps the words of the list apart.
BREAK_MARK = "\ue000"
WORD_BREAKS = re.compile("(?=发放|发展|干预)|(?<=并)(?=为|合理)")

# Words that pypinyin reads otherwise, with their tones.
PRONUNCIATIONS = {"调档": [["diào"], ["dàng"]], "调档案": [["diào"], ["dàng"], ["àn"]]}

# How the names of the committed editions and the synonyms are read; ``manage.py build_pinyin`` writes it.
READINGS = Path(__file__).parent.parent / "fixtures" / "pinyin.json"


@cache
def _converter(name: str) -> OpenCC:
    return OpenCC(name)


def simplified(text: str) -> str:
    """Return a text with Traditional characters as Simplified ones (OpenCC t2s)."""
    return _converter("t2s").convert(text)


def traditional(text: str) -> str:
    """Return a text with Simplified characters as Traditional ones (OpenCC s2t), as long as it was."""
    return _converter("s2t").convert(WORD_BREAKS.sub(BREAK_MARK, text)).replace(BREAK_MARK, "")


@cache
def _dictionary() -> Callable[..., list[str]]:
    import pypinyin

    pypinyin.load_phrases_dict(PRONUNCIATIONS)
    # It stays for the life of the process; without this, every full collection would walk through it for 80 ms.
    gc.collect()
    gc.freeze()
    return partial(pypinyin.lazy_pinyin, style=pypinyin.Style.NORMAL, errors="ignore")


@cache
def _readings() -> Mapping[str, str]:
    return json.loads(READINGS.read_text(encoding="utf-8"))["readings"]


def syllables(text: str) -> list[str]:
    """Return the reading of each Chinese character of a text in pinyin without tones (ü is v); the rest is left out.

    Texts of the committed editions and synonyms are read in ``READINGS``, others by the dictionary.
    """
    reading = _readings().get(text)
    return look_up(text) if reading is None else reading.split()


def look_up(text: str) -> list[str]:
    """Return what ``syllables()`` does as the dictionary has it, which takes 55 MB from then on.

    A character with several readings is read as the word it stands in has it (种: ``jie zhong`` in 接种).
    """
    return _dictionary()(text)
