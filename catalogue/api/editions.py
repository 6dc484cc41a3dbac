"""Editions: the list, the canonical content, the changes and the cases of each."""

from django.db.models import Count, QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets
from rest_framework.exceptions import NotFound
from rest_framework.response import Response

from catalogue.api.base import languages, pagination
from catalogue.api.serializers import ChangeSerializer, EditionSerializer, FactValue
from catalogue.editions import changes, diff, published
from catalogue.models import Case, Edition, Event
from catalogue.web import parameters
from services.eligibility.rules import OUTCOMES

SLUG = "[a-z0-9-]{1,50}"
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
        .select_related("previous", "region")
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
    """The bytes an edition is cited by. They are told in no other language."""

    queryset = Edition.objects.published()

    @extend_schema(
        summary="版本的规范内容：这些字节的 SHA-256 就是它的摘要",
        tags=["editions"],
        responses={200: OpenApiTypes.OBJECT},
    )
    def retrieve(self, request, slug: str) -> HttpResponse:
        edition = published_edition(slug, self.get_queryset().select_related("previous"))
        return HttpResponse(published.get_published(edition).content(), content_type="application/json")


@extend_schema(tags=["editions"])
@extend_schema_view(list=extend_schema(summary="与另一版本相比，逐字段的变化"))
class ChangesViewSet(languages.LocalizedMixin, parameters.StrictParameters, viewsets.GenericViewSet):
    """What an edition changed, field by field, since another; by default since its predecessor.

    The reasons are those of every step between the two. Of a comparison backwards there are none: nobody took it.
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
        child=serializers.ChoiceField(choices=OUTCOMES), help_text="服务项目的代码和应有的结论"
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


def published_edition(slug: str, editions: QuerySet) -> Edition:
    """Return the edition with a slug. Raises NotFound with a message for the client."""
    edition = editions.filter(slug=slug).first()
    if edition is None:
        raise NotFound(f"没有已发布的版本 {slug}。")
    return edition
