"""Import of a spreadsheet (导入表格): a dry run that shows every row, and a confirmation that drafts proposals.

The file is stored between the two. The page holds a signed token of the user, the file and the result of the dry run,
so that only this user can confirm, and only the result that was shown. A file that need not change is kept over errors.
"""

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from catalogue.accounts import permissions
from catalogue.desk.base import versions
from catalogue.desk.base.dates import DayField
from catalogue.desk.base.mixins import Paragraphs, admin_link, audit_context
from catalogue.desk.proposals.autosave import KeptFile
from catalogue.models import Attachment, Edition, Proposal
from catalogue.spreadsheets import importer, limits
from catalogue.spreadsheets.plan import Plan
from catalogue.workflow import proposals
from services.models import Department

# Rows with an action or faults on one page; the rest is counted.
MAX_SHOWN = 1000


class Sized(FileUploadHandler):
    """Stops storing an upload that exceeds ``limits.MAX_BYTES``; the rest is read and dropped."""

    def __init__(self, request: HttpRequest):
        super().__init__(request)
        self.size = 0
        self.exceeded = False

    def receive_data_chunk(self, raw_data, start):
        self.size += len(raw_data)
        if self.size > limits.MAX_BYTES:
            self.exceeded = True
            raise StopUpload(connection_reset=False)
        return raw_data

    def file_complete(self, file_size):
        return None


class DetailsForm(forms.ModelForm):
    """The columns of the proposal that the table does not contain."""

    class Meta:
        model = Proposal
        fields = ("region", "department", "title", "reason", "document_number", "effective_from", "raises_cost")
        field_classes = {"reason": Paragraphs, "effective_from": DayField}
        widgets = {
            "reason": forms.Textarea(attrs={"rows": 2, "class": "desk-text"}),
            "title": forms.TextInput(attrs={"class": "vTextField"}),
            "document_number": forms.TextInput(attrs={"class": "vTextField"}),
        }

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        if not user.is_superuser:
            departments = Department.objects.filter(code__in=permissions.acting_departments(user, timezone.localdate()))
            self.fields["department"].queryset = departments
        for name in ("region", "department"):
            field = self.fields[name]
            field.to_field_name = "code"
            if len(field.queryset) == 1:
                self.initial.setdefault(name, field.queryset[0].code)


class UploadForm(DetailsForm):
    file = forms.FileField(
        label="表格文件",
        # ``importer.dry_run()`` refuses an empty file, with its own message.
        allow_empty_file=True,
        help_text="CSV（UTF-8 或 GB18030）或 .xlsx，不超过 5 MB、5000 行。第一行是表头，与导出的表格相同，"
        "列的先后不限；没有的列不改动。例：先从清单条目导出，改好之后再上传。",
    )
    field_order = ("file", *DetailsForm.Meta.fields)

    def __init__(self, *args, kept: KeptFile | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["file"].required = kept is None


def urls(site: AdminSite) -> list:
    """Return the URL patterns of the import for the admin site."""

    @csrf_exempt
    def upload(request: HttpRequest) -> HttpResponse:
        # The upload handler must be set before anything reads the form. The CSRF check reads it, so it comes after.
        sized = Sized(request)
        request.upload_handlers.insert(0, sized)
        return csrf_protect(_upload)(request, site, sized)

    def confirm(request: HttpRequest) -> HttpResponse:
        return _confirm(request, site)

    return [
        path("import/", site.admin_view(upload), name="import"),
        path("import/confirm/", site.admin_view(confirm), name="import_confirm"),
    ]


def _upload(request: HttpRequest, site: AdminSite, sized: Sized) -> HttpResponse:
    _check_permission(request)
    if request.method != "POST":
        return _page(request, site, UploadForm(user=request.user))
    kept = KeptFile.read(request.POST.get("kept", ""))
    form = UploadForm(request.POST, request.FILES, user=request.user, kept=kept)
    if sized.exceeded:
        form.errors.pop("file", None)
        form.add_error("file", limits.too_large_message())
    sent = request.FILES.get("file")
    if not form.is_valid():
        kept = KeptFile.store(request, sent.name, sent.read()) if sent and sent.size else kept
        return _page(request, site, form, kept=kept)
    name, content = (sent.name, sent.read()) if sent else (kept.name, kept.content)
    try:
        plan = importer.dry_run(
            name,
            content,
            region=form.cleaned_data["region"],
            effective_from=form.cleaned_data["effective_from"],
            context=audit_context(request),
        )
    except limits.UnreadableFileError as error:
        return _page(request, site, form, faults=error.faults)
    # For a fault of a row the file must change, or the day, which one sees beside it.
    of_file = [fault for fault in plan.faults if fault.row is not None]
    kept = KeptFile.store(request, name, content) if (plan.to_propose or plan.faults) and not of_file else None
    return _page(request, site, form, plan=plan, kept=kept, name=name)


def _confirm(request: HttpRequest, site: AdminSite) -> HttpResponse:
    _check_permission(request)
    if request.method != "POST":
        return redirect("admin:import")
    seen = versions.read(request.POST.get("seen", ""))
    if "file" not in seen:
        raise PermissionDenied("请先上传表格、看过预览，再确认。")
    if seen["by"] != request.user.pk:
        raise PermissionDenied("这是另一个账号的预览，只有上传的人可以确认；请自己上传表格。")
    attachment = Attachment.objects.get(digest=seen["file"])
    kept = KeptFile(attachment.name, attachment.digest)
    form = UploadForm(request.POST, user=request.user, kept=kept)
    if not form.is_valid():
        return _page(request, site, form, kept=kept)
    details = {name: form.cleaned_data[name] for name in DetailsForm.Meta.fields}
    try:
        drafted = importer.propose(
            seen["file"],
            fingerprint=seen["digest"],
            details=details,
            context=audit_context(request),
        )
    except importer.OutdatedPlanError as error:
        return _page(request, site, form, plan=error.plan, kept=kept, notice=True)
    except proposals.TransitionError as error:
        faults = [limits.ImportFault(reason) for reason in error.reasons]
        return _page(request, site, form, faults=faults, kept=kept)
    links = format_html_join("、", "{}", ((admin_link(proposal),) for proposal in drafted))
    messages.success(request, format_html("已由表格提出 {}，现在是草稿，请查看后提交。", links))
    return redirect("admin:import")


def _check_permission(request: HttpRequest) -> None:
    if not request.user.has_perm("catalogue.add_proposal"):
        raise PermissionDenied("只有编辑可以导入表格。如有需要，请联系管理员。")


def _page(
    request: HttpRequest,
    site: AdminSite,
    form: DetailsForm,
    *,
    plan: Plan | None = None,
    faults: list[limits.ImportFault] | None = None,
    kept: KeptFile | None = None,
    name: str | None = None,
    notice: bool = False,
) -> HttpResponse:
    """Show the form, with the plan or the faults of a file. Only a plan without faults can be confirmed."""
    rows = [row for row in plan.rows if row.action or row.faults] if plan else []
    entries = plan.draft_entries if plan else []
    context = site.each_context(request) | {
        "title": "导入表格" if plan is None else "导入表格：预览",
        "form": form,
        "faults": faults if faults is not None else plan.faults if plan else [],
        "plan": plan,
        "shown": rows[:MAX_SHOWN],
        "left": len(rows[MAX_SHOWN:]),
        "name": name,
        "kept": kept,
        "base": Edition.objects.last_sealed().first(),
        "notice": notice,
        "seen": versions.token(entries, file=kept.digest, by=request.user.pk) if entries else None,
        # The script of the date widget depends on core.js.
        "media": forms.Media(js=["admin/js/core.js"]) + form.media,
    }
    status = 200 if not context["faults"] else 422
    return TemplateResponse(request, "desk/import.html", context, status=status)
