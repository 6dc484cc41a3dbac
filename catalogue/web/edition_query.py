"""Which edition answers: the one named, or the one in force on a day, as far as was published by a moment."""

import datetime
from collections.abc import Mapping

from django.utils import timezone

from catalogue.editions.models import Edition
from catalogue.web import revision
from catalogue.web.parameters import Parameter
from services.faults import Fault, InvalidError, NotFoundError

PARAMETERS = [
    Parameter("edition", "版本标识或版次；不写则由下面两个参数决定，都不写则为现在施行的版本"),
    Parameter("valid_on", "这一天施行的版本，例如 2023-12-31", datetime.date),
    Parameter("known_at", "只看这一时刻之前发布的版本，例如 2026-11-23T08:00:00Z", datetime.datetime),
]


def today() -> datetime.date:
    """The day it is in Inner Mongolia."""
    return timezone.localdate()


def edition_from_query(query: Mapping[str, object]) -> Edition:
    """Return the edition that the values of ``PARAMETERS`` name, with its predecessor. One query, after a change two.

    Raises InvalidError for an edition that was never published, and NotFoundError, which says from which day there is
    an edition, if none was in force.
    """
    named, valid_on, known_at = (query.get(parameter.name) for parameter in PARAMETERS)
    if named is None:
        edition_from_query = revision.current().in_force(valid_on or today(), known_at=known_at)
        if edition_from_query is None:
            raise NotFoundError(_none_in_force(known_at))
        return edition_from_query
    if valid_on or known_at:
        raise InvalidError(Fault("edition", "edition 与 valid_on、known_at 不能同时使用。"))
    return edition_by_name(named)


def edition_by_name(name: str) -> Edition:
    """Return the published edition of a slug or number. Raises InvalidError for one there is not.

    One query, after a change two.
    """
    editions = revision.current().editions
    named = {str(edition_from_query.number): edition_from_query for edition_from_query in editions} | {
        edition_from_query.slug: edition_from_query for edition_from_query in editions
    }
    if name not in named:
        raise InvalidError(
            Fault("edition", "没有这个已发布的版本。", [edition_from_query.slug for edition_from_query in editions])
        )
    return named[name]


def _none_in_force(known_at: datetime.datetime | None) -> str:
    edition_by_name = Edition.objects.published()
    if known_at is not None:
        first = edition_by_name.order_by("published_at").first()
        edition_by_name = edition_by_name.filter(published_at__lte=known_at)
        if first and not edition_by_name.exists():
            return f"该时刻之前没有发布过版本；最早的版本发布于 {timezone.localtime(first.published_at).isoformat()}。"
    first = edition_by_name.order_by("effective_from").first()
    if first is None:
        return "还没有已发布的版本。"
    return f"那一天没有施行中的版本；自 {first.effective_from} 起才有（版本 {first.slug}）。"
