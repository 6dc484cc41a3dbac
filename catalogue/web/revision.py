"""The revision of what readers are told: whether it has changed since, and which edition is in force by it.

The database counts every change that readers are told of (``editions.revisions.RevisionToken``), whoever makes it.
"""

import datetime
from functools import lru_cache
from typing import NamedTuple

from catalogue.editions.models import Edition
from catalogue.editions.revisions import DataVersion, RevisionToken

# Of how many revisions the published editions are kept, and how many answers to which edition was in force.
EDITIONS_CACHE_SIZE, IN_FORCE_CACHE_SIZE = 4, 64


class Revision(NamedTuple):
    """What the database said at a moment: ``stamp`` differs after every change that readers are told of."""

    stamp: DataVersion

    @property
    def editions(self) -> tuple[Edition, ...]:
        """The published editions by number, with their predecessors. One query the first time."""
        return _editions(self.stamp)

    def in_force(self, on: datetime.date, *, known_at: datetime.datetime | None = None) -> Edition | None:
        """Return the edition ``EditionQuerySet.in_force()`` finds, with its predecessor. One query the first time."""
        return _in_force(self.stamp, on, known_at)


def current() -> Revision:
    """Return the revision there is now. One query; raises what it raises."""
    return Revision(RevisionToken.objects.current_token())


# Both ask after the stamp was read: what changed in between shows next time.
@lru_cache(EDITIONS_CACHE_SIZE)
def _editions(stamp: DataVersion) -> tuple[Edition, ...]:
    return tuple(Edition.objects.published().select_related("previous").order_by("number"))


@lru_cache(IN_FORCE_CACHE_SIZE)
def _in_force(stamp: DataVersion, on: datetime.date, known_at: datetime.datetime | None) -> Edition | None:
    return Edition.objects.in_force(on, known_at=known_at).select_related("previous").first()
