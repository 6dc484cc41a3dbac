"""The shapes of an entitlements request and of its answer, for the API's document."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from catalogue.api.entitlements.facts import FactSerializer, LabelsField
from catalogue.api.serializers import (
    AmountSerializer,
    CriterionSerializer,
    EditionReferenceSerializer,
    FactValue,
    NamedSerializer,
)
from catalogue.api.vocabularies import ContactSerializer
from catalogue.models import Citation
from services.eligibility.facts import BOOLEAN, CHOICE, INTEGER, VOCABULARY, Fact
from services.sources import Jurisdiction, Verification

OUTCOME_LABELS = [("eligible", "符合"), ("not_eligible", "不符合"), ("unknown", "未知")]
MAX_PERSONS = 10
MAX_ID = 64


def _value_schema(fact: Fact) -> dict:
    """Return the JSON Schema of the value of a fact; null says that it is not to be asked again."""
    first = next(iter(fact.choices), None)
    example = {INTEGER: fact.minimum or 1, BOOLEAN: True, CHOICE: first}.get(fact.type, [first])
    description = {"description": fact.question, "examples": [example]}
    if fact.type == INTEGER:
        bounds = {"minimum": fact.minimum, "maximum": fact.maximum}
        return {
            "type": ["integer", "null"],
            **{name: bound for name, bound in bounds.items() if bound is not None},
            **description,
        }
    if fact.type == BOOLEAN:
        return {"type": ["boolean", "null"], **description}
    if fact.type == CHOICE:
        return {"type": ["string", "null"], "enum": [*fact.choices, None], **description}
    item = {"type": "string", "enum": list(fact.choices)}
    return {"type": ["array", "null"], "items": item, "uniqueItems": True, **description}


@extend_schema_field(
    {
        "type": "object",
        "additionalProperties": False,
        "properties": {fact.name: _value_schema(fact) for fact in VOCABULARY}
        | {"birth_month": {"type": ["string", "null"], "description": "出生年月，代替 age", "examples": ["1956-05"]}},
    }
)
class CircumstancesField(serializers.JSONField):
    """The circumstances of a person: values by the name of their fact."""


class CodesField(serializers.ListField):
    """A list of codes, at least one."""

    child = serializers.CharField(min_length=1)

    def __init__(self, **options: object):
        super().__init__(min_length=1, **options)


class FactNamesField(serializers.ListField):
    """Names of facts."""

    child = serializers.CharField()


class PersonSerializer(serializers.Serializer):
    """One person of a household."""

    id = serializers.CharField(max_length=MAX_ID, help_text="自己取的标识，原样返回；不要用姓名或证件号")
    relation = serializers.CharField(
        required=False, allow_null=True, max_length=MAX_ID, help_text="与提问人的关系，原样返回"
    )
    circumstances = CircumstancesField(required=False, allow_null=True)
    unanswered = FactNamesField(required=False, allow_null=True)


class CircumstancesSerializer(serializers.Serializer):
    """What is known of a person. What is not said is unknown, never false; a list that is given is complete."""

    # null means that a field is left out.
    circumstances = CircumstancesField(required=False, allow_null=True, help_text="一个人的情况；与 persons 只写一个")
    unanswered = FactNamesField(
        required=False, allow_null=True, help_text="不知道或不愿回答、不要再问的事实；值写 null 也是这个意思"
    )
    household = CircumstancesField(
        required=False, allow_null=True, help_text="全家相同的情况，说一次；各人自己写明的以各人的为准"
    )
    persons = PersonSerializer(
        many=True,
        required=False,
        allow_null=True,
        min_length=1,
        max_length=MAX_PERSONS,
        help_text=f"一家人，至多 {MAX_PERSONS} 人",
    )
    valid_on = serializers.DateField(required=False, allow_null=True, help_text="按这一天施行的版本判断；不写为今天")
    known_at = serializers.DateTimeField(required=False, allow_null=True, help_text="只看这一时刻之前发布的版本")
    edition = serializers.CharField(required=False, allow_null=True, help_text="版本标识或版次；不能与上面两项同时写")
    services = CodesField(required=False, allow_null=True, help_text="只判断这些服务项目")
    domains = CodesField(required=False, allow_null=True, help_text="只判断这些领域的服务项目")
    topics = CodesField(required=False, allow_null=True, help_text="只判断这些人生事件（见 topics/）的服务项目")


class LeadDepartmentSerializer(NamedSerializer):
    """The department that leads a service."""

    short_name = serializers.CharField(allow_null=True)


class EntitledServiceSerializer(NamedSerializer):
    """The service in the language asked for; one that is undecided for want of a fact has code and name only."""

    domain = NamedSerializer(required=False)
    lead_department = LeadDepartmentSerializer(required=False, allow_null=True, help_text="牵头负责单位；null 表示未知")


class ReasonSourceSerializer(serializers.Serializer):
    """The document of a clause."""

    code = serializers.CharField()
    title = serializers.CharField()
    document_number = serializers.CharField(required=False, allow_null=True, help_text="引原文时才有")


class ReasonClauseSerializer(serializers.Serializer):
    """A clause: document and place. Quoted if it is why somebody is eligible or may be, or with ``reasons=all``."""

    source = ReasonSourceSerializer()
    locator = serializers.CharField(allow_null=True)
    verification = serializers.ChoiceField(choices=Verification.choices)
    jurisdiction = serializers.ChoiceField(choices=Jurisdiction.choices, allow_null=True)
    quote = serializers.CharField(
        required=False, allow_null=True, help_text="符合或可能符合的理由才引原文；reasons=all 时都引"
    )
    field = serializers.ChoiceField(choices=Citation.FIELDS, required=False, help_text="引原文时才有")
    criterion = serializers.IntegerField(
        required=False, min_value=1, help_text="引原文时才有：支持规则中第几个条件；不写则是整条规则的来源"
    )


class ReasonSerializer(CriterionSerializer):
    """One criterion, and what the circumstances say of it."""

    group = serializers.IntegerField(min_value=1, help_text="属于第几组条件；满足任何一组的全部条件即符合")
    given = FactValue(help_text="所填的值；null：没有填")
    result = serializers.BooleanField(
        allow_null=True, help_text="null：未知；没有填而有结论的，由其他回答推知，例如未满16周岁的没有就业"
    )
    citation = ReasonClauseSerializer(allow_null=True, help_text="依据；null：没有注明出处")
    sentence = serializers.CharField(help_text="这个条件和结论的一句话")


class ConditionSerializer(serializers.Serializer):
    """A condition that no fact can decide and that is still open."""

    group = serializers.IntegerField(min_value=1, help_text="属于第几组条件；满足任何一组的全部条件即符合")
    text = serializers.CharField(help_text="什么条件")
    decided_by = serializers.CharField(allow_null=True, help_text="由谁认定；null：条文没有写明")
    citation = ReasonClauseSerializer()


class WhenSerializer(serializers.Serializer):
    """From or until which month the outcome holds if nothing else changes."""

    locals()["from"] = serializers.CharField(allow_null=True, help_text="从这个月起符合，例如 2031-06")
    until = serializers.CharField(allow_null=True, help_text="符合到这个月为止")
    fact = serializers.CharField(help_text="随时间改变的事实")


class ServiceContactSerializer(serializers.Serializer):
    """Who leads the service, and how to reach them where a document says so."""

    department = NamedSerializer(allow_null=True)
    hotline = ContactSerializer(allow_null=True)
    website = ContactSerializer(allow_null=True)


class CurrentAmountSerializer(AmountSerializer):
    """A current figure of a service's standard."""

    citation = ReasonClauseSerializer()


class BenefitSerializer(serializers.Serializer):
    """What the person gets."""

    content = serializers.CharField(allow_null=True)
    standard = serializers.CharField(allow_null=True)
    amounts = CurrentAmountSerializer(many=True, help_text="现行的数字，各写明是什么；不能跨服务项目相加")


class ResultSerializer(serializers.Serializer):
    """A service. One that is undecided for want of a fact has service, outcome, missing and conditions only.

    ``fields=`` leaves out all that is not selected.
    """

    service = EntitledServiceSerializer()
    outcome = serializers.ChoiceField(choices=OUTCOME_LABELS, required=False)
    sentence = serializers.CharField(required=False, help_text="结论的一句话")
    reasons = ReasonSerializer(many=True, required=False, help_text="起决定作用的条件；reasons=all 时是全部")
    verification = serializers.ChoiceField(
        choices=Verification.choices, required=False, allow_null=True, help_text="所依条文中核实情况最低的一个"
    )
    when = WhenSerializer(required=False, allow_null=True, help_text="null：没有已知的事实会随时间改变它")
    benefit = BenefitSerializer(required=False, help_text="符合或可能符合的才有：得到什么")
    contact = ServiceContactSerializer(required=False, help_text="符合或可能符合的才有：谁负责、怎么联系")
    page = serializers.URLField(required=False, help_text="符合或可能符合的才有：网页")
    missing = serializers.ListField(child=serializers.CharField(), required=False, help_text="还缺哪些事实才能判断")
    conditions = ConditionSerializer(
        many=True,
        required=False,
        help_text="还须认定、没有事实可问的条件；missing 为空而这里不空的：其中一组条件成立即符合",
    )
    note = serializers.CharField(required=False, allow_null=True, help_text="为什么不能用条件判断；其余为 null")


class CountsSerializer(serializers.Serializer):
    eligible = serializers.IntegerField()
    not_eligible = serializers.IntegerField()
    unknown = serializers.IntegerField()


class QuestionSerializer(FactSerializer):
    """A fact to ask."""

    name = None
    fact = serializers.CharField(help_text="事实的名称")
    choices = LabelsField(allow_null=True, help_text="可选的值及其名称；null：不是选择")
    help = serializers.CharField(allow_null=True, help_text="什么算、在哪里看；轮到下一页时才有，此前为 null")
    example = serializers.CharField(required=False, help_text="答法示例；轮到下一页时才有")
    known_by = serializers.CharField(required=False, help_text="知道答案的机构或证件；轮到下一页时才有")
    settles = serializers.IntegerField(help_text="回答后可能有定论的服务项目数")


class RemainingSerializer(serializers.Serializer):
    facts = serializers.IntegerField(help_text="预计还要问的事实数：questions 的前这么多个")
    pages = serializers.IntegerField(help_text="把其中同一组的放在一页，预计还有几页")


class PersonResultSerializer(serializers.Serializer):
    """What the circumstances of one person say of each service."""

    id = serializers.CharField()
    relation = serializers.CharField(allow_null=True)
    counts = CountsSerializer()
    results = ResultSerializer(many=True)
    questions = QuestionSerializer(many=True)
    next_question = QuestionSerializer(allow_null=True)
    remaining = RemainingSerializer()
    without_figure = serializers.ListField(child=serializers.CharField())


class EntitlementSerializer(serializers.Serializer):
    """Every service of the edition, or those asked for, with what the circumstances say of it.

    For a household: ``persons`` in the place of counts, results and questions.
    """

    edition = EditionReferenceSerializer()
    disclaimer = serializers.CharField()
    engine = serializers.CharField(help_text="判断方法的版本")
    persons = PersonResultSerializer(many=True, required=False, help_text="只有问一家人时才有")
    counts = CountsSerializer(required=False, help_text="所判断的全部服务项目的数目，不受 outcome 影响")
    results = ResultSerializer(many=True, required=False)
    questions = QuestionSerializer(many=True, required=False, help_text="还能问的全部事实，按问的顺序，一页一组")
    next_question = QuestionSerializer(
        required=False, allow_null=True, help_text="questions 的第一个；null：没有值得再问的"
    )
    remaining = RemainingSerializer(required=False)
    without_figure = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="符合或可能符合、而没有已知数字的服务项目"
    )
