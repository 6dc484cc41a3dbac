"""The pages of the problem types: what each code of an error means, an example, and the cure. No database query."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from catalogue.site import responses
from catalogue.web.middleware.read_only import read_only
from catalogue.web.permalinks import base_url
from catalogue.web.problem_types import TYPES
from catalogue.web.query import parameters
from services.faults import NotFoundError, printable


@read_only(responses.refusal)
def problems(request: HttpRequest) -> HttpResponse:
    """List the codes, each with its status and title."""
    parameters.read(request.GET, [])
    return responses.page("site/problems.html", {"types": TYPES})


@read_only(responses.refusal)
def problem(request: HttpRequest, code: str) -> HttpResponse:
    """Explain one code. Raises NotFoundError for a code that is none."""
    parameters.read(request.GET, [])
    if code not in TYPES:
        raise NotFoundError(f"没有“{printable(code)}”这种错误；全部错误见 {reverse('problems')}。")
    address = f"{base_url(request)}{reverse('problem', kwargs={'code': code})}"
    # The names of a fault stand for themselves.
    sentence_en = TYPES[code].sentence_en.format(field="<field>", allowed="<allowed>")
    context = {"code": code, "type": TYPES[code], "sentence_en": sentence_en, "address": address}
    return responses.page("site/problem.html", context)
