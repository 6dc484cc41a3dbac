"""The facts of the eligibility rules: types, choices and questions, in each language of the API."""

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers, viewsets
from rest_framework.response import Response

from catalogue.api.base import languages, pagination
from catalogue.web.query.parameters import StrictParameters
from services.eligibility.facts import TYPES, VOCABULARY
from services.faults import NotFoundError, ProblemCode

FACT_TYPES = list(zip(TYPES, ("整数", "是或否", "选一个", "可选几个"), strict=True))
FACT_GROUPS = [(code, label) for code, (label, _) in VOCABULARY.groups.items()]
NAME = "[a-z0-9_]{1,64}"


@extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}})
class LabelsField(serializers.JSONField):
    """The labels of the choices, by code."""


class FactSerializer(serializers.Serializer):
    """A fact: its type, its bounds or choices, and the question to ask for it."""

    name = serializers.CharField()
    type = serializers.ChoiceField(choices=FACT_TYPES)
    label = serializers.CharField()
    question = serializers.CharField(help_text="单独能看懂的问题")
    help = serializers.CharField(help_text="什么算、在哪里看")
    example = serializers.CharField(help_text="答法示例")
    group = serializers.ChoiceField(choices=FACT_GROUPS, help_text="分组；同组的事实连着问")
    known_by = serializers.CharField(help_text="知道答案的机构或证件")
    minimum = serializers.IntegerField(required=False, help_text="只有整数有")
    maximum = serializers.IntegerField(required=False, help_text="只有整数有；不写为不限")
    unit = serializers.CharField(required=False, help_text="只有整数有")
    choices = LabelsField(required=False, help_text="可选的值及其名称，按显示的顺序；choices 可选几个，choice 只选一个")
    exclusive = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="只有 choices 有：不能与其他值同时选的值"
    )


@extend_schema(tags=["entitlements"])
@extend_schema_view(
    list=extend_schema(summary="判断资格所用的事实"),
    retrieve=extend_schema(
        summary="一个事实",
        parameters=[OpenApiParameter("name", str, OpenApiParameter.PATH, description="名称，例如 age")],
    ),
)
class FactViewSet(languages.LocalizedMixin, StrictParameters, viewsets.GenericViewSet):
    """The vocabulary of circumstances. What is not said of a person is unknown, never false."""

    serializer_class = FactSerializer
    lookup_field = "name"
    lookup_value_regex = NAME
    parameters = {"list": pagination.PARAMETERS}

    def list(self, request) -> Response:
        page = self.paginate_queryset([fact.in_language(self.language) for fact in VOCABULARY])
        return self.get_paginated_response(page)

    def retrieve(self, request, name: str) -> Response:
        if name not in VOCABULARY:
            raise NotFoundError(f"没有事实 {name}。", ProblemCode.UNKNOWN_TERM)
        return Response(VOCABULARY[name].in_language(self.language))
