"""Base classes of vocabulary admins: codes are permanent, and names in published editions are read-only."""

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.html import format_html

from catalogue.audit import snapshots
from catalogue.desk.base.mixins import DeskAdmin, FormFieldsMixin, audit_context, verification_badge
from catalogue.models import Edition, Entry
from catalogue.workflow.checks.codes import next_term_code

# The code by which the API and the files name a term; the desk has names.
CODED = ("代码", {"classes": ["collapse"], "fields": ["code"]})
CITED = ("来源", {"fields": ["source", "locator", "quote", "verification"]})


class AuditedMixin:
    """For admins of terms and accounts: every save and deletion is logged in the same transaction."""

    def save_model(self, request, obj, form, change):
        form.before = snapshots.snapshot(self.model._default_manager.get(pk=obj.pk)) if change else None
        super().save_model(request, obj, form, change)

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        # Reloaded: the instance still caches its old related rows.
        saved = self.model._default_manager.get(pk=form.instance.pk)
        snapshots.record_change(saved, before=form.before, context=audit_context(request))

    def delete_model(self, request, obj):
        snapshots.record_deleted(obj, context=audit_context(request))
        super().delete_model(request, obj)


class TermAdmin(AuditedMixin, DeskAdmin):
    """A vocabulary.

    ``frozen_fields`` are the columns that appear in the documents of published editions (``entry_document()``): names,
    and the position if documents list the terms in this order. ``edition_paths`` are the lookup paths from an edition
    to its terms.
    """

    # The natural key, read-only after creation.
    given_once = "code"
    frozen_fields: tuple[str, ...] = ()
    edition_paths: tuple[str, ...] = ()
    list_display_links = ("code", "name")

    def get_readonly_fields(self, request, obj=None):
        readonly = tuple(super().get_readonly_fields(request, obj))
        if obj is None:
            return readonly
        return (*readonly, self.given_once, *(self.frozen_fields if self.sealed_in(obj) else ()))

    def get_fieldsets(self, request, obj=None):
        fieldsets = super().get_fieldsets(request, obj)
        if obj and (editions := self.sealed_in(obj)):
            names = "、".join(f"“{self.opts.get_field(column).verbose_name}”" for column in self.frozen_fields)
            description = format_html(
                "已写入已发布的版本（{}），{}不能再更改；{}。",
                "、".join(editions), names, self.way_to_rename(request, obj),
            )  # fmt: skip
            (title, options), *others = fieldsets
            fieldsets = [(title, options | {"description": description}), *others]
        return fieldsets

    def way_to_rename(self, request, term: models.Model) -> str:
        """Return, in words or as HTML, what to do when a term whose name is sealed has a new one."""
        return "要用新的名称，请另立新的代码"

    def sealed_in(self, term: models.Model) -> list[str]:
        """Return the slugs of the published editions that use a term."""
        condition = models.Q()
        for path in self.edition_paths:
            condition |= models.Q(pk__in=Edition.objects.filter(**{path: term}).values("pk"))
        if not self.edition_paths:
            return []
        return list(Edition.objects.published().filter(condition).order_by("number").values_list("slug", flat=True))

    @admin.display(description="核实情况", ordering="verification")
    def label(self, term):
        return verification_badge(term.verification)


class TermForm(forms.ModelForm):
    """A new term: without a code, the system gives one."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "code" in self.fields and not self.instance.pk:
            self.fields["code"].required = False
            example = self.fields["code"].help_text
            self.fields["code"].help_text = f"接口和文件里用。留空即可，由系统编号，以后不再更改。{example}"

    def clean_code(self) -> str:
        return self.cleaned_data["code"] or next_term_code(self._meta.model)


class TermInline(FormFieldsMixin, admin.StackedInline):
    """Terms that belong to another term. Their codes are permanent too."""

    extra = 0
    autocomplete_fields = ("source",)

    def get_formset(self, request, obj=None, **kwargs):
        return super().get_formset(request, obj, **{"form": KeptCodeForm} | kwargs)

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("source")


class KeptCodeForm(forms.ModelForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # A disabled field ignores submitted values. A read-only page has no such field.
        if self.instance.pk and "code" in self.fields:
            self.fields["code"].disabled = True


def counted_in_force(path: str) -> Coalesce:
    """Return a subquery for the number of entries in force that refer to a term through the lookup ``path``."""
    in_force = Edition.objects.in_force(timezone.localdate()).values("pk")
    entries = Entry.objects.filter(**{path: models.OuterRef("pk"), "edition__in": in_force}).order_by().values(path)
    return Coalesce(models.Subquery(entries.annotate(count=models.Count("pk")).values("count")), 0)
