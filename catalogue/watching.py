"""What readers are told of at a moment: whether it has changed since, and which edition is in force then."""

import datetime
from typing import NamedTuple

from django.utils import timezone

from catalogue.models import Edition, Touch


class Seen(NamedTuple):
    """What the database said when somebody looked.

    ``stamp`` differs after every change; of each published edition ``editions`` has what decides which is in force.
    """

    stamp: tuple[int, int | None]
    editions: tuple[tuple[datetime.date, datetime.datetime, int], ...]

    def in_force(self, on: datetime.date) -> tuple[datetime.date, datetime.datetime, int] | None:
        """Return what tells the edition in force on a day from all others (as ``EditionQuerySet.in_force()``)."""
        return max((each for each in self.editions if each[0] <= on), default=None)


def look() -> Seen:
    """Look at the database. Two queries; raises what they raise."""
    # The stamp first: what changes in between shows the next time.
    stamp = Touch.objects.stamp()
    editions = Edition.objects.published().order_by()
    return Seen(stamp, tuple(editions.values_list("effective_from", "published_at", "number")))


def midnight(day: datetime.date) -> float:
    """Return when a day ends where the list is in force, in seconds of the epoch."""
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time.max)).timestamp()
