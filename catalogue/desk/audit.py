"""The audit log (记录): a read-only list of all events for auditors, searched by words and exported as CSV."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone

from catalogue.accounts import names
from catalogue.desk.base.history import VocabularyNames, field_in_words, in_words, term_in_words
from catalogue.desk.base.mixins import ReadOnlyMixin
from catalogue.desk.base.search import MAX_QUERY, found_codes
from catalogue.desk.spreadsheets.exports import filters_of
from catalogue.models import Edition, Event, ProposedEntry
from catalogue.spreadsheets.writer import escape_formula

HEADERS = (
    *("编号", "时间", "经办人", "角色", "事项", "版本", "服务项目", "调整建议", "词条", "字段", "改前", "改后"),
    *("理由", "文号", "请求编号", "摘要（SHA-256）"),
)
# Events that are read at a time for a file.
PER_STEP = 200
# Services that a row names; the others are counted.
MAX_NAMED = 3


@admin.register(Event)
class EventAdmin(ReadOnlyMixin, admin.ModelAdmin):
    change_list_template = "desk/change_list.html"
    list_display = (
        "number",
        "at",
        "person",
        "role",
        "verb",
        "edition",
        "services",
        "proposal",
        "named_term",
        "named_field",
    )
    ordering = ("-number",)
    search_fields = (
        *("actor", "actor_name", "service", "edition", "term", "document_number", "request_id", "digest", "reason"),
    )
    search_help_text = (
        "按事项、经办人、服务项目的代码或名称、版本、词条、理由、文号、请求编号或摘要查找；几个词须都符合。"
        "例：撤回 低保"
    )
    list_filter = ("verb", "edition")
    # Most columns apply to one kind of event only, so an empty one does not mean "unknown".
    empty_value_display = "—"
    show_full_result_count = False
    list_per_page = 100
    actions = None

    fieldsets = (
        (None, {"fields": ["number", "at", "person", "login", "role", "verb"]}),
        ("关于", {"fields": ["edition", "service", "proposal", "named_term", "named_field"]}),
        ("内容", {"fields": ["was", "is_now", "reason", "document_number"]}),
        ("存证", {"fields": ["request_id", "previous_digest", "digest"]}),
    )
    readonly_fields = ("person", "login", "named_term", "named_field", "was", "is_now")

    def get_urls(self):
        view = self.admin_site.admin_view(self.export_view)
        return [path("export.csv", view, name="catalogue_event_export"), *super().get_urls()]

    def get_queryset(self, request):
        return names.with_actors(super().get_queryset(request))

    def lookup_allowed(self, lookup, value, request):
        # PostgreSQL compares no text with a NUL.
        return "\0" not in value and super().lookup_allowed(lookup, value, request)

    def get_search_results(self, request, queryset, search_term):
        for word in search_term.replace("\0", "")[:MAX_QUERY].split():
            queryset = queryset.filter(self._about(word))
        return queryset, False

    def _about(self, word: str) -> Q:
        """Return the condition that an event has a word, is of a kind so named, or is about a service so called."""
        condition = Q(verb__in=[value for value, label in Event.Verb.choices if word in label])
        for field in self.search_fields:
            condition |= Q(**{f"{field}__icontains": word})
        # The name of a person finds the steps of that person, not the services that have a part of it (李财政, 财政).
        is_person = get_user_model().objects.annotate(full=names.FULL_NAME).filter(full__icontains=word).exists()
        if not is_person and (edition := Edition.objects.last_sealed().first()):
            codes = found_codes(edition, word)
            proposals = ProposedEntry.objects.filter(service__in=codes).values("proposal__number")
            condition |= Q(service__in=codes) | Q(proposal__in=proposals, service=None)
        return condition

    def get_changelist_instance(self, request):
        changelist = super().get_changelist_instance(request)
        changelist.result_list = list(with_names(changelist.result_list, VocabularyNames()))
        return changelist

    def changelist_view(self, request, extra_context=None):
        export = f"{reverse('admin:catalogue_event_export')}?{filters_of(request).urlencode()}"
        return super().changelist_view(request, {"links": [(export, "导出 CSV")]} | (extra_context or {}))

    @admin.display(description="服务项目", ordering="service")
    def services(self, event):
        named = "、".join(event.services_named[:MAX_NAMED])
        return named + (f" 等 {len(event.services_named)} 项" if len(event.services_named) > MAX_NAMED else "")

    def export_view(self, request: HttpRequest) -> HttpResponse:
        """Return all events under the filters and search of the query string as CSV, in the order of the list."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            events = super().get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            return redirect("admin:catalogue_event_changelist")
        response = StreamingHttpResponse(csv_rows(events), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = "attachment; filename=audit-log.csv"
        response["X-Content-Type-Options"] = "nosniff"
        return response

    @admin.display(description="经办人", ordering="actor")
    def person(self, event):
        return names.actor(event)

    @admin.display(description="登录名")
    def login(self, event):
        return event.actor or "无"

    @admin.display(description="词条", ordering="term")
    def named_term(self, event):
        return getattr(event, "term_named", None) or term_in_words(event.term, VocabularyNames())

    @admin.display(description="改前")
    def was(self, event):
        return in_words(event.before, about=event.field, terms=VocabularyNames()) or "无"

    @admin.display(description="改后")
    def is_now(self, event):
        return in_words(event.after, about=event.field, terms=VocabularyNames()) or "无"

    @admin.display(description="字段", ordering="field")
    def named_field(self, event):
        return field_in_words(Event, event.field) or "无"

    def history_view(self, request, object_id, extra_context=None):
        if not self.has_view_permission(request):
            raise PermissionDenied
        # An event has no history.
        return redirect("admin:catalogue_event_change", object_id)


def with_names(events: Iterable[Event], terms: VocabularyNames) -> Iterator[Event]:
    """Yield events with ``services_named``, the service of each or those of its proposal, and ``term_named``.

    Two queries, and one for each vocabulary of the terms.
    """
    events = list(events)
    numbers = {event.proposal for event in events if event.proposal and not event.service}
    entries = ProposedEntry.objects.filter(proposal__number__in=numbers).order_by("service")
    by_proposal = defaultdict(list)
    for number, code in entries.values_list("proposal__number", "service"):
        by_proposal[number].append(code)
    edition = Edition.objects.last_sealed().first()
    service_names = dict(edition.entries.values_list("service__code", "name")) if edition else {}
    for event in events:
        codes = [event.service] if event.service else by_proposal[event.proposal]
        event.services_named = [f"{code} {service_names.get(code) or ''}".strip() for code in codes]
        event.term_named = term_in_words(event.term, terms)
        yield event


def csv_rows(events) -> Iterator[bytes]:
    """Yield the events as CSV in UTF-8 with a byte order mark; no cell is a formula."""
    line = io.StringIO(newline="")
    writer = csv.writer(line)
    line.write("\ufeff")
    writer.writerow(HEADERS)
    numbers, terms = list(events.values_list("number", flat=True)), VocabularyNames()
    for start in range(0, len(numbers), PER_STEP):
        step = events.filter(number__in=numbers[start : start + PER_STEP])
        for event in with_names(step, terms):
            values = (in_words(value, about=event.field, terms=terms) for value in (event.before, event.after))
            cells = (
                event.number, timezone.localtime(event.at).isoformat(), names.actor(event), event.role,
                event.get_verb_display(), event.edition, "、".join(event.services_named), event.proposal,
                event.term_named, field_in_words(Event, event.field), *values, event.reason, event.document_number,
                event.request_id, event.digest,
            )  # fmt: skip
            writer.writerow(["" if cell is None else escape_formula(str(cell)) for cell in cells])
        yield line.getvalue().encode()
        line.seek(0)
        line.truncate()
    yield line.getvalue().encode()
