"""The vocabularies, and the indicators and project groups of the plan."""

from collections.abc import Sequence

from django.db.models import Count, IntegerField, OuterRef, Prefetch, QuerySet, Subquery
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers, viewsets

from catalogue.api.base import languages, pagination
from catalogue.api.serializers import CitedSourceSerializer, IdentifierSerializer
from catalogue.models import Edition, Entry
from catalogue.web.query import edition_query
from catalogue.web.query.parameters import Parameter, StrictParameters
from services.faults import NotFoundError, ProblemCode
from services.models import (
    Contact,
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
from services.sources import Source, Verification


def _matching(queryset: QuerySet, query: str, texts: Sequence[str]) -> QuerySet:
    """Return the terms with a text that contains a query, both folded (``fold_compact()``): 養老 finds 养老."""
    wanted = fold_compact(query).text
    if not wanted:
        # Punctuation alone is in no text.
        return queryset.none()
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
    # The filters of the list, each with its lookup; ``QUERY`` with the texts that it is searched in.
    filters: Sequence[tuple[Parameter, str | Sequence[str]]] = ()

    def get_parameters(self) -> Sequence[Parameter]:
        filters = self.filters if self.action == "list" else ()
        return [*super().get_parameters(), *(parameter for parameter, _ in filters)]

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        """Apply the declared filters. Raises InvalidError for an unknown code of another vocabulary."""
        for parameter, lookup in self.filters:
            if parameter.name not in self.query:
                continue
            value = self.query[parameter.name]
            if parameter is QUERY:
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
            name = self.queryset.model._meta.verbose_name
            raise NotFoundError(f"{name}中没有代码 {code}。", ProblemCode.UNKNOWN_TERM)
        return term


CLAUSE = ("source", "locator", "quote", "verification")


class ClauseSerializer(serializers.Serializer):
    """The clause a term rests on."""

    source = CitedSourceSerializer()
    locator = serializers.CharField(allow_null=True)
    quote = serializers.CharField(allow_null=True)
    verification = serializers.ChoiceField(choices=Verification.choices)


class TermSerializer(serializers.ModelSerializer):
    """A term of a vocabulary, with the clause it rests on."""

    citation = ClauseSerializer(source="*")


class LinkedTermSerializer(TermSerializer):
    """A term that is linked to services."""

    services = serializers.SlugRelatedField("code", many=True, read_only=True, help_text="条文说到的服务项目，代码")


class TaskSerializer(LinkedTermSerializer):
    """A task of chapter 4 of the plan, with the services that it speaks of."""

    domain = serializers.CharField(source="domain.code")

    class Meta:
        model = Task
        fields = ["code", "domain", "heading", "text", "services", "citation"]


class DomainSerializer(TermSerializer):
    """A domain, with its goal and its tasks in the plan."""

    service_count = serializers.IntegerField(allow_null=True, help_text="施行中版本里的服务项目数")
    tasks = TaskSerializer(many=True)

    class Meta:
        model = Domain
        fields = ["code", "name", "name_en", "goal", "service_count", "tasks", "citation"]


class ContactSerializer(TermSerializer):
    """A hotline or a website with the clause that gives it."""

    class Meta:
        model = Contact
        fields = ["value", "citation"]


class DepartmentSerializer(TermSerializer):
    """A department, with the hotline, the website and the official codes that documents give."""

    hotline = serializers.SerializerMethodField(help_text="热线；null 表示手头的文件没有给出")
    website = serializers.SerializerMethodField(help_text="网站；null 表示手头的文件没有给出")
    identifiers = IdentifierSerializer(many=True, help_text="文件给出的官方代码；空表示手头的文件没有给出")
    replaced_by = serializers.CharField(
        source="replaced_by.code", default=None, allow_null=True, help_text="更名或并入后接替它的部门，代码；null：没有"
    )
    replaced_from = serializers.DateField(allow_null=True, help_text="自哪一天起由它接替")
    replaced_citation = serializers.SerializerMethodField(help_text="写明接替的条文")

    class Meta:
        model = Department
        fields = [
            "code", "name", "short_name", "name_en", "level", "hotline", "website", "identifiers", "replaced_by",
            "replaced_from", "replaced_citation", "citation",
        ]  # fmt: skip

    @extend_schema_field(ContactSerializer(allow_null=True))
    def get_hotline(self, department: Department) -> dict | None:
        return self._contact(department, Contact.Kind.HOTLINE)

    @extend_schema_field(ContactSerializer(allow_null=True))
    def get_website(self, department: Department) -> dict | None:
        return self._contact(department, Contact.Kind.WEBSITE)

    @extend_schema_field(ClauseSerializer(allow_null=True))
    def get_replaced_citation(self, department: Department) -> dict | None:
        clause = {name: getattr(department, f"replaced_{name}") for name in CLAUSE}
        return ClauseSerializer(clause).data if department.replaced_by else None

    def _contact(self, department: Department, kind: Contact.Kind) -> dict | None:
        found = next((contact for contact in department.contacts.all() if contact.kind == kind), None)
        return found and ContactSerializer(found).data


class TargetGroupSerializer(TermSerializer):
    """A target group, with the definition that a clause gives."""

    definition = serializers.DictField(
        allow_null=True, help_text="条文给出的界定：text 是条文的原文；null 表示没有查到界定"
    )

    class Meta:
        model = TargetGroup
        fields = ["code", "name", "name_en", "definition", "citation"]


class SourceSerializer(serializers.ModelSerializer):
    in_force_until = serializers.DateField(
        allow_null=True, help_text="由新文本代替前的最后一天；null：没有查到代替它的，或新文本的施行日期不明"
    )
    replaced_by = serializers.CharField(source="replaced_by.code", default=None, allow_null=True)

    class Meta:
        model = Source
        extra_kwargs = {"counts_from": {"source": "citable_from"}}
        fields = [
            "code",
            "title",
            "issuer",
            "document_number",
            "date",
            "in_force_from",
            "in_force_until",
            "replaced_by",
            "counts_from",
            "kind",
            "jurisdiction",
            "extent_read",
            "read_in",
            "url",
            "note",
        ]


class BaselineSerializer(serializers.Serializer):
    value = serializers.FloatField(source="baseline_value")
    period = serializers.CharField(source="baseline_period")
    source = serializers.CharField(source="baseline_source.code")
    locator = serializers.CharField(source="baseline_locator", allow_null=True)
    quote = serializers.CharField(source="baseline_quote", allow_null=True)


class ObservationSerializer(LinkedTermSerializer):
    """A measured figure; of an indicator, a target, or of neither."""

    value = serializers.FloatField()
    operator = serializers.ChoiceField(choices=Indicator.Operator.choices, help_text="eq 以外：条文给的是界限")
    on = serializers.CharField(allow_null=True, help_text="年、月或日，如条文所写；null 表示条文没有写")
    place = serializers.CharField(allow_null=True, help_text="null 表示全自治区")
    domain = serializers.CharField(source="domain.code")
    indicator = serializers.CharField(source="indicator.code", allow_null=True, help_text="所对照的指标或目标的代码")

    class Meta:
        model = Observation
        fields = [
            "code", "domain", "indicator", "name", "operator", "value", "unit", "on", "place", "services", "note",
            "citation",
        ]  # fmt: skip


class IndicatorSerializer(LinkedTermSerializer):
    """An indicator or a target, with its baseline, what was measured, and its services."""

    target_value = serializers.FloatField(allow_null=True, help_text="null：条文的数写不成小数，见 target_text")
    domain = serializers.CharField(source="domain.code", allow_null=True, help_text="null：不限于一个领域")
    # Declared, because the bounds of a column differ between the databases.
    target_year = serializers.IntegerField(allow_null=True, help_text="null：条文没有写")
    nature = serializers.ChoiceField(
        choices=Indicator.Nature.choices, allow_null=True, help_text="null：条文没有写（只有表1写）"
    )
    observations = ObservationSerializer(many=True)
    baseline = serializers.SerializerMethodField(help_text="基期值；null 表示规划没有给出")

    class Meta:
        model = Indicator
        fields = [
            "code",
            "name",
            "name_en",
            "unit",
            "operator",
            "target_value",
            "target_text",
            "target_year",
            "nature",
            "domain",
            "services",
            "note",
            "baseline",
            "observations",
            "citation",
        ]

    @extend_schema_field(BaselineSerializer(allow_null=True))
    def get_baseline(self, indicator: Indicator) -> dict | None:
        return None if indicator.baseline_value is None else BaselineSerializer(indicator).data


class ProjectSerializer(LinkedTermSerializer):
    """A project in a box of the plan, with the services that it speaks of."""

    class Meta:
        model = Project
        fields = ["code", "name", "text", "services", "citation"]


class ProjectGroupSerializer(LinkedTermSerializer):
    """A box of the plan, with its projects."""

    number = serializers.IntegerField(min_value=1, help_text="专栏序号")
    domain = serializers.CharField(source="domain.code")
    projects = ProjectSerializer(many=True)

    class Meta:
        model = ProjectGroup
        fields = ["code", "number", "title", "domain", "services", "projects", "citation"]


class TopicSerializer(serializers.ModelSerializer):
    """A life event. It is the editors' own and in no document."""

    services = serializers.SerializerMethodField(help_text="服务项目的代码，最常要找的在前")

    class Meta:
        model = Topic
        fields = ["code", "name", "name_en", "note", "services"]

    def get_services(self, topic: Topic) -> list[str]:
        return [link.service.code for link in topic.links.all()]


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
    serializer_class = DomainSerializer

    def get_queryset(self) -> QuerySet:
        in_force = Edition.objects.in_force(edition_query.today()).values("pk")
        entries = Entry.objects.filter(domain=OuterRef("pk"), edition__in=Subquery(in_force)).order_by()
        counts = entries.values("domain").annotate(count=Count("pk")).values("count")
        return super().get_queryset().annotate(service_count=Subquery(counts, output_field=IntegerField()))


@_documented("部门")
class DepartmentViewSet(VocabularyViewSet):
    """The departments that lead services or take part in them."""

    queryset = Department.objects.select_related("source", "replaced_by", "replaced_source").prefetch_related(
        Prefetch("contacts", Contact.objects.select_related("source")), "identifiers"
    )
    serializer_class = DepartmentSerializer


@_documented("服务对象")
class TargetGroupViewSet(VocabularyViewSet):
    """Whom services are for, each with its definition where a clause gives one."""

    queryset = TargetGroup.objects.select_related("source")
    serializer_class = TargetGroupSerializer


@_documented("依据文件")
class SourceViewSet(VocabularyViewSet):
    """The documents that the values of the list rest on, with where and how far each was read."""

    queryset = Source.objects.select_related("replaced_by")
    serializer_class = SourceSerializer


OBSERVATIONS = Observation.objects.public().select_related("source", "domain", "indicator").prefetch_related("services")
INDICATORS = Indicator.objects.select_related("source", "domain", "baseline_source").prefetch_related(
    "services", Prefetch("observations", OBSERVATIONS)
)


@_documented("发展指标（表1）")
class IndicatorViewSet(VocabularyViewSet):
    """The 24 indicators of table 1, each with its target, its baseline and what was measured since."""

    queryset = INDICATORS.of_table_1()
    serializer_class = IndicatorSerializer
    filters = [
        (DOMAIN, "domain__code"),
        (NATURE, "nature"),
        (SERVICE, "services__code"),
        (QUERY, ("name", "name_en", "note", "quote")),
    ]


@_documented("目标（第四章和专栏，表1以外）")
class TargetViewSet(IndicatorViewSet):
    """The further numeric targets of chapter 4 and the boxes, in the shape of an indicator."""

    queryset = INDICATORS.further_targets()


@_documented("监测值")
class ObservationViewSet(VocabularyViewSet):
    """What was measured, with the day or year and the clause."""

    queryset = OBSERVATIONS
    serializer_class = ObservationSerializer
    filters = [
        (DOMAIN, "domain__code"),
        (INDICATOR, "indicator__code"),
        (SERVICE, "services__code"),
        (QUERY, ("name", "note", "quote")),
    ]


@_documented("主要任务（第四章）")
class TaskViewSet(VocabularyViewSet):
    """The tasks of chapter 4 of the plan."""

    queryset = Task.objects.select_related("source", "domain").prefetch_related("services")
    serializer_class = TaskSerializer
    filters = [(DOMAIN, "domain__code"), (SERVICE, "services__code"), (QUERY, ("heading", "text"))]


@_documented("专栏与项目")
class ProjectGroupViewSet(VocabularyViewSet):
    """The boxes of the plan with their projects. ``service`` and ``q`` find a box by itself or by a project of it."""

    queryset = ProjectGroup.objects.select_related("source", "domain").prefetch_related(
        "services", Prefetch("projects", Project.objects.select_related("source").prefetch_related("services"))
    )
    serializer_class = ProjectGroupSerializer
    filters = [
        (DOMAIN, "domain__code"),
        (SERVICE, "services__code"),
        (QUERY, ("title", "quote", "projects__name", "projects__text")),
    ]


@_documented("人生事件")
class TopicViewSet(VocabularyViewSet):
    """Life events with the services that a person in them looks for. They are the editors' own and in no document."""

    queryset = Topic.objects.prefetch_related("links__service")
    serializer_class = TopicSerializer
    filters = [(SERVICE, "links__service__code")]
