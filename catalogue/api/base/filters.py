"""The filters of the list: OR within a filter, AND between them. The error for an unknown code lists the valid ones."""

from collections.abc import Mapping, Sequence

from catalogue.editions.public.listing import Listing
from catalogue.web.query.change_query import DEPARTMENT, DOMAIN, TARGET_GROUP, VOCABULARIES, check_codes
from catalogue.web.query.parameters import Parameter
from services.models import Topic, TopicService
from services.sources import Verification

FILTERS = [
    DOMAIN,
    TARGET_GROUP,
    Parameter("lead_department", "牵头负责单位代码；可重复或用逗号分隔", many=True),
    DEPARTMENT,
    Parameter("verification", "任一字段的核实情况；可重复或用逗号分隔", many=True, allowed=Verification.values),
    Parameter("topic", "人生事件的代码（见 /api/v1/topics/）；可重复或用逗号分隔", many=True),
    Parameter("has_amounts", "true：只要列有数字（amounts）的；false：只要没有的", allowed=["true", "false"]),
    Parameter("number", "在版本中的序号", int, maximum=32767),
]


def apply_filters(listed: Listing, query: Mapping[str, object]) -> dict[str, set[str]]:
    """Return the codes of the services that each filter in a query selects, by filter name.

    Raises InvalidError for an unknown code. One database query for a vocabulary, only for a code that no service of
    this edition has.
    """
    return {
        parameter.name: _select(listed, parameter, query[parameter.name])
        for parameter in FILTERS
        if parameter.name in query
    }


def _select(listed: Listing, parameter: Parameter, value: int | Sequence[str]) -> set[str]:
    name = parameter.name
    if name == "number":
        return {listed.numbers[value]} if value in listed.numbers else set()
    if name == "has_amounts":
        return {code for code in listed.codes if bool(listed.documents[code].get("amounts")) == (value == "true")}
    if name == "topic":
        # The editors' own, and in no edition: as it stands now.
        parameter.check(value, Topic.objects.values_list("code", flat=True))
        return set(TopicService.objects.filter(topic__code__in=value).values_list("service__code", flat=True))
    if name in VOCABULARIES and not all(listed.knows(name, code) for code in value):
        check_codes(parameter, value)
    return set().union(*(listed.services_with(name, code) for code in value))
