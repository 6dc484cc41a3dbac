"""Checking (核对): that a service in force is still as it is said to be, and which have not been checked for a year."""

import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from catalogue.audit import log
from catalogue.audit.log import Act
from catalogue.audit.models import Event
from catalogue.editions.models import Edition, Entry

# A year and no more: what was checked on a day is due on that day of the next year.
YEARLY = datetime.timedelta(days=365)
# What shows that somebody held a service against its documents.
CHECKS = (Event.Verb.CHECKED, Event.Verb.SERVICE_ADDED, Event.Verb.SERVICE_CHANGED)


class Due(NamedTuple):
    """An entry in force and the day it was last checked, None if nobody ever did."""

    entry: Entry
    checked_on: datetime.date | None


@transaction.atomic
def check(entry: Entry, *, act: Act) -> None:
    """Record that an entry was held against its documents and still stands; ``act.reason`` says against which."""
    about = {"verb": Event.Verb.CHECKED, "edition": entry.edition.slug, "service": entry.service.code}
    log.append(act, [about])


def checked_on(codes: list[str] | None = None) -> dict[str, datetime.date]:
    """Return the day each service (by default all) was last checked, by code; without those that never were."""
    events = Event.objects.filter(verb__in=CHECKS, service__isnull=False)
    if codes is not None:
        events = events.filter(service__in=codes)
    last = events.order_by().values_list("service").annotate(last=Max("at"))
    return {code: timezone.localdate(at) for code, at in last}


def due(on: datetime.date) -> list[Due]:
    """Return the entries in force on a day that were not checked for a year, those that wait longest first."""
    edition = Edition.objects.in_force(on).first()
    if edition is None:
        return []
    checked = checked_on()
    entries = edition.entries.select_related("service", "lead_department", "edition").order_by("number")
    found = [Due(entry, checked.get(entry.service.code)) for entry in entries]
    return sorted(
        (each for each in found if each.checked_on is None or on - each.checked_on >= YEARLY),
        key=lambda each: each.checked_on or datetime.date.min,
    )
