"""Checking (核对): that a service in force is still as it is said to be, and which have not been checked for a year."""

import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from catalogue.audit import log
from catalogue.audit.log import AuditContext
from catalogue.audit.models import Event
from catalogue.editions.models import Edition, Entry

# A year and no more: what was checked on a day is due on that day of the next year.
RECHECK_INTERVAL = datetime.timedelta(days=365)
# What shows that somebody held a service against its documents.
CHECK_VERBS = (Event.Verb.CHECKED, Event.Verb.SERVICE_ADDED, Event.Verb.SERVICE_CHANGED)


class DueEntry(NamedTuple):
    """An entry in force and the day it was last checked, None if nobody ever did."""

    entry: Entry
    last_checked: datetime.date | None


@transaction.atomic
def record_check(entry: Entry, *, context: AuditContext) -> None:
    """Record that an entry was held against its documents and still stands; ``context.reason`` says against which."""
    about = {"verb": Event.Verb.CHECKED, "edition": entry.edition.slug, "service": entry.service.code}
    log.append(context, [about])


def last_checked(codes: list[str] | None = None) -> dict[str, datetime.date]:
    """Return the day each service (by default all) was last checked, by code; without those that never were."""
    events = Event.objects.filter(verb__in=CHECK_VERBS, service__isnull=False)
    if codes is not None:
        events = events.filter(service__in=codes)
    last = events.order_by().values_list("service").annotate(last=Max("at"))
    return {code: timezone.localdate(at) for code, at in last}


def due_entries(on: datetime.date) -> list[DueEntry]:
    """Return the entries in force on a day that were not checked for a year, those that wait longest first."""
    edition = Edition.objects.in_force(on).first()
    if edition is None:
        return []
    checked = last_checked()
    entries = edition.entries.select_related("service", "lead_department", "edition").order_by("number")
    found = [DueEntry(entry, checked.get(entry.service.code)) for entry in entries]
    return sorted(
        (each for each in found if each.last_checked is None or on - each.last_checked >= RECHECK_INTERVAL),
        key=lambda each: each.last_checked or datetime.date.min,
    )
