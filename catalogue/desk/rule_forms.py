"""Form field and preview of eligibility rules: rows of fact, operator and value in Chinese, and open criteria.

This module only parses the form; ``services.eligibility`` validates the rule.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from django import forms
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from catalogue.desk.cases.wording import in_words
from catalogue.models import Edition
from catalogue.spreadsheets.names import MARKS, TermNameError, TermNames, distinct_names
from catalogue.workflow import cases
from services.eligibility import persons, rules, sentences
from services.eligibility.answers import OPERATOR_LABELS, allowed, operand_text, parse_answer, parse_criterion
from services.eligibility.facts import OPERATORS, VOCABULARY
from services.eligibility.rules import ELIGIBLE, NOT_ELIGIBLE, UNKNOWN, Rule
from services.sources import Jurisdiction, Source, Verification
from services.text.characters import fold_radicals
from services.values import clauses
from services.vocabularies import Terms

UNSTATED, UNIVERSAL, CRITERIA, UNREADABLE = "unstated", "universal", "criteria", "unreadable"
MODES = {
    CRITERIA: "满足以下任何一组的全部条件",
    UNIVERSAL: sentences.UNIVERSAL,
    UNREADABLE: "不能化为条件（请写明为什么）",
    UNSTATED: "未知",
}
OUTCOMES = {ELIGIBLE: "符合", NOT_ELIGIBLE: "不符合", UNKNOWN: "未知"}
# Empty rows below the filled ones.
BLANK, BLANK_OPEN = 3, 1
SELECTED = mark_safe(" selected")  # noqa: S308 - a constant
ROW = ("group", "fact", "op", "value")
# The inputs of an open criterion, with their labels and examples.
OPEN_ROW = {
    "open-group": ("组", "1"),
    "open-text": ("条件", "例：家庭财产低于当地申请公租房的规定标准"),
    "open-decided_by": ("由谁认定", "条文没有写明的留空。例：市、县级人民政府住房保障主管部门"),
    "open-source": ("来源文件", "按标题或文号填写。例：公共租赁住房管理办法"),
    "open-locator": ("位置", "例：第七条"),
    "open-quote": ("原文", "逐字照录"),
    "open-verification": ("核实情况", ""),
    "open-jurisdiction": ("适用范围", ""),
}
OPEN_CHOICES = {
    "open-verification": [("", "——"), *Verification.choices],
    "open-jurisdiction": [("", "——"), *Jurisdiction.choices],
}
# Further submitted rows are ignored.
MAX_ROWS = 2 * rules.MAX_CRITERIA
# Rows in the preview for facts in addition to those of an example person.
TRIED = 4


class RuleInput(NamedTuple):
    """The input of a rule: a key of ``MODES``, the reason why it is not machine-readable, and the rows by ``ROW``.

    ``open_rows`` are its open criteria by ``OPEN_ROW``.
    """

    mode: str
    reason: str
    rows: list[dict[str, str]]
    open_rows: Sequence[dict[str, str]] = ()

    @property
    def filled(self) -> list[dict[str, str]]:
        """The rows that are not blank."""
        return [row for row in self.rows if any(row[column].strip() for column in ROW[1:])]

    @property
    def filled_open(self) -> list[dict[str, str]]:
        """The open criteria that are not blank."""
        return [row for row in self.open_rows if any(row[name].strip() for name in OPEN_ROW if name != "open-group")]


class RuleWidget(forms.Widget):
    template_name = "desk/rule.html"
    use_fieldset = True
    # The code of the service whose rule it is, for the preview; None for a service that no edition has yet.
    service: str | None = None

    class Media:
        js = ("desk/rules.js",)

    def value_from_datadict(self, data, files, name) -> RuleInput | None:
        if f"{name}-mode" not in data:
            return None
        rows, open_rows = (
            [
                dict(zip(names, cells, strict=True))
                for cells in zip(*(data.getlist(f"{name}-{column}")[:MAX_ROWS] for column in names), strict=False)
            ]
            for names in (ROW, OPEN_ROW)
        )
        return RuleInput(data[f"{name}-mode"], _typed(data.get(f"{name}-reason", "")), rows, open_rows)

    def value_omitted_from_data(self, data, files, name):
        return f"{name}-mode" not in data

    def id_for_label(self, id_):
        # The widget's inputs have labels of their own.
        return ""

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        typed = value if isinstance(value, RuleInput) else input_from_rule(value)
        filled, filled_open = typed.filled, typed.filled_open
        last_group = filled[-1]["group"] if filled else "1"
        rule = None if isinstance(value, RuleInput) else value
        sources = distinct_names(Source.objects.values("code", "title", *MARKS))
        context["widget"] |= {
            "typed": typed,
            "modes": MODES,
            "rows": [
                row | {"facts": fact_options(row["fact"]), "ops": op_options(row["op"])}
                for row in filled + [{"group": last_group, "fact": "", "op": "", "value": ""}] * BLANK
            ],
            "open_rows": [
                _open_inputs(row | {"open-source": sources.get(row["open-source"], row["open-source"])})
                for row in [*filled_open, *[dict.fromkeys(OPEN_ROW, "")] * BLANK_OPEN]
            ],
            "sources": sources.values(),
            "open_count": len(filled_open),
            "facts": fact_options(""),
            "sentence": sentences.rule_text(rule) if rule else "",
            "persons": [person.name for person in persons.PERSONS],
            "tried": range(TRIED),
            "service": self.service,
        }
        return context


class RuleFormField(forms.Field):
    """The eligibility rule of an entry, entered in rows. The cleaned value has the format of ``Entry.eligibility``."""

    widget = RuleWidget

    # The arguments of forms.JSONField, which the model field passes.
    def __init__(self, *, encoder=None, decoder=None, **kwargs):
        super().__init__(**kwargs)

    def to_python(self, value: RuleInput | None) -> dict | None:
        return value and rule_from_input(value)

    def has_changed(self, initial, data):
        try:
            return self.to_python(data) != initial
        except ValidationError:
            return True

    def validate(self, value):
        if value is None and self.required:
            raise ValidationError(self.error_messages["required"])
        if faults := rules.faults(value):
            raise ValidationError(faults)


def input_from_rule(rule: Mapping | None) -> RuleInput:
    """Return the input for a valid rule, the inverse of ``written()``; None gives ``CRITERIA`` without rows."""
    if rule is None:
        return RuleInput(CRITERIA, "", [])
    mode = UNIVERSAL if rule["universal"] else CRITERIA if rule["machine_readable"] else UNREADABLE
    rows = [
        {"group": str(number), "fact": raw["fact"], "op": raw["op"], "value": operand_text(raw)}
        for number, group in enumerate(rule["any"], 1)
        for raw in group["all"]
        if "fact" in raw
    ]
    open_rows = [
        {"open-group": str(number), "open-text": raw["open"], "open-decided_by": raw["decided_by"] or ""}
        | {f"open-{key}": raw["citation"][key] or "" for key in clauses.KEYS}
        for number, group in enumerate(rule["any"], 1)
        for raw in group["all"]
        if "open" in raw
    ]
    return RuleInput(mode, rule["reason"] or "", rows, open_rows)


def rule_from_input(typed: RuleInput) -> dict | None:
    """Return the rule of an input, None for an unknown one. Raises ValidationError with every invalid row."""
    rows, open_rows = typed.filled, typed.filled_open
    if typed.mode not in MODES:
        raise ValidationError(f"请选择：{'、'.join(MODES.values())}。")
    if typed.mode != CRITERIA and (rows or open_rows):
        raise ValidationError(f"选了“{MODES[typed.mode]}”，就不能再写条件；请删去条件，或改选“{MODES[CRITERIA]}”。")
    if typed.mode != UNREADABLE and typed.reason:
        raise ValidationError(f"只有选“{MODES[UNREADABLE]}”时才写为什么；请清空，或改选这一项。")
    if typed.mode == UNSTATED or (typed.mode == CRITERIA and not rows and not open_rows):
        return None
    groups: dict[int, list[dict]] = {}
    faults = []
    for row_number, row in enumerate(rows, 1):
        try:
            group, criterion = _parse_row(row)
            groups.setdefault(group, []).append(criterion)
        except ValueError as error:
            faults.append(f"第 {row_number} 行：{error}")
    names = TermNames(Terms()) if open_rows else None
    for row_number, row in enumerate(open_rows, 1):
        try:
            groups.setdefault(_parse_group(row["open-group"]), []).append(_open_criterion(row, names))
        except (ValueError, TermNameError) as error:
            faults.append(f"待认定的条件第 {row_number} 行：{error}")
    if faults:
        raise ValidationError(faults)
    return {
        "universal": typed.mode == UNIVERSAL,
        "machine_readable": typed.mode != UNREADABLE,
        "any": [{"all": groups[group]} for group in sorted(groups)],
        "reason": typed.reason or None,
    }


@lru_cache(maxsize=256)
def fact_options(selected: str) -> SafeString:
    """Return the facts as HTML options, one selected. Cached: a page has a dozen selects of fifty options."""
    return format_html_join(
        "",
        '<option value="{}" data-hint="{}" data-ops="{}"{}>{}</option>',
        (
            (
                fact.name,
                allowed(fact),
                " ".join(OPERATORS[fact.type]),
                SELECTED if fact.name == selected else "",
                fact.label,
            )
            for fact in VOCABULARY
        ),
    )


@lru_cache(maxsize=256)
def op_options(selected: str) -> SafeString:
    """Return the operators as HTML options, one selected."""
    return format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        ((op, SELECTED if op == selected else "", label) for op, label in OPERATOR_LABELS.items()),
    )


def _parse_row(row: Mapping[str, str]) -> tuple[int, dict]:
    group = _parse_group(row["group"])
    if row["fact"] not in VOCABULARY:
        raise ValueError("请选择一个事实。")
    return group, parse_criterion(VOCABULARY[row["fact"]], row["op"], row["value"])


def _parse_group(text: str) -> int:
    if not re.fullmatch("[0-9]{1,2}", text.strip()) or not 1 <= int(text) <= rules.MAX_GROUPS:
        raise ValueError(f"组应是 1 到 {rules.MAX_GROUPS} 的整数。")
    return int(text)


def _open_criterion(row: Mapping[str, str], names: TermNames) -> dict:
    """Return the open criterion of a row; ``services.eligibility`` validates it."""
    values = {name.removeprefix("open-"): _typed(row[name]) or None for name in OPEN_ROW}
    citation = {key: values[key] for key in clauses.KEYS}
    if citation["source"]:
        (citation["source"],) = names.parse("source", citation["source"])
    return {"open": values["text"], "decided_by": values["decided_by"], "citation": citation}


def _typed(text: str) -> str:
    """Return a text of a form as other forms store it: a browser sends CRLF, and a PDF has radicals."""
    return fold_radicals(text.replace("\r\n", "\n")).strip()


def _open_inputs(row: Mapping[str, str]) -> list[dict]:
    """Return the inputs of an open criterion for the template: name, label, example, value and choices."""
    return [
        {"name": name, "label": label, "example": example, "value": row[name], "choices": OPEN_CHOICES.get(name)}
        for name, (label, example) in OPEN_ROW.items()
    ]


def urls(site: AdminSite) -> list[URLPattern]:
    return [path("rule/", site.admin_view(try_view), name="rule")]


def try_view(request: HttpRequest) -> HttpResponse:
    """Evaluate an unsaved rule for one person and for all example persons, and say which outcomes it changes.

    It is compared with the newest published edition. POST only; nothing is stored.
    """
    if not request.user.has_perm("catalogue.view_entry"):
        raise PermissionDenied
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    name = "eligibility"
    context = {"faults": [], "title": "试一试"}
    try:
        rule = RuleFormField(required=False).clean(RuleWidget().value_from_datadict(request.POST, {}, name))
        answers = dict(
            _parse_facts(request.POST.getlist(f"{name}-try-fact"), request.POST.getlist(f"{name}-try-value"))
        )
        person_name = request.POST.get(f"{name}-try-person", "")
        person = next((person for person in persons.PERSONS if person.name == person_name), None)
        circumstances = (dict(person.circumstances) if person else {}) | answers
        context |= {"sentence": sentences.rule_text(rule), **_evaluate(rule, circumstances)}
        context |= _effect(request.POST.get(f"{name}-service", "").replace("\0", ""), rule)
        facts = [(VOCABULARY[name], answer) for name, answer in circumstances.items()]
        context |= {
            "person": person,
            "known": [(fact.label, sentences.answer_text(fact, answer)) for fact, answer in facts],
        }
    except ValidationError as error:
        context["faults"] = error.messages
    return TemplateResponse(request, "desk/rule_tried.html", context)


def _parse_facts(names: Sequence[str], values: Sequence[str]) -> Iterator[tuple[str, object]]:
    faults = []
    for name, text in zip(names, values, strict=False):
        if not name or not text.strip():
            continue
        try:
            if name not in VOCABULARY:
                raise ValueError("请选择一个事实。")
            yield name, parse_answer(VOCABULARY[name], text)
        except ValueError as error:
            faults.append(f"所试的人：{error}")
    if faults:
        raise ValidationError(faults)


def _effect(service: str, rule: Mapping | None) -> dict:
    """Return the cases and the persons whose outcomes a rule changes, {} for a service that the list does not have."""
    edition = Edition.objects.last_sealed().first()
    entry = edition and edition.entries.filter(service__code=service).first()
    if entry is None:
        return {}
    outcomes = [outcome for outcome in cases.outcomes_under(edition, service, rule) if outcome.is_changed]
    return {
        "compared_with": edition.slug,
        "changed_cases": [in_words(outcome) for outcome in outcomes],
        "changed_persons": [
            (affected.person.name, OUTCOMES[affected.before], OUTCOMES[affected.after])
            for affected in persons.affected_persons(entry.eligibility, rule)
        ],
    }


def _evaluate(rule_data: Mapping | None, circumstances: Mapping) -> dict:
    rule = Rule(rule_data)
    verdict = rule.judge(VOCABULARY.with_implications(circumstances))
    marks = {True: "满足", False: "不满足", None: "未知"}
    criteria = [raw for group in (rule_data["any"] if rule_data else []) for raw in group["all"] if "fact" in raw]
    people = {outcome: [] for outcome in OUTCOMES}
    for person in persons.PERSONS:
        people[rule.judge(VOCABULARY.with_implications(person.circumstances)).outcome].append(person.name)
    return {
        "outcome": OUTCOMES[verdict.outcome],
        "criteria": [
            (group_number, sentences.criterion_text(criterion), marks[is_met])
            for group_number, criterion, is_met in zip(rule.group_numbers, criteria, verdict.results, strict=True)
        ],
        "conditions": [sentences.criterion_text(rule.open_criteria[place]) for place in verdict.conditions],
        "is_decided_but_for_conditions": not verdict.missing,
        "people": [(OUTCOMES[outcome], person_names) for outcome, person_names in people.items() if person_names],
    }
