"""One service as a page and as Markdown, and the way in for language models: as the edition that is asked states it."""

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from catalogue.editions import changes, published
from catalogue.editions.imprint import imprint
from catalogue.models import Edition
from catalogue.site import llms, presentation, responses
from catalogue.site import markdown as written
from catalogue.web import edition_query, parameters, permalinks
from catalogue.web.permalinks import base_url
from catalogue.web.read_only import read_only
from services.models import Source


@read_only(responses.refusal)
def service(request: HttpRequest, code: str) -> HttpResponse:
    """The page of one service."""
    document, edition = _asked(request, code)
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    same_domain = request.GET.copy()
    same_domain["domain"] = document["domain"]["code"]
    permanent = permalinks.permalink(base_url(request), permalinks.SERVICES, code)
    context = {
        "document": document,
        # Templates read mappings faster than tuples.
        "fields": [
            field._asdict() | {"values": [each._asdict() for each in field.values], "clauses": _clauses(field.clauses)}
            for field in presentation.fields(document)
        ],
        "mentions": _clauses(presentation.mentions(document)),
        "imprint": imprint(edition),
        "permanent": permanent,
        "cited": f"{permanent}?edition={edition.slug}",
        "chosen": bool(request.GET),
        "same_domain": f"{reverse('services')}?{same_domain.urlencode()}",
        "forms": [
            ("JSON", "application/json", f"{reverse('service-detail', kwargs={'code': code})}{query}"),
            ("RDF（Turtle）", "text/turtle", f"/api/v1/services/{code}.ttl{query}"),
            ("RDF（JSON-LD）", "application/ld+json", f"/api/v1/services/{code}.jsonld{query}"),
            ("Markdown", "text/markdown", f"{reverse('markdown', kwargs={'code': code})}{query}"),
        ],
        # What was not read where it is officially published.
        "copies": set(
            Source.objects.filter(
                code__in={citation["source"]["code"] for citation in document["citations"]}, read_in=Source.ReadIn.COPY
            ).values_list("code", flat=True)
        ),
        # Where the documents are, each by its code: one address is looked up, not one for each clause.
        "sources": reverse("permanent", kwargs={"kind": permalinks.SOURCES, "code": "-"})[:-1],
        "history": reverse("service-history", kwargs={"code": code}),
    }
    return responses.page("site/service.html", context)


def _clauses(clauses: Iterable[presentation.Clause]) -> list[dict]:
    return [clause._asdict() | {"source": clause.source, "shown_at_words": clause.shown_at_words} for clause in clauses]


@read_only()
def markdown(request: HttpRequest, code: str) -> HttpResponse:
    """The same as Markdown."""
    document, edition = _asked(request, code)
    permanent = permalinks.permalink(base_url(request), permalinks.SERVICES, code)
    said = imprint(edition)
    header = {
        "code": code,
        "name": document["name"],
        "name_en": document["name_en"],
        "status": document["status"],
        "edition": said.pop("edition"),
        "edition_title": said.pop("title"),
        **said,
        "permanent": permanent,
        "cite_as": f"{permanent}?edition={edition.slug}",
    }
    text = written.page(
        document, header=header, fields=presentation.fields(document), mentions=presentation.mentions(document)
    )
    return HttpResponse(text, content_type="text/markdown; charset=utf-8")


@read_only()
def llms_txt(request: HttpRequest) -> HttpResponse:
    """What the list is, how to ask it, and every service of the edition in force."""
    parameters.read(request.GET, [])
    edition = edition_query.edition_from_query({})
    text = llms.page(imprint(edition), published.get(edition).documents.values(), root=base_url(request))
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


def _asked(request: HttpRequest, code: str) -> tuple[dict, Edition]:
    """Return what is told of a service, and the edition that says it. Raises what ``choosing`` and ``telling`` do."""
    edition = edition_query.edition_from_query(parameters.read(request.GET, edition_query.PARAMETERS))
    document = changes.get_service(code, edition)
    return document, document.get("edition", edition)
