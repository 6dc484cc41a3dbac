"""How well an edition is known: labels, quotes and age, counted by field, domain and department."""

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from catalogue.api.base import languages
from catalogue.api.serializers import EditionReferenceSerializer
from catalogue.editions.public import coverage, published
from catalogue.web.query import edition_query
from catalogue.web.query.parameters import StrictParameters


class FieldCountsSerializer(serializers.Serializer):
    """The number of services by what is known of one field."""

    verbatim = serializers.IntegerField(help_text="原文核对")
    secondary = serializers.IntegerField(help_text="转述")
    unverified = serializers.IntegerField(help_text="未核实")
    unknown = serializers.IntegerField(help_text="未知，没有值")
    quoted = serializers.IntegerField(help_text="有条文位置和原文")
    outdated = serializers.IntegerField(help_text="可能过时（may_be_outdated）")


class CoverageSerializer(serializers.Serializer):
    """The counts of an edition's fields."""

    edition = EditionReferenceSerializer()
    fields = serializers.DictField(child=FieldCountsSerializer(), help_text="按字段")
    by_domain = serializers.DictField(
        child=serializers.DictField(child=FieldCountsSerializer()), help_text="按领域代码，再按字段"
    )
    by_department = serializers.DictField(
        child=serializers.DictField(child=FieldCountsSerializer()),
        help_text="按牵头负责单位代码，再按字段；没有牵头单位的在 unknown",
    )


class CoverageView(languages.LocalizedMixin, StrictParameters, APIView):
    """Counts how well the fields of an edition are known on a day."""

    parameters = {None: edition_query.PARAMETERS}

    @extend_schema(summary="核实情况、原文和新旧的统计", responses=CoverageSerializer, tags=["editions"])
    def get(self, request) -> Response:
        edition = edition_query.edition_from_query(self.query)
        on, months = self.query.get("valid_on") or edition_query.today(), settings.OUTDATED_AFTER_MONTHS
        outdated = {code: freshness.may_be_outdated(on, months=months) for code, freshness in edition.freshness.items()}
        documents = published.get_published(edition).documents.values()
        return Response(
            {
                "edition": EditionReferenceSerializer(edition).data,
                "fields": coverage.count_fields(documents, outdated),
                "by_domain": coverage.count_by(coverage.domain_of, documents, outdated),
                "by_department": coverage.count_by(coverage.department_of, documents, outdated),
            }
        )
