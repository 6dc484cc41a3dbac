"""Feedback (意见反馈) about a service, and its state by receipt. Responses are never cached."""

import re

from django.core.validators import RegexValidator
from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from catalogue.api.base import languages, pagination, parsers, throttling
from catalogue.api.base.openapi import schema
from catalogue.api.services import CODE
from catalogue.feedback import answers
from catalogue.models import Citation, Feedback
from catalogue.web.query import edition_query
from catalogue.web.query.parameters import Parameter, StrictParameters
from services.faults import Fault, InvalidError, NotFoundError, ProblemCode
from services.models import Service

RECEIPT = "[0-9a-z]{16}"
FIELDS = [name for name, _ in Citation.FIELDS]
_CONTROLS = r"\u0000-\u001F\u007F-\u009F\u2028\u2029"
ONE_LINE = RegexValidator(rf"^[^{_CONTROLS}]*[^\s{_CONTROLS}][^{_CONTROLS}]*\Z", "应是一行文字。", "malformed")
SERVICE = Parameter("service", "只要关于这个服务项目的，例如 NM-05-01")
NO_STORE = {"Cache-Control": "no-store"}


class FeedbackSerializer(serializers.Serializer):
    """What somebody says of a service, or of a need that no service meets.

    The contact is not public, and is deleted once the answer is given.
    """

    kind = serializers.ChoiceField(
        choices=Feedback.Kind.choices,
        required=False,
        help_text="error：指出错误（不写就是它）；need：提出需求；praise：表扬",
        error_messages={"invalid_choice": "的值不在可用范围内。", "null": "不能为空。"},
    )
    service = parsers.StrictCharField(
        required=False,
        allow_null=True,
        trim_whitespace=False,
        help_text="服务项目代码，例如 NM-05-01；没有哪项服务满足的需求可不写",
    )
    field = serializers.ChoiceField(
        choices=Citation.FIELDS,
        required=False,
        allow_null=True,
        help_text="说的是哪个字段；不写则为整个项目",
        error_messages={"invalid_choice": "的值不在可用范围内。"},
    )
    edition = parsers.StrictCharField(
        required=False, allow_null=True, trim_whitespace=False, help_text="说的是哪个版本：标识或版次；可不写"
    )
    message = parsers.StrictCharField(max_length=5000, help_text="意见，1 到 5000 个字")
    contact = parsers.StrictCharField(
        required=False,
        allow_null=True,
        max_length=200,
        validators=[ONE_LINE],
        help_text="联系方式；不公开，答复后即删除。可不写",
    )


class ReceiptSerializer(serializers.Serializer):
    """What has become of a message. The message itself and how to reach its writer are not answered."""

    receipt = serializers.CharField(help_text="回执编号，凭它查看答复")
    state = serializers.ChoiceField(choices=Feedback.State.choices)
    kind = serializers.ChoiceField(choices=Feedback.Kind.choices)
    service = serializers.CharField(
        source="service.code", default=None, allow_null=True, help_text="服务项目代码；null：没有写明"
    )
    field = serializers.ChoiceField(choices=Citation.FIELDS, allow_null=True, help_text="null：整个项目")
    edition = serializers.CharField(source="edition.slug", default=None, allow_null=True, help_text="版本标识")
    at = serializers.DateTimeField(help_text="收到时间")
    answer = serializers.CharField(allow_null=True, help_text="公开答复；null：尚未答复")
    answered_at = serializers.DateTimeField(allow_null=True, help_text="答复时间")
    url = serializers.SerializerMethodField(help_text="查看答复的地址")

    def get_url(self, feedback: Feedback) -> str:
        return reverse("feedback-state", kwargs={"receipt": feedback.receipt}, request=self.context["request"])


class PublicFeedbackSerializer(serializers.ModelSerializer):
    """A message that was answered, in the words of an editor. The message itself is never here."""

    service = serializers.CharField(source="service.code", default=None, allow_null=True, help_text="服务项目代码")
    edition = serializers.CharField(source="edition.slug", default=None, allow_null=True, help_text="版本标识")

    class Meta:
        model = Feedback
        fields = ("kind", "service", "field", "edition", "summary", "answer", "at")
        read_only_fields = fields
        extra_kwargs = {
            "summary": {"help_text": "编辑写的摘要；不是来信原文", "allow_null": False},
            "answer": {"help_text": "公开答复", "allow_null": False},
        }


class FeedbackViewSet(languages.LocalizedMixin, StrictParameters, viewsets.GenericViewSet):
    """Anybody may say what is wrong or missing, without an account, and read what an editor published of it."""

    queryset = Feedback.objects.public().select_related("service", "edition")
    serializer_class = PublicFeedbackSerializer
    parser_classes = [parsers.JSONParser]
    parameters = {"list": [SERVICE, *pagination.PARAMETERS]}

    @extend_schema(summary="已答复并公开的意见，最近答复的在前", tags=["feedback"])
    def list(self, request) -> Response:
        rows = self.get_queryset()
        if "service" in self.query:
            rows = rows.filter(service=_service(self.query["service"]))
        page = self.paginate_queryset(rows)
        response = self.get_paginated_response(self.get_serializer(page, many=True).data)
        response.headers["Cache-Control"] = NO_STORE["Cache-Control"]
        return response

    @extend_schema(
        summary="提出意见，得到回执编号",
        tags=["feedback"],
        request=FeedbackSerializer,
        responses={201: OpenApiResponse(ReceiptSerializer, "已收到；Location 是查看答复的地址"), **schema.WRITING},
    )
    def create(self, request) -> Response:
        values = parsers.read(request, FeedbackSerializer, allowed={"field": FIELDS, "kind": Feedback.Kind.values})
        code, edition_name = values.pop("service", None), values.pop("edition", None)
        service = None if code is None else _service(code)
        if service is None and values.get("field"):
            raise InvalidError(Fault("field", ProblemCode.CONFLICT, "字段 field 要和 service 一起写。"))
        edition = edition_name and edition_query.edition_by_name(edition_name)
        with transaction.atomic():
            throttling.check_rate(request)
            feedback = answers.receive_feedback(service, edition=edition, at=timezone.now(), **values)
        answer = ReceiptSerializer(feedback, context={"request": request}).data
        return Response(answer, status=201, headers=NO_STORE | {"Location": answer["url"]})


class FeedbackStateView(languages.LocalizedMixin, StrictParameters, APIView):
    """What has become of a message, for anybody who has its receipt."""

    @extend_schema(
        summary="凭回执编号查看处理情况与公开答复",
        tags=["feedback"],
        parameters=[OpenApiParameter("receipt", str, OpenApiParameter.PATH, description="16 位回执编号")],
        responses=ReceiptSerializer,
    )
    def get(self, request, receipt: str) -> Response:
        receipts = Feedback.objects.select_related("service", "edition")
        # Only a well-formed receipt is sent to the database.
        feedback = receipts.filter(receipt=receipt).first() if re.fullmatch(RECEIPT, receipt) else None
        if feedback is None:
            raise NotFoundError("没有这张回执，请核对 16 位回执编号。", ProblemCode.UNKNOWN_RECEIPT)
        return Response(ReceiptSerializer(feedback, context={"request": request}).data, headers=NO_STORE)


def _service(code: str) -> Service:
    published = Service.objects.filter(entries__edition__published_at__isnull=False).distinct()
    # Only a well-formed code is sent to the database.
    service = published.filter(code=code).first() if re.fullmatch(CODE, code) else None
    if service is None:
        codes = published.values_list("code", flat=True)
        raise InvalidError(Fault("service", ProblemCode.UNKNOWN_SERVICE, "没有这个服务项目。", codes))
    return service
