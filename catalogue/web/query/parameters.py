"""Query parameters, each declared once: validation and OpenAPI description follow from the declaration.

Errors for unknown, empty, repeated and malformed parameters name the parameter and the allowed values.
"""

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.datastructures import MultiValueDict

from services.faults import Fault, InvalidError, ProblemCode, bounds, printable
from services.text.characters import is_blank

MAX_LENGTH = 1000
# What an integer of 32 bits holds, as many clients have it.
MAX_INTEGER = 2**31 - 1
# What Django puts where a query is not UTF-8.
REPLACEMENT = "\ufffd"
DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
# RFC 3339, as clients write it: with any number of digits after the point, t and z, a blank for T, the time zone
# without a colon (Python), and its + as the blank that an unescaped + is in a query.
MOMENT = re.compile(
    rf"(?P<date>{DATE})[Tt ](?P<minute>[0-9]{{2}}:[0-9]{{2}}):(?P<second>[0-5][0-9]|60)([.](?P<fraction>[0-9]+))?"
    "([Zz]|(?P<sign>[ +-])(?P<hours>[0-9]{2}):?(?P<minutes>[0-5][0-9]))"
)


@dataclass(frozen=True)
class Parameter:
    """A query parameter and its description in the OpenAPI document.

    ``type`` is str, int, datetime.date or datetime.datetime. With ``many`` it may be repeated or comma-separated;
    ``explode`` states in the OpenAPI document which of the two is usual. The bounds are those of an int.
    """

    name: str
    description: str = ""
    type: type = str
    allowed: Sequence[str] = ()
    many: bool = False
    explode: bool | None = None
    minimum: int = 1
    maximum: int = MAX_INTEGER

    def read(self, raw_values: Sequence[str]) -> object:
        """Return the parsed value, or a list without duplicates if ``many``. Raises InvalidError."""
        values = [part.strip() for value in raw_values for part in value.split(",")] if self.many else raw_values
        if any(REPLACEMENT in value for value in raw_values):
            raise self._error(ProblemCode.MALFORMED, "的值不是 UTF-8 编码的文字。")
        if any(is_blank(value) for value in values):
            raise self._error(ProblemCode.EMPTY, "的值为空。")
        if len(raw_values) > 1 and not self.many:
            raise self._error(ProblemCode.REPEATED, "只能出现一次。")
        if any(len(value) > MAX_LENGTH for value in raw_values):
            raise self._error(ProblemCode.TOO_LONG, f"的值太长，最多 {MAX_LENGTH} 个字符。")
        if any("\0" in value for value in raw_values):
            raise self._error(ProblemCode.MALFORMED, "的值含有不允许的字符。")
        if self.allowed:
            self.check(values, self.allowed)
        return list(dict.fromkeys(values)) if self.many else self._parse(values[0])

    def check(self, values: Iterable[str], allowed: Iterable[str]) -> None:
        """Raise InvalidError with the allowed values if a value is not among them."""
        if not set(values) <= set(allowed := list(allowed)):
            raise self._error(ProblemCode.UNKNOWN_CODE, "的值不在可用范围内。", allowed)

    def _parse(self, value: str) -> object:
        try:
            if self.type is int:
                if not re.fullmatch("[0-9]{1,20}", value) or not self.minimum <= int(value) <= self.maximum:
                    raise ValueError
                return int(value)
            if self.type is datetime.date:
                if not re.fullmatch(DATE, value):
                    raise ValueError
                return datetime.date.fromisoformat(value)
            if self.type is datetime.datetime:
                return _moment(value)
        except (ValueError, OverflowError):
            raise self._error(*self._expectation()) from None
        return value

    def _expectation(self) -> tuple[ProblemCode, str, Sequence[str] | None]:
        """Return what is wrong with a value that cannot be parsed: code, message and allowed values."""
        if self.type is int:
            message = f"应是从 {self.minimum} 到 {self.maximum} 的整数。"
            return ProblemCode.OUT_OF_RANGE, message, bounds(self.minimum, self.maximum)
        if self.type is datetime.date:
            return ProblemCode.INVALID_DATE, "应是日期，例如 2026-11-23。", None
        message = "应是带时区的时刻，例如 2026-11-23T08:00:00Z 或 2026-11-23T16:00:00+08:00。"
        return ProblemCode.INVALID_MOMENT, message, None

    def _error(self, code: ProblemCode, message: str, allowed: Sequence[str] | None = None) -> InvalidError:
        return InvalidError(Fault(self.name, code, f"参数 {self.name} {message}", allowed))


def _moment(text: str) -> datetime.datetime:
    """Return a moment in UTC, to the microsecond. Raises ValueError or OverflowError."""
    match = MOMENT.fullmatch(text)
    if match is None:
        raise ValueError
    zone = f"{match['sign'].replace(' ', '+')}{match['hours']}:{match['minutes']}" if match["sign"] else "+00:00"
    microsecond = (match["fraction"] or "")[:6].ljust(6, "0")
    # Python knows no leap second: 23:59:60 is the first moment of the next day.
    second = min(match["second"], "59")
    moment = datetime.datetime.fromisoformat(f"{match['date']}T{match['minute']}:{second}.{microsecond}{zone}")
    return (moment + datetime.timedelta(seconds=match["second"] == "60")).astimezone(datetime.UTC)


class StrictParameters:
    """Mixin for views that accept only the parameters they declare, by action (None: a view without actions).

    ``query`` has the parsed values of the request, by the names of the parameters that it contains.
    """

    parameters: Mapping[str | None, Sequence[Parameter]] = {}

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        if request.method != "OPTIONS" and hasattr(self, request.method.lower()):
            self.query = read(request.query_params, self.get_parameters())

    def get_parameters(self) -> Sequence[Parameter]:
        return self.parameters.get(getattr(self, "action", None), [])


def read(query: MultiValueDict, parameters: Iterable[Parameter]) -> dict[str, object]:
    """Return the parsed values of a query by parameter name. Raises InvalidError with every fault."""
    declared = {parameter.name: parameter for parameter in parameters}
    values, faults = {}, []
    for name, raw_values in query.lists():
        try:
            if name not in declared:
                message = f"没有参数“{printable(name)}”。"
                raise InvalidError(Fault(printable(name), ProblemCode.UNKNOWN_PARAMETER, message, sorted(declared)))
            values[name] = declared[name].read(raw_values)
        except InvalidError as error:
            faults += error.faults
    if faults:
        raise InvalidError(*faults)
    return values
