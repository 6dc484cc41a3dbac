"""Source documents (依据文件) that a proposal adds: found by number, and stored under a code that the system gives."""

import re

from catalogue.audit import snapshots
from catalogue.audit.log import AuditContext
from services.sources import Source
from services.vocabularies import plain_name

CODE = re.compile(r"\Adoc-([0-9]{1,9})\Z")


def by_document_number(number: str) -> Source | None:
    """Return the document with a number (文号), however its brackets, blanks and digits are written."""
    numbered = Source.objects.exclude(document_number=None)
    return next((source for source in numbered if plain_name(source.document_number) == plain_name(number)), None)


def store(source: Source, *, context: AuditContext) -> Source:
    """Store a new document under the next free code, ``doc-12``, and write it to the audit log."""
    codes = Source.objects.filter(code__startswith="doc-").values_list("code", flat=True)
    numbers = [int(match[1]) for code in codes if (match := CODE.match(code))]
    source.code = f"doc-{max(numbers, default=0) + 1}"
    # The day follows from the dates when it is saved.
    source.full_clean(exclude=["citable_from"])
    source.save(force_insert=True)
    snapshots.record_change(source, before=None, context=context)
    return source
