"""The language labels are answered in: what ``lang`` says, else what ``Accept-Language`` prefers, else Chinese."""

from django.http import HttpRequest, QueryDict
from django.utils.translation.trans_real import parse_accept_lang_header

from catalogue.api import parameters

LANGUAGES = ("zh-Hans", "en")
PARAMETER = {"lang": False}


def chosen(request: HttpRequest, query: QueryDict) -> str:
    """Return one of ``LANGUAGES``. Raises InvalidParameters for a ``lang`` that is none of them."""
    return parameters.one_of(query, "lang", LANGUAGES) or preferred(request)


def preferred(request: HttpRequest) -> str:
    """Return the first of ``LANGUAGES`` that a request's ``Accept-Language`` names, by weight."""
    for tag, weight in parse_accept_lang_header(request.headers.get("Accept-Language", "")[:500]):
        if weight > 0 and tag.partition("-")[0] in {"zh", "en"}:
            return "en" if tag.startswith("en") else "zh-Hans"
    return LANGUAGES[0]
