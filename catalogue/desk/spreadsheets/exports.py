"""Export (导出) of the filtered list of entries as CSV or XLSX."""

from urllib.parse import quote

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG, PAGE_VAR
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse

from catalogue.desk.base import filters
from catalogue.editions.document import entry_document
from catalogue.editions.public import published
from catalogue.models import Entry
from catalogue.spreadsheets import writer

FILE_FORMATS = {
    "csv": ("text/csv; charset=utf-8", writer.to_csv),
    "xlsx": (writer.XLSX, writer.to_xlsx),
}
# What the links to them are called.
LINKS = {"csv": "导出 CSV", "xlsx": "导出 XLSX"}


def filters_of(request: HttpRequest) -> QueryDict:
    """Return the parameters of a list that choose its rows: without the page, and the mark of a refused filter."""
    query = request.GET.copy()
    for name in (PAGE_VAR, ERROR_FLAG):
        query.pop(name, None)
    return query


def export(entries: ModelAdmin, request: HttpRequest, kind: str) -> HttpResponse:
    """Return a file with all rows of the entry list under the filters of the query string, in its order.

    Redirects to the list with a message for an unknown ``kind``, an invalid filter or a text that is too long.
    """
    if not entries.has_view_permission(request):
        raise PermissionDenied
    if kind not in FILE_FORMATS:
        messages.error(request, f"不能导出为“{kind[:20]}”；可用：CSV、XLSX。")
        return redirect(reverse("admin:catalogue_entry_changelist"))
    try:
        selected = entries.get_changelist_instance(request).get_queryset(request)
    except IncorrectLookupParameters:
        # The list shows which filter is invalid.
        return redirect(f"{reverse('admin:catalogue_entry_changelist')}?{request.GET.urlencode()}")
    edition = filters.edition_shown(request)
    if edition is None:
        messages.error(request, "还没有版本，没有可以导出的条目。")
        return redirect(reverse("admin:catalogue_entry_changelist"))
    order = {pk: position for position, pk in enumerate(selected.values_list("pk", flat=True))}
    rows = sorted(Entry.objects.with_details().filter(pk__in=order), key=lambda entry: order[entry.pk])
    # Published documents keep the names that terms had at publication.
    documents_by_code = published.get_published(edition).documents if edition.is_published else {}
    documents = [documents_by_code.get(entry.service.code) or entry_document(entry) for entry in rows]
    content_type, write = FILE_FORMATS[kind]
    try:
        content = write(documents, edition=edition)
    except writer.TextTooLongError as error:
        messages.error(request, str(error))
        return redirect(f"{reverse('admin:catalogue_entry_changelist')}?{request.GET.urlencode()}")
    response = HttpResponse(content, content_type=content_type)
    filename = quote(f"清单-{edition.slug}-{len(documents)}项.{kind}")
    response["Content-Disposition"] = f"attachment; filename=list-{edition.slug}.{kind}; filename*=UTF-8''{filename}"
    response["X-Content-Type-Options"] = "nosniff"
    return response
