"""Strict parameters: an unknown, empty, repeated or malformed one is a 400 that names it and lists what is allowed."""

import datetime
import re
from collections.abc import Iterable, Mapping

from django.http import QueryDict

from catalogue.problems import InvalidParameters, error, invalid

MAX_LENGTH = 1000
# One form of the many ISO 8601 has: the contract's, with the seconds and the time zone.
MOMENT = re.compile(r"[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}([.][0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})")


class StrictParameters:
    """A view that refuses parameters it does not know.

    ``parameters`` says which there are, by action: True for those that may be repeated or comma-separated.
    """

    parameters: Mapping[str, Mapping[str, bool]] = {}

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        if request.method in {"GET", "HEAD"}:
            check(request.query_params, self.get_parameters())

    def get_parameters(self) -> Mapping[str, bool]:
        return self.parameters.get(getattr(self, "action", None) or "retrieve", {})


def check(query: QueryDict, known: Mapping[str, bool]) -> None:
    """Raise InvalidParameters naming every parameter that is unknown, empty, too long, or given twice in vain."""
    errors = []
    for name, values in query.lists():
        if name not in known:
            errors.append(error(shown(name), f"没有参数“{shown(name)}”。", sorted(known)))
        elif any(not part.strip() for value in values for part in (value.split(",") if known[name] else [value])):
            errors.append(error(name, f"参数 {name} 的值为空。"))
        elif len(values) > 1 and not known[name]:
            errors.append(error(name, f"参数 {name} 只能出现一次。"))
        elif any(len(value) > MAX_LENGTH or "\0" in value for value in values):
            errors.append(error(name, f"参数 {name} 太长或含有不允许的字符。"))
    if errors:
        raise InvalidParameters(errors)


def shown(name: str) -> str:
    """Return a name as an error may repeat it: short, and without what is no part of a name."""
    return re.sub(r"[^\w.\[\]-]", "?", name)[:50] or "?"


def codes(query: QueryDict, name: str) -> list[str]:
    """Return the values of a parameter that may be repeated or comma-separated, each once, in the order given."""
    return list(dict.fromkeys(part.strip() for value in query.getlist(name) for part in value.split(",")))


def one_of(query: QueryDict, name: str, allowed: Iterable[str]) -> str | None:
    """Return a parameter that has one of a few values, None if it is absent."""
    value = query.get(name)
    if value is not None and value not in (allowed := list(allowed)):
        raise invalid(name, f"参数 {name} 的值不在可用范围内。", allowed)
    return value


def some_of(query: QueryDict, name: str, allowed: Iterable[str]) -> list[str]:
    """Return a parameter that has some of a few values, an empty list if it is absent."""
    allowed = list(allowed)
    values = codes(query, name)
    if any(value not in allowed for value in values):
        raise invalid(name, f"参数 {name} 的值不在可用范围内。", allowed)
    return values


def whole_number(query: QueryDict, name: str, *, default: int, least: int = 1, most: int | None = None) -> int:
    """Return a parameter that is a whole number from ``least``, in ASCII digits."""
    value = query.get(name)
    if value is None:
        return default
    if not re.fullmatch("[0-9]{1,20}", value) or int(value) < least or (most is not None and int(value) > most):
        raise invalid(name, f"参数 {name} 应是从 {least} {f'到 {most} ' if most else '起'}的整数。")
    return int(value)


def date(query: QueryDict, name: str) -> datetime.date | None:
    """Return a parameter that is a day, None if it is absent."""
    value = query.get(name)
    if value is None:
        return None
    try:
        if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            raise ValueError
        return datetime.date.fromisoformat(value)
    except ValueError:
        raise invalid(name, f"参数 {name} 应是日期，例如 2026-11-23。") from None


def moment(query: QueryDict, name: str) -> datetime.datetime | None:
    """Return a parameter that is a moment with its time zone, in UTC, None if it is absent."""
    value = query.get(name)
    if value is None:
        return None
    try:
        if not re.fullmatch(
            r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})", value
        ):
            raise ValueError
        return datetime.datetime.fromisoformat(value).astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        raise invalid(
            name,
            f"参数 {name} 应是带时区的时刻，例如 2026-11-23T08:00:00Z（时区用 + 时须写成 %2B）。",
        ) from None
