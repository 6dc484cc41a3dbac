"""The audit log (记录): a read-only list of all events for auditors."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect

from catalogue.accounts import names
from catalogue.desk.base.history import field_in_words, in_words
from catalogue.desk.base.mixins import ReadOnlyMixin
from catalogue.models import Event


@admin.register(Event)
class EventAdmin(ReadOnlyMixin, admin.ModelAdmin):
    change_list_template = "desk/change_list.html"
    list_display = ("number", "at", "person", "role", "verb", "edition", "service", "proposal", "term", "named_field")
    ordering = ("-number",)
    search_fields = ("actor", "actor_name", "service", "edition", "term", "document_number", "request_id", "digest")
    search_help_text = "按经办人、服务项目代码、版本、词条、文号、请求编号或摘要查找。例：NM-05-01"
    list_filter = ("verb", "edition")
    # Most columns apply to one kind of event only, so an empty one does not mean "unknown".
    empty_value_display = "—"
    show_full_result_count = False
    list_per_page = 100
    actions = None

    fieldsets = (
        (None, {"fields": ["number", "at", "person", "login", "role", "verb"]}),
        ("关于", {"fields": ["edition", "service", "proposal", "term", "named_field"]}),
        ("内容", {"fields": ["was", "is_now", "reason", "document_number"]}),
        ("存证", {"fields": ["request_id", "previous_digest", "digest"]}),
    )
    readonly_fields = ("person", "login", "named_field", "was", "is_now")

    def get_queryset(self, request):
        return names.with_actors(super().get_queryset(request))

    @admin.display(description="经办人", ordering="actor")
    def person(self, event):
        return names.actor(event)

    @admin.display(description="登录名")
    def login(self, event):
        return event.actor or "无"

    @admin.display(description="改前")
    def was(self, event):
        return in_words(event.before, about=event.field) or "无"

    @admin.display(description="改后")
    def is_now(self, event):
        return in_words(event.after, about=event.field) or "无"

    @admin.display(description="字段", ordering="field")
    def named_field(self, event):
        return field_in_words(Event, event.field) or "无"

    def history_view(self, request, object_id, extra_context=None):
        if not self.has_view_permission(request):
            raise PermissionDenied
        # An event has no history.
        return redirect("admin:catalogue_event_change", object_id)
