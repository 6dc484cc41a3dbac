"""The filters of the changes, for the API's feed, Atom and the page alike."""

from collections.abc import Mapping, Sequence

from django.db.models import QuerySet

from catalogue.editions.changes import select
from catalogue.models import Event
from catalogue.web.query.parameters import Parameter
from services.models import Department, Domain, TargetGroup

VOCABULARIES = {"domain": Domain, "target_group": TargetGroup, "lead_department": Department, "department": Department}
SUBSTANCE = Parameter(
    "substance",
    "true：只要服务本身的变更（给谁、给什么、给多少、由谁负责）；false：只要资料整理（来源、核实情况、依据、说明、序号）",
    allowed=["true", "false"],
)
SERVICE = Parameter("service", "服务项目代码；可重复或用逗号分隔", many=True)
DOMAIN = Parameter("domain", "领域代码；可重复或用逗号分隔", many=True)
TARGET_GROUP = Parameter("target_group", "服务对象代码；可重复或用逗号分隔", many=True)
DEPARTMENT = Parameter("department", "牵头或配合单位代码；可重复或用逗号分隔", many=True)
# The terms that a service had before or has after its change.
TERMS = [DOMAIN, TARGET_GROUP, DEPARTMENT]
FILTERS = [SUBSTANCE, SERVICE, *TERMS]


def select_changes(query: Mapping[str, object]) -> QuerySet[Event]:
    """Return the changes that the values of ``FILTERS`` in a query select. Raises InvalidError for an unknown code."""
    events = Event.objects.changes()
    if SERVICE.name in query:
        SERVICE.check(query[SERVICE.name], events.order_by("service").values_list("service", flat=True).distinct())
        events = events.filter(service__in=query[SERVICE.name])
    terms = {parameter.name: query[parameter.name] for parameter in TERMS if parameter.name in query}
    for parameter in TERMS:
        if parameter.name in terms:
            check_codes(parameter, terms[parameter.name])
    if terms or SUBSTANCE.name in query:
        substance = {"true": True, "false": False}.get(query.get(SUBSTANCE.name))
        events = select(events, terms=terms, substance=substance)
    return events


def check_codes(parameter: Parameter, codes: Sequence[str]) -> None:
    """Raise InvalidError with the vocabulary's codes if one of ``codes`` is not among them."""
    terms = VOCABULARIES[parameter.name].objects.order_by("position", "code")
    parameter.check(codes, terms.values_list("code", flat=True))
