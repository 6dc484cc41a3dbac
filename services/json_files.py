"""Reading a file of ``fixtures/``: what is wrong with it is said with file, entry and reason."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path


class FixtureError(Exception):
    """A file that cannot be loaded. The message names the file, the entry and the reason."""

    def __init__(self, path: Path, entry: object, reason: str):
        where = f"{path.parent.name}/{path.name}"
        super().__init__(f"{where}，{entry}：{reason}" if entry else f"{where}：{reason}")


def read_json(path: Path) -> dict:
    """Return the object in a JSON file. Raises FixtureError if it is not one, or names a key of an object twice."""

    def unique(pairs: list[tuple[str, object]]) -> dict:
        keys = [key for key, _ in pairs]
        for key in keys:
            if keys.count(key) > 1:
                raise FixtureError(path, dict(pairs).get("code"), f"“{key}”出现了两次")
        return dict(pairs)

    try:
        found = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=unique)
    except FileNotFoundError:
        raise FixtureError(path, None, "没有这个文件") from None
    except UnicodeDecodeError:
        raise FixtureError(path, None, "不是 UTF-8 编码") from None
    except json.JSONDecodeError as error:
        raise FixtureError(
            path, f"第 {error.lineno} 行第 {error.colno} 列", f"不是有效的 JSON（{error.msg}）"
        ) from None
    if not isinstance(found, dict):
        raise FixtureError(path, None, "最外层应是一个对象")
    try:
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise FixtureError(path, None, "有半个代理字符（\\ud800 一类），不是文字") from None
    return found


def check_keys(path: Path, entry: object, found: object, expected: Iterable[str]) -> Mapping:
    """Return ``found`` if it is an object with exactly the keys expected. Raises FixtureError otherwise."""
    if not isinstance(found, dict):
        raise FixtureError(path, entry, "应是一个对象")
    expected = set(expected)
    if missing := expected - found.keys():
        raise FixtureError(path, entry, f"缺少 {'、'.join(sorted(missing))}")
    if extra := found.keys() - expected:
        raise FixtureError(path, entry, f"多出 {'、'.join(sorted(extra))}")
    return found


def check_list(path: Path, entry: object, name: str, found: object, of: type = object) -> list:
    """Return ``found`` if it is a list, of one type where one is named. Raises FixtureError otherwise."""
    if not isinstance(found, list) or not all(isinstance(each, of) for each in found):
        raise FixtureError(path, entry, f"{name} 应是{'文字的' if of is str else ''}列表")
    return found
