"""The Python environment of the peers: Datasette and FastAPI are no dependencies of the catalogue."""

import json
import subprocess
import sys
from pathlib import Path

from bench.starting import Failed

REQUIREMENTS = Path(__file__).resolve().parent.parent / "requirements.txt"
TOLD = ("datasette", "fastapi", "starlette", "uvicorn", "uvloop", "httptools")
VERSIONS = "import importlib.metadata as m, json, sys; print(json.dumps({n: m.version(n) for n in sys.argv[1:]}))"


def made(folder: Path) -> Path:
    """Install ``requirements.txt`` unless it is installed already, and return the environment's Python.

    Raises Failed if the installation fails; pip prints the reason before.
    """
    python, stamp = folder / "bin" / "python", folder / "installed"
    expected = f"{sys.version}\n{REQUIREMENTS.read_text()}"
    if not (python.exists() and stamp.exists() and stamp.read_text() == expected):
        print("正在为参照的程序安装依赖……", flush=True)
        stamp.unlink(missing_ok=True)
        for command in (
            [sys.executable, "-m", "venv", "--clear", str(folder)],
            [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(REQUIREMENTS)],
        ):
            if subprocess.run(command).returncode:  # noqa: S603 - our own commands
                raise Failed(f"参照的程序没有装好，原因见上：{REQUIREMENTS.name}")
        stamp.write_text(expected)
    return python


def versions(python: Path) -> dict[str, str]:
    completed = subprocess.run([python, "-c", VERSIONS, *TOLD], check=True, capture_output=True, text=True)  # noqa: S603
    return json.loads(completed.stdout)
