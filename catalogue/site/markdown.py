"""One service as a page of Markdown (CommonMark): header, every field, and the citations of each. Pure.

Values are escaped: no character of a value is markup, and no line of a value begins a block.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from catalogue.site.presentation import Clause, Field, Figure, freshness_text
from catalogue.workflow.wording import UNKNOWN

# Characters that are markup anywhere in a line, and those that are markup only where a line begins.
ANYWHERE = re.compile(r"[\\`*_\[\]<|~&]")
BEGINNING = re.compile(r"^([0-9]+(?=[.)])|(?=[#>+=-]))")


def text(value: str) -> str:
    """Return a value escaped on one line; rendered, it shows exactly the value's words."""
    line = " ".join(value.split())
    return BEGINNING.sub(r"\1\\", ANYWHERE.sub(r"\\\g<0>", line))


def page(
    document: Mapping,
    *,
    header: Mapping[str, str | None],
    fields: Sequence[Field],
    mentions: Sequence[Clause],
) -> str:
    """Return the page. ``header`` is written first, as YAML front matter without its unknown values."""
    return "\n".join(_lines(document, header, fields, mentions)) + "\n"


def _lines(
    document: Mapping,
    header: Mapping,
    fields: Sequence[Field],
    mentions: Sequence[Clause],
) -> Iterator[str]:
    yield "---"
    # JSON is valid YAML, so its quoting is enough.
    yield from (f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in header.items() if value)
    yield from ("---", "", f"# {text(document['name'])}", "")
    if withdrawal := document["withdrawal"]:
        yield from (*_withdrawal(withdrawal), "")
    for field in fields:
        yield from (f"## {text(field.words)}", "")
        yield from (*_field(field), "")
        if field.clauses:
            yield from (*_citations(field.clauses), "")
        if field.figures:
            yield from (f"### {field.figures_caption}", "", *map(_figure, field.figures), "")
    if mentions:
        yield from ("## 相关表述", "", *_citations(mentions), "")
    if document["note"]:
        yield from ("## 编者说明", "", *_paragraphs(document["note"]), "")
    yield from ("---", "", text(header["disclaimer"]))


def _field(field: Field) -> Iterator[str]:
    if not field.values:
        yield UNKNOWN
        return
    for value in field.values:
        paragraphs = _paragraphs(value.words)
        caption = f"{value.caption}：" if value.caption else ""
        code = f"（`{value.code}`）" if value.code else ""
        yield from (f"{caption}{paragraphs[0]}{code}", *paragraphs[1:], "")
    yield f"核实情况：{field.label}；依据类别：{field.basis}；{freshness_text(field)}"


def _figure(figure: Figure) -> str:
    clause = figure.clause
    place = f" {text(clause.locator)}" if clause.locator else ""
    return f"- {text(figure.text)}：{text(clause.source)}{place}，“{text(clause.quote)}”（{clause.label}）"


def _citations(clauses: Sequence[Clause]) -> Iterator[str]:
    for clause in clauses:
        parts = [text(clause.source), f"`{clause.code}`"]
        parts += [text(part) for part in (clause.locator, clause.about) if part]
        yield f"- 依据：{'，'.join(parts)}【{clause.label}】"
        if clause.shown_at:
            yield f"  （原文见上面的“{text(clause.shown_at_words)}”）"
        elif clause.quote:
            yield from (f"  > {line}" for line in _paragraphs(clause.quote, between=""))


def _withdrawal(withdrawal: Mapping) -> Iterator[str]:
    since, edition = withdrawal["effective_from"], withdrawal["edition"]
    yield f"**已取消**：自 {since} 起（版本 {edition}）。以下是最后一个有它的版本所载。"
    if withdrawal["reason"]:
        yield from ("", f"理由：{text(withdrawal['reason'])}")
    if withdrawal["document_number"]:
        yield from ("", f"文号：{text(withdrawal['document_number'])}")
    for successor in withdrawal["successors"]:
        yield from ("", f"承接项目：{successor['code']} {text(successor['name'])}")


def _paragraphs(value: str, between: str = "") -> list[str]:
    """Return a value's lines, escaped, with ``between`` after each but the last."""
    lines = [text(line) for line in value.splitlines() if line.strip()]
    return [part for line in lines for part in (line, between)][:-1]
