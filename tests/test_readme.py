"""What the README shows is what is answered, and what it names is there."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from bench import reporting

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
EXAMPLES = re.findall(r"\$ curl -s 'http://127\.0\.0\.1:8000(/[^']*)'\n```\n```json\n(.*?)```", README, re.DOTALL)
SENT = re.findall(r"-d '([^']*)' 'http://127\.0\.0\.1:8000(/[^']*)'\n```\n```json\n(.*?)```", README, re.DOTALL)


def test_there_are_six_examples():
    assert len(EXAMPLES) == 6


@pytest.mark.parametrize(("path", "answer"), EXAMPLES, ids=[path for path, _ in EXAMPLES])
def test_an_example_is_answered_as_shown(client, db, path, answer):
    assert client.get(path).json() == json.loads(answer)


def test_a_message_is_received_as_shown(client, db):
    ((body, path, shown),) = SENT

    response = client.post(path, data=body, content_type="application/json")

    answer, shown = response.json(), json.loads(shown)
    assert response.status_code == 201
    assert list(answer) == list(shown)
    assert {name for name in shown if answer[name] != shown[name]} == {"receipt", "at", "url"}
    assert shown["url"].endswith(f"{path}{shown['receipt']}/")
    assert len(shown["receipt"]) == len(answer["receipt"])


def test_the_digest_shown_is_the_one_of_the_edition_in_force(client, db):
    path, digest = re.search(r"8000(\S+)' \| sha256sum\n([0-9a-f]{64})", README).groups()

    assert hashlib.sha256(client.get(path).content).hexdigest() == digest


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\((docs/[^)]+)\)", README))))
def test_a_picture_is_there(path):
    assert (ROOT / path).is_file()


def test_the_figures_are_those_of_the_day_they_name():
    shown = README.partition("<!-- bench -->\n")[2].partition("<!-- /bench -->")[0].strip()
    # Not the newest: a run of one's own leaves results too, and nothing is said of them.
    results = ROOT / "bench" / "results" / f"{shown.partition(',')[0]}.json"

    assert shown == reporting.markdown(json.loads(results.read_text())).strip()


def test_every_setting_is_in_the_table():
    code = "".join(
        path.read_text() for folder in ("config", "scripts") for path in (ROOT / folder).glob("*") if path.is_file()
    )
    read = set(re.findall(r'(?:environ\.get|flag|words|mebibytes)\(\s*"([A-Z_]+)"', code)) - {"DJANGO_SETTINGS_MODULE"}
    rows = " ".join(line.split("|")[1] for line in README.splitlines() if line.startswith("| `"))

    assert read
    assert read <= set(re.findall(r"`([A-Z_]+)`", rows))
