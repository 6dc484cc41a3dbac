"""Serves the list to language models by the Model Context Protocol."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from catalogue.agents import http as over_http
from catalogue.agents.server import fresh, server


class Command(BaseCommand):
    help = "以 MCP 向大语言模型提供清单（只读）：默认走标准输入输出，--http 则监听一个端口。"
    # What it prints is the protocol's alone.
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--http", action="store_true", help="以 streamable HTTP 提供，地址为 /mcp")
        parser.add_argument("--host", default="127.0.0.1", help="监听的地址，默认只有本机")
        parser.add_argument("--port", type=int, default=8001, help="监听的端口，默认 8001")

    def handle(self, *, http: bool, host: str, port: int, **options):
        if not 1 <= port <= 65535:
            raise CommandError(f"--port 应是 1 到 65535 的整数，现在是 {port}。")
        made = server()
        made.middleware.append(fresh)
        if not http:
            made.run("stdio")
            return
        try:
            listening = over_http.listen(host, port)
        except OSError as error:
            raise CommandError(
                f"不能在 {host} 的端口 {port} 上监听（{error.strerror}）：请换一个地址或端口。"
            ) from None
        self.stderr.write(f"MCP 正在监听 {host} 的端口 {port}，地址为 {over_http.PATH}。")
        with listening:
            over_http.serve(made, listening, hosts=settings.ALLOWED_HOSTS)
