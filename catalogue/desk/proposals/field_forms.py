"""The form of a few fields of an entry: their values, figures and old clauses, and the new clauses.

It writes nothing but the new documents. Its rows are named by what they show, so that a row never acts on another
clause or figure than the one that was seen.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from django import forms
from django.contrib import admin
from django.http import QueryDict

from catalogue.audit.log import AuditContext
from catalogue.desk.base import versions
from catalogue.desk.base.dates import PartialDateField
from catalogue.desk.base.mixins import Paragraphs
from catalogue.desk.proposals.figure_forms import FigureForm, ShareFormSet, clauses_in, fitting_clause
from catalogue.desk.proposals.forms import EntryForm, TermSelect, plain
from catalogue.editions import merge, sourcing
from catalogue.models import Citation, Entry, SourcedField
from catalogue.workflow.maintenance import new_sources
from services.sources import Jurisdiction, Source
from services.text import document_numbers
from services.values import amounts, clauses, quoted_values

# What can be chosen to be changed: the sourced fields, and the note.
CHOICES = [*SourcedField.choices, ("note", "编者说明")]
KEEP, REPLACE, END = "keep", "replace", "end"
FATES = [(KEEP, "保留"), (REPLACE, "替换"), (END, "不再适用")]
# The code of a document that is stored only when everything is valid.
UNSTORED = "doc-new"


def chosen(names: Sequence[str]) -> list[str]:
    """Return the fields that are named and can be chosen, in the order of the page."""
    return [field for field, _ in CHOICES if field in names]


class OldClauseForm(forms.Form):
    fate = forms.ChoiceField(choices=FATES, required=False, widget=forms.RadioSelect)


class NewSourceForm(forms.ModelForm):
    """A document that is not among the sources yet."""

    date = PartialDateField(
        label="成文日期",
        required=False,
        help_text="不填就按文号的年份。例：2026年11月20日",
    )  # fmt: skip

    class Meta:
        model = Source
        fields = ("title", "document_number", "date", "kind", "read_in")

    def __init__(self, *args, number: str | None = None, **kwargs):
        initial = {"kind": Source.Kind.REGIONAL_POLICY, "read_in": Source.ReadIn.OFFICIAL}
        super().__init__(*args, initial=initial, empty_permitted=True, use_required_attribute=False, **kwargs)
        self.number = number
        self.instance.jurisdiction = Jurisdiction.INNER_MONGOLIA
        self.instance.extent_read = Source.ExtentRead.CLAUSES
        self.fields["title"].widget.attrs["placeholder"] = "例：关于提高孤儿基本生活费标准的通知"
        self.fields["document_number"].help_text = "不填就是这件建议的文号。"
        self.fields["read_in"].help_text = self.fields["title"].help_text = ""

    def clean(self) -> dict:
        cleaned = super().clean()
        number = document_numbers.normal(cleaned.get("document_number") or self.number or "") or None
        cleaned["document_number"] = number
        if number and (existing := new_sources.by_document_number(number)):
            self.add_error("document_number", f"{new_sources.refusal(number, existing)}请在“依据文件”里选它。")
        if number and not cleaned.get("date") and (year := re.search("[0-9]{4}", number)):
            cleaned["date"] = year[0]
        return cleaned


class NewClauseForm(forms.ModelForm):
    """A clause that supports chosen fields, from a stored document or from a new one (``document``)."""

    supports = forms.MultipleChoiceField(label="用于", widget=forms.CheckboxSelectMultiple, required=False)
    remove = forms.BooleanField(label="不要这一条", required=False)

    class Meta:
        model = Citation
        fields = ("source", "locator", "quote", "criterion")
        labels = {"source": "依据文件"}
        help_texts = {"quote": "", "locator": "", "source": ""}
        field_classes = {"quote": Paragraphs}
        widgets = {
            "quote": forms.Textarea(attrs={"rows": 3, "class": "desk-text", "placeholder": "逐字照录"}),
            "locator": forms.TextInput(attrs={"placeholder": "例：第一条、表2"}),
            "source": TermSelect(
                Citation._meta.get_field("source"), admin.site, attrs={"data-placeholder": "按标题或文号查找"}
            ),
        }

    def __init__(self, data, *, clause: Mapping | None, fields: list[str], number: str | None, prefix: str):
        source = clause and Source.objects.filter(code=clause["source"]).first()
        initial = {**clause, "source": source} if clause else {"supports": fields}
        super().__init__(data, prefix=prefix, initial=initial, empty_permitted=not clause, use_required_attribute=False)
        self.clause, self.default_fields = clause, fields
        self.fields["source"].required = False
        self.fields["supports"].choices = [choice for choice in SourcedField.choices if choice[0] in fields]
        self.order_fields(["supports"])
        for name, unused in (
            ("supports", len(fields) == 1), ("remove", not clause), ("criterion", "eligibility" not in fields)
        ):  # fmt: skip
            if unused:
                del self.fields[name]
        self.document = NewSourceForm(data, prefix=f"{prefix}-document", number=number)

    def has_changed(self) -> bool:
        return bool(set(self.changed_data) - {"supports"}) or self.document.has_changed()

    def clean(self) -> dict:
        cleaned = super().clean()
        if self.document.has_changed() and cleaned.get("source"):
            self.add_error("source", "选了已有的文件，又填了新的文件：请只留一个。")
        elif not cleaned.get("source") and not self.document.has_changed():
            self.add_error("source", "请选择依据文件；还没有的，在“新增一份文件”里写明标题。")
        if "supports" in self.fields and not cleaned.get("supports"):
            self.add_error("supports", "请勾选这条条文用于哪些字段。")
        return cleaned

    def is_valid(self) -> bool:
        return super().is_valid() and self.document.is_valid()

    @property
    def is_untouched(self) -> bool:
        """Whether the form shows a clause that stays as it is stored, with the label that it was once given."""
        return bool(self.clause) and not (self.is_bound and self.has_changed())

    @property
    def is_given(self) -> bool:
        return self.is_untouched or (bool(self.cleaned_data) and not self.cleaned_data.get("remove"))

    def supported(self) -> list[str]:
        if not self.is_bound:
            return self.initial["supports"]
        return self.cleaned_data.get("supports", self.default_fields)

    def cited_source(self) -> Source:
        return self.cleaned_data["source"] or self.document.instance

    def typed(self) -> dict:
        """Return the clause in the format of an amount's; its label follows from the document and the quote."""
        if self.is_untouched:
            return {name: self.clause[name] for name in clauses.KEYS}
        source = self.cited_source()
        return {
            "source": source.code or UNSTORED,
            "locator": self.cleaned_data["locator"],
            "quote": self.cleaned_data["quote"],
            "verification": source.verification_of(self.cleaned_data["quote"]).value,
            "jurisdiction": source.jurisdiction,
        }

    def citation(self, field: str) -> dict:
        cleaned = self.cleaned_data if self.is_bound else self.initial
        criterion = cleaned.get("criterion") if field == "eligibility" else None
        return {"field": field, **self.typed(), **({"criterion": criterion} if criterion else {})}


class AmountForm(FigureForm):
    """A figure of the standard, and what becomes of the old one: kept as history, replaced, or no longer valid."""

    fate = forms.ChoiceField(label="旧数", choices=FATES, required=False)

    def __init__(self, data, *, amount: Mapping | None, fate: str = KEEP, prefix: str):
        initial = {**amount, "fate": fate} if amount else None
        super().__init__(data, prefix=prefix, initial=initial, empty_permitted=not amount, use_required_attribute=False)
        self.amount = amount

    @property
    def boxes(self) -> list[forms.BoundField]:
        return list(self)

    @property
    def title(self) -> str:
        return f"{self.amount['label']} {self.amount['value']}" if self.amount else "新增一个数"

    def has_changed(self) -> bool:
        return bool(set(self.changed_data) - {"kind", "unit", "period", "per", "fate"}) or bool(
            self.amount and self.changed_data
        )

    def typed(self, new_clauses: Mapping, effective_from: str) -> list[dict]:
        """Return the figures that this row leaves: the old one, a new one, both, or none.

        ``new_clauses`` are the new clauses by the clause that each was before, those added by a number.
        """
        cleaned, old = self.cleaned_data, self.amount
        if not cleaned or (old and cleaned["fate"] == END):
            return []
        values = self.figure()
        moved = old and new_clauses.get(versions.digest(old["citation"]), old["citation"])
        fitting = fitting_clause(new_clauses, values["value"])
        if old and values["value"] == old["value"] and cleaned["fate"] != REPLACE:
            return [values | {"citation": moved or old["citation"]}]
        if old and cleaned["fate"] == REPLACE and moved in new_clauses.values():
            fitting = moved
        new = values | {"citation": fitting or (old and old["citation"])}
        if old and cleaned["fate"] != REPLACE:
            # The day in force tells the new figure from the old one, which stays as history.
            if new["valid_from"] == old["valid_from"]:
                new["valid_from"] = effective_from
            if new["as_of"] == old["as_of"]:
                new["as_of"] = None
            return [new, dict(old)]
        return [new]


class Part(NamedTuple):
    """A chosen field for the template: its inputs, its old clauses with the form of each, the rows of its shares."""

    field: str
    label: str
    boxes: list[forms.BoundField]
    old: list[OldClauseForm]
    rows: ShareFormSet | None


class FieldsForm:
    """The forms of the chosen ``fields`` of an entry.

    ``base`` is the entry of the edition, ``data`` the entry as it is proposed so far, both as ``entry_data()``;
    ``number`` is the document number of the proposal, which a new document has if it is given no other; ``shown`` is
    the entry on the page that was sent.
    """

    def __init__(
        self, post: QueryDict | None, *, fields: list[str], base: Mapping, data: Mapping, number: str | None,
        shown: Mapping | None,
    ):  # fmt: skip
        self.fields, self.base, self.data, self.post = fields, base, data, post
        sourced = [field for field in fields if field in Entry.SOURCED_FIELDS]
        self.form = EntryForm(post, stated=data, only=fields)
        self.old = {field: list(self._old_clauses(field, post)) for field in sourced}
        # A clause of several fields is shown once.
        added: dict[str, tuple[Mapping, list[str]]] = {}
        for field in sourced:
            for citation in merge.citations_of(data, field):
                if citation not in base["citations"]:
                    clause = {name: value for name, value in citation.items() if name != "field"}
                    added.setdefault(versions.digest(clause), (clause, []))[1].append(field)
        self.new = [
            NewClauseForm(
                self._posted(f"new-{key[:12]}"), clause={**clause, "supports": supports}, fields=sourced,
                number=number, prefix=f"new-{key[:12]}",
            )
            for key, (clause, supports) in added.items()
        ]  # fmt: skip
        if sourced:
            self.new.append(NewClauseForm(post, clause=None, fields=sourced, number=number, prefix="new-0"))
        self.figures = list(self._figures()) if "standard" in fields else []
        self.known_clauses = clauses_in(data, base, shown)
        self.shares = self._share_rows(post) if quoted_values.COLUMNS["shares"].field in fields else None

    def rebase(self, shown: Mapping) -> None:
        """Show valid input on ``data``, which changed after the page showed ``shown``: what was not touched stays.

        Rows are named by what they show, so that only the boxes of the entry, the old clauses and the shares can be
        touched by both.
        """
        typed = {name: plain(value) for name, value in self.form.cleaned_data.items()}
        touched = {name: value for name, value in typed.items() if value != shown[name]}
        self.form = EntryForm(None, stated={**self.data, **touched}, only=self.fields)
        for field, old in self.old.items():
            were = merge.citations_of(shown, field)
            is_proposed = were != merge.citations_of(self.base, field)
            for at, form in enumerate(old):
                fate = (KEEP if is_proposed else "") if form.citation in were else END
                if form.cleaned_data.get("fate") == fate:
                    old[at] = next(each for each in self._old_clauses(field, None) if each.prefix == form.prefix)

        if self.shares and self.shares.is_valid() and self.shares.typed({}) == shown["shares"]:
            self.shares = self._share_rows(None)

    def _share_rows(self, post: QueryDict | None) -> ShareFormSet:
        return ShareFormSet(post, values=self.data["shares"], known=self.known_clauses, takes_new=True)

    def _posted(self, prefix: str) -> QueryDict | None:
        # A row that was not on the page that was sent is as it is stored.
        return self.post if self.post and any(name.startswith(f"{prefix}-") for name in self.post) else None

    def _old_clauses(self, field: str, post: QueryDict | None) -> Iterator[OldClauseForm]:
        kept = merge.citations_of(self.data, field)
        old = merge.citations_of(self.base, field)
        is_proposed = kept != old
        sources = Source.objects.in_bulk([citation["source"] for citation in old], field_name="code")
        for citation in old:
            fate = (KEEP if is_proposed else "") if citation in kept else END
            form = OldClauseForm(post, prefix=f"old-{versions.digest(citation)[:12]}", initial={"fate": fate})
            form.citation, form.source = citation, sources.get(citation["source"])
            form.fields["fate"].label = f"旧条文“{form.source}”"
            yield form

    def _figures(self) -> Iterator[AmountForm]:
        for amount in self.data["amounts"]:
            prefix = f"figure-{versions.digest(amount)[:12]}"
            fate = KEEP if amount in self.base["amounts"] else REPLACE
            yield AmountForm(self._posted(prefix), amount=amount, fate=fate, prefix=prefix)
        yield AmountForm(self.post, amount=None, prefix="figure-0")

    @property
    def past_figures(self) -> list[AmountForm]:
        """The figures that a newer one of the same label stands before."""
        labels = [form.amount and form.amount["label"] for form in self.figures]
        return [form for at, form in enumerate(self.figures) if form.amount and labels[at] in labels[:at]]

    @property
    def current_figures(self) -> list[AmountForm]:
        return [form for form in self.figures if form not in self.past_figures]

    def parts(self) -> list[Part]:
        labels = dict(CHOICES)
        with_shares = quoted_values.COLUMNS["shares"].field
        return [
            Part(
                field, labels[field], self.form.boxes_of(field), self.old.get(field, []),
                self.shares if field == with_shares else None,
            )
            for field in self.fields
        ]  # fmt: skip

    def all_forms(self) -> list[forms.BaseForm]:
        new = [each for form in self.new for each in (form, form.document)]
        return [self.form, *self.figures, *(self.shares or ()), *self._old_forms(), *new]

    def _old_forms(self) -> list[OldClauseForm]:
        return [form for clause_forms in self.old.values() for form in clause_forms]

    def is_valid(self, effective_from: str) -> bool:
        """Whether everything typed can be saved; if not, each reason stands at the row that it is about."""
        bound = [form for form in (self.form, *self.figures, *self.new) if form.is_bound]
        bound += [*self._old_forms(), *([self.shares] if self.shares is not None else [])]
        # Every form is validated, so that all errors are told at once.
        if [form for form in bound if not form.is_valid()]:
            return False
        for field in self.old:
            self._ask_of_old_clauses(field)
        self._check_figures(effective_from)
        if self.shares is not None:
            self.shares.check(self._new_clauses())
        return all(form.is_valid() for form in bound)

    def _ask_of_old_clauses(self, field: str) -> None:
        label = SourcedField(field).label
        is_replaced = any(field in form.supported() for form in self._given())
        for form in self.old[field]:
            fate = form.cleaned_data["fate"]
            if not fate and self._value(field) != self._value_in(self.base, field) and any(self._value(field)):
                form.add_error("fate", f"“{label}”改了：请选择这条旧条文保留、替换还是不再适用。")
            elif fate == REPLACE and not is_replaced:
                form.add_error("fate", "选了“替换”：请在下面的“新的条文”里写明代替它的条文。")

    def _check_figures(self, effective_from: str) -> None:
        rows = [(form, self._amounts_of(form, effective_from)) for form in self.figures]
        for form, typed in rows:
            for amount in typed if form.is_bound else ():
                if amount["citation"] is None:
                    form.add_error("value", "新的数要有出处：请在“新的条文”里写明。")
                    continue
                for reason in amounts.faults([amount]):
                    form.add_error(None, reason.removeprefix("第 1 项："))
        if not any(form.errors for form, _ in rows if form.is_bound):
            changed = [form for form, _ in rows if form.is_bound and form.has_changed()]
            for reason in amounts.faults([amount for _, typed in rows for amount in typed]) if changed else ():
                changed[0].add_error(None, reason)

    def _amounts_of(self, form: AmountForm, effective_from: str) -> list[dict]:
        if not form.is_bound:
            return [dict(form.amount)] if form.amount else []
        if form.amount and not form.has_changed():
            moved = self._new_clauses().get(versions.digest(form.amount["citation"]))
            return [form.amount | {"citation": moved}] if moved else [dict(form.amount)]
        return form.typed(self._new_clauses(), effective_from)

    def _given(self) -> list[NewClauseForm]:
        return [form for form in self.new if form.is_given]

    def _new_clauses(self) -> dict[str, dict]:
        """Return the new clauses by the digest of the clause that each was on the page, the added one by its prefix."""
        return {
            versions.digest({name: form.clause[name] for name in clauses.KEYS}) if form.clause else form.prefix: typed
            for form in self._given()
            if (typed := form.typed())
        }

    def given_titles(self) -> list[str]:
        """Return the titles of the documents of valid new clauses."""
        sources = [form.cleaned_data["source"] or form.document.instance for form in self._given()]
        return list(dict.fromkeys(source.title for source in sources))

    def store_documents(self, *, context: AuditContext) -> None:
        """Store the new documents of valid clauses; ``typed()`` then names them."""
        for form in self._given():
            if not form.is_untouched and not form.cleaned_data["source"]:
                new_sources.store(form.document.instance, context=context)

    def typed(self, effective_from: str) -> dict:
        """Return the valid input as ``entry_data()``: the fields that were not chosen are those of ``data``."""
        typed = {**self.data, **{name: plain(value) for name, value in self.form.cleaned_data.items()}}
        citations = {field: self._citations(field) for field in self.old}
        others = [citation for citation in self.data["citations"] if citation["field"] not in citations]
        typed["citations"] = others + [citation for of_field in citations.values() for citation in of_field]
        if self.figures:
            typed["amounts"] = [amount for form in self.figures for amount in self._amounts_of(form, effective_from)]
        if self.shares is not None:
            typed["shares"] = self.shares.typed(self._new_clauses())
        for field, of_field in citations.items():
            for key, label in zip(("verification", "basis"), self._labels(typed, field, of_field), strict=True):
                labels = {name: value for name, value in typed[key].items() if name != field}
                typed[key] = labels | ({field: label} if label else {})
        return typed

    def _labels(self, typed: Mapping, field: str, citations: list[dict]) -> tuple[str | None, str | None]:
        """Return the verification and basis of a field: as they were if nothing of it changed, else derived."""
        for before in (self.base, self.data):
            if citations == merge.citations_of(before, field) and self._value(field) == self._value_in(before, field):
                return before["verification"].get(field), before["basis"].get(field)
        label = sourcing.derived_verification(typed, field)
        return label, label and self._basis(field, citations)

    def _basis(self, field: str, citations: Sequence[Mapping]) -> str:
        """Return the basis that follows from the first clause, which is a new one if there is one."""
        if citations[0] in self.base["citations"] and (basis := self.base["basis"].get(field)):
            return basis
        return sourcing.basis_of(Source.objects.get(code=citations[0]["source"]).kind).value

    def _citations(self, field: str) -> list[dict]:
        if not any(self._value(field)):
            return []
        new = [form.citation(field) for form in self._given() if field in form.supported()]
        kept = [form.citation for form in self.old[field] if form.cleaned_data["fate"] in ("", KEEP)]
        return new + [dict(citation) for citation in kept]

    def _value(self, field: str) -> list:
        return [plain(self.form.cleaned_data[column]) for column in Entry.SOURCED_FIELDS[field]]

    @staticmethod
    def _value_in(data: Mapping, field: str) -> list:
        return [data[column] for column in Entry.SOURCED_FIELDS[field]]
