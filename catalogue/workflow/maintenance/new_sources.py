"""Source documents (依据文件) that are added: found by number, and stored under a code that the system gives."""

from catalogue.audit import snapshots
from catalogue.audit.log import AuditContext
from catalogue.workflow.checks.codes import next_term_code
from services.sources import Source
from services.text import document_numbers


def by_document_number(number: str, *, other_than: Source | None = None) -> Source | None:
    """Return the document with a number (文号), however its brackets, blanks and digits are written."""
    numbered = Source.objects.exclude(document_number=None).exclude(pk=other_than and other_than.pk)
    key = document_numbers.key(number)
    return next((source for source in numbered if document_numbers.key(source.document_number) == key), None)


def refusal(number: str, existing: Source) -> str:
    """Return why a document with the number of a stored one is not added, as a sentence."""
    return f"{number} 已经在依据文件中：{existing.title}，不必再新增一份。"


def store(source: Source, *, context: AuditContext) -> Source:
    """Store a new document under the next free code, and write it to the audit log."""
    source.code = next_term_code(Source)
    # The day follows from the dates when it is saved.
    source.full_clean(exclude=["citable_from"])
    source.save(force_insert=True)
    snapshots.record_change(source, before=None, context=context)
    return source
