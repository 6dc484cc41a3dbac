"""The vocabularies, and the indicators and project groups of the plan."""

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, viewsets
from rest_framework.exceptions import NotFound

from catalogue.api import serializers
from catalogue.api.base import languages, pagination
from catalogue.models import Edition, Entry
from catalogue.web import edition_query
from catalogue.web.parameters import StrictParameters
from services.models import Department, Domain, Indicator, ProjectGroup, Source, TargetGroup


class VocabularyViewSet(
    languages.LocalizedMixin,
    StrictParameters,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    viewsets.GenericViewSet,
):
    """The terms of one vocabulary, by code."""

    lookup_field = "code"
    lookup_value_regex = "[A-Za-z0-9-]{1,64}"
    parameters = {"list": pagination.PARAMETERS}

    def get_object(self):
        code = self.kwargs["code"]
        term = self.get_queryset().filter(code=code).first()
        if term is None:
            raise NotFound(f"{self.queryset.model._meta.verbose_name}中没有代码 {code}。")
        return term


def _documented(name: str):
    return extend_schema_view(
        list=extend_schema(summary=name, tags=["vocabularies"]),
        retrieve=extend_schema(summary=f"{name}：一项", tags=["vocabularies"]),
    )


@_documented("领域")
class DomainViewSet(VocabularyViewSet):
    """The nine domains, with how many services the edition in force has in each (null: none is in force)."""

    queryset = Domain.objects.select_related("source").prefetch_related("tasks")
    serializer_class = serializers.DomainSerializer

    def get_queryset(self) -> QuerySet:
        in_force = Edition.objects.in_force(edition_query.today()).values("pk")
        entries = Entry.objects.filter(domain=OuterRef("pk"), edition__in=Subquery(in_force)).order_by()
        counts = entries.values("domain").annotate(count=Count("pk")).values("count")
        return super().get_queryset().annotate(service_count=Subquery(counts, output_field=IntegerField()))


@_documented("部门")
class DepartmentViewSet(VocabularyViewSet):
    queryset = Department.objects.select_related("source")
    serializer_class = serializers.DepartmentSerializer


@_documented("服务对象")
class TargetGroupViewSet(VocabularyViewSet):
    queryset = TargetGroup.objects.select_related("source")
    serializer_class = serializers.TargetGroupSerializer


@_documented("依据文件")
class SourceViewSet(VocabularyViewSet):
    queryset = Source.objects.all()
    serializer_class = serializers.SourceSerializer


@_documented("发展指标")
class IndicatorViewSet(VocabularyViewSet):
    queryset = Indicator.objects.select_related("source", "domain", "baseline_source")
    serializer_class = serializers.IndicatorSerializer


@_documented("专栏与项目")
class ProjectGroupViewSet(VocabularyViewSet):
    queryset = ProjectGroup.objects.select_related("source", "domain").prefetch_related("projects")
    serializer_class = serializers.BoxSerializer
