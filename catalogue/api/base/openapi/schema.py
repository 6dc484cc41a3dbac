"""Additions to the OpenAPI document: problems, exact bodies, and the parameters that views declare."""

from django.core.validators import RegexValidator
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, inline_serializer
from rest_framework import serializers

from catalogue.web.problem_types import TYPES
from catalogue.web.problems import MEDIA_TYPE
from catalogue.web.query.parameters import MAX_LENGTH, Parameter, StrictParameters
from services.faults import ProblemCode

CODES = [(code.value, kind.title) for code, kind in TYPES.items()]
ProblemSerializer = inline_serializer(
    "Problem",
    {
        "type": serializers.CharField(help_text="说明这种错误的页面的地址"),
        "title": serializers.CharField(help_text="这种错误的名称；语言依 lang 或 Accept-Language"),
        "status": serializers.IntegerField(),
        "detail": serializers.CharField(),
        "code": serializers.ChoiceField(choices=CODES, help_text="错误的种类；每种在 /problems/ 下有一页"),
        "errors": inline_serializer(
            "ProblemError",
            {
                "field": serializers.CharField(),
                "code": serializers.ChoiceField(choices=CODES, help_text="这一条错误的种类"),
                "message": serializers.CharField(help_text="哪里错了；从不重复所填的值"),
                "allowed": serializers.ListField(
                    child=serializers.CharField(), required=False, help_text="可用的值；1…500 表示范围"
                ),
            },
            many=True,
            required=False,
        ),
    },
)
PROBLEMS = {
    ("400", MEDIA_TYPE): OpenApiResponse(
        ProblemSerializer, "有未知、为空、重复或写错的参数；errors 指明是哪一个、可用什么"
    ),
    ("406", MEDIA_TYPE): OpenApiResponse(ProblemSerializer, "Accept 所要的形式没有"),
    ("503", MEDIA_TYPE): OpenApiResponse(ProblemSerializer, "暂时无法读取数据，请按 Retry-After 再试"),
    ("404", MEDIA_TYPE): OpenApiResponse(ProblemSerializer, "没有这个对象、这一页，或那一天没有施行中的版本"),
}
PROBLEMS |= {
    (str(TYPES[code].status), MEDIA_TYPE): OpenApiResponse(ProblemSerializer, TYPES[code].title)
    for code in (ProblemCode.PRECONDITION_FAILED, ProblemCode.ADDRESS_TOO_LONG, ProblemCode.HEADER_TOO_LARGE)
}
# Of an operation that chooses the edition by its body; nothing else of a POST can be missing.
NO_EDITION = {
    ("404", MEDIA_TYPE): OpenApiResponse(ProblemSerializer, "那一天或那一时刻还没有版本；errors 指明自何时起有")
}
# Problems of operations with a request body.
WRITING = {
    ("400", MEDIA_TYPE): OpenApiResponse(
        ProblemSerializer, "正文不是 JSON，或有未知、缺少、写错的字段；errors 指明是哪一个、可用什么"
    ),
    ("413", MEDIA_TYPE): OpenApiResponse(ProblemSerializer, "正文太大"),
    ("415", MEDIA_TYPE): OpenApiResponse(
        ProblemSerializer, "Content-Type 不是 application/json，或 Content-Encoding 不是 gzip"
    ),
    ("429", MEDIA_TYPE): OpenApiResponse(ProblemSerializer, "同一地址提交得太多，请按 Retry-After 再试"),
}


# A text of which something can be seen, without NUL and, in a query, what stands for bytes that are not UTF-8. Not all
# that cannot be seen is listed, since regular expressions of JavaScript have no common way to write what is above FFFF.
VISIBLE = (
    r"[^\s\u0000-\u001F\u007F-\u009F\u00AD\u061C\u200B-\u200F\u202A-\u202E\u2060-\u206F\u2800\u3164\uFE00-\uFE0F\uFEFF]"
)
QUERY_TEXT = rf"^[^\u0000\uFFFD]*{VISIBLE}[^\u0000\uFFFD]*$"
BODY_TEXT = rf"^[^\u0000]*{VISIBLE}[^\u0000]*$"


def with_exact_requests(result: dict, **kwargs) -> dict:
    """Postprocessing hook of drf-spectacular: the body of a request has the named fields and no other."""
    for name, schema in result["components"]["schemas"].items():
        if name.endswith("Request"):
            schema["additionalProperties"] = False
    return result


def _schema(parameter: Parameter) -> dict | type:
    """Return the JSON Schema of a parameter, or its type: what is accepted, and nothing else, is valid."""
    if parameter.type is int:
        return {"type": "integer", "minimum": parameter.minimum, "maximum": parameter.maximum}
    if parameter.type is not str:
        return parameter.type
    if parameter.allowed:
        text = {"type": "string", "enum": list(parameter.allowed)}
    else:
        text = {"type": "string", "minLength": 1, "maxLength": MAX_LENGTH, "pattern": QUERY_TEXT}
    return {"type": "array", "items": text, "minItems": 1} if parameter.many else text


class StrictText(OpenApiSerializerFieldExtension):
    """A text of a request's body says that it is not blank, unless it has a pattern of its own."""

    target_class = "catalogue.api.base.parsers.StrictCharField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> dict:
        own = any(isinstance(validator, RegexValidator) for validator in self.target.validators)
        return {"type": "string"} | ({} if own else {"pattern": BODY_TEXT})


class Schema(AutoSchema):
    """Adds to every operation the parameters that its view declares and the problems that it may answer."""

    def get_override_parameters(self):
        declared = self.view.get_parameters() if isinstance(self.view, StrictParameters) else []
        # What an operation says itself stands last, and so leaves out what its view declares.
        return [
            *(
                OpenApiParameter(
                    parameter.name,
                    _schema(parameter),
                    description=parameter.description,
                    explode=parameter.explode,
                )
                for parameter in declared
            ),
            *super().get_override_parameters(),
        ]

    def _get_response_bodies(self, direction="response"):
        bodies = super()._get_response_bodies(direction)
        for (code, media_type), response in PROBLEMS.items():
            if code == "404" and self.method == "POST":
                # ``NO_EDITION`` is declared where it applies.
                continue
            bodies.setdefault(code, self._get_response_for_code(response, code, media_types=[media_type]))
        return bodies
