"""Counts the verification of fields in files of ``fixtures/editions``, or in files of the same layout."""

import json
from collections import Counter
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from catalogue.models import Entry, SourcedField

LABELS = ("verbatim", "secondary", "unverified", "unknown")
HEAD = ("verbatim", "secondary", "unverified", "unknown", "有条文和原文")


class Command(BaseCommand):
    help = "按字段统计各版本文件的核实情况（原文核对、转述、未核实、未知，以及有条文位置和原文的字段数）。"

    def add_arguments(self, parser):
        parser.add_argument("files", nargs="*", type=Path, help="版本文件；不写为 fixtures/editions 中的全部")

    def handle(self, *, files: list[Path], **options):
        for path in files or sorted((settings.BASE_DIR / "fixtures" / "editions").glob("*.json")):
            try:
                entries = json.loads(path.read_text(encoding="utf-8"))["services"]
            except (OSError, ValueError, KeyError) as error:
                raise CommandError(f"{path}：读不出版本的条目（{error}）。") from None
            self.stdout.write(f"\n{path.name}\n\n| 字段 | {' | '.join(HEAD)} |\n|{' --- |' * (len(HEAD) + 1)}")
            for field, counts in counted(entries).items():
                name = SourcedField(field).label if field in SourcedField.values else "合计"
                self.stdout.write(f"| {name} | {' | '.join(str(counts[label]) for label in (*LABELS, 'quoted'))} |")


def counted(entries: list[dict]) -> dict[str, Counter]:
    """Return, by sourced field and as ``all``, the entries by label, and as ``quoted`` those with locator and quote."""
    counts = {field: Counter() for field in (*Entry.SOURCED_FIELDS, "all")}
    for entry in entries:
        quoted = {citation["field"] for citation in entry["citations"] if citation["locator"] and citation["quote"]}
        for field in Entry.SOURCED_FIELDS:
            for name in (field, "all"):
                counts[name][entry["verification"].get(field, "unknown")] += 1
                counts[name]["quoted"] += field in quoted
    return counts
