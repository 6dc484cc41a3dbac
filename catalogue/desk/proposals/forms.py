"""Forms of a proposal: its head and one of its entries. They do not write to the database."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from catalogue.accounts import permissions
from catalogue.desk.base.dates import DayField
from catalogue.desk.base.mixins import Paragraphs
from catalogue.desk.base.services import named
from catalogue.desk.rule_forms import RuleFormField
from catalogue.models import Citation, Edition, Entry, FieldVerification, Proposal, ProposedEntry, SourcedField
from catalogue.workflow import proposals
from catalogue.workflow.base import current_documents
from catalogue.workflow.checks import codes, kinds
from catalogue.workflow.models import SERVICE_CODE_PATTERN
from services.models import Department, Domain, TargetGroup
from services.sources import Source, Verification
from services.text import document_numbers
from services.values import quoted_values

Action = ProposedEntry.Action
# Sections of the form, as on the page of an entry.
SECTIONS = (
    ("名称与领域", ("name", "name_en", "domain")),
    ("给谁", ("target_groups", "eligibility")),
    ("给什么", ("content", "standard")),
    ("谁负责", ("lead_department", "co_departments")),
    ("谁出钱、依据什么", ("expenditure_responsibility", "legal_basis")),
)
TEXTS = ("target_group_text", "content", "standard", "expenditure_responsibility", "note")
MANY = ("target_groups", "lead_department_alternatives", "co_departments", "legal_basis")
TERMS = {
    "domain": Domain,
    "lead_department": Department,
    "target_groups": TargetGroup,
    "lead_department_alternatives": Department,
    "co_departments": Department,
    "legal_basis": Source,
}


def _textarea(rows: int = 2) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "class": "desk-text"})


def _is_key(value: object) -> bool:
    return str(value).isdecimal() and len(str(value)) < 19


class _KeysMixin:
    """For Django's autocomplete widgets, which fail when they show a submitted value that cannot be a key."""

    def optgroups(self, name, value, attr=None):
        return super().optgroups(name, [key for key in value if not key or _is_key(key)], attr)


class TermSelect(_KeysMixin, AutocompleteSelect):
    pass


class TermSelectMultiple(_KeysMixin, AutocompleteSelectMultiple):
    pass


class TermsField(forms.ModelMultipleChoiceField):
    """Several terms. A number that is too large for a key is refused; SQLite fails on it."""

    def clean(self, value):
        if wrong := [key for key in value or () if not _is_key(key)]:
            raise forms.ValidationError(self.error_messages["invalid_pk_value"], params={"pk": wrong[0][:20]})
        return super().clean(value)


class HeadForm(forms.ModelForm):
    """The columns of a proposal itself, without its entries."""

    class Meta:
        model = Proposal
        fields = (
            "kind", "department", "title", "reason", "document_number", "effective_from", "raises_cost", "is_urgent",
        )  # fmt: skip
        field_classes = {"reason": Paragraphs, "effective_from": DayField}
        widgets = {"reason": _textarea(3)}

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        departments = Department.objects.all()
        if not user.is_superuser:
            # A draft keeps the department that it was begun for.
            acting = permissions.acting_departments(user, timezone.localdate())
            departments = departments.filter(Q(code__in=acting) | Q(pk=self.instance.department_id))
        self.fields["department"].queryset = departments
        if departments.count() == 1:
            self.fields["department"].initial = departments.get()
        if not (self.instance.is_urgent or Edition.objects.ahead_of(timezone.localdate()).exists()):
            # Nothing is sealed ahead.
            del self.fields["is_urgent"]

    def clean_document_number(self):
        number = self.cleaned_data["document_number"]
        return number and document_numbers.normal(number)


class ChangeHeadForm(HeadForm):
    """The head of a proposal that changes one service: its kind is known, and its department if there is one choice."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        del self.fields["kind"]
        # The page says on which edition it changes the service.
        self.fields.pop("is_urgent", None)
        reason = self.fields["reason"]
        reason.widget.attrs["rows"] = 1
        reason.required, reason.help_text = False, "不写，理由就是“依据”新的条文所在的文件。"
        if self.fields["department"].queryset.count() == 1:
            self.fields["department"].widget = forms.HiddenInput()


class NewEntryForm(forms.Form):
    """Adds a service to a proposal, with an action.

    ``own`` are the codes of the departments whose services are offered, None for all.
    """

    action = forms.ChoiceField(label="动作", choices=Action, help_text="调整或取消一个现有项目，或新增一个项目。")
    service = forms.ChoiceField(
        label="现有项目", required=False, help_text="调整或取消时选择。只列出所属部门牵头的项目。"
    )
    new_code = forms.CharField(
        label="新项目代码", required=False, max_length=64, help_text="新增时填写，不能用用过的代码。例：NM-05-05"
    )
    successor_codes = forms.CharField(
        label="承接项目代码",
        required=False,
        max_length=500,
        help_text="取消时填写由哪些项目承接，以空格或顿号隔开；没有则留空。例：NM-05-05",
    )

    def __init__(self, *args, proposal: Proposal, own: list[str] | None, **kwargs):
        super().__init__(*args, **kwargs)
        self.taken = set(proposal.entries.values_list("service", flat=True))
        self.proposed = codes.proposed_codes(besides=proposal)
        self.names = {code: document["name"] for code, document in current_documents(proposal).items()}
        self.fields["service"].choices = [("", "——"), *self._services(proposal, own)]
        allowed = kinds.ALLOWED_ACTIONS[Proposal.Kind(proposal.kind)]
        self.fields["action"].choices = [(action.value, action.label) for action in Action if action in allowed]

    @staticmethod
    def is_code(code: str) -> bool:
        return bool(re.match(SERVICE_CODE_PATTERN, code)) and len(code) <= 64

    def _services(self, proposal: Proposal, own: list[str] | None) -> Iterator[tuple[str, str]]:
        for code, document in current_documents(proposal).items():
            lead = document["lead_department"]
            if code not in self.taken and (own is None or (lead and lead["code"] in own)):
                yield code, named(code, document["name"])

    def clean(self):
        cleaned = super().clean()
        column = "new_code" if cleaned.get("action") == Action.ADD else "service"
        code = _as_code(cleaned.get(column) or "")
        if not self.errors and not self.is_code(code):
            self.add_error(
                column, "请选择一个项目。" if column == "service" else "代码的格式是 NM-领域-序号。例：NM-05-05"
            )
        if code in self.taken:
            self.add_error(column, f"{code} 已经在这件建议中。")
        elif cleaned.get("action") == Action.ADD and code in proposals.used_codes():
            name = self.names.get(code, "以前版本中的项目")
            self.add_error("new_code", f"{code} 已经用过：{name}。用过的代码不再用于别的项目。")
        elif cleaned.get("action") == Action.ADD and (number := self.proposed.get(code)):
            self.add_error("new_code", f"第 {number} 号建议要用 {code}，请换一个。")
        successors = [
            _as_code(successor)
            for successor in re.split(r"[\s、，,;；]+", cleaned.get("successor_codes", ""))
            if successor
        ]
        for successor in successors:
            if not self.is_code(successor):
                self.add_error("successor_codes", f"“{successor}”不是服务项目代码。例：NM-05-05")
        return cleaned | {"code": code, "successors": successors}


def _as_code(typed: str) -> str:
    """Return a typed code as codes are written: half-width, upper case."""
    return unicodedata.normalize("NFKC", typed).strip().upper()


class Group(NamedTuple):
    """A sourced field for the template: its inputs, and the rows of the values that stand with it."""

    boxes: list[forms.BoundField]
    rows: forms.BaseFormSet | None = None


class EntryForm(forms.ModelForm):
    """All columns of an entry, with the verification and basis of each sourced field.

    Citations, amounts and shares have rows of their own. With ``only``, it has the columns of these fields alone, and
    no labels, which follow from the clauses.
    """

    class Meta:
        model = Entry
        fields = (*sum(Entry.SOURCED_FIELDS.values(), []), "note")
        field_classes = (
            dict.fromkeys(TEXTS, Paragraphs) | dict.fromkeys(MANY, TermsField) | {"eligibility": RuleFormField}
        )
        widgets = {name: _textarea() for name in TEXTS} | {
            name: TermSelectMultiple(Entry._meta.get_field(name), admin.site) for name in MANY
        }

    def __init__(self, *args, stated: Mapping, only: list[str] | None = None, **kwargs):
        super().__init__(*args, initial=_initial(stated), **kwargs)
        self.fields["eligibility"].widget.service = stated["code"]
        if only is not None:
            shown = {column for field in only for column in self.columns_of(field)}
            for name in set(self.fields) - shown:
                del self.fields[name]
            for name in set(TEXTS) & shown:
                # As long as the text, so that it is read without scrolling.
                self.fields[name].widget.attrs["rows"] = min(12, 2 + len(stated[name] or "") // 90)
            return
        for field in Entry.SOURCED_FIELDS:
            field_label = SourcedField(field).label
            for name, model, label in (
                ("verification", Verification, "核实情况"),
                ("basis", FieldVerification.Basis, "依据类别"),
            ):
                self.fields[f"{name}_{field}"] = forms.ChoiceField(
                    label=f"“{field_label}”的{label}",
                    choices=[("", "未知"), *model.choices],
                    required=False,
                    initial=stated[name].get(field, ""),
                )

    @staticmethod
    def columns_of(field: str) -> list[str]:
        """Return the columns of a field; a note is its own column."""
        return Entry.SOURCED_FIELDS.get(field, [field])

    def boxes_of(self, field: str) -> list[forms.BoundField]:
        return [self[name] for name in self.columns_of(field)]

    def sections(self, quoted: Mapping[str, forms.BaseFormSet]) -> list[tuple[str, list[Group]]]:
        """Return the sections of the page as (title, groups); ``quoted`` are the rows of the amounts and shares."""
        # Values with a clause of their own follow the field that they stand with.
        rows = {column.field: quoted[name] for name, column in quoted_values.COLUMNS.items()}
        sections = []
        for title, fields in SECTIONS:
            names = {
                field: (*Entry.SOURCED_FIELDS[field], f"verification_{field}", f"basis_{field}") for field in fields
            }
            sections.append(
                (title, [Group([self[name] for name in names[field]], rows.get(field)) for field in fields])
            )
        return [*sections, ("编者说明", [Group([self["note"]])])]


class CitationForm(forms.ModelForm):
    class Meta:
        model = Citation
        fields = ("field", "source", "locator", "verification", "jurisdiction", "criterion", "quote")
        field_classes = {"quote": Paragraphs}
        widgets = {"quote": _textarea(), "source": TermSelect(Citation._meta.get_field("source"), admin.site)}


CitationFormSet = forms.formset_factory(
    CitationForm, extra=3, can_delete=True, max_num=200, absolute_max=201, validate_max=True
)


def citations_of(data: Mapping) -> list[dict]:
    """Return the citations of an entry for ``CitationFormSet(initial=…)``, in the order of its fields."""
    sources = {
        source.code: source
        for source in Source.objects.filter(code__in={citation["source"] for citation in data["citations"]})
    }
    order = [field for field, _ in Citation.FIELDS]
    citations = sorted(data["citations"], key=lambda citation: order.index(citation["field"]))
    return [citation | {"source": sources.get(citation["source"])} for citation in citations]


def typed_entry(
    base: Mapping, form: EntryForm, citations: forms.BaseFormSet, quoted: Mapping[str, forms.BaseFormSet]
) -> dict:
    """Return the valid input of these forms in the format of ``entry_data()``; ``base`` gives code and number."""
    cleaned = form.cleaned_data
    rows = [
        row.cleaned_data
        for row in citations.forms
        if row.cleaned_data.get("field") and not row.cleaned_data.get("DELETE")
    ]
    return {
        "code": base["code"],
        "number": base["number"],
        **{name: plain(cleaned[name]) for name in EntryForm.Meta.fields},
        **{name: rows.typed({}) for name, rows in quoted.items()},
        **{
            name: {field: label for field in Entry.SOURCED_FIELDS if (label := cleaned[f"{name}_{field}"])}
            for name in ("verification", "basis")
        },
        "citations": [
            {name: plain(row[name]) for name in CitationForm.Meta.fields if name != "criterion" or row[name]}
            for row in rows
        ],
    }


def _initial(data: Mapping) -> dict:
    initial = {name: data[name] for name in EntryForm.Meta.fields}
    for name, model in TERMS.items():
        codes = data[name] if name in MANY else [data[name]]
        terms: QuerySet = model.objects.filter(code__in=[code for code in codes if code])
        initial[name] = list(terms) if name in MANY else terms.first()
    return initial


def plain(value: object) -> object:
    """Return a cleaned value as in ``entry_data()``: terms as their codes."""
    if isinstance(value, QuerySet):
        return sorted(term.code for term in value)
    return value.code if isinstance(value, Model) else value
