"""The responses of the site: a rendered page, for errors too."""

from collections.abc import Mapping

from django.http import HttpResponse
from django.template.loader import render_to_string

from catalogue.web import problems

HEADINGS = {400: "请求有误", 404: "没有这一页", 405: "不接受这种请求方法", 503: "暂时无法读取数据"}


def page(template: str, context: dict, *, status: int = 200) -> HttpResponse:
    """Return a page, rendered without the request so that it depends on no session and no account."""
    return HttpResponse(render_to_string(template, context), status=status)


def refusal(exception: Exception, context: Mapping) -> HttpResponse | None:
    """Return the error page for an exception, in Chinese: what is wrong and what is allowed; None for a bug."""
    response = problems.handle(exception, context)
    if response is None:
        return None
    problem = problems.problem_of(exception)
    heading = HEADINGS.get(problem.status, "请求有误")
    words = {"heading": heading, **problems.document(problem, "zh-Hans", "")}
    html = page("site/refused.html", words, status=problem.status)
    if "Retry-After" in response:
        html.headers["Retry-After"] = response["Retry-After"]
    return html
