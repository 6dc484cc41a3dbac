"""Loads the vocabularies and editions of ``fixtures/`` and publishes the editions."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from catalogue.workflow.fixtures.load import load_catalogue
from services.fixtures.files import FixtureError


class Command(BaseCommand):
    help = "把 fixtures/ 中的词表与版本装入数据库并发布；重复运行不改变任何内容。"

    def add_arguments(self, parser):
        parser.add_argument(
            "--folder", type=Path, default=settings.BASE_DIR / "fixtures", help="词表与版本所在的文件夹"
        )

    def handle(self, *, folder, **options):
        try:
            load_catalogue(folder, report=self.stdout.write)
        except FixtureError as error:
            raise CommandError(f"没有装入任何内容。{error}") from None
