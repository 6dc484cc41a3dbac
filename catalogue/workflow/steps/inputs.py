"""What is typed on a screen and not saved yet (未保存的填写): kept as it was sent, until it is saved or discarded."""

from collections.abc import Mapping, Sequence

from django.db import transaction
from django.db.models import F

from catalogue.audit.log import AuditContext
from catalogue.workflow.models import DraftInput, Proposal
from services.text.json_text import canonical_json

# Many times the longest form of an entry with all its clauses.
MAX_CHARS = 300_000


class NotKeptError(Exception):
    """Input that is not kept; the message is a sentence for the user."""


def of_screen(url: str, scope: str) -> DraftInput | None:
    return DraftInput.objects.filter(url=url, scope=scope).select_related("author").first()


@transaction.atomic
def keep(
    url: str, scope: str, data: Mapping[str, Sequence[str]], *, revision: int, proposal: Proposal | None,
    context: AuditContext,
) -> DraftInput:  # fmt: skip
    """Keep what was typed on a screen in place of its ``revision`` (0: nothing was kept), and return it.

    Raises NotKeptError if another page kept or ended it meanwhile, or if it is too long; nothing is written then.
    """
    if len(canonical_json(data)) > MAX_CHARS:
        raise NotKeptError("内容太长，没有自动保存；请按“保存草稿”。")
    row = DraftInput.objects.select_for_update(of=("self",)).filter(url=url, scope=scope).first()
    if not row and revision:
        raise NotKeptError("这一页填写的内容已在别处保存或放弃，这里没有自动保存；仍要的请按“保存草稿”。")
    is_new = False
    if not row:
        # Another page may keep the first input of the screen at the same moment.
        first = {"proposal": proposal, "author": context.user, "at": context.at, "revision": 0}
        row, is_new = DraftInput.objects.get_or_create(url=url, scope=scope, defaults=first)
    if not is_new and row.revision != revision:
        by = f"{row.author_name}" if row.author != context.user else "您在另一个页面"
        raise NotKeptError(f"{by}也在填写这一页，这里的内容没有自动保存；请先看对方的内容，或者按“保存草稿”。")
    row.data, row.author, row.at, row.revision = dict(data), context.user, context.at, row.revision + 1
    row.save()
    row.authors.add(context.user)
    return row


def end(row: DraftInput, *, revision: int) -> bool:
    """Delete what was typed, now that it is saved or discarded; not if more was typed since this revision."""
    return bool(DraftInput.objects.filter(pk=row.pk, revision=revision).delete()[0])


def unsaved(proposal: Proposal) -> list[DraftInput]:
    """Return what was typed on the screens of a proposal and is not saved yet, the oldest first."""
    return list(proposal.inputs.filter(scope="proposal").select_related("author").order_by(F("at").asc()))
