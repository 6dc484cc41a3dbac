"""The peers' own Python environment: Datasette and FastAPI are nothing that the catalogue runs on."""

import json
import subprocess
import sys
from pathlib import Path

from bench.starting import Failed

REQUIREMENTS = Path(__file__).resolve().parent.parent / "requirements.txt"
TOLD = ("datasette", "fastapi", "starlette", "uvicorn", "uvloop", "httptools")
VERSIONS = "import importlib.metadata as m, json, sys; print(json.dumps({n: m.version(n) for n in sys.argv[1:]}))"


def made(folder: Path) -> Path:
    """Return the environment's Python, once ``requirements.txt`` is installed. Does nothing if it is so already.

    Raises Failed if that fails; what pip has to say it has said by then.
    """
    python, stamp = folder / "bin" / "python", folder / "installed"
    wanted = f"{sys.version}\n{REQUIREMENTS.read_text()}"
    if not (python.exists() and stamp.exists() and stamp.read_text() == wanted):
        print("正在为参照的程序安装依赖……", flush=True)
        stamp.unlink(missing_ok=True)
        for command in (
            [sys.executable, "-m", "venv", "--clear", str(folder)],
            [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(REQUIREMENTS)],
        ):
            if subprocess.run(command).returncode:  # noqa: S603 - our own commands
                raise Failed(f"参照的程序没有装好，原因见上：{REQUIREMENTS.name}")
        stamp.write_text(wanted)
    return python


def versions(python: Path) -> dict[str, str]:
    told = subprocess.run([python, "-c", VERSIONS, *TOLD], check=True, capture_output=True, text=True)  # noqa: S603
    return json.loads(told.stdout)
