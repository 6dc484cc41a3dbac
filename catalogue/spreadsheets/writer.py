"""The writers of the list as CSV and XLSX. An export can be imported without changes; ``reader`` reads uploads."""

import csv
import datetime
import io
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from catalogue.editions.document import TERM_NAMES, lead_basis
from catalogue.editions.models import Citation, Edition, SourcedField
from catalogue.editions.public.imprint import DISCLAIMER, LICENCE, LICENCE_URL, SOURCE
from catalogue.spreadsheets.columns import (
    BY_FACT,
    CITATION_COLUMNS,
    CITATIONS_SHEET,
    CLAUSE_COLUMNS,
    COLUMNS,
    COMPARISON_COLUMNS,
    COMPARISON_SHEET,
    EDITION_SHEET,
    FRESHNESS_COLUMNS,
    LIST_SHEET,
    OPEN,
    PROVENANCE_COLUMNS,
    RULE,
    UNREADABLE,
    VALUE_LABELS,
    VALUE_SHEETS,
    WIDTHS,
    WORKBOOK_COLUMNS,
    Column,
)
from catalogue.spreadsheets.names import source_names
from catalogue.workflow import wording
from services.eligibility.answers import OPERATOR_LABELS, operand_text
from services.eligibility.facts import VOCABULARY
from services.eligibility.sentences import UNIVERSAL
from services.values import amounts, quoted_values, shares

# openpyxl takes 7 MB, so it is imported when the first workbook is written.
if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Characters that start a formula, with the full-width forms that some spreadsheets accept too.
FORMULA_PREFIXES = "=+-@\t\r\n＝＋－＠"
# The limit of Excel for a cell.
MAX_CELL_CHARS = 32_767
# Bytes of a workbook per chunk of the response.
CHUNK_BYTES = 64 * 1024
# Creation time in the workbook of a draft, which has no time of publication.
DRAFT_TIMESTAMP = datetime.datetime(1980, 1, 1, tzinfo=UTC)


class TextTooLongError(Exception):
    """A text that is too long for a cell of a workbook."""


def escape_formula(text: str) -> str:
    """Return a text that no spreadsheet reads as a formula, with an apostrophe in front if needed."""
    return f"'{text}" if text.startswith("'") or is_formula(text) else text


def unescape_formula(text: str) -> str:
    """Return the text that ``escape_formula()`` was called with."""
    return text[1:] if text.startswith("'") and (text[1:2] == "'" or is_formula(text[1:])) else text


def is_formula(text: str) -> bool:
    """Whether a spreadsheet may read a text as a formula, also after leading blanks."""
    return bool(text.strip()) and (text[0] in FORMULA_PREFIXES or text.lstrip()[0] in FORMULA_PREFIXES)


def provenance_cells(edition: Edition) -> dict[str, str]:
    """Return the cells of PROVENANCE_COLUMNS; the digest of a draft is empty."""
    return {"digest": edition.digest or "", "origin": SOURCE, "licence": f"{LICENCE} {LICENCE_URL}"}


def list_rows(documents: Iterable[Mapping], *, edition: Edition) -> Iterator[dict[str, str]]:
    """Yield the rows of LIST_SHEET by column key for the ``entry_document()`` of entries of an edition."""
    common_cells = (
        dict.fromkeys((column.key for column in CITATION_COLUMNS), "")
        | {"edition": edition.slug}
        | provenance_cells(edition)
    )
    for document in documents:
        yield {
            column.key: _list_cell(column, document) for column in COLUMNS[LIST_SHEET] if column.key not in common_cells
        } | common_cells


def _list_cell(column: Column, document: Mapping) -> str:
    if column.explains:
        return explanation(column.explains, document.get(column.explains))
    value = document.get(column.key)
    if value is None:
        return ""
    if column in FRESHNESS_COLUMNS:
        return _freshness_text(value)
    if column.key in VALUE_SHEETS:
        return explanation(column.key, value)
    if isinstance(value, list):
        return wording.SEPARATOR.join(sorted(term["code"] for term in value))
    return value["code"] if isinstance(value, Mapping) else str(value)


def _freshness_text(value: Mapping[str, datetime.date | None] | list[str]) -> str:
    """Return days by field, or a list of fields, in words: 「2026-11-23：名称、领域；没有核对过：英文名称」."""
    if isinstance(value, list):
        return wording.SEPARATOR.join(SourcedField(field).label for field in value)
    fields: dict[datetime.date | None, list[str]] = {}
    for field, day in value.items():
        fields.setdefault(day, []).append(SourcedField(field).label)
    return "；".join(
        f"{day or '没有核对过'}：{wording.SEPARATOR.join(labels)}"
        for day, labels in sorted(fields.items(), key=lambda item: (item[0] is None, item[0]))
    )


def explanation(field: str, value: object) -> str:
    """Return the explanation of the codes of a field in words, an empty string if the field is unknown."""
    if value is None:
        return ""
    if field == "eligibility":
        return wording.value_text(value)
    if field == "verification":
        labels = (
            (SourcedField(name).label, wording.value_text(label, field="verification")) for name, label in value.items()
        )
        return "；".join(f"{name}：{label}" for name, label in labels)
    if field in quoted_values.COLUMNS:
        return "；".join(wording.values(value))
    if field == "basis":
        basis = lead_basis({"basis": {"lead_department": None} | value})
        return basis.label if basis else ""
    return term_names(value if isinstance(value, list) else [value])


def citation_rows(documents: Iterable[Mapping]) -> Iterator[dict[str, str]]:
    """Yield the rows of CITATIONS_SHEET by column key: one for each citation, by entry and field."""
    order = [*SourcedField.values, Citation.MENTION]
    for document in documents:
        for citation in sorted(document["citations"], key=lambda citation: order.index(citation["field"])):
            row = {key: citation[key] for key in ("field", "locator", "quote", "verification", "jurisdiction")}
            row |= {
                "criterion": str(citation.get("criterion", "")),
                "finding": document["verification"].get(citation["field"]),
                "basis": document["basis"].get(citation["field"]),
            }
            row = {key: wording.CHOICES.get(key, {}).get(value, value) or "" for key, value in row.items()}
            source = {"source": citation["source"]["code"], "source_names": term_names([citation["source"]])}
            yield {"code": document["code"], **row, **source}


def value_rows(field: str, documents: Collection[Mapping], *, sources: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yield the rows of a field's sheet by column key; ``sources`` are the names of the documents by code."""
    blank = {column.key: "" for column in COLUMNS[VALUE_SHEETS[field]]}
    for document in documents:
        value = document.get(field)
        stated = (_rule_cells(value) if field == RULE else map(_figure_cells, value)) if value else ()
        for filled, clause in stated:
            row = blank | {"code": document["code"], "name": document["name"]} | filled
            if clause:
                named = clause | {"source": sources[clause["source"]["code"]]}
                row |= _labels(named, [column.key for column in CLAUSE_COLUMNS])
            yield row


def _labels(value: Mapping, keys: Collection[str]) -> dict[str, str]:
    """Return parts of a value as cells: choices by label, what is unknown empty."""
    return {key: VALUE_LABELS.get(key, {}).get(value[key], value[key]) or "" for key in keys if key in value}


def _figure_cells(value: Mapping) -> tuple[dict[str, str], Mapping]:
    """Return the cells of an amount or a share, and its clause."""
    keys = amounts.KEYS if "value" in value else shares.KEYS
    return _labels(value, [key for key in keys if key not in ("currency", "citation")]), value["citation"]


def _rule_cells(rule: Mapping) -> Iterator[tuple[dict[str, str], Mapping | None]]:
    """Yield the cells of each row of a rule, and the clause of an open criterion."""
    if rule["universal"]:
        yield {"kind": UNIVERSAL}, None
    elif not rule["machine_readable"]:
        yield {"kind": UNREADABLE, "text": rule["reason"]}, None
    for number, group in enumerate(rule["any"], start=1):
        for raw in group["all"]:
            if "open" in raw:
                filled = {"kind": OPEN, "text": raw["open"], "decided_by": raw["decided_by"] or ""}
            else:
                words = {"fact": VOCABULARY[raw["fact"]].label, "op": OPERATOR_LABELS[raw["op"]]}
                filled = {"kind": BY_FACT} | words | {"value": operand_text(raw)}
            yield filled | {"group": str(number)}, raw.get("citation")


def named_terms(field: str, value: object, sources: Mapping[str, str]) -> str:
    """Return the terms of a field as a workbook has them: documents as ``source_names()``, all others by name."""
    if field == "legal_basis":
        return wording.SEPARATOR.join(sources[code] for code in sorted(term["code"] for term in value))
    return term_names(value if isinstance(value, list) else [value] if value else [])


def term_names(terms: Iterable[Mapping]) -> str:
    """Return the names of terms in one cell, in the order of their codes."""
    ordered = sorted(terms, key=lambda term: term["code"])
    return wording.SEPARATOR.join(wording.name_of(term, short=True) for term in ordered)


def to_csv(
    documents: Iterable[Mapping], *, edition: Edition, columns: Collection[str] | None = None
) -> Iterator[bytes]:
    """Yield the list as CSV row by row, in UTF-8 with a byte order mark, by which spreadsheets detect the encoding.

    ``columns`` are the fields to include; None for all.
    """
    return csv_table(list_rows(documents, edition=edition), _selected_columns(columns))


def csv_table(rows: Iterable[Mapping[str, str]], columns: Collection[Column]) -> Iterator[bytes]:
    """Yield rows by column key as CSV, in UTF-8 with a byte order mark."""
    line = io.StringIO(newline="")
    writer = csv.writer(line)
    line.write("\ufeff")
    writer.writerow([column.header for column in columns])
    for row in rows:
        yield _take_line(line)
        writer.writerow([escape_formula(row[column.key]) for column in columns])
    yield _take_line(line)


def _take_line(line: io.StringIO) -> bytes:
    text = line.getvalue()
    line.seek(0)
    line.truncate()
    return text.encode()


def _named(document: Mapping, sources: Mapping[str, str]) -> dict[str, str]:
    """Return the cells of LIST_SHEET that have names in place of codes."""
    return {field: named_terms(field, document[field], sources) for field in TERM_NAMES}


def _selected_columns(
    fields: Collection[str] | None, columns: Mapping[str, Sequence[Column]] = COLUMNS
) -> list[Column]:
    """The columns of LIST_SHEET for these fields, always with edition and provenance."""
    return [
        column
        for column in columns[LIST_SHEET]
        if fields is None
        or {column.key, column.explains} & {*fields}
        or column in PROVENANCE_COLUMNS
        or column.key == "edition"
    ]


def to_xlsx(
    documents: Iterable[Mapping], *, edition: Edition, columns: Collection[str] | None = None,
    sources: Mapping[str, str] | None = None,
) -> Iterator[bytes]:  # fmt: skip
    """Return a workbook in chunks: the list, its citations, values in rows, and the edition; all cells are strings.

    The same edition gives the same bytes. ``columns`` as for ``to_csv()``; ``sources`` are the ``source_names()`` of
    the documents, None to read them. Raises TextTooLongError before the first chunk if a text is longer than
    MAX_CELL_CHARS.
    """
    documents = list(documents)
    published = edition.published_at
    edition_cells = {column.key: getattr(edition, column.key, None) for column in COLUMNS[EDITION_SHEET]} | {
        "effective_from": edition.effective_from.isoformat(),
        "published_at": published and published.isoformat(timespec="seconds"),
    }
    sources = source_names(documents) if sources is None else sources
    sheets = {
        LIST_SHEET: [
            row | _named(document, sources)
            for row, document in zip(list_rows(documents, edition=edition), documents, strict=True)
        ],
        CITATIONS_SHEET: [row | {"source": sources[row["source"]]} for row in citation_rows(documents)],
        **{
            sheet: list(value_rows(field, documents, sources=sources))
            for field, sheet in VALUE_SHEETS.items()
            if columns is None or field in columns
        },
        EDITION_SHEET: [
            {key: value or "" for key, value in edition_cells.items()}
            | provenance_cells(edition)
            | {"disclaimer": DISCLAIMER}
        ],
    }
    if longest := _too_long(sheets):
        raise TextTooLongError(f"有一处文字长 {longest} 字，工作簿的单元格最多 {MAX_CELL_CHARS} 字；请导出为 CSV。")
    return workbook(
        sheets, published, edition.title, WORKBOOK_COLUMNS | {LIST_SHEET: _selected_columns(columns, WORKBOOK_COLUMNS)}
    )


def comparison_xlsx(rows: list[dict[str, str]], *, title: str) -> Iterator[bytes]:
    """Return a workbook in chunks that lists what differs between two editions, by the keys of COMPARISON_COLUMNS.

    Raises TextTooLongError before the first chunk if a text is longer than MAX_CELL_CHARS.
    """
    sheets = {COMPARISON_SHEET: rows}
    if longest := _too_long(sheets):
        raise TextTooLongError(f"有一处文字长 {longest} 字，工作簿的单元格最多 {MAX_CELL_CHARS} 字。")
    return workbook(sheets, None, title, {COMPARISON_SHEET: COMPARISON_COLUMNS})


def _too_long(sheets: Mapping[str, list[dict]]) -> int:
    """Return the length of the longest text if it is too long for a cell, else 0.

    Checked before the first cell is written, because openpyxl cannot be stopped half way.
    """
    texts = (text for rows in sheets.values() for row in rows for text in row.values())
    longest = max((len(escape_formula(text)) for text in texts), default=0)
    return longest if longest > MAX_CELL_CHARS else 0


def workbook(
    sheets: Mapping[str, Iterable[Mapping[str, str]]], at: datetime.datetime | None, title: str,
    columns: Mapping[str, Collection[Column]],
) -> Iterator[bytes]:  # fmt: skip
    """Yield a workbook in chunks: rows by column key and the columns, both by sheet; ``at`` is its time, if any."""
    at = at or DRAFT_TIMESTAMP
    from openpyxl import Workbook
    from openpyxl.xml.constants import ARC_CORE
    from openpyxl.xml.functions import tostring

    book = Workbook(write_only=True)
    for name, rows in sheets.items():
        _sheet(book, name, rows, columns[name])
    book.properties.creator, book.properties.title = SOURCE, title
    original, repacked = io.BytesIO(), io.BytesIO()
    book.save(original)
    # openpyxl writes the time of saving; replaced, so that the same edition gives the same bytes.
    book.properties.created = book.properties.modified = at.astimezone(UTC).replace(tzinfo=None)
    with ZipFile(original) as source_zip, ZipFile(repacked, "w", ZIP_DEFLATED) as target_zip:
        for name in source_zip.namelist():
            part = tostring(book.properties.to_tree()) if name == ARC_CORE else source_zip.read(name)
            target_zip.writestr(ZipInfo(name), part, ZIP_DEFLATED)
    repacked.seek(0)
    while chunk := repacked.read(CHUNK_BYTES):
        yield chunk


def _sheet(book: "Workbook", name: str, rows: Iterable[Mapping[str, str]], columns: Collection[Column]) -> None:
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(name)
    sheet.freeze_panes = "B2"
    for position, column in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(position)].width = WIDTHS.get(column.key, 14)
    headers = []
    for column in columns:
        cell = _cell(sheet, column.header)
        cell.font = Font(bold=True)
        headers.append(cell)
    sheet.append(headers)
    for row in rows:
        sheet.append([_cell(sheet, row[column.key]) for column in columns])


def _cell(sheet, text: str) -> "WriteOnlyCell":
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.styles import Alignment

    text = escape_formula(text)
    cell = WriteOnlyCell(sheet)
    # XML has no control characters; the desk refuses them.
    cell.value = ILLEGAL_CHARACTERS_RE.sub("\ufffd", _escape_xml(text))
    # A string, also if it looks like a number or an error ("#N/A").
    cell.data_type = "s"
    cell.number_format = "@"
    cell.alignment = Alignment(vertical="top", wrap_text=len(text) > 20)
    return cell


def _escape_xml(text: str) -> str:
    """Return a text for Office Open XML: sequences that look like its character escapes are escaped."""
    return re.sub(r"_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", text)


def unescape_xml(text: str) -> str:
    """Return the text of a cell of a workbook, with its character escapes decoded (``_x000B_``: a line tabulation)."""
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda escape: chr(int(escape[1], 16)), text)
