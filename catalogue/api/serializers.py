"""Serializers of the API. That of a service declares the shape of the sealed document, which is answered as it is."""

import datetime

from django.conf import settings
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from catalogue.editions.changes import LISTED, WITHDRAWN
from catalogue.editions.document import LeadBasis, lead_basis
from catalogue.editions.public.freshness import Freshness
from catalogue.models import Citation, Edition, Entry, FieldVerification, SourcedField
from services import search
from services.eligibility import rules
from services.models import Region
from services.sources import Jurisdiction, Verification
from services.values import shares
from services.values.amounts import KINDS, PERIODS, PERS, with_current
from services.values.identifiers import Identifier

CHANGE_KINDS = [("added", "新增"), ("changed", "调整"), ("withdrawn", "取消")]
HISTORY_KINDS = [*CHANGE_KINDS, ("unchanged", "不变")]
CURRENCIES = [("CNY", "人民币")]
AMOUNT_KINDS, AMOUNT_PERIODS, AMOUNT_PERS = (list(choices.items()) for choices in (KINDS, PERIODS, PERS))
SHARE_LEVELS = list(shares.LEVELS.items())
FIELD_LABELS = dict(SourcedField.choices) | {
    "code": "代码",
    "number": "序号",
    "synonym": "俗称、旧称",
    "target_group_text": "服务对象的原文",
    "lead_department_alternatives": "其他文件写的牵头单位",
    "citations": "字段来源",
}
MATCHED_FIELDS = [(field, FIELD_LABELS[field]) for field in search.RANK]
HOW_LABELS = ("全同", "开头相同", "在其中", "拼音", "拼音首字母", "问句中含有它", "部分相同")
MATCHED_HOW = list(zip(search.MATCH_KINDS, HOW_LABELS, strict=True))
OPERATOR_LABELS = ("等于", "不等于，或列表里没有", "小于", "不大于", "大于", "不小于", "是其中之一", "列表里有")
RULE_OPERATORS = list(zip(rules.ALL_OPERATORS, OPERATOR_LABELS, strict=True))
STATUSES = [(LISTED, "在清单中"), (WITHDRAWN, "已取消")]


@extend_schema_field({"description": "该字段的值，形状与服务项目中的同名字段一致；null 表示未知或没有"})
class AnyValue(serializers.JSONField):
    """A value of any field of a service."""


@extend_schema_field({"type": "object", "additionalProperties": {"type": ["string", "null"], "format": "date"}})
class DaysByField(serializers.JSONField):
    """A day, or null, by sourced field."""


@extend_schema_field({"type": ["object", "null"]})
class DocumentOrNull(serializers.JSONField):
    """An object of another shape, or null."""


class NamedSerializer(serializers.Serializer):
    """A term by its code and name."""

    code = serializers.CharField()
    name = serializers.CharField()


class TermReferenceSerializer(NamedSerializer):
    """A term of a vocabulary as it was called when the edition was sealed."""

    name_en = serializers.CharField(allow_null=True)


class DepartmentReferenceSerializer(TermReferenceSerializer):
    """A department as it was called when the edition was sealed."""

    short_name = serializers.CharField(allow_null=True)


class SourceReferenceSerializer(serializers.Serializer):
    code = serializers.CharField()
    title = serializers.CharField()


class CitedSourceSerializer(SourceReferenceSerializer):
    document_number = serializers.CharField(allow_null=True)


class CitationSerializer(serializers.Serializer):
    """The clause one field rests on."""

    field = serializers.ChoiceField(choices=Citation.FIELDS)
    source = CitedSourceSerializer()
    locator = serializers.CharField(allow_null=True)
    quote = serializers.CharField(allow_null=True)
    verification = serializers.ChoiceField(choices=Verification.choices)
    jurisdiction = serializers.ChoiceField(choices=Jurisdiction.choices, allow_null=True)
    criterion = serializers.IntegerField(
        required=False, min_value=1, help_text="享受条件的来源才有：支持其中第几个条件（各组连着数）"
    )


class QuotedClauseSerializer(serializers.Serializer):
    """The clause that a figure, a share or an open criterion carries."""

    source = CitedSourceSerializer()
    locator = serializers.CharField(allow_null=True)
    quote = serializers.CharField(help_text="条文的原文")
    verification = serializers.ChoiceField(choices=Verification.choices)
    jurisdiction = serializers.ChoiceField(choices=Jurisdiction.choices, allow_null=True)


@extend_schema_field({"description": "事实的值：整数、真假、代码或代码的列表"})
class FactValue(serializers.JSONField):
    """A value of a fact."""


class CriterionSerializer(serializers.Serializer):
    """One condition on one fact."""

    fact = serializers.CharField(help_text="事实的名称，见 facts/")
    op = serializers.ChoiceField(choices=RULE_OPERATORS)
    value = FactValue(help_text="所比较的值；op 为 in 时是列表")


class OpenCriterionSerializer(serializers.Serializer):
    """One condition that no fact can decide."""

    open = serializers.CharField(help_text="什么条件")
    decided_by = serializers.CharField(allow_null=True, help_text="由谁认定；null：条文没有写明")
    citation = QuotedClauseSerializer()


@extend_schema_field(
    PolymorphicProxySerializer(
        component_name="AnyCriterion",
        serializers=[CriterionSerializer, OpenCriterionSerializer],
        resource_type_field_name=None,
    )
)
class AnyCriterion(serializers.JSONField):
    """A condition on a fact, or an open one."""


class GroupSerializer(serializers.Serializer):
    """Criteria that must all hold."""

    all = serializers.ListField(
        child=AnyCriterion(), help_text="各条件；没有事实可问的是 open、decided_by、citation，在最后"
    )


class EligibilitySerializer(serializers.Serializer):
    """Whom a service is for: everybody, or anybody who meets all criteria of any group."""

    universal = serializers.BooleanField(help_text="面向所有人")
    machine_readable = serializers.BooleanField(help_text="false：不能化为条件，判断总是未知")
    any = GroupSerializer(many=True)
    reason = serializers.CharField(allow_null=True, help_text="为什么不能化为条件；其余为 null")


def freshness_values(freshness: Freshness, on: datetime.date) -> dict[str, object]:
    """Return the fields of a service that say how fresh its values are on a day."""
    return {
        "checked_on": freshness.checked_on,
        "valid_until": freshness.valid_until,
        "may_be_outdated": freshness.may_be_outdated(on, months=settings.OUTDATED_AFTER_MONTHS),
    }


def _labels(choices: list, name: str) -> serializers.Serializer:
    """Return a serializer with one label for each sourced field, null where the field is unknown."""
    return type(
        name,
        (serializers.Serializer,),
        {field: serializers.ChoiceField(choices=choices, allow_null=True) for field in Entry.SOURCED_FIELDS}
        | {"__doc__": "One label for each sourced field; null: the field is unknown."},
    )


FieldVerificationSerializer = _labels(Verification.choices, "FieldVerificationSerializer")
FieldBasisSerializer = _labels(FieldVerification.Basis.choices, "FieldBasisSerializer")


class MatchSerializer(serializers.Serializer):
    """Why a search found a service."""

    field = serializers.ChoiceField(choices=MATCHED_FIELDS, help_text="在哪个字段匹配")
    how = serializers.ChoiceField(
        choices=MATCHED_HOW,
        help_text="怎样匹配",
    )
    term = serializers.CharField(help_text="检索词中匹配的部分，已折叠为简体、小写、半角")
    text = serializers.CharField(help_text="匹配到的文字，长的只取前后一段")


class EditionReferenceSerializer(serializers.Serializer):
    """Which edition answers, and the digest to cite it by."""

    slug = serializers.CharField()
    effective_from = serializers.DateField()
    digest = serializers.CharField()


class IdentifierSerializer(serializers.ModelSerializer):
    """A code that a document gives, by its scheme."""

    scheme = serializers.CharField(help_text="编码规则，例如 GB/T 2260")

    class Meta:
        model = Identifier
        fields = ["scheme", "value"]


class RegionSerializer(serializers.ModelSerializer):
    """The region that an edition is of."""

    identifiers = IdentifierSerializer(many=True, help_text="文件给出的官方代码；空表示手头的文件没有给出")

    class Meta:
        model = Region
        fields = ["code", "name", "name_en", "identifiers"]


class EditionSerializer(serializers.ModelSerializer):
    """A published edition, so that its time and digest are never null."""

    # Declared here, because the range of a small integer differs between the databases.
    number = serializers.IntegerField(min_value=1, help_text="版次，从 1 起")
    region = RegionSerializer()
    published_at = serializers.DateTimeField(help_text="发布时间")
    previous = serializers.CharField(
        source="previous.slug", default=None, allow_null=True, help_text="上一版本的标识；第一版为 null"
    )
    reissue_of = serializers.CharField(
        source="reissue_of.slug", default=None, allow_null=True, help_text="它所接替的已封存版本的标识；null：没有"
    )
    reissued_as = serializers.CharField(
        source="reissue.slug", default=None, allow_null=True, help_text="接替它、同日施行的版本的标识；null：没有"
    )
    digest = serializers.CharField(help_text="规范内容（content/）的 SHA-256，十六进制")
    service_count = serializers.IntegerField(help_text="本版本的服务项目数")
    url = serializers.HyperlinkedIdentityField("edition-detail", lookup_field="slug", help_text="版本的地址")

    class Meta:
        model = Edition
        fields = [
            "number",
            "slug",
            "title",
            "region",
            "effective_from",
            "published_at",
            "previous",
            "reissue_of",
            "reissued_as",
            "as_of",
            "digest",
            "note",
            "service_count",
            "url",
        ]


class AmountSerializer(serializers.Serializer):
    """A figure of a service's standard with the clause that holds it."""

    label = serializers.CharField(help_text="是什么；同一标签是同一件事在不同时候的数")
    kind = serializers.ChoiceField(choices=AMOUNT_KINDS, help_text="average 是平均数，不是一人领到的钱")
    value = serializers.CharField(help_text="写成文字的小数")
    unit = serializers.CharField(allow_null=True)
    currency = serializers.ChoiceField(choices=CURRENCIES, allow_null=True)
    period = serializers.ChoiceField(choices=AMOUNT_PERIODS, allow_null=True)
    per = serializers.ChoiceField(choices=AMOUNT_PERS, allow_null=True)
    of_whom = serializers.CharField(allow_null=True, help_text="null 表示所有对象")
    place = serializers.CharField(allow_null=True, help_text="null 表示全自治区")
    valid_from = serializers.DateField(allow_null=True)
    valid_until = serializers.DateField(allow_null=True)
    as_of = serializers.CharField(allow_null=True, help_text="数字是哪一年或哪一天的")
    current = serializers.BooleanField(help_text="false：期限已过，或同一标签有更新的数")
    citation = QuotedClauseSerializer()


class ShareSerializer(serializers.Serializer):
    """What one level of government pays, with the clause that says so."""

    level = serializers.ChoiceField(choices=SHARE_LEVELS, help_text="哪一级财政")
    percent = serializers.CharField(help_text="百分数，写成文字的小数；同一笔钱各级之和不一定是 100")
    of_whom = serializers.CharField(allow_null=True, help_text="哪一部分的钱；null 表示整个项目")
    citation = QuotedClauseSerializer()


class EntrySerializer(serializers.Serializer):
    """A service as an edition states it. What is unknown is null; a list that is unknown is empty."""

    # The fields declare the shape of the sealed document, which is answered with the edition and the address added.

    code = serializers.CharField()
    number = serializers.IntegerField(help_text="在版本中的序号")
    name = serializers.CharField()
    name_en = serializers.CharField(allow_null=True)
    domain = TermReferenceSerializer()
    target_groups = TermReferenceSerializer(many=True)
    target_group_text = serializers.CharField(allow_null=True)
    content = serializers.CharField(allow_null=True, help_text="服务内容")
    standard = serializers.CharField(allow_null=True, help_text="服务标准：每人得到多少")
    standard_as_of = serializers.CharField(allow_null=True, help_text="标准是何时的")
    amounts = AmountSerializer(many=True, help_text="标准里的数字；每个标签现行的在前，其后是历史；不能跨服务项目相加")
    expenditure_responsibility = serializers.CharField(allow_null=True, help_text="支出责任")
    shares = ShareSerializer(many=True, help_text="条文写明的各级财政分担比例；空表示没有查到写明比例的条文")
    lead_department = DepartmentReferenceSerializer(allow_null=True)
    lead_basis = serializers.ChoiceField(
        choices=LeadBasis.choices, allow_null=True, help_text="牵头单位凭什么；null 表示没有牵头单位"
    )
    lead_department_alternatives = TermReferenceSerializer(many=True)
    co_departments = TermReferenceSerializer(many=True)
    legal_basis = SourceReferenceSerializer(many=True)
    eligibility = EligibilitySerializer(allow_null=True, help_text="享受条件；null 表示本版本没有写明")
    note = serializers.CharField(allow_null=True, help_text="编者说明")
    verification = FieldVerificationSerializer()
    basis = FieldBasisSerializer()
    checked_on = DaysByField(help_text="每个字段最近一次与其来源核对的日期；null：没有引原文、也没有人核对过")
    valid_until = DaysByField(
        help_text="字段的值到哪一天为止（所引的文件都已由新文本代替，或数字都已到期）；不知道的字段不在其中"
    )
    may_be_outdated = serializers.ListField(
        child=serializers.ChoiceField(choices=SourcedField.choices),
        help_text="可能过时的字段：在所问的那一天，已过 valid_until，或距上次核对超过设定的月数（默认24个月）",
    )
    citations = CitationSerializer(many=True, required=False, help_text="详情，或列表带 expand=citations 时才有")
    edition = EditionReferenceSerializer()
    url = serializers.URLField(help_text="服务项目的地址")
    matches = MatchSerializer(many=True, required=False, help_text="检索（q）才有：在何处、如何匹配")

    def get_fields(self) -> dict[str, serializers.Field]:
        """Declare every field optional: ``fields=`` leaves out whatever is not selected."""
        fields = super().get_fields()
        for field in fields.values():
            field.required = False
        return fields

    def to_representation(self, document: dict) -> dict:
        request, edition = self.context["request"], document.get("edition", self.context["edition"])
        service = document | {
            "edition": EditionReferenceSerializer(edition).data,
            "url": reverse("service-detail", kwargs={"code": document["code"]}, request=request),
            "lead_basis": lead_basis(document),
            "amounts": with_current(document.get("amounts", []), self.context["on"]),
            "shares": shares.in_order(document.get("shares", [])),
            **freshness_values(edition.freshness[document["code"]], self.context["on"]),
        }
        return {field: service[field] for field in self.context["fields"]}


class WithdrawalSerializer(serializers.Serializer):
    """How a service was withdrawn, as it was recorded when the edition without it was published."""

    edition = serializers.CharField(help_text="取消它的版本")
    effective_from = serializers.DateField(help_text="自这一天起取消")
    reason = serializers.CharField(allow_null=True, help_text="取消的理由；null 表示没有记载")
    document_number = serializers.CharField(allow_null=True, help_text="取消所据文件的文号；null 表示没有记载")
    successors = NamedSerializer(many=True, help_text="承接它的服务项目；空表示没有")


class ServiceSerializer(EntrySerializer):
    """One service. Whether the edition that was asked has it is no part of what was sealed.

    Of a service that was withdrawn by then this is what the last edition that had it said, and ``edition`` is that one.
    """

    matches = None
    status = serializers.ChoiceField(
        choices=STATUSES,
        help_text=(
            "listed：所问的版本有此项目；withdrawn：所问的版本及以前某版本起已取消，其余字段是最后一个有它的版本"
            "（edition）所载"
        ),
    )
    identifiers = IdentifierSerializer(
        many=True, help_text="文件给出的官方代码；空表示手头的文件没有给出；不属于封存的内容"
    )
    withdrawal = WithdrawalSerializer(allow_null=True, help_text="取消的情况；status 为 listed 时为 null")


class FieldChangeSerializer(serializers.Serializer):
    field = serializers.CharField()
    before = AnyValue()
    after = AnyValue()


class ChangeDocumentSerializer(serializers.Serializer):
    """The document a change rests on. Of one that no clause is cited from, only the number is known."""

    code = serializers.CharField(allow_null=True)
    title = serializers.CharField(allow_null=True)
    document_number = serializers.CharField(allow_null=True)


class ChangeSerializer(serializers.Serializer):
    """One service's change from an edition to another."""

    cursor = serializers.CharField(allow_null=True, help_text="变更流中的位置；版本之间的比较没有")
    kind = serializers.ChoiceField(choices=CHANGE_KINDS)
    substance = serializers.BooleanField(
        help_text="true：服务本身变了（给谁、给什么、给多少、由谁负责）；false：只整理了资料（来源、核实情况、依据、说明、序号）"
    )
    service = NamedSerializer()
    edition = serializers.CharField(help_text="变更所在的版本")
    at = serializers.DateTimeField(help_text="发布时间")
    effective_from = serializers.DateField(help_text="施行日期")
    fields = FieldChangeSerializer(many=True)
    reason = serializers.CharField(
        allow_null=True,
        help_text="调整理由，多条理由以“；”隔开；相隔几个版本的比较按先后列出其间每一步的理由；"
        "编者汇编的变更写“汇编自”变化的字段所引的文件；null 表示没有记载",
    )
    document = ChangeDocumentSerializer(
        allow_null=True, help_text="变更所依据的文件；null 表示没有或不止一份；取消只知文号时，code 与 title 为 null"
    )
    document_number = serializers.CharField(
        allow_null=True, help_text="决定这项变更的文件的文号；null 表示没有记载或不止一份"
    )
    successors = NamedSerializer(many=True, help_text="取消时承接它的服务项目；其余为空")


class HistorySerializer(ChangeSerializer):
    """One service in one edition: how it stood, and what changed from the edition before."""

    kind = serializers.ChoiceField(choices=HISTORY_KINDS)
    state = DocumentOrNull(help_text="该版本封存的条目；null 表示该版本没有此项")
