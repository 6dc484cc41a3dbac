"""The form of an entry: the sourcing rule, asked of what was typed, before anything is written.

The entry's own fields, its findings and its citations are three forms on one page, and the rule is about all three:
so the entry's form asks for all of them and puts each fault beside the row it is about.
"""

from collections.abc import Iterable, Iterator

from django import forms
from django.db import models
from django.db.models import Max

from catalogue import sourcing
from catalogue.desk.base import NamedFormSet
from catalogue.models import Entry
from services.models import Source


class EntryForm(forms.ModelForm):
    class Meta:
        model = Entry
        # EntryAdmin leaves out what the page only shows.
        fields = ("edition", "service", "number", *sum(Entry.SOURCED_FIELDS.values(), []), "note")

    def _get_validation_exclusions(self):
        # Once created, an entry's edition and service are not in the form, and Django would then leave out the
        # constraints they are part of: a number given twice would only be refused by the database.
        exclusions = super()._get_validation_exclusions()
        return exclusions - {"edition", "service"} if self.instance.pk else exclusions

    def clean(self):
        cleaned = super().clean()
        # Put there by EntryAdmin; absent where the page is only shown.
        formsets = getattr(self.instance, "formsets", [])
        if formsets and not self.errors and all(formset.is_valid() for formset in formsets):
            self._check_sources(*formsets)
        return cleaned

    def changed_fields(self) -> set[str]:
        """The sourced fields of which a column was changed."""
        return {
            field
            for field, columns in Entry.SOURCED_FIELDS.items()
            if any(column in self.changed_data for column in columns)
        }

    def _check_sources(self, findings: forms.BaseInlineFormSet, citations: forms.BaseInlineFormSet) -> None:
        edition = self.instance.edition if self.instance.pk else self.cleaned_data["edition"]
        counts_from = dict(Source.objects.values_list("code", "counts_from"))

        def faults(without: forms.ModelForm | None = None) -> list[sourcing.Fault]:
            typed = _stated(self.cleaned_data, rows(findings, without), rows(citations, without))
            return sourcing.faults(typed, effective_from=edition.effective_from, counts_from=counts_from)

        found = faults()
        # A row is what a fault is about if there would be no such fault without the row.
        for row in [*rows(findings), *rows(citations)] if found else ():
            remaining = faults(without=row)
            for fault in [fault for fault in found if fault not in remaining]:
                row.add_error(None, fault.reason)
                found.remove(fault)
        typed = _stated(self.cleaned_data, rows(findings), rows(citations))
        for fault in found + sourcing.uncited(typed, changed=self.changed_fields(), cited=cited(citations)):
            self.add_error(self._column(fault.field), fault.reason)

    def _column(self, field: str) -> str | None:
        """Return the column to show a field's fault beside: the first that was changed, else the first."""
        columns = Entry.SOURCED_FIELDS.get(field)
        return next((c for c in columns if c in self.changed_data), columns[0]) if columns else None


class FindingFormSet(NamedFormSet):
    def get_unique_error_message(self, unique_check):
        return "同一字段只能有一条核实情况，请删去重复的。"

    def get_form_error(self):
        return "与另一条重复。"


class CitationFormSet(forms.BaseInlineFormSet):
    def save_new(self, form, commit=True):
        """Put a new citation behind the others: their order is part of what is sealed."""
        last = self.instance.citations.aggregate(last=Max("position"))["last"]
        form.instance.position = (last or 0) + 1
        return super().save_new(form, commit=commit)


def rows(formset: forms.BaseInlineFormSet, without: forms.ModelForm | None = None) -> Iterator[forms.ModelForm]:
    """Yield the rows of a valid formset that will be there once it is saved."""
    for row in formset.forms:
        if row is not without and row not in formset.deleted_forms and (row.instance.pk or row.has_changed()):
            yield row


def cited(citations: forms.BaseInlineFormSet) -> set[str]:
    """Return the fields of which a citation was added or changed."""
    return {row.cleaned_data["field"] for row in rows(citations) if row.has_changed()}


def _stated(typed: dict, findings: Iterable[forms.ModelForm], citations: Iterable[forms.ModelForm]) -> dict:
    """Return what was typed in the form of ``canonical.stated()``, as far as the sourcing rule reads it."""
    findings = [row.cleaned_data for row in findings]
    return {
        **{column: plain(typed[column]) for columns in Entry.SOURCED_FIELDS.values() for column in columns},
        "verification": {finding["field"]: finding["verification"] for finding in findings},
        "basis": {finding["field"]: finding["basis"] for finding in findings},
        "citations": [
            {key: plain(row.cleaned_data[key]) for key in ("field", "source", "quote", "verification", "criterion")}
            for row in citations
        ],
    }


def plain(value: object) -> object:
    """Return a form's value as it is stated: terms by their codes."""
    if isinstance(value, models.QuerySet):
        return sorted(term.code for term in value)
    return value.code if isinstance(value, models.Model) else value
