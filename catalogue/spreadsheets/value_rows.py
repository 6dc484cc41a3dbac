"""Reads what a cell of the list says in words alone from rows of sheets: rules, figures of the standard, shares.

A row is one criterion, figure or share with its clause; all rows of a service are the whole value, as ``writer`` writes
them.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from catalogue.spreadsheets import cells, rewritten
from catalogue.spreadsheets.cells import CellError
from catalogue.spreadsheets.columns import (
    BY_FACT,
    CLAUSE_COLUMNS,
    COLUMNS,
    OPEN,
    RULE,
    RULE_KINDS,
    UNREADABLE,
    VALUE_LABELS,
    VALUE_SHEETS,
)
from catalogue.spreadsheets.limits import ImportFault
from catalogue.spreadsheets.names import TermNames
from catalogue.spreadsheets.reader import Row, as_read
from services.eligibility import rules
from services.eligibility.answers import OPERATOR_LABELS, parse_criterion
from services.eligibility.facts import INTEGER, OPERATORS, VOCABULARY
from services.eligibility.sentences import UNIVERSAL
from services.text.json_text import canonical_json
from services.values import amounts, clauses, quoted_values, shares

FACTS = {fact.label: fact for fact in VOCABULARY} | {fact.name: fact for fact in VOCABULARY}
OPERATORS_BY_LABEL = {label: op for op, label in OPERATOR_LABELS.items()} | {op: op for op in OPERATOR_LABELS}
HEADERS = {field: {column.key: column.header for column in COLUMNS[sheet]} for field, sheet in VALUE_SHEETS.items()}
CLAUSE_KEYS = [column.key for column in CLAUSE_COLUMNS]


class Values(NamedTuple):
    """What the sheets of a file state: the value by service and field, and how many rows were left out of the list."""

    by_field: dict[tuple[str, str], object]
    ignored: int
    faults: list[ImportFault]


def read(
    tables: Mapping[str, Sequence[Row]], *, listed: Mapping[str, Row], current: Mapping[str, Mapping], names: TermNames
) -> Values:
    """Return what the sheets state, by field, of the services ``listed`` (their rows of the list by code).

    ``current`` are the entries by code, as ``entry_data()``. Rows of other services that the list has are left out.
    """
    values = Values({}, 0, [])
    ignored = 0
    for field, table in tables.items():
        by_service: dict[str, list[Row]] = {}
        for row in table:
            code = row.cells["code"]
            if code in listed:
                by_service.setdefault(code, []).append(row)
            elif code in current:
                ignored += 1
            else:
                values.faults.append(row.fault(cells.unlisted_reason(code), "code"))
        for code, service_rows in by_service.items():
            entry = current.get(code, {})
            present = entry.get(field) or (None if field == RULE else [])
            reader = _Reader(field, present, names)
            service_names = {entry.get("name"), listed[code].cells.get("name")} - {None, ""}
            stated = reader.read(service_rows, service_names)
            values.faults.extend(reader.faults)
            # A value with faults stays as it is, so that they are the only ones that are told.
            values.by_field[code, field] = present if reader.faults else _kept_if_same(field, stated, present)
    return values._replace(ignored=ignored)


def _kept_if_same(field: str, stated: object, present: object) -> object:
    """Return the present value in place of a stated one that differs in the order of its rows, or in blanks, alone."""
    return present if present and stated and _unordered(field, stated) == _unordered(field, present) else stated


def _unordered(field: str, value: object) -> object:
    value = _as_read(value)
    if field != RULE:
        return sorted(map(canonical_json, value))
    groups = sorted(sorted(map(canonical_json, group["all"])) for group in value["any"])
    return [value["universal"], value["machine_readable"], value["reason"], groups]


def _as_read(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _as_read(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_read(item) for item in value]
    return as_read(value) if isinstance(value, str) else value


class _Reader:
    """Reads the rows of one service's value, and collects their faults."""

    def __init__(self, field: str, present: object, names: TermNames):
        self.field, self.names = field, names
        self.present: Sequence[Mapping] = [] if field == RULE else present
        groups = present["any"] if field == RULE and present else []
        self.present_groups: dict[int, list] = {number: group["all"] for number, group in enumerate(groups, start=1)}
        self.faults: list[ImportFault] = []

    def read(self, service_rows: Sequence[Row], service_names: Collection[str]) -> object:
        """Return the value of the rows; with faults, what could be read."""
        stated = []
        for row in service_rows:
            try:
                self._check_name(row, service_names)
                stated.append((row, self._rule_row(row) if self.field == RULE else self._figure(row)))
            except CellError as error:
                self.faults.append(row.fault(error.reason, error.key))
        if self.field == RULE:
            return self._rule(stated)
        valid: list[dict] = []
        for row, value in stated:
            faults = quoted_values.COLUMNS[self.field].faults
            reasons = faults([value]) or faults([*valid, value])
            key = "value" if self.field == "amounts" else "percent"
            self.faults += [
                row.fault(reason.removeprefix("第 1 项：").replace(f"{key} 应", f"“{self._header(key)}”应"), key)
                for reason in reasons
            ]
            valid += [] if reasons else [value]
        return valid

    def _check_name(self, row: Row, allowed: Collection[str]) -> None:
        name = row.cells.get("name", "")
        if name and name not in allowed:
            reason = f"“名称”只说明左边的代码，应是“{'”或“'.join(sorted(allowed)) or '空'}”，或留空。"
            raise CellError("name", reason)

    def _figure(self, row: Row) -> dict:
        """Return the amount or share of a row, without the faults that ``quoted_values`` tells."""
        column = quoted_values.COLUMNS[self.field]
        value: dict[str, object] = {}
        for key in column.keys:
            if key in VALUE_LABELS:
                value[key] = self._choice(row, key, required=key in ("kind", "level"))
            elif key in ("value", "percent"):
                value[key] = self._number(row, key)
            elif key in ("valid_from", "valid_until", "as_of"):
                value[key] = self._day(row, key)
            elif key not in ("currency", "citation"):
                value[key] = self._line(row, key, required=key == "label")
        if "unit" in value:
            value["currency"] = "CNY" if value["unit"] == "元" else None
        return value | {"citation": self._clause(row)}

    def _clause(self, row: Row) -> dict:
        clause = cells.parse_source(row.cells, self.names)
        if not clause["quote"]:
            raise CellError("quote", "请照录原文：每个数、每个待认定的条件都要有自己的条文。")
        self._check_length(row, "locator")
        self._check_length(row, "quote", clauses.MAX_QUOTE)
        return clause

    def _check_length(self, row: Row, key: str, longest: int = clauses.MAX_TEXT) -> None:
        if len(row.cells.get(key, "")) > longest:
            raise CellError(key, f"“{self._header(key)}”有 {len(row.cells[key])} 字，至多 {longest} 字。")

    def _header(self, key: str) -> str:
        return HEADERS[self.field][key]

    def _line(self, row: Row, key: str, *, required: bool = False) -> str | None:
        text = row.cells.get(key, "")
        if "\n" in text:
            raise CellError(key, "只能写一行，请去掉换行。")
        self._check_length(row, key)
        if required and not text:
            raise CellError(key, f"“{self._header(key)}”不能为空。")
        return text or None

    def _choice(self, row: Row, key: str, *, required: bool) -> str | None:
        text = row.cells.get(key, "")
        codes = {label: code for code, label in VALUE_LABELS[key].items()}
        if text not in codes and (text or required):
            what = f"“{text[:50]}”不能用" if text else f"“{self._header(key)}”不能为空"
            raise CellError(key, f"{what}；可用：{'、'.join(codes)}。")
        return codes.get(text)

    def _number(self, row: Row, key: str) -> str:
        """Return a number as it is written at present, or else in plain digits."""
        text = row.cells.get(key, "").removesuffix("%").removesuffix("％")
        number = rewritten.figure(text)
        if number is None or not (amounts.VALUE if key == "value" else shares.PERCENT).fullmatch(number):
            raise CellError(key, f"“{self._header(key)}”应是数字，不带单位，至多四位小数，例：840、0.55、80。")
        written = (value[key] for value in self.present)
        return next((figure for figure in written if rewritten.figure(figure) == number), number)

    def _day(self, row: Row, key: str) -> str | None:
        """Return a day, or a year in ``as_of``, as it is written at present, or else as ISO 8601 has it."""
        text = row.cells.get(key, "")
        if not text:
            return None
        written = [value[key] for value in self.present if value[key]]
        # The same text first: a month is also read as its first day.
        for present in sorted(written, key=text.__ne__):
            if rewritten.is_same(text, present):
                return present
        day = cells.parse_day(key, text)
        if not amounts.is_year_or_day(day, day=key != "as_of"):
            example = "年份或日期，例：2023" if key == "as_of" else "日期，例：2027-01-01"
            raise CellError(key, f"“{self._header(key)}”应是{example}。")
        return day

    def _rule_row(self, row: Row) -> tuple[str, int, object]:
        """Return the kind of a row, its group (0 for the whole rule), and its criterion or text."""
        kind = row.cells.get("kind", "")
        if kind not in RULE_KINDS:
            what = f"“{kind[:50]}”不能用" if kind else "“种类”不能为空"
            raise CellError("kind", f"{what}；可用：{'、'.join(RULE_KINDS)}。")
        used = ("code", "name", "kind", *RULE_KINDS[kind], *(CLAUSE_KEYS if kind == OPEN else ()))
        for key, text in row.cells.items():
            if text and key not in used:
                raise CellError(key, f"种类是“{kind}”时不填“{self._header(key)}”；请清空，或改种类。")
        if kind == BY_FACT:
            return kind, self._group(row), self._criterion(row)
        if kind == UNIVERSAL:
            return kind, 0, None
        text = row.cells.get("text") or None
        if text is None:
            raise CellError("text", "请写明是什么条件。" if kind == OPEN else "请写明为什么不能化为条件。")
        if kind == UNREADABLE:
            return kind, 0, text
        self._check_length(row, "text")
        decider = self._line(row, "decided_by")
        return kind, self._group(row), {"open": text, "decided_by": decider, "citation": self._clause(row)}

    def _group(self, row: Row) -> int:
        text = rewritten.figure(row.cells.get("group", "")) or ""
        if not text.isdecimal() or not 1 <= int(text) <= rules.MAX_GROUPS:
            reason = f"组应是 1 到 {rules.MAX_GROUPS} 的整数：同一组的条件须全部满足，满足任何一组即可。"
            raise CellError("group", reason)
        return int(text)

    def _criterion(self, row: Row) -> dict:
        label = row.cells.get("fact", "")
        if label not in FACTS:
            raise CellError(
                "fact", f"没有“{label[:50]}”这个事实；可用：{'、'.join(fact.label for fact in VOCABULARY)}。"
            )
        fact, text = FACTS[label], row.cells.get("value", "")
        op = OPERATORS_BY_LABEL.get(row.cells.get("op", ""))
        if op not in OPERATORS[fact.type]:
            allowed = "、".join(OPERATOR_LABELS[name] for name in OPERATORS[fact.type])
            raise CellError("op", f"“{fact.label}”的比较方式可用：{allowed}。")
        try:
            return parse_criterion(fact, op, (rewritten.figure(text) or text) if fact.type == INTEGER else text)
        except ValueError as error:
            raise CellError("value", str(error)) from None

    def _rule(self, stated: Sequence[tuple[Row, tuple[str, int, object]]]) -> dict | None:
        """Return the rule of the rows, with its faults at the first of them."""
        if not stated:
            return None
        groups: dict[int, list] = {}
        for row, (kind, group, criterion) in stated:
            if not group and len(stated) > 1:
                self.faults.append(row.fault(f"“{kind}”只能单独一行，同一项目不能再有别的条件。", "kind"))
            elif group:
                groups.setdefault(group, []).append(criterion)
        kind, _, text = stated[0][1]
        rule = {
            "universal": kind == UNIVERSAL,
            "machine_readable": kind != UNREADABLE,
            "any": [{"all": self._ordered(number, groups[number])} for number in sorted(groups)],
            "reason": text if kind == UNREADABLE else None,
        }
        if not self.faults:
            self.faults += _rule_faults(rule, stated)
        return rule

    def _ordered(self, number: int, criteria: Sequence[Mapping]) -> list[Mapping]:
        """Return the criteria of a group: open ones last, those of the present rule as they stand there.

        Citations name a criterion by its number, and a spreadsheet may have sorted the rows.
        """
        present = self.present_groups.get(number, [])
        return sorted(criteria, key=lambda raw: ("open" in raw, present.index(raw) if raw in present else len(present)))


def _rule_faults(rule: Mapping, stated: Sequence[tuple[Row, tuple[str, int, object]]]) -> list[ImportFault]:
    """Return the faults of a rule: at the rows whose criterion alone is wrong, or else at the first row."""
    faults = []
    for row, (_, group, criterion) in stated if rules.faults(rule) else ():
        alone = rules.faults(rule | {"any": [{"all": [criterion]}]}) if group else []
        faults += [row.fault(f"这一条不能用：{reason.removeprefix('第 1 组：')[:200]}", "kind") for reason in alone]
    return faults or [stated[0][0].fault(f"享受条件不能用：{reason[:200]}", "kind") for reason in rules.faults(rule)]
