"""Errors for programs, as RFC 9457 problems that name the faulty parameter and the allowed values.

A problem never repeats a value from the request, so that it can be logged safely. Its texts are in the language of the
request; ``problem_types`` has those of each code.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from django.core.exceptions import DisallowedHost, TooManyFieldsSent
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from rest_framework import exceptions, status

from catalogue.editions.seal import DamagedEditionError
from catalogue.web.negotiation import LANGUAGES, language
from catalogue.web.permalinks import base_url
from catalogue.web.problem_types import TYPES
from services.faults import Fault, InvalidError, NotFoundError, ProblemCode
from services.text import chinese

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5
# The codes of what REST framework raises by itself.
CODES = {
    status.HTTP_400_BAD_REQUEST: ProblemCode.MALFORMED_BODY,
    status.HTTP_404_NOT_FOUND: ProblemCode.NOT_FOUND,
    status.HTTP_405_METHOD_NOT_ALLOWED: ProblemCode.METHOD_NOT_ALLOWED,
    status.HTTP_406_NOT_ACCEPTABLE: ProblemCode.NOT_ACCEPTABLE,
    status.HTTP_413_REQUEST_ENTITY_TOO_LARGE: ProblemCode.PAYLOAD_TOO_LARGE,
    status.HTTP_415_UNSUPPORTED_MEDIA_TYPE: ProblemCode.UNSUPPORTED_MEDIA_TYPE,
    status.HTTP_429_TOO_MANY_REQUESTS: ProblemCode.TOO_MANY_REQUESTS,
}


class Problem(NamedTuple):
    """A problem before it is put into a language. ``detail`` and ``detail_en`` replace the sentences of the code."""

    code: ProblemCode
    detail: str | None = None
    faults: Sequence[Fault] = ()
    headers: Mapping[str, str] = {}
    detail_en: str | None = None

    @property
    def status(self) -> int:
        return TYPES[self.code].status


class ProblemError(exceptions.APIException):
    """A problem that a view or parser raises."""

    def __init__(self, problem: Problem):
        self.problem, self.status_code = problem, problem.status
        super().__init__(problem.detail)


class NotAcceptableError(ProblemError):
    """No form is as the Accept header asks. The forms there are named, and the page for people if there is one."""

    def __init__(self, media_types: Iterable[str], *, page: str | None = None):
        names = list(media_types)
        fault = Fault("Accept", ProblemCode.NOT_ACCEPTABLE, "没有所要的格式。", names)
        headers, detail = {"Vary": "Accept"}, f"没有所要的格式；可用的是 {'、'.join(names)}。"
        detail_en = TYPES[ProblemCode.NOT_ACCEPTABLE].message_en(fault)
        if page:
            headers["Link"] = f'<{page}>; rel="alternate"; type="text/html"'
            detail, detail_en = f"{detail}给人看的页面是 {page}。", f"{detail_en} The page for people is {page} ."
        super().__init__(Problem(ProblemCode.NOT_ACCEPTABLE, detail, [fault], headers, detail_en))


def document(problem: Problem, language: str, root: str) -> dict:
    """Return a problem as a JSON object in a language of ``LANGUAGES``; ``root`` is the base URL of the site."""
    problem_type, english = TYPES[problem.code], language == "en"
    messages = [TYPES[fault.code].message_en(fault) if english else fault.message for fault in problem.faults]
    if english:
        detail = problem.detail_en or " ".join(dict.fromkeys(messages)) or problem_type.sentence_en
    else:
        detail = problem.detail or problem_type.sentence
    texts = [problem_type.title_en if english else problem_type.title, detail, *messages]
    title, detail, *messages = map(chinese.traditional, texts) if language == "zh-Hant" else texts
    errors = [
        {"field": fault.field, "code": fault.code, "message": message}
        | ({} if fault.allowed is None else {"allowed": list(fault.allowed)})
        for fault, message in zip(problem.faults, messages, strict=True)
    ]
    return {
        "type": f"{root}/problems/{problem.code}/",
        "title": title,
        "status": problem.status,
        "detail": detail,
        "code": problem.code,
    } | ({"errors": errors} if errors else {})


def problem_of(exception: Exception) -> Problem | None:
    """Return the problem of a client error, a lost database or a damaged edition; None for the rest."""
    match exception:
        case InvalidError():
            return Problem(_common_code(exception.faults), str(exception), exception.faults)
        case NotFoundError():
            return Problem(exception.code, str(exception), exception.faults)
        case Http404():
            # Django's own message names models; our code raises NotFoundError with a message for clients.
            return Problem(ProblemCode.NOT_FOUND)
        case TooManyFieldsSent():
            return Problem(ProblemCode.TOO_MANY_PARAMETERS)
        case DamagedEditionError():
            return Problem(ProblemCode.DAMAGED_EDITION, exception.detail)
        case OperationalError() | InterfaceError():
            return Problem(ProblemCode.UNAVAILABLE)
        case ProblemError():
            return exception.problem
        case exceptions.Throttled():
            headers = {} if exception.wait is None else {"Retry-After": str(exception.wait)}
            return Problem(ProblemCode.TOO_MANY_REQUESTS, str(exception.detail), headers=headers)
        case exceptions.ParseError():
            return Problem(ProblemCode.MALFORMED_BODY, str(exception.detail))
        case exceptions.APIException() if exception.status_code in CODES:
            # REST framework's own texts are in the language of Django's catalogue.
            return Problem(CODES[exception.status_code])
    return None


def _common_code(faults: Sequence[Fault]) -> ProblemCode:
    """Return the code of a request with faults: their own if they are of one kind, whose page says how to mend it."""
    codes = {fault.code for fault in faults}
    code = codes.pop() if len(codes) == 1 else ProblemCode.INVALID_REQUEST
    return code if TYPES[code].status == status.HTTP_400_BAD_REQUEST else ProblemCode.INVALID_REQUEST


def handle(exception: Exception, context: Mapping) -> HttpResponse | None:
    """DRF exception handler: the response of the problem, None if there is none. ``context`` has the request."""
    problem = problem_of(exception)
    return None if problem is None else respond(context["request"], problem)


def respond(request: HttpRequest, problem: Problem) -> HttpResponse:
    """Return the response of a problem, in the language of a request and with links to its host.

    DRF's renderers are not used: a problem is JSON also where the view answers YAML or HTML.
    """
    chosen = language_of(request)
    text = json.dumps(document(problem, chosen, _root(request)), ensure_ascii=False)
    response = HttpResponse(text, status=problem.status, content_type=MEDIA_TYPE, headers=dict(problem.headers))
    response.headers["Content-Language"] = chosen
    patch_vary_headers(response, ["Accept-Language"])
    if problem.status == status.HTTP_503_SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def for_programs(request: HttpRequest) -> bool:
    """Whether errors on this path are problems in JSON; on any other path they are HTML pages."""
    path = request.path_info
    return path.startswith(
        ("/.well-known/", "/api/", "/dcat.jsonld", "/feeds/", "/id/", "/llms.txt", "/robots.txt", "/healthz", "/readyz")
    ) or (path.startswith("/services/") and path.endswith(".md"))


def language_of(request: HttpRequest) -> str:
    """Return the language of an error: that of ``lang``, or the one that Accept-Language prefers."""
    try:
        named = request.GET.get("lang")
    except TooManyFieldsSent:
        named = None
    return named if named in LANGUAGES else language(request.META.get("HTTP_ACCEPT_LANGUAGE"))


def _root(request: HttpRequest) -> str:
    """Return the base URL of the site; empty for a host that is not ours, so that links are relative."""
    try:
        return base_url(request)
    except DisallowedHost:
        return ""
