"""Editions (版本): their list, and the page of each with its entries, proposals and, for a draft, its faults."""

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone

from catalogue.accounts import permissions
from catalogue.desk.base.mixins import DeskAdmin, admin_link, audit_context
from catalogue.desk.editions.publishing import PublishingMixin
from catalogue.desk.entries import citations
from catalogue.editions import drafts
from catalogue.editions.document import edition_header
from catalogue.models import Edition, Entry, Event, FieldVerification, Proposal
from catalogue.workflow.checks import dates


class EditionForm(forms.ModelForm):
    """A draft edition; a day with which it could not be published is an error where it is typed."""

    def clean_effective_from(self):
        day = self.cleaned_data["effective_from"]
        if faults := list(dates.effective_day_faults(self.instance, day, on=timezone.localdate())):
            raise forms.ValidationError(faults)
        return day


class NewEditionForm(EditionForm):
    carry_over = forms.BooleanField(
        label="带入上一版本的条目",
        required=False,
        initial=True,
        help_text="把上一版本的全部条目连同来源抄入草稿，再编入经批准的调整建议。不勾选则得到一个空的草稿。",
    )

    class Meta:
        model = Edition
        fields = ("region", "number", "slug", "title", "effective_from", "previous", "as_of", "note")


@admin.register(Edition)
class EditionAdmin(PublishingMixin, DeskAdmin):
    change_form_template = "desk/edition.html"
    form = EditionForm
    list_display = (
        "number",
        "title",
        "slug",
        "effective_from",
        "published",
        "short_digest",
        "entry_count",
        "unverified",
        "secondary",
    )
    list_display_links = ("title",)
    ordering = ("-number",)
    search_fields = ("slug", "title")

    def is_sealed(self, obj: Edition | None) -> bool:
        return obj is not None and obj.is_published

    def refuse_sealed(self, request: HttpRequest, object_id: str) -> None:
        """Raise PermissionDenied with the reason for a published edition; Django's own refusal would not give one."""
        edition = self.get_object(request, unquote(object_id))
        if self.is_sealed(edition):
            raise PermissionDenied(f"版本 {edition.slug} 已发布，不能更改，也不能删除；请在新的版本中调整。")

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        if request.method == "POST" and object_id:
            self.refuse_sealed(request, object_id)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def delete_view(self, request, object_id, extra_context=None):
        self.refuse_sealed(request, object_id)
        return super().delete_view(request, object_id, extra_context)

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and not self.is_sealed(obj)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and not self.is_sealed(obj)

    def state_of(self, obj):
        return edition_header(obj)

    def events_of(self, obj):
        return Event.objects.filter(edition=obj.slug, service=None)

    def get_queryset(self, request):
        findings = FieldVerification.objects.filter(entry__edition=OuterRef("pk")).order_by().values("entry__edition")
        entries = Entry.objects.filter(edition=OuterRef("pk")).order_by().values("edition")
        return (
            super()
            .get_queryset(request)
            .annotate(
                entry_count=_count_subquery(entries),
                unverified_count=_count_subquery(findings.filter(verification="unverified")),
                secondary_count=_count_subquery(findings.filter(verification="secondary")),
            )
        )

    @admin.display(description="发布时间", ordering="published_at", empty_value="草稿")
    def published(self, edition):
        return edition.published_at

    @admin.display(description="摘要", empty_value="发布时生成")
    def short_digest(self, edition):
        return edition.digest and f"{edition.digest[:12]}…"

    @admin.display(description="条目数", ordering="entry_count")
    def entry_count(self, edition):
        return edition.entry_count

    @admin.display(description="未核实字段", ordering="unverified_count")
    def unverified(self, edition):
        return edition.unverified_count

    @admin.display(description="转述字段", ordering="secondary_count")
    def secondary(self, edition):
        return edition.secondary_count

    def get_form(self, request, obj=None, change=False, **kwargs):
        if not change:
            kwargs["form"] = NewEditionForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request, obj=None):
        columns = ["region", "number", "slug", "title", "effective_from", "previous", "as_of", "note"]
        if obj is None:
            return [(None, {"fields": [*columns, "carry_over"]})]
        seal = [("发布", {"fields": ["published_at", "digest"]})] if obj.is_published else []
        return [(None, {"fields": columns}), *seal]

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "previous":
            kwargs["queryset"] = Edition.objects.published()
            kwargs["help_text"] = (
                "接在最后发布的版本之后。紧急更正要在已封存的版本之前施行，就选那一天在用的版本。例：2026"
            )
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_changeform_initial_data(self, request):
        newest = Edition.objects.order_by("-number").first()
        previous = Edition.objects.published().order_by("-number").first()
        initial = {"region": newest.region_id, "number": newest.number + 1, "previous": previous} if newest else {}
        return initial | super().get_changeform_initial_data(request)

    def save_model(self, request, obj, form, change):
        before = edition_header(Edition.objects.select_related("region", "previous").get(pk=obj.pk)) if change else None
        super().save_model(request, obj, form, change)
        drafts.record_edition(obj, before=before, context=audit_context(request))

    def get_deleted_objects(self, objs, request):
        # Included proposals do not prevent the deletion: ``drafts.delete_draft()`` releases them.
        names, counts, missing_permissions, protected = super().get_deleted_objects(objs, request)
        included = {str(admin_link(proposal)) for proposal in Proposal.objects.filter(edition__in=objs)}
        return names, counts, missing_permissions, [row for row in protected if str(row) not in included]

    def delete_model(self, request, obj):
        drafts.delete_draft(obj, context=audit_context(request))

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        edition = form.instance
        if not change and form.cleaned_data["carry_over"] and edition.previous:
            drafts.copy_previous_entries(edition)

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj:
            entries = obj.entries.with_details().order_by("number")
            entries = [
                entry for entry in entries if permissions.can_see(request.user, lead_of(entry), timezone.localdate())
            ]
            proposals = Proposal.objects.select_related("department").order_by("number")
            context |= {
                "entries": [
                    (entry, citations.count_verifications(entry.field_verifications.all())) for entry in entries
                ],
                **({} if obj.is_published else self.faults_of(obj, request.user)),
                "proposals": proposals.filter(edition=obj.original),
                "approved": proposals.filter(state=Proposal.State.APPROVED, edition=None),
                "may_publish": not obj.is_published and request.user.has_perm("catalogue.publish_edition"),
            }
        return super().render_change_form(request, context, add, change, form_url, obj)


def lead_of(entry: Entry) -> str | None:
    return entry.lead_department and entry.lead_department.code


def _count_subquery(rows: models.QuerySet) -> Coalesce:
    """Return the number of rows as an annotation. A subquery for each count: joins would multiply the rows."""
    return Coalesce(Subquery(rows.annotate(count=Count("pk")).values("count")), 0)
