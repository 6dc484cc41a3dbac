"""Helpers for tests of the desk: the visible text of a page, and form data as a browser sends them."""

from html.parser import HTMLParser

from django.forms import BaseForm, BaseFormSet
from django.http import HttpResponse
from django.urls import reverse

from catalogue.desk.rule_forms import OPEN_ROW, ROW, RuleFormField, RuleInput, input_from_rule
from catalogue.editions.document import entry_data, entry_document
from catalogue.models import Entry
from tests.support.entries import make_citation, make_entry

CONTENT = "每年一次健康管理。"
QUOTE = f"{CONTENT}\n包括体检。"


class _VisibleTextParser(HTMLParser):
    """Collects the texts of a page that are visible or read by a screen reader, without the contents of text areas."""

    UNREAD = ("script", "style", "textarea")
    READ_ALOUD = ("title", "alt", "aria-label", "placeholder")

    def __init__(self):
        super().__init__()
        self.texts: list[str] = []
        self._unread = 0

    def handle_starttag(self, tag, attrs):
        self._unread += tag in self.UNREAD
        attributes = dict(attrs)
        read_names = [*self.READ_ALOUD, *(["value"] if attributes.get("type") in ("submit", "button") else [])]
        self.texts += [attributes[name] for name in read_names if attributes.get(name)]

    def handle_endtag(self, tag):
        self._unread -= tag in self.UNREAD

    def handle_data(self, data):
        if not self._unread and data.strip():
            self.texts.append(data.strip())


def visible_text(page: HttpResponse) -> str:
    """Return the texts of a page that people can read, one per line."""
    parser = _VisibleTextParser()
    parser.feed(page.content.decode())
    return "\n".join(parser.texts)


def column_texts(page: HttpResponse, column: str) -> list[str]:
    """Return the texts in one column of a list, row by row."""
    texts = []
    for line in page.content.decode().replace("<td", "\n<td").replace("<th", "\n<th").splitlines():
        if f'class="field-{column}' in line:
            parser = _VisibleTextParser()
            parser.feed(line)
            texts.append(" ".join(parser.texts))
    return texts


def filter_counts(page: HttpResponse, title: str) -> dict[str, int | None]:
    """Return the choices of a filter that have rows, with their counts; None as the count of "all"."""
    changelist = page.context["cl"]
    (spec,) = (spec for spec in changelist.filter_specs if spec.title == title)
    displays = [choice["display"].removesuffix(")").rpartition(" (") for choice in spec.choices(changelist)]
    return {words or count: int(count) if words else None for words, _, count in displays if count != "0"}


def form_data(page: HttpResponse, **changes: object) -> dict[str, object]:
    """Return what a browser sends for the form of a page, with ``changes``; lines end in CR LF."""
    inlines = [inline.formset for inline in page.context["inline_admin_formsets"]]
    forms = [page.context["adminform"].form]
    forms += [form for formset in inlines for form in (formset.management_form, *formset.forms)]
    sent = {}
    for form in forms:
        for box in form:
            value = box.value()
            if value is None or value is False:
                continue
            if isinstance(value, list | tuple):
                sent[box.html_name] = [getattr(item, "pk", item) for item in value]
            else:
                sent[box.html_name] = str(getattr(value, "pk", value)).replace("\n", "\r\n")
    if token := page.context.get("seen"):
        sent["seen"] = token
    return sent | changes


def rule_form_data(name: str, rule: dict | RuleInput | None) -> dict[str, object]:
    """Return what a browser sends for the fields of a rule, blank row included."""
    typed = rule if isinstance(rule, RuleInput) else input_from_rule(rule)
    rows = [*typed.rows, {"group": "1", "fact": "", "op": "", "value": ""}]
    columns = {f"{name}-{column}": [row[column] for row in rows] for column in ROW}
    open_rows = [*typed.open_rows, dict.fromkeys(OPEN_ROW, "")]
    columns |= {f"{name}-{column}": [row[column] for row in open_rows] for column in OPEN_ROW}
    return columns | {f"{name}-mode": typed.mode, f"{name}-reason": typed.reason}


def proposal_form_data(read: HttpResponse) -> dict[str, object]:
    """Return what a browser sends for the forms of a proposal's page."""
    formsets = [read.context[name] for name in ("amounts", "shares", "citations") if name in read.context]
    return {"seen": read.context["seen"]} | typed_in(read.context["form"], *formsets)


def typed_in(form: BaseForm, *formsets: BaseFormSet) -> dict[str, object]:
    """Return what a browser sends for a form and the rows of formsets."""
    sent = {}
    rows = [row for formset in formsets for row in (formset.management_form, *formset.forms)]
    for part in [form, *rows]:
        for box in part:
            value = box.value()
            if isinstance(box.field, RuleFormField):
                sent |= rule_form_data(box.html_name, value)
                continue
            if value is None or value is False:
                continue
            values = value if isinstance(value, list) else [value]
            sent[box.html_name] = [str(getattr(item, "pk", item)).replace("\n", "\r\n") for item in values]
    return sent


def with_inline_row(sent: dict[str, object], prefix: str, **fields: object) -> dict[str, object]:
    """Return form data with one more row in the inline formset ``prefix``."""
    index = int(sent[f"{prefix}-TOTAL_FORMS"])
    row = {f"{prefix}-{index}-{name}": value for name, value in fields.items()}
    return sent | row | {f"{prefix}-TOTAL_FORMS": str(index + 1)}


def entry_change_url(entry: Entry) -> str:
    return reverse("admin:catalogue_entry_change", args=[entry.pk])


def read_entry_data(entry: Entry) -> dict:
    return entry_data(entry_document(Entry.objects.with_details().get(pk=entry.pk)))


def make_rich_entry(**changes: object) -> dict:
    """Return an entry with two sourced texts and two departments, so that one of each can be changed."""
    return make_entry(
        content=CONTENT,
        standard="免费。\n每年一次。",
        lead_department="health-commission",
        co_departments=["finance"],
        verification={
            "name": "verbatim",
            "domain": "verbatim",
            "content": "verbatim",
            "standard": "secondary",
            "lead_department": "unverified",
            "co_departments": "unverified",
        },
        basis={
            "name": "plan",
            "domain": "plan",
            "content": "plan",
            "standard": "plan",
            "lead_department": "editorial",
            "co_departments": "editorial",
        },
        citations=[
            make_citation("name"),
            make_citation("domain", quote="老有所养"),
            make_citation("content", quote=QUOTE, locator="第四章第五节"),
            make_citation("standard", quote=None, verification="secondary"),
            make_citation("lead_department", quote=None, locator=None, verification="unverified", jurisdiction=None),
            make_citation("co_departments", quote=None, locator=None, verification="unverified"),
        ],
        note="存疑。",
        **changes,
    )
