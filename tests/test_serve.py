"""What stops ``scripts/serve`` stops it before anything is made, with one sentence on what to do.

Nothing is installed here: the start itself, from a fresh clone, is ``.ci/quick_start.py``'s.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = ("ALLOWED_HOSTS", "BEHIND_PROXY", "DATABASE_URL", "DEBUG", "HOST", "HTTPS", "PORT", "SECRET_KEY", "WORKERS")


# What whoever lets others in has set.
SAFE = {"SECRET_KEY": "k" * 50, "ALLOWED_HOSTS": "192.0.2.1"}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """As much of a clone as is there before anything is installed, where a path has a space."""
    clone = tmp_path / "a clone"
    for name in ("scripts", "config"):
        shutil.copytree(ROOT / name, clone / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "requirements.txt", clone)
    return clone


@pytest.fixture
def serve(clone: Path, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess]:
    """Run the clone's ``scripts/serve`` with some variables, from another folder and with an empty HOME."""
    kept = {key: value for key, value in os.environ.items() if key not in OURS}
    quiet = {"HOME": str(tmp_path), "LANG": "C", "PYTHONDONTWRITEBYTECODE": "1"}

    def run(**variables: str) -> subprocess.CompletedProcess:
        return subprocess.run(  # noqa: S603 - our own script
            [str(clone / "scripts" / "serve")],
            env={**kept, **quiet, "PORT": str(free_port()), "PYTHON": sys.executable, **variables},
            cwd=tmp_path,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


def make_python(path: Path, script: str) -> str:
    """Write a program that stands for some machine's Python."""
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def assert_refused(found: subprocess.CompletedProcess, clone: Path, sentence: str) -> None:
    """One sentence on stderr, a code that is not 0, and the clone as it was."""
    assert sentence in found.stderr
    assert (found.returncode, found.stdout, len(found.stderr.splitlines())) == (1, "", 1)
    assert sorted(path.name for path in clone.iterdir()) == ["config", "requirements.txt", "scripts"]


def test_a_taken_port(serve, clone: Path, taken_port: int):
    assert_refused(serve(PORT=str(taken_port)), clone, f"端口 {taken_port} 已被占用：请停止占用它的程序，或换一个")


@pytest.mark.parametrize("port", ["0", "65536", "-1", "80a", "80 81", "８０８０", "1e3"])
def test_a_port_that_is_none(serve, clone: Path, port: str):
    assert_refused(serve(PORT=port), clone, f"PORT 应是 1 到 65535 的整数，现在是“{port}”")


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host", "nobody.invalid"])  # 192.0.2.0/24 is for documents
def test_a_host_that_is_not_this_machine(serve, clone: Path, host: str):
    assert_refused(serve(HOST=host), clone, f"HOST 应是本机的地址，“{host}”不是")


@pytest.mark.parametrize("workers", ["0", "-1", "many", "100"])
def test_workers_that_are_no_number(serve, clone: Path, workers: str):
    assert_refused(serve(WORKERS=workers), clone, f"WORKERS 应是 1 到 99 的整数，现在是“{workers}”")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://u:geheim@h/db", "DATABASE_URL 的类型“mysql”不可用"),
        ("postgres://u:geheim@h", "DATABASE_URL 没有写明库名"),
        ("postgres://u:geheim@127.0.0.1:1/db", "连不上 DATABASE_URL 所指的 PostgreSQL"),  # nobody listens on port 1
        ("sqlite:////no/such/folder/x.sqlite3", "DATABASE_URL 所在的文件夹 /no/such/folder 不存在"),
    ],
)
def test_a_wrong_database(serve, clone: Path, url: str, sentence: str):
    found = serve(DATABASE_URL=url)

    assert_refused(found, clone, sentence)
    assert "geheim" not in found.stderr


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"DEBUG": "false"}, "必须设置 SECRET_KEY"),
        ({"DEBUG": "false", "SECRET_KEY": "short"}, "SECRET_KEY 太短"),
        ({"DEBUG": "false", "SECRET_KEY": "k" * 50}, "必须设置 ALLOWED_HOSTS"),
        ({"DEBUG": "perhaps"}, "DEBUG 只能是 true 或 false"),
        ({"HTTPS": "perhaps"}, "HTTPS 只能是 true 或 false"),
    ],
)
def test_settings_that_are_missing_or_wrong(serve, clone: Path, variables: dict[str, str], sentence: str):
    assert_refused(serve(**variables), clone, sentence)


def chosen(clone: Path, host: str, address: str, variables: dict[str, str]) -> dict[str, str]:
    """Return the environment that ``choose_settings()`` leaves."""
    code = (
        f"import json, os, serving; serving.choose_settings('{host}', '{address}'); print(json.dumps(dict(os.environ)))"
    )
    kept = {key: value for key, value in os.environ.items() if key not in OURS}
    found = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", code], cwd=clone / "scripts", env=kept | variables, capture_output=True, text=True
    )
    return json.loads(found.stdout)


@pytest.mark.parametrize(
    ("address", "variables", "debug"),
    [
        ("127.0.0.1", {}, "true"),
        ("127.0.1.1", {}, "true"),
        ("::1", {}, "true"),
        ("127.0.0.1", {"DEBUG": "false"}, "false"),
        ("0.0.0.0", {}, "false"),  # noqa: S104 - asked
        ("::", {"DEBUG": ""}, "false"),
        ("0.0.0.0", SAFE, "false"),  # noqa: S104 - asked
        ("192.168.1.5", {}, "false"),
        ("fe80::1%eth0", SAFE, "false"),
        ("0.0.0.0", {"DEBUG": "true"}, "true"),  # noqa: S104 - who says so knows
    ],
)
def test_debug_is_on_for_this_machine_alone(clone: Path, address: str, variables: dict[str, str], debug: str):
    assert chosen(clone, "h", address, variables)["DEBUG"] == debug


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.168.1.5"])  # noqa: S104 - asked
def test_a_trial_that_others_reach_has_a_key_of_its_own_and_this_machines_names(clone: Path, address: str):
    first, again = (chosen(clone, address, address, {}) for _ in range(2))

    assert first["SECRET_KEY"] == again["SECRET_KEY"] == (clone / "var" / "secret_key").read_text().strip()
    names = set(first["ALLOWED_HOSTS"].split(","))
    assert {"localhost", "127.0.0.1", socket.gethostname()} <= names
    assert not {"*", "0.0.0.0", "::", "[::]"} & names  # noqa: S104 - nobody's name
    assert ("192.168.1.5" in names) is (address == "192.168.1.5")
    assert first["HTTPS"] == "false"


@pytest.mark.parametrize("variables", [{"SECRET_KEY": "k" * 50}, {"ALLOWED_HOSTS": "fw.example.cn"}])
def test_who_sets_a_key_or_a_name_is_asked_for_all_of_production(serve, clone: Path, variables: dict[str, str]):
    (missing,) = {"SECRET_KEY", "ALLOWED_HOSTS"} - set(variables)

    assert_refused(serve(HOST="0.0.0.0", **variables), clone, f"必须设置 {missing}")  # noqa: S104 - refused
    assert "HTTPS" not in chosen(clone, "h", "192.168.1.5", variables)


def test_a_python_without_venv(serve, clone: Path, tmp_path: Path):
    # As on Debian without python3-venv, where venv is there and the ensurepip that it needs is not.
    (tmp_path / "missing").mkdir()
    (tmp_path / "missing" / "ensurepip.py").write_text("raise ModuleNotFoundError('ensurepip')\n")
    python = make_python(tmp_path / "bare", f"PYTHONPATH='{tmp_path / 'missing'}' exec '{sys.executable}' \"$@\"")

    assert_refused(serve(PYTHON=python), clone, f"Python（{python}）缺少 venv 模块：请先安装它")


@pytest.mark.parametrize("version", ["2.7", "3.10", "3.14"])
def test_a_python_that_is_too_old_or_too_new(serve, clone: Path, tmp_path: Path, version: str):
    python = make_python(tmp_path / "other", f"printf {version}; exit 3")

    assert_refused(serve(PYTHON=python), clone, f"Python {version} 不合用，需要 3.11、3.12 或 3.13")


def test_a_python_that_does_not_run(serve, clone: Path, tmp_path: Path):
    assert_refused(serve(PYTHON=str(tmp_path / "none")), clone, "不能运行")


def test_no_python_at_all(serve, clone: Path, tmp_path: Path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "dirname").symlink_to(shutil.which("dirname"))
    # What pyenv leaves for a version that is not installed: there, and not to be run.
    make_python(tmp_path / "bin" / "python3", "exit 127")

    assert_refused(serve(PYTHON="", PATH=str(tmp_path / "bin")), clone, "没有找到 Python：请安装 3.11、3.12 或 3.13")


def test_an_installation_that_fails_leaves_no_venv(serve, clone: Path, tmp_path: Path):
    (clone / "requirements.txt").write_text("./nothing-of-this-name\n")

    found = serve()

    assert "没有装成 requirements.txt" in found.stderr
    assert (found.returncode, len(found.stderr.splitlines())) == (1, 1)
    assert sorted(path.name for path in clone.iterdir()) == ["config", "requirements.txt", "scripts"]
