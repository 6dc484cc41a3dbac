"""Entitlements: the services that a person is entitled to, with reasons.

A request is never stored, logged or cached. An error names the fact and the allowed values, never the value in the
request. An internal error is logged only with its place in the code, because a traceback would hold the circumstances.
"""

import logging
import traceback
from collections.abc import Container, Mapping, Sequence
from pathlib import Path

import orjson
from django.conf import settings
from django.http import HttpResponse
from django.utils.datastructures import MultiValueDict
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from catalogue.api.base import languages, parsers, schema
from catalogue.api.facts import FactSerializer, LabelsField
from catalogue.api.serializers import (
    CitationSerializer,
    CriterionSerializer,
    DepartmentReferenceSerializer,
    EditionReferenceSerializer,
    FactValue,
    QuotedClauseSerializer,
    TermReferenceSerializer,
)
from catalogue.editions import entitlements as entitlements_module
from catalogue.editions import published
from catalogue.editions.entitlements import DISCLAIMER, judge
from catalogue.editions.published import PublishedEdition
from catalogue.editions.translation import translate
from catalogue.web import edition_query, parameters, problems
from services.eligibility.facts import BOOLEAN, CHOICE, INTEGER, VOCABULARY, Fact
from services.eligibility.rules import OUTCOMES
from services.faults import Fault, InvalidError
from services.models import Topic, TopicService

NO_STORE = {"Cache-Control": "no-store"}
# Query parameters: none of them is about the person.
IN_ADDRESS = [
    parameters.Parameter("outcome", "只要这些结论，例如 eligible,unknown", allowed=OUTCOMES, many=True, explode=False),
    parameters.Parameter("topic", "只判断这些人生事件的服务（见 topics/）", many=True, explode=False),
    languages.LANG,
]
EDITION_FIELDS = ("edition", "valid_on", "known_at")
# Lists of codes that narrow what is judged: OR within one, AND between them.
NARROWING = ("services", "domains", "topics")
BODY = ("circumstances", *EDITION_FIELDS, *NARROWING)
OUTCOME_LABELS = [("eligible", "符合"), ("not_eligible", "不符合"), ("unknown", "未知")]

logger = logging.getLogger(__name__)


def _value_schema(fact: Fact) -> dict:
    """Return the JSON Schema of the value of a fact."""
    description = {"description": fact.question}
    if fact.type == INTEGER:
        bounds = {"minimum": fact.minimum, "maximum": fact.maximum}
        return {
            "type": "integer",
            **{name: bound for name, bound in bounds.items() if bound is not None},
            **description,
        }
    if fact.type == BOOLEAN:
        return {"type": "boolean", **description}
    item = {"type": "string", "enum": list(fact.choices)}
    return (
        item | description
        if fact.type == CHOICE
        else {"type": "array", "items": item, "uniqueItems": True, **description}
    )


@extend_schema_field(
    {
        "type": "object",
        "additionalProperties": False,
        "properties": {fact.name: _value_schema(fact) for fact in VOCABULARY},
    }
)
class CircumstancesField(serializers.JSONField):
    """The circumstances of a person: values by the name of their fact."""


class CodesField(serializers.ListField):
    """A list of codes, at least one."""

    child = serializers.CharField()
    min_length = 1


class CircumstancesSerializer(serializers.Serializer):
    """What is known of a person. What is not said is unknown, never false; a list that is given is complete."""

    circumstances = CircumstancesField()
    valid_on = serializers.DateField(required=False, help_text="按这一天施行的版本判断；不写为今天")
    known_at = serializers.DateTimeField(required=False, help_text="只看这一时刻之前发布的版本")
    edition = serializers.CharField(required=False, help_text="版本标识或版次；不能与上面两项同时写")
    services = CodesField(required=False, help_text="只判断这些服务项目")
    domains = CodesField(required=False, help_text="只判断这些领域的服务项目")
    topics = CodesField(required=False, help_text="只判断这些人生事件（见 topics/）的服务项目")


class EntitledServiceSerializer(TermReferenceSerializer):
    domain = TermReferenceSerializer()
    lead_department = DepartmentReferenceSerializer(allow_null=True, help_text="牵头负责单位；null 表示未知")


class ReasonSerializer(CriterionSerializer):
    """One criterion, and what the circumstances say of it."""

    group = serializers.IntegerField(min_value=1, help_text="属于第几组条件；满足任何一组的全部条件即符合")
    given = FactValue(help_text="所填的值；null：没有填")
    result = serializers.BooleanField(
        allow_null=True, help_text="null：未知；没有填而有结论的，由其他回答推知，例如未满16周岁的没有就业"
    )
    citation = CitationSerializer(allow_null=True, help_text="依据；带 criterion 的是这个条件自己的，否则是整条规则的")


class ConditionSerializer(serializers.Serializer):
    """A condition that no fact can decide and that is still open."""

    group = serializers.IntegerField(min_value=1, help_text="属于第几组条件；满足任何一组的全部条件即符合")
    text = serializers.CharField(help_text="什么条件")
    decided_by = serializers.CharField(allow_null=True, help_text="由谁认定；null：条文没有写明")
    citation = QuotedClauseSerializer()


class ResultSerializer(serializers.Serializer):
    service = EntitledServiceSerializer()
    outcome = serializers.ChoiceField(choices=OUTCOME_LABELS)
    reasons = ReasonSerializer(many=True)
    missing = serializers.ListField(child=serializers.CharField(), help_text="还缺哪些事实才能判断")
    conditions = ConditionSerializer(
        many=True, help_text="还须认定、没有事实可问的条件；missing 为空而这里不空的：其中一组条件成立即符合"
    )
    note = serializers.CharField(allow_null=True, help_text="为什么不能用条件判断；其余为 null")


class CountsSerializer(serializers.Serializer):
    eligible = serializers.IntegerField()
    not_eligible = serializers.IntegerField()
    unknown = serializers.IntegerField()


class QuestionSerializer(FactSerializer):
    """The fact worth asking next."""

    name = None
    fact = serializers.CharField(help_text="事实的名称")
    choices = LabelsField(allow_null=True, help_text="可选的值及其名称；null：不是选择")
    settles = serializers.IntegerField(help_text="回答后可能有定论的服务项目数")


class EntitlementSerializer(serializers.Serializer):
    """Every service of the edition, or those asked for, with what the circumstances say of it."""

    edition = EditionReferenceSerializer()
    disclaimer = serializers.CharField()
    counts = CountsSerializer(help_text="所判断的全部服务项目的数目，不受 outcome 影响")
    results = ResultSerializer(many=True)
    next_question = QuestionSerializer(allow_null=True, help_text="null：没有值得再问的")


class EntitlementView(parameters.StrictParameters, APIView):
    """Judges what a person is entitled to. Nothing of the request is stored, logged or cached."""

    parser_classes = [parsers.JSONParser]
    parameters = {None: IN_ADDRESS}

    @extend_schema(
        summary="按所填情况判断能享受哪些服务、为什么、接着问什么",
        tags=["entitlements"],
        request=CircumstancesSerializer,
        responses={200: OpenApiResponse(EntitlementSerializer), **schema.WRITING},
    )
    def post(self, request) -> Response:
        circumstances, narrowing, query = _read_body(request.data)
        language = languages.chosen(request, self.query)
        edition = published.get_published(edition_query.edition_from_query(query))
        codes = _narrow(edition, narrowing, self.query.get("topic"))
        answer = _answer(edition, circumstances, codes, self.query.get("outcome", OUTCOMES), language)
        headers = NO_STORE | {"Content-Language": language}
        return HttpResponse(orjson.dumps(answer), content_type="application/json", headers=headers)

    def initial(self, request, *args, **kwargs):
        # Checked for every method, and without repeating the name: URLs are logged on their way here.
        if set(request.query_params) - {parameter.name for parameter in IN_ADDRESS}:
            message = "这个地址只有参数 outcome、topic 和 lang；个人情况请写在请求正文中。"
            raise InvalidError(Fault("outcome", message, OUTCOMES, "unknown"))
        super().initial(request, *args, **kwargs)

    def handle_exception(self, exception: Exception) -> HttpResponse:
        return problems.handle(exception) or _internal_error(exception)


def _read_body(body: object) -> tuple[dict, dict[str, list[str]], dict]:
    """Return the valid circumstances, the codes by field of ``NARROWING``, and the edition query of a body.

    Raises InvalidError. A null for a field that may be left out means the same as leaving it out.
    """
    if not isinstance(body, dict):
        raise exceptions.ParseError("请求正文应是一个 JSON 对象。")
    faults = parsers.unknown(body, BODY)
    optional = {name: body[name] for name in BODY[1:] if body.get(name) is not None}
    faults += [
        Fault(name, f"字段 {name} 应是文字（字符串），也可以不写。")
        for name in EDITION_FIELDS
        if name in optional and not (isinstance(optional[name], str) and optional[name])
    ]
    narrowing = {name: optional[name] for name in NARROWING if name in optional}
    faults += [
        Fault(name, f"字段 {name} 应是代码的列表，至少一个，也可以不写。")
        for name, codes in narrowing.items()
        if not (isinstance(codes, list) and codes and all(isinstance(code, str) for code in codes))
    ]
    circumstances = body.get("circumstances")
    if isinstance(circumstances, dict):
        faults += entitlements_module.faults(circumstances)
    else:
        faults.append(Fault("circumstances", "字段 circumstances 应是一个对象：事实的名称和值。"))
    if faults:
        raise InvalidError(*faults)
    query = MultiValueDict({name: [optional[name]] for name in EDITION_FIELDS if name in optional})
    return circumstances, narrowing, parameters.read(query, edition_query.PARAMETERS)


def _narrow(
    edition: PublishedEdition, narrowing: Mapping[str, Sequence[str]], topics: Sequence[str] | None
) -> set[str] | None:
    """Return the codes of the services to judge, None for all. Raises InvalidError for an unknown code.

    Two queries if topics are given; the topics themselves, which say something of the person, are not part of it.
    """
    lists = [*narrowing.items(), *([("topic", topics)] if topics else [])]
    services_by_code = {
        "services": lambda: {code: {code} for code in edition.documents},
        "domains": lambda: {
            code: edition.listing.services_with("domain", code) for code in edition.listing.terms["domain"]
        },
        "topics": _services_by_topic,
        "topic": _services_by_topic,
    }
    selected = None
    for name, codes in lists:
        known = services_by_code[name]()
        if not set(codes) <= known.keys():
            raise InvalidError(Fault(name, f"{name} 的值不在可用范围内。", list(known)))
        services = set().union(*(known[code] for code in codes))
        selected = services if selected is None else selected & services
    return selected


def _services_by_topic() -> dict[str, set[str]]:
    services = {code: set() for code in Topic.objects.values_list("code", flat=True)}
    for topic, service in TopicService.objects.values_list("topic__code", "service__code"):
        services[topic].add(service)
    return services


def _answer(
    edition: PublishedEdition,
    circumstances: Mapping,
    codes: Container[str] | None,
    outcomes: Sequence[str],
    language: str,
) -> dict:
    """Return the answer to valid circumstances, for orjson.

    ``codes`` are the services to judge, None for all; ``outcomes`` selects the results, not the counts.
    """
    judgement = judge(edition.entitlements, circumstances, codes)
    disclaimer = DISCLAIMER["en" if language == "en" else "zh-Hans"]
    entitlements = edition.translation(language).entitlements
    return {
        "edition": edition.reference,
        "disclaimer": translate(disclaimer, language),
        "counts": judgement.counts,
        "results": [
            entitlements[entitlement.service["code"]].result(verdict, circumstances)
            for entitlement, verdict in judgement.verdicts
            if verdict.outcome in outcomes
        ],
        "next_question": judgement.question and _question(*judgement.question, language),
    }


def _question(fact: Fact, settles: int, language: str) -> dict:
    question = fact.in_language(language)
    return {"fact": question.pop("name"), "choices": None, **question, "settles": settles}


def _internal_error(exception: Exception) -> HttpResponse:
    """Answer 500, and log the type of the exception and our lines of its traceback, without its message."""
    places = " < ".join(
        f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
        for frame in reversed(traceback.extract_tb(exception.__traceback__))
        if Path(frame.filename).is_relative_to(settings.BASE_DIR / "catalogue")
        or Path(frame.filename).is_relative_to(settings.BASE_DIR / "services")
    )
    logger.error("判断资格时出错：%s，%s", type(exception).__name__, places)
    response = problems.respond(500)
    # Django would log the response again, together with the request.
    response._has_been_logged = True
    return response
