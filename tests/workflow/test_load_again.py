"""Loading changed files, and files whose terms were changed elsewhere: what was published stays as it is."""

from pathlib import Path

import pytest

from catalogue.models import Edition
from catalogue.workflow import publishing
from catalogue.workflow.fixtures.load import load_catalogue
from services.fixtures.files import FixtureError
from services.models import Department, Domain, Indicator, Region, Synonym, TargetGroup, Task
from services.sources import Source
from tests.support.fixture_files import change
from tests.workflow.test_load import counts


def test_a_file_cannot_rename_a_term_of_a_published_edition(short_editions, folder):
    change(folder / "vocabularies" / "departments.json", lambda f: f["terms"][0].update(name="改名的部门"))

    with pytest.raises(FixtureError, match="改动了已发布版本所依据的内容，请改用新的代码"):
        load_catalogue(folder, report=lambda sentence: None)

    assert not Department.objects.filter(name="改名的部门").exists()


def test_a_file_cannot_date_a_source_later_than_an_edition_that_cites_it(short_editions, folder):
    def later(file: dict) -> None:
        next(term for term in file["terms"] if term["code"] == "law-vaccine")["in_force_from"] = "2022-01-01"

    change(folder / "vocabularies" / "sources.json", later)

    with pytest.raises(FixtureError, match="来源 law-vaccine 自 2022-01-01 起方可引用，晚于版本的施行日期 2021-11-05"):
        load_catalogue(folder, report=lambda sentence: None)


def with_a_changed_synonym(folder: Path) -> Path:
    change(folder / "vocabularies" / "synonyms.json", lambda f: f["terms"][0].update(note="新的说明"))
    return folder


def set_source(code: str, **values: object) -> None:
    """Change a source without the desk and the audit log, as SQL would."""
    source = Source.objects.get(code=code)
    for name, value in values.items():
        setattr(source, name, value)
    source.save()


def test_a_source_dated_later_outside_the_files_is_reported_and_the_load_continues(short_editions, folder):
    set_source("seed-plan", date="2030-01-01")
    messages = []

    load_catalogue(with_a_changed_synonym(folder), report=messages.append)

    assert Synonym.objects.get(word="低保").note == "新的说明"
    assert Source.objects.get(code="seed-plan").date == "2030-01-01"
    (reminder,) = [sentence for sentence in messages if "来源 seed-plan 自 2030-01-01 起方可引用" in sentence]
    faults = [fault for edition in Edition.objects.all() for fault in publishing.verify_edition(edition)]
    assert reminder.startswith(f"提醒：已发布的版本有 {len(faults)} 处与词表或封存时不符，例如：版本 2021，NM-01-01：")
    assert "装入照常进行" in reminder
    assert "提醒：编辑台改过、与文件不同的词条保留原样：依据文件 seed-plan。" in messages


@pytest.mark.parametrize(
    ("model", "code", "values"),
    [
        (Department, "finance", {"name": "改名"}),
        (Department, "finance", {"position": 999}),
        (Domain, "NM-05", {"name_en": None}),
        (TargetGroup, "older-65-plus", {"name": "改名"}),
        (Source, "seed-plan", {"title": "改名"}),
        (Region, "150000", {"name": "改名"}),
    ],
)
def test_a_term_changed_outside_the_files_is_reported_and_the_load_continues(
    short_editions, folder, model, code, values
):
    model.objects.filter(code=code).update(**values)
    messages = []

    load_catalogue(with_a_changed_synonym(folder), report=messages.append)

    assert [
        message for message in messages if message.startswith("提醒：已发布的版本有 ") and "装入照常进行" in message
    ]
    assert f"提醒：编辑台改过、与文件不同的词条保留原样：{model._meta.verbose_name} {code}。" in messages
    assert Synonym.objects.get(word="低保").note == "新的说明"


@pytest.mark.parametrize(
    ("code", "term", "values"),
    [
        ("seed-plan", "law-vaccine", {"in_force_from": "2022-01-01"}),  # another document
        ("seed-plan", "seed-plan", {"in_force_from": "2031-01-01"}),  # the same one, another day
    ],
)
def test_a_change_in_the_files_stops_the_load_despite_changes_outside_the_files(
    short_editions, folder, code, term, values
):
    def alter(file: dict) -> None:
        next(entry for entry in file["terms"] if entry["code"] == term).update(values)

    set_source(code, date="2030-01-01", title="别处改的标题")
    change(with_a_changed_synonym(folder) / "vocabularies" / "sources.json", alter)

    with pytest.raises(FixtureError, match="改动了已发布版本所依据的内容，请改用新的代码"):
        load_catalogue(folder, report=lambda sentence: None)

    assert Source.objects.get(code="seed-plan").date == "2030-01-01"
    assert Synonym.objects.get(word="低保").note != "新的说明"


def test_a_file_may_revert_a_change_made_outside_the_files(short_editions, folder):
    def alter(file: dict) -> None:
        file["terms"][0]["note"] = "更正"

    set_source("seed-plan", date="2030-01-01")
    change(folder / "vocabularies" / "sources.json", alter)
    messages = []

    load_catalogue(folder, report=messages.append)

    assert not [sentence for sentence in messages if sentence.startswith("提醒")]
    assert [publishing.verify_edition(edition) for edition in Edition.objects.all()] == [[], [], []]


def test_all_terms_changed_or_deleted_by_editors_are_reported(short_editions, folder):
    Department.objects.filter(code="health-commission").update(note="编辑台上写的")
    Task.objects.filter(code="T05-1").update(heading="编辑台上写的")
    Indicator.objects.filter(services__isnull=False).first().services.clear()
    Synonym.objects.get(word="新农合").delete()
    messages, before = [], counts()

    load_catalogue(with_a_changed_synonym(folder), report=messages.append)

    terms = "主要任务 T05-1、部门 health-commission、发展指标 IND-02、同义词 新农合"
    assert f"提醒：编辑台改过、与文件不同的词条保留原样：{terms}。" in messages
    assert counts() == before


def test_a_long_list_of_terms_changed_by_editors_is_shortened(short_editions, folder):
    Department.objects.update(note="编辑台上写的")
    messages = []

    load_catalogue(with_a_changed_synonym(folder), report=messages.append)

    assert messages[1].endswith(f" 等 {Department.objects.count()} 条。")


def test_a_value_outside_published_editions_may_change(short_editions, folder):
    change(folder / "vocabularies" / "departments.json", lambda f: f["terms"][0].update(note="说明"))
    messages = []

    load_catalogue(folder, report=messages.append)

    assert messages[0] == "词表：1 条新增或更新。"
    assert Department.objects.get(code="health-commission").note == "说明"


def test_changes_by_editors_are_kept_until_the_file_changes(short_editions, folder):
    Department.objects.filter(code="health-commission").update(note="编辑台上写的")
    Synonym.objects.get(word="低保").delete()

    load_catalogue(folder, report=lambda sentence: None)

    assert Department.objects.get(code="health-commission").note == "编辑台上写的"
    assert not Synonym.objects.filter(word="低保").exists()
    change(folder / "vocabularies" / "departments.json", lambda f: f["terms"][0].update(note="文件里新写的"))
    load_catalogue(folder, report=lambda sentence: None)
    assert Department.objects.get(code="health-commission").note == "文件里新写的"


def test_the_services_of_a_synonym_are_loaded_in_the_order_of_the_file(short_editions, folder):
    change(folder / "vocabularies" / "synonyms.json", lambda f: f["terms"][0].update(services=["NM-07-09", "NM-07-01"]))
    messages = []

    load_catalogue(folder, report=messages.append)

    assert messages[0] == "词表：1 条新增或更新。"
    assert list(Synonym.objects.filter(word="低保").pairs()) == [("低保", "NM-07-09"), ("低保", "NM-07-01")]
