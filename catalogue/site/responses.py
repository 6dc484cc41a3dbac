"""How the site answers: with a page, also where it refuses."""

import json

from django.http import HttpResponse
from django.template.loader import render_to_string

from catalogue.web import problems

HEADINGS = {400: "请求有误", 404: "没有这一页", 405: "不接受这种请求方法", 503: "暂时无法读取数据"}


def page(template: str, context: dict, *, status: int = 200) -> HttpResponse:
    """Return a page. It is rendered without the request, so that no session and no account can come into it."""
    return HttpResponse(render_to_string(template, context), status=status)


def refusal(exception: Exception) -> HttpResponse | None:
    """Refuse as people are refused: a page that says what is wrong and what is allowed."""
    refused = problems.handle(exception)
    if refused is None:
        return None
    code = refused.status_code
    context = {"heading": HEADINGS.get(code, "请求有误"), **json.loads(refused.content)}
    response = page("site/refused.html", context, status=code)
    if "Retry-After" in refused:
        response.headers["Retry-After"] = refused["Retry-After"]
    return response
