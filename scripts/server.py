"""Prepares the database and serves the catalogue with Granian; workers are forked after the application is loaded."""

import gc
import ipaddress
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connections
from django.urls import get_resolver
from granian import Granian

from config import environment


def main() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # Nearly every object made from here on is permanent; serve() collects once.
    gc.disable()
    try:
        port = environment.integer("PORT", 8000, 1, 65535)
        address = free_address(os.environ.get("HOST") or "127.0.0.1", port)
        workers = environment.integer("WORKERS", min(os.cpu_count() or 1, 4), 1, 99)
        set_defaults(address)
        django.setup()
        call_command("prepare")
        load("")
    except (CommandError, ImproperlyConfigured) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(0)
    base = f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"
    print(
        f"\n首页      {base}/\n服务清单  {base}/api/v1/services/\n接口文档  {base}/api/docs/\n编辑台    {base}/admin/\n"
        "\n建立账号：.venv/bin/python manage.py createsuperuser（环境变量与本次启动相同）\n停止服务：Ctrl-C\n"
        f"可用的主机名：{os.environ['ALLOWED_HOSTS']}；对外服务请放在反向代理之后，见 deploy/nginx.conf。",
        flush=True,
    )
    serve(address, port, workers)


def free_address(host: str, port: int) -> str:
    """Return the IP address of ``host``. Raises ImproperlyConfigured if not this machine's or the port is taken."""
    try:
        # min() takes IPv4 first: the documentation writes "localhost" as 127.0.0.1.
        family, *_, endpoint = min(socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM))
        with socket.socket(family) as probe:
            # As the server does: closing connections of an earlier run do not block the port.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(endpoint)
        return endpoint[0]
    except (OSError, UnicodeError) as error:
        raise ImproperlyConfigured(
            f"不能在 {host} 的端口 {port} 上服务（{getattr(error, 'strerror', None) or error}）："
            "请停止占用它的程序，或换一个端口，例如 PORT=8080；HOST 应是本机的地址。"
        ) from None


def set_defaults(address: str) -> None:
    """Set default environment variables: DEBUG is on for a loopback address, off for any other.

    A trial in the local network has DEBUG off, this clone's own key, this machine's names, and plain HTTP. If
    ALLOWED_HOSTS, DEBUG or SECRET_KEY is set, it is not a trial, and every setting of production is required.
    """
    trial = not any(os.environ.get(name) for name in ("ALLOWED_HOSTS", "DEBUG", "SECRET_KEY"))
    debug = environment.flag("DEBUG", ipaddress.ip_address(address.partition("%")[0]).is_loopback)
    os.environ |= {"DEBUG": str(debug).lower(), "DJANGO_SETTINGS_MODULE": "config.settings"}
    names = [*environment.LOCAL_HOSTS, socket.gethostname(), f"[{address}]" if ":" in address else address]
    # The address of the default route's interface. No packet is sent; 192.0.2.0/24 is reserved for documentation.
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        names.append(probe.getsockname()[0])
    if debug or trial:
        os.environ["ALLOWED_HOSTS"] = ",".join(environment.comma_separated("ALLOWED_HOSTS") or dict.fromkeys(names))
    if trial and not debug:
        os.environ |= {"SECRET_KEY": environment.secret_key(debug=True), "HTTPS": os.environ.get("HTTPS") or "false"}


def load(_target: str) -> Callable:
    """Return the WSGI application with its URLs loaded: once before the fork, or anew in a process that is spawned."""
    from config.wsgi import application

    _ = get_resolver().url_patterns
    return application


def serve(address: str, port: int, workers: int, *, load: Callable[[str], Callable] = load) -> None:
    """Serve the application that ``load`` returns until a signal; finish the requests in progress and return."""
    # A thread that ends closes its database connection, so idle threads are kept.
    threads = {"blocking_threads": settings.THREADS, "blocking_threads_idle_timeout": 600}
    placement = {"address": address, "port": port, "workers": workers, "respawn_failed_workers": True}
    server = Granian(
        "config.wsgi", interface="wsgi", log_level="warning", workers_kill_timeout=10, **threads, **placement
    )
    # A closed terminal (SIGHUP) ends the server unless nohup ignores it; Granian would reload.
    hangup = signal.getsignal(signal.SIGHUP) or server.signal_handler_interrupt
    server.on_startup(lambda: signal.signal(signal.SIGHUP, hangup))
    # Only the main process gets Ctrl-C, and stops the workers in order. Processes cannot share a database connection.
    os.register_at_fork(after_in_child=os.setpgrp)
    connections.close_all()
    # Freeze permanent objects: otherwise the collector would write to, and so copy, every shared page in every worker.
    gc.collect()
    gc.freeze()
    gc.enable()
    server.serve(target_loader=load)


if __name__ == "__main__":
    main()
