"""How names are read in Pinyin: once, before anybody searches, and without keeping the dictionary."""

import sys

from catalogue.editions import published, search_index
from services import chinese
from services.models import Pronunciation, Synonym
from tests.support.entries import make_entry


def test_names_are_read_once(db):
    assert search_index.is_read() is False
    words = Synonym.objects.count()

    new = search_index.read_aloud()

    assert new > words
    assert search_index.is_read()
    assert search_index.read_aloud() == 0
    assert search_index.readings()["老年人健康管理"] == ["lao", "nian", "ren", "jian", "kang", "guan", "li"]


def test_what_another_dictionary_read_goes(db):
    Pronunciation.objects.create(text="养老", syllables="yang3 lao3", read_by="another 1.0")
    assert not search_index.is_read()

    search_index.read_aloud()

    assert not Pronunciation.objects.filter(read_by="another 1.0").exists()


def test_a_name_that_nobody_has_read_yet_is_found_all_the_same(make_edition):
    search_index.read_aloud()
    edition = make_edition("new", entries=[make_entry(name="喀喇沁旗蒙古包补贴")])

    assert [found.code for found in published.get(edition).search("menggubao")]


def test_the_dictionary_is_asked_in_a_process_of_its_own(monkeypatch):
    texts = ["养老", "调档案", "ABC", "一卡通"]
    known = [chinese.syllables(text) for text in texts]
    monkeypatch.delitem(sys.modules, "pypinyin", raising=False)

    assert chinese.pronounce(texts) == dict(zip(texts, known, strict=True))
    assert "pypinyin" not in sys.modules
