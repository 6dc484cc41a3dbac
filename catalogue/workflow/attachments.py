"""Attachments (附件): files that are handed in, known by the SHA-256 of their bytes and kept once."""

import hashlib

from django.db import transaction

from catalogue.audit.log import AuditContext
from catalogue.workflow.models import Attachment

MEBIBYTE = 1024 * 1024
MAX_BYTES = 10 * MEBIBYTE


@transaction.atomic
def store(name: str, content: bytes, *, context: AuditContext) -> Attachment:
    """Keep a file of at most ``MOST`` bytes and return it; the same bytes again are the same attachment."""
    # The end of a long name is kept: it says of what kind the file is.
    kept, _ = Attachment.objects.get_or_create(
        digest=digest_of(content),
        defaults={"name": name[-200:], "content": content, "uploader": context.user, "at": context.at},
    )
    return kept


def digest_of(content: bytes) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def verify_attachments() -> list[str]:
    """Return which attachments are no longer what their digest says: a sentence each."""
    return [
        f"附件 {each.name}：内容与摘要 {each.digest} 不符。"
        for each in Attachment.objects.iterator(chunk_size=1)
        if digest_of(each.content) != each.digest
    ]
