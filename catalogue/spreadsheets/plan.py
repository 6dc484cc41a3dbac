"""The plan of an import: the changes of each row against the latest published edition, and their faults.

The rules are those of proposals (``proposals.entry_faults``), so that a plan without faults can be submitted. This
module writes nothing: ``importer`` drafts the proposals.
"""

import dataclasses
import datetime
import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser

from catalogue.editions import drafts, sourcing
from catalogue.editions.document import entry_data
from catalogue.editions.merge import citations_of, touched_by
from catalogue.editions.models import Citation, Edition, Entry, SourcedField
from catalogue.spreadsheets import cells, rewritten, value_rows, writer
from catalogue.spreadsheets.cells import CellError, FieldSourcing
from catalogue.spreadsheets.columns import (
    CITATION_COLUMNS,
    CITATIONS_SHEET,
    COLUMNS,
    FRESHNESS_COLUMNS,
    LIST_SHEET,
    PROVENANCE_COLUMNS,
    RULE,
    VALUE_SHEETS,
)
from catalogue.spreadsheets.limits import ImportFault
from catalogue.spreadsheets.names import TermNames, source_names
from catalogue.spreadsheets.reader import Row, Table, as_read
from catalogue.workflow import proposals, wording
from catalogue.workflow.models import SERVICE_CODE_PATTERN, Proposal, ProposedEntry
from services.eligibility.open_criteria import open_criteria
from services.text.json_text import canonical_json
from services.vocabularies import Terms, UnknownCodeError

Action, State = ProposedEntry.Action, Proposal.State
# The columns of the list with values of a service.
VALUE_COLUMNS = [
    column.key for column in COLUMNS[LIST_SHEET]
    if not column.explains
    and column not in (*CITATION_COLUMNS, *FRESHNESS_COLUMNS, *PROVENANCE_COLUMNS)
    and column.key not in ("code", "number", "edition")
]  # fmt: skip

# The columns of a field's own verification and basis on the sheet of citations, by where an entry has them.
FINDINGS = {"finding": "verification", "basis": "basis"}
NAME_KEYS = {column.key for column in COLUMNS[LIST_SHEET] if column.key.endswith("_names")}


@dataclass(frozen=True)
class Change:
    """The value of a field before and after the change, in words; None is unknown."""

    label: str
    before: str | None
    after: str | None


@dataclass
class PlannedRow:
    """A row and its change: no change if ``action`` is None.

    ``pending_proposal`` is the number of an open proposal with the same change.
    """

    row: Row
    code: str
    name: str = ""
    action: str | None = None
    entry_data: dict = dataclasses.field(default_factory=dict)
    changes: list[Change] = dataclasses.field(default_factory=list)
    faults: list[ImportFault] = dataclasses.field(default_factory=list)
    pending_proposal: int | None = None

    @property
    def draft_entry(self) -> dict:
        """The row in the shape that ``proposals.draft()`` takes."""
        return {"service": self.code, "action": self.action, "entry_data": self.entry_data, "successors": []}

    @property
    def action_label(self) -> str:
        return Action(self.action).label if self.action else "没有变化"


@dataclass(frozen=True)
class Plan:
    """The plan of a table. ``imported_as`` is the number of the first proposal drafted from the same file, if any.

    ``ignored_rows`` is the number of rows of other sheets whose services stand in no row of the list.
    """

    rows: list[PlannedRow]
    faults: list[ImportFault]
    imported_as: int | None
    ignored_rows: int = 0

    @property
    def to_propose(self) -> list[PlannedRow]:
        """The rows to propose: none if there is any fault or the file was imported before."""
        if self.faults or self.imported_as:
            return []
        return [row for row in self.rows if row.action and row.pending_proposal is None]

    @property
    def draft_entries(self) -> list[dict]:
        """The entries to propose, in the shape that ``proposals.draft()`` takes."""
        return [row.draft_entry for row in self.to_propose]

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of ``draft_entries``, by which a changed plan is noticed."""
        return hashlib.sha256(canonical_json(self.draft_entries).encode()).hexdigest()

    @property
    def counts(self) -> dict[str, int]:
        """The number of rows of each kind, by its label on the page."""
        groups = {
            "新增": [row for row in self.rows if row.action == Action.ADD],
            "调整": [row for row in self.rows if row.action == Action.CHANGE],
            "没有变化": [row for row in self.rows if not row.action and not row.faults],
            "已有建议": [row for row in self.rows if row.pending_proposal],
            "有错误": [row for row in self.rows if row.faults],
        }
        return {label: len(rows) for label, rows in groups.items()}


def make_plan(
    table: Table,
    *,
    digest: str,
    edition: Edition,
    by: AbstractBaseUser,
    on: datetime.date,
    effective_from: datetime.date,
) -> Plan:
    """Return the plan of a table as changes of ``edition``, which is ``base_edition()``.

    ``digest`` is the SHA-256 of the file, ``effective_from`` the proposed effective day; ``by`` proposes
    it ``on`` a day. The number of queries does not
    grow with the rows.
    """
    planner = _Planner(edition, effective_from)
    faults = [fault for row in table.editions for fault in planner.provenance_faults(row, "slug")]
    faults += planner.read_sources(table)
    faults += planner.read_values(table)
    planned_rows = [planner.plan_row(row) for row in table.rows]
    department_faults = proposals.foreign_department_faults(
        [planned_row.draft_entry for planned_row in planned_rows if planned_row.action], edition=edition, by=by, on=on
    )
    pending = _pending_entries()
    for planned_row in planned_rows:
        if reason := department_faults.get(planned_row.code) if planned_row.action else None:
            planned_row.faults.append(planned_row.row.fault(reason, "code"))
        if planned_row.action:
            planned_row.pending_proposal = pending.get(
                (planned_row.code, planned_row.action, canonical_json(planned_row.entry_data))
            )
    earlier = Proposal.objects.filter(imported_from=digest).exclude(state=State.VOID).order_by("number").first()
    faults += [fault for planned_row in planned_rows for fault in planned_row.faults]
    return Plan(planned_rows, faults, earlier and earlier.number, planner.ignored_rows)


def _pending_entries() -> dict[tuple[str, str, str], int]:
    """Return the number of the first open proposal by (service, action, canonical JSON of the data)."""
    entries = ProposedEntry.objects.exclude(proposal__state__in=[State.VOID, State.PUBLISHED])
    return {
        (service, action, canonical_json(data)): number
        for service, action, data, number in entries.order_by("-proposal__number").values_list(
            "service", "action", "entry_data", "proposal__number"
        )
    }


class _Planner:
    """Plans the rows of one table; the edition and the vocabularies are read once."""

    def __init__(self, edition: Edition, effective_from: datetime.date):
        documents = edition.documents()
        self.edition, self.effective_from = edition, effective_from
        self.about = writer.provenance_cells(edition)
        self.documents = {document["code"]: document for document in documents}
        self.current = {document["code"]: entry_data(document) for document in documents}
        self.next_number = 1 + max((document["number"] for document in documents), default=0)
        self.terms, self.used = Terms(), proposals.used_codes()
        self.names = TermNames(self.terms)
        self.source_names = source_names(documents)
        self.sources: dict[str, dict[str, FieldSourcing]] = {}
        self.values: dict[tuple[str, str], object] = {}
        self.ignored_rows = 0
        self.seen: dict[str, int] = {}
        self.codes: set[str] = set()

    def provenance_faults(self, row: Row, key: str) -> list[ImportFault]:
        """Return a fault for a row exported from another edition, because it would revert the changes made since."""
        slug = self.edition.slug
        faults = []
        if row.cells.get(key) and row.cells[key] != slug and not rewritten.is_same(row.cells[key], slug):
            reason = f"出自版本“{row.cells[key]}”，而最后发布的版本是“{slug}”；请导出版本“{slug}”后再修改。"
            faults.append(row.fault(reason, key))
        faults += [
            row.fault(f"“{column.header}”由系统填写，应与导出时相同，或留空。", column.key)
            for column in PROVENANCE_COLUMNS
            if column.key != "digest" and row.cells.get(column.key) not in (None, "", self.about[column.key])
        ]
        if not faults and row.cells.get("digest") and row.cells["digest"] != self.edition.digest:
            faults.append(row.fault(f"与版本“{slug}”的摘要 {self.edition.digest} 不同；请重新导出后再修改。", "digest"))
        return faults

    def read_sources(self, table: Table) -> list[ImportFault]:
        """Read the sheet of citations into ``sources``, by service and field, and return its faults."""
        faults, listed_codes = [], {row.cells["code"] for row in table.rows}
        for row in table.sources:
            code = row.cells["code"]
            if code not in listed_codes:
                # Rows that are not to be changed may be left out of the list; a code that no service has is a mistake.
                if code in self.current:
                    self.ignored_rows += 1
                else:
                    faults.append(row.fault(cells.unlisted_reason(code), "code"))
                continue
            try:
                field, citation, finding = cells.parse_citation(row, self.names)
                self._check_columns(row, citation)
                clause = self.sources.setdefault(code, {}).setdefault(field, FieldSourcing(*finding, []))
                if (clause.verification, clause.basis) != finding:
                    raise CellError("finding", "同一字段各行的字段核实情况和依据类别应当相同。")
                clause.citations.append(citation)
            except CellError as error:
                faults.append(row.fault(error.reason, error.key))
        return faults

    def _check_columns(self, row: Row, citation: Mapping) -> None:
        """Raise CellError for a present citation whose row has no column for a part of it, which would be lost."""
        entry = self.current.get(row.cells["code"])
        absent = {column.key: column.header for column in COLUMNS[CITATIONS_SHEET] if column.key not in row.columns}
        for present in citations_of(entry, citation["field"]) if entry and absent else ():
            parts = present | {name: entry[of].get(citation["field"]) for name, of in FINDINGS.items()}
            lost = [header for key, header in absent.items() if parts.get(key)]
            if lost and all(
                present.get(key) == citation.get(key) for key in present.keys() | citation if key not in absent
            ):
                raise CellError("code", f"工作表没有“{lost[0]}”列，这一条现行的来源会失去这一部分；请恢复这一列。")

    def read_values(self, table: Table) -> list[ImportFault]:
        """Read the sheets of rules, figures and shares into ``values``, by service and field; return their faults."""
        listed = {row.cells["code"]: row for row in table.rows}
        stated = value_rows.read(table.values, listed=listed, current=self.current, names=self.names)
        self.values = stated.by_field
        self.ignored_rows += stated.ignored
        return stated.faults

    def plan_row(self, row: Row) -> PlannedRow:
        """Return the change of one row, with its faults."""
        planned = PlannedRow(row, row.cells["code"])
        if not re.fullmatch(SERVICE_CODE_PATTERN, planned.code):
            reason = f"服务项目代码“{planned.code[:50]}”格式不符，应像 NM-05-01（半角大写字母、数字和连字符）。"
            planned.faults.append(row.fault(reason, "code"))
            return planned
        if planned.code in self.seen:
            reason = f"代码 {planned.code} 与第 {self.seen[planned.code]} 行重复；每个服务项目只写一行。"
            planned.faults.append(row.fault(reason, "code"))
            return planned
        self.seen[planned.code] = row.number
        planned.faults += self.provenance_faults(row, "edition")
        current = self.current.get(planned.code)
        values = self._read_cells(planned, VALUE_COLUMNS, lambda key: self._value(row, key, current))
        clause = self._read_cells(planned, ["source"], lambda _: cells.parse_clause(row, self.names)).get("source")
        self._check_number(planned, current)
        if not planned.faults:
            self._check_names(planned, values)
        if not planned.faults:
            self._change(planned, current, values, clause)
        planned.name = values.get("name") or (current or {}).get("name") or ""
        return planned

    def _read_cells(self, planned: PlannedRow, keys: Iterable[str], parse: Callable[[str], object]) -> dict:
        """Return the parsed value of each column that the sheet has, and add errors to the faults of the row."""
        values = {}
        for key in keys:
            in_rows = (planned.code, key) in self.values
            if key in planned.row.columns or planned.row.cells.get(f"{key}_names") or in_rows:
                try:
                    values[key] = parse(key)
                except CellError as error:
                    planned.faults.append(planned.row.fault(error.reason, error.key))
        return values

    def _value(self, row: Row, key: str, current: Mapping | None) -> object:
        """Return the value of a column: of its codes, or of the names beside them if there are no codes."""
        if key in VALUE_SHEETS:
            return self._value_of_rows(row, key, current)
        names_key = f"{key}_names"
        text, names = row.cells.get(key, ""), row.cells.get(names_key, "")
        # Names of the export itself may mean several terms: titles are not unique.
        written = current and (text or names)
        if written and written in self._names_on_export(row.cells["code"], key):
            return current[key]
        if text or not names:
            return cells.parse_value(key, text, self.names, current)
        try:
            return cells.parse_value(key, names, self.names, current)
        except CellError as error:
            raise CellError(names_key, error.reason) from None

    def _names_on_export(self, code: str, key: str) -> Collection[str]:
        """Return how an export writes the terms of a column of a service, in CSV and in a workbook."""
        if f"{key}_names" not in NAME_KEYS:
            return ()
        value = self.documents[code].get(key)
        return writer.explanation(key, value), writer.named_terms(key, value, self.source_names)

    def _value_of_rows(self, row: Row, key: str, current: Mapping | None) -> object:
        """Return the value whose rows stand on a sheet of their own: a cell of the list says it in words alone."""
        text, sheet = row.cells.get(key, ""), VALUE_SHEETS[key]
        now = current[key] if current else None
        text, words_now = as_read(text), as_read(writer.explanation(key, now))
        if (row.cells["code"], key) in self.values:
            stated = self.values[row.cells["code"], key]
            if text not in (words_now, as_read(writer.explanation(key, stated))) and key in row.columns:
                if text:
                    raise CellError(key, f"这一栏与工作表“{sheet}”里的行不符；要更改请改那些行，并清空或恢复这一栏。")
                raise CellError(key, f"这一栏清空了，工作表“{sheet}”里还有这一项的行；请把那些行也删去，或恢复这一栏。")
            return stated
        if current and text == words_now:
            return now
        if text:
            where = f"请在工作表“{sheet}”里逐行填写" if row.sheet else f"请导出 XLSX，在工作表“{sheet}”里逐行填写"
            raise CellError(key, f"这一栏只用文字说明，不能在这里更改；{where}，或恢复这一栏。")
        return None if key == RULE else []

    def _check_number(self, planned: PlannedRow, current: Mapping | None) -> None:
        number = planned.row.cells.get("number", "")
        if number and current is None:
            planned.faults.append(planned.row.fault("新增项目的序号由系统编排，请留空。", "number"))
        elif number and (rewritten.figure(number) or number) != str(current["number"]):
            reason = f"序号“{number[:20]}”不对：{planned.code} 是 {current['number']}，由系统编排，不能更改；也可留空。"
            planned.faults.append(planned.row.fault(reason, "number"))

    def _check_names(self, planned: PlannedRow, values: Mapping) -> None:
        """Add a fault for each name that disagrees with its code: names are not read, so the edit would be lost."""
        document = self.documents.get(planned.code, {})
        for column in COLUMNS[LIST_SHEET]:
            text = planned.row.cells.get(column.key)
            if not column.explains or not text:
                continue
            expected = writer.explanation(column.explains, document.get(column.explains))
            if column.explains in values:
                new_text = self._explanation(column.explains, values[column.explains])
                if text in (expected, new_text) or self._names_agree(column.explains, text, values[column.explains]):
                    continue
                expected = new_text
            if text != expected:
                way = "改左边的代码，或清空代码、只写名称" if column.key in NAME_KEYS else "改左边的一栏"
                reason = f"“{column.header}”只说明左边的代码，应是“{expected or '空'}”，或留空；要更改请{way}。"
                planned.faults.append(planned.row.fault(reason, column.key))

    def _explanation(self, key: str, value: object) -> str:
        codes = value if isinstance(value, list) else [value] if value else []
        return wording.SEPARATOR.join(wording.name_of(self.names.term(key, code), short=True) for code in codes)

    def _names_agree(self, key: str, text: str, value: object) -> bool:
        """Whether the names beside codes mean the same terms, in whatever form."""
        if f"{key}_names" not in NAME_KEYS:
            return False
        return self.names.matches(key, text, value if isinstance(value, list) else [value] if value else [])

    def _change(self, planned: PlannedRow, current: Mapping | None, values: dict, clause: FieldSourcing | None) -> None:
        """Set the action, data and changes of the row, and add the faults by the rules of proposals."""
        is_addition = current is None
        before = current or drafts.blank_entry(planned.code, self.next_number)
        changed = {key: value for key, value in values.items() if value != before[key]}
        after = before | changed
        clauses = self._new_clauses(planned, before, after, changed, clause)
        if is_addition:
            mention = self.sources.get(planned.code, {}).get(Citation.MENTION)
            planned.entry_data = after | _sourcing(clauses, mention.citations if mention else ())
        elif changed or clauses:
            planned.entry_data = changed | (_sourcing(clauses) if clauses else {})
        if not planned.entry_data or planned.faults:
            return
        planned.action = Action.ADD if is_addition else Action.CHANGE
        planned.changes = list(self._changes(before, after, changed, clauses))
        field_faults = [] if is_addition else self._uncited(after, changed, clauses)
        # A changed field without a clause has lost its old one too, and the rules would report a different fault.
        field_faults = field_faults or proposals.entry_faults(
            ProposedEntry(service=planned.code, action=planned.action, entry_data=planned.entry_data),
            effective_from=self.effective_from,
            current=self.current,
            terms=self.terms,
            used=self.used,
        )
        planned.faults += [
            planned.row.fault(fault.reason, self._column(planned.row, fault.field, changed)) for fault in field_faults
        ]

    def _uncited(
        self, after: Mapping, changed: Mapping, clauses: Mapping[str, FieldSourcing]
    ) -> list[sourcing.FieldFault]:
        return sourcing.uncited(after, changed=touched_by(changed), cited=clauses)

    def _new_clauses(
        self, planned: PlannedRow, before: Mapping, after: Mapping, changed: Mapping, clause: FieldSourcing | None
    ) -> dict[str, FieldSourcing]:
        """Return the new clauses by sourced field, in place of the current ones.

        Citations of a field on the sheet of citations take precedence over the clause of the row, if they differ from
        the current ones. Adds a fault if the clause of the row is used for no field, or if mentions are changed.
        """
        clauses, is_used = {}, False
        touched = touched_by(changed)
        sheet_clauses = self.sources.get(planned.code, {})
        for field, columns in Entry.SOURCED_FIELDS.items():
            has_value = any(after[column] not in (None, []) for column in columns)
            if field in sheet_clauses and sheet_clauses[field] != _current_clause(before, field):
                clauses[field] = sheet_clauses[field]
            elif field in touched and has_value and clause:
                is_used = True
                clauses[field] = clause.for_field(
                    field, _kept_legal_citations(before, after) if field == "legal_basis" else []
                )
        if clause and not is_used and not clause.is_contained_in(before["citations"]):
            reason = "这一行没有改动须有来源的字段，所填的来源无处可用；请清空来源各列，或改动相应的字段。"
            planned.faults.append(planned.row.fault(reason, "source"))
        mentions = citations_of(before, Citation.MENTION)
        mentioned = sheet_clauses[Citation.MENTION].citations if Citation.MENTION in sheet_clauses else mentions
        if planned.code in self.current and mentioned != mentions:
            reason = "工作表“字段来源”中的“相关表述”与现行清单不同；导入不能更改相关表述，请恢复原样或删去这些行。"
            planned.faults.append(planned.row.fault(reason, "code"))
        return clauses

    def _changes(self, before: Mapping, after: Mapping, changed: Mapping, clauses: Mapping[str, FieldSourcing]):
        """Yield the changes in words: terms by name, and the clauses of each field."""
        for key in changed:
            label = str(Entry._meta.get_field(key).verbose_name)
            words = self._value_text(key, before[key]), self._value_text(key, after[key])
            yield Change(label, *words)
            if key in VALUE_SHEETS and words[0] == words[1]:
                yield Change(f"“{label}”的条文", *(_clauses_text(key, entry[key]) for entry in (before, after)))
        for field, clause in clauses.items():
            yield Change(
                f"“{SourcedField(field).label}”的来源", _current_clause(before, field).as_text(), clause.as_text()
            )  # fmt: skip

    def _value_text(self, key: str, value: object) -> str | None:
        if value in (None, []):
            return None
        if key not in (*drafts.LIST_COLUMNS, "domain", "lead_department"):
            return wording.value_text(value)
        codes = value if isinstance(value, list) else [value]
        return wording.SEPARATOR.join(f"{self._name_of(key, code)}（{code}）" for code in codes)

    def _name_of(self, key: str, code: str) -> str:
        try:
            return wording.name_of(self.names.term(key, code), short=True)
        except UnknownCodeError:
            return wording.UNKNOWN

    def _column(self, row: Row, field: str, changed: Mapping) -> str:
        """Return the column of a fault: the first changed column of a sourced field, else its first in the sheet."""
        columns = Entry.SOURCED_FIELDS.get(field, [field])
        present = [column for column in columns if column in row.columns]
        return next((column for column in present if column in changed), present[0] if present else "code")


def _clauses_text(field: str, value: object) -> str | None:
    """Return the clauses that the values of a field carry, in words, each with what it is for."""
    values = open_criteria(value) if field == RULE else value
    jurisdictions = wording.CHOICES["jurisdiction"]
    lines = [
        f"{raw.get('label') or raw.get('open') or wording.value_text(raw)}："
        f"{FieldSourcing(None, None, [raw['citation']]).as_text()}"
        f"（{jurisdictions.get(raw['citation']['jurisdiction'], wording.UNKNOWN)}）"
        for raw in values
    ]
    return "\n".join(lines) or None


def _current_clause(entry: Mapping, field: str) -> FieldSourcing:
    """Return the current clause of a field of an entry."""
    return FieldSourcing(entry["verification"].get(field), entry["basis"].get(field), citations_of(entry, field))


def _kept_legal_citations(before: Mapping, after: Mapping) -> list[dict]:
    """Return the citations of the laws that stay in the legal basis: each law has its own."""
    return [citation for citation in citations_of(before, "legal_basis") if citation["source"] in after["legal_basis"]]


def _sourcing(clauses: Mapping[str, FieldSourcing], mentions: Iterable[dict] = ()) -> dict:
    return {
        "verification": {field: clause.verification for field, clause in clauses.items() if clause.verification},
        "basis": {field: clause.basis for field, clause in clauses.items() if clause.basis},
        "citations": [citation for clause in clauses.values() for citation in clause.citations] + list(mentions),
    }
