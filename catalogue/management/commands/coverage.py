"""Counts the verification of fields in files of ``fixtures/editions``, or in files of the same layout."""

import json
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from catalogue.editions.public.coverage import count_fields, count_values
from catalogue.models import SourcedField
from services.vocabularies import identity

COUNTED = ("verbatim", "secondary", "unverified", "unknown", "quoted")
HEAD = ("verbatim", "secondary", "unverified", "unknown", "有条文和原文")


class Command(BaseCommand):
    help = (
        "按字段统计各版本文件的核实情况（原文核对、转述、未核实、未知，有条文位置和原文的字段数），并数出列成数据的值。"
    )

    def add_arguments(self, parser):
        parser.add_argument("files", nargs="*", type=Path, help="版本文件；不写为 fixtures/editions 中的全部")

    def handle(self, *, files: list[Path], **options):
        terms = json.loads((settings.BASE_DIR / "fixtures" / "vocabularies" / "sources.json").read_text("utf-8"))[
            "terms"
        ]
        identities = {term["code"]: identity(term) for term in terms}
        for path in files or sorted((settings.BASE_DIR / "fixtures" / "editions").glob("*.json")):
            try:
                entries = json.loads(path.read_text(encoding="utf-8"))["services"]
            except (OSError, ValueError, KeyError) as error:
                raise CommandError(f"{path}：读不出版本的条目（{error}）。") from None
            self.stdout.write(f"\n{path.name}\n\n| 字段 | {' | '.join(HEAD)} |\n|{' --- |' * (len(HEAD) + 1)}")
            counts = count_fields(entries)
            for field, count in counts.items():
                self._write(SourcedField(field).label, [count[name] for name in COUNTED])
            self._write("合计", [sum(count[name] for count in counts.values()) for name in COUNTED])

            self.stdout.write("\n| 数据 | 服务项目 | 个数 |\n| --- | --- | --- |")
            for name, (services, values) in count_values(entries, identities).items():
                self.stdout.write(f"| {name} | {services} | {values} |")

    def _write(self, name: str, numbers: list[int]) -> None:
        self.stdout.write(f"| {name} | {' | '.join(map(str, numbers))} |")
