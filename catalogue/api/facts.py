"""The facts a person can be asked about, in Chinese and in English."""

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers, viewsets
from rest_framework.exceptions import NotFound
from rest_framework.response import Response

from catalogue.api import languages, pagination
from catalogue.api.parameters import StrictParameters
from services.facts import TYPES, VOCABULARY

NAME = "[a-z0-9_]{1,64}"


@extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}})
class LabelsField(serializers.JSONField):
    """Labels by the code of their choice."""


class FactSerializer(serializers.Serializer):
    """A fact: its type, its bounds or choices, and the question to ask for it."""

    name = serializers.CharField()
    type = serializers.ChoiceField(choices=[(each, each) for each in TYPES])
    label = serializers.CharField()
    question = serializers.CharField()
    minimum = serializers.IntegerField(required=False, help_text="只有整数有")
    maximum = serializers.IntegerField(required=False, help_text="只有整数有；不写为不限")
    unit = serializers.CharField(required=False, help_text="只有整数有")
    choices = LabelsField(required=False, help_text="可选的值及其名称；choices 可选几个，choice 只选一个")


PARAMETERS = [
    OpenApiParameter("lang", enum=languages.LANGUAGES, description="标签与问题的语言；也可用 Accept-Language")
]


@extend_schema(tags=["entitlements"])
@extend_schema_view(
    list=extend_schema(summary="判断资格所用的事实", parameters=PARAMETERS),
    retrieve=extend_schema(
        summary="一个事实",
        parameters=[*PARAMETERS, OpenApiParameter("name", str, OpenApiParameter.PATH, description="名称，例如 age")],
    ),
)
class FactViewSet(StrictParameters, viewsets.GenericViewSet):
    """The vocabulary of circumstances. What is not said of a person is unknown, never false."""

    serializer_class = FactSerializer
    filter_backends = []
    lookup_field = "name"
    lookup_value_regex = NAME
    parameters = {"list": pagination.PARAMETERS | languages.PARAMETER, "retrieve": languages.PARAMETER}

    def list(self, request) -> Response:
        language = languages.chosen(request, request.query_params)
        page = self.paginate_queryset([fact.in_language(language) for fact in VOCABULARY])
        return self._in(language, self.get_paginated_response(page))

    def retrieve(self, request, name: str) -> Response:
        language = languages.chosen(request, request.query_params)
        if name not in VOCABULARY:
            raise NotFound(f"没有事实 {name}。")
        return self._in(language, Response(VOCABULARY[name].in_language(language)))

    @staticmethod
    def _in(language: str, response: Response) -> Response:
        response["Content-Language"] = language
        response["Vary"] = "Accept-Language"
        return response
