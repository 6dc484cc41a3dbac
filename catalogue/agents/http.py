"""The server over streamable HTTP: which port it listens on, and which hosts and pages it lets speak to it."""

import socket
from collections.abc import Sequence

import uvicorn
from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings

PATH = "/mcp"
# The longest question: a whole set of circumstances is a few kB.
MAX_BODY = 64 * 1024
# Seconds for what is being answered when the server is told to stop.
GRACE = 5
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens already, so that whoever is told of it can connect. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)


def serve(server: MCPServer, listening: socket.socket, *, hosts: Sequence[str]) -> None:
    """Answer until the process is told to stop. ``hosts`` are the names it is known by besides this machine's own."""
    app = server.streamable_http_app(
        streamable_http_path=PATH,
        # Nothing is remembered between requests, so that any process may answer the next one.
        stateless_http=True,
        json_response=True,
        max_request_body_size=MAX_BODY,
        transport_security=trusted(hosts),
    )
    # No log of who asked, and none of uvicorn's own handlers: one of them writes to stdout.
    config = uvicorn.Config(
        app, log_config=None, access_log=False, server_header=False, ws="none", timeout_graceful_shutdown=GRACE
    )
    uvicorn.Server(config).run(sockets=[listening])


def trusted(hosts: Sequence[str]) -> TransportSecuritySettings:
    """Return which Host and Origin headers are taken, against pages that rebind a name to this machine.

    A name is taken as it is: that all hosts are allowed, or all below one (``*``, ``.example.cn``), names none here.
    """
    names = [*LOOPBACK, *(host for host in hosts if not host.startswith((".", "*")) and host not in LOOPBACK)]
    places = [place for name in names for place in (name, f"{name}:*")]
    return TransportSecuritySettings(
        allowed_hosts=places,
        allowed_origins=[f"{scheme}://{place}" for scheme in ("http", "https") for place in places],
    )
