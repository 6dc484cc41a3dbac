"""Reads the environment variables of the settings; a wrong value raises one sentence without any secret in it."""

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

BASE = Path(__file__).resolve().parent.parent
VAR = BASE / "var"
LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]", "testserver"]
TRIAL = "只在本机试用，什么都不必设：先运行 scripts/serve，此后 manage.py 用同一个数据库和密钥。"
SQLITE = {
    "CONN_MAX_AGE": 60,
    "OPTIONS": {
        # The write lock is taken at the start of a transaction, not in its middle; readers never wait.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # Without recursive_triggers a row deleted by REPLACE fires no trigger and would bypass the sealing triggers.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA recursive_triggers=ON;",
    },
}


def flag(name: str, default: bool) -> bool:
    """Return a boolean variable. Raises ImproperlyConfigured for anything but true/false, 1/0, yes/no, on/off."""
    value = os.environ.get(name, "").strip().lower()
    if value in {"", "1", "true", "yes", "on", "0", "false", "no", "off"}:
        return value in {"1", "true", "yes", "on"} if value else default
    raise ImproperlyConfigured(f"{name} 只能是 true 或 false，现在是“{value}”。")


def integer(name: str, default: int, least: int, most: int) -> int:
    """Return a whole number within bounds. Raises ImproperlyConfigured for anything else."""
    value = os.environ.get(name, "").strip() or str(default)
    if not re.fullmatch("[0-9]{1,5}", value) or not least <= int(value) <= most:
        raise ImproperlyConfigured(f"{name} 应是 {least} 到 {most} 的整数，现在是“{value}”，例如 {name}={default}。")
    return int(value)


def comma_separated(name: str) -> list[str]:
    """Return a comma-separated variable as a list, without empty items."""
    return [word.strip() for word in os.environ.get(name, "").split(",") if word.strip()]


def default_to_development() -> None:
    """Turn ``DEBUG`` on for ``manage.py`` if nothing is set and ``scripts/serve`` has made a development key."""
    variables = ("ALLOWED_HOSTS", "DATABASE_URL", "DEBUG", "SECRET_KEY")
    if not any(os.environ.get(name) for name in variables) and (VAR / "secret_key").exists():
        os.environ["DEBUG"] = "true"


def allowed_hosts(*, debug: bool) -> list[str]:
    """Return ``ALLOWED_HOSTS``, by default with ``DEBUG`` this machine's names. Raises ImproperlyConfigured."""
    hosts = comma_separated("ALLOWED_HOSTS") or (LOCAL_HOSTS if debug else [])
    if not hosts:
        raise ImproperlyConfigured(
            f"DEBUG 关闭时必须设置 ALLOWED_HOSTS（对外的主机名，用逗号分隔），例如 ALLOWED_HOSTS=fw.example.cn；{TRIAL}"
        )
    return hosts


def public_url() -> str:
    """Return ``PUBLIC_URL`` without a trailing slash, empty if not set. Raises ImproperlyConfigured."""
    value = os.environ.get("PUBLIC_URL", "").strip().rstrip("/")
    if value and not re.fullmatch(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?", value):
        raise ImproperlyConfigured(f"PUBLIC_URL 应是协议加主机名，例如 https://fw.example.cn，现在是“{value}”。")
    return value


def security_contact() -> str:
    """Return ``SECURITY_CONTACT``, the URI of a contact (RFC 9116), empty if not set. Raises ImproperlyConfigured."""
    value = os.environ.get("SECURITY_CONTACT", "").strip()
    if value and not re.fullmatch(r"(mailto:[^\s@]+@|https://|tel:\+?)[^\s]+", value):
        raise ImproperlyConfigured(
            f"SECURITY_CONTACT 应是邮箱、网页或电话的 URI，例如 mailto:security@fw.example.cn，现在是“{value}”。"
        )
    return value


def secret_key(*, debug: bool) -> str:
    """Return ``SECRET_KEY``; with ``DEBUG`` on, a key of this clone's own, made once in ``var/secret_key``.

    Raises ImproperlyConfigured if ``DEBUG`` is off and the key is missing or shorter than 50 characters, or if the
    clone's own key can be neither read nor written.
    """
    key = os.environ.get("SECRET_KEY", "")
    if key and not debug and len(key) < 50:
        raise ImproperlyConfigured("SECRET_KEY 太短：请用不少于 50 个随机字符。")
    if not key and not debug:
        raise ImproperlyConfigured(
            f"DEBUG 关闭时必须设置 SECRET_KEY（不少于 50 个随机字符）和 ALLOWED_HOSTS（对外的主机名）；{TRIAL}"
        )
    return key or _development_key(VAR / "secret_key")


def _development_key(path: Path) -> str:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            path.touch(mode=0o600, exist_ok=False)
            path.write_text(secrets.token_urlsafe(64))
        key = path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        raise ImproperlyConfigured(f"无法读写开发密钥 {path}：请检查目录权限，或设置 SECRET_KEY。") from None
    if len(key) < 50:
        raise ImproperlyConfigured(f"开发密钥 {path} 不完整：请删除这个文件再启动，会另做一个。")
    return key


def database() -> dict:
    """Return Django's settings for the database in ``DATABASE_URL``; by default a SQLite file under ``var``.

    Three slashes before a SQLite file's path mean relative to the project's folder, four mean absolute. Raises
    ImproperlyConfigured for anything but a SQLite file or PostgreSQL. The message never contains the URL: a password
    may be anywhere in a malformed one.
    """
    url = os.environ.get("DATABASE_URL", "").strip()
    if not url:
        VAR.mkdir(exist_ok=True)
        url = "sqlite:///var/catalogue.sqlite3"
    try:
        settings = dj_database_url.parse(url, conn_max_age=60, conn_health_checks=True)
    except ValueError:
        settings = {"ENGINE": None, "NAME": ""}
    if settings["ENGINE"] == "django.db.backends.sqlite3" and settings["NAME"] != ":memory:":
        return settings | SQLITE | {"NAME": str(BASE / settings["NAME"])}
    # "@" or "/" in the name, or no name: a password that is not percent-encoded was parsed as the host.
    if settings["ENGINE"] == "django.db.backends.postgresql" and re.fullmatch("[^@/]+", settings["NAME"]):
        return settings | {"OPTIONS": {"connect_timeout": 5} | settings.get("OPTIONS", {})}
    raise ImproperlyConfigured(
        "DATABASE_URL 写错了：可用 sqlite:///路径/文件.sqlite3 或 postgres://用户:密码@主机:5432/库名，"
        "密码中的特殊字符要写成百分号编码（“@”是 %40，“#”是 %23，“/”是 %2F）。"
    )
