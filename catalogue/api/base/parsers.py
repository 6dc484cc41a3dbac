"""Request bodies: JSON in UTF-8 only, with limits of length and depth; strict text fields and validation."""

from collections.abc import Mapping, Sequence

from rest_framework import exceptions, parsers, serializers

from services import json_text
from services.faults import Fault, InvalidError, printable


class BodyTooLongError(exceptions.APIException):
    status_code = 413
    default_detail = f"请求正文太大，最多 {json_text.MAX_BODY_BYTES // 1024} kB。"


class JSONParser(parsers.BaseParser):
    """Parses a body as JSON (RFC 8259): no NaN, no duplicate names. Raises ParseError or BodyTooLongError."""

    media_type = "application/json"

    def parse(self, stream, media_type=None, parser_context=None) -> object:
        try:
            body = stream.read(json_text.MAX_BODY_BYTES + 1)
            if len(body) > json_text.MAX_BODY_BYTES:
                raise BodyTooLongError
            return json_text.strict_loads(body)
        # OSError: the connection broke off.
        except (ValueError, OSError):
            raise exceptions.ParseError("请求正文不是 UTF-8 编码的 JSON，或者层数太多、有重复的字段名。") from None


class StrictCharField(serializers.CharField):
    """A text field that refuses numbers and lone surrogates."""

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
        # Browsers send CRLF line ends.
        return super().to_internal_value(data.replace("\r\n", "\n"))


def read(body: object, serializer: type[serializers.Serializer], *, allowed: Mapping[str, Sequence[str]]) -> dict:
    """Return the validated values of a body. Raises ParseError if it is no object, InvalidError with every fault.

    ``allowed`` has the allowed values by field, for fields that have a list of them. Errors never repeat a value of
    the body.
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
    """Return a fault for each name in a body that is not a field."""
    names = [printable(name) for name in body if name not in fields]
    return [Fault(name, f"没有字段“{name}”。", fields, "unknown") for name in names]
