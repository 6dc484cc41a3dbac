"""Recomputes every published edition and says which is no longer as it was sealed."""

from django.core.management.base import BaseCommand, CommandError

from catalogue import publishing
from catalogue.models import Edition


class Command(BaseCommand):
    help = "逐一重算已发布版本的摘要与条目，指出与封存时不一致的地方。"

    def handle(self, **options):
        found = []
        for edition in Edition.objects.published().order_by("number"):
            faults = publishing.verify(edition)
            found += faults
            self.stdout.write(f"版本 {edition.slug}：{'有不一致' if faults else '与封存时一致'}（{edition.digest}）")
        if found:
            raise CommandError("\n".join(found))
