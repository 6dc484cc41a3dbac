"""Rules for the code that a test can check: docstrings, size, imports, clocks, signals and migrations."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.support.paths import ROOT

MODULES = sorted(
    path for folder in ("config", "services", "catalogue") for path in (ROOT / folder).rglob("*.py")
    if "migrations" not in path.parts
)  # fmt: skip
# Packages that know HTTP and the clock; all others take a day, a time or plain values.
DOORS = (
    "config",
    "catalogue.management",
    "catalogue.api",
    "catalogue.site",
    "catalogue.desk",
    "catalogue.mcp",
    "catalogue.web",
)
DOMAIN = [path for path in MODULES if not ".".join(path.relative_to(ROOT).with_suffix("").parts).startswith(DOORS)]


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imports(tree: ast.AST) -> set[str]:
    """Return the imported dotted names; ``from a import b`` counts as ``a`` and as ``a.b``."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def module(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=module)
def test_a_module_has_a_docstring_and_at_most_500_lines(path):
    text = path.read_text()

    assert len(text.splitlines()) <= 500
    if len(text.splitlines()) > 15:
        assert ast.get_docstring(parsed(path))


@pytest.mark.parametrize("path", MODULES, ids=module)
def test_no_function_has_more_than_60_lines(path):
    functions = [node for node in ast.walk(parsed(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]

    assert not [node.name for node in functions if node.end_lineno - node.lineno >= 60]


@pytest.mark.parametrize("path", MODULES, ids=module)
def test_no_function_imports_our_modules_and_no_module_is_called_utils(path):
    """An import of our own inside a function hides an import cycle."""
    assert path.stem not in {"utils", "helpers", "common", "misc"}
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef):
            inside = imports(ast.Module(node.body, []))
            assert not [name for name in inside if name.split(".")[0] in {"services", "catalogue", "config"}]


def clocks(tree: ast.Module) -> list[str]:
    """Return the names with which code, or a field, reads the clock; conversions of a given time are not counted."""
    names = [name.rpartition(".")[2] for name in imports(tree)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            names.append(node.attr)
        elif isinstance(node, ast.keyword):
            names.append(node.arg)
        elif isinstance(node, ast.Call) and not node.args + node.keywords:
            names.append(f"{getattr(node.func, 'attr', getattr(node.func, 'id', ''))}()")
    clocks = {"now", "utcnow", "today", "localdate()", "localtime()", "auto_now", "auto_now_add"}
    return [name for name in names if name in clocks]


@pytest.mark.parametrize(
    ("code", "reads"),
    [
        ("timezone.now()", True),
        ("datetime.now(UTC)", True),
        ("Field(default=timezone.now)", True),
        ("Field(auto_now_add=True)", True),
        ("from django.utils.timezone import now", True),
        ("date.today()", True),
        ("localdate()", True),
        ("localdate(at)", False),
        ("localtime(edition.published_at)", False),
    ],
)
def test_a_use_of_the_clock_is_detected(code, reads):
    assert bool(clocks(ast.parse(code))) == reads


@pytest.mark.parametrize("path", DOMAIN, ids=module)
def test_domain_code_uses_no_clock_and_no_request(path):
    text = path.read_text()

    assert clocks(parsed(path)) == []
    assert "HttpRequest" not in text and "request." not in text


def test_a_template_that_others_include_is_included_more_than_once():
    templates = ROOT / "catalogue/templates"
    text = "".join(path.read_text() for path in templates.rglob("*.html"))
    included = Counter(name for name in re.findall(r'{% include "([^"]+)"', text) if (templates / name).exists())

    assert included and not [name for name, count in included.items() if count == 1]


def test_no_module_uses_model_signals():
    assert not [path for path in MODULES if "django.db.models.signals" in path.read_text()]


def test_the_migrations_are_complete(db):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_no_migration_has_an_automatic_name():
    for path in [*(ROOT / "services/migrations").glob("0*.py"), *(ROOT / "catalogue/migrations").glob("0*.py")]:
        assert "auto" not in path.stem


def test_no_file_names_a_development_machine():
    """No path of a development machine and no URL of a package mirror."""
    words = re.compile("/work" + "/|/root" + "/|find-" + "links|index-" + "url|/opt" + "/")
    for path in ROOT.rglob("*"):
        if path.is_file() and path.suffix in {".py", ".md", ".txt", ".toml", ".yaml", ".json", ".css", ".html", ""}:
            if {".git", ".venv", "var", "__pycache__", ".hypothesis", ".ruff_cache", "node_modules"} & set(path.parts):
                continue
            assert not words.search(path.read_text(errors="replace")), path
