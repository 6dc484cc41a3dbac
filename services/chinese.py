"""Chinese in its two scripts and in Latin letters: OpenCC converts characters, pypinyin reads them.

Both dictionaries are large (OpenCC's towards Traditional 26 MB, pypinyin's 55 MB), so each is loaded when it is first
needed. Keeps out what is searched or answered with them.
"""

import gc
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path

from opencc import OpenCC

# OpenCC takes the longest word it knows, and so reads 民生/发展 as 生发 (hair growing) and 安全/干预 as 全干 (bone
# dry). A mark that no text holds keeps the words of the list apart.
BREAK_MARK = "\ue000"
WORD_BREAKS = re.compile("(?=发放|发展|干预)|(?<=并)(?=为|合理)")

# Words that pypinyin reads otherwise, with their tones.
PRONUNCIATIONS = {"调档": [["diào"], ["dàng"]], "调档案": [["diào"], ["dàng"], ["àn"]]}


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
def _pinyin() -> Callable[..., list[str]]:
    # Here, because it costs 55 MB and only an index that is made anew asks for it.
    import pypinyin

    pypinyin.load_phrases_dict(PRONUNCIATIONS)
    # It stays for ever; to walk through it again at every full collection would stop whoever asks then for 80 ms.
    gc.collect()
    gc.freeze()
    return partial(pypinyin.lazy_pinyin, style=pypinyin.Style.NORMAL, errors="ignore")


@cache
def dictionary_version() -> str:
    """Return which dictionary reads, with our corrections: another may read otherwise."""
    corrected = hashlib.sha256(repr(PRONUNCIATIONS).encode()).hexdigest()
    return f"pypinyin {version('pypinyin')} {corrected[:8]}"


def pronounce(texts: Collection[str]) -> Mapping[str, list[str]]:
    """Return the syllables of texts, each as ``syllables()`` has them.

    Asked of a process of its own, so that this one does not keep the dictionary, unless it has it open already.
    """
    if not texts or "pypinyin" in sys.modules:
        return {text: syllables(text) for text in texts}
    ours = Path(__file__).resolve().parent.parent
    asked = subprocess.run(  # noqa: S603 - this very module
        [sys.executable, "-m", __name__],
        cwd=ours,
        input=json.dumps(list(texts)).encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    return dict(zip(texts, json.loads(asked.stdout), strict=True))


def syllables(text: str) -> list[str]:
    """Return the reading of each Chinese character of a text in pinyin without tones (ü is v); the rest is left out.

    A character with several readings is read as the word it stands in has it (种: ``jie zhong`` in 接种).
    """
    return _pinyin()(text)


if __name__ == "__main__":
    json.dump([syllables(text) for text in json.load(sys.stdin)], sys.stdout)
