"""The programs in docs/entitlements.md: runs the example loops that ask until no outcome is undecided."""

import json
import re
import shutil
import sys

import pytest

from tests.support.live_server import run_client
from tests.support.paths import ROOT

pytestmark = pytest.mark.long

DOCUMENT = (ROOT / "docs" / "entitlements.md").read_text()
PROGRAMS = {
    "python": sys.executable,
    "javascript": shutil.which("node"),
    "bash": shutil.which("jq") and shutil.which("bash"),
}
LOOPS = {name: re.search(rf"```{name}\n(.*?)```", DOCUMENT, re.DOTALL)[1] for name in PROGRAMS}
ADDRESS = "http://127.0.0.1:8000"
PATH = "/api/v1/entitlements/"
PERSON = {"age": 70, "residence": "rural", "months_resident": 240, "household": ["dibao"], "education_stage": "none"}


NOT_TOLD = "legal_matter"


def expected_lines(client) -> tuple[list[str], list[str]]:
    """Return the answers that a person types, and the sentences that the program prints.

    The first answer is wrong twice, and one fact is not told.
    """
    circumstances, unanswered, typed, group = {}, [], ["seventy", "999"], None
    while True:
        body = json.dumps({"circumstances": circumstances, "unanswered": unanswered})
        response = client.post(PATH, data=body, content_type="application/json").json()
        expected = response["questions"][: response["remaining"]["facts"]]
        page = [question for question in expected if question["group"] == group]
        question = next(iter(page or expected), None)
        if question is None:
            return typed, [result["sentence"] for result in response["results"] if "benefit" in result]
        group = question["group"]
        if question["fact"] == NOT_TOLD:
            unanswered.append(NOT_TOLD)
            typed.append("?")
            continue
        default = {"integer": question.get("minimum", 0), "boolean": False, "choices": []}
        value = PERSON.get(question["fact"], default.get(question["type"], next(iter(question["choices"] or ["?"]))))
        circumstances[question["fact"]] = value
        typed.append(
            " ".join(value) if isinstance(value, list) else value if isinstance(value, str) else json.dumps(value)
        )


@pytest.mark.parametrize("language", LOOPS)
def test_a_loop_survives_bad_input_and_says_every_entitlement(client, db, settings, tmp_path, language):
    command = PROGRAMS[language]
    if command is None:
        pytest.skip(f"Node, or jq, is not here, so the loop in {language} could not be run.")
    settings.ALLOWED_HOSTS = ["127.0.0.1", "testserver"]
    typed, sentences = expected_lines(client)
    script = tmp_path / "loop"

    def loop(address: str) -> list[str]:
        script.write_text(LOOPS[language].replace(ADDRESS, address))
        return [command, str(script)]

    output = run_client(loop, typed="\n".join(typed) + "\n")
    assert "?" in typed
    assert len(sentences) > 17
    assert [sentence for sentence in sentences if sentence not in output] == []
    assert any("老年人健康管理" in sentence for sentence in sentences)


@pytest.mark.parametrize("language", LOOPS)
def test_a_loop_is_short(language):
    assert len(LOOPS[language].splitlines()) <= 30


def test_an_agency_asks_for_each_family_of_its_register(client, db, settings, tmp_path):
    settings.ALLOWED_HOSTS = ["127.0.0.1", "testserver"]
    program = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)[1]
    script = tmp_path / "register"
    families = [
        {"household": {"migrant": False}, "persons": [{"id": id_, "circumstances": {"age": age}}]}
        for id_, age in (("old", 70), ("young", 9))
    ]

    def command(address: str) -> list[str]:
        script.write_text(program.replace(ADDRESS, address))
        return [sys.executable, str(script)]

    output = run_client(command, typed="".join(json.dumps(family) + "\n" for family in families)).splitlines()
    assert any(line.startswith("old NM-05-01 符合“老年人健康管理”的条件") for line in output)
    assert not any(line.startswith("young NM-05-01") for line in output)
