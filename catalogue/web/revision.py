"""The revision of what readers are told: whether it has changed since, and which edition is in force by it.

The database counts every change that readers are told of (``models.Touch``), whoever makes it.
"""

import datetime
from functools import lru_cache
from typing import NamedTuple

from catalogue.models import Edition, Touch
from catalogue.models.touches import Stamp

# Of how many revisions it is kept which editions were published.
EDITIONS_CACHE_SIZE = 4


class PublishedEdition(NamedTuple):
    """A published edition by its key and digest, after what decides which is in force, in this order."""

    effective_from: datetime.date
    published_at: datetime.datetime
    number: int
    pk: int
    digest: str
    slug: str


class Revision(NamedTuple):
    """What the database said at a moment: ``stamp`` differs after every change, ``editions`` are the published ones."""

    stamp: Stamp
    editions: tuple[PublishedEdition, ...]

    def in_force(self, on: datetime.date, *, known_at: datetime.datetime | None = None) -> PublishedEdition | None:
        """Return the edition in force on a day, as far as was published by a moment.

        It is the one ``EditionQuerySet.in_force()`` finds.
        """
        known = (each for each in self.editions if known_at is None or each.published_at <= known_at)
        return max((each for each in known if each.effective_from <= on), default=None)


def current() -> Revision:
    """Return the revision there is now. One query, after a change two; raises what they raise."""
    stamp = Touch.objects.stamp()
    return Revision(stamp, _editions(stamp))


@lru_cache(EDITIONS_CACHE_SIZE)
def _editions(stamp: Stamp) -> tuple[PublishedEdition, ...]:
    """The published editions while nothing changes. Asked after the stamp: what changes in between shows next time."""
    editions = Edition.objects.published().order_by("number")
    return tuple(PublishedEdition(*row) for row in editions.values_list(*PublishedEdition._fields))
