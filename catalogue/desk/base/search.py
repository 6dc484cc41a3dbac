"""The public search on lists of the desk: colloquial words, pinyin and codes find what readers find by them."""

from django.http import HttpRequest

from catalogue.editions.public.published import get_published
from catalogue.models import Edition

# As the parameter ``q`` of the API.
MAX_QUERY = 100
DOCUMENTS = {"legal_basis", "citations"}


def found_codes(edition: Edition, query: str) -> list[str]:
    """Return the codes of the services of a published edition that the public search finds."""
    results = get_published(edition).search(query)
    # A list is not ranked: a title of a document (“十四五”保障) does not count beside better matches.
    better = [result for result in results if {match.field for match in result.matches} - DOCUMENTS]
    return [result.code for result in better or results]


class PublicSearchMixin:
    """For admins of rows of a service: adds the services that the public search finds to what the columns contain.

    ``code_path`` is the lookup path from a row to the code of its service.
    """

    code_path = "code"

    def searched_edition(self, request: HttpRequest) -> Edition | None:
        """Return the edition whose words are searched. A draft has no index: the last sealed one stands in for it."""
        return Edition.objects.last_sealed().first()

    def get_search_results(self, request, queryset, search_term):
        rows, may_repeat = super().get_search_results(request, queryset, search_term)
        query = search_term.replace("\0", "").strip()[:MAX_QUERY]
        edition = query and self.searched_edition(request)
        if not edition:
            return rows, may_repeat
        codes = found_codes(edition, query)
        return rows | queryset.filter(**{f"{self.code_path}__in": codes}), may_repeat
