"""Rechecks (核对): entries in force are compared with their source documents once a year."""

import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from catalogue.audit import log
from catalogue.audit.log import AuditContext
from catalogue.audit.models import Event
from catalogue.editions.models import Edition, Entry

# An entry checked on a day is due again on that day of the next year.
RECHECK_INTERVAL = datetime.timedelta(days=365)
# Events that count as a check of a service against its documents.
CHECK_VERBS = (Event.Verb.CHECKED, Event.Verb.SERVICE_ADDED, Event.Verb.SERVICE_CHANGED)


class DueRecheck(NamedTuple):
    """An entry in force and the day it was last checked, None if never."""

    entry: Entry
    last_checked: datetime.date | None


@transaction.atomic
def record_check(entry: Entry, *, context: AuditContext) -> None:
    """Record that an entry agrees with its documents; ``context.reason`` names them."""
    event = {"verb": Event.Verb.CHECKED, "edition": entry.edition.slug, "service": entry.service.code}
    log.append(context, [event])


def last_checked(codes: list[str] | None = None) -> dict[str, datetime.date]:
    """Return the last day each service (by default all) was checked, by code; unchecked ones are left out."""
    events = Event.objects.filter(verb__in=CHECK_VERBS, service__isnull=False)
    if codes is not None:
        events = events.filter(service__in=codes)
    latest = events.order_by().values_list("service").annotate(last=Max("at"))
    return {code: timezone.localdate(at) for code, at in latest}


def due_entries(on: datetime.date) -> list[DueRecheck]:
    """Return the entries in force on a day that were not checked for a year, the longest unchecked first."""
    edition = Edition.objects.in_force(on).first()
    if edition is None:
        return []
    checked = last_checked()
    entries = edition.entries.select_related("service", "lead_department", "edition").order_by("number")
    candidates = [DueRecheck(entry, checked.get(entry.service.code)) for entry in entries]
    return sorted(
        (
            candidate
            for candidate in candidates
            if candidate.last_checked is None or on - candidate.last_checked >= RECHECK_INTERVAL
        ),
        key=lambda candidate: candidate.last_checked or datetime.date.min,
    )
