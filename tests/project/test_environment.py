"""Environment variables: a wrong value stops the start with one sentence, which contains no secret."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import environment

LONG = "k" * 50
READ = {
    "DEBUG": lambda: environment.flag("DEBUG", True),
    "ALLOWED_HOSTS": lambda: environment.allowed_hosts(debug=True),
    "ANSWERS_MIB": lambda: environment.integer("ANSWERS_MIB", 64, 0, 65536),
    "DATABASE_URL": environment.database,
    "PUBLIC_URL": environment.public_url,
    "SECURITY_CONTACT": environment.security_contact,
    "SECRET_KEY": lambda: environment.secret_key(debug=False),
}
SQLITE, FILE = "django.db.backends.sqlite3", str(environment.BASE / "var" / "x.sqlite3")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("DEBUG", "", True),  # empty counts as not set
        ("DEBUG", "Yes", True),
        ("DEBUG", " off ", False),
        ("DEBUG", "0", False),
        ("ALLOWED_HOSTS", " a.cn , b.cn,", ["a.cn", "b.cn"]),
        ("ALLOWED_HOSTS", " , ", environment.LOCAL_HOSTS),  # no name in it
        ("ANSWERS_MIB", "", 64),
        ("ANSWERS_MIB", " 65536 ", 65536),
        ("PUBLIC_URL", "", ""),
        ("PUBLIC_URL", " http://localhost:8000/ ", "http://localhost:8000"),
        ("SECURITY_CONTACT", "", ""),
        ("SECURITY_CONTACT", " mailto:security@fw.example.cn ", "mailto:security@fw.example.cn"),
        ("SECURITY_CONTACT", "https://fw.example.cn/security", "https://fw.example.cn/security"),
        ("SECRET_KEY", LONG, LONG),
        ("DATABASE_URL", "", {"ENGINE": SQLITE, "NAME": str(environment.BASE / "var" / "catalogue.sqlite3")}),
        ("DATABASE_URL", "sqlite:///var/x.sqlite3", {"ENGINE": SQLITE, "NAME": FILE}),  # from the project's folder
        ("DATABASE_URL", "sqlite:////srv/%E6%B8%85%20%3F.db", {"NAME": "/srv/清 ?.db"}),  # four slashes: absolute
        ("DATABASE_URL", "postgres://u:p@h:5433/db", {"USER": "u", "PASSWORD": "p", "PORT": 5433, "NAME": "db"}),
        ("DATABASE_URL", "postgresql://u:p%40%2F%23%3A%25@h/db", {"PASSWORD": "p@/#:%", "HOST": "h", "NAME": "db"}),
        ("DATABASE_URL", "postgres://u:p@[::1]:5433/db", {"HOST": "::1", "PORT": 5433}),
        ("DATABASE_URL", "postgres://u@%2Frun%2Fpostgres/db", {"HOST": "/run/postgres"}),
        ("DATABASE_URL", "postgres:///db?host=/run/X", {"OPTIONS": {"connect_timeout": 5, "host": "/run/X"}}),
        ("DATABASE_URL", "postgres://h/db?sslmode=require", {"OPTIONS": {"connect_timeout": 5, "sslmode": "require"}}),
    ],
)
def test_a_variable_is_parsed(monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: object):
    monkeypatch.setenv(name, value)

    value = READ[name]()

    assert ({key: value[key] for key in expected} if isinstance(expected, dict) else value) == expected


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("DEBUG", ["maybe", "2", "truee", "是"]),
        ("ANSWERS_MIB", ["-1", "64M", "1.5", "65537", "１"]),
        ("PUBLIC_URL", ["fw.example.cn", "ftp://x", "https://a b", "https://fw.example.cn/sub", "https://"]),
        ("SECURITY_CONTACT", ["security@fw.example.cn", "http://fw.example.cn/", "mailto:a b", "mailto:nobody"]),
        ("SECRET_KEY", ["", "k" * 49]),  # Django's deployment check requires 50
        ("DATABASE_URL", ["mysql://u:geheim@h/db", "postgis://u:geheim@h/db", "geheim", "geheim://x"]),
        ("DATABASE_URL", ["postgres://u:geheim@h", "postgres://u:geheim@h/", "postgres://u:geheim@h:port/db"]),
        # Passwords with special characters that are not percent-encoded:
        ("DATABASE_URL", ["postgres://u:12#geheim@h/db", "postgres://u:geheim/x@h/db", "postgres://u:12/geheim@h/db"]),
        ("DATABASE_URL", ["postgres://u:[geheim@h/db", "postgres://u:geheim@h/d@b"]),
        # Workers cannot share an in-memory database:
        ("DATABASE_URL", ["sqlite://x.sqlite3", "sqlite:///", "sqlite:///:memory:", "sqlite://:memory:"]),
    ],
)
def test_a_wrong_variable_raises_one_sentence_without_the_password(
    monkeypatch: pytest.MonkeyPatch, name: str, values: list[str]
):
    for value in values:
        monkeypatch.setenv(name, value)

        with pytest.raises(ImproperlyConfigured, match=f"{name}.*[。：]") as raised:
            READ[name]()

        assert "geheim" not in str(raised.value) and raised.value.__context__ is None


def test_the_development_key_is_made_once_and_readable_by_its_owner_only(monkeypatch, tmp_path: Path):
    monkeypatch.setattr(environment, "VAR", tmp_path / "var")
    monkeypatch.delenv("SECRET_KEY")

    key = environment.secret_key(debug=True)

    assert len(key) >= 50
    assert environment.secret_key(debug=True) == key
    assert stat.S_IMODE((tmp_path / "var" / "secret_key").stat().st_mode) == 0o600
    (tmp_path / "var" / "secret_key").write_text("half")
    with pytest.raises(ImproperlyConfigured, match="不完整：请删除这个文件"):
        environment.secret_key(debug=True)


@pytest.mark.parametrize(
    ("variables", "debug"), [({}, "true"), ({"DEBUG": "false"}, "false"), ({"SECRET_KEY": LONG}, None)]
)
def test_manage_turns_debug_on_if_nothing_is_set_and_serve_has_run(monkeypatch, tmp_path, variables, debug):
    monkeypatch.setattr(environment, "VAR", tmp_path)
    monkeypatch.setattr(os, "environ", dict(variables))
    environment.default_to_development()
    assert os.environ == variables  # scripts/serve has not run yet

    (tmp_path / "secret_key").write_text(LONG)
    environment.default_to_development()
    assert os.environ.get("DEBUG") == debug


@pytest.mark.long
@pytest.mark.parametrize(
    ("arguments", "variables", "sentence"),
    [
        ([], {"SECRET_KEY": ""}, "必须设置 SECRET_KEY"),
        ([], {"ALLOWED_HOSTS": ""}, "必须设置 ALLOWED_HOSTS"),
        ([], {"DATABASE_URL": "mysql://u:geheim@h/db"}, "DATABASE_URL 写错了"),
        (["-S"], {}, "没有装本项目所需的包：请改用"),  # -S: Python without site-packages
    ],
)
def test_manage_reports_a_wrong_setting_in_one_sentence(arguments: list[str], variables: dict[str, str], sentence: str):
    variables = os.environ | {"PYTHONUTF8": "1", "DEBUG": "false", "SECRET_KEY": LONG, "ALLOWED_HOSTS": "x"} | variables
    command = [sys.executable, *arguments, "manage.py", "check"]
    completed = subprocess.run(command, env=variables, cwd=environment.BASE, capture_output=True, encoding="utf-8")  # noqa: S603

    assert (completed.returncode, completed.stdout, len(completed.stderr.splitlines())) == (1, "", 1)
    assert sentence in completed.stderr and "geheim" not in completed.stderr
