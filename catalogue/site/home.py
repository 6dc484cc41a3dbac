"""The home page: what the list is, the edition in force, its domains, and links for each kind of user."""

from django.http import HttpRequest, HttpResponse

from catalogue.editions.public import published
from catalogue.editions.public.imprint import TITLE_EN, imprint
from catalogue.models import Edition
from catalogue.site import responses
from catalogue.web import discovery
from catalogue.web.middleware.read_only import read_only
from catalogue.web.query import edition_query, parameters
from services.faults import NotFoundError
from services.models import Domain

# Everyday words for needs; the search finds services for each of them.
EXAMPLES = ("低保", "养老金", "残疾人", "上学", "看病", "公租房")
# The export formats of the list: label, and extension in the URL.
FILES = (
    ("CSV", "csv"),
    ("Excel", "xlsx"),
    ("NDJSON", "ndjson"),
    ("RDF（JSON-LD）", "jsonld"),
    ("RDF（Turtle）", "ttl"),
)


@read_only(responses.refusal)
def home(request: HttpRequest) -> HttpResponse:
    """Render the home page, with a notice if no edition is in force. Two queries."""
    parameters.read(request.GET, [])
    context = {"examples": EXAMPLES, "files": FILES, "title_en": TITLE_EN, "longest": parameters.MAX_LENGTH}
    try:
        context |= _in_force(edition_query.edition_from_query({}))
    except NotFoundError as error:
        context["missing"] = str(error)
    response = responses.page("site/home.html", context)
    response.headers["Link"] = discovery.link_header()
    return response


def _in_force(edition: Edition) -> dict:
    listing = published.get_published(edition).listing
    goals = dict(Domain.objects.values_list("code", "goal"))
    return {
        "edition": edition,
        "imprint": imprint(edition),
        "count": len(listing.codes),
        "domains": [
            domain | {"goal": goals.get(code), "count": len(listing.services_with("domain", code))}
            for code, domain in sorted(listing.terms["domain"].items())
        ],
    }
