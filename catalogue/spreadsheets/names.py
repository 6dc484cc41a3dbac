"""Terms as people write them in cells: by code, name, short name, title or document number (文号)."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from django.db import models

from catalogue.editions import drafts
from services.eligibility.open_criteria import open_criteria
from services.models import Department, Domain, TargetGroup
from services.sources import Source
from services.vocabularies import Terms, plain_name

# The vocabulary of each column; all others are of departments.
MODELS = {"domain": Domain, "target_groups": TargetGroup, "legal_basis": Source, "source": Source}
EXAMPLES = {
    Domain: "老有所养",
    TargetGroup: "65岁及以上老年人",
    Source: "中华人民共和国老年人权益保障法、内政办发〔2021〕70号",
    Department: "自治区民政厅",
}
# What tells documents of one title apart.
MARKS = ("document_number", "date", "in_force_from")
# Codes and names of a cell stand between separators, but a title may contain some.
PIECE = re.compile(r"[^\s、，,；;]+")
MAX_PIECES_OF_A_NAME = 8
MAX_CANDIDATES = 5


def source_name(title: str, source: Mapping | None) -> str:
    """Return what a workbook calls a document: its title, with its number or else its day (columns of ``MARKS``).

    A law has no number, and is amended under the same title.
    """
    mark = next(filter(None, (source[key] for key in MARKS)), None) if source else None
    return f"{title}（{mark}）" if mark else title


def distinct_names(sources: Iterable[Mapping]) -> dict[str, str]:
    """Return the ``source_name()`` of each source (``code``, ``title`` and ``MARKS``) by code.

    What another source is called too, or has as its title, is told from it by its code.
    """
    sources = list(sources)
    names = {source["code"]: source_name(source["title"], source) for source in sources}
    codes = defaultdict(set)
    for source in sources:
        for name in (source["title"], names[source["code"]]):
            codes[plain_name(name)].add(source["code"])
    return {code: f"{name}（{code}）" if len(codes[plain_name(name)]) > 1 else name for code, name in names.items()}


def source_names(documents: Iterable[Mapping]) -> dict[str, str]:
    """Return the ``distinct_names()`` of the sources of documents (``entry_document()``), by code; one query."""
    titles = {
        source["code"]: source["title"] or source["code"] for document in documents for source in _sources(document)
    }
    known = Source.objects.filter(models.Q(code__in=titles) | models.Q(title__in=titles.values()))
    names = distinct_names(known.values("code", "title", *MARKS))
    return {code: names.get(code, title) for code, title in titles.items()}


def _sources(document: Mapping) -> Iterator[Mapping]:
    yield from document["legal_basis"]
    values = [*document.get("amounts", []), *document.get("shares", []), *open_criteria(document["eligibility"])]
    for cited in (*document["citations"], *(value["citation"] for value in values)):
        yield cited["source"]


class TermNameError(Exception):
    """A text that names no term, or several."""


class TermNames:
    """The codes of the terms of every vocabulary by what people call them."""

    def __init__(self, terms: Terms):
        self.terms = terms
        self._codes: dict[type[models.Model], dict[str, list[str]]] = {}
        # Most cells of a column are alike.
        self._found: dict[tuple[type[models.Model], str], list[str]] = {}

    def term(self, key: str, code: str) -> models.Model:
        """Return the term of a code in a column. Raises UnknownCodeError."""
        return self.terms.find(_model(key), code)

    def parse(self, key: str, text: str) -> list[str]:
        """Return the codes of the terms in a cell of a column, in its order. Raises TermNameError."""
        return [self._only(key, name, codes) for name, codes in self._split(key, text)]

    def matches(self, key: str, text: str, codes: Collection[str]) -> bool:
        """Whether a cell of a column names just the terms with these codes."""
        try:
            named = [candidates for _, candidates in self._split(key, text)]
        except TermNameError:
            return False
        return len(named) == len(codes) and all(any(code in candidates for candidates in named) for code in codes)

    def _split(self, key: str, text: str) -> Iterator[tuple[str, list[str]]]:
        """Yield each name in a cell of a column, with the codes of the terms that it may mean."""
        spans = [match.span() for match in PIECE.finditer(text)] if key in drafts.LIST_COLUMNS else [(0, len(text))]
        start = 0
        while start < len(spans):
            # The longest name first: a title may contain separators.
            for end in range(min(start + MAX_PIECES_OF_A_NAME, len(spans)), start, -1):
                name = text[spans[start][0] : spans[end - 1][1]]
                if codes := self._find(_model(key), name):
                    break
            else:
                raise TermNameError(_unknown(key, name))
            yield name, codes
            start = end

    def _find(self, model: type[models.Model], name: str) -> list[str]:
        terms = self.terms.all(model)
        if name in terms:
            return [name]
        if model not in self._codes:
            names = defaultdict(set)
            for code, term in terms.items():
                for attribute in ("name", "short_name", "title", "document_number"):
                    if written := getattr(term, attribute, None):
                        names[plain_name(written)].add(code)
                named = source_name(term.title, vars(term)) if model is Source else str(term)
                for written in (code, str(term), named, f"{named}（{code}）"):
                    names[plain_name(written)].add(code)
            self._codes[model] = {name: sorted(codes) for name, codes in names.items()}
        if (model, name) not in self._found:
            self._found[model, name] = self._codes[model].get(plain_name(name), [])
        return self._found[model, name]

    def _only(self, key: str, name: str, codes: list[str]) -> str:
        if len(codes) == 1:
            return codes[0]
        terms = [self.term(key, code) for code in codes]
        if _model(key) is Source:
            candidates = list(distinct_names(map(vars, terms)).values())
        else:
            candidates = [f"{term}（代码 {term.code}）" for term in terms]
        more = "等" if len(codes) > MAX_CANDIDATES else ""
        listed = "、".join(candidates[:MAX_CANDIDATES])
        what = "全名" if _model(key) is Source else "代码"
        raise TermNameError(f"“{name[:100]}”有 {len(codes)} 个：{listed}{more}；请写其中一个的{what}。")


def _model(key: str) -> type[models.Model]:
    return MODELS.get(key, Department)


def _unknown(key: str, name: str) -> str:
    model = _model(key)
    hint = "，多个用顿号隔开" if key in drafts.LIST_COLUMNS else ""
    caption = model._meta.verbose_name
    return f"{caption}中没有代码“{name[:100]}”，也没有这个名称；请填写词表中的名称或代码，例：{EXAMPLES[model]}{hint}。"
