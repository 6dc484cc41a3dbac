"""``scripts/serve``: errors that stop it with one sentence, and the defaults of its environment variables.

Nothing is installed here; ``.ci/quick_start.py`` tests the start from a fresh clone.
"""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from config import environment
from scripts import server
from tests.support.paths import ROOT

OURS = ("ALLOWED_HOSTS", "BEHIND_PROXY", "DATABASE_URL", "DEBUG", "HOST", "HTTPS", "PORT", "SECRET_KEY", "WORKERS")
OTHERS = {name: value for name, value in os.environ.items() if name not in OURS}


def make_program(path: Path, script: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone in which nothing was started yet, in a path with a space."""
    clone = tmp_path / "a clone"
    for name in ("scripts", "config", "services", "catalogue", "fixtures"):
        shutil.copytree(ROOT / name, clone / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "requirements.txt", clone)
    return clone


@pytest.fixture
def serve(clone: Path) -> Callable[..., subprocess.CompletedProcess]:
    """Run the clone's ``scripts/serve`` with these variables, from another folder and with an empty HOME."""

    def run(**variables: str) -> subprocess.CompletedProcess:
        return subprocess.run(  # noqa: S603 - our own script
            [str(clone / "scripts" / "serve")],
            env=OTHERS | {"HOME": "", "LANG": "C", "PORT": "0", "PYTHONDONTWRITEBYTECODE": "1"} | variables,
            cwd=clone.parent,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )

    return run


@pytest.mark.long
@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"PORT": "taken"}, "（Address already in use）：请停止占用它的程序，或换一个端口"),
        ({"PORT": "65536"}, "PORT 应是 1 到 65535 的整数，现在是“65536”"),
        ({"HOST": "192.0.2.111"}, "HOST 应是本机的地址"),  # 192.0.2.0/24 is reserved for documentation
        ({"HOST": "no such host"}, "HOST 应是本机的地址"),
        ({"WORKERS": "many"}, "WORKERS 应是 1 到 99 的整数，现在是“many”"),
        ({"DEBUG": "false"}, "必须设置 SECRET_KEY"),
        ({"HOST": "0.0.0.0", "SECRET_KEY": "k" * 50}, "必须设置 ALLOWED_HOSTS"),  # noqa: S104 - refused
        ({"HTTPS": "perhaps"}, "HTTPS 只能是 true 或 false"),
        ({"DATABASE_URL": "mysql://u:geheim@h/db"}, "DATABASE_URL 写错了"),
        ({"DATABASE_URL": "postgres://u:geheim@127.0.0.1:1/db"}, "数据库不能使用"),  # no server listens on port 1
        ({"DATABASE_URL": "postgres://u:geheim@127.0.0.1:1/db?nonsense=1"}, "数据库不能使用"),
        ({"DATABASE_URL": "sqlite:////no/such/folder/x.sqlite3"}, "数据库不能使用"),
        ({"DATABASE_URL": "sqlite:///requirements.txt"}, "数据库不能使用"),
    ],
)
def test_an_error_at_the_start_is_one_sentence(serve, clone: Path, variables: dict[str, str], sentence: str):
    make_program(clone / ".venv" / "bin" / "python", f"exec '{sys.executable}' \"$@\"")
    shutil.copy(clone / "requirements.txt", clone / ".venv")
    with socket.create_server(("127.0.0.1", 0)) as another:
        free = str(another.getsockname()[1])
    with socket.create_server(("127.0.0.1", 0)) as another:
        taken = str(another.getsockname()[1])
        completed = serve(**{"PORT": free} | variables | ({"PORT": taken} if variables.get("PORT") == "taken" else {}))

    assert sentence in completed.stderr and "geheim" not in completed.stderr
    assert (completed.returncode, completed.stdout, len(completed.stderr.splitlines())) == (1, "", 1)


@pytest.mark.long
@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        (
            '[ "$1" = --version ] && echo Python 3.10.1 && exit; exit 1',
            "需要 Python 3.11、3.12 或 3.13（现在：Python 3.10.1）",
        ),
        ("exit 127", "需要 Python 3.11、3.12 或 3.13（现在：没有 "),
        # As on Debian without python3-venv.
        (f'[ "$1" = -m ] && exit 1; exec \'{sys.executable}\' "$@"', "没有建成 .venv：请检查目录权限"),
    ],
)
def test_an_unsupported_python_is_refused(serve, clone: Path, script: str, sentence: str):
    completed = serve(PYTHON=make_program(clone / "another python", script))

    assert sentence in completed.stderr
    assert (completed.returncode, len(completed.stderr.splitlines())) == (1, 1)


@pytest.mark.long
def test_a_failed_installation_is_repeated_at_the_next_start(serve, clone: Path):
    (clone / "requirements.txt").write_text("./nothing-of-this-name\n")

    for completed in serve(PYTHON=sys.executable), serve(PYTHON=sys.executable):
        assert "没有装成 requirements.txt：请检查网络" in completed.stderr
        assert (completed.returncode, len(completed.stderr.splitlines())) == (1, 1)


SAFE = {"SECRET_KEY": "k" * 50, "ALLOWED_HOSTS": "192.0.2.1"}


@pytest.mark.parametrize(
    ("address", "variables", "debug"),
    [
        ("127.0.0.1", {}, "true"),
        ("::1", {}, "true"),
        ("127.0.0.1", {"DEBUG": "false"}, "false"),
        ("0.0.0.0", {}, "false"),  # noqa: S104 - asked
        ("::", {"DEBUG": ""}, "false"),
        ("192.168.1.5", SAFE, "false"),
        ("fe80::1%eth0", SAFE, "false"),
        ("0.0.0.0", {"DEBUG": "true"}, "true"),  # noqa: S104 - explicit
    ],
)
def test_debug_is_on_for_loopback_addresses_only(
    monkeypatch, tmp_path: Path, address: str, variables: dict, debug: str
):
    monkeypatch.setattr(environment, "VAR", tmp_path)
    monkeypatch.setattr(os, "environ", dict(variables))

    server.set_defaults(address)

    assert os.environ["DEBUG"] == debug
    assert variables.get("ALLOWED_HOSTS") in {None, os.environ.get("ALLOWED_HOSTS")}


@pytest.mark.parametrize("address", ["0.0.0.0", "192.168.1.5"])  # noqa: S104 - asked
def test_a_trial_in_the_local_network_has_its_own_key_and_this_machines_names(monkeypatch, tmp_path, address: str):
    monkeypatch.setattr(environment, "VAR", tmp_path)
    monkeypatch.setattr(os, "environ", {})

    server.set_defaults(address)

    assert os.environ["SECRET_KEY"] == (tmp_path / "secret_key").read_text()
    names = os.environ["ALLOWED_HOSTS"].split(",")
    assert {"localhost", socket.gethostname(), address} <= set(names) and "*" not in names
    assert os.environ["HTTPS"] == "false"
