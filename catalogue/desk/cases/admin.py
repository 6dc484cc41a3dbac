"""The cases (案例) of an edition: their list, and the page of each. They change only as part of a proposal."""

from collections.abc import Iterator

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.http import content_disposition_header

from catalogue.accounts import permissions
from catalogue.desk.base import filters
from catalogue.desk.base.mixins import DeskAdmin, ReadOnlyMixin
from catalogue.desk.base.services import named
from catalogue.desk.cases.forms import OUTCOMES
from catalogue.desk.cases.wording import CaseWords
from catalogue.desk.spreadsheets.exports import FILE_FORMATS, LINKS
from catalogue.models import Case, Edition, Event, Proposal
from catalogue.spreadsheets import cases as spreadsheet
from services.eligibility import sentences

State = Proposal.State
NOTE = (
    "案例是虚构的人、应有的结论和使结论如此的条文；版本的享受条件与案例不符的，不能发布。"
    "案例随调整建议增改，由另一人批准。"
)


class ServiceFilter(filters.CodeFilter):
    title, parameter_name = "服务项目", "service"

    def options(self) -> Iterator[tuple[str, str]]:
        edition = filters.edition_shown(self.request)
        if edition:
            entries = edition.entries.order_by("number").values_list("service__code", "name")
            yield from ((code, named(code, name)) for code, name in entries)

    def selected(self, queryset, value):
        return queryset.filter(expected__has_key=value)


class OutcomeFilter(filters.CodeFilter):
    """Filters by the outcome for the selected service, or for any."""

    title, parameter_name, values = "结论", "outcome", OUTCOMES

    def selected(self, queryset, value):
        service = self.request.GET.get("service")
        rows = filters.edition_shown(self.request).cases.values_list("pk", "expected")
        chosen = [
            pk for pk, expected in rows if value in ([expected.get(service)] if service else expected.values())
        ]  # fmt: skip
        return queryset.filter(pk__in=chosen)


class CaseList(ChangeList):
    def get_results(self, request):
        super().get_results(request)
        words = CaseWords(filters.edition_shown(request))
        for case in self.result_list:
            case.conclusions = words.conclusions(case.expected, case.because)


@admin.register(Case)
class CaseAdmin(ReadOnlyMixin, DeskAdmin):
    list_display = ("person", "conclusions", "code")
    list_display_links = ("person",)
    list_filter = (filters.EditionFilter, ServiceFilter, OutcomeFilter)
    # The facets of eighty services would each count the cases anew.
    show_facets = admin.ShowFacets.NEVER
    ordering = ("position", "code")
    search_fields = ("code",)
    search_help_text = "按案例的编号查找；按人和结论请用筛选。例：NM-05-01-65"

    def get_changelist(self, request, **kwargs):
        return CaseList

    def get_urls(self):
        view = self.admin_site.admin_view(self.export_view)
        return [path("export.<str:kind>", view, name="catalogue_case_export"), *super().get_urls()]

    def export_view(self, request: HttpRequest, kind: str) -> HttpResponse:
        """Return all cases of the edition of the query string as a table; it can be imported into a proposal."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        edition = filters.edition_shown(request)
        if kind not in FILE_FORMATS or edition is None:
            reason = "没有这个版本。" if edition is None else f"不能导出为“{kind[:20]}”；可用：CSV、XLSX。"
            messages.error(request, reason)
            return redirect("admin:catalogue_case_changelist")
        content_type, _ = FILE_FORMATS[kind]
        write = {"csv": spreadsheet.to_csv, "xlsx": spreadsheet.to_xlsx}[kind]
        response = HttpResponse(write(edition), content_type=content_type)
        response["Content-Disposition"] = content_disposition_header(True, f"案例-{edition.slug}.{kind}")
        response["X-Content-Type-Options"] = "nosniff"
        return response

    def events_of(self, obj):
        return Event.objects.none()

    @admin.display(description="什么样的人")
    def person(self, case):
        return sentences.person_text(case.circumstances)

    @admin.display(description="应有的结论和依据")
    def conclusions(self, case):
        return format_html_join("", "<p>{}</p>", ((str(conclusion),) for conclusion in case.conclusions))

    def changelist_view(self, request, extra_context=None):
        edition = filters.edition_shown(request)
        context = {
            "subtitle": edition and str(edition),
            "links": list(self.links(request, edition)),
            "note": NOTE,
        }
        return super().changelist_view(request, context | (extra_context or {}))

    def links(self, request: HttpRequest, edition: Edition | None) -> Iterator[tuple[str, str]]:
        """Yield the addresses and names of the exports, and of a proposal of a new case."""
        if edition:
            for kind, words in LINKS.items():
                yield f"{reverse('admin:catalogue_case_export', args=[kind])}?edition={edition.slug}", words
        if request.user.has_perm("catalogue.add_proposal"):
            yield f"{reverse('admin:catalogue_proposal_add')}?case=add", "新增案例（提出建议）"

    def change_view(self, request, object_id, form_url="", extra_context=None):
        case = self.get_object(request, object_id)
        if case is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_permission(request, case):
            raise PermissionDenied
        if request.method == "POST":
            raise PermissionDenied("案例不能直接更改；请提出调整建议，批准后编入草稿版本。")
        return self._page(request, case)

    def history_view(self, request, object_id, extra_context=None):
        # A case has no events of its own: those of the proposals that change it say what changed.
        return redirect("admin:catalogue_case_change", object_id)

    def _page(self, request: HttpRequest, case: Case) -> HttpResponse:
        words = CaseWords(case.edition)
        base = Edition.objects.last_sealed().first()
        is_current = base is not None and base.cases.filter(code=case.code).exists()
        may_propose = request.user.has_perm("catalogue.add_proposal")
        context = self.admin_site.each_context(request) | {
            "title": f"案例 {case.code}",
            "subtitle": str(case.edition),
            "opts": self.opts,
            "case": case,
            "person": sentences.person_text(case.circumstances),
            "conclusions": words.conclusions(case.expected, case.because),
            "base": base,
            "is_current": is_current,
            "drafts": _own_drafts(request) if may_propose and is_current else [],
            "may_propose": may_propose and is_current,
        }
        return TemplateResponse(request, "desk/case.html", context)


def _own_drafts(request: HttpRequest) -> list[Proposal]:
    """Return the drafts that the user goes on with."""
    drafts = Proposal.objects.filter(handler=request.user, state__in=(State.DRAFT, State.DECLINED))
    departments = permissions.departments_of(request.user, timezone.localdate())
    return [
        proposal
        for proposal in drafts.select_related("department").order_by("-number")
        if request.user.is_superuser or proposal.department.code in departments
    ]
