"""The clients in docs/api.md: the loops that ask until nothing is undecided are run as they stand there."""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.loopback import told_by

API = (Path(__file__).resolve().parent.parent / "docs" / "api.md").read_text()
LOOPS = {name: re.search(rf"```{name}\n(.*?)```", API, re.DOTALL)[1] for name in ("python", "javascript")}
ADDRESS = "http://127.0.0.1:8000"
PATH = "/api/v1/entitlements/"
PERSON = {"age": 70, "residence": "rural", "months_resident": 240, "household": ["dibao"], "education_stage": "none"}


def lines_of(client) -> tuple[list[str], list[str]]:
    """What a person types when asked on, and the names of the services he or she is told in the end."""
    known, typed = {}, []
    while True:
        body = json.dumps({"circumstances": known})
        answer = client.post(PATH, data=body, content_type="application/json").json()
        asked = answer["next_question"]
        if asked is None:
            names = [each["service"]["name"] for each in answer["results"] if each["outcome"] == "eligible"]
            return typed, names
        otherwise = {"integer": asked.get("minimum", 0), "boolean": False, "choices": []}
        said = PERSON.get(asked["fact"], otherwise.get(asked["type"], next(iter(asked["choices"] or ["?"]))))
        known[asked["fact"]] = said
        typed.append(" ".join(said) if isinstance(said, list) else said if isinstance(said, str) else json.dumps(said))


@pytest.mark.parametrize("language", LOOPS)
def test_a_loop_asks_on_and_tells_in_the_end(client, db, settings, tmp_path, language):
    command = {"python": sys.executable, "javascript": shutil.which("node")}[language]
    if command is None:
        pytest.skip("Node is not here, so the loop in JavaScript could not be run.")
    settings.ALLOWED_HOSTS = ["127.0.0.1", "testserver"]
    typed, names = lines_of(client)
    script = tmp_path / "loop"

    def loop(address: str) -> list[str]:
        script.write_text(LOOPS[language].replace(ADDRESS, address))
        return [command, str(script)]

    output = told_by(loop, typed="\n".join(typed) + "\n")
    assert len(names) > 17
    assert [name for name in names if name not in output] == []
    assert "老年人健康管理" in names
