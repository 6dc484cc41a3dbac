"""Attachments (附件): uploaded files, identified by the SHA-256 of their bytes and stored once."""

import hashlib

from django.db import transaction

from catalogue.audit.log import AuditContext
from catalogue.workflow.models import Attachment

MEBIBYTE = 1024 * 1024
MAX_BYTES = 10 * MEBIBYTE


@transaction.atomic
def store(name: str, content: bytes, *, context: AuditContext) -> Attachment:
    """Store a file of at most ``MAX_BYTES`` bytes and return it; the same bytes again return the same attachment."""
    # The end of a long name is kept, because it has the file extension.
    attachment, _ = Attachment.objects.get_or_create(
        digest=digest_of(content),
        defaults={"name": name[-200:], "content": content, "uploader": context.user, "at": context.at},
    )
    return attachment


def digest_of(content: bytes) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def verify_attachments() -> list[str]:
    """Return a sentence for each attachment whose content no longer matches its digest."""
    return [
        f"附件 {attachment.name}：内容与摘要 {attachment.digest} 不符。"
        for attachment in Attachment.objects.iterator(chunk_size=1)
        if digest_of(attachment.content) != attachment.digest
    ]
