"""What readers are told of at a moment: whether it has changed since, and which edition is in force then."""

import datetime
from functools import lru_cache
from typing import NamedTuple

from django.utils import timezone

from catalogue.models import Edition, Touch
from catalogue.models.touches import Stamp

# Of how many stamps it is kept what they stand for.
STAMPS_KEPT = 4


class Seen(NamedTuple):
    """What the database said when somebody looked.

    ``stamp`` differs after every change; of each published edition ``editions`` has what decides which is in force.
    """

    stamp: Stamp
    editions: tuple["Published", ...]

    def in_force(self, on: datetime.date, *, known_at: datetime.datetime | None = None) -> "Published | None":
        """Return the edition in force on a day, as far as was published by a moment.

        It is the one ``EditionQuerySet.in_force()`` finds.
        """
        known = (each for each in self.editions if known_at is None or each.published_at <= known_at)
        return max((each for each in known if each.effective_from <= on), default=None)


class Published(NamedTuple):
    """A published edition by its key and digest, after what decides which is in force, in this order."""

    effective_from: datetime.date
    published_at: datetime.datetime
    number: int
    pk: int
    digest: str
    slug: str


def look() -> Seen:
    """Look at the database. One query, after a change two; raises what they raise."""
    stamp = Touch.objects.stamp()
    return Seen(stamp, _editions(stamp))


@lru_cache(maxsize=STAMPS_KEPT)
def _editions(stamp: Stamp) -> tuple[Published, ...]:
    """The published editions while nothing changes. Asked after the stamp: what changes in between shows next time."""
    editions = Edition.objects.published().order_by("number")
    return tuple(Published(*row) for row in editions.values_list(*Published._fields))


def midnight(day: datetime.date) -> float:
    """Return when a day ends where the list is in force, in seconds of the epoch."""
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time.max)).timestamp()
