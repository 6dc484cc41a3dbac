"""What a machine can keep of how the house is built."""

import ast
import re
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.support.paths import ROOT

MODULES = sorted(
    path for folder in ("config", "services", "catalogue") for path in (ROOT / folder).rglob("*.py")
    if "migrations" not in path.parts
)  # fmt: skip
# What knows HTTP and the clock; everything else takes a day, a time or plain values.
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


def imports(tree: ast.AST) -> set[str]:
    """Return the dotted names that are imported, each ``from a import b`` as both ``a`` and ``a.b``."""
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
def test_a_module_says_what_it_is_for_and_stays_short(path):
    text = path.read_text()

    assert len(text.splitlines()) <= 500
    if len(text.splitlines()) > 15:
        assert ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("path", MODULES, ids=module)
def test_no_circle_is_dodged_and_nothing_is_called_utils(path):
    """A module of ours imported inside a function stands in the wrong place."""
    assert path.stem not in {"utils", "helpers", "common", "misc"}
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            inside = imports(ast.Module(node.body, []))
            assert not [name for name in inside if name.split(".")[0] in {"services", "catalogue", "config"}]


def clocks(code: str) -> list[str]:
    """Return the names by which code reads the clock, or has a field read it; not those that convert a given time."""
    tree = ast.parse(code)
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
def test_a_clock_is_seen(code, reads):
    assert bool(clocks(code)) == reads


@pytest.mark.parametrize("path", DOMAIN, ids=module)
def test_domain_code_has_no_clock_and_knows_no_request(path):
    text = path.read_text()

    assert clocks(text) == []
    assert "HttpRequest" not in text and "request." not in text


def test_no_signal_carries_a_rule_of_ours():
    assert not [path for path in MODULES if "django.db.models.signals" in path.read_text()]


def test_the_migrations_are_complete(db):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_migrations_are_named_for_what_they_do():
    for path in [*(ROOT / "services/migrations").glob("0*.py"), *(ROOT / "catalogue/migrations").glob("0*.py")]:
        assert "auto" not in path.stem


def test_the_repository_names_no_place_it_was_made_in():
    """No path of a machine and no address of a package mirror."""
    words = re.compile("/work" + "/|/root" + "/|find-" + "links|index-" + "url|/opt" + "/")
    for path in ROOT.rglob("*"):
        if path.is_file() and path.suffix in {".py", ".md", ".txt", ".toml", ".yaml", ".json", ".css", ".html", ""}:
            if {".git", ".venv", "var", "__pycache__", ".hypothesis", ".ruff_cache", "node_modules"} & set(path.parts):
                continue
            assert not words.search(path.read_text(errors="replace")), path
