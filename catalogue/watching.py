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
    editions: tuple["Published", ...]

    def in_force(self, on: datetime.date) -> "Published | None":
        """Return the edition in force on a day, as ``EditionQuerySet.in_force()`` finds it."""
        return max((each for each in self.editions if each.effective_from <= on), default=None)


class Published(NamedTuple):
    """A published edition by its key and digest, after what decides which is in force, in this order."""

    effective_from: datetime.date
    published_at: datetime.datetime
    number: int
    pk: int
    digest: str


def look() -> Seen:
    """Look at the database. Two queries; raises what they raise."""
    # The stamp first: what changes in between shows the next time.
    stamp = Touch.objects.stamp()
    editions = Edition.objects.published().order_by()
    return Seen(stamp, tuple(Published(*row) for row in editions.values_list(*Published._fields)))


def midnight(day: datetime.date) -> float:
    """Return when a day ends where the list is in force, in seconds of the epoch."""
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time.max)).timestamp()
