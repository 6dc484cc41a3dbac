"""What every view of the site has in common: reading only, and an answer of its own kind to whatever goes wrong."""

import json
from collections.abc import Callable
from functools import wraps

from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import MethodNotAllowed

from catalogue import problems

# Our own styles and pictures; no script, nothing inline, nothing from another host, in nobody's frame.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADINGS = {400: "请求有误", 404: "没有这一页", 405: "不接受这种请求方法", 503: "暂时无法读取数据"}

View = Callable[..., HttpResponse]


def reading(refuse: Callable[[Exception], HttpResponse | None]) -> Callable[[View], View]:
    """Make a view answer GET and HEAD only, and ``refuse`` answer what goes wrong (None: that is a fault of ours)."""

    def decorate(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def answer(request: HttpRequest, **kwargs: str) -> HttpResponse:
            try:
                if request.method not in {"GET", "HEAD"}:
                    raise MethodNotAllowed(request.method, problems.DETAILS[405])
                return view(request, **kwargs)
            except Exception as exception:
                if isinstance(exception, OperationalError | InterfaceError):
                    connection.close()
                response = refuse(exception)
                if response is None:
                    raise
                if response.status_code == 405:
                    response.headers["Allow"] = "GET, HEAD"
                return response

        return answer

    return decorate


def problem(exception: Exception) -> HttpResponse | None:
    """Refuse as programs are refused."""
    return problems.handle(exception, {})


def page(template: str, context: dict, *, status: int = 200) -> HttpResponse:
    """Return a page. It is rendered without the request, so that no session and no account can come into it."""
    response = HttpResponse(render_to_string(template, context), status=status)
    response.headers["Content-Security-Policy"] = POLICY
    return response


def refusal(exception: Exception) -> HttpResponse | None:
    """Refuse as people are refused: a page that says what is wrong and what is allowed."""
    refused = problems.handle(exception, {})
    if refused is None:
        return None
    code = refused.status_code
    context = {"heading": HEADINGS.get(code, "请求有误"), **json.loads(refused.content)}
    response = page("site/refused.html", context, status=code)
    if "Retry-After" in refused:
        response.headers["Retry-After"] = refused["Retry-After"]
    return response
