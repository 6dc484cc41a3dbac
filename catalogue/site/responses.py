"""The responses of the site: a rendered page, for errors too."""

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers

from catalogue.web import problems
from catalogue.web.problems import Problem


def page(template: str, context: dict, *, status: int = 200) -> HttpResponse:
    """Return a page, rendered without the request so that it depends on no session and no account."""
    return HttpResponse(render_to_string(template, context), status=status)


def page_in(language: str, template: str, context: dict, *, status: int = 200) -> HttpResponse:
    """Return a page that there is in Chinese and in English; ``language`` is one of ``LANGUAGES``."""
    english = language == "en"
    response = page(template, context | {"english": english}, status=status)
    response.headers["Content-Language"] = "en" if english else "zh-Hans"
    patch_vary_headers(response, ["Accept-Language"])
    return response


def problem_page(request: HttpRequest, problem: Problem) -> HttpResponse:
    """Return the page of an error: what is wrong, what is allowed, and the code that programs get for it."""
    language = problems.language_of(request)
    words = problems.document(problem, "en" if language == "en" else "zh-Hans", "")
    return page_in(language, "site/refused.html", words, status=problem.status)


def refusal(exception: Exception, context: Mapping) -> HttpResponse | None:
    """Return the error page for an exception; None for a bug."""
    response = problems.handle(exception, context)
    if response is None:
        return None
    html = problem_page(context["request"], problems.problem_of(exception))
    if "Retry-After" in response:
        html.headers["Retry-After"] = response["Retry-After"]
    return html
