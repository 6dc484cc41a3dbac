"""Cases (案例) as a table, one row for each case and service: written for an edition, and read back as changes.

Facts and choices stand by name. A case that is not in the file stays; 撤下 in place of an outcome leaves the service
out of the case, and withdraws a case without services.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from catalogue.editions.models import Edition
from catalogue.spreadsheets import writer
from catalogue.spreadsheets.columns import Column
from catalogue.spreadsheets.limits import ImportFault, UnreadableFileError, refuse
from catalogue.spreadsheets.names import MARKS, TermNameError, TermNames, distinct_names
from catalogue.spreadsheets.reader import MAX_FAULTS, Row, read_sheets
from catalogue.workflow import cases
from catalogue.workflow.steps import proposed_cases
from services.eligibility import sentences
from services.eligibility.answers import parse_answer
from services.eligibility.facts import VOCABULARY
from services.eligibility.rules import OUTCOMES
from services.sources import Source
from services.vocabularies import Terms

SHEET = "案例"
WITHDRAWN = "撤下"
OUTCOMES_BY_LABEL = {cases.OUTCOME_LABELS[outcome]: outcome for outcome in OUTCOMES}
COLUMNS = (
    Column("case", "案例编号"),
    Column("service", "服务项目"),
    Column("service_name", "服务项目名称", explains="service"),
    Column("outcome", "应有的结论"),
    Column("source", "依据文件"),
    Column("source_title", "依据文件名称", explains="source"),
    Column("locator", "条款位置"),
    *(Column(f"fact-{fact.name}", fact.label) for fact in VOCABULARY),
)


class Changes(NamedTuple):
    """What a file changes: the changes by code of the case (``proposed_cases.make_change()``), and the cases read."""

    changes: dict[str, dict]
    count: int


def rows(edition: Edition) -> Iterator[dict[str, str]]:
    """Yield the rows of an edition's cases by column key."""
    names = dict(edition.entries.values_list("service__code", "name"))
    titles = dict(Source.objects.values_list("code", "title"))
    unknown = dict.fromkeys((f"fact-{fact.name}" for fact in VOCABULARY), "")
    for case in edition.cases.all():
        answers = {
            f"fact-{name}": sentences.answer_text(VOCABULARY[name], value) for name, value in case.circumstances.items()
        }
        for service, outcome in case.expected.items():
            clause = case.because[service]
            yield {
                "case": case.code,
                "service": service,
                "service_name": names.get(service, ""),
                "outcome": cases.OUTCOME_LABELS[outcome],
                "source": clause["source"],
                "source_title": titles.get(clause["source"], ""),
                "locator": clause["locator"] or "",
            } | unknown | answers  # fmt: skip


def to_csv(edition: Edition) -> Iterator[bytes]:
    return writer.csv_table(rows(edition), COLUMNS)


def to_xlsx(edition: Edition) -> Iterator[bytes]:
    names = distinct_names(Source.objects.values("code", "title", *MARKS))
    named = (row | {"source": names.get(row["source"], row["source"])} for row in rows(edition))
    columns = [column for column in COLUMNS if column.key != "source_title"]
    return writer.workbook({SHEET: named}, edition.published_at, f"{edition.title}：案例", {SHEET: columns})


def read_changes(name: str, content: bytes, *, edition: Edition) -> Changes:
    """Return what a file changes in the cases of an edition. Raises UnreadableFileError with every fault."""
    table = read_sheets(name, content, main=SHEET, columns={SHEET: COLUMNS})[SHEET]
    if not table:
        refuse("表格里只有表头，没有一行案例。", row=2)
    reader = _Reader(edition)
    by_case: dict[str, list[Row]] = {}
    for row in table:
        # Without a number, a row is a new case of its own.
        by_case.setdefault(row.cells["case"] or f"\n{row.number}", []).append(row)
    changes = {}
    for code, case_rows in by_case.items():
        before = reader.present.get(code)
        after = reader.read(case_rows, before)
        if reader.faults:
            continue
        if before is None:
            code = proposed_cases.new_code(after, reader.present.keys() | changes.keys())
        if change := proposed_cases.make_change(before, after):
            changes[code] = change
    if reader.faults:
        raise UnreadableFileError(*reader.faults[:MAX_FAULTS])
    return Changes(changes, len(by_case))


class _Reader:
    """Reads cases, and collects the faults of their rows."""

    def __init__(self, edition: Edition):
        self.names = TermNames(Terms())
        self.services = {name: code for code, name in edition.entries.values_list("service__code", "name")}
        self.services |= {code: code for code in list(self.services.values())}
        self.present = {case.code: proposed_cases.case_data(case) for case in edition.cases.all()}
        self.faults: list[ImportFault] = []

    def read(self, case_rows: list[Row], before: Mapping | None) -> dict | None:
        """Return the ``case_data()`` that the rows of one case state; None for a case that has no service left."""
        first = case_rows[0]
        circumstances = self._circumstances(first, before)
        expected, because = (dict(before[name]) if before else {} for name in ("expected", "because"))
        seen = set()
        for row in case_rows:
            if any(row.cells.get(key) != first.cells.get(key) for key in first.cells if key.startswith("fact-")):
                self._fault(row, f"与第 {first.number} 行是同一个案例，情况却不同；请写成一样，或者用另一个编号。")
            service = self.services.get(row.cells.get("service", ""))
            if service is None:
                self._fault(
                    row, f"版本中没有服务项目“{row.cells.get('service', '')[:50]}”；请填代码或名称。", "service"
                )
                continue
            if service in seen:
                self._fault(row, f"这个案例中 {service} 出现了两次。", "service")
            seen.add(service)
            outcome = row.cells.get("outcome", "")
            if outcome == WITHDRAWN:
                expected.pop(service, None), because.pop(service, None)
            elif outcome in OUTCOMES_BY_LABEL:
                expected[service], because[service] = OUTCOMES_BY_LABEL[outcome], self._clause(row)
            else:
                allowed = "、".join([*OUTCOMES_BY_LABEL, WITHDRAWN])
                self._fault(row, f"结论“{outcome[:20]}”应是 {allowed} 之一。", "outcome")
        if not expected and before is None and not self.faults:
            self._fault(first, "版本中没有这个案例，无从撤下；请核对案例编号。", "case")
        return {"circumstances": circumstances, "expected": expected, "because": because} if expected else None

    def _circumstances(self, row: Row, before: Mapping | None) -> dict:
        """Return the answers of a row; a fact without a column stays as it is. Lists keep their order."""
        old = before["circumstances"] if before else {}
        answers = {}
        for fact in VOCABULARY:
            text = row.cells.get(f"fact-{fact.name}")
            if text is None and fact.name in old:
                answers[fact.name] = old[fact.name]
            elif text:
                try:
                    answer, stated = parse_answer(fact, text), old.get(fact.name)
                    is_same = isinstance(answer, list) and isinstance(stated, list) and set(answer) == set(stated)
                    answers[fact.name] = stated if is_same else answer
                except ValueError as error:
                    self._fault(row, str(error), f"fact-{fact.name}")
        if not self.faults:
            for implication in VOCABULARY.contradictions(answers):
                self._fault(row, f"没有这样的人：{implication.because}", f"fact-{implication.condition.fact}")
        return answers

    def _clause(self, row: Row) -> dict:
        text = row.cells.get("source", "")
        locator = row.cells.get("locator") or None
        try:
            if not text:
                raise TermNameError("请填依据文件：代码、标题或文号。")
            (source,) = self.names.parse("source", text)
        except TermNameError as error:
            self._fault(row, str(error), "source")
            return {"source": text, "locator": locator}
        return {"source": source, "locator": locator}

    def _fault(self, row: Row, reason: str, key: str | None = None) -> None:
        self.faults.append(row.fault(reason, key))
