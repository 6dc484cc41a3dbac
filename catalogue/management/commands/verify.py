"""Verifies the integrity of the database: editions, audit log, attachments, proposals, feedback and triggers.

The command recomputes every published edition, the hash chain of the audit log and the attachments, and compares
editions, proposals and feedback with the audit log and the triggers with the migrations. A consistent rewrite of
database and audit log is detected only by comparison with the last digest, stored elsewhere (``--expect``). Not checked
are vocabularies beyond the names sealed in editions, accounts, roles, drafts and unanswered feedback:
``docs/integrity.md`` lists what is checked and what is not.
"""

import re

from django.core.management.base import BaseCommand, CommandError, CommandParser

from catalogue.audit import log
from catalogue.integrity import checks, triggers
from catalogue.models import Edition, Event
from catalogue.workflow import attachments, publishing

HEAD = re.compile(r"(?:(?P<number>[1-9][0-9]{0,17}):)?(?P<digest>[0-9a-f]{64})")


class Command(BaseCommand):
    help = (
        "核对已发布的版本、记录、附件、调整建议、意见反馈和触发器，指出与当初或与记录不符之处；最后一行是记录末条的"
        "编号与摘要，请另存一处。连同记录一起改写的，只有用 --expect 与另存的末条核对才能发现；"
        "词表（已封存的名称除外）、账号、角色和草稿不在核对之列，详见 docs/integrity.md。"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--expect", metavar="末条", help="从前另存的最后一行（编号:摘要，或只有 64 位的摘要）。")

    def handle(self, *, expect: str | None, **options):
        head = HEAD.fullmatch(expect) if expect is not None else None
        if expect is not None and head is None:
            raise CommandError("--expect 应是从前 verify 印出的最后一行：编号:摘要，或只有摘要（64 位，0-9 与 a-f）。")
        faults = self._editions() + self._record() + attachments.verify_attachments()
        faults += self._part("版本、建议、反馈与记录", checks.cross_check(), "相符")
        faults += self._part("触发器", triggers.faults(), "齐全")
        if head:
            number = head["number"] and int(head["number"])
            head_faults = log.verify_head(head["digest"], number=number)
            faults += self._part("与另存的末条相比", head_faults, "到那一条为止的记录没有改动")
        # Stored elsewhere, it also shows later whether the end of the log was cut off or rewritten.
        if last := Event.objects.last():
            self.stdout.write("记录的最后一条（编号:摘要），请另存一处，日后用 --expect 核对：")
            self.stdout.write(f"{last.number}:{last.digest}")
        if faults:
            raise CommandError("\n".join(faults))

    def _editions(self) -> list[str]:
        all_faults = []
        for edition in Edition.objects.published().order_by("number"):
            faults = publishing.verify_edition(edition)
            all_faults += faults
            self.stdout.write(f"版本 {edition.slug}：{'有不一致' if faults else '与封存时一致'}（{edition.digest}）")
        return all_faults

    def _record(self) -> list[str]:
        count = Event.objects.count()
        return self._part("记录", log.verify_chain(), f"摘要链完整（共 {count} 条）" if count else "尚无")

    def _part(self, subject: str, faults: list[str], success: str) -> list[str]:
        self.stdout.write(f"{subject}：{'有不一致' if faults else success}")
        return faults
