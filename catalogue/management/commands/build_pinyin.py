"""Writes the Pinyin of the names in published editions and of the synonyms to ``fixtures/pinyin.json``."""

import json
from importlib.metadata import version

from django.core.management.base import BaseCommand

from catalogue.editions.public import search_index
from catalogue.models import Edition
from services.models import Synonym
from services.search import PINYIN_FIELDS
from services.text import chinese


def readings() -> dict[str, str]:
    """Return the Pinyin, by the dictionary, of all texts searched as Pinyin: ``{"养老": "yang lao", …}``, sorted."""
    texts = set(Synonym.objects.values_list("word", flat=True))
    for edition in Edition.objects.published():
        for document in edition.documents():
            texts |= {text.text for text in search_index.texts(document) if text.field in PINYIN_FIELDS}
    return {text: " ".join(chinese.dictionary_syllables(text)) for text in sorted(texts)}


class Command(BaseCommand):
    help = (
        "把已发布版本的名称和同义词的读音写入 fixtures/pinyin.json；文件之外的新名称在检索时查词典（占用55 MB内存）。"
    )

    def handle(self, **options):
        file = {"source": f"pypinyin {version('pypinyin')}", "readings": readings()}
        text = json.dumps(file, ensure_ascii=False, indent=1) + "\n"
        chinese.READINGS.write_text(text, encoding="utf-8")
        self.stdout.write(f"已写入 {len(file['readings'])} 条读音。")
