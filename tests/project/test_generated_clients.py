"""The OpenAPI document is lint-free, and clients generated from it compile and read whole and sparse answers.

``npm ci --prefix tests/clients`` installs the linters and the generator of types for TypeScript.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from catalogue.models import Edition
from tests.support.live_server import run_client
from tests.support.openapi import OPENAPI_FILE
from tests.support.paths import ROOT

pytestmark = pytest.mark.long

CLIENTS = ROOT / "tests" / "clients"
INSTALLED = CLIENTS / "node_modules" / ".bin"


def run(*command: str | Path, **options: object) -> None:
    completed = subprocess.run(  # noqa: S603 - a command of the tests' own
        [str(part) for part in command], capture_output=True, text=True, **options
    )
    assert completed.returncode == 0, completed.stdout + completed.stderr


def read(output: str) -> dict:
    """Return what a program printed, without the one answer in which the two programs differ."""
    answers = json.loads(output)
    assert answers.pop("refused") in {"domain", "domian"}
    return answers


def expected() -> dict:
    return {
        "code": "NM-05-03",
        "field": "name",
        "verification": "verbatim",
        "sparse": ["职工基本养老保险", None],
        "digest": Edition.objects.get(slug="2026").digest,
        "asked": "education_stage",
    }


def test_a_generated_python_client_reads_the_list(db, settings, tmp_path):
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    run(
        sys.executable, "-m", "openapi_python_client", "generate", "--path", OPENAPI_FILE, "--config",
        CLIENTS / "config.yaml", "--output-path", tmp_path / "client", "--fail-on-warning",
    )  # fmt: skip
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "client")}

    output = run_client(lambda address: [sys.executable, str(CLIENTS / "reads.py"), address], environment=environment)

    assert read(output) == expected()


def test_generated_typescript_types_compile_and_read_the_list(db, settings, tmp_path):
    if not INSTALLED.exists():
        pytest.skip("未安装 openapi-typescript：请先运行 npm ci --prefix tests/clients")
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    for name in ("reads.ts", "tsconfig.json"):
        shutil.copy(CLIENTS / name, tmp_path)
    run(INSTALLED / "openapi-typescript", OPENAPI_FILE, "-o", tmp_path / "api.d.ts")
    run(INSTALLED / "tsc", "-p", tmp_path)

    output = run_client(lambda address: [shutil.which("node"), str(tmp_path / "reads.js"), address])

    assert read(output) == expected()


@pytest.mark.parametrize(
    "command",
    [
        ("redocly", "lint", "--config", CLIENTS / "redocly.yaml", OPENAPI_FILE),
        ("spectral", "lint", "--fail-severity", "hint", "--ruleset", CLIENTS / "spectral.yaml", OPENAPI_FILE),
    ],
    ids=lambda command: command[0],
)
def test_the_document_is_lint_free(command):
    name, *arguments = command
    if not (INSTALLED / name).exists():
        pytest.skip(f"未安装 {name}：请先运行 npm ci --prefix tests/clients")

    run(INSTALLED / name, *arguments)


def test_few_rules_of_the_linters_are_off():
    off = [
        line
        for name in ("redocly", "spectral")
        for line in (CLIENTS / f"{name}.yaml").read_text().splitlines()
        if line.endswith(": off")
    ]

    assert len(off) <= 6
