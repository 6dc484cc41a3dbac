"""The list as in REST framework's tutorial: nested ModelSerializers over the catalogue's entries."""

import datetime

import django_filters
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import filters, routers, serializers, viewsets

from catalogue.models import Citation, Edition, Entry, FieldVerification
from services.models import Department, Domain, TargetGroup
from services.sources import Source

TERM = ["code", "name", "name_en"]


class DomainSerializer(serializers.ModelSerializer):
    class Meta:
        model = Domain
        fields = TERM


class TargetGroupSerializer(serializers.ModelSerializer):
    class Meta:
        model = TargetGroup
        fields = TERM


class DepartmentSerializer(serializers.ModelSerializer):
    class Meta:
        model = Department
        fields = [*TERM, "short_name"]


class SourceSerializer(serializers.ModelSerializer):
    class Meta:
        model = Source
        fields = ["code", "title"]


class CitedSourceSerializer(serializers.ModelSerializer):
    class Meta:
        model = Source
        fields = ["code", "title", "document_number"]


class CitationSerializer(serializers.ModelSerializer):
    source = CitedSourceSerializer()

    class Meta:
        model = Citation
        fields = ["field", "source", "locator", "quote", "verification", "jurisdiction", "criterion"]


class FindingSerializer(serializers.ModelSerializer):
    class Meta:
        model = FieldVerification
        fields = ["field", "verification", "basis"]


class EntrySerializer(serializers.ModelSerializer):
    code = serializers.CharField(source="service.code")
    domain = DomainSerializer()
    target_groups = TargetGroupSerializer(many=True)
    lead_department = DepartmentSerializer()
    lead_department_alternatives = DepartmentSerializer(many=True)
    co_departments = DepartmentSerializer(many=True)
    legal_basis = SourceSerializer(many=True)
    field_verifications = FindingSerializer(many=True)

    class Meta:
        model = Entry
        fields = [
            "code",
            "number",
            "name",
            "name_en",
            "domain",
            "target_groups",
            "target_group_text",
            "content",
            "standard",
            "standard_as_of",
            "expenditure_responsibility",
            "lead_department",
            "lead_department_alternatives",
            "co_departments",
            "legal_basis",
            "eligibility",
            "note",
            "field_verifications",
        ]


class DetailSerializer(EntrySerializer):
    citations = CitationSerializer(many=True)

    class Meta(EntrySerializer.Meta):
        fields = [*EntrySerializer.Meta.fields, "citations"]


class EntryFilterSet(django_filters.FilterSet):
    domain = django_filters.CharFilter("domain__code")
    lead_department = django_filters.CharFilter("lead_department__code")

    class Meta:
        model = Entry
        fields = []


class EntryViewSet(viewsets.ReadOnlyModelViewSet):
    serializer_class = EntrySerializer
    filter_backends = [DjangoFilterBackend, filters.OrderingFilter]
    filterset_class = EntryFilterSet
    ordering_fields = ["number", "service__code", "name"]
    lookup_field = "service__code"
    lookup_url_kwarg = "code"
    lookup_value_regex = "[^/]+"

    def get_queryset(self):
        today = datetime.datetime.now(datetime.UTC).date()
        entries = Entry.objects.filter(edition__in=Edition.objects.in_force(today).values("pk"))
        entries = entries.select_related("service", "domain", "lead_department").prefetch_related(
            "target_groups", "lead_department_alternatives", "co_departments", "legal_basis", "field_verifications"
        )
        return entries.prefetch_related("citations__source") if self.action == "retrieve" else entries

    def get_serializer_class(self):
        return DetailSerializer if self.action == "retrieve" else EntrySerializer


router = routers.SimpleRouter()
router.register("services", EntryViewSet, basename="services")
urlpatterns = router.urls
