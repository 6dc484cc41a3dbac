"""What the OpenAPI document says beyond what drf-spectacular reads off the views."""

import json
from pathlib import Path

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, inline_serializer
from rest_framework import serializers

from catalogue.api import languages
from catalogue.problems import MEDIA_TYPE

ProblemSerializer = inline_serializer(
    "Problem",
    {
        "type": serializers.CharField(),
        "title": serializers.CharField(),
        "status": serializers.IntegerField(),
        "detail": serializers.CharField(),
        "errors": inline_serializer(
            "ProblemError",
            {
                "field": serializers.CharField(),
                "detail": serializers.CharField(),
                "allowed": serializers.ListField(child=serializers.CharField(), required=False),
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
# What only an address that is written to answers.
WRITING = {
    ("400", MEDIA_TYPE): OpenApiResponse(
        ProblemSerializer, "正文不是 JSON，或有未知、缺少、写错的字段；errors 指明是哪一个、可用什么"
    ),
    ("413", MEDIA_TYPE): OpenApiResponse(ProblemSerializer, "正文太大"),
    ("415", MEDIA_TYPE): OpenApiResponse(ProblemSerializer, "Content-Type 不是 application/json"),
    ("429", MEDIA_TYPE): OpenApiResponse(ProblemSerializer, "同一地址提交得太多，请按 Retry-After 再试"),
}


def _parameter(name: str, description: str, type_: object = OpenApiTypes.STR, **kwargs) -> OpenApiParameter:
    return OpenApiParameter(name, type_, description=description, **kwargs)


EDITION = [
    _parameter("edition", "版本标识或版次；不写则由下面两个参数决定，都不写则为现在施行的版本"),
    _parameter("valid_on", "这一天施行的版本，例如 2023-12-31", OpenApiTypes.DATE),
    _parameter("known_at", "只看这一时刻之前发布的版本，例如 2026-11-23T08:00:00Z", OpenApiTypes.DATETIME),
]
FIELDS = _parameter("fields", "只要这些字段，用逗号分隔，例如 code,name", many=True, explode=False)
EXPAND = _parameter("expand", "带上每个字段的来源", enum=["citations"])
ORDERING = _parameter(
    "ordering", "排序；前加 - 为倒序；有 q 时先按相关程度", enum=["number", "name", "code", "-number", "-name", "-code"]
)
LANG = _parameter(
    "lang",
    "标签的语言；zh-Hant 连同文字由 OpenCC 转换。也可用 Accept-Language；代码、原文引文和文号不变",
    enum=languages.LANGUAGES,
)
QUERY = _parameter(
    "q", "检索：简体、繁体、拼音全拼或首字母、英文、代码、文号、俗称；每项结果的 matches 说明在何处、如何匹配"
)
FACETS = _parameter(
    "facets", "true：附各领域、服务对象、牵头单位、核实情况的项数，各不计自身的筛选", enum=["true", "false"]
)
SINCE = _parameter("since", "与哪个版本比较；不写则为上一版本")


EXAMPLES = Path(__file__).with_name("examples.json")


def with_examples(result: dict, **kwargs) -> dict:
    """Add to the document what its operations really answer (a hook of drf-spectacular); a test compares the two."""
    examples = json.loads(EXAMPLES.read_text())
    problem = examples.pop("problem")
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            if refused := operation["responses"].get("400"):
                refused["content"][MEDIA_TYPE]["examples"] = {"problem": _example(problem)}
            if example := examples.get(f"{method.upper()} {path}"):
                operation["responses"]["200"]["content"]["application/json"]["examples"] = {"answer": _example(example)}
                if "body" in example:
                    operation["requestBody"]["content"]["application/json"]["examples"] = {
                        "asked": {"value": example["body"]}
                    }
    return result


def _example(example: dict) -> dict:
    return {"summary": example["asked"], "value": example["answer"]}


class Schema(AutoSchema):
    """Adds to every operation the problems it may answer with, and to every one that is told in languages ``lang``."""

    def get_override_parameters(self):
        spoken = [LANG] if isinstance(self.view, languages.Spoken) else []
        return [*super().get_override_parameters(), *spoken]

    def _get_response_bodies(self, direction="response"):
        bodies = super()._get_response_bodies(direction)
        for (code, media_type), response in PROBLEMS.items():
            if code == "404" and self.method == "POST":
                # Nothing in its address could be missing.
                continue
            bodies.setdefault(code, self._get_response_for_code(response, code, media_types=[media_type]))
        return bodies
