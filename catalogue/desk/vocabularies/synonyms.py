"""Admin of the synonyms (同义词): everyday words and the services that a search for them finds."""

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Prefetch

from catalogue.desk.base import filters
from catalogue.desk.base.mixins import FormFieldsMixin, NamedFormSet
from catalogue.desk.base.services import newest_name
from catalogue.desk.vocabularies.terms import CITED, TermAdmin
from services.models import Synonym, SynonymTarget


class KeptServiceForm(forms.ModelForm):
    """The service of a saved row is read-only: two rows that swap services would violate the unique constraint."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # A read-only page has no such field.
        if self.instance.pk and "service" in self.fields:
            self.fields["service"].disabled = True


class MeaningFormSet(NamedFormSet):
    def clean(self):
        super().clean()
        remaining_forms = [form for form in self.forms if form not in self.deleted_forms]
        # A row with errors reports them itself.
        if not any(form.errors or form.cleaned_data.get("service") for form in remaining_forms):
            raise ValidationError("请至少选一项服务：没有所指服务的词语，搜索时什么也找不到。")

    def get_unique_error_message(self, unique_check):
        return "同一项服务写了两次；请删去一行，或改选别的服务。"


class SynonymTargetInline(FormFieldsMixin, admin.TabularInline):
    model = SynonymTarget
    form, formset = KeptServiceForm, MeaningFormSet
    fields = ("position", "service", "name")
    readonly_fields = ("name",)
    autocomplete_fields = ("service",)
    extra, min_num = 0, 1

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("service").annotate(newest_name=newest_name("service"))

    @admin.display(description="最新版本中的名称")
    def name(self, target):
        # An unsaved row has no annotation.
        return getattr(target, "newest_name", None) or "—"


@admin.register(Synonym)
class SynonymAdmin(TermAdmin):
    """Nothing refers to a synonym, so a misleading one can be deleted."""

    given_once = "word"
    list_display = ("word", "services", "note", "label")
    list_display_links = ("word",)
    list_filter = [filters.choices_of(Synonym, "verification")]
    search_fields = ("word", "note", "targets__service__code", "targets__service__entries__name")
    inlines = (SynonymTargetInline,)
    autocomplete_fields = ("source",)
    fieldsets = ((None, {"fields": ["word", "note"]}), CITED)

    def get_queryset(self, request):
        targets = SynonymTarget.objects.select_related("service").annotate(newest_name=newest_name("service"))
        return super().get_queryset(request).prefetch_related(Prefetch("targets", targets))

    @admin.display(description="所指服务")
    def services(self, synonym):
        return "、".join(target.newest_name or target.service.code for target in synonym.targets.all())
