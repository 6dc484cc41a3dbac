"""A service's fields in words for the pages, each with the clauses it is cited from. Pure.

Reads a sealed document (``entry_document()``). An unknown field has no values and no label.
"""

import datetime
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from catalogue.editions.document import lead_basis
from catalogue.editions.public.freshness import Freshness
from catalogue.models import Entry, FieldVerification, SourcedField
from catalogue.workflow import wording
from services.eligibility import sentences
from services.eligibility.open_criteria import open_criteria
from services.search import Match
from services.sources import Jurisdiction, Verification
from services.values import quoted_values
from services.values.amounts import with_current

# The order of the page: eligibility, content, departments, funding, legal basis. Name and domain are in the heading too
# and come last, for their clauses.
FIELDS = (
    "target_groups",
    "eligibility",
    "content",
    "standard",
    "lead_department",
    "co_departments",
    "expenditure_responsibility",
    "legal_basis",
    "name",
    "name_en",
    "domain",
)
TERMS = ("domain", "target_groups", "lead_department", "lead_department_alternatives", "co_departments", "legal_basis")
# Captions of columns that share a field with others.
CAPTIONS = {
    "target_groups": "服务对象类别",
    "lead_department_alternatives": "可能的牵头单位",
    "standard_as_of": "标准所属时间",
}
# Labels of the searched fields that are not sourced fields.
SEARCHED = {
    "code": "代码",
    "number": "序号",
    "synonym": "俗称",
    "target_group_text": "服务对象",
    "lead_department_alternatives": "可能的牵头单位",
    "citations": "依据文件",
}
# A sentence for each kind of match.
MATCHED = {
    "exact": "{field}就是“{text}”",
    "prefix": "{field}以“{term}”开头：{text}",
    "inside": "{field}里有“{term}”：{text}",
    "pinyin": "{field}的拼音里有“{term}”：{text}",
    "initials": "{field}的拼音首字母里有“{term}”：{text}",
    "contained": "检索词里有{field}“{text}”",
    "partial": "{field}里有检索词的一部分“{term}”：{text}",
}


class Clause(NamedTuple):
    """The clause a field is cited from. ``verification`` is a code and ``label`` its words.

    ``about`` names the conditions the clause supports and, outside Inner Mongolia, its jurisdiction. ``shown_at`` is
    the name of the field under which the page shows the same quote already, None if it does not.
    """

    code: str
    title: str
    document_number: str | None
    locator: str | None
    quote: str | None
    verification: str
    label: str
    about: str | None
    shown_at: str | None = None

    @property
    def shown_at_words(self) -> str | None:
        return self.shown_at and SourcedField(self.shown_at).label

    @property
    def source(self) -> str:
        return f"{self.title}（{self.document_number}）" if self.document_number else self.title


class Value(NamedTuple):
    """One value of a field: its caption beside other values of the field, its words, and the code of a term."""

    caption: str | None
    words: str
    code: str | None = None


class Figure(NamedTuple):
    """An amount or a share in words, whether it is current, and the clause that holds it."""

    text: str
    current: bool
    clause: Clause


class Field(NamedTuple):
    """A field in words. If it is unknown, ``verification`` and ``label`` are None and ``values`` is empty.

    ``figures`` are the amounts or shares that stand with it, ``figures_caption`` what they are.
    """

    name: str
    words: str
    values: list[Value]
    verification: str | None
    label: str | None
    basis: str | None
    clauses: list[Clause]
    figures: list[Figure]
    figures_caption: str | None
    checked_on: datetime.date | None
    valid_until: datetime.date | None
    may_be_outdated: bool


def fields(
    document: Mapping, freshness: Freshness, replacements: Mapping[str, str], *, on: datetime.date, months: int
) -> list[Field]:
    """Return every sourced field of a service, with its figures as of a day.

    A field may be outdated if it was last checked more than ``months`` before, or its value has ended.
    ``replacements`` say, by code, what took the place of a department.
    """
    outdated = freshness.may_be_outdated(on, months=months)
    return [
        field._replace(values=[_with_replacement(value, replacements) for value in field.values])
        if field.name in ("lead_department", "co_departments")
        else field
        for field in (_field(document, name, on, freshness, outdated) for name in FIELDS)
    ]


def _figures(document: Mapping, column: str, on: datetime.date) -> list[Figure]:
    """Return the amounts or shares of a service, of amounts the current one of each label first."""
    values = document.get(column, [])
    return [
        Figure(quoted_values.text(value), value.get("current", True), _clause(value["citation"], None, None))
        for value in (with_current(values, on) if column == "amounts" else values)
    ]


def freshness_text(field: Field) -> str:
    """Return how fresh the value of a field is: 「核对于 2026-11-23；有效至 2025-08-31；可能过时」."""
    parts = [
        f"核对于 {field.checked_on}" if field.checked_on else "没有核对过",
        field.valid_until and f"有效至 {field.valid_until}",
        field.may_be_outdated and "可能过时",
    ]
    return "；".join(part for part in parts if part)


def mentions(document: Mapping) -> list[Clause]:
    """Return the clauses that mention the service without supporting any of its fields."""
    return _clauses(document, "mention")


def match(found: Match) -> str:
    """Return one sentence that says where and how a search matched a service."""
    field = SEARCHED.get(found.field) or SourcedField(found.field).label
    return MATCHED[found.how].format(field=field, term=found.term, text=" ".join(found.text.split()))


def _field(document: Mapping, name: str, on: datetime.date, freshness: Freshness, outdated: Collection[str]) -> Field:
    column = next((column for column, quoted in quoted_values.COLUMNS.items() if quoted.field == name), None)
    verification, basis = document["verification"][name], document["basis"][name]
    return Field(
        name=name,
        words=SourcedField(name).label,
        values=[] if verification is None else list(_values(document, name)),
        verification=verification,
        label=verification and Verification(verification).label,
        basis=basis and FieldVerification.Basis(basis).label,
        clauses=_clauses(document, name),
        figures=_figures(document, column, on) if column else [],
        figures_caption=column and quoted_values.COLUMNS[column].caption,
        checked_on=freshness.checked_on.get(name),
        valid_until=freshness.valid_until.get(name),
        may_be_outdated=name in outdated,
    )


def _values(document: Mapping, name: str) -> Iterator[Value]:
    if name == "eligibility" and len(document["eligibility"]["any"]) > 1:
        texts = sentences.group_texts(document["eligibility"])
        yield from (Value(f"情形{number}（满足其一即可）", text) for number, text in enumerate(texts, start=1))
        return
    for column in sorted(Entry.SOURCED_FIELDS[name], key=lambda column: column in TERMS):
        value = document[column]
        for item in value if isinstance(value, list) else [value]:
            for words in wording.values(item):
                yield Value(CAPTIONS.get(column), words, item["code"] if column in TERMS else None)
    if name == "lead_department" and (basis := lead_basis(document)):
        yield Value("牵头依据", basis.label)


def _with_replacement(value: Value, replacements: Mapping[str, str]) -> Value:
    replacement = replacements.get(value.code)
    return value._replace(words=f"{value.words}（{replacement}）") if replacement else value


def _clauses(document: Mapping, name: str) -> list[Clause]:
    """Return the clauses of a field: one that supports several conditions once, and each quote once on a page."""
    first_shown = _first_shown(document)
    criteria: dict[tuple, list[int]] = {}
    citations: dict[tuple, Mapping] = {}
    for citation in document["citations"]:
        if citation["field"] == name:
            key = (*_passage(citation), citation["verification"], citation["jurisdiction"])
            citations.setdefault(key, citation)
            criteria.setdefault(key, []).extend([citation["criterion"]] if "criterion" in citation else [])
    open_texts: dict[tuple, list[str]] = {}
    for raw in open_criteria(document["eligibility"]) if name == "eligibility" else []:
        citation = raw["citation"]
        key = (*_passage(citation), citation["verification"], citation["jurisdiction"])
        citations.setdefault(key, citation)
        open_texts.setdefault(key, []).append(raw["open"])
    clauses = []
    for key, citation in citations.items():
        jurisdiction = citation["jurisdiction"]
        about = [f"第 {'、'.join(map(str, sorted(criteria[key])))} 个条件"] if criteria.get(key) else []
        about += [f"待认定的条件：{'、'.join(dict.fromkeys(open_texts[key]))}"] if key in open_texts else []
        if jurisdiction and jurisdiction != Jurisdiction.INNER_MONGOLIA:
            about.append(f"适用范围：{Jurisdiction(jurisdiction).label}")
        field = first_shown.get(_passage(citation))
        shown_at = field if citation["quote"] and field != name else None
        clauses.append(_clause(citation, "；".join(about) or None, shown_at))
    return clauses


def _clause(citation: Mapping, about: str | None, shown_at: str | None) -> Clause:
    return Clause(
        code=citation["source"]["code"],
        title=citation["source"]["title"],
        document_number=citation["source"]["document_number"],
        locator=citation["locator"],
        quote=citation["quote"],
        verification=citation["verification"],
        label=Verification(citation["verification"]).label,
        about=about,
        shown_at=shown_at,
    )


def _passage(citation: Mapping) -> tuple[str, str | None, str | None]:
    return citation["source"]["code"], citation["locator"], citation["quote"]


def _first_shown(document: Mapping) -> dict[tuple, str]:
    """Return, for each passage, the field under which the page shows it first."""
    order = {name: position for position, name in enumerate(FIELDS)}
    citations = [citation for citation in document["citations"] if citation["field"] in order]
    first_shown: dict[tuple, str] = {}
    for citation in sorted(citations, key=lambda citation: order[citation["field"]]):
        first_shown.setdefault(_passage(citation), citation["field"])
    return first_shown
