"""The page that lists the services of an edition: by domain, or the results of a search with where each matched."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse

from catalogue.editions.public import published
from catalogue.site import presentation, responses
from catalogue.web.middleware.read_only import read_only
from catalogue.web.query import edition_query, parameters
from catalogue.web.query.parameters import Parameter
from catalogue.workflow.wording import UNKNOWN
from services.text.characters import is_blank

DOMAIN = Parameter("domain")
PARAMETERS = [*edition_query.PARAMETERS, Parameter("q"), DOMAIN]
# Fields that the form sends even if they are empty.
FIELDS = ("q", "domain")


@read_only(responses.refusal)
def services(request: HttpRequest) -> HttpResponse:
    """List the services of the requested edition. One query, two with a search."""
    submitted = _filled(request.GET)
    query = parameters.read(submitted, PARAMETERS)
    edition = edition_query.edition_from_query(query)
    listing = published.get_published(edition).listing
    domains = dict(sorted(listing.terms["domain"].items()))
    domain = query.get("domain")
    if domain is not None:
        DOMAIN.check([domain], domains)
    results = (
        {item.code: item for item in published.get_published(edition).search(query["q"])} if "q" in query else None
    )
    codes = listing.codes if results is None else results
    codes_in_domain = listing.codes if domain is None else listing.services_with("domain", domain)
    chosen = {item.name: submitted[item.name] for item in edition_query.PARAMETERS if item.name in query}
    rows = [
        _row(listing.documents[code], results[code].matches if results else (), chosen)
        for code in codes
        if code in codes_in_domain
    ]
    context = {
        "edition": edition,
        "chosen": chosen,
        "query": query.get("q"),
        "longest": parameters.MAX_LENGTH,
        "domain": domains.get(domain),
        "domains": domains.values(),
        "count": len(rows),
        "groups": _groups(rows, selected=bool(query.keys() & set(FIELDS))),
        "everything": _address("services", chosen),
        "anywhere": _address("services", chosen | {"q": query.get("q", "")}),
    }
    return responses.page("site/services.html", context)


def _filled(query: QueryDict) -> QueryDict:
    """Return a query without the form's empty fields."""
    filled = query.copy()
    for name in FIELDS:
        if is_blank("".join(query.getlist(name))):
            filled.pop(name, None)
    return filled


def _row(document: Mapping, matches: Iterable, chosen: Mapping[str, str]) -> dict:
    group_names = "、".join(group["name"] for group in document["target_groups"])
    lead = document["lead_department"]
    return {
        "document": document,
        "address": _address("page", chosen, code=document["code"]),
        "target_groups": document["target_group_text"] or group_names or UNKNOWN,
        "lead_department": lead["name"] if lead else UNKNOWN,
        "matches": [presentation.match(match) for match in matches],
    }


def _address(view: str, query: Mapping[str, str], **names: str) -> str:
    return f"{reverse(view, kwargs=names)}{'?' if query else ''}{urlencode(query)}"


def _groups(rows: list[dict], *, selected: bool) -> list[tuple[dict | None, list[dict]]]:
    """Return all rows by domain, or those that were selected as one group without a heading; no group is empty."""

    def domain(row: dict) -> str:
        return row["document"]["domain"]["code"]

    if selected:
        return [(None, rows)] if rows else []
    groups = [list(group) for _, group in groupby(sorted(rows, key=domain), key=domain)]
    return [(group[0]["document"]["domain"], group) for group in groups]
