"""Characters that cannot be seen, and CJK radicals copied out of PDFs. Standard library only.

What cannot be seen is what Unicode calls Default_Ignorable_Code_Point (soft hyphen, zero-width, bidirectional and
filler characters, variation selectors, tags), the Braille blank, and control characters.
"""

import re
import unicodedata

# Unicode, DerivedCoreProperties.txt: Default_Ignorable_Code_Point. Those of Mongolian are kept apart.
_IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_MONGOLIAN = "\u180b-\u180f"
IGNORABLE = re.compile(f"[{_IGNORABLE}{_MONGOLIAN}]")
# What hides in a text: the above and the Braille blank, but not what chooses the form of a Mongolian letter before it.
HIDDEN = re.compile(f"[{_IGNORABLE}\u2800]|(?<![\u1820-\u18aa{_MONGOLIAN}])[{_MONGOLIAN}]")

# The unified ideograph of each radical of the supplement (U+2E80–2EFF); U+2E80 has none. Unicode,
# EquivalentUnifiedIdeograph.txt (14.0). NFKC does the same for the Kangxi radicals (U+2F00–2FD5).
_SUPPLEMENT = (
    "⺁厂⺂乛⺃乚⺄乙⺅亻⺆冂⺇𠘨⺈刀⺉刂⺊卜⺋㔾⺌小⺍小⺎兀⺏尣⺐尢⺑𡯂⺒巳⺓幺⺔彑⺕彐⺖忄⺗心⺘扌⺙攵⺛旡⺜日⺝月⺞歺⺟母⺠民"
    "⺡氵⺢氺⺣灬⺤爫⺥爫⺦丬⺧牛⺨犭⺩王⺪𤴔⺫目⺬示⺭礻⺮𥫗⺯糹⺰纟⺱罓⺲罒⺳㓁⺴冗⺵𦉫⺶羊⺷𦍌⺸𦍋⺹耂⺺肀⺻聿⺼肉⺽𦥑"
    "⺾艹⺿艹⻀艹⻁虎⻂衤⻃覀⻄西⻅见⻆角⻇𧢲⻈讠⻉贝⻊𧾷⻋车⻌辶⻍辶⻎辶⻏邑⻐钅⻑長⻒镸⻓长⻔门⻕𨸏⻖阝⻗雨⻘青⻙韦"
    "⻚页⻛风⻜飞⻝食⻞𩙿⻟飠⻠饣⻡𩠐⻢马⻣骨⻤鬼⻥鱼⻦鸟⻧卤⻨麦⻩黄⻪黾⻫斉⻬齐⻭歯⻮齿⻯竜⻰龙⻱龜⻲亀⻳龟"
)
RADICALS = dict(zip(_SUPPLEMENT[::2], _SUPPLEMENT[1::2], strict=True))
RADICALS |= {radical: unicodedata.normalize("NFKC", radical) for radical in map(chr, range(0x2F00, 0x2FD6))}
_RADICALS = str.maketrans(RADICALS)


def fold_radicals(text: str) -> str:
    """Return a text with the characters that its radicals look like: ⺠政 becomes 民政. The length stays the same."""
    return text.translate(_RADICALS)


def without_ignorable(text: str) -> str:
    """Return a text without what Unicode says to ignore; what it joined is one word."""
    return IGNORABLE.sub("", text)


def without_hidden(text: str) -> str:
    """Return a text without hidden characters; those that Mongolian letters need stay."""
    return HIDDEN.sub("", text)


def is_blank(text: str) -> bool:
    """Whether nothing of a text can be seen."""
    visible = without_ignorable(text).replace("\u2800", "")
    return all(character.isspace() or unicodedata.category(character) == "Cc" for character in visible)
