"""A wrong variable stops the start with one sentence on what to do, and no sentence holds a secret."""

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from config import environment

ROOT = Path(__file__).resolve().parent.parent
LONG = "k" * 50
NAMES = ("ALLOWED_HOSTS", "ANSWERS_MIB", "BEHIND_PROXY", "DATABASE_URL", "DEBUG", "HTTPS", "PUBLIC_URL", "SECRET_KEY")


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the run of the tests itself has set is not what is asked about here."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("value", "default", "expected"),
    [
        (None, True, True),
        (None, False, False),
        ("", True, True),  # set to nothing is not set
        ("true", False, True),
        ("1", False, True),
        ("Yes", False, True),
        ("on", False, True),
        ("false", True, False),
        ("0", True, False),
        ("NO", True, False),
        (" off ", True, False),
    ],
)
def test_flag(monkeypatch: pytest.MonkeyPatch, value: str | None, default: bool, expected: bool):
    if value is not None:
        monkeypatch.setenv("DEBUG", value)

    assert environment.flag("DEBUG", default) is expected


@pytest.mark.parametrize("value", ["maybe", "2", "truee", "是"])
def test_flag_refuses_what_is_neither(monkeypatch: pytest.MonkeyPatch, value: str):
    monkeypatch.setenv("DEBUG", value)

    with pytest.raises(environment.Misconfigured, match=f"DEBUG 只能是 true 或 false，现在是“{value}”"):
        environment.flag("DEBUG", False)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("fw.example.cn", ["fw.example.cn"]),
        (" a.cn , b.cn,", ["a.cn", "b.cn"]),
        ("", ["localhost", "127.0.0.1", "[::1]", "testserver"]),
        (" , ", ["localhost", "127.0.0.1", "[::1]", "testserver"]),  # names nobody
    ],
)
def test_allowed_hosts_with_debug_on(monkeypatch: pytest.MonkeyPatch, value: str, expected: list[str]):
    monkeypatch.setenv("ALLOWED_HOSTS", value)

    assert environment.allowed_hosts(debug=True) == expected


@pytest.mark.parametrize("value", ["", " , "])
def test_allowed_hosts_are_demanded_with_debug_off(monkeypatch: pytest.MonkeyPatch, value: str):
    monkeypatch.setenv("ALLOWED_HOSTS", value)

    with pytest.raises(environment.Misconfigured, match="DEBUG 关闭时必须设置 ALLOWED_HOSTS"):
        environment.allowed_hosts(debug=False)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", ""),
        ("https://fw.example.cn", "https://fw.example.cn"),
        (" http://localhost:8000/ ", "http://localhost:8000"),
    ],
)
def test_a_public_url(monkeypatch: pytest.MonkeyPatch, value: str, expected: str):
    monkeypatch.setenv("PUBLIC_URL", value)

    assert environment.public_url() == expected


@pytest.mark.parametrize("value", ["fw.example.cn", "ftp://x", "https://a b", "https://fw.example.cn/sub", "https://"])
def test_a_public_url_is_a_scheme_and_a_host(monkeypatch: pytest.MonkeyPatch, value: str):
    monkeypatch.setenv("PUBLIC_URL", value)

    with pytest.raises(environment.Misconfigured, match="PUBLIC_URL 应是"):
        environment.public_url()


@pytest.mark.parametrize(("value", "mebibytes"), [("", 64), ("0", 0), (" 128 ", 128), ("65536", 65536)])
def test_a_memory_for_answers(monkeypatch: pytest.MonkeyPatch, value: str, mebibytes: int):
    monkeypatch.setenv("ANSWERS_MIB", value)

    assert environment.mebibytes("ANSWERS_MIB", 64) == mebibytes * 1024 * 1024


@pytest.mark.parametrize("value", ["-1", "64M", "1.5", "65537", "１"])
def test_a_memory_is_a_whole_number_of_mebibytes(monkeypatch: pytest.MonkeyPatch, value: str):
    monkeypatch.setenv("ANSWERS_MIB", value)

    with pytest.raises(environment.Misconfigured, match="ANSWERS_MIB 应是"):
        environment.mebibytes("ANSWERS_MIB", 64)


@pytest.mark.parametrize("key", ["", "k" * 49])  # 50 is what Django's deployment check asks for
def test_no_secret_key_but_a_long_one_is_usable_with_debug_off(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, key: str
):
    monkeypatch.setenv("SECRET_KEY", key)
    (tmp_path / "secret_key").write_text(LONG)  # a development key is none for production

    with pytest.raises(environment.Misconfigured, match="SECRET_KEY"):
        environment.secret_key(debug=False, folder=tmp_path)


@pytest.mark.parametrize("debug", [True, False])
def test_a_secret_key_given_is_used_and_nothing_is_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, debug: bool
):
    monkeypatch.setenv("SECRET_KEY", LONG)

    assert environment.secret_key(debug=debug, folder=tmp_path) == LONG
    assert list(tmp_path.iterdir()) == []


def test_the_development_key_is_made_once_and_is_nobody_elses(tmp_path: Path):
    folder = tmp_path / "var"

    key = environment.secret_key(debug=True, folder=folder)

    assert environment.secret_key(debug=True, folder=folder) == key
    assert environment.secret_key(debug=True, folder=tmp_path / "another") != key
    assert len(key) >= 50
    assert [path.name for path in folder.iterdir()] == ["secret_key"]
    assert stat.S_IMODE((folder / "secret_key").stat().st_mode) == 0o600


def test_half_a_development_key_is_refused(tmp_path: Path):
    (tmp_path / "secret_key").write_text("half")

    with pytest.raises(environment.Misconfigured, match="不完整：请删除这个文件"):
        environment.secret_key(debug=True, folder=tmp_path)


def test_a_development_key_that_cannot_be_written_is_one_sentence(tmp_path: Path):
    (tmp_path / "file").touch()

    with pytest.raises(environment.Misconfigured, match="无法读写开发密钥"):
        environment.secret_key(debug=True, folder=tmp_path / "file")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("", "/somewhere/var/catalogue.sqlite3"),
        ("sqlite:///var/x.sqlite3", str(ROOT / "var" / "x.sqlite3")),  # three slashes: from the project's folder
        ("sqlite:////srv/x.sqlite3", "/srv/x.sqlite3"),  # four: absolute
        ("sqlite:////srv/%E6%B8%85%E5%8D%95%20%3F.sqlite3", "/srv/清单 ?.sqlite3"),
        ("SQLite:////srv/x.sqlite3", "/srv/x.sqlite3"),  # a scheme's case means nothing
    ],
)
def test_a_sqlite_file(url: str, name: str):
    settings = environment.parse_database(url, folder=Path("/somewhere/var"))

    assert (settings["ENGINE"], settings["NAME"]) == ("django.db.backends.sqlite3", name)
    assert settings["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgres://u:p@h:5433/db", {"USER": "u", "PASSWORD": "p", "HOST": "h", "PORT": "5433", "NAME": "db"}),
        ("postgresql://u@h/db", {"USER": "u", "PASSWORD": "", "HOST": "h", "PORT": "", "NAME": "db"}),
        ("postgres://u:p%40%2F%23%3A%25@h/db", {"PASSWORD": "p@/#:%", "HOST": "h", "NAME": "db"}),
        ("postgres://u:p@[::1]:5433/db", {"HOST": "::1", "PORT": "5433"}),
        ("postgres://u@%2Frun%2FPostgres/db", {"HOST": "/run/Postgres"}),  # a socket's folder keeps its case
        ("postgres://u:@/db?host=/run/Postgres", {"HOST": "/run/Postgres", "USER": "u"}),
        ("postgres:///%E6%B8%85%E5%8D%95", {"HOST": "", "NAME": "清单"}),
    ],
)
def test_a_postgresql(url: str, expected: Mapping[str, str]):
    settings = environment.parse_database(url, folder=Path("/somewhere/var"))

    assert settings["ENGINE"] == "django.db.backends.postgresql"
    assert {key: settings[key] for key in expected} == expected


def test_what_a_postgresql_is_asked_besides_goes_to_its_driver():
    settings = environment.parse_database("postgres://h/db?sslmode=require", folder=Path("/somewhere/var"))

    assert settings["OPTIONS"] == {"connect_timeout": environment.CONNECT_TIMEOUT, "sslmode": "require"}


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://u:geheim@h/db", "类型“mysql”不可用"),
        ("postgis://u:geheim@h/db", "类型“postgis”不可用"),
        ("geheim", "不是一个数据库地址"),  # perhaps a password set in the wrong variable
        ("u:geheim@h/db", "不是一个数据库地址"),
        ("ge heim://x", "不是一个数据库地址"),
        ("postgres://u:geheim@h", "没有写明库名"),
        ("postgres://u:geheim@h/", "没有写明库名"),
        ("postgres://u:geheim@h:port/db", "检查端口"),
        ("postgres://u:geheim@h:99999/db", "检查端口"),
        ("postgres://u:geheim#x@h/db", "百分号编码"),
        ("postgres://u:12#geheim@h/db", "百分号编码"),
        ("postgres://u:geheim/x@h/db", "百分号编码"),
        ("postgres://u:[geheim@h/db", "百分号编码"),
        ("postgres://u:geheim@h/db?sslmode", "写错了"),
        ("postgres://u:geheim x@h/db", "空格或控制字符"),
        ("postgres://u:geheim@h/d%00b", "空格或控制字符"),
        ("sqlite:x.sqlite3", "不是一个数据库地址"),
        ("sqlite://x.sqlite3", "三个斜杠"),
        ("sqlite:///", "没有写明数据库文件"),
        ("sqlite:////srv/", "没有写明数据库文件"),
        ("sqlite:///x.sqlite3?geheim=1", "写成 %3F"),
    ],
)
def test_a_wrong_database_url_is_one_sentence_without_its_password(url: str, sentence: str):
    with pytest.raises(environment.Misconfigured, match=sentence) as refused:
        environment.parse_database(url, folder=Path("/somewhere/var"))

    assert "DATABASE_URL" in str(refused.value)
    assert "geheim" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert "\n" not in str(refused.value)


def test_the_default_database_has_its_folder_made_and_no_file(tmp_path: Path):
    environment.database(tmp_path / "var")

    assert list((tmp_path / "var").iterdir()) == []


def make_file(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return f"sqlite:///{path}"


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda folder: f"sqlite:///{folder}/none/x.sqlite3", "不存在：请先建立它"),
        (lambda folder: f"sqlite:///{folder}", "指向文件夹"),
        (lambda folder: "sqlite:////proc/x.sqlite3", "不能写入"),  # not even by root
        (lambda folder: make_file(folder / "text.txt", b"not a database"), "不是 SQLite 数据库"),
        (lambda folder: "sqlite:///:memory:", "内存中的数据库"),
        (lambda folder: "postgres://u:geheim@127.0.0.1:1/db", "连不上 DATABASE_URL 所指的 PostgreSQL"),
        (lambda folder: "postgres://u:geheim@127.0.0.1:1/db?geheim=1", "连不上 DATABASE_URL 所指的 PostgreSQL"),
    ],
)
def test_a_database_that_cannot_be_used_is_one_sentence_and_nothing_is_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, make, sentence: str
):
    monkeypatch.setenv("DEBUG", "true")
    monkeypatch.setenv("DATABASE_URL", make(tmp_path))
    before = sorted(tmp_path.rglob("*"))

    with pytest.raises(environment.Misconfigured, match=sentence) as refused:
        environment.check(tmp_path / "var")

    assert "geheim" not in str(refused.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_check_takes_debug_for_off_unless_it_is_asked_for(tmp_path: Path):
    with pytest.raises(environment.Misconfigured, match="必须设置 SECRET_KEY"):
        environment.check(tmp_path / "var")


def test_a_check_that_finds_nothing_wrong_makes_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("DEBUG", "true")

    settings = environment.check(tmp_path / "var")

    assert settings["NAME"] == str(tmp_path / "var" / "catalogue.sqlite3")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone in which nothing was started yet: the one the tests run in may have a development key."""
    clone = tmp_path_factory.mktemp("a clone")
    for name in ("config", "services", "catalogue", "fixtures"):
        shutil.copytree(ROOT / name, clone / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "manage.py", clone)
    return clone


@pytest.fixture
def prepared(clone: Path) -> Iterator[Path]:
    """The clone as ``scripts/serve`` leaves it, as far as a command can see."""
    environment.secret_key(debug=True, folder=clone / "var")
    yield clone
    shutil.rmtree(clone / "var")


def run_python(clone: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess:
    """Run this Python in a clone, with no variable of ours but those given."""
    kept = {key: value for key, value in os.environ.items() if key not in (*NAMES, "DJANGO_SETTINGS_MODULE")}
    return subprocess.run(  # noqa: S603 - our own words
        [sys.executable, *arguments],
        env={**kept, **variables, "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=clone,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def assert_one_sentence(found: subprocess.CompletedProcess, sentence: str) -> None:
    assert (found.returncode, found.stdout, len(found.stderr.splitlines())) == (1, "", 1)
    assert sentence in found.stderr


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({}, "SECRET_KEY"),  # DEBUG is off unless asked for
        ({}, "先运行 scripts/serve"),
        ({"DEBUG": "false", "ALLOWED_HOSTS": "fw.example.cn"}, "SECRET_KEY"),
        ({"DEBUG": "false", "SECRET_KEY": LONG}, "ALLOWED_HOSTS"),
        ({"DEBUG": "perhaps"}, "DEBUG"),
        ({"DEBUG": "true", "SECRET_KEY": LONG, "DATABASE_URL": "mysql://u:geheim@h/db"}, "DATABASE_URL"),
    ],
)
def test_manage_says_what_is_wrong_in_one_sentence(clone: Path, variables: Mapping[str, str], sentence: str):
    found = run_python(clone, "manage.py", "check", **variables)

    assert_one_sentence(found, sentence)
    assert "geheim" not in found.stderr


SETTINGS = "from django.conf import settings as s; print(s.DEBUG, s.SECRET_KEY, s.DATABASES['default']['NAME'])"


@pytest.mark.parametrize("variables", [{}, {"DEBUG": ""}, {"DEBUG": "true"}])  # set to nothing is not set
def test_manage_does_as_serve_in_a_clone_it_prepared(prepared: Path, variables: Mapping[str, str]):
    found = run_python(prepared, "manage.py", "shell", "-v", "0", "-c", SETTINGS, **variables)

    key = (prepared / "var" / "secret_key").read_text()
    assert found.stdout.splitlines() == [f"True {key} {prepared / 'var' / 'catalogue.sqlite3'}"], found.stderr


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"DEBUG": "false"}, "必须设置 SECRET_KEY"),
        ({"DEBUG": " "}, "必须设置 SECRET_KEY"),
        ({"SECRET_KEY": LONG}, "必须设置 ALLOWED_HOSTS"),
        ({"ALLOWED_HOSTS": "fw.example.cn"}, "必须设置 SECRET_KEY"),
        ({"DATABASE_URL": "postgres://h/db"}, "必须设置 SECRET_KEY"),
    ],
)
def test_manage_takes_nothing_for_granted_where_something_is_set(
    prepared: Path, variables: Mapping[str, str], sentence: str
):
    assert_one_sentence(run_python(prepared, "manage.py", "check", **variables), sentence)


def test_a_server_takes_nothing_for_granted(prepared: Path):
    found = run_python(prepared, "-c", "import config.wsgi")

    assert found.returncode == 1
    assert "ImproperlyConfigured: DEBUG 关闭时必须设置 SECRET_KEY" in found.stderr


@pytest.mark.parametrize("command", [[], ["verify"], ["createsuperuser"]])
def test_a_python_without_the_packages_is_told_which_to_use(clone: Path, command: list[str]):
    # -S: a Python that sees no installed package.
    assert_one_sentence(
        run_python(clone, "-S", "manage.py", *command),
        f"没有装本项目所需的包：请改用 {clone / '.venv/bin/python'} manage.py",
    )
