"""The error pages of the desk for where nothing of it can be relied on: no account, no database."""

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

# Title and text by status.
PAGES = {
    400: ("请求不合规", "浏览器发来的请求有误，没有处理。请返回上一页，刷新后再试。"),
    403: ("没有权限", "您没有打开这一页的权限。如有需要，请联系管理员。"),
    404: ("没有这一页", "这个地址没有内容。请检查地址，或从首页重新进入。"),
    500: (
        "系统出错",
        "系统没有完成这次操作，没有写入任何内容。请稍后再试；一再出现时，请把时间和刚才的操作告诉管理员。",
    ),
}
EXPIRED = (
    "页面已过期",
    "为了安全，表单只在登录后的一段时间内有效，这次没有写入任何内容。请用“后退”回到刚才的页面，复制填写的内容，"
    "刷新后再提交；仍不行请重新登录，并确认浏览器允许本站的 Cookie。",
)


def error_page(status: int) -> HttpResponse:
    """Return the page of a status in ``PAGES``."""
    return _page(*PAGES[status], status=status)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Return the page for a form without a valid CSRF token (``CSRF_FAILURE_VIEW``)."""
    return _page(*EXPIRED, status=403)


def _page(title: str, words: str, *, status: int) -> HttpResponse:
    # Rendered without the request: a context processor may read the account from the database.
    return HttpResponse(render_to_string("plain.html", {"title": title, "words": words}), status=status)
