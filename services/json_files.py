"""Reads and checks JSON files of ``fixtures/``; errors name the file, the entry and the reason."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path


class FixtureError(Exception):
    """A file cannot be loaded. The message names the file, the entry and the reason."""

    def __init__(self, path: Path, entry: object, reason: str):
        where = f"{path.parent.name}/{path.name}"
        super().__init__(f"{where}，{entry}：{reason}" if entry else f"{where}：{reason}")


def read_json(path: Path) -> dict:
    """Return the object in a JSON file. Raises FixtureError for anything else, and for duplicate keys in any object."""

    def unique_keys(pairs: list[tuple[str, object]]) -> dict:
        keys = [key for key, _ in pairs]
        for key in keys:
            if keys.count(key) > 1:
                raise FixtureError(path, dict(pairs).get("code"), f"“{key}”出现了两次")
        return dict(pairs)

    try:
        data = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=unique_keys)
    except FileNotFoundError:
        raise FixtureError(path, None, "没有这个文件") from None
    except UnicodeDecodeError:
        raise FixtureError(path, None, "不是 UTF-8 编码") from None
    except json.JSONDecodeError as error:
        raise FixtureError(
            path, f"第 {error.lineno} 行第 {error.colno} 列", f"不是有效的 JSON（{error.msg}）"
        ) from None
    if not isinstance(data, dict):
        raise FixtureError(path, None, "最外层应是一个对象")
    try:
        json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise FixtureError(path, None, "有半个代理字符（\\ud800 一类），不是文字") from None
    return data


def check_keys(path: Path, entry: object, value: object, expected: Iterable[str]) -> Mapping:
    """Return ``value`` if it is an object with exactly the expected keys. Raises FixtureError otherwise."""
    if not isinstance(value, dict):
        raise FixtureError(path, entry, "应是一个对象")
    expected = set(expected)
    if missing := expected - value.keys():
        raise FixtureError(path, entry, f"缺少 {'、'.join(sorted(missing))}")
    if unexpected := value.keys() - expected:
        raise FixtureError(path, entry, f"多出 {'、'.join(sorted(unexpected))}")
    return value


def check_list(path: Path, entry: object, name: str, value: object, of: type = object) -> list:
    """Return ``value`` if it is a list whose items have the type ``of``. Raises FixtureError otherwise."""
    if not isinstance(value, list) or not all(isinstance(item, of) for item in value):
        raise FixtureError(path, entry, f"{name} 应是{'文字的' if of is str else ''}列表")
    return value
