"""The READMEs and ``docs/``: examples are answered as shown; links, commands and URLs exist."""

import hashlib
import importlib.util
import json
import re
import shlex
from itertools import pairwise

import pytest
from django.core.management import get_commands
from django.urls import resolve

from bench import reporting
from catalogue.api import root
from tests.support.paths import ROOT

SITE = "http://127.0.0.1:8000"
PAGES = {
    str(path.relative_to(ROOT)): path.read_text()
    for path in (*sorted(ROOT.glob("README*.md")), *sorted((ROOT / "docs").glob("*.md")))
}
CHINESE, ENGLISH = PAGES["README.zh-CN.md"], PAGES["README.md"]
# A curl command, its output in the terminal, and its JSON.
EXAMPLE = re.compile(r"```console\n\$ (curl (?:[^\\\n]|\\\n)+)\n(.*?)```(?:\n```json\n(.*?)```)?", re.DOTALL)
EXAMPLES = sorted({found for text in PAGES.values() for found in EXAMPLE.findall(text)})
LEFT_OUT = "…"
# Fields whose values differ for every receipt.
OWN = {"receipt", "at", "url"}


def send(client, command: str):
    """Send the request of a curl command, with the host that it names."""
    words = shlex.split(command.replace("\\\n", ""))
    (path,) = (word.removeprefix(SITE) for word in words if word.startswith(SITE))
    headers = dict(word.split(": ", 1) for flag, word in pairwise(words) if flag == "-H")
    headers["Host"] = SITE.removeprefix("http://")
    bodies = [word for flag, word in pairwise(words) if flag == "-d"]
    if not bodies:
        return client.get(path, headers=headers)
    return client.generic("POST", path, *bodies, content_type=headers.pop("Content-Type"), headers=headers)


def is_shown(shown: object, answer: object) -> bool:
    """Return whether an answer is as shown; ``…`` stands for omitted members or items, or for any value."""
    if isinstance(shown, dict) and isinstance(answer, dict):
        names = shown.keys() - {LEFT_OUT}
        is_whole = LEFT_OUT not in shown
        return all(name in answer and is_shown(shown[name], answer[name]) for name in names) and (
            not is_whole or names == answer.keys()
        )
    if isinstance(shown, list) and isinstance(answer, list):
        if LEFT_OUT in shown:
            return all(any(is_shown(item, other) for other in answer) for item in shown if item != LEFT_OUT)
        return len(shown) == len(answer) and all(map(is_shown, shown, answer))
    return shown in (answer, LEFT_OUT)


@pytest.mark.parametrize(
    ("shown", "answer", "expected"),
    [
        ({"a": 1}, {"a": 1}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": 1, "…": "…"}, {"a": 1, "b": 2}, True),
        ({"a": 1, "…": "…"}, {"b": 2}, False),
        ([1, "…"], [1, 2], True),
        (["…", 3], [1, 2], False),
        ([1], [1, 2], False),
        ([1, 2], [2, 1], False),
        ("…", "any", True),
        (None, "", False),
    ],
)
def test_only_omitted_parts_may_differ(shown, answer, expected):
    assert is_shown(shown, answer) is expected


@pytest.mark.parametrize(("command", "printed", "shown"), EXAMPLES, ids=[command for command, *_ in EXAMPLES])
def test_an_example_is_answered_as_shown(client, db, command, printed, shown):
    response = send(client, command)

    if printed:
        assert command.endswith("| sha256sum")
        assert printed == f"{hashlib.sha256(response.getvalue()).hexdigest()}  -\n"
    elif not shown:
        assert response.status_code == 200
    elif response.status_code == 201:
        answer, shown = response.json(), json.loads(shown)
        assert answer | {name: shown[name] for name in OWN} == shown
        assert {name: len(answer[name]) for name in OWN} == {name: len(shown[name]) for name in OWN}
        assert shown["url"].endswith(f"/{shown['receipt']}/")
    else:
        assert is_shown(json.loads(shown), response.json()), response.json()


def test_both_readmes_have_the_same_examples():
    blocks = re.findall(r"```.*?```", ENGLISH, re.DOTALL)

    assert len(EXAMPLE.findall(ENGLISH)) == 4
    assert re.findall(r"```.*?```", CHINESE, re.DOTALL) == blocks


@pytest.mark.parametrize("page", PAGES)
def test_every_link_of_a_page_exists(page):
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", PAGES[page])

    assert [name for name in targets if "://" not in name and not (ROOT / page).parent.joinpath(name).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_exists(page):
    commands = set(re.findall(r"manage\.py ([a-z_]+)", PAGES[page]))
    modules = set(re.findall(r"-m ((?:bench|tests)\.[\w.]+\w)", PAGES[page]))

    assert commands <= get_commands().keys()
    assert [name for name in modules if importlib.util.find_spec(name) is None] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_url_path_of_a_page_exists(page):
    paths = re.findall(r"`(/[a-z][^`?{}…\s]*)", PAGES[page])

    assert [path for path in paths if resolve(path).func is root.not_found] == []


def test_the_performance_figures_match_their_results_file():
    shown = PAGES["docs/performance.md"].partition("<!-- bench -->\n")[2].partition("<!-- /bench -->")[0].strip()
    # Not the newest file: a local run writes results too, which the page does not show.
    results = ROOT / "bench" / "results" / f"{shown.partition(',')[0]}.json"

    assert shown == reporting.markdown(json.loads(results.read_text())).strip()


def test_every_setting_is_in_the_table():
    code = "".join(
        path.read_text() for folder in ("config", "scripts") for path in (ROOT / folder).glob("*") if path.is_file()
    )
    variables = set(re.findall(r'\b(?:env|environ|flag|integer|words|mebibytes)(?:\.\w+)?[(\[]\s*"([A-Z_]+)"', code))
    rows = [line.split("|")[1] for line in PAGES["docs/operations.md"].splitlines() if line.startswith("| `")]

    assert "DATABASE_URL" in variables
    assert variables - {"DJANGO_SETTINGS_MODULE"} <= set(re.findall(r"`([A-Z_]+)`", " ".join(rows)))
