"""Full texts of source documents (全文): stored for the desk, never public; new quotes are checked against them.

A document without a text is not checked, and a clause that an edition already has is not asked about.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from django.db import transaction

from catalogue.audit import log, snapshots
from catalogue.audit.models import Event
from catalogue.editions.models import Citation
from catalogue.workflow import attachments
from catalogue.workflow.checks.figures import EntryChange
from catalogue.workflow.models import Attachment, SourceText
from services.eligibility import open_criteria, rules
from services.sources import Source
from services.text import quotes
from services.text.characters import is_blank
from services.values import quoted_values

MAX_BYTES = 2 * attachments.MEBIBYTE
FIELDS = dict(Citation.FIELDS)
# Characters of a part that a sentence shows.
MAX_SHOWN = 60


class UnreadableTextError(Exception):
    """A text that cannot be stored; the message is a sentence for the user."""


class MissingQuote(NamedTuple):
    """Parts of a clause's quote that the full text of its document does not contain."""

    service: str
    field: str
    title: str
    parts: list[str]

    def __str__(self) -> str:
        field = FIELDS.get(self.field, self.field)
        return f"“{field}”所引《{self.title}》的原文，{not_found(self.parts)}；请照全文改正引文。"


def not_found(parts: Iterable[str]) -> str:
    shown = (part if len(part) <= MAX_SHOWN else f"{part[:MAX_SHOWN]}……" for part in parts)
    return f"全文中找不到：{'、'.join(f'“{part}”' for part in shown)}"


def decoded(content: bytes) -> str:
    """Return the text of a file in UTF-8 or GB18030. Raises UnreadableTextError for anything else."""
    if len(content) > MAX_BYTES:
        raise UnreadableTextError("全文不能超过 2 MB。")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030", errors="replace")
    # Bytes of another format decode to characters that no document has.
    strange = {"Cc", "Cs", "Co", "Cn"}
    if any(char == "\ufffd" or (unicodedata.category(char) in strange and char not in "\t\n\r\f") for char in text):
        raise UnreadableTextError("这不是 UTF-8 或 GB18030 的文本文件；请另存为纯文本（.txt，UTF-8）。")
    return text


@transaction.atomic
def store(source: Source, text: str | None, *, context: log.AuditContext) -> None:
    """Store the full text of a document in place of the one it has; None takes it away. Written to the audit log.

    Raises UnreadableTextError for a blank or too long text.
    """
    before = SourceText.objects.select_related("attachment").filter(source=source).first()
    old = before and before.attachment.digest
    if text is None:
        SourceText.objects.filter(source=source).delete()
        new = None
    else:
        content = text.encode()
        if is_blank(text) or len(content) > MAX_BYTES:
            raise UnreadableTextError("全文不能是空白，也不能超过 2 MB。")
        attachment = attachments.store(f"{source.code}.txt", content, context=context)
        SourceText.objects.update_or_create(source=source, defaults={"attachment": attachment})
        new = attachment.digest
    if old != new:
        change = {"field": "full_text", "before": old, "after": new}
        log.append(context, [{"verb": Event.Verb.REVISED, "term": snapshots.term_reference(source), **change}])


def missing_quotes(changes: Iterable[EntryChange]) -> Iterator[MissingQuote]:
    """Yield the clauses that changes of entries state anew and whose quote their document's text does not contain."""
    clauses = [
        (service, field, source, quote)
        for service, before, after in changes
        for field, source, quote in _new_clauses(before, after)
    ]
    texts = SourceText.objects.filter(source__code__in={source for _, _, source, _ in clauses})
    by_source = {code: (title, digest) for code, title, digest in texts.values_list(
        "source__code", "source__title", "attachment__digest"
    )}  # fmt: skip
    for service, field, source, quote in clauses:
        if source in by_source:
            title, digest = by_source[source]
            if parts := quotes.parts_not_in(quote, _folded(digest)):
                yield MissingQuote(service, field, title, parts)


def compare(source: Source | None, quote: str) -> tuple[bool | None, str]:
    """Return whether the full text of a document contains a quote, and a sentence; None and "" without either."""
    text = source and SourceText.objects.filter(source=source).values_list("attachment__digest", flat=True).first()
    if not text or is_blank(quote):
        return None, ""
    parts = quotes.parts_not_in(quote, _folded(text))
    return not parts, f"{not_found(parts)}。" if parts else "引文与全文一致。"


def _new_clauses(before: Mapping | None, after: Mapping) -> list[tuple[str, str, str]]:
    """Return field, source and quote of the clauses with a quote that an entry did not have before."""
    old = {(source, quote) for _, source, quote in _quoted(before)} if before else set()
    return list(dict.fromkeys(row for row in _quoted(after) if row[1:] not in old))


def _quoted(entry: Mapping) -> Iterator[tuple[str, str, str]]:
    """Yield field, source and quote of every clause with a quote; invalid values are among the faults of an entry."""
    cited = [(citation["field"], citation) for citation in entry["citations"]]
    for name, column in quoted_values.COLUMNS.items():
        if not column.faults(entry[name]):
            cited += [(column.field, value["citation"]) for value in entry[name]]
    if not rules.faults(entry["eligibility"]):
        criteria = open_criteria.open_criteria(entry["eligibility"])
        cited += [("eligibility", criterion["citation"]) for criterion in criteria]
    for field, clause in cited:
        if clause["quote"] and not is_blank(clause["quote"]):
            yield field, clause["source"], clause["quote"]


@lru_cache(maxsize=16)
def _folded(digest: str) -> str:
    """Return a stored text folded for comparison: 2 MB take a tenth of a second to fold."""
    content = Attachment.objects.values_list("content", flat=True).get(digest=digest)
    return quotes.fold(bytes(content).decode())
