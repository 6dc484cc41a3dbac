"""Prepares the database and serves the catalogue with Granian, whose workers are forked with the application loaded."""

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
    # Nearly all that is made from here on stays for ever; serve() looks through it once.
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
    """Return the IP address of a name of this machine. Raises ImproperlyConfigured if the port is not free there."""
    try:
        # IPv4 first: "localhost" is written into every document as 127.0.0.1.
        family, *_, place = min(socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM))
        with socket.socket(family) as trial:
            # As the server does: connections of an earlier run that are still closing do not count.
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(place)
        return place[0]
    except (OSError, UnicodeError) as error:
        raise ImproperlyConfigured(
            f"不能在 {host} 的端口 {port} 上服务（{getattr(error, 'strerror', None) or error}）："
            "请停止占用它的程序，或换一个端口，例如 PORT=8080；HOST 应是本机的地址。"
        ) from None


def set_defaults(address: str) -> None:
    """Set what is not set: on this machine alone DEBUG is on, where others can reach us it is off.

    A trial beyond this machine has this clone's own key, answers under this machine's names, and speaks plain HTTP.
    With a key, names or DEBUG set it is no trial, and all that production demands is asked for.
    """
    trial = not any(os.environ.get(name) for name in ("ALLOWED_HOSTS", "DEBUG", "SECRET_KEY"))
    debug = environment.flag("DEBUG", ipaddress.ip_address(address.partition("%")[0]).is_loopback)
    os.environ |= {"DEBUG": str(debug).lower(), "DJANGO_SETTINGS_MODULE": "config.settings"}
    names = [*environment.LOCAL_HOSTS, socket.gethostname(), f"[{address}]" if ":" in address else address]
    # The address others see is that of the way out. No packet is sent; 192.0.2.0/24 is for documents.
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way_out:
        way_out.connect(("192.0.2.1", 9))
        names.append(way_out.getsockname()[0])
    if debug or trial:
        os.environ["ALLOWED_HOSTS"] = ",".join(environment.words("ALLOWED_HOSTS") or dict.fromkeys(names))
    if trial and not debug:
        os.environ |= {"SECRET_KEY": environment.secret_key(debug=True), "HTTPS": os.environ.get("HTTPS") or "false"}


def load(_target: str) -> Callable:
    """Return the WSGI application, its URLs read too: once before the fork, or anew where nothing is forked."""
    from config.wsgi import application

    _ = get_resolver().url_patterns
    return application


def serve(address: str, port: int, workers: int, *, load: Callable[[str], Callable] = load) -> None:
    """Serve what ``load`` returns until told to stop, then answer the requests in hand and return."""
    # A thread that ends drops its connection to the database, so it stays as long as it can.
    threads = {"blocking_threads": settings.THREADS, "blocking_threads_idle_timeout": 600}
    place = {"address": address, "port": port, "workers": workers, "respawn_failed_workers": True}
    server = Granian("config.wsgi", interface="wsgi", log_level="warning", workers_kill_timeout=10, **threads, **place)
    # A closed terminal ends the server unless nohup keeps it; Granian would take it as a wish to reload.
    hangup = signal.getsignal(signal.SIGHUP) or server.signal_handler_interrupt
    server.on_startup(lambda: signal.signal(signal.SIGHUP, hangup))
    # Ctrl-C is the main process's, which stops the workers in order; and a connection belongs to one process.
    os.register_at_fork(after_in_child=os.setpgrp)
    connections.close_all()
    # What is loaded by now stays: without this the collector would touch, and so copy, every page in every worker.
    gc.collect()
    gc.freeze()
    gc.enable()
    server.serve(target_loader=load)


if __name__ == "__main__":
    main()
