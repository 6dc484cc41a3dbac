"""Admin of the source documents (依据文件) and their full texts: typed or uploaded, shown, compared with quotes."""

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST, require_safe

from catalogue.accounts import permissions
from catalogue.desk.base import filters
from catalogue.desk.base.dates import PartialDateField
from catalogue.desk.base.mixins import Paragraphs, audit_context, typed_text
from catalogue.desk.vocabularies.terms import CODED, TermAdmin, TermForm, counted_in_force
from catalogue.models import SourceText
from catalogue.workflow import publishing
from catalogue.workflow.checks import full_texts
from catalogue.workflow.maintenance import new_sources
from services.sources import Source
from services.text import document_numbers
from services.text.characters import fold_radicals, without_hidden

FULL_TEXT = ["text_file", "pasted_text", "without_text"]


class SourceForm(TermForm):
    text_file = forms.FileField(
        label="全文文件", required=False, allow_empty_file=True,
        help_text="纯文本（.txt，UTF-8 或 GB18030），不超过 2 MB；代替已存的全文。只在编辑台核对引文用，不对外公开。",
    )  # fmt: skip
    pasted_text = Paragraphs(
        label="或粘贴全文", required=False, widget=forms.Textarea(attrs={"rows": 4, "class": "desk-text"}),
        help_text="不选文件时填写。",
    )  # fmt: skip
    without_text = forms.BooleanField(label="不再保存全文", required=False)

    class Meta:
        field_classes = {"date": PartialDateField}
        help_texts = {"url": "以 https:// 开头。例：https://www.nmg.gov.cn/zwgk/zfxxgk/"}

    def clean_document_number(self):
        typed = self.cleaned_data["document_number"]
        if not typed or "document_number" not in self.changed_data:
            return typed
        number = document_numbers.normal(typed)
        if existing := new_sources.by_document_number(number, other_than=self.instance):
            raise forms.ValidationError(new_sources.refusal(number, existing))
        return number

    def clean_text_file(self):
        file = self.cleaned_data["text_file"]
        try:
            return file and _clean_text(full_texts.decoded(file.read(full_texts.MAX_BYTES + 1)))
        except full_texts.UnreadableTextError as error:
            raise forms.ValidationError(str(error)) from None

    def clean_pasted_text(self):
        text = self.cleaned_data["pasted_text"]
        if text and len(text.encode()) > full_texts.MAX_BYTES:
            raise forms.ValidationError("全文不能超过 2 MB。")
        return text and _clean_text(text)

    def clean_url(self):
        url = self.cleaned_data["url"]
        # An unchanged URL may keep http://, because fixtures hold such URLs.
        if url and "url" in self.changed_data and not url.lower().startswith("https://"):
            raise forms.ValidationError("网址应以 https:// 开头。例：https://www.nmg.gov.cn/zwgk/zfxxgk/")
        return url

    def clean(self):
        cleaned = super().clean()
        texts = {text for name in ("text_file", "pasted_text") if (text := cleaned.get(name))}
        if len(texts) > 1:
            self.add_error("pasted_text", "选了文件，又粘贴了另一份全文：请只留一份。")
        elif texts and cleaned["without_text"]:
            self.add_error("without_text", "填了全文，又选了不再保存：请只留一样。")
        cleaned["full_text"] = next(iter(texts), None)
        if not self.instance.pk or not {"date", "in_force_from"} & set(self.changed_data) or self.errors:
            return cleaned
        source = Source(pk=self.instance.pk, date=cleaned["date"], in_force_from=cleaned["in_force_from"])
        try:
            invalid_citations = publishing.entries_citing_too_early(source)
        except ValueError:
            # Not a valid date: the model's validation reports it.
            return cleaned
        if invalid_citations:
            slug, effective_from, code = invalid_citations[0]
            self.add_error(
                "in_force_from" if source.in_force_from else "date",
                f"此日期使版本 {slug} 中 {code} 等 {len(invalid_citations)} 处的依据晚于施行日期 {effective_from}"
                f"（它自 {source.first_citable_day()} 起方可引用），不能这样更改。",
            )
        return cleaned


def _clean_text(text: str) -> str:
    """Return a full text without what cannot be seen, with line ends as \\n. Raises ValidationError for NUL."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")
    forms.CharField().run_validators(lines)
    visible = without_hidden(fold_radicals(lines)).strip()
    if not visible:
        raise forms.ValidationError("这份全文是空白的。")
    return visible


def _put_file_in_box(request: HttpRequest) -> None:
    """Let the page of a refused save show the text of the uploaded file, which a browser would forget."""
    file = request.FILES.get("text_file")
    if not file or request.POST.get("pasted_text"):
        return
    try:
        text = full_texts.decoded(file.read(full_texts.MAX_BYTES + 1))
    except full_texts.UnreadableTextError:
        # The form tells why.
        text = None
    file.seek(0)
    if text:
        request.POST = request.POST.copy()
        request.POST["pasted_text"] = text


@admin.register(Source)
class SourceAdmin(TermAdmin):
    """Sources: editors add them and change those that no published edition cites; publishers change all."""

    form = SourceForm
    frozen_fields = ("title", "document_number", "position")
    edition_paths = ("entries__legal_basis", "entries__citations__source", "entries__quoted_sources")
    list_display = (
        "title", "numbered", "kind", "citable_from", "extent_read", "citing_count",
    )  # fmt: skip
    list_display_links = ("title",)
    list_filter = [filters.choices_of(Source, column) for column in ("kind", "jurisdiction", "extent_read", "read_in")]
    search_fields = ("code", "title", "document_number", "issuer")
    readonly_fields = ("citable_from", "kept_text")
    fieldsets = (
        (None, {"fields": ["position", "title", "document_number", "issuer", "kind", "jurisdiction"]}),
        ("日期", {"fields": ["date", "in_force_from", "citable_from", "replaced_by"]}),
        ("阅读情况", {"fields": ["extent_read", "read_in", "url", "note"]}),
        CODED,
        ("全文", {"fields": ["kept_text", *FULL_TEXT]}),
    )

    def get_urls(self):
        def at(route: str, view, name: str):
            return path(route, self.admin_site.admin_view(view), name=f"services_source_{name}")

        return [
            at("quote/", require_POST(self.quote_view), "quote"),
            at("<int:pk>/text/", require_safe(self.text_view), "text"),
            *super().get_urls(),
        ]

    def state_of(self, obj):
        return super().state_of(obj) | {"full_text": self.digest_of_text(obj)}

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        if request.method == "POST":
            _put_file_in_box(request)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        text = form.cleaned_data["full_text"]
        if text or form.cleaned_data["without_text"]:
            full_texts.store(form.instance, text, context=audit_context(request))

    def quote_view(self, request: HttpRequest) -> HttpResponse:
        """Say whether the full text of the document ``source`` contains ``quote``, to who writes proposals."""
        if not self.has_view_permission(request) or not request.user.has_perm("catalogue.add_proposal"):
            raise PermissionDenied
        key = request.POST.get("source", "")
        source = Source.objects.filter(pk=key).first() if key.isdecimal() and len(key) < 19 else None
        found, message = full_texts.compare(source, typed_text(request, "quote"))
        return JsonResponse({"found": found, "message": message})

    def text_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Return the full text of a document, for the desk alone."""
        source = self.get_object(request, str(pk))
        if not self.has_view_permission(request, source):
            raise PermissionDenied
        stored = SourceText.objects.select_related("attachment").filter(source=source).first()
        if source is None or stored is None:
            raise Http404("没有这份文件的全文。")
        return HttpResponse(bytes(stored.attachment.content), content_type="text/plain; charset=utf-8")

    @staticmethod
    def digest_of_text(source: Source) -> str | None:
        return SourceText.objects.filter(source=source).values_list("attachment__digest", flat=True).first()

    @admin.display(description="已存的全文")
    def kept_text(self, source):
        if not source.pk or not (digest := self.digest_of_text(source)):
            return "没有；有了全文，引文写错当即指出。"
        url = reverse("admin:services_source_text", args=[source.pk])
        return format_html('<a class="button" href="{}">查看全文</a>（SHA-256 {}…）', url, digest[:12])

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(citing=counted_in_force("citations__source"))

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and not self.is_publishers(request, obj)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and not self.is_publishers(request, obj)

    def is_publishers(self, request, source):
        """Whether a published edition cites the source, so that only publishers may change it, and the user is none."""
        return bool(source and not request.user.has_perm("catalogue.publish_edition") and self.sealed_in(source))

    def get_fieldsets(self, request, obj=None):
        *fieldsets, (title, options) = super().get_fieldsets(request, obj)
        may_write = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        boxes = [name for name in FULL_TEXT if name != "without_text" or (obj and self.digest_of_text(obj))]
        fieldsets.append((title, options | {"fields": ["kept_text", *(boxes if may_write else [])]}))
        if super().has_change_permission(request, obj) and self.is_publishers(request, obj):
            slugs = "、".join(self.sealed_in(obj))
            description = f"已发布的版本（{slugs}）引用了这份文件，只有“{permissions.PUBLISHER}”可以更改它。"
            (title, options), *others = fieldsets
            fieldsets = [(title, options | {"description": description}), *others]
        return fieldsets

    @admin.display(description="文号", ordering="document_number", empty_value="无")
    def numbered(self, source):
        # Laws have none.
        return source.document_number

    @admin.display(description="引用数", ordering="citing")
    def citing_count(self, source):
        return source.citing
