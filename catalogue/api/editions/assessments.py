"""What the treasury was found to bear before an edition was published (财政承受能力评估)."""

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers, viewsets
from rest_framework.response import Response

from catalogue.api.base import languages, pagination
from catalogue.api.editions.views import published_edition
from catalogue.models import Assessment, AssessmentLine, Edition
from catalogue.web.query import parameters
from catalogue.workflow.steps import assessments

MONEY = "元，写成文字的小数"


class LineSerializer(serializers.Serializer):
    """What one part of a change costs a year: so many people, from one standard to another."""

    label = serializers.CharField(help_text="算的是谁，例如城市、农村牧区")
    beneficiaries = serializers.IntegerField(min_value=0, help_text="受益人数")
    old_standard = serializers.CharField(help_text=f"原标准，{MONEY}；原来没有的是 0.00")
    new_standard = serializers.CharField(help_text=f"新标准，{MONEY}")
    periods = serializers.IntegerField(min_value=1, help_text="月数、年数或次数")
    period = serializers.ChoiceField(choices=AssessmentLine.Period.choices, help_text="计算单位")
    total = serializers.CharField(help_text=f"人数 × 新标准 × 期数，{MONEY}")
    increment = serializers.CharField(help_text=f"比原来增加多少，{MONEY}")


class BorneSerializer(serializers.Serializer):
    """Who bears how much of the total, by level of government."""

    centre = serializers.CharField(help_text=f"中央负担，{MONEY}")
    region = serializers.CharField(help_text=f"自治区负担，{MONEY}")
    league = serializers.CharField(help_text=f"盟市负担，{MONEY}")
    banner = serializers.CharField(help_text=f"旗县负担，{MONEY}")


class AssessmentSerializer(serializers.Serializer):
    """The assessment of one proposal that the edition took up."""

    proposal = serializers.IntegerField(min_value=1, help_text="调整建议的编号")
    title = serializers.CharField(help_text="调整建议的标题")
    services = serializers.ListField(child=serializers.CharField(), help_text="所调整的服务项目的代码")
    conclusion = serializers.ChoiceField(choices=Assessment.Conclusion.choices, help_text="评估结论")
    lines = LineSerializer(many=True, help_text="逐行的算法")
    total = serializers.CharField(help_text=f"各行之和，{MONEY}")
    increment = serializers.CharField(help_text=f"各行增加之和，{MONEY}")
    borne = BorneSerializer(help_text="各级负担多少")
    funding_source = serializers.CharField(help_text="资金来源")
    assessed_at = serializers.DateTimeField(help_text="评估时间")


@extend_schema(tags=["editions"])
@extend_schema_view(list=extend_schema(summary="版本所编入的调整建议的财政承受能力评估"))
class AssessmentViewSet(languages.LocalizedMixin, parameters.StrictParameters, viewsets.GenericViewSet):
    """The assessments behind an edition. No person is named, and no attachment is served."""

    queryset = Assessment.objects.select_related("proposal").prefetch_related(
        "lines", "attachments", "proposal__entries"
    ).order_by("proposal__number")  # fmt: skip
    serializer_class = AssessmentSerializer
    parameters = {"list": pagination.PARAMETERS}

    def list(self, request, slug: str) -> Response:
        edition = published_edition(slug, Edition.objects.published())
        page = self.paginate_queryset(self.get_queryset().filter(proposal__edition=edition.original))
        return self.get_paginated_response(self.get_serializer([_stated(row) for row in page], many=True).data)


def _stated(assessment: Assessment) -> dict:
    figures, proposal = assessments.snapshot(assessment), assessment.proposal
    return figures | {
        "proposal": proposal.number,
        "title": proposal.title,
        "services": sorted(entry.service for entry in proposal.entries.all()),
        "borne": {level: figures[f"borne_{level}"] for level in assessments.LEVELS},
        "assessed_at": assessment.at,
    }
