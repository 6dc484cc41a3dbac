"""One service of the requested edition as a page and as Markdown, and ``llms.txt`` for language models."""

import datetime
from collections.abc import Iterable, Mapping

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from catalogue.editions import changes
from catalogue.editions.public import published
from catalogue.editions.public.imprint import imprint
from catalogue.models import Edition
from catalogue.site import llms, presentation, responses
from catalogue.site import markdown as written
from catalogue.web import permalinks
from catalogue.web.middleware.read_only import read_only
from catalogue.web.permalinks import base_url
from catalogue.web.query import edition_query, parameters
from services.sources import Source


@read_only(responses.refusal)
def service(request: HttpRequest, code: str) -> HttpResponse:
    """The page of one service."""
    document, edition, day = _requested(request, code)
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    same_domain = request.GET.copy()
    same_domain["domain"] = document["domain"]["code"]
    context = shared_context(request, document, edition, _fields(document, edition, day)) | {
        "imprint": imprint(edition),
        "chosen": bool(request.GET),
        "same_domain": f"{reverse('services')}?{same_domain.urlencode()}",
        "forms": [
            ("JSON", "application/json", f"{reverse('service-detail', kwargs={'code': code})}{query}"),
            ("RDF（Turtle）", "text/turtle", f"/api/v1/services/{code}.ttl{query}"),
            ("RDF（JSON-LD）", "application/ld+json", f"/api/v1/services/{code}.jsonld{query}"),
            ("Markdown", "text/markdown", f"{reverse('markdown', kwargs={'code': code})}{query}"),
        ],
    }
    return responses.page("site/service.html", context)


def shared_context(
    request: HttpRequest, document: Mapping, edition: Edition, fields: Iterable[presentation.Field]
) -> dict:
    """Return what the page of a service and its preview both need."""
    code = document["code"]
    permanent = permalinks.permalink(base_url(request), permalinks.SERVICES, code)
    mentions = _clauses(presentation.mentions(document))
    return {
        "document": document,
        # Templates look names up in mappings faster than in named tuples.
        "fields": [
            field._asdict()
            | {
                "values": [value._asdict() for value in field.values],
                "clauses": _clauses(field.clauses),
                "freshness": presentation.freshness_text(field),
                "figures": [
                    figure._asdict() | {"clause": clause}
                    for figure, clause in zip(
                        field.figures, _clauses([figure.clause for figure in field.figures]), strict=True
                    )
                ],
            }
            for field in fields
        ]
        # What mentions the service has clauses only: no value, no verification of its own.
        + ([{"name": "mention", "words": "相关表述", "clauses": mentions}] if mentions else []),
        "edition": edition,
        "permanent": permanent,
        "cited": f"{permanent}?edition={edition.slug}",
        # Sources read in a copy, not in the official publication.
        "copies": set(
            Source.objects.filter(
                code__in={citation["source"]["code"] for citation in document["citations"]}, read_in=Source.ReadIn.COPY
            ).values_list("code", flat=True)
        ),
        # The prefix of the sources' permalinks: one reverse(), not one for each clause.
        "sources": reverse("permanent", kwargs={"kind": permalinks.SOURCES, "code": "-"})[:-1],
        "history": reverse("service-history", kwargs={"code": code}),
    }


def _clauses(clauses: Iterable[presentation.Clause]) -> list[dict]:
    return [clause._asdict() | {"source": clause.source, "shown_at_words": clause.shown_at_words} for clause in clauses]


@read_only()
def markdown(request: HttpRequest, code: str) -> HttpResponse:
    """The service as Markdown."""
    document, edition, day = _requested(request, code)
    permanent = permalinks.permalink(base_url(request), permalinks.SERVICES, code)
    imprint_fields = imprint(edition)
    header = {
        "code": code,
        "name": document["name"],
        "name_en": document["name_en"],
        "status": document["status"],
        "edition": imprint_fields.pop("edition"),
        "edition_title": imprint_fields.pop("title"),
        **imprint_fields,
        "permanent": permanent,
        "cite_as": f"{permanent}?edition={edition.slug}",
    }
    text = written.page(
        document,
        header=header,
        fields=_fields(document, edition, day),
        mentions=presentation.mentions(document),
    )
    return HttpResponse(text, content_type="text/markdown; charset=utf-8")


@read_only()
def llms_txt(request: HttpRequest) -> HttpResponse:
    """``llms.txt``: what the list is, how to query it, and every service of the edition in force."""
    parameters.read(request.GET, [])
    edition = edition_query.edition_from_query({})
    text = llms.page(imprint(edition), published.get_published(edition).documents.values(), root=base_url(request))
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


def _requested(request: HttpRequest, code: str) -> tuple[dict, Edition, datetime.date]:
    """Return a service's document, its edition and the day asked about.

    Raises what ``edition_query`` and ``changes.get_service`` raise.
    """
    query = parameters.read(request.GET, edition_query.PARAMETERS)
    edition = edition_query.edition_from_query(query)
    document = changes.get_service(code, edition)
    if "edition" in document:
        # The instance of the revision, which caches the freshness of its entries.
        edition = edition_query.edition_by_name(document["edition"].slug)
    return document, edition, query.get("valid_on") or edition_query.today()


def _fields(document: Mapping, edition: Edition, day: datetime.date) -> list[presentation.Field]:
    freshness = edition.freshness[document["code"]]
    return presentation.fields(document, freshness, edition.replacements, on=day, months=settings.OUTDATED_AFTER_MONTHS)
