"""The rows of an entry's amounts (标准里的数字) and shares (支出分担比例), each with its clause.

A row of a formset is the whole value: nothing of what is stored is kept beside it. They do not write to the database.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from django import forms
from django.contrib import admin
from django.http import QueryDict

from catalogue.desk.base import versions
from catalogue.desk.base.dates import PartialDateField
from catalogue.desk.base.mixins import Paragraphs
from catalogue.desk.proposals.forms import TermSelect
from catalogue.models import Citation
from services.fields import VisibleCharField, validate_visible
from services.sources import Source
from services.text import quotes
from services.values import amounts, clauses, quoted_values, shares

# The choice of the clause that is typed elsewhere on the page.
NEW = "new"
HELP = {
    "amounts": "一行一个数，各带自己的条文，原文里须有这个数。840元是平均数，不是一家领到的钱：“种类”要选对。",
    "shares": "条文写明的各级财政分担的百分数，一行一个；没有写明的不列，也不推算。例：中央，80，国家助学金。",
}


def _optional(choices: Mapping) -> list[tuple[str, str]]:
    return [("", "—"), *choices.items()]


def _line(label: str, **kwargs) -> VisibleCharField:
    options = {"max_length": clauses.MAX_TEXT, "validators": [validate_visible]} | kwargs
    return VisibleCharField(label=label, **options)


class FigureForm(forms.Form):
    """A figure of the standard, without its clause."""

    label = _line("是什么")
    kind = forms.ChoiceField(label="种类", choices=list(amounts.KINDS.items()), initial="payment")
    value = VisibleCharField(label="数值", max_length=14)
    unit = _line("单位", required=False, empty_value=None, initial="元")
    period = forms.ChoiceField(label="周期", choices=_optional(amounts.PERIODS), required=False)
    per = forms.ChoiceField(label="每……", choices=_optional(amounts.PERS), required=False)
    of_whom = _line("对象", required=False, empty_value=None)
    place = _line("地区", required=False, empty_value=None)
    valid_from = PartialDateField(label="起", required=False)
    valid_until = PartialDateField(label="止", required=False)
    as_of = PartialDateField(label="数据年份", required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["aria-label"] = field.label

    def clean_value(self) -> str:
        value = quotes.fold(self.cleaned_data["value"])
        if not amounts.VALUE.fullmatch(value):
            raise forms.ValidationError("请写数字，不带单位。例：840、0.55")
        return value

    def clean(self) -> dict:
        cleaned = super().clean()
        for name in ("valid_from", "valid_until", "as_of"):
            date = cleaned.get(name)
            if date and not amounts.is_year_or_day(date, day=name != "as_of"):
                example = "年份或日期。例：2023" if name == "as_of" else "日期。例：2027-01-01、2027年1月1日"
                self.add_error(name, f"请写{example}")
        return cleaned

    def figure(self) -> dict:
        """Return the valid input as an amount without its citation."""
        values = {name: self.cleaned_data[name] or None for name in amounts.KEYS if name in self.cleaned_data}
        return values | {"currency": "CNY" if values["unit"] == "元" else None}


def fitting_clause(new_clauses: Mapping[str, Mapping], number: str) -> Mapping | None:
    """Return the first of the new clauses that holds a number; of several that do not, the first."""
    given = [clause for clause in new_clauses.values() if clause]
    fitting = (clause for clause in given if clause["quote"] and not list(clauses.faults(clause, number)))
    return next(fitting, given[0] if given else None)


def clauses_in(*entries: Mapping | None) -> dict[str, dict]:
    """Return the clauses with a quote that entries (as ``entry_data()``, or None) cite, each by its key."""
    cited = [
        clause
        for entry in filter(None, entries)
        for clause in [
            *entry["citations"], *(value["citation"] for name in quoted_values.COLUMNS for value in entry[name])
        ]
    ]  # fmt: skip
    plain = [{name: clause[name] for name in clauses.KEYS} for clause in cited if clause["quote"]]
    return {_key(clause): clause for clause in plain}


def _key(clause: Mapping) -> str:
    return versions.digest(clause)[:12]


def _choices(known: Mapping[str, Mapping]) -> list[tuple[str, str]]:
    codes = {clause["source"] for clause in known.values()}
    titles = {code: source.title for code, source in Source.objects.in_bulk(codes, field_name="code").items()}
    return [
        (
            key,
            f"{titles.get(clause['source'], clause['source'])[:24]} {clause['locator'] or ''}：{clause['quote'][:40]}",
        )
        for key, clause in known.items()
    ]


def _initial(clause: Mapping, known: Mapping[str, Mapping]) -> dict:
    """Return what the boxes of a clause show: one that is stored nowhere yet is shown as typed."""
    if (key := _key(clause)) in known:
        return {"clause": key}
    source = Source.objects.filter(code=clause["source"]).first()
    return {"clause": "", "source": source, "locator": clause["locator"], "quote": clause["quote"]}


class QuotedRowForm(forms.Form):
    """The clause of a row: chosen among the ``known`` ones, or typed, with ``takes_new`` elsewhere on the page."""

    TYPED = ("source", "locator", "quote")

    clause = forms.ChoiceField(label="出处", required=False)
    source = forms.ModelChoiceField(
        Source.objects.all(), label="依据文件", required=False,
        widget=TermSelect(
            Citation._meta.get_field("source"), admin.site, attrs={"data-placeholder": "按标题或文号查找"}
        ),
    )  # fmt: skip
    locator = _line(
        "位置", required=False, empty_value=None, widget=forms.TextInput(attrs={"placeholder": "例：第一条"})
    )
    quote = Paragraphs(
        label="原文", required=False, max_length=clauses.MAX_QUOTE, validators=[validate_visible],
        widget=forms.Textarea(attrs={"rows": 2, "class": "desk-text", "placeholder": "逐字照录"}),
    )  # fmt: skip

    def __init__(self, *args, known: Mapping[str, Mapping], choices: Sequence, takes_new: bool, **kwargs):
        super().__init__(*args, **kwargs)
        self.known = known
        first = (NEW, "取自下面“新的条文”") if takes_new else ("", "—— 选一条，或者另写一条 ——")
        self.fields["clause"].choices = [first, *choices]
        self.fields["clause"].initial = first[0]
        self.fields["clause"].error_messages["invalid_choice"] = "这条条文已经不在这一项里，请另选一条。"
        for name in self.TYPED if takes_new else ():
            del self.fields[name]

    @property
    def is_blank(self) -> bool:
        """Whether the row is a blank one, for another value."""
        return self.empty_permitted and not (self.is_bound and self.has_changed())

    @property
    def is_removed(self) -> bool:
        return bool(self.cleaned_data.get("DELETE"))

    @property
    def boxes(self) -> list[forms.BoundField]:
        return [box for box in self if box.name not in (*self.TYPED, "clause")]

    @property
    def clause_boxes(self) -> list[forms.BoundField]:
        return [self[name] for name in self.TYPED if name in self.fields]

    @property
    def has_typed_clause(self) -> bool:
        return any(box.value() or box.errors for box in self.clause_boxes)

    @property
    def cited(self) -> Mapping | None:
        """The chosen clause, if it is one of the known."""
        return self.known.get(self["clause"].value())

    @property
    def title(self) -> str:
        words = [str(self[name].value() or "") for name in self.NAMED_BY]
        return " ".join(filter(None, words)) if not self.is_blank else "新增一行"

    def clean(self) -> dict:
        cleaned = super().clean()
        if cleaned.get("clause") or "clause" in self.errors:
            if any(cleaned.get(name) for name in self.TYPED):
                self.add_error("clause", "选了已有的条文，又另写了一条：请只留一个。")
        elif not self.has_typed_clause:
            self.add_error("clause", "请选择一条条文，或者在“另写一条”里写明。")
        else:
            for name, message in (("source", "请选择依据文件。"), ("quote", "请照录原文。")):
                if not cleaned.get(name) and name not in self.errors:
                    self.add_error(name, message)
        return cleaned

    def citation(self, number: str, new_clauses: Mapping[str, Mapping]) -> Mapping | None:
        """Return the clause of the valid row; None if it is to be a new one and there is none."""
        chosen = self.cleaned_data["clause"]
        if chosen == NEW:
            return fitting_clause(new_clauses, number)
        if chosen:
            return new_clauses.get(versions.digest(self.known[chosen])) or self.known[chosen]
        source, quote = self.cleaned_data["source"], self.cleaned_data["quote"]
        return {
            "source": source.code,
            "locator": self.cleaned_data["locator"],
            "quote": quote,
            "verification": source.verification_of(quote).value,
            "jurisdiction": source.jurisdiction,
        }


class FigureRowForm(QuotedRowForm, FigureForm):
    NAMED_BY = ("label", "value")

    def has_changed(self) -> bool:
        # A blank row has no figure, whatever is chosen beside it.
        return bool(set(self.changed_data) - {"kind", "unit", "period", "per", "DELETE"})

    def typed(self, new_clauses: Mapping[str, Mapping]) -> dict:
        values = self.figure()
        return values | {"citation": self.citation(values["value"], new_clauses)}


class ShareForm(forms.Form):
    level = forms.ChoiceField(label="哪一级", choices=_optional(shares.LEVELS))
    percent = VisibleCharField(label="百分之几", max_length=14)
    of_whom = _line("哪一部分的钱（整个项目留空）", required=False, empty_value=None)

    def clean_percent(self) -> str:
        percent = quotes.fold(self.cleaned_data["percent"]).removesuffix("%")
        if not shares.PERCENT.fullmatch(percent) or not 0 < Decimal(percent) <= 100:
            raise forms.ValidationError("请写大于 0、不大于 100 的数。例：80、12.5")
        return percent


class ShareRowForm(QuotedRowForm, ShareForm):
    NAMED_BY = ("level", "percent")

    @property
    def title(self) -> str:
        return (
            "新增一行" if self.is_blank else f"{shares.LEVELS.get(self['level'].value(), '')}{self['percent'].value()}%"
        )

    def has_changed(self) -> bool:
        return bool(set(self.changed_data) - {"DELETE"})

    def typed(self, new_clauses: Mapping[str, Mapping]) -> dict:
        values = {name: self.cleaned_data[name] for name in ShareForm.base_fields}
        return values | {"citation": self.citation(values["percent"], new_clauses)}


class QuotedRowFormSet(forms.BaseFormSet):
    """The rows of a column of ``quoted_values``; ``known`` are the clauses to choose from, ``values`` what is stored.

    With ``takes_new`` a row may rest on a clause that is typed elsewhere on the page: whoever reads that calls
    ``check()`` with it.
    """

    def __init__(
        self, data: QueryDict | None, *, values: Sequence[Mapping], known: Mapping[str, Mapping],
        takes_new: bool = False,
    ):  # fmt: skip
        self.takes_new, self.caption = takes_new, quoted_values.COLUMNS[self.column].caption
        # What was sent is the whole value of each row, whatever is stored by now.
        initial = None if data is not None else [value | _initial(value["citation"], known) for value in values]
        form_kwargs = {"known": known, "choices": _choices(known), "takes_new": takes_new}
        super().__init__(data, prefix=self.column, initial=initial, form_kwargs=form_kwargs)

    @property
    def help_text(self) -> str:
        return HELP[self.column]

    def add_fields(self, form, index):
        super().add_fields(form, index)
        form.fields["DELETE"].label = "去掉"
        for box in form.boxes:
            # The label beside it is hidden where the head of the columns is shown.
            box.field.widget.attrs["aria-label"] = box.label

    def clean(self):
        for row in self.forms:
            if row.is_removed:
                row.errors.clear()
        if not self.takes_new:
            self.check({})

    def check(self, new_clauses: Mapping[str, Mapping]) -> None:
        """Add to each row the faults of its value, and those of all values if it is the one that makes them wrong."""
        faults, valid = quoted_values.COLUMNS[self.column].faults, []
        for row in self._given():
            if row.errors:
                continue
            value = row.typed(new_clauses)
            if value["citation"] is None:
                row.add_error("clause", "还没有新的条文：请选择一条，或者在“新的条文”里写明。")
                continue
            reasons = faults([value]) or faults([*valid, value])
            for reason in reasons:
                row.add_error(None, reason.removeprefix("第 1 项："))
            if not reasons:
                valid.append(value)

    def typed(self, new_clauses: Mapping[str, Mapping]) -> list[dict]:
        """Return the valid input in the format of the column."""
        return [row.typed(new_clauses) for row in self._given()]

    def _given(self) -> list[QuotedRowForm]:
        return [row for row in self.forms if row.cleaned_data and not row.is_removed]


class BaseAmountFormSet(QuotedRowFormSet):
    column = "amounts"


class BaseShareFormSet(QuotedRowFormSet):
    column = "shares"


AmountFormSet, ShareFormSet = (
    forms.formset_factory(
        form, formset=formset, extra=1, can_delete=True, max_num=most, absolute_max=most + 1, validate_max=True
    )
    for form, formset, most in (
        (FigureRowForm, BaseAmountFormSet, amounts.MAX_AMOUNTS), (ShareRowForm, BaseShareFormSet, shares.MAX_SHARES)
    )
)  # fmt: skip
FORMSETS = {"amounts": AmountFormSet, "shares": ShareFormSet}


def quoted_rows(
    data: QueryDict | None, stated: Mapping, *, cited_in: Sequence[Mapping | None]
) -> dict[str, forms.BaseFormSet]:
    """Return the formset of each column of an entry as it is ``stated``.

    The clauses to choose from are those ``cited_in`` these entries: as stored, and as a page that was sent showed them.
    """
    known = clauses_in(*cited_in)
    return {name: formset(data, values=stated[name], known=known) for name, formset in FORMSETS.items()}
