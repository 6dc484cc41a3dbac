"""Starts HEAD as a new user does, from a fresh clone with an empty HOME; twice, since the second start must be quick.

Standard library only. Exits with a message at the first failed check.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent
# Limits in seconds. The first start installs everything over a possibly slow network.
FIRST, AGAIN = 900.0, 3.0
# Variables of this machine that the server must not inherit.
OURS = ("ALLOWED_HOSTS", "BEHIND_PROXY", "DATABASE_URL", "DEBUG", "HOST", "HTTPS", "PORT", "SECRET_KEY", "WORKERS")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        clone, home = Path(folder, "a clone"), Path(folder, "home")
        home.mkdir()
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)  # noqa: S603, S607 - git's own
        print(f"克隆：{len(list(clone.rglob('*')))} 个文件", flush=True)
        for name, limit in (("第一次启动", FIRST), ("再次启动", AGAIN)):
            with served(clone, home) as (port, began):
                took = wait_for_list(port, began, limit=FIRST)
            print(f"{name}：{took:.2f} 秒后答出 81 项服务", flush=True)
            if took > limit:
                sys.exit(f"{name}用了 {took:.2f} 秒，应不超过 {limit:g} 秒。")
        if changed := output("git", "-C", str(clone), "status", "--porcelain"):
            sys.exit(f"启动改动了克隆中的文件：\n{changed}")


@contextmanager
def served(clone: Path, home: Path) -> Iterator[tuple[int, float]]:
    """Run ``scripts/serve`` on a free port; yield the port and the start time; stop it and check exit code and port."""
    port = free_port()
    environment = {key: value for key, value in os.environ.items() if key not in OURS}
    began = time.monotonic()
    server = subprocess.Popen(  # noqa: S603 - our own script
        [str(clone / "scripts" / "serve")],
        env=environment | {"HOME": str(home), "PORT": str(port)},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield port, began
        server.send_signal(signal.SIGTERM)
        if code := server.wait(30):
            sys.exit(f"SIGTERM 之后退出码是 {code}，应为 0。")
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
    finally:
        if server.poll() is None:
            server.terminate()
            server.wait(30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_list(port: int, began: float, *, limit: float) -> float:
    """Return the seconds from ``began`` to the response of the list. Exits if it is late, or not the list."""
    while time.monotonic() - began < limit:
        try:
            with urlopen(f"http://127.0.0.1:{port}/api/v1/services/", timeout=30) as response:  # noqa: S310 - ours
                took = time.monotonic() - began
                count = json.load(response)["count"]
        except ConnectionError:
            time.sleep(0.02)
        except OSError as error:
            if not isinstance(getattr(error, "reason", None), ConnectionError):
                raise
            time.sleep(0.02)
        else:
            if count != 81:
                sys.exit(f"列表有 {count} 项，应为 81 项。")
            return took
    sys.exit(f"{limit:g} 秒后仍没有回答。")


def output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603 - git's own


if __name__ == "__main__":
    main()
