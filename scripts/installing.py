"""Makes ``.venv`` and installs pinned requirements into it; whatever stops it leaves nothing half made.

Standard library only, and any supported Python: it runs before anything is installed.
"""

import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
# What is installed: the Python's version and each requirements file's hash. Only a finished installation has it.
INSTALLED = VENV / "installed"
# Only a .venv that is being made for the first time has it; one left behind (kill -9, a power cut) is made anew.
UNFINISHED = VENV / "unfinished"
# Seconds a stopped child has to go before it is made to.
PATIENCE = 10


class Refused(Exception):
    """What stops the start; the message is one sentence on what to do."""


def say(sentence: str) -> None:
    print(sentence, flush=True)


@contextmanager
def alone() -> Iterator[None]:
    """Let one process of this clone at a time install and prepare; others wait for it, and say so."""
    with (ROOT / "requirements.txt").open("rb") as file:
        # A file system that knows no locks is no reason not to start.
        with suppress(OSError):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("同一目录中另一个进程正在准备，等它完成……")
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


def install(name: str) -> None:
    """Bring ``.venv`` to what a requirements file pins; makes it if there is none, and does nothing if it is so.

    To be called ``alone()``. Raises Refused if it fails. If that, or a signal, stops it, a ``.venv`` that it made is
    gone again, and one that was there is left to be finished by the next start.
    """
    version = _version()
    wanted = {file: _hash(file) for file in _files(name)}
    stamp = _stamp()
    if stamp.get("python") == version and wanted.items() <= stamp.items() and PYTHON.exists():
        return
    # Only what we made ourselves is ever removed.
    if UNFINISHED.exists() or (stamp and stamp.get("python") != version):
        say("原有的 .venv 不完整或属于另一个 Python 版本，重新建立……")
        shutil.rmtree(VENV)
        stamp = {}
    made = not VENV.exists()
    if not made and not stamp:
        _check_foreign(version)
    try:
        if made:
            say(f"正在建立 .venv（Python {version}）……")
            VENV.mkdir()
            UNFINISHED.touch()
            base = getattr(sys, "_base_executable", None) or sys.executable
            _run(
                [base, "-m", "venv", str(VENV)],
                failing="没有建成 .venv：请检查磁盘空间、目录权限和 Python 的 venv 模块",
            )
        INSTALLED.unlink(missing_ok=True)
        say(f"正在安装 {name}（首次约需半分钟，取决于网络）……")
        _run(
            [str(PYTHON), "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
            + ["--requirement", str(ROOT / name)],
            failing=f"没有装成 {name}：请检查网络，或设置 pip 的镜像（例如 PIP_INDEX_URL），再运行一次",
        )
        kept = stamp if stamp.get("python") == version else {}
        INSTALLED.write_text(json.dumps({**kept, **wanted, "python": version}), encoding="utf-8")
        UNFINISHED.unlink(missing_ok=True)
    except BaseException as error:
        if made:
            shutil.rmtree(VENV, ignore_errors=True)
        if isinstance(error, OSError):
            raise Refused(f"没有建成 .venv（{error.strerror}）：请检查 {ROOT} 的权限和磁盘空间。") from error
        raise


def _check_foreign(version: str) -> None:
    """Raise Refused if a ``.venv`` that somebody else made is not one to install into."""
    question = "import sys, pip; print('.'.join(map(str, sys.version_info[:2])))"
    try:
        answer = subprocess.run(  # noqa: S603 - our own words, no shell
            [str(PYTHON), "-c", question], capture_output=True, encoding="utf-8", timeout=60, check=False
        ).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        answer = ""
    if answer != version:
        raise Refused(f"已有的 {VENV} 不是 Python {version} 的虚拟环境，或者没有 pip：请移走它，再运行一次。")


def _version() -> str:
    return ".".join(map(str, sys.version_info[:2]))


def _files(name: str) -> list[str]:
    """Return a requirements file's name, and those of the files it includes."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [name] + [line.split()[1] for line in lines if line.startswith("-r ")]


def _hash(name: str) -> str:
    return hashlib.sha256((ROOT / name).read_bytes()).hexdigest()


def _stamp() -> Mapping[str, str]:
    try:
        found = json.loads(INSTALLED.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _run(command: Sequence[str], *, failing: str) -> None:
    """Run a command to its end, its output kept back. Raises Refused with the output's last line if it fails.

    It has a process group of its own, so that a Ctrl-C reaches only us and we can stop it with all its children.
    """
    # A user-wide installation, which some machines set as pip's default, does not work in a .venv.
    environment = {**os.environ, "PIP_USER": "0"}
    child = subprocess.Popen(  # noqa: S603 - our own words, no shell
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        env=environment,
        start_new_session=True,
    )
    try:
        output, _ = child.communicate()
    except BaseException:
        stop(child)
        raise
    if child.returncode:
        lines = [line.strip() for line in output.splitlines() if line.strip()]
        errors = [line for line in lines if line.lower().startswith("error")]
        raise Refused(f"{failing}（{(errors or lines or ['没有说明原因'])[-1]}）。")


def stop(child: subprocess.Popen) -> None:
    """End a child that leads a process group, and all of the group; come back when they are gone."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        child.wait(PATIENCE)
    # Whoever is left of the group: pip's own children have no reason to wait for anything.
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
