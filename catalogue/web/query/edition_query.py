"""The edition that a query selects: by name, or the one in force on a day among those published by a moment."""

import datetime
from collections.abc import Mapping

from django.utils import timezone

from catalogue.editions.models import Edition
from catalogue.web import revision
from catalogue.web.query.parameters import Parameter
from services.faults import Fault, InvalidError, NotFoundError, ProblemCode

PARAMETERS = [
    Parameter("edition", "版本标识或版次；不写则由下面两个参数决定，都不写则为现在施行的版本"),
    Parameter("valid_on", "这一天施行的版本，例如 2023-12-31", datetime.date),
    Parameter("known_at", "只看这一时刻之前发布的版本，例如 2026-11-23T08:00:00Z", datetime.datetime),
]


def today() -> datetime.date:
    """Return the current date in Inner Mongolia."""
    return timezone.localdate()


def edition_from_query(query: Mapping[str, object]) -> Edition:
    """Return the edition that the values of ``PARAMETERS`` select, with its predecessor.

    One database query, two after a change of the data. Raises InvalidError for an unpublished edition or conflicting
    parameters, and NotFoundError, which names the first day with an edition in force, if none was in force.
    """
    name, valid_on, known_at = (query.get(parameter.name) for parameter in PARAMETERS)
    if name is None:
        edition = revision.current().in_force(valid_on or today(), known_at=known_at)
        if edition is None:
            raise _none_in_force(known_at)
        return edition
    if valid_on or known_at:
        raise InvalidError(Fault("edition", ProblemCode.CONFLICT, "edition 与 valid_on、known_at 不能同时使用。"))
    return edition_by_name(name)


def edition_by_name(name: str) -> Edition:
    """Return the published edition with a slug or number. Raises InvalidError if there is none.

    One database query, two after a change of the data.
    """
    editions = revision.current().editions
    by_name = {str(edition.number): edition for edition in editions} | {edition.slug: edition for edition in editions}
    if name not in by_name:
        slugs = [edition.slug for edition in editions]
        raise InvalidError(Fault("edition", ProblemCode.UNKNOWN_EDITION, "没有这个已发布的版本。", slugs))
    return by_name[name]


def _none_in_force(known_at: datetime.datetime | None) -> NotFoundError:
    editions = Edition.objects.published()
    if known_at is not None:
        first = editions.order_by("published_at").first()
        editions = editions.filter(published_at__lte=known_at)
        if first and not editions.exists():
            moment = timezone.localtime(first.published_at).isoformat()
            return _no_edition(f"该时刻之前没有发布过版本；最早的版本发布于 {moment}。", "known_at", moment)
    first = editions.order_by("effective_from").first()
    if first is None:
        return NotFoundError("还没有已发布的版本。", ProblemCode.NO_EDITION)
    message = f"那一天没有施行中的版本；自 {first.effective_from} 起才有（版本 {first.slug}）。"
    return _no_edition(message, "valid_on", first.effective_from.isoformat())


def _no_edition(message: str, field: str, first: str) -> NotFoundError:
    """Return the error of a day or moment before the first edition, with the first for which there is one."""
    code = ProblemCode.NO_EDITION
    return NotFoundError(message, code, Fault(field, code, message, [f"{first}…"]))
