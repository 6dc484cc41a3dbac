"""The page of changes: what each edition changed, newest first, field by field with the old and the new text.

In Chinese and in English; what a value says is in the language of the list.
"""

from collections.abc import Iterable, Mapping, Sequence

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from catalogue.editions.changes import field_label, serialize_change
from catalogue.editions.diff import SUBSTANCE
from catalogue.editions.translation import translate
from catalogue.models import Edition
from catalogue.site import responses
from catalogue.web import problems
from catalogue.web.middleware.read_only import read_only
from catalogue.web.query import change_query, parameters
from catalogue.web.query.parameters import Parameter
from catalogue.workflow import wording
from services.models import Department, Domain
from services.text.characters import is_blank

LANG = Parameter("lang", allowed=("zh-Hans", "en"))
PARAMETERS = [*change_query.FILTERS, LANG]
# The English names of the compared fields.
LABELS_EN = {
    "number": "number",
    "name": "name",
    "name_en": "English name",
    "domain": "domain",
    "target_groups": "target groups",
    "target_group_text": "for whom",
    "content": "content",
    "standard": "standard",
    "standard_as_of": "standard as of",
    "amounts": "figures",
    "expenditure_responsibility": "who pays",
    "shares": "shares of the cost",
    "lead_department": "lead department",
    "lead_department_alternatives": "possible lead departments",
    "co_departments": "supporting departments",
    "legal_basis": "legal basis",
    "eligibility": "conditions",
    "note": "editors' note",
    "verification": "verification",
    "basis": "basis",
    "citations": "citations",
}


@read_only(responses.refusal)
def changes(request: HttpRequest) -> HttpResponse:
    """The changes that the query selects, by edition. Queries: the events, the editions and two vocabularies."""
    submitted = request.GET.copy()
    for name in ("domain", "department"):
        # Fields that the form sends even if they are empty.
        if is_blank("".join(submitted.getlist(name))):
            submitted.pop(name, None)
    query = parameters.read(submitted, PARAMETERS)
    language = problems.language_of(request)
    events = change_query.select_changes(query).order_by("number")
    by_edition: dict[str, list[dict]] = {}
    for event in events:
        by_edition.setdefault(event.edition, []).append(_change(serialize_change(event), language))
    editions = Edition.objects.published().select_related("previous", "reissue_of", "reissue").order_by("-number")
    submitted.pop("lang", None)
    context = {
        "editions": [_edition(edition, by_edition[edition.slug]) for edition in editions if edition.slug in by_edition],
        "filters": [
            {
                "name": name,
                "terms": translate([_term(row, query.get(name, [])) for row in rows], language),
            }
            for name, rows in (("domain", Domain.objects.all()), ("department", Department.objects.all()))
        ],
        "kept": {
            name: submitted.getlist(name) for name in ("service", "substance", "target_group") if name in submitted
        },
        "services": query.get("service", []),
        "filtered": bool(submitted),
        "feed": f"{reverse('atom')}{'?' if submitted else ''}{submitted.urlencode()}",
        "other": f"?{submitted.urlencode()}{'&' if submitted else ''}lang={'zh-Hans' if language == 'en' else 'en'}",
    }
    return responses.page_in(language, "site/changes.html", context)


def _term(row: Domain | Department, selected: Sequence[str]) -> dict:
    return {"code": row.code, "name": row.name, "name_en": row.name_en, "selected": row.code in selected}


def _edition(edition: Edition, changed: Sequence[Mapping]) -> dict:
    """Return an edition with its changes: those of substance by kind, and apart those of bookkeeping."""
    of_substance = [change for change in changed if change["substance"]]
    return {
        "edition": edition,
        "substance": [change for change in of_substance if change["kind"] != "added"],
        # Of the first edition everything is new: a list of names.
        "added": [change for change in of_substance if change["kind"] == "added"],
        "bookkeeping": [change for change in changed if not change["substance"]],
    }


def _change(change: Mapping, language: str) -> dict:
    """Return a change as the page shows it: both texts of each field of substance, and the names of the others."""
    fields = change["fields"] if change["kind"] == "changed" else []
    shown = [_field(field, language) for field in translate(fields, language) if field["field"] in SUBSTANCE]
    return {
        "kind": change["kind"],
        "code": change["service"]["code"],
        "name": change["service"]["name"],
        "substance": change["substance"],
        "reason": change["reason"],
        "document": change["document"],
        "document_number": change["document_number"] or (change["document"] or {}).get("document_number"),
        "successors": change["successors"],
        # A figure of which only the clause is another one says the same.
        "fields": [field for field in shown if field["before"] != field["after"]],
        "others": _labels((field["field"] for field in fields if field["field"] not in SUBSTANCE), language),
    }


def _field(field: Mapping, language: str) -> dict:
    """Return a field with the words of both values; of two lists, what only one of them has."""
    before, after = (wording.values(field[side], field=field["field"]) for side in ("before", "after"))
    if isinstance(field["before"], list) and isinstance(field["after"], list):
        before, after = [text for text in before if text not in after], [text for text in after if text not in before]
    return {"label": _label(field["field"], language), "before": _spoken(before), "after": _spoken(after)}


def _spoken(texts: Iterable[str]) -> list[dict]:
    """Return texts with their language: where a term has an English name, that is shown."""
    return [{"text": text, "lang": "en" if text.isascii() else "zh-Hans"} for text in texts]


def _labels(names: Iterable[str], language: str) -> str:
    return (", " if language == "en" else wording.SEPARATOR).join(_label(name, language) for name in names)


def _label(name: str, language: str) -> str:
    return LABELS_EN[name] if language == "en" else field_label(name)
