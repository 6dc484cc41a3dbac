"""The revision of the public data: whether the data has changed, and the published editions at that revision.

Database triggers count every change of public data, by any client (``editions.revisions.RevisionToken``).
"""

import datetime
from functools import lru_cache
from typing import NamedTuple

from catalogue.editions.models import Edition
from catalogue.editions.revisions import DataVersion, RevisionToken

# Cache sizes: revisions with their published editions, and days with the edition in force.
EDITIONS_CACHE_SIZE, IN_FORCE_CACHE_SIZE = 4, 64


class Revision(NamedTuple):
    """The state of the public data at a moment. ``data_version`` changes with every change of public data."""

    data_version: DataVersion

    @property
    def editions(self) -> tuple[Edition, ...]:
        """The published editions by number, with their predecessors. One query, then cached."""
        return _editions(self.data_version)

    def in_force(self, on: datetime.date, *, known_at: datetime.datetime | None = None) -> Edition | None:
        """Return the result of ``EditionQuerySet.in_force()``, with its predecessor. Two queries, then cached."""
        return _in_force(self.data_version, on, known_at)


def current() -> Revision:
    """Return the current revision. One query; database errors are raised."""
    return Revision(RevisionToken.objects.current_token())


# Both query after the version was read: a change in between changes it, and is seen at the next read.
@lru_cache(EDITIONS_CACHE_SIZE)
def _editions(data_version: DataVersion) -> tuple[Edition, ...]:
    return tuple(Edition.objects.published().select_related("previous").order_by("number"))


@lru_cache(IN_FORCE_CACHE_SIZE)
def _in_force(data_version: DataVersion, on: datetime.date, known_at: datetime.datetime | None) -> Edition | None:
    found = Edition.objects.in_force(on, known_at=known_at).select_related("previous").first()
    # The instance of the revision, so that what it caches is computed once, however many days are asked about.
    return next((edition for edition in _editions(data_version) if edition == found), found)
