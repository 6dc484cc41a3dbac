"""Full-text search over services: normalisation, matching and ranking of text. No database, no clock.

A query is matched in three stages, and results of an earlier stage rank before those of a later one:

1. the whole query, without blanks and punctuation, as a substring of a text of the service;
2. its parts, split at blanks and punctuation: every part matches some text of the service;
3. only if stages 1 and 2 find nothing: names and synonyms that the query contains (低保怎么申请), then the pairs of
   characters that it shares with the service.

Within a stage, results rank by field (``FIELD_RANKS``), then by kind of match (``MATCH_KINDS``), then by the share of
the text that is matched.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from services.text import characters, chinese

# The searched fields, the highest rank first; fields of one tuple rank equally.
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
# The kinds of match, the strongest first.
MATCH_KINDS = ("exact", "prefix", "inside", "pinyin", "initials", "contained", "partial")
# Fields that are also matched in pinyin: pinyin queries are names.
PINYIN_FIELDS = {"name", "synonym", "target_groups", "domain"}
# Fields whose whole text may occur within a question.
PHRASE_FIELDS = {"name", "synonym", "target_groups"}
# The weight of a pair of characters by the field it occurs in.
PAIR_WEIGHTS = {"name": 4, "synonym": 4, "target_groups": 2, "target_group_text": 2, "content": 1, "standard": 1}
MAX_WEIGHT = 4
# A pair of characters is distinctive if at most so many services have it, and the service has it with MAX_WEIGHT.
MAX_DISTINCTIVE = 5
# Question words and other words that are not part of the subject of a question.
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
# The share of a query's words and pairs of characters that a partial match needs.
MIN_SHARE = 0.3
# The Latin words of a question that are searched one by one, and the pairs of characters that are shown as matches.
MAX_WORDS, MAX_PAIR_MATCHES = 8, 3
# Characters of context on either side of a match in a long text.
CONTEXT_CHARS = 16


class Text(NamedTuple):
    """A text of a service: its field, its content, and its place among texts of equal rank (0 is first)."""

    field: str
    text: str
    place: int = 0


class Match(NamedTuple):
    """A match of a query: the matched term, the field, the kind of match (``MATCH_KINDS``) and the text around it."""

    term: str
    field: str
    how: str
    text: str


class SearchResult(NamedTuple):
    """A service that a query matches; a smaller ``relevance`` is better."""

    code: str
    relevance: tuple
    matches: tuple[Match, ...]


class FoldedText(NamedTuple):
    """A normalised text of letters, digits and Chinese characters only, with the offset of each in the original."""

    text: str
    offsets: tuple[int, ...]


def fold(text: str) -> str:
    """Normalise a text for comparison: NFKC, case-folded, no diacritics, Simplified, one blank between words.

    Anything but letters and digits separates words, except what cannot be seen. ``ＮＭ－０５－０１`` becomes
    ``nm 05 01``, ``養老`` ``养老``.
    """
    return " ".join(chinese.simplified("".join(_fold_character(character) for character in text)).split())


# Cached: few distinct characters occur, each of them often.
@lru_cache(maxsize=8192)
def _fold_character(character: str) -> str:
    if characters.IGNORABLE.match(character):
        return ""
    plain = unicodedata.normalize("NFKC", characters.fold_radicals(character)).casefold()
    if plain.isascii():
        return "".join(part if part.isalnum() else " " for part in plain)
    # In pinyin, ü is a vowel of its own and becomes v; any other diacritic is a tone and is dropped.
    decomposed = unicodedata.normalize("NFD", plain.replace("ü", "v").replace("ǚ", "v").replace("ǜ", "v"))
    return "".join(
        part if unicodedata.category(part)[0] in "LN" else " "
        for part in decomposed
        if unicodedata.category(part) != "Mn"
    )


def fold_compact(text: str) -> FoldedText:
    """Return a text folded and without blanks, with the offset of each character in the original."""
    pairs = [
        (folded_character, offset)
        for offset, character in enumerate(text)
        for folded_character in _fold_character(character)
        if not folded_character.isspace()
    ]
    plain = "".join(folded_character for folded_character, _ in pairs)
    simplified = chinese.simplified(plain)
    if len(simplified) != len(plain):
        # OpenCC may convert two characters to one; character by character it cannot.
        simplified = "".join(chinese.simplified(folded_character)[:1] for folded_character in plain)
    return FoldedText(simplified, tuple(offset for _, offset in pairs))


def split_query(query: str) -> list[str]:
    """Split a query at blanks, punctuation and between Latin letters and Chinese characters; each part once."""
    return list(dict.fromkeys(re.findall(r"[a-z]+[0-9]*|[^\sa-z]+", fold(query))))


class IndexedText:
    """One text of one service, preprocessed for matching."""

    __slots__ = ("code", "field", "folded", "word_starts", "romanized", "place", "text", "syllable_starts", "word_ends")

    def __init__(self, code: str, text: Text, syllables: Sequence[str]):
        self.code, self.field, self.text, self.place = code, text.field, text.text, text.place
        self.folded = fold_compact(text.text)
        # Latin words match from their beginning, numbers only as a whole.
        self.word_starts, self.word_ends = _word_bounds(fold(text.text))
        self.romanized, self.syllable_starts = (), frozenset()
        if syllables:
            self.romanized = ("".join(syllables), "".join(syllable[0] for syllable in syllables))
            self.syllable_starts = frozenset(accumulate(map(len, syllables), initial=0))

    def match(self, term: str) -> tuple[tuple, Match] | None:
        """Return the score (smaller is better) and the match of a folded term without blanks, or None."""
        text = self.folded.text
        if text == term:
            return self._match_at(term, "exact", 0, 0)
        offset = text.find(term)
        if term.isascii():
            while offset >= 0 and not self._is_word(term, offset):
                offset = text.find(term, offset + 1)
        if offset >= 0:
            # A whole Latin word ranks before a word that begins with the term: pension before pensions.
            place = int(term.isascii() and offset + len(term) not in self.word_ends)
            return self._match_at(term, "inside" if offset else "prefix", offset, place)
        return (
            self._match_pinyin(term) if self.romanized and len(term) > 1 and term.isascii() and term.isalpha() else None
        )

    def _is_word(self, term: str, offset: int) -> bool:
        return offset in self.word_starts and (not term.isdigit() or offset + len(term) in self.word_ends)

    def _match_pinyin(self, term: str) -> tuple[tuple, Match] | None:
        whole, initials = self.romanized
        offset = whole.find(term)
        while offset >= 0:
            # A match begins with a syllable, but may end within one: the query may be incomplete.
            if offset in self.syllable_starts:
                place = 0 if whole == term else 1 if offset == 0 else 2
                return self._score(term, self.text, "pinyin", place, len(term) / len(whole))
            offset = whole.find(term, offset + 1)
        offset = initials.find(term)
        if offset < 0:
            return None
        place = 0 if initials == term else 1 if offset == 0 else 2
        return self._score(term, self.text, "initials", place, len(term) / len(initials))

    def _match_at(self, term: str, how: str, offset: int, place: int) -> tuple[tuple, Match]:
        return self._score(term, self._excerpt(offset, len(term)), how, place, len(term) / len(self.folded.text))

    def _score(self, term: str, text: str, how: str, place: int, share: float) -> tuple[tuple, Match]:
        return (RANK[self.field], MATCH_KINDS.index(how), place, self.place, -share), Match(term, self.field, how, text)

    def _excerpt(self, offset: int, length: int) -> str:
        """The text with ``CONTEXT_CHARS`` on either side of a match; the whole text if it is short."""
        offsets = self.folded.offsets
        first, last = max(offsets[offset] - CONTEXT_CHARS, 0), offsets[offset + length - 1] + CONTEXT_CHARS + 1
        if len(self.text) <= 4 * CONTEXT_CHARS:
            return self.text
        return f"{'…' if first else ''}{self.text[first:last]}{'…' if last < len(self.text) else ''}"


# Cached: most texts are the same in another edition or after a synonym was added.
_indexed_text = lru_cache(maxsize=20_000)(IndexedText)


class Index:
    """The search index over the services of one edition."""

    def __init__(self, services: Mapping[str, Iterable[Text]]):
        """``services`` maps the code of each service to its texts; results of equal relevance keep its order."""
        self.texts_by_code = {
            code: [
                _indexed_text(code, text, tuple(chinese.syllables(text.text)) if text.field in PINYIN_FIELDS else ())
                for text in texts
                if text.text
            ]
            for code, texts in services.items()
        }
        # All texts of a service in one string, to skip services without a term before each text is tried.
        self.text = {
            code: "\n".join(
                content
                for indexed_text in indexed_texts
                for content in (indexed_text.folded.text, *indexed_text.romanized)
            )
            for code, indexed_texts in self.texts_by_code.items()
        }
        self._phrases, self._pairs = self._phrase_texts(), self._weights()

    def search(self, query: str) -> list[SearchResult]:
        """Return the services that match a query, the best first; equally relevant ones in the order of the index.

        Raises nothing for any query.
        """
        parts = split_query(query)
        whole = "".join(fold(query).split())
        if not whole:
            return []
        results = {result.code: result for result in self._whole_results(whole)}
        for result in results.values():
            if (result.matches[0].field, result.matches[0].how) == ("code", "exact"):
                # The parts of a code are numbers that occur in other codes too.
                return [result]
        for result in self._part_results(parts) if len(parts) > 1 else ():
            results.setdefault(result.code, result)
        return sorted(results.values() or self._question_results(whole, parts), key=lambda result: result.relevance)

    def _whole_results(self, term: str) -> Iterator[SearchResult]:
        for code in self.texts_by_code:
            if best := self._best(code, term):
                score, match = best
                yield SearchResult(code, (0, *score), (match,))

    def _part_results(self, parts: Sequence[str]) -> Iterator[SearchResult]:
        for code in self.texts_by_code:
            part_matches = []
            for part in parts:
                best = self._best(code, part)
                if best is None:
                    break
                part_matches.append(best)
            else:
                worst = max(score for score, _ in part_matches)
                yield SearchResult(code, (1, *worst), tuple(match for _, match in part_matches))

    def _question_results(self, whole: str, parts: Sequence[str]) -> Iterator[SearchResult]:
        """Match by the names that a question contains, and by words and pairs of characters shared with a service."""
        contained = self._contained(whole)
        subject = whole
        for word in QUESTION_WORDS:
            subject = subject.replace(word, " ")
        pairs = {pair for run in subject.split() for pair in _character_pairs(run)}
        words = [part for part in parts if part.isascii() and len(part) > 2 and part not in STOP_WORDS_EN]
        words = words[:MAX_WORDS]
        pair_weights: dict[str, dict[str, int]] = defaultdict(dict)
        for pair in pairs:
            for code, weight in self._pairs.get(pair, {}).items():
                pair_weights[code][pair] = weight
        for code in self.texts_by_code:
            phrases = contained.get(code, [])
            shared_pairs = pair_weights.get(code, {})
            word_matches = [best for word in words if (best := self._best(code, word))]
            share = (len(shared_pairs) + len(word_matches)) / max(len(pairs) + len(words), 1)
            is_distinctive = any(
                weight == MAX_WEIGHT and len(self._pairs[pair]) <= MAX_DISTINCTIVE
                for pair, weight in shared_pairs.items()
            )
            if not phrases and not is_distinctive and share < MIN_SHARE:
                continue
            length = sum(len(phrase.folded.text) for phrase in phrases)
            place = min((phrase.place for phrase in phrases), default=0)
            weight = sum(shared_pairs.values()) + sum(MAX_WEIGHT - score[0] for score, _ in word_matches)
            matches = [Match(phrase.folded.text, phrase.field, "contained", phrase.text) for phrase in phrases]
            partial = [match._replace(how="partial") for _, match in word_matches] or self._pair_matches(
                code, shared_pairs
            )
            yield SearchResult(code, (2, -length, place, -weight), tuple(matches or partial))

    def _contained(self, whole: str) -> dict[str, list[IndexedText]]:
        """The names that a question contains, by service, the longest first; none that is part of a longer one."""
        phrases: dict[str, list[IndexedText]] = defaultdict(list)
        for phrase in self._phrases:
            text = phrase.folded.text
            if text in whole and not any(text in longer.folded.text for longer in phrases[phrase.code]):
                phrases[phrase.code].append(phrase)
        return {code: service_phrases for code, service_phrases in phrases.items() if service_phrases}

    def _pair_matches(self, code: str, pairs: Mapping[str, int]) -> list[Match]:
        best_matches = {}
        for pair in sorted(pairs, key=lambda pair: (-pairs[pair], pair))[:MAX_PAIR_MATCHES]:
            score, match = self._best(code, pair)
            best_matches.setdefault((match.field, match.text), (score, match._replace(how="partial")))
        return [match for _, match in sorted(best_matches.values())]

    def _best(self, code: str, term: str) -> tuple[tuple, Match] | None:
        if term not in self.text[code]:
            return None
        matches = (match for indexed_text in self.texts_by_code[code] if (match := indexed_text.match(term)))
        return min(matches, default=None, key=lambda match: match[0])

    def _phrase_texts(self) -> list[IndexedText]:
        phrases = [
            indexed_text
            for indexed_texts in self.texts_by_code.values()
            for indexed_text in indexed_texts
            if indexed_text.field in PHRASE_FIELDS and len(indexed_text.folded.text) > 1
        ]
        return sorted(phrases, key=lambda indexed_text: (-len(indexed_text.folded.text), RANK[indexed_text.field]))

    def _weights(self) -> dict[str, dict[str, int]]:
        """The weight of each pair of characters in each service that has it."""
        weights: dict[str, dict[str, int]] = defaultdict(dict)
        for code, indexed_texts in self.texts_by_code.items():
            for indexed_text in indexed_texts:
                weight = PAIR_WEIGHTS.get(indexed_text.field, 0)
                for pair in _character_pairs(indexed_text.folded.text) if weight else ():
                    weights[pair][code] = max(weight, weights[pair].get(code, 0))
        return weights


def _word_bounds(folded: str) -> tuple[frozenset[int], frozenset[int]]:
    """The offsets at which the Latin words and numbers of a folded text begin and end, with blanks not counted."""
    blanks = [0, *accumulate(character == " " for character in folded)]
    spans = [match.span() for match in re.finditer("[a-z0-9]+", folded)]
    return (
        frozenset(begin - blanks[begin] for begin, _ in spans),
        frozenset(end - blanks[end] for _, end in spans),
    )


def _character_pairs(text: str) -> set[str]:
    """The pairs of neighbouring characters of a text, except those in ASCII only."""
    return {text[offset : offset + 2] for offset in range(len(text) - 1) if not text[offset : offset + 2].isascii()}
