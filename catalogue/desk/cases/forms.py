"""The form of a case: the person by the questions of the facts, and for each service the outcome and its clause."""

import json
from collections.abc import Iterable, Iterator, Mapping

from django import forms
from django.forms.boundfield import BoundField

from catalogue.desk.base.services import named
from catalogue.desk.cases.wording import CaseWords
from catalogue.spreadsheets import limits
from catalogue.workflow import cases
from services.eligibility.facts import BOOLEAN, CHOICE, INTEGER, VOCABULARY, Fact
from services.eligibility.rules import ELIGIBLE, NOT_ELIGIBLE, UNKNOWN, Rule
from services.text.json_text import canonical_json

UNKNOWN_ANSWER = ("", "不知道")
YES, NO = "yes", "no"
OUTCOMES = [(outcome, cases.OUTCOME_LABELS[outcome]) for outcome in (ELIGIBLE, NOT_ELIGIBLE, UNKNOWN)]
# Characters of a quote that a choice of a clause shows.
MAX_QUOTE_SHOWN = 40
MAX_SERVICES = 20


class CaseFileForm(forms.Form):
    file = forms.FileField(
        label="表格文件",
        help_text="由最后发布的版本导出的案例，改好后上传；CSV 或 .xlsx。新案例的编号留空，同一案例的几行写同一个编号；"
        "不要的，结论写“撤下”；没有列出的案例不变。例：案例-2026.xlsx",
    )

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > limits.MAX_BYTES:
            raise forms.ValidationError(limits.too_large_message())
        return file


class CaseForm(forms.Form):
    """One invented person and the expected outcomes. An answer that is left out is unknown.

    ``documents`` are the entries as the proposal makes them (``entry_data()``), by code; ``selected`` are the codes of
    the services of the case, ``offered`` those that may be added to it.
    """

    def __init__(
        self, data: Mapping | None, *, case: Mapping, selected: Iterable[str], offered: Iterable[str],
        documents: Mapping[str, Mapping], words: CaseWords,
    ):  # fmt: skip
        self.documents, self.words = documents, words
        self.services = [code for code in dict.fromkeys(selected) if code in documents or code in case["expected"]]
        super().__init__(data, initial=_initial(case), prefix="case", use_required_attribute=False)
        for fact in VOCABULARY:
            self.fields[f"fact-{fact.name}"] = _question(fact)
        for code in self.services:
            self.fields[f"outcome-{code}"] = forms.ChoiceField(
                label="结论", required=False, choices=[("", "不列这个项目"), *OUTCOMES],
                help_text="照条文写，不照现在的条件写。例：符合",
            )  # fmt: skip
            self.fields[f"clause-{code}"] = forms.ChoiceField(
                label="因为哪一条", required=False, choices=[("", "——"), *self._clauses(code, case)],
                help_text="从这个项目的来源中选。",
            )  # fmt: skip
        choices = [(code, named(code, words.names.get(code))) for code in offered if code not in self.services]
        self.fields["more"] = forms.ChoiceField(
            label="再加一个服务项目", required=False, choices=[("", "——"), *choices],
            help_text="同一个人对几个项目的结论写在一个案例里。只列出您的部门牵头的项目。",
        )  # fmt: skip

    def _clauses(self, code: str, case: Mapping) -> Iterator[tuple[str, str]]:
        """Yield the clauses that an entry cites, those of its rule first; the one of the case even if it is gone."""
        document = self.documents.get(code, {"citations": []})
        citations = sorted(document["citations"], key=lambda citation: citation["field"] != "eligibility")
        quotes: dict[str, str] = {}
        for citation in citations:
            value = canonical_json([citation["source"], citation["locator"]])
            quotes[value] = quotes.get(value) or citation["quote"] or ""
        if present := case["because"].get(code):
            quotes.setdefault(canonical_json([present["source"], present["locator"]]), "")
        for value, quote in quotes.items():
            source, locator = json.loads(value)
            shown = f"：{quote[:MAX_QUOTE_SHOWN]}{'……' if len(quote) > MAX_QUOTE_SHOWN else ''}" if quote else ""
            yield value, f"{self.words.clause({'source': source, 'locator': locator})}{shown}"

    def clean(self) -> dict:
        cleaned = super().clean()
        circumstances = {}
        for fact in VOCABULARY:
            answer = _answer(fact, cleaned.get(f"fact-{fact.name}"))
            if answer is None:
                continue
            stated = self.initial.get(f"fact-{fact.name}")
            if isinstance(answer, list) and isinstance(stated, list) and sorted(answer) == sorted(stated):
                # The boxes have an order of their own.
                answer = stated
            if fault := fact.fault(answer):
                self.add_error(f"fact-{fact.name}", f"“{fact.label}”{fault}")
            circumstances[fact.name] = answer
        if not self.errors:
            for implication in VOCABULARY.contradictions(circumstances):
                self.add_error(f"fact-{implication.condition.fact}", f"没有这样的人：{implication.because}")
        expected, because = {}, {}
        for code in self.services:
            outcome, clause = cleaned.get(f"outcome-{code}"), cleaned.get(f"clause-{code}")
            if outcome and not clause and f"clause-{code}" not in self.errors:
                self.add_error(f"clause-{code}", "请选择使结论如此的条文。")
            if outcome and clause:
                expected[code] = outcome
                because[code] = dict(zip(("source", "locator"), json.loads(clause), strict=True))
        if not expected and not self.errors:
            first = f"outcome-{self.services[0]}" if self.services else "more"
            self.add_error(first, "请写明至少一个服务项目的结论。例：符合")
        return cleaned | {"case": {"circumstances": circumstances, "expected": expected, "because": because}}

    def service_parts(self) -> list[tuple[str, str, BoundField, BoundField]]:
        """Return each service of the case by code, its name, and its boxes."""
        return [
            (code, self.words.service(code), self[f"outcome-{code}"], self[f"clause-{code}"]) for code in self.services
        ]

    def question_groups(self) -> Iterator[tuple[str, list[BoundField], bool]]:
        """Yield the questions: those of the rules of the services first, then the others by group; open if answered."""
        documents = [self.documents[code] for code in self.services if code in self.documents]
        asked = {name for document in documents for name in Rule(document["eligibility"]).facts}
        groups = {code: label for code, (label, _) in VOCABULARY.groups.items()}
        if asked:
            yield "享受条件要问的", [self[f"fact-{fact.name}"] for fact in VOCABULARY if fact.name in asked], True
        for group, label in groups.items():
            boxes = [self[f"fact-{fact.name}"] for fact in VOCABULARY if fact.group == group and fact.name not in asked]
            if boxes:
                yield label, boxes, not asked or any(box.value() or box.errors for box in boxes)


def _initial(case: Mapping) -> dict[str, object]:
    """Return the initial values of the form for a ``case_data()``."""
    answers = {
        f"fact-{name}": (YES if value else NO) if isinstance(value, bool) else value
        for name, value in case["circumstances"].items()
    }
    clauses = {
        f"clause-{code}": canonical_json([clause["source"], clause["locator"]])
        for code, clause in case["because"].items()
    }
    return answers | clauses | {f"outcome-{code}": outcome for code, outcome in case["expected"].items()}


def _question(fact: Fact) -> forms.Field:
    options = {"label": fact.label, "required": False, "help_text": fact.question}
    if fact.type == INTEGER:
        lowest, highest = (int(bound) for bound in fact.allowed()[0].split("…"))
        options["help_text"] = f"{fact.question}{lowest} 到 {highest} 的整数；不知道的留空。"
        return forms.IntegerField(min_value=lowest, max_value=highest, **options)
    if fact.type == BOOLEAN:
        return forms.ChoiceField(choices=[UNKNOWN_ANSWER, (YES, "是"), (NO, "否")], **options)
    if fact.type == CHOICE:
        return forms.ChoiceField(choices=[UNKNOWN_ANSWER, *fact.choices.items()], **options)
    options["help_text"] = f"{fact.question}可选几个；都不选就是不知道。"
    return forms.MultipleChoiceField(choices=list(fact.choices.items()), widget=forms.CheckboxSelectMultiple, **options)


def _answer(fact: Fact, value: object) -> object:
    """Return the answer that a cleaned value states; None for none."""
    if value in (None, "", []):
        return None
    return value == YES if fact.type == BOOLEAN else value
