"""Which edition answers: the one named, or the one in force on a day, as far as was published by a moment."""

import datetime
from functools import lru_cache

from django.http import QueryDict
from django.utils import timezone
from rest_framework.exceptions import NotFound

from catalogue import parameters, problems
from catalogue.models import Edition
from catalogue.web import revision

# Of how many editions it is kept what they are called.
EDITIONS_KEPT = 16
PARAMETERS = {"edition": False, "valid_on": False, "known_at": False}


def today() -> datetime.date:
    """The day it is in Inner Mongolia."""
    return timezone.localdate()


def edition(query: QueryDict) -> Edition:
    """Return the edition a request is about, with its predecessor. One query, the first time three.

    Raises InvalidParameters for an edition nobody published or a malformed date, and NotFound, which says from which
    day there is an edition, if none was in force.
    """
    named = query.get("edition")
    valid_on = parameters.date(query, "valid_on")
    known_at = parameters.moment(query, "known_at")
    if named is None:
        found = revision.current().in_force(valid_on or today(), known_at=known_at)
        if found is None:
            raise NotFound(_none_in_force(known_at))
        return kept(found.pk, found.digest)
    if valid_on or known_at:
        raise problems.invalid("edition", "edition 与 valid_on、known_at 不能同时使用。")
    return published(named)


def published(name: str) -> Edition:
    """Return the published edition of a slug or number. Raises InvalidParameters for one there is not.

    One query, after a change two.
    """
    every = revision.current().editions
    found = {str(each.number): each for each in every} | {each.slug: each for each in every}
    if name not in found:
        raise problems.invalid("edition", "没有这个已发布的版本。", [each.slug for each in every])
    return kept(found[name].pk, found[name].digest)


@lru_cache(maxsize=EDITIONS_KEPT)
def kept(pk: int, digest: str) -> Edition:
    """A published edition with its predecessor, by its key and digest. It is shared, and never changes."""
    return Edition.objects.select_related("previous").get(pk=pk)


def _none_in_force(known_at: datetime.datetime | None) -> str:
    published = Edition.objects.published()
    if known_at is not None:
        first = published.order_by("published_at").first()
        published = published.filter(published_at__lte=known_at)
        if first and not published.exists():
            return f"该时刻之前没有发布过版本；最早的版本发布于 {timezone.localtime(first.published_at).isoformat()}。"
    first = published.order_by("effective_from").first()
    if first is None:
        return "还没有已发布的版本。"
    return f"那一天没有施行中的版本；自 {first.effective_from} 起才有（版本 {first.slug}）。"
