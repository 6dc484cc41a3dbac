"""The pinyin of names: from the committed file, otherwise from the dictionary."""

import json
import sys

from catalogue.editions.public import published
from catalogue.management.commands.build_pinyin import readings
from services.models import Synonym
from services.text import chinese
from tests.support.entries import make_entry


def test_the_committed_readings_equal_those_of_the_dictionary(db):
    """If this fails, run ``manage.py build_pinyin``."""
    committed = json.loads(chinese.READINGS.read_text())["readings"]

    assert committed == readings()
    assert committed["老年人健康管理"] == "lao nian ren jian kang guan li"
    assert len(committed) > Synonym.objects.count()


def test_searching_a_committed_edition_does_not_load_the_dictionary(db, monkeypatch, published_entry):
    monkeypatch.setitem(sys.modules, "pypinyin", None)
    chinese._dictionary.cache_clear()

    results = published.PublishedEdition(published_entry.edition.pk, published_entry.edition.digest).search("yanglao")

    assert results


def test_a_new_name_is_found_by_its_pinyin(make_edition):
    edition = make_edition("new", entries=[make_entry(name="喀喇沁旗蒙古包补贴")])

    assert published.get_published(edition).search("menggubao")
