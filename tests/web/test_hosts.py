"""Requests for a host that is not ours: the response and the line in the log."""

import json
import os
import subprocess
import sys

import pytest

from tests.support.paths import ROOT

BAD_HOSTS = ["x", "evil.example", "", "a b", "fw.example.cn.evil", "x" * 10_000, "a\nb\r\x1b[31m\0", "é\u0085\u2028"]
PATHS = ["/api/v1/", "/api/v1/services/", "/id/services/NM-05-01", "/llms.txt", "/admin/", "/", "/static/x"]
# Requests every path with every bad host, in a process of its own, because its logging is tested too.
ASK = """
import json, sys
import django
django.setup()
from django.conf import settings
from django.test import Client
client = Client(raise_request_exception=False)
answers = []
for host in json.loads(sys.argv[1]):
    for path in json.loads(sys.argv[2]):
        answer = client.get(path, HTTP_HOST=host, HTTP_COOKIE="csrftoken=y; sessionid=x")
        for_one_visitor = bool(answer.cookies) or "Cookie" in answer.get("Vary", "")
        answers.append((path, answer.status_code, answer["Content-Type"], for_one_visitor, answer.content.decode()))
print(json.dumps(answers))
"""


@pytest.fixture(scope="module", params=["DEBUG", "DEBUG off", "DEBUG off, HTTPS"])
def asked(request, tmp_path_factory) -> subprocess.CompletedProcess:
    variables = {
        "DATABASE_URL": f"sqlite:///{tmp_path_factory.mktemp('hosts')}/none.sqlite3",
        "DEBUG": str(request.param == "DEBUG").lower(),
        "HTTPS": str("HTTPS" in request.param).lower(),
        "SECRET_KEY": "s" * 50,
        "ALLOWED_HOSTS": "fw.example.cn",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONUTF8": "1",
    }
    return subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-W", "error", "-c", ASK, json.dumps(BAD_HOSTS), json.dumps(PATHS)],
        cwd=ROOT,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )


def test_a_bad_host_is_a_problem_for_programs_and_a_page_for_people(asked):
    answers = json.loads(asked.stdout)

    assert len(answers) == len(BAD_HOSTS) * len(PATHS)
    for path, status, kind, for_one_visitor, text in answers:
        assert status == 400
        assert not for_one_visitor, path
        assert (kind == "application/problem+json") == (path not in {"/admin/", "/", "/static/x"}), path
        # No settings and no code in the page, also under DEBUG.
        assert not [word for word in ("ALLOWED_HOSTS", "SECRET_KEY", "Traceback", "INSTALLED_APPS") if word in text]


def test_a_bad_host_is_logged_in_one_short_line(asked):
    lines = asked.stderr.splitlines()

    assert len(lines) == len(BAD_HOSTS) * len(PATHS)
    for line in lines:
        assert " WARNING django.security.DisallowedHost: Refused host: " in line
        assert len(line) < 300
        assert line.isprintable() and line.isascii()


@pytest.mark.parametrize("host", ["10.0.0.7:8080", "[fd00::1]:8080", "evil.example", "a b", ""])
@pytest.mark.parametrize("names", [["fw.example.cn"], [".example.cn"], ["*"]])
@pytest.mark.parametrize("probe", ["/healthz", "/readyz"])
def test_probes_answer_under_any_host(client, db, settings, probe, names, host):
    settings.ALLOWED_HOSTS = names

    assert client.get(probe, headers={"Host": host}).json()["status"] == "ok"


def test_other_addresses_that_begin_like_a_probe_stay_strict(client, db, settings):
    settings.ALLOWED_HOSTS = ["fw.example.cn"]

    assert client.get("/healthz/", headers={"Host": "10.0.0.7"}).status_code == 400
