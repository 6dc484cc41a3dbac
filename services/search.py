"""Finding services by what people type: folding, matching and ranking of text. No database, no clock.

A query is tried three ways, and whoever is found by an earlier one stands before whoever is found by a later one:

1. whole, without its blanks and signs, as a part of what a service says;
2. in parts at its blanks and signs, every part somewhere in the service;
3. only if neither finds anything: by the names and synonyms the query contains (低保怎么申请), then by the pairs of
   characters it shares with the service.

Within a way the field decides (``FIELDS``), then how it is matched (``HOW``), then how much of the text is matched.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from services import chinese

# Where something may be found, the strongest first: fields of equal weight stand together.
FIELD_RANKS = (
    ("code", "number"),
    ("name", "name_en"),
    ("synonym",),
    ("target_groups", "target_group_text"),
    ("domain",),
    ("content", "standard"),
    ("lead_department", "lead_department_alternatives", "co_departments"),
    ("legal_basis", "citations"),
)
RANK = {field: rank for rank, fields in enumerate(FIELD_RANKS) for field in fields}
# How something is matched, the strongest first.
MATCH_KINDS = ("exact", "prefix", "inside", "pinyin", "initials", "contained", "partial")
# Fields that are read aloud: what people type in pinyin is a name.
PINYIN_FIELDS = {"name", "synonym", "target_groups", "domain"}
# Fields whose whole text people repeat within a question.
PHRASE_FIELDS = {"name", "synonym", "target_groups"}
# What a pair of characters found in a field weighs.
PAIR_WEIGHTS = {"name": 4, "synonym": 4, "target_groups": 2, "target_group_text": 2, "content": 1, "standard": 1}
MAX_WEIGHT = 4
# A pair of characters that so few services have, one of them in its name, tells what is meant by itself.
MAX_DISTINCTIVE = 5
# What people say around the thing they ask for.
QUESTION_WORDS = (
    ("怎么办理", "怎么申请", "怎么领取", "怎么办", "怎么领", "怎么弄", "怎么样", "怎么")
    + ("如何办理", "如何申请", "如何领取", "如何", "哪里办", "在哪里", "哪里", "哪儿")
    + ("可不可以", "能不能", "可以", "能领", "多少钱", "多少", "什么条件", "什么", "条件")
    + ("办理", "申请", "申领", "领取", "需要", "有没有", "有哪些", "我想", "我要", "请问", "政策", "吗", "呢")
)
STOP_WORDS_EN = {
    *("how", "what", "where", "when", "who", "which", "can", "could", "may", "does", "apply", "applying", "get", "for"),
    *("getting", "from", "and", "the", "are", "with", "about", "much", "many", "need", "want", "have", "there"),
}
# The least share of a query's pairs of characters that a service must have to be a partial find.
MIN_SHARE = 0.3
# Latin words of a question that are looked for one by one, and pairs of characters that are shown as its finds.
MAX_WORDS, MAX_PAIR_MATCHES = 8, 3
# Characters shown on either side of what was found in a long text.
CONTEXT_CHARS = 16


class Text(NamedTuple):
    """A text of a service: the field it stands in, what it says, and its place among those of equal worth."""

    field: str
    text: str
    place: int = 0


class Match(NamedTuple):
    """Why a service was found: the part of the query, the field, how it was matched, and the text around it."""

    term: str
    field: str
    how: str
    text: str


class SearchResult(NamedTuple):
    """A service that was found; the smaller its ``relevance``, the better it fits."""

    code: str
    relevance: tuple
    matches: tuple[Match, ...]


class FoldedText(NamedTuple):
    """A text as it is compared: only letters, digits and characters; and where in the text each of them stood."""

    text: str
    offsets: tuple[int, ...]


def fold(text: str) -> str:
    """Return a text as it is compared: compatibility forms, case, marks and script folded away, words one blank apart.

    What is neither letter nor digit parts words: ``ＮＭ－０５－０１`` becomes ``nm 05 01``, ``養老`` becomes ``养老``.
    """
    return " ".join(chinese.simplified("".join(_fold_character(character) for character in text)).split())


# Texts have few characters, each of them often.
@lru_cache(maxsize=8192)
def _fold_character(character: str) -> str:
    plain = unicodedata.normalize("NFKC", character).casefold()
    if plain.isascii():
        return "".join(each if each.isalnum() else " " for each in plain)
    # A dieresis is a vowel of its own in pinyin, any other mark a tone.
    decomposed = unicodedata.normalize("NFD", plain.replace("ü", "v").replace("ǚ", "v").replace("ǜ", "v"))
    return "".join(
        each if unicodedata.category(each)[0] in "LN" else " "
        for each in decomposed
        if unicodedata.category(each) != "Mn"
    )


def fold_compact(text: str) -> FoldedText:
    """Return a text folded, without blanks, and where each of its characters comes from."""
    pairs = [
        (each, at) for at, character in enumerate(text) for each in _fold_character(character) if not each.isspace()
    ]
    plain = "".join(each for each, _ in pairs)
    simple = chinese.simplified(plain)
    if len(simple) != len(plain):
        # OpenCC may take two characters for one word's; by the character it cannot.
        simple = "".join(chinese.simplified(each)[:1] for each in plain)
    return FoldedText(simple, tuple(at for _, at in pairs))


def terms(query: str) -> list[str]:
    """Return the parts of a query, each once: at its blanks and signs, and where Latin letters meet characters."""
    return list(dict.fromkeys(re.findall(r"[a-z]+[0-9]*|[^\sa-z]+", fold(query))))


class IndexedText:
    """One text of one service, ready to be compared."""

    __slots__ = ("code", "field", "folded", "word_starts", "romanized", "place", "text", "syllable_starts", "word_ends")

    def __init__(self, code: str, text: Text, read: Sequence[str]):
        self.code, self.field, self.text, self.place = code, text.field, text.text, text.place
        self.folded = fold_compact(text.text)
        # Latin words and numbers are found from their first letter on, a number only as a whole.
        self.word_starts, self.word_ends = _word_bounds(fold(text.text))
        self.romanized, self.syllable_starts = (), frozenset()
        if read:
            self.romanized = ("".join(read), "".join(syllable[0] for syllable in read))
            self.syllable_starts = frozenset(accumulate(map(len, read), initial=0))

    def match(self, term: str) -> tuple[tuple, Match] | None:
        """Return how a folded term without blanks is found in this text, and how well; None if it is not."""
        text = self.folded.text
        if text == term:
            return self._match_at(term, "exact", 0, 0)
        at = text.find(term)
        if term.isascii():
            while at >= 0 and not self._is_word(term, at):
                at = text.find(term, at + 1)
        if at >= 0:
            # A Latin word as a whole before one that begins so: pension before pensions.
            place = int(term.isascii() and at + len(term) not in self.word_ends)
            return self._match_at(term, "inside" if at else "prefix", at, place)
        return (
            self._match_pinyin(term) if self.romanized and len(term) > 1 and term.isascii() and term.isalpha() else None
        )

    def _is_word(self, term: str, at: int) -> bool:
        return at in self.word_starts and (not term.isdigit() or at + len(term) in self.word_ends)

    def _match_pinyin(self, term: str) -> tuple[tuple, Match] | None:
        whole, initials = self.romanized
        at = whole.find(term)
        while at >= 0:
            # From the beginning of a syllable on, to wherever the typing has come.
            if at in self.syllable_starts:
                place = 0 if whole == term else 1 if at == 0 else 2
                return self._score(term, self.text, "pinyin", place, len(term) / len(whole))
            at = whole.find(term, at + 1)
        at = initials.find(term)
        if at < 0:
            return None
        place = 0 if initials == term else 1 if at == 0 else 2
        return self._score(term, self.text, "initials", place, len(term) / len(initials))

    def _match_at(self, term: str, how: str, at: int, place: int) -> tuple[tuple, Match]:
        return self._score(term, self._excerpt(at, len(term)), how, place, len(term) / len(self.folded.text))

    def _score(self, term: str, text: str, how: str, place: int, share: float) -> tuple[tuple, Match]:
        return (RANK[self.field], MATCH_KINDS.index(how), place, self.place, -share), Match(term, self.field, how, text)

    def _excerpt(self, at: int, length: int) -> str:
        """The text from a little before to a little after what was found in it."""
        offsets = self.folded.offsets
        first, last = max(offsets[at] - CONTEXT_CHARS, 0), offsets[at + length - 1] + CONTEXT_CHARS + 1
        if len(self.text) <= 4 * CONTEXT_CHARS:
            return self.text
        return f"{'…' if first else ''}{self.text[first:last]}{'…' if last < len(self.text) else ''}"


# Most texts are the same in another edition, or after a synonym was added: they are made ready once.
_indexed_text = lru_cache(maxsize=20_000)(IndexedText)


class Index:
    """The texts of the services of one edition, ready to be searched."""

    def __init__(self, services: Mapping[str, Iterable[Text]]):
        """``services`` has the texts of each service by its code, in the order in which equals are answered."""
        self.texts_by_code = {
            code: [
                _indexed_text(code, text, tuple(chinese.syllables(text.text)) if text.field in PINYIN_FIELDS else ())
                for text in texts
                if text.text
            ]
            for code, texts in services.items()
        }
        # All that a service says in one string: what is not in there need not be looked for in each of its texts.
        self.text = {
            code: "\n".join(said for key in keys for said in (key.folded.text, *key.romanized))
            for code, keys in self.texts_by_code.items()
        }
        self._phrases, self._pairs = self._phrase_texts(), self._weights()

    def search(self, query: str) -> list[SearchResult]:
        """Return the services that a query finds, the best first; equals in the order of the index.

        Never raises, whatever the query.
        """
        parts = terms(query)
        whole = "".join(fold(query).split())
        if not whole:
            return []
        found = {each.code: each for each in self._whole_results(whole)}
        for each in found.values():
            if (each.matches[0].field, each.matches[0].how) == ("code", "exact"):
                # Its parts are numbers that stand in other codes too.
                return [each]
        for each in self._part_results(parts) if len(parts) > 1 else ():
            found.setdefault(each.code, each)
        return sorted(found.values() or self._question_results(whole, parts), key=lambda each: each.relevance)

    def _whole_results(self, term: str) -> Iterator[SearchResult]:
        for code in self.texts_by_code:
            if best := self._best(code, term):
                score, match = best
                yield SearchResult(code, (0, *score), (match,))

    def _part_results(self, parts: Sequence[str]) -> Iterator[SearchResult]:
        for code in self.texts_by_code:
            matched = []
            for part in parts:
                best = self._best(code, part)
                if best is None:
                    break
                matched.append(best)
            else:
                worst = max(score for score, _ in matched)
                yield SearchResult(code, (1, *worst), tuple(match for _, match in matched))

    def _question_results(self, whole: str, parts: Sequence[str]) -> Iterator[SearchResult]:
        """By what a question contains, and by the words and pairs of characters it shares with a service."""
        contained = self._contained(whole)
        asked = whole
        for word in QUESTION_WORDS:
            asked = asked.replace(word, " ")
        pairs = {pair for run in asked.split() for pair in _character_pairs(run)}
        words = [part for part in parts if part.isascii() and len(part) > 2 and part not in STOP_WORDS_EN]
        words = words[:MAX_WORDS]
        shared: dict[str, dict[str, int]] = defaultdict(dict)
        for pair in pairs:
            for code, weight in self._pairs.get(pair, {}).items():
                shared[code][pair] = weight
        for code in self.texts_by_code:
            keys = contained.get(code, [])
            common = shared.get(code, {})
            latin = [best for word in words if (best := self._best(code, word))]
            share = (len(common) + len(latin)) / max(len(pairs) + len(words), 1)
            telling = any(
                weight == MAX_WEIGHT and len(self._pairs[pair]) <= MAX_DISTINCTIVE for pair, weight in common.items()
            )
            if not keys and not telling and share < MIN_SHARE:
                continue
            length = sum(len(key.folded.text) for key in keys)
            place = min((key.place for key in keys), default=0)
            weight = sum(common.values()) + sum(MAX_WEIGHT - score[0] for score, _ in latin)
            matches = [Match(key.folded.text, key.field, "contained", key.text) for key in keys]
            partial = [match._replace(how="partial") for _, match in latin] or self._pair_matches(code, common)
            yield SearchResult(code, (2, -length, place, -weight), tuple(matches or partial))

    def _contained(self, whole: str) -> dict[str, list[IndexedText]]:
        """The names that stand in a question, the longest first; none that is a part of a longer one."""
        found: dict[str, list[IndexedText]] = defaultdict(list)
        for key in self._phrases:
            text = key.folded.text
            if text in whole and not any(text in longer.folded.text for longer in found[key.code]):
                found[key.code].append(key)
        return {code: keys for code, keys in found.items() if keys}

    def _pair_matches(self, code: str, pairs: Mapping[str, int]) -> list[Match]:
        found = {}
        for pair in sorted(pairs, key=lambda pair: (-pairs[pair], pair))[:MAX_PAIR_MATCHES]:
            score, match = self._best(code, pair)
            found.setdefault((match.field, match.text), (score, match._replace(how="partial")))
        return [match for _, match in sorted(found.values())]

    def _best(self, code: str, term: str) -> tuple[tuple, Match] | None:
        if term not in self.text[code]:
            return None
        found = (each for key in self.texts_by_code[code] if (each := key.match(term)))
        return min(found, default=None, key=lambda each: each[0])

    def _phrase_texts(self) -> list[IndexedText]:
        said = [
            key
            for keys in self.texts_by_code.values()
            for key in keys
            if key.field in PHRASE_FIELDS and len(key.folded.text) > 1
        ]
        return sorted(said, key=lambda key: (-len(key.folded.text), RANK[key.field]))

    def _weights(self) -> dict[str, dict[str, int]]:
        """What each pair of characters weighs in each service that has it."""
        weights: dict[str, dict[str, int]] = defaultdict(dict)
        for code, keys in self.texts_by_code.items():
            for key in keys:
                weight = PAIR_WEIGHTS.get(key.field, 0)
                for pair in _character_pairs(key.folded.text) if weight else ():
                    weights[pair][code] = max(weight, weights[pair].get(code, 0))
        return weights


def _word_bounds(folded: str) -> tuple[frozenset[int], frozenset[int]]:
    """Where the Latin words and numbers of a folded text begin and end, its blanks not counted."""
    blanks = [0, *accumulate(each == " " for each in folded)]
    spans = [match.span() for match in re.finditer("[a-z0-9]+", folded)]
    return (
        frozenset(begin - blanks[begin] for begin, _ in spans),
        frozenset(end - blanks[end] for _, end in spans),
    )


def _character_pairs(text: str) -> set[str]:
    """The pairs of neighbouring characters of a text; Latin letters make none."""
    return {text[at : at + 2] for at in range(len(text) - 1) if not text[at : at + 2].isascii()}
