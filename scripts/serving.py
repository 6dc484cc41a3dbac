"""What ``scripts/serve`` does once it has a Python: check, install, prepare, serve.

Everything that can be wrong is asked before anything is made. It starts with whatever Python the machine has, and goes
on as ``.venv``'s as soon as there is one; from then on the same process prepares the database, loads the application
and becomes Granian's main process, so that Django is started once and Granian's workers are forked with it loaded.
"""

# ruff: noqa: E402 - the signals first, and the project's folder before its modules
import stopping

stopping.listen()

import errno
import gc
import ipaddress
import os
import re
import shlex
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import installing

sys.path.insert(0, str(installing.ROOT))

from config import environment

DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", "8000"
# A worker is a process, and Python uses one core in each; each also takes some 90 MB, so more is for WORKERS to say.
MOST_WORKERS = 4
# Where who listens everywhere is found on this machine.
LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - asked, not chosen
# Said to ourselves, so that we go on as the Python of .venv once and not for ever.
INSTALLED = "installed"
# Seconds a request in hand has when the server is told to stop.
PATIENCE = 10


def main() -> None:
    sys.stdout.reconfigure(line_buffering=True)
    try:
        with stopping.quietly():
            host, address, port, workers = make_ready()
            serve(host, address, port, workers)
    except (installing.Refused, environment.Misconfigured) as error:
        sys.exit(str(error))


def make_ready() -> tuple[str, str, int, int]:
    """Check, install, and prepare the database and the application; return where to serve and with how many workers."""
    # Nearly all that is made from here on stays for ever; ``serve()`` looks through it once.
    gc.disable()
    host, address, port = listening_place()
    check_free(address, port)
    workers = worker_count()
    choose_settings(host, address)
    database = environment.check(environment.VAR)
    with installing.alone():
        installing.install("requirements.txt")
    if Path(sys.prefix).resolve() != installing.VENV.resolve() and sys.argv[1:] != [INSTALLED]:
        os.execv(installing.PYTHON, [str(installing.PYTHON), __file__, INSTALLED])  # noqa: S606 - ourselves, no shell
    debug = environment.flag("DEBUG", False)
    if debug and not environment.words("ALLOWED_HOSTS") and not is_any(address):
        # HOST names this machine too.
        os.environ["ALLOWED_HOSTS"] = ",".join([*environment.allowed_hosts(debug=True), in_url(host), in_url(address)])
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    installing.say(f"正在准备数据库（{described(database)}）……")
    with installing.alone():
        prepare()
    load("")
    # It may have been taken while we installed.
    check_free(address, port)
    return host, address, port, workers


def listening_place() -> tuple[str, str, int]:
    """Return ``HOST`` as given, the IP address it means, and ``PORT``. Raises Refused for what is neither."""
    host = os.environ.get("HOST", "").strip().strip("[]") or DEFAULT_HOST
    port = os.environ.get("PORT", "").strip() or DEFAULT_PORT
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= 65535:
        raise installing.Refused(f"PORT 应是 1 到 65535 的整数，现在是“{port}”，例如 PORT=8080。")
    try:
        found = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise installing.Refused(f"HOST 应是本机的地址，“{host}”不是：请改为 127.0.0.1 或本机的 IP 地址。") from None
    # IPv4 first: "localhost" is written into every document as 127.0.0.1.
    return host, str(min(found, key=lambda each: each[0])[4][0]), int(port)


def choose_settings(host: str, address: str) -> None:
    """Set what is not set: on this machine alone DEBUG is on, where others can reach us it is off.

    A trial beyond this machine has this clone's own key, answers under this machine's names, and speaks plain HTTP.
    Whoever sets a key or names means no trial, and is asked for all that production demands.
    """
    if os.environ.get("DEBUG", "").strip():
        return
    os.environ["DEBUG"] = str(is_loopback(address)).lower()
    if not (is_loopback(address) or os.environ.get("SECRET_KEY") or environment.words("ALLOWED_HOSTS")):
        os.environ["SECRET_KEY"] = environment.secret_key(debug=True, folder=environment.VAR)
        os.environ["ALLOWED_HOSTS"] = ",".join(own_names(host, address))
        os.environ["HTTPS"] = os.environ.get("HTTPS", "").strip() or "false"


def own_names(host: str, address: str) -> list[str]:
    """Return what this machine is called by others: its name and its addresses, as far as it knows them."""
    names = {*environment.allowed_hosts(debug=True), host, in_url(address), socket.gethostname()} - {"testserver"}
    with suppress(OSError):
        names |= {in_url(str(found[4][0])) for found in socket.getaddrinfo(socket.gethostname(), None)}
    # The address others see: that of the way out. No packet is sent; 192.0.2.0/24 is for documents.
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way_out:
        way_out.connect(("192.0.2.1", 9))
        names.add(way_out.getsockname()[0])
    return sorted(name for name in names if not is_any(name.strip("[]")))


def check_free(address: str, port: int) -> None:
    """Raise Refused if nobody could listen at this place now."""
    another = port + 1 if port < 65535 else DEFAULT_PORT
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM) as trial:
        # As the server does: connections of an earlier run that are still closing do not count.
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((address, port))
        except OSError as error:
            raise installing.Refused(
                {
                    errno.EADDRINUSE: f"端口 {port} 已被占用：请停止占用它的程序，或换一个，例如 PORT={another}。",
                    errno.EADDRNOTAVAIL: f"HOST 应是本机的地址，“{address}”不是：请改为 127.0.0.1 或本机的 IP 地址。",
                    errno.EACCES: f"没有权限使用端口 {port}：请换一个 1024 以上的，例如 PORT=8080。",
                }.get(
                    error.errno or 0, f"不能在 {address} 的端口 {port} 上服务（{error.strerror}）：请换 HOST 或 PORT。"
                )
            ) from None


def worker_count() -> int:
    """Return ``WORKERS``, by default one for each core, at most four. Raises Refused for what is no number."""
    given = os.environ.get("WORKERS", "").strip()
    if not given:
        return min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2, MOST_WORKERS)
    if not re.fullmatch(r"[0-9]{1,2}", given) or not int(given):
        raise installing.Refused(f"WORKERS 应是 1 到 99 的整数，现在是“{given}”。")
    return int(given)


def described(database: dict) -> str:
    """Return a database's place in words, without its password."""
    if "sqlite3" in database["ENGINE"]:
        path = Path(database["NAME"])
        return f"SQLite：{path.relative_to(installing.ROOT) if path.is_relative_to(installing.ROOT) else path}"
    return f"PostgreSQL：{database['HOST'] or '本机'}，库 {database['NAME']}"


def prepare() -> None:
    """Run ``manage.py prepare`` in this process. Raises Refused with its reason."""
    import django
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import CommandError, call_command
    from django.db import connections

    try:
        django.setup()
        call_command("prepare")
    except (CommandError, ImproperlyConfigured) as error:
        raise installing.Refused(str(error)) from error
    finally:
        # The workers are forked from this process, and a connection belongs to one.
        connections.close_all()


def load(_target: str) -> Callable:
    """Return the WSGI application, its URLs read too: once before the fork, or anew where nothing is forked."""
    from django.urls import get_resolver

    from config.wsgi import application

    _ = get_resolver().url_patterns
    return application


def found_at(host: str, address: str, port: int) -> str:
    """Return the scheme and host of a server on this machine."""
    return f"http://{in_url(LOOPBACK.get(address, host))}:{port}"


def in_url(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def is_any(address: str) -> bool:
    return address in {"0.0.0.0", "::"}  # noqa: S104 - asked, not chosen


def is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


def say_where(host: str, address: str, port: int, *, debug: bool) -> None:
    """Print what is served where, and how to make an account."""
    base = found_at(host, address, port)
    installing.say(
        f"\n首页      {base}/\n服务清单  {base}/api/v1/services/\n接口文档  {base}/api/docs/\n编辑台    {base}/admin/\n"
        f"\n建立账号：在 {installing.ROOT} 中运行 {account_command(debug=debug)}\n停止服务：Ctrl-C"
    )
    if is_loopback(address):
        installing.say("只有这台机器连得到这里；对外服务请放在反向代理之后，见 deploy/nginx.conf。")
    elif debug:
        installing.say("提醒：DEBUG 开着，别的机器也能连到这里，出错的页面会显示代码和设置。")
    elif not environment.flag("BEHIND_PROXY", False):
        names = "、".join(environment.words("ALLOWED_HOSTS"))
        installing.say(f"提醒：别的机器也能用 {names} 连到这里；对外服务请放在反向代理之后，见 deploy/nginx.conf。")
    if environment.flag("HTTPS", not debug) and not environment.flag("BEHIND_PROXY", False):
        installing.say(
            "提醒：HTTPS 开着，明文请求都会转到 https://；"
            "请由反向代理提供 TLS 并设 BEHIND_PROXY=true，试用可设 HTTPS=false。"
        )


def account_command(*, debug: bool) -> str:
    """Return the command that makes an account in the database being served; a password in its URL is left out."""
    command = ".venv/bin/python manage.py createsuperuser"
    url = os.environ.get("DATABASE_URL", "").strip()
    if not url and (environment.VAR / "secret_key").exists():
        return command
    if not debug:
        return f"{command}（环境变量须与本次启动相同）"
    if not url:
        return f"DEBUG=true {command}"
    parts = urlsplit(url)
    who, at, place = parts.netloc.rpartition("@")
    user, colon, password = who.partition(":")
    shown = url.replace(f"{who}{at}{place}", f"{user}:密码@{place}", 1) if password else url
    shown = re.sub(r"(?<=password=)[^&]+", "密码", shown)
    note = "（请填入密码）" if shown != url else ""
    return f"DATABASE_URL={shlex.quote(shown)} DEBUG=true {command}{note}"


def serve(host: str, address: str, port: int, workers: int, *, load: Callable[[str], Callable] = load) -> None:
    """Say where, and serve until told to stop; then end with code 0, once the requests in hand are answered.

    ``load`` returns the WSGI application: the catalogue, or what the benchmark sets beside it.
    """
    from django.conf import settings
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    server = Granian(
        "config.wsgi:application",
        address=address,
        port=port,
        interface=Interfaces.WSGI,
        websockets=False,
        workers=workers,
        blocking_threads=settings.THREADS,
        # As long as it can be: a thread that ends drops its connection to the database.
        blocking_threads_idle_timeout=600,
        log_level=LogLevels.warning,
        # One worker that dies is replaced; two in a row end the server, for whoever watches over it to see.
        respawn_failed_workers=True,
        workers_kill_timeout=PATIENCE,
    )
    hanging_up = signal.getsignal(signal.SIGHUP)

    @server.on_startup
    def keep_hanging_up() -> None:
        """A closed terminal ends the server, and nohup keeps it; Granian would take either as a wish to reload."""
        ignored = hanging_up == signal.SIG_IGN
        signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else server.signal_handler_interrupt)

    os.register_at_fork(before=hold_stops, after_in_parent=take_stops, after_in_child=be_a_worker)
    say_where(host, address, port, debug=environment.flag("DEBUG", False))

    # What is loaded by now stays: without this the collector would touch, and so copy, every page in every worker.
    gc.collect()
    gc.freeze()
    gc.enable()
    server.serve(target_loader=load)


def hold_stops() -> None:
    """Let signals wait while a worker is forked: one that came just then would go to the main process's handler."""
    signal.pthread_sigmask(signal.SIG_BLOCK, stopping.STOPS)


def take_stops() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, stopping.STOPS)


def be_a_worker() -> None:
    """Leave Ctrl-C to the main process, which stops the workers in order, and die of SIGTERM until Granian cares."""
    os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    take_stops()


if __name__ == "__main__":
    main()
