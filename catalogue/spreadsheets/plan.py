"""What a table would change, row by row, and what stands against it: held against the edition published last.

The rules are those of proposals (``proposals.faults_of``), so that what is planned without a fault can be submitted.
It reads and writes nothing of a proposal: ``proposing`` does.
"""

import dataclasses
import datetime
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser

from catalogue.editions import drafts, sourcing
from catalogue.editions.document import entry_data
from catalogue.editions.merge import citations_of, touched_by
from catalogue.editions.models import Citation, Edition, Entry, SourcedField
from catalogue.spreadsheets import writer
from catalogue.spreadsheets.cells import CellError, Clause, parse_citation, parse_clause, parse_value
from catalogue.spreadsheets.limits import ImportFault
from catalogue.spreadsheets.reader import Row, Table
from catalogue.workflow import proposals, wording
from catalogue.workflow.models import SERVICE_CODE_PATTERN, Proposal, ProposedEntry
from services.json_text import canonical_json
from services.vocabularies import Terms, UnknownCodeError

Action, State = ProposedEntry.Action, Proposal.State
# The columns of the list that say something of a service.
VALUE_COLUMNS = [
    column.key for column in writer.COLUMNS[writer.LIST_SHEET]
    if not column.explains
    and column not in (*writer.CITATION_COLUMNS, *writer.PROVENANCE_COLUMNS)
    and column.key not in ("code", "number", "edition")
]  # fmt: skip


@dataclass(frozen=True)
class Change:
    """A field as it is and as the row would have it, in words; None is unknown."""

    label: str
    before: str | None
    after: str | None


@dataclass
class PlannedRow:
    """A row with what it would change: nothing if ``action`` is None. ``pending_proposal`` has it already."""

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
        """The row as ``proposals.draft()`` takes it."""
        return {"service": self.code, "action": self.action, "entry_data": self.entry_data, "successors": []}

    @property
    def action_label(self) -> str:
        return Action(self.action).label if self.action else "没有变化"


@dataclass(frozen=True)
class Plan:
    """What a table would propose. ``imported_as`` is the number of the proposal this same file was imported as."""

    rows: list[PlannedRow]
    faults: list[ImportFault]
    imported_as: int | None

    @property
    def to_propose(self) -> list[PlannedRow]:
        """The rows to propose: none if anything is wrong, or the file was imported before."""
        if self.faults or self.imported_as:
            return []
        return [each for each in self.rows if each.action and each.pending_proposal is None]

    @property
    def draft_entries(self) -> list[dict]:
        """What would be proposed, as ``proposals.draft()`` takes it."""
        return [row.draft_entry for row in self.to_propose]

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of what would be proposed: another plan has another."""
        return hashlib.sha256(canonical_json(self.draft_entries).encode()).hexdigest()

    @property
    def counts(self) -> dict[str, int]:
        """How many rows there are of each sort, by what a page calls it."""
        sorts = {
            "新增": [each for each in self.rows if each.action == Action.ADD],
            "调整": [each for each in self.rows if each.action == Action.CHANGE],
            "没有变化": [each for each in self.rows if not each.action and not each.faults],
            "已有建议": [each for each in self.rows if each.pending_proposal],
            "有错误": [each for each in self.rows if each.faults],
        }
        return {words: len(rows) for words, rows in sorts.items()}


def make_plan(
    table: Table, *, digest: str, edition: Edition, by: AbstractBaseUser, effective_from: datetime.date
) -> Plan:
    """Return what a table would propose as changes of ``edition``, which is ``proposals.base()``.

    ``digest`` is the SHA-256 of the file; ``effective_from`` the day from which the changes are to hold. A number of
    queries that does not grow with the rows.
    """
    planner = _Planner(edition, effective_from)
    faults = [fault for row in table.editions for fault in planner.provenance_faults(row, "slug")]
    faults += planner.read_sources(table)
    planned = [planner.plan_row(row) for row in table.rows]
    foreign = proposals.foreign_department_faults(
        [each.draft_entry for each in planned if each.action], edition=edition, by=by
    )
    waiting = _pending_entries()
    for each in planned:
        if reason := foreign.get(each.code) if each.action else None:
            each.faults.append(each.row.fault(reason, "code"))
        if each.action:
            each.pending_proposal = waiting.get((each.code, each.action, canonical_json(each.entry_data)))
    again = Proposal.objects.filter(imported_from=digest).exclude(state=State.RETRACTED).order_by("number").first()
    faults += [fault for each in planned for fault in each.faults]
    return Plan(planned, faults, again and again.number)


def _pending_entries() -> dict[tuple[str, str, str], int]:
    """Return the number of the open proposal for each service, action and content that waits in one."""
    entries = ProposedEntry.objects.exclude(proposal__state__in=[State.RETRACTED, State.PUBLISHED])
    return {
        (service, action, canonical_json(stated)): number
        for service, action, stated, number in entries.order_by("-proposal__number").values_list(
            "service", "action", "entry_data", "proposal__number"
        )
    }


class _Planner:
    """Plans the rows of one table; what they are held against is read once."""

    def __init__(self, edition: Edition, effective_from: datetime.date):
        documents = edition.documents()
        self.edition, self.effective_from = edition, effective_from
        self.about = writer.provenance_cells(edition)
        self.documents = {document["code"]: document for document in documents}
        self.current = {document["code"]: entry_data(document) for document in documents}
        self.next_number = 1 + max((document["number"] for document in documents), default=0)
        self.terms, self.used = Terms(), proposals.used_codes()
        self.sources: dict[str, dict[str, Clause]] = {}
        self.seen: dict[str, int] = {}
        self.codes: set[str] = set()

    def provenance_faults(self, row: Row, key: str) -> list[ImportFault]:
        """Return a fault for a row that was exported from another edition: it would take back what came since."""
        slug = self.edition.slug
        found = []
        if row.cells.get(key) and row.cells[key] != slug:
            reason = f"出自版本“{row.cells[key]}”，而最后发布的版本是“{slug}”；请重新导出后再修改。"
            found.append(row.fault(reason, key))
        found += [
            row.fault(f"“{column.header}”由系统填写，应与导出时相同，或留空。", column.key)
            for column in writer.PROVENANCE_COLUMNS
            if column.key != "digest" and row.cells.get(column.key) not in (None, "", self.about[column.key])
        ]
        if not found and row.cells.get("digest") and row.cells["digest"] != self.edition.digest:
            found.append(row.fault(f"与版本“{slug}”的摘要 {self.edition.digest} 不同；请重新导出后再修改。", "digest"))
        return found

    def read_sources(self, table: Table) -> list[ImportFault]:
        """Read the sheet of citations by service and field, and return what is wrong with it."""
        faults, listed = [], {row.cells["code"] for row in table.rows}
        for row in table.sources:
            code = row.cells["code"]
            if code not in listed:
                faults.append(row.fault(f"“{writer.LIST_SHEET}”中没有代码为“{code[:50]}”的行。", "code"))
                continue
            try:
                field, citation, finding = parse_citation(row, self.terms)
                known = self.sources.setdefault(code, {}).setdefault(field, Clause(*finding, []))
                if (known.verification, known.basis) != finding:
                    raise CellError("finding", "同一字段各行的字段核实情况和依据类别应当相同。")
                known.citations.append(citation)
            except CellError as wrong:
                faults.append(row.fault(wrong.reason, wrong.key))
        return faults

    def plan_row(self, row: Row) -> PlannedRow:
        """Return what one row would change."""
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
        values = self._read_cells(
            planned, VALUE_COLUMNS, lambda key: parse_value(key, row.cells[key], self.terms, current)
        )
        clause = self._read_cells(planned, ["source"], lambda _: parse_clause(row, self.terms)).get("source")
        self._check_number(planned, current)
        if not planned.faults:
            self._check_names(planned, values)
        if not planned.faults:
            self._change(planned, current, values, clause)
        planned.name = values.get("name") or (current or {}).get("name") or ""
        return planned

    def _read_cells(self, planned: PlannedRow, keys: Iterable[str], read: Callable[[str], object]) -> dict:
        """Return what is read of each column the sheet has, and add what is wrong to the row's faults."""
        found = {}
        for key in keys:
            if key in planned.row.columns:
                try:
                    found[key] = read(key)
                except CellError as wrong:
                    planned.faults.append(planned.row.fault(wrong.reason, wrong.key))
        return found

    def _check_number(self, planned: PlannedRow, current: Mapping | None) -> None:
        given = planned.row.cells.get("number", "")
        if given and current is None:
            planned.faults.append(planned.row.fault("新增项目的序号由系统编排，请留空。", "number"))
        elif given and given != str(current["number"]):
            reason = f"序号“{given[:20]}”不对：{planned.code} 是 {current['number']}，由系统编排，不能更改；也可留空。"
            planned.faults.append(planned.row.fault(reason, "number"))

    def _check_names(self, planned: PlannedRow, values: Mapping) -> None:
        """A name explains the code beside it and is not read: one that says something else would be lost."""
        document = self.documents.get(planned.code, {})
        for column in writer.COLUMNS[writer.LIST_SHEET]:
            given = planned.row.cells.get(column.key)
            if not column.explains or not given:
                continue
            allowed = writer.explanation(column.explains, document.get(column.explains))
            if column.explains in values:
                after = self._explanation(column.explains, values[column.explains])
                if given in (allowed, after):
                    continue
                allowed = after
            if given != allowed:
                about = f"“{column.header}”只说明左边的代码，应是“{allowed or '空'}”，或留空；要更改请改左边的代码。"
                planned.faults.append(planned.row.fault(about, column.key))

    def _explanation(self, key: str, value: object) -> str:
        if key == "eligibility":
            return writer.explanation(key, value)
        codes = value if isinstance(value, list) else [value] if value else []
        return wording.SEPARATOR.join(wording.name_of(self._term(key, code), short=True) for code in codes)

    def _term(self, key: str, code: str) -> object:
        find = {"domain": self.terms.domain, "target_groups": self.terms.target_group, "legal_basis": self.terms.source}
        return find.get(key, self.terms.department)(code)

    def _change(self, planned: PlannedRow, current: Mapping | None, values: dict, clause: Clause | None) -> None:
        """Find what the row changes, with the clauses it rests on, and ask the rules of proposals about it."""
        adding = current is None
        before = current or proposals.blank_entry(planned.code, self.next_number)
        changed = {key: value for key, value in values.items() if value != before[key]}
        after = before | changed
        rests = self._new_clauses(planned, before, after, changed, clause)
        if adding:
            mention = self.sources.get(planned.code, {}).get(Citation.MENTION)
            planned.entry_data = after | _sourcing(rests, mention.citations if mention else ())
        elif changed or rests:
            planned.entry_data = changed | (_sourcing(rests) if rests else {})
        if not planned.entry_data or planned.faults:
            return
        planned.action = Action.ADD if adding else Action.CHANGE
        planned.changes = list(self._changes(before, after, changed, rests))
        found = [] if adding else self._uncited(after, changed, rests)
        # A changed field without a clause has lost its own, which the rules would call by another name.
        found = found or proposals.entry_faults(
            ProposedEntry(service=planned.code, action=planned.action, entry_data=planned.entry_data),
            effective_from=self.effective_from,
            current=self.current,
            terms=self.terms,
            used=self.used,
        )
        planned.faults += [
            planned.row.fault(fault.reason, self._column(planned.row, fault.field, changed)) for fault in found
        ]

    def _uncited(self, after: Mapping, changed: Mapping, rests: Mapping[str, Clause]) -> list[sourcing.FieldFault]:
        return sourcing.uncited(after, changed=touched_by(changed), cited=rests)

    def _new_clauses(
        self, planned: PlannedRow, before: Mapping, after: Mapping, changed: Mapping, clause: Clause | None
    ) -> dict[str, Clause]:
        """Return the clauses the row gives a field in place of those it has, by sourced field.

        What the sheet of citations says of a field goes before the clause of the row, if it is not what stands already.
        """
        rests, used = {}, False
        touched = touched_by(changed)
        given = self.sources.get(planned.code, {})
        for field, columns in Entry.SOURCED_FIELDS.items():
            known = any(after[column] not in (None, []) for column in columns)
            if field in given and given[field] != _current_clause(before, field):
                rests[field] = given[field]
            elif field in touched and known and clause:
                used = True
                rests[field] = clause.for_field(
                    field, _kept_legal_citations(before, after) if field == "legal_basis" else []
                )
        if clause and not used and not clause.is_contained_in(before["citations"]):
            reason = "这一行没有改动须有来源的字段，所填的来源无处可用；请清空来源各列，或改动相应的字段。"
            planned.faults.append(planned.row.fault(reason, "source"))
        mentions = citations_of(before, Citation.MENTION)
        mentioned = given[Citation.MENTION].citations if Citation.MENTION in given else mentions
        if planned.code in self.current and mentioned != mentions:
            reason = "工作表“字段来源”中的“相关表述”与现行清单不同；导入不能更改相关表述，请恢复原样或删去这些行。"
            planned.faults.append(planned.row.fault(reason, "code"))
        return rests

    def _changes(self, before: Mapping, after: Mapping, changed: Mapping, rests: Mapping[str, Clause]):
        """Yield what changes as a reader sees it: terms by name, and the clauses of each field."""
        for key in changed:
            label = str(Entry._meta.get_field(key).verbose_name)
            yield Change(label, self._value_text(key, before[key]), self._value_text(key, after[key]))
        for field, clause in rests.items():
            yield Change(
                f"“{SourcedField(field).label}”的来源", _current_clause(before, field).as_text(), clause.as_text()
            )  # fmt: skip

    def _value_text(self, key: str, value: object) -> str | None:
        if value in (None, []):
            return None
        if key not in (*drafts.LIST_COLUMNS, "domain", "lead_department"):
            return wording.words(value)
        codes = value if isinstance(value, list) else [value]
        return wording.SEPARATOR.join(f"{self._name_of(key, code)}（{code}）" for code in codes)

    def _name_of(self, key: str, code: str) -> str:
        try:
            return wording.name_of(self._term(key, code), short=True)
        except UnknownCodeError:
            return wording.UNKNOWN

    def _column(self, row: Row, field: str, changed: Mapping) -> str:
        """Return the column to show a fault at: of a sourced field the first that was changed, else the first."""
        columns = Entry.SOURCED_FIELDS.get(field, [field])
        there = [column for column in columns if column in row.columns]
        return next((column for column in there if column in changed), there[0] if there else "code")


def _current_clause(stated: Mapping, field: str) -> Clause:
    """Return what a field of an entry rests on now."""
    return Clause(stated["verification"].get(field), stated["basis"].get(field), citations_of(stated, field))


def _kept_legal_citations(before: Mapping, after: Mapping) -> list[dict]:
    """Return the clauses of the laws that stay in the legal basis: each law has its own."""
    return [citation for citation in citations_of(before, "legal_basis") if citation["source"] in after["legal_basis"]]


def _sourcing(rests: Mapping[str, Clause], mentions: Iterable[dict] = ()) -> dict:
    return {
        "verification": {field: clause.verification for field, clause in rests.items() if clause.verification},
        "basis": {field: clause.basis for field, clause in rests.items() if clause.basis},
        "citations": [citation for clause in rests.values() for citation in clause.citations] + list(mentions),
    }
