"""Editions: the list, the canonical content, the changes, the cases and the rules of each."""

from django.db.models import Count, QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets
from rest_framework.response import Response

from catalogue.api.base import languages, pagination
from catalogue.api.entitlements.facts import FactSerializer
from catalogue.api.entitlements.serializers import OUTCOME_LABELS
from catalogue.api.serializers import (
    ChangeSerializer,
    CriterionSerializer,
    EditionReferenceSerializer,
    EditionSerializer,
    EligibilitySerializer,
    FactValue,
)
from catalogue.editions import changes, diff
from catalogue.editions.public import published
from catalogue.editions.translation import translate
from catalogue.models import Case, Edition, Event
from catalogue.web.query import parameters
from services.eligibility.facts import VOCABULARY
from services.eligibility.rules import ENGINE
from services.faults import NotFoundError, ProblemCode

SLUG = "[a-z0-9-]{1,50}"
# How to judge elsewhere by the rules of an edition.
LOGIC = {
    "zh-Hans": (
        "没有回答的事实是未知，不是“否”；写出的列表即为全部。先按 implications 补上由回答推知的：if 成立则 then 成立，"
        "已经回答的不改；列表里的一个选项也可以推出同一列表的另一个。一个条件（fact、op、value）成立、不成立或未知；"
        "待认定的条件（open）总是未知。一组（all）的条件全部成立才成立，有一个不成立就不成立，其余为未知。"
        "规则（any）有一组成立就符合（eligible），各组都不成立就不符合（not_eligible），其余未知（unknown）。"
        "universal 对每个人都符合；machine_readable 为 false 的和没有规则的总是未知。"
        "op：eq 等于，ne 不等于或列表里没有，lt、lte、gt、gte 比较，in 是其中之一，contains 列表里有。"
    ),
    "en": (
        "A fact that is not answered is unknown, never false; a list that is given is complete. First add what follows "
        'from the answers by the implications: if "if" holds, so does "then"; a given answer is never changed; '
        "a choice of a list can imply another of the same list. A condition (fact, op, value) holds, fails or is "
        "unknown; an open one is always unknown. A group (all) holds if all its conditions hold, fails if one fails, "
        "and is unknown otherwise. A rule (any) says eligible if a group holds, not_eligible if every group fails, "
        "and unknown otherwise. A universal rule says eligible for everybody; one that is not machine_readable, and "
        "none at all, always unknown. op: eq equals, ne differs or is not in the list, lt, lte, gt, gte compare, in "
        "is one of, contains is in the list."
    ),
}
SINCE = parameters.Parameter("since", "与哪个版本比较；不写则为上一版本")


@extend_schema(tags=["editions"])
@extend_schema_view(list=extend_schema(summary="已发布的版本，新的在前"), retrieve=extend_schema(summary="一个版本"))
class EditionViewSet(
    languages.LocalizedMixin,
    parameters.StrictParameters,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    viewsets.GenericViewSet,
):
    """Published editions, newest first."""

    queryset = (
        Edition.objects.published()
        .select_related("previous", "reissue_of", "reissue", "region")
        .prefetch_related("region__identifiers")
        .annotate(service_count=Count("entries"))
        .order_by("-effective_from", "-number")
    )
    serializer_class = EditionSerializer
    lookup_field = "slug"
    lookup_value_regex = SLUG
    parameters = {"list": pagination.PARAMETERS}

    def get_object(self) -> Edition:
        return published_edition(self.kwargs["slug"], self.get_queryset())


class ContentViewSet(parameters.StrictParameters, viewsets.GenericViewSet):
    """The bytes an edition is cited by. They are the same in every language."""

    queryset = Edition.objects.published()

    @extend_schema(
        summary="版本的规范内容：这些字节的 SHA-256 就是它的摘要",
        tags=["editions"],
        responses={200: OpenApiTypes.OBJECT},
    )
    def retrieve(self, request, slug: str) -> HttpResponse:
        edition = published_edition(slug, self.get_queryset().select_related("previous"))
        # The only answer that never changes.
        headers = {"Cache-Control": "public, max-age=31536000, immutable"}
        content = published.get_published(edition).content()
        return HttpResponse(content, content_type="application/json", headers=headers)


@extend_schema(tags=["editions"])
@extend_schema_view(list=extend_schema(summary="与另一版本相比，逐字段的变化"))
class ChangesViewSet(languages.LocalizedMixin, parameters.StrictParameters, viewsets.GenericViewSet):
    """What an edition changed, field by field, since another; by default since its predecessor.

    The reasons are those of every step between the two. A comparison with a later edition has no
    reasons, because no such step was taken.
    """

    queryset = Edition.objects.published()
    serializer_class = ChangeSerializer
    parameters = {"list": [*pagination.PARAMETERS, SINCE]}

    def list(self, request, slug: str) -> Response:
        edition = published_edition(slug, self.get_queryset().select_related("previous"))
        lineage, since = edition.lineage(), edition.previous
        if "since" in self.query:
            by_slug = {edition.slug: edition for edition in self.get_queryset().order_by("number")}
            SINCE.check([self.query["since"]], by_slug)
            since = by_slug[self.query["since"]]
        steps = lineage[: lineage.index(since)] if since in lineage else [] if since else lineage
        slugs = [step.slug for step in steps]
        recorded = changes.group_by("service", Event.objects.changes().filter(edition__in=slugs))
        before = published.get_published(since).documents.values() if since else ()
        compared = diff.changes(before, published.get_published(edition).documents.values())
        page = self.paginate_queryset(
            [
                changes.serialize_comparison(edition, document, change, recorded.get(document["code"], []))
                for document, change in compared
            ]
        )
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class CaseClauseSerializer(serializers.Serializer):
    """The clause that makes an outcome so."""

    source = serializers.CharField(allow_null=True, help_text="来源文件的代码")
    locator = serializers.CharField(allow_null=True, help_text="条文的位置；null：没有条文")


class CaseSerializer(serializers.ModelSerializer):
    """An invented person, and what an edition says of some services: to test an engine of one's own by."""

    id = serializers.CharField(source="code", help_text="案例的编号")
    circumstances = serializers.DictField(child=FactValue(), help_text="事实的名称和值；没有写的是未知")
    valid_on = serializers.DateField(source="edition.effective_from", help_text="按这一天判断")
    expected = serializers.DictField(
        child=serializers.ChoiceField(choices=OUTCOME_LABELS), help_text="服务项目的代码和应有的结论"
    )
    because = serializers.DictField(child=CaseClauseSerializer(), help_text="服务项目的代码和使结论如此的条文")

    class Meta:
        model = Case
        fields = ["id", "circumstances", "valid_on", "expected", "because"]


@extend_schema(tags=["editions"])
@extend_schema_view(list=extend_schema(summary="版本的案例：虚构的人、应有的结论及其依据，供检验判断程序"))
class CaseViewSet(parameters.StrictParameters, viewsets.GenericViewSet):
    """The cases of an edition. Their words are codes, the same in every language."""

    queryset = Case.objects.select_related("edition").order_by("position", "code")
    serializer_class = CaseSerializer
    parameters = {"list": pagination.PARAMETERS}

    def list(self, request, slug: str) -> Response:
        edition = published_edition(slug, Edition.objects.published())
        page = self.paginate_queryset(self.get_queryset().filter(edition=edition))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class ImplicationSerializer(serializers.Serializer):
    """A certain inference from one answer to another."""

    locals()["if"] = CriterionSerializer()
    then = CriterionSerializer()
    because = serializers.CharField(help_text="为什么")


class EditionRulesSerializer(serializers.Serializer):
    """All that is needed to judge elsewhere."""

    edition = EditionReferenceSerializer()
    engine = serializers.CharField(help_text="判断方法的版本；同一版本对同一案例结论相同")
    facts = FactSerializer(many=True)
    implications = ImplicationSerializer(many=True)
    rules = serializers.DictField(
        child=EligibilitySerializer(allow_null=True), help_text="服务项目的代码和享受条件；null：没有写明，结论总是未知"
    )
    logic = serializers.CharField(help_text="怎样判断")


@extend_schema(tags=["editions"])
@extend_schema_view(
    retrieve=extend_schema(summary="版本的全部规则、事实与推知，供别的程序判断", responses=EditionRulesSerializer)
)
class RulesViewSet(languages.LocalizedMixin, parameters.StrictParameters, viewsets.GenericViewSet):
    """The rules of an edition with the facts they refer to; the cases are the suite to test an engine by."""

    queryset = Edition.objects.published()
    serializer_class = EditionRulesSerializer
    parameters = {"retrieve": []}

    def retrieve(self, request, slug: str) -> Response:
        edition = published.get_published(published_edition(slug, self.get_queryset()))
        english = self.language == "en"
        answer = {
            "edition": edition.reference,
            "engine": ENGINE,
            "facts": [fact.in_language(self.language) for fact in VOCABULARY],
            "implications": [
                {
                    "if": item.condition._asdict(),
                    "then": item.consequence._asdict(),
                    "because": item.because_en if english else item.because,
                }
                for item in VOCABULARY.implications
            ],
            "rules": {code: document["eligibility"] for code, document in edition.documents.items()},
            "logic": LOGIC["en" if english else "zh-Hans"],
        }
        return Response(translate(answer, self.language))


def published_edition(slug: str, editions: QuerySet) -> Edition:
    """Return the edition with a slug. Raises NotFound with a message for the client."""
    edition = editions.filter(slug=slug).first()
    if edition is None:
        raise NotFoundError(f"没有已发布的版本 {slug}。", ProblemCode.UNKNOWN_EDITION)
    return edition
