"""Seals editions again, as the owner of the database could; and cuts one, so that tests of drafts are quick."""

import hashlib
import json
from collections.abc import Iterable

from catalogue.audit import log
from catalogue.editions.document import edition_header, entry_document
from catalogue.models import Edition, Entry, Event
from catalogue.workflow import publishing
from services.text.json_text import canonical_json
from tests.support.triggers import without_seal_triggers, without_triggers

# The services that the tests of proposals, drafts and publications name, and a neighbour of each kind.
SHORT_LIST = (
    "NM-01-01", "NM-01-02", "NM-01-05", "NM-01-06", "NM-01-07", "NM-02-01", "NM-05-01", "NM-05-02", "NM-05-04",
    "NM-06-01", "NM-09-01", "NM-09-08", "NM-09-09",
)  # fmt: skip


def reseal(edition: Edition) -> None:
    """Rewrite the sealed texts and the digest from the current rows."""
    for entry in edition.entries.with_details():
        Entry.objects.filter(pk=entry.pk).update(canonical_json=canonical_json(entry_document(entry)))
    edition.refresh_from_db()
    _seal_header(edition)


def _seal_header(edition: Edition) -> None:
    # It names the digest of the edition before, which may have been sealed again too.
    edition.canonical_json = canonical_json(edition_header(edition))
    edition.digest = hashlib.sha256(publishing.sealed_bytes(edition)).hexdigest()
    Edition.objects.filter(pk=edition.pk).update(canonical_json=edition.canonical_json, digest=edition.digest)


def rewrite_log(events: Iterable[Event]) -> None:
    """Replace the audit log by these events, numbered and chained anew."""
    events = list(events)
    Event.objects.all().delete()
    previous = None
    for number, event in enumerate(events, start=1):
        event.pk, event.number, event.previous_digest = None, number, previous
        previous = event.digest = log.event_digest(event)
    Event.objects.bulk_create(events)


def shorten(edition: Edition) -> None:
    """Cut a published edition to ``SHORT_LIST``, without cases. The audit log still has its old digest."""
    with without_seal_triggers():
        edition.entries.exclude(service__code__in=SHORT_LIST).delete()
        sealed = edition.entries.order_by("number").values_list("pk", "canonical_json")
        for number, (pk, text) in enumerate(list(sealed), start=1):
            text = canonical_json(json.loads(text) | {"number": number})
            Entry.objects.filter(pk=pk).update(number=number, canonical_json=text)
        _seal_header(edition)
    edition.cases.all().delete()


def log_digest(edition: Edition, *, instead_of: str) -> None:
    """Rewrite the audit log as if an edition had been published with its present digest."""
    with without_triggers():
        events = list(Event.objects.order_by("number"))
        for event in events:
            event.after = event.after and event.after.replace(instead_of, edition.digest)
        rewrite_log(events)
