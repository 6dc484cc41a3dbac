"""Reads the environment variables the settings depend on, and says in one sentence what is wrong with one.

Standard library only, so that it can be asked before anything is installed: ``scripts/serve`` asks it first of all.
psycopg is used where it is there, to try a PostgreSQL's password as well as its address.
"""

import os
import re
import secrets
import socket
import tempfile
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

BASE = Path(__file__).resolve().parent.parent
VAR = BASE / "var"
FORMS = "可用的写法：sqlite:///路径/文件.sqlite3 或 postgres://用户:密码@主机:5432/库名。"
TRIAL = "只在本机试用，什么都不必设：先运行 scripts/serve，此后 manage.py 用同一个数据库和密钥。"
# Where libpq's own parameters say the same as a part of the URL.
PARTS = {"dbname": "NAME", "host": "HOST", "password": "PASSWORD", "port": "PORT", "user": "USER"}
# Django 5.2 supports no older ones: https://docs.djangoproject.com/en/5.2/ref/databases/
OLDEST_SQLITE = (3, 31)
OLDEST_POSTGRESQL = 14
# Seconds; a server that does not answer in this time is told as unreachable.
CONNECT_TIMEOUT = 5


# What says how a service is run: with any of them set, nothing is taken for granted.
DECIDING = ("ALLOWED_HOSTS", "DATABASE_URL", "DEBUG", "SECRET_KEY")


class Misconfigured(Exception):
    """An environment variable that cannot be used; the message says what to do about it, and holds no secret."""


def flag(name: str, default: bool) -> bool:
    """Return a yes/no variable. Raises Misconfigured for anything but true/false, 1/0, yes/no, on/off."""
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    if value.lower() in {"1", "true", "yes", "on"}:
        return True
    if value.lower() in {"0", "false", "no", "off"}:
        return False
    raise Misconfigured(f"{name} 只能是 true 或 false，现在是“{value}”。")


def mebibytes(name: str, default: int) -> int:
    """Return a variable that is a number of mebibytes, in bytes. Raises Misconfigured for anything but 0 to 65536."""
    value = os.environ.get(name, "").strip() or str(default)
    if not re.fullmatch("[0-9]{1,5}", value) or int(value) > 65536:
        raise Misconfigured(f"{name} 应是 0 到 65536 的整数（MiB），现在是“{value}”，例如 {name}={default}。")
    return int(value) * 1024 * 1024


def words(name: str) -> list[str]:
    """Return a comma-separated variable as a list, without empty items."""
    return [word.strip() for word in os.environ.get(name, "").split(",") if word.strip()]


def default_to_development(folder: Path) -> None:
    """Turn ``DEBUG`` on for ``manage.py`` where nothing is set and ``scripts/serve`` has run: it does the same there.

    The development key under ``folder`` shows that it has. A server that loads ``config.wsgi`` does not ask this.
    """
    if not any(os.environ.get(name) for name in DECIDING) and (folder / "secret_key").exists():
        os.environ["DEBUG"] = "true"


def allowed_hosts(*, debug: bool) -> list[str]:
    """Return ``ALLOWED_HOSTS``; this machine's names with ``DEBUG`` on. Raises Misconfigured if none is named."""
    hosts = words("ALLOWED_HOSTS")
    if hosts:
        return hosts
    if debug:
        return ["localhost", "127.0.0.1", "[::1]", "testserver"]
    raise Misconfigured(
        f"DEBUG 关闭时必须设置 ALLOWED_HOSTS（对外的主机名，用逗号分隔），例如 ALLOWED_HOSTS=fw.example.cn；{TRIAL}"
    )


def public_url() -> str:
    """Return ``PUBLIC_URL`` without a slash at its end, empty if it is not set. Raises Misconfigured."""
    value = os.environ.get("PUBLIC_URL", "").strip().rstrip("/")
    if value and not re.fullmatch(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?", value):
        raise Misconfigured(f"PUBLIC_URL 应是协议加主机名，例如 https://fw.example.cn，现在是“{value}”。")
    return value


def secret_key(*, debug: bool, folder: Path) -> str:
    """Return ``SECRET_KEY``; with ``DEBUG`` on, a key of this clone's own, made once under ``folder``.

    Raises Misconfigured if ``DEBUG`` is off and there is none, or it is shorter than 50 characters; and if the
    clone's own key can be neither read nor made.
    """
    key = os.environ.get("SECRET_KEY", "")
    if key:
        if not debug and len(key) < 50:
            raise Misconfigured("SECRET_KEY 太短：请用不少于 50 个随机字符。")
        return key
    if not debug:
        raise Misconfigured(
            f"DEBUG 关闭时必须设置 SECRET_KEY（不少于 50 个随机字符）和 ALLOWED_HOSTS（对外的主机名）；{TRIAL}"
        )
    path = folder / "secret_key"
    try:
        if not path.exists():
            _make_key(path)
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "内容不是密钥"
        raise Misconfigured(f"无法读写开发密钥 {path}（{reason}）：请检查目录权限，或设置 SECRET_KEY。") from error
    if len(key) < 50:
        raise Misconfigured(f"开发密钥 {path} 不完整：请删除这个文件再启动，会另做一个。")
    return key


def _make_key(path: Path) -> None:
    """Write a new key, readable by nobody else. If two processes do so at once, the first one's stands."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Written aside and linked into place, so that nobody ever reads half a key.
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    aside.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(64))
        try:
            path.hardlink_to(aside)
        except FileExistsError:
            pass
        except OSError:  # A file system without hard links: FAT, some shared folders.
            aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def database(folder: Path) -> dict:
    """Return Django's settings of the database ``DATABASE_URL`` names; by default a SQLite file under ``folder``.

    Makes ``folder`` if the file is to lie there, and no other. Raises Misconfigured as ``parse_database`` does.
    """
    settings = parse_database(os.environ.get("DATABASE_URL", ""), folder=folder)
    if settings["NAME"] and Path(settings["NAME"]).parent == folder and "sqlite3" in settings["ENGINE"]:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Misconfigured(f"无法建立数据库所在的文件夹 {folder}（{error.strerror}）：请检查目录权限。") from error
    return settings


def parse_database(url: str, *, folder: Path) -> dict:
    """Return Django's settings of a database's URL; an empty one means a SQLite file under ``folder``.

    Three slashes before a SQLite file's path mean one relative to the project's folder, four an absolute one. Every
    part may be percent-encoded. Touches nothing. Raises Misconfigured for anything else than the forms it names.
    """
    if not url.strip():
        return _sqlite(folder / "catalogue.sqlite3")
    scheme, separator, rest = url.strip().partition("://")
    scheme = scheme.lower()
    # Never the URL itself in a message, nor what might be a password put in the wrong place.
    if not separator or not re.fullmatch(r"[a-z][a-z0-9+.-]{0,19}", scheme):
        raise Misconfigured(f"DATABASE_URL 不是一个数据库地址。{FORMS}")
    if scheme not in {"sqlite", "postgres", "postgresql"}:
        raise Misconfigured(f"DATABASE_URL 的类型“{scheme}”不可用。{FORMS}")
    if re.search(r"[\0-\x20\x7f]|%00", url.strip()):
        raise Misconfigured(f"DATABASE_URL 中有空格或控制字符，请写成百分号编码（空格是 %20）。{FORMS}")
    if scheme == "sqlite":
        return _parse_sqlite(rest)
    return _parse_postgresql(url.strip())


def _parse_sqlite(rest: str) -> dict:
    if not rest.startswith("/"):
        raise Misconfigured(f"DATABASE_URL 中 sqlite: 后面应是三个斜杠（绝对路径四个）。{FORMS}")
    if "?" in rest or "#" in rest:
        raise Misconfigured(f"DATABASE_URL 的 SQLite 路径中有“?”或“#”，请写成 %3F 或 %23。{FORMS}")
    name = unquote(rest[1:])
    if not name or name.endswith("/"):
        raise Misconfigured(f"DATABASE_URL 没有写明数据库文件。{FORMS}")
    return _sqlite(name if name == ":memory:" else BASE / name)


def _sqlite(path: Path | str) -> dict:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        # One writer at a time, told at the start of the transaction and not in its middle; readers never wait.
        "CONN_MAX_AGE": 60,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            # Without recursive_triggers a row that REPLACE takes away fires none, and would slip past every seal.
            "init_command": ("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA recursive_triggers=ON;"),
        },
    }


def _parse_postgresql(url: str) -> dict:
    try:
        parts = urlsplit(url)
        settings = {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path[1:]),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            # Not parts.hostname, which is lower-cased: a percent-encoded socket's folder must not be.
            "HOST": unquote(re.sub(r":\d*$", "", parts.netloc.rpartition("@")[2])).strip("[]"),
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {"connect_timeout": CONNECT_TIMEOUT},
        }
        query = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        raise Misconfigured(
            f"DATABASE_URL 写错了：请检查端口，密码中的特殊字符要写成百分号编码（“#”是 %23，“/”是 %2F）。{FORMS}"
        ) from None
    for key, value in query:
        if key in PARTS:
            settings[PARTS[key]] = value
        else:
            settings["OPTIONS"][key] = value
    if not settings["NAME"] or parts.fragment:
        raise Misconfigured(
            f"DATABASE_URL 没有写明库名，或者密码中的特殊字符没有写成百分号编码（“#”是 %23，“/”是 %2F）。{FORMS}"
        )
    return settings


def check(folder: Path) -> dict:
    """Return the database's settings once every variable is right and the database can be used; makes nothing.

    Raises Misconfigured for the first thing that would stop the start.
    """
    debug = flag("DEBUG", False)
    flag("HTTPS", not debug)
    flag("BEHIND_PROXY", False)
    if os.environ.get("SECRET_KEY") or not debug or (folder / "secret_key").exists():
        secret_key(debug=debug, folder=folder)
    elif not _writable(folder):
        raise Misconfigured(f"无法在 {folder} 中写入开发密钥：请检查目录权限，或设置 SECRET_KEY。")
    allowed_hosts(debug=debug)
    settings = parse_database(os.environ.get("DATABASE_URL", ""), folder=folder)
    if "sqlite3" in settings["ENGINE"]:
        _check_sqlite(settings["NAME"], folder)
    else:
        _check_postgresql(settings)
    return settings


def _writable(folder: Path) -> bool:
    """Say whether files can be made in a folder, or the folder itself can be made."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        # Tried and not asked for: root may do everything, and yet write neither to /proc nor to a read-only disk.
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


def _check_sqlite(name: str, folder: Path) -> None:
    if name == ":memory:":
        raise Misconfigured(f"DATABASE_URL 指向内存中的数据库，它不能由几个进程共用，请指向一个文件。{FORMS}")
    try:
        # Here and not above: a Python built without it still serves a PostgreSQL.
        import sqlite3
    except ImportError:
        raise Misconfigured(
            "这个 Python 没有带 SQLite：请用 PYTHON 指明另一个，或在 DATABASE_URL 中用 PostgreSQL。"
        ) from None
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise Misconfigured(
            f"这个 Python 带的 SQLite {sqlite3.sqlite_version} 太旧，需要 3.31 或更新：请换一个 Python。"
        )
    path = Path(name)
    if path.parent != folder and not path.parent.is_dir():
        raise Misconfigured(f"DATABASE_URL 所在的文件夹 {path.parent} 不存在：请先建立它。")
    if not _writable(path.parent):
        raise Misconfigured(f"数据库所在的文件夹 {path.parent} 不能写入：请检查目录权限，或在 DATABASE_URL 中换一个。")
    try:
        if path.is_dir():
            raise Misconfigured(f"DATABASE_URL 指向文件夹 {path}，应指向一个文件。{FORMS}")
        if path.exists():
            with path.open("rb+") as file:
                start = file.read(16)
            if start and start != b"SQLite format 3\0":
                raise Misconfigured(f"{path} 不是 SQLite 数据库：请在 DATABASE_URL 中换一个文件。")
    except OSError as error:
        raise Misconfigured(f"无法读写数据库文件 {path}（{error.strerror}）：请检查文件权限。") from error


def _check_postgresql(settings: dict) -> None:
    try:
        import psycopg
    except ImportError:
        _check_address(settings["HOST"], settings["PORT"])
        return
    asked = {key: settings[name] for key, name in PARTS.items() if settings[name]}
    try:
        with psycopg.connect(**asked, **settings["OPTIONS"]) as connection:
            version = connection.info.server_version // 10_000
    except (psycopg.Error, UnicodeError) as error:
        reason = (str(error).strip().splitlines() or ["没有说明原因"])[-1]
        if settings["PASSWORD"]:
            reason = reason.replace(settings["PASSWORD"], "***")
        raise Misconfigured(
            f"连不上 DATABASE_URL 所指的 PostgreSQL：请确认服务已启动，用户、密码、主机、端口和库名都对（{reason}）。"
        ) from None
    if version < OLDEST_POSTGRESQL:
        raise Misconfigured(f"PostgreSQL {version} 太旧，需要 {OLDEST_POSTGRESQL} 或更新的版本。")


def _check_address(host: str, port: str) -> None:
    """Say whether anybody listens where PostgreSQL should: all that can be known before psycopg is installed."""
    # No host, several of them, or a socket's folder: libpq has rules of its own for these, and is asked later.
    if not host or "," in host or host.startswith(("/", "@")):
        return
    try:
        socket.create_connection((host, int(port or 5432)), timeout=CONNECT_TIMEOUT).close()
    except (OSError, UnicodeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Misconfigured(
            f"连不上 DATABASE_URL 所指的 PostgreSQL（{host}:{port or 5432}，{reason}）："
            "请确认服务已启动，主机和端口写对了。"
        ) from None
