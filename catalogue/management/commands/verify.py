"""Recomputes every published edition, the record and the attachments, and says what is not as it was written."""

from django.core.management.base import BaseCommand, CommandError

from catalogue import attaching, publishing, recording
from catalogue.models import Edition, Event


class Command(BaseCommand):
    help = "逐一重算已发布版本的摘要与条目，以及记录的摘要链和附件，指出与当初不一致的地方。"

    def handle(self, **options):
        found = []
        for edition in Edition.objects.published().order_by("number"):
            faults = publishing.verify(edition)
            found += faults
            self.stdout.write(f"版本 {edition.slug}：{'有不一致' if faults else '与封存时一致'}（{edition.digest}）")
        faults = recording.verify()
        found += faults
        last = Event.objects.last()
        # Kept elsewhere, this number and digest also show whether the end of the record was cut off.
        ending = f"共 {last.number} 条，最后一条的摘要 {last.digest}" if last else "尚无"
        self.stdout.write(f"记录：{'有不一致' if faults else '摘要链完整'}（{ending}）")
        found += attaching.verify()
        if found:
            raise CommandError("\n".join(found))
