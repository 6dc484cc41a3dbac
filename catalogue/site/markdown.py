"""One service as a page of Markdown (CommonMark): what it says of itself, every field, and the clauses behind it. Pure.

Whatever stands in a value is text: no character of it is markup, and no line of it begins anything.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from catalogue.site.presentation import Clause, Field
from catalogue.workflow.wording import UNKNOWN

# What may be markup anywhere in a line; and what may be only where a line begins.
ANYWHERE = re.compile(r"[\\`*_\[\]<|~&]")
BEGINNING = re.compile(r"^([0-9]+(?=[.)])|(?=[#>+=-]))")


def text(value: str) -> str:
    """Return a value as Markdown on one line, which shows exactly the value's words."""
    line = " ".join(value.split())
    return BEGINNING.sub(r"\1\\", ANYWHERE.sub(r"\\\g<0>", line))


def page(
    document: Mapping, *, header: Mapping[str, str | None], fields: Sequence[Field], mentions: Sequence[Clause]
) -> str:
    """Return the page. ``header`` is written first, as YAML; what is unknown in it is left out."""
    return "\n".join(_lines(document, header, fields, mentions)) + "\n"


def _lines(document: Mapping, header: Mapping, fields: Sequence[Field], mentions: Sequence[Clause]) -> Iterator[str]:
    yield "---"
    # JSON is YAML: a value needs no other quoting.
    yield from (f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in header.items() if value)
    yield from ("---", "", f"# {text(document['name'])}", "")
    if withdrawal := document["withdrawal"]:
        yield from (*_withdrawn(withdrawal), "")
    for field in fields:
        yield from (f"## {text(field.words)}", "")
        yield from (*_stated(field), "")
        if field.clauses:
            yield from (*_rests_on(field.clauses), "")
    if mentions:
        yield from ("## 相关表述", "", *_rests_on(mentions), "")
    if document["note"]:
        yield from ("## 编者说明", "", *_paragraphs(document["note"]), "")
    yield from ("---", "", text(header["disclaimer"]))


def _stated(field: Field) -> Iterator[str]:
    if not field.values:
        yield UNKNOWN
        return
    for value in field.values:
        said = _paragraphs(value.words)
        caption = f"{value.caption}：" if value.caption else ""
        code = f"（`{value.code}`）" if value.code else ""
        yield from (f"{caption}{said[0]}{code}", *said[1:], "")
    yield f"核实情况：{field.label}；依据类别：{field.basis}"


def _rests_on(clauses: Sequence[Clause]) -> Iterator[str]:
    for clause in clauses:
        said = [text(clause.source), f"`{clause.code}`"]
        said += [text(each) for each in (clause.locator, clause.about) if each]
        yield f"- 依据：{'，'.join(said)}【{clause.label}】"
        if clause.shown_at:
            yield f"  （原文见上面的“{text(clause.shown_at_words)}”）"
        elif clause.quote:
            yield from (f"  > {line}" for line in _paragraphs(clause.quote, between=""))


def _withdrawn(withdrawal: Mapping) -> Iterator[str]:
    since, edition = withdrawal["effective_from"], withdrawal["edition"]
    yield f"**已取消**：自 {since} 起（版本 {edition}）。以下是最后一个有它的版本所载。"
    if withdrawal["reason"]:
        yield from ("", f"理由：{text(withdrawal['reason'])}")
    if withdrawal["document_number"]:
        yield from ("", f"文号：{text(withdrawal['document_number'])}")
    for successor in withdrawal["successors"]:
        yield from ("", f"承接项目：{successor['code']} {text(successor['name'])}")


def _paragraphs(value: str, between: str = "") -> list[str]:
    """Return a value's lines, each a paragraph of its own."""
    lines = [text(line) for line in value.splitlines() if line.strip()]
    return [part for line in lines for part in (line, between)][:-1]
