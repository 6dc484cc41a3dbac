"""The vocabularies, and the indicators and project groups of the plan."""

from collections.abc import Mapping, Sequence

from django.db.models import Count, IntegerField, OuterRef, Prefetch, QuerySet, Subquery
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, viewsets
from rest_framework.exceptions import NotFound

from catalogue.api import serializers
from catalogue.api.base import languages, pagination
from catalogue.models import Edition, Entry
from catalogue.web import edition_query
from catalogue.web.parameters import Parameter, StrictParameters
from services.models import (
    Department,
    Domain,
    Indicator,
    Observation,
    Project,
    ProjectGroup,
    Service,
    TargetGroup,
    Task,
    Topic,
)
from services.search import fold_compact
from services.sources import Source


def _matching(queryset: QuerySet, query: str, texts: Sequence[str]) -> QuerySet:
    """Return the terms with a text that contains a query, both folded (``fold_compact()``): 養老 finds 养老."""
    wanted = fold_compact(query).text
    keys = [
        row[0]
        for row in queryset.values_list("pk", *texts)
        if any(wanted in fold_compact(text).text for text in row[1:] if text)
    ]
    return queryset.filter(pk__in=keys)


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
    # The lookup of each filter; of ``q`` the texts that it is searched in.
    filters: Mapping[str, str | Sequence[str]] = {}

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        """Apply the declared filters. Raises InvalidError for an unknown code of another vocabulary."""
        for parameter in self.get_parameters():
            if parameter.name not in self.query or parameter.name not in self.filters:
                continue
            value, lookup = self.query[parameter.name], self.filters[parameter.name]
            if parameter.name == "q":
                queryset = _matching(queryset, value, lookup)
            else:
                if parameter.name in FILTERED:
                    parameter.check(value, FILTERED[parameter.name].objects.values_list("code", flat=True))
                queryset = queryset.filter(pk__in=self.queryset.model.objects.filter(**{f"{lookup}__in": value}))
        return queryset

    def get_object(self):
        code = self.kwargs["code"]
        term = self.get_queryset().filter(code=code).first()
        if term is None:
            raise NotFound(f"{self.queryset.model._meta.verbose_name}中没有代码 {code}。")
        return term


# The vocabularies whose codes a filter takes.
FILTERED = {"domain": Domain, "service": Service, "indicator": Indicator}
DOMAIN = Parameter("domain", "领域代码；可重复或用逗号分隔", many=True)
SERVICE = Parameter("service", "服务项目代码；可重复或用逗号分隔", many=True)
NATURE = Parameter("nature", "性质", many=True, allowed=Indicator.Nature.values)
INDICATOR = Parameter("indicator", "指标或目标的代码；可重复或用逗号分隔", many=True)
QUERY = Parameter("q", "名称、内容或原文里的字词，简体繁体都可以")


def _documented(name: str):
    return extend_schema_view(
        list=extend_schema(summary=name, tags=["vocabularies"]),
        retrieve=extend_schema(summary=f"{name}：一项", tags=["vocabularies"]),
    )


@_documented("领域")
class DomainViewSet(VocabularyViewSet):
    """The nine domains, with how many services the edition in force has in each (null: none is in force)."""

    queryset = Domain.objects.select_related("source").prefetch_related(
        Prefetch("tasks", Task.objects.select_related("source", "domain").prefetch_related("services"))
    )
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


OBSERVATIONS = Observation.objects.select_related("source", "domain", "indicator").prefetch_related("services")


@_documented("发展指标（表1）")
class IndicatorViewSet(VocabularyViewSet):
    """The 24 indicators of table 1, each with its target, its baseline and what was measured since."""

    queryset = (
        Indicator.objects.of_table_1()
        .select_related("source", "domain", "baseline_source")
        .prefetch_related("services", Prefetch("observations", OBSERVATIONS))
    )
    serializer_class = serializers.IndicatorSerializer
    parameters = {"list": [*pagination.PARAMETERS, DOMAIN, NATURE, SERVICE, QUERY]}
    filters = {
        "domain": "domain__code",
        "nature": "nature",
        "service": "services__code",
        "q": ("name", "name_en", "note", "quote"),
    }


@_documented("目标（第四章和专栏，表1以外）")
class TargetViewSet(IndicatorViewSet):
    """The further numeric targets of chapter 4 and the boxes, in the shape of an indicator."""

    queryset = (
        Indicator.objects.further_targets()
        .select_related("source", "domain", "baseline_source")
        .prefetch_related("services", Prefetch("observations", OBSERVATIONS))
    )


@_documented("监测值")
class ObservationViewSet(VocabularyViewSet):
    """What was measured, with the day or year and the clause."""

    queryset = OBSERVATIONS
    serializer_class = serializers.ObservationSerializer
    parameters = {"list": [*pagination.PARAMETERS, DOMAIN, INDICATOR, SERVICE, QUERY]}
    filters = {
        "domain": "domain__code",
        "indicator": "indicator__code",
        "service": "services__code",
        "q": ("name", "note", "quote"),
    }


@_documented("主要任务（第四章）")
class TaskViewSet(VocabularyViewSet):
    """The tasks of chapter 4 of the plan."""

    queryset = Task.objects.select_related("source", "domain").prefetch_related("services")
    serializer_class = serializers.TaskSerializer
    parameters = {"list": [*pagination.PARAMETERS, DOMAIN, SERVICE, QUERY]}
    filters = {"domain": "domain__code", "service": "services__code", "q": ("heading", "text")}


@_documented("专栏与项目")
class ProjectGroupViewSet(VocabularyViewSet):
    """The boxes of the plan with their projects. ``service`` and ``q`` find a box by itself or by a project of it."""

    queryset = ProjectGroup.objects.select_related("source", "domain").prefetch_related(
        "services", Prefetch("projects", Project.objects.select_related("source").prefetch_related("services"))
    )
    serializer_class = serializers.ProjectGroupSerializer
    parameters = {"list": [*pagination.PARAMETERS, DOMAIN, SERVICE, QUERY]}
    filters = {
        "domain": "domain__code",
        "service": "services__code",
        "q": ("title", "quote", "projects__name", "projects__text"),
    }


@_documented("人生事件")
class TopicViewSet(VocabularyViewSet):
    """Life events with the services that a person in them looks for. The editors', no document's."""

    queryset = Topic.objects.prefetch_related("links__service")
    serializer_class = serializers.TopicSerializer
    parameters = {"list": [*pagination.PARAMETERS, SERVICE]}
    filters = {"service": "links__service__code"}
