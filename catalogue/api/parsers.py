"""Bodies of requests: JSON in UTF-8 and nothing else, of a length and depth that somebody needs."""

from collections.abc import Mapping, Sequence

from rest_framework import exceptions, parsers, serializers

from services import json_text
from services.faults import Fault, InvalidError, printable


class BodyTooLongError(exceptions.APIException):
    status_code = 413
    default_detail = f"请求正文太大，最多 {json_text.LONGEST // 1024} kB。"


class JSONParser(parsers.BaseParser):
    """Reads a body that is JSON as RFC 8259 has it: no NaN, no name given twice."""

    media_type = "application/json"

    def parse(self, stream, media_type=None, parser_context=None) -> object:
        try:
            body = stream.read(json_text.LONGEST + 1)
            if len(body) > json_text.LONGEST:
                raise BodyTooLongError
            return json_text.strict_loads(body)
        # OSError: it broke off.
        except (ValueError, OSError):
            raise exceptions.ParseError("请求正文不是 UTF-8 编码的 JSON，或者层数太多、有重复的字段名。") from None


class StrictCharField(serializers.CharField):
    """Text that was sent as text: a number is not taken for one."""

    default_error_messages = {
        "invalid": "应是文字（字符串）。",
        "blank": "不能为空。",
        "max_length": "太长，最多 {max_length} 个字。",
        "required": "必须写明。",
        "null": "不能为空。",
    }

    def to_internal_value(self, data):
        if not isinstance(data, str):
            self.fail("invalid")
        try:
            data.encode()
        except UnicodeEncodeError:
            self.fail("invalid")
        # A browser's line ends are not the writer's.
        return super().to_internal_value(data.replace("\r\n", "\n"))


def read(body: object, serializer: type[serializers.Serializer], *, allowed: Mapping[str, Sequence[str]]) -> dict:
    """Return what a body says, validated. Raises InvalidError naming every field that cannot be taken.

    ``allowed`` are the values of the fields that take one of a few. No value given is repeated in an error.
    """
    if not isinstance(body, Mapping):
        raise exceptions.ParseError("请求正文应是一个 JSON 对象。")
    form = serializer(data=body)
    faults = unknown(body, list(form.fields))
    if not form.is_valid():
        faults += [
            Fault(name, f"字段 {name} {errors[0]}", allowed.get(name), errors[0].code)
            for name, errors in form.errors.items()
        ]
    if faults:
        raise InvalidError(*faults)
    return form.validated_data


def unknown(body: Mapping, fields: Sequence[str]) -> list[Fault]:
    """Return a fault for each name in a body that is no field."""
    names = [printable(name) for name in body if name not in fields]
    return [Fault(name, f"没有字段“{name}”。", fields, "unknown") for name in names]
