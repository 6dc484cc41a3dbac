"""Serves the list to language models by the Model Context Protocol (MCP) on standard input and output."""

from django.core.management.base import BaseCommand, CommandError

try:
    from catalogue.mcp.server import reconnect, server
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] not in {"mcp", "mcp_types"}:
        raise
    server = None


class Command(BaseCommand):
    help = "以 MCP 经标准输入输出向大语言模型提供清单（只读）。"
    # Standard output carries the protocol, so nothing else may be printed.
    requires_system_checks = []

    def handle(self, **options):
        if server is None:
            raise CommandError("MCP 的软件包没有安装：请运行 pip install -r requirements-mcp.txt。")
        mcp_server = server()
        mcp_server.middleware.append(reconnect)
        mcp_server.run("stdio")
