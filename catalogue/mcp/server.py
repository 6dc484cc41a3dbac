"""A read-only MCP server for language models, over ``tools``, with the official SDK.

Circumstances are never stored or logged; an internal error is logged by its type only.
"""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

from asgiref.sync import sync_to_async
from django.db import DatabaseError, close_old_connections
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult, TextContent, ToolAnnotations

from catalogue.editions.public.imprint import DISCLAIMER, TITLE
from catalogue.mcp import tools
from catalogue.web import problems
from catalogue.web.negotiation import LANGUAGES
from catalogue.web.problems import Problem
from services.faults import Fault, InvalidError, ProblemCode, printable

INSTRUCTIONS = (
    f"{TITLE}：81 项基本公共服务，每个值都注明出处。先 search 找到服务代码，再 get_service 读全文；"
    "check_entitlement 判断一个人能享受什么、为什么、接着问什么（不保存任何个人情况），可说的事实和选项见 facts；"
    "changes 读历次变化。"
    "回答时注明服务代码、版本、版本摘要和所据条款；"
    f"核实情况为 secondary 或 unverified 的要说明；null 是未知，不要推测。{DISCLAIMER}"
)
READING = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)

# The language in which errors are told.
Language = Literal["zh-Hans", "zh-Hant", "en"]

logger = logging.getLogger(__name__)


async def search(query: str, edition: str | None = None, limit: int = 10, lang: Language = "zh-Hans") -> dict[str, Any]:
    """Find services by what people call them: Chinese in either script, pinyin, English, codes or questions.

    ``edition``: a slug such as 2026; none is the one in force. ``limit``: 1 to 20. ``lang`` is, in every tool, the
    language of errors.
    """
    return await _call(lang, tools.search, query, edition=edition, limit=limit)


async def get_service(
    code: str,
    edition: str | None = None,
    valid_on: str | None = None,
    all_citations: bool = False,
    lang: Language = "zh-Hans",
) -> dict[str, Any]:
    """Read one service whole, with the clause behind every field. ``code``: NM-05-01.

    ``edition`` names an edition, or ``valid_on`` (YYYY-MM-DD) a day on which it was in force. ``all_citations``
    gives every clause of a field, not the first one alone.
    """
    return await _call(lang, tools.get_service, code, edition=edition, valid_on=valid_on, all_citations=all_citations)


async def facts(lang: Language = "zh-Hans") -> dict[str, Any]:
    """List the facts that ``check_entitlement`` understands: name, type, question, bounds and choices."""
    return await _call(lang, tools.facts)


async def check_entitlement(
    circumstances: dict[str, Any],
    unanswered: list[str] | None = None,
    services: list[str] | None = None,
    valid_on: str | None = None,
    lang: Language = "zh-Hans",
) -> dict[str, Any]:
    """Judge what a person is entitled to, why, and what to ask next. Nothing of it is stored.

    ``circumstances``: facts by name, such as {"age": 70, "months_resident": 240, "household": ["dibao"]}; see
    ``facts``. What is not said is unknown, never false. ``unanswered``: facts not to be asked again. Begin with
    what is known and go on with ``questions``, the next page. ``services``: codes whose results are wanted whole,
    with reasons, quoted clauses, benefit and contact.
    """
    options = {"unanswered": unanswered, "services": services, "valid_on": valid_on}
    return await _call(lang, tools.check_entitlement, circumstances, **options)


async def changes(after: int = 0, limit: int = 20, values: bool = False, lang: Language = "zh-Hans") -> dict[str, Any]:
    """Read what each published edition added, changed or withdrew, oldest first; go on with ``next_after``.

    ``values`` gives what stood in each changed field before and what does now.
    """
    return await _call(lang, tools.changes, after=after, limit=limit, values=values)


# The tools, by their titles. The docstring of each is the description that models read.
TOOLS = {
    "检索服务项目": search,
    "读一个服务项目": get_service,
    "事实和选项": facts,
    "判断能享受哪些服务": check_entitlement,
    "读历次变化": changes,
}


def server() -> MCPServer:
    """Return an MCP server with the ``TOOLS``."""
    mcp_server = MCPServer(
        "basic-public-services", title=TITLE, instructions=INSTRUCTIONS, version="1", log_level="WARNING"
    )
    for title, tool in TOOLS.items():
        mcp_server.add_tool(tool, title=title, annotations=READING)
    mcp_server.middleware.append(partial(refuse_unknown_arguments, mcp_server))
    return mcp_server


async def refuse_unknown_arguments(
    mcp_server: MCPServer, context: ServerRequestContext, go_on: CallNext
) -> HandlerResult:
    """Middleware that names an argument a tool does not have; the SDK ignores it."""
    called = context.params or {}
    if context.method == "tools/call" and isinstance(called.get("arguments"), dict):
        for tool in await mcp_server.list_tools():
            allowed = tool.input_schema["properties"]
            unknown = [name for name in called["arguments"] if name not in allowed]
            if tool.name == called.get("name") and unknown:
                name, lang = printable(unknown[0]), called["arguments"].get("lang")
                fault = Fault(name, ProblemCode.UNKNOWN_PARAMETER, f"没有参数 {name}。", list(allowed))
                text = _message(InvalidError(fault), lang if lang in LANGUAGES else LANGUAGES[0])
                return CallToolResult(content=[TextContent(type="text", text=text)], is_error=True)
    return await go_on(context)


async def reconnect(context: ServerRequestContext, go_on: CallNext) -> HandlerResult:
    """Middleware that closes old database connections before and after a message, as Django does for a request.

    So a connection that the database has dropped is not used again.
    """
    close = sync_to_async(close_old_connections)
    await close()
    try:
        return await go_on(context)
    finally:
        await close()


async def _call(lang: Language, tool: Callable[..., dict], *arguments: object, **options: object) -> dict:
    return await sync_to_async(_call_sync)(lang, tool, *arguments, **options)


def _call_sync(lang: Language, tool: Callable[..., dict], *arguments: object, **options: object) -> dict:
    try:
        return tool(*arguments, **options)
    except Exception as error:
        if problems.problem_of(error) is None and not isinstance(error, DatabaseError):
            # The message and the traceback may hold a person's circumstances.
            logger.error("答复工具 %s 时出错：%s", tool.__name__, type(error).__name__)
        raise ToolError(_message(error, lang)) from None


def _message(error: Exception, lang: Language) -> str:
    """Return the sentences of the API's problem for an error, with the allowed values, as one text."""
    unforeseen = ProblemCode.UNAVAILABLE if isinstance(error, DatabaseError) else ProblemCode.INTERNAL
    problem = problems.problem_of(error) or Problem(unforeseen)
    detail = problems.document(problem, lang, "")["detail"]
    if lang == "en":
        allowed = [(fault.field, ", ".join(fault.allowed)) for fault in problem.faults if fault.allowed]
        # Some sentences name them already.
        more = "; ".join(f"{field}: {names}" for field, names in allowed if names not in detail)
        return f"{detail} Allowed: {more}" if more else detail
    allowed = [
        ("" if fault.code is ProblemCode.UNKNOWN_PARAMETER else f"{fault.field}：") + "、".join(fault.allowed)
        for fault in problem.faults
        if fault.allowed
    ]
    return f"{detail}可用的是 {'；'.join(allowed)}" if allowed else detail
