"""Request bodies: JSON in UTF-8 only, with limits of length and depth; strict text fields and validation."""

import gzip
import io
import zlib
from collections.abc import Mapping, Sequence
from typing import BinaryIO

from rest_framework import exceptions, parsers, serializers
from rest_framework.request import Request

from catalogue.web.middleware import limits
from catalogue.web.problems import Problem, ProblemError
from services.faults import Fault, InvalidError, ProblemCode, printable
from services.text import json_text
from services.text.characters import fold_radicals, is_blank, without_hidden

NO_JSON = "请求正文不是 UTF-8 编码的 JSON，或者层数太多、有重复的字段名。"


TOO_LARGE = Problem(ProblemCode.PAYLOAD_TOO_LARGE, f"请求正文太大，最多 {json_text.MAX_BODY_BYTES // 1024} kB。")
# RFC 9110, 15.5.16: 415 with Accept-Encoding.
UNKNOWN_ENCODING = Problem(
    ProblemCode.UNSUPPORTED_ENCODING,
    f"请求正文的 Content-Encoding 只能是 {'、'.join(limits.BODY_ENCODINGS)}，或者不写。",
    headers={"Accept-Encoding": ", ".join(limits.BODY_ENCODINGS)},
)
# The codes of what REST framework finds wrong with a field.
CODES = {
    "required": ProblemCode.REQUIRED,
    "null": ProblemCode.EMPTY,
    "blank": ProblemCode.EMPTY,
    "max_length": ProblemCode.TOO_LONG,
    "invalid_choice": ProblemCode.UNKNOWN_CODE,
    "invalid": ProblemCode.INVALID_TYPE,
}


class JSONParser(parsers.BaseParser):
    """Parses a body as JSON (RFC 8259): no NaN, no duplicate names. The body may be compressed by gzip.

    Raises ParseError, or ProblemError for a body that is too long, also only when decompressed, or encoded otherwise.
    """

    media_type = "application/json"

    def parse(self, stream, media_type=None, parser_context=None) -> object:
        encoding = parser_context["request"].headers.get("Content-Encoding", "")
        try:
            body = _read(stream)
            if limits.is_gzip(encoding):
                body = _read(gzip.GzipFile(fileobj=io.BytesIO(body)))
            elif not limits.is_plain(encoding):
                raise ProblemError(UNKNOWN_ENCODING)
            return json_text.strict_loads(body)
        except (EOFError, gzip.BadGzipFile, zlib.error):
            raise exceptions.ParseError("请求正文不是完整的 gzip，与 Content-Encoding 不符。") from None
        # OSError: the connection broke off.
        except (ValueError, OSError):
            raise exceptions.ParseError(NO_JSON) from None


def _read(stream: BinaryIO) -> bytes:
    body = stream.read(json_text.MAX_BODY_BYTES + 1)
    if len(body) > json_text.MAX_BODY_BYTES:
        raise ProblemError(TOO_LARGE)
    return body


def json_object(request: Request) -> Mapping:
    """Return the body of a request, which is a JSON object. Raises ParseError for an empty body and for any other."""
    # REST framework takes an empty body for an empty object.
    if request.META.get("CONTENT_LENGTH") in (None, "", "0"):
        raise exceptions.ParseError("请求没有正文；应是一个 JSON 对象，至少是 {}。")
    if not isinstance(request.data, Mapping):
        raise exceptions.ParseError("请求正文应是一个 JSON 对象，例如 {}。")
    return request.data


class StrictCharField(serializers.CharField):
    """A text field that refuses numbers, lone surrogates and what cannot be seen; it drops hidden characters."""

    default_error_messages = {
        "invalid": "应是文字（字符串）。",
        "blank": "不能为空。",
        "max_length": "太长，最多 {max_length} 个字。",
        "required": "必须写明。",
        "null": "不能为空。",
        "malformed": "含有不允许的字符。",
    }

    def to_internal_value(self, data):
        if not isinstance(data, str):
            self.fail("invalid")
        if "\0" in data:
            self.fail("malformed")
        try:
            data.encode()
        except UnicodeEncodeError:
            self.fail("invalid")
        # Browsers send CRLF line ends.
        text = super().to_internal_value(without_hidden(fold_radicals(data.replace("\r\n", "\n"))))
        if is_blank(text):
            self.fail("blank")
        return text


def read(request: Request, serializer: type[serializers.Serializer], *, allowed: Mapping[str, Sequence[str]]) -> dict:
    """Return the validated values of a request body. Raises ParseError if it is no object, InvalidError with faults.

    ``allowed`` has the allowed values by field, for fields that have a list of them. Errors never repeat a value of
    the body.
    """
    body = json_object(request)
    form = serializer(data=body)
    faults = unknown(body, list(form.fields))
    if not form.is_valid():
        faults += [
            Fault(name, CODES.get(errors[0].code, ProblemCode.MALFORMED), f"字段 {name} {errors[0]}", allowed.get(name))
            for name, errors in form.errors.items()
        ]
    if faults:
        raise InvalidError(*faults)
    return form.validated_data


def unknown(body: Mapping, fields: Sequence[str]) -> list[Fault]:
    """Return a fault for each name in a body that is not a field."""
    names = [printable(name) for name in body if name not in fields]
    return [Fault(name, ProblemCode.UNKNOWN_FIELD, f"没有字段“{name}”。", fields) for name in names]
