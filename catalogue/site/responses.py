"""The responses of the site: a rendered page, for errors too."""

import json

from django.http import HttpResponse
from django.template.loader import render_to_string

from catalogue.web import problems

HEADINGS = {400: "请求有误", 404: "没有这一页", 405: "不接受这种请求方法", 503: "暂时无法读取数据"}


def page(template: str, context: dict, *, status: int = 200) -> HttpResponse:
    """Return a page, rendered without the request so that it depends on no session and no account."""
    return HttpResponse(render_to_string(template, context), status=status)


def refusal(exception: Exception) -> HttpResponse | None:
    """Return the error page for an exception: what is wrong and what is allowed; None for a bug."""
    problem = problems.handle(exception)
    if problem is None:
        return None
    status = problem.status_code
    context = {"heading": HEADINGS.get(status, "请求有误"), **json.loads(problem.content)}
    response = page("site/refused.html", context, status=status)
    if "Retry-After" in problem:
        response.headers["Retry-After"] = problem["Retry-After"]
    return response
