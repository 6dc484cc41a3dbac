"""Loading ``fixtures/``: idempotent, and any fault stops it with file, entry and reason."""

from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalogue.models import Case, Citation, Edition, Entry
from catalogue.workflow.fixtures.load import load_catalogue
from services.fixtures.files import FixtureError
from services.models import (
    Department,
    Domain,
    Indicator,
    Observation,
    Project,
    ProjectGroup,
    Service,
    Synonym,
    TargetGroup,
    Task,
    Topic,
)
from services.sources import Source
from services.values.identifiers import Identifier
from tests.support.fixture_files import change


def contact(file: dict, **values: object) -> dict:
    """Give a department of a file one more contact; return the file."""
    citation = {"source": "seed-plan", "locator": "表2", "quote": "热线", "verification": "verbatim"}
    citation |= {key: values.pop(key) for key in ("quote",) if key in values}
    row = {"kind": "hotline", "value": "12320", "citation": citation} | values
    file["terms"][1]["contacts"] = [*file["terms"][1]["contacts"], row]
    return file


def counts() -> list[int]:
    models = (Domain, Task, Department, TargetGroup, Source, Service, Indicator, ProjectGroup, Project)
    models += (Edition, Entry, Citation, Case)
    return [Synonym.objects.pairs().count(), *(model.objects.count() for model in models)]


def test_the_fixtures_are_loaded_completely(db):
    assert Domain.objects.count() == 9
    assert list(Domain.objects.order_by("code").values_list("goal", flat=True)).count(None) == 0
    assert Service.objects.count() == 81
    assert Indicator.objects.of_table_1().count() == 24
    assert Indicator.objects.further_targets().count() == Observation.objects.count() == 30
    assert Topic.objects.count() == 17
    assert Indicator.objects.filter(nature="binding").count() == 6
    assert Indicator.objects.filter(baseline_value__isnull=False).count() == 10
    assert (ProjectGroup.objects.count(), Project.objects.count()) == (8, 26)
    assert [Domain.objects.get(code=f"NM-0{n}").tasks.count() for n in range(1, 10)] == [4, 5, 7, 5, 4, 3, 6, 3, 4]
    assert Entry.objects.filter(edition__slug="2026").count() == 81


def test_loading_twice_changes_nothing(db, folder):
    before, messages = counts(), []

    with CaptureQueriesContext(
        connection,
    ) as queries:
        load_catalogue(folder, report=messages.append)

    assert counts() == before
    assert all("没有变化" in sentence for sentence in messages)
    writes = [query["sql"] for query in queries if query["sql"].split()[0] in {"INSERT", "UPDATE", "DELETE"}]
    assert writes == []


@pytest.mark.parametrize(
    ("file", "alter", "words"),
    [
        ("departments", lambda f: f["terms"][0].update(code="Health"), "departments.json，Health：格式不符"),
        ("departments", lambda f: f["terms"].append(f["terms"][0]), "departments.json，health-commission：代码重复"),
        ("departments", lambda f: f["terms"][1].pop("citation"), "disease-control：缺少 citation"),
        ("departments", lambda f: f["terms"][1].update(citation=None), "disease-control：没有来源"),
        ("departments", lambda f: f["terms"][1]["citation"].update(source="no-such"), "依据文件中没有代码“no-such”"),
        ("departments", lambda f: f["terms"][1].update(colour="red"), "disease-control：多出 colour"),
        ("departments", lambda f: f["terms"][1].update(level="county"), "county"),
        ("departments", lambda f: f["terms"][1].update(note=""), "空字符串"),
        ("departments", lambda f: f["terms"][1].update(contacts=None), "contacts 应是列表"),
        ("departments", lambda f: f["terms"][1].update(contacts=[{"kind": "fax"}]), "缺少 citation"),
        ("departments", lambda f: contact(f, kind="fax"), "disease-control：值 'fax' 不是有效选项"),
        ("departments", lambda f: contact(f, kind=None), "disease-control：这个值不能为 null"),
        ("departments", lambda f: contact(f, value=12320), "disease-control：value 应是文字"),
        ("departments", lambda f: contact(f, value=""), "disease-control：此字段不能为"),
        ("departments", lambda f: contact(f, quote=None), "disease-control：标为“原文核对”的，必须照录原文"),
        ("departments", lambda f: contact(contact(f), value="12345"), "contacts 每一类至多一个"),
        ("departments", lambda f: f["terms"].insert(0, "education"), "education：应是一个对象"),
        ("departments", lambda f: f.pop("about"), "缺少 about"),
        ("indicators", lambda f: f["terms"][0].update(domain="NM-10"), "IND-01：领域中没有代码“NM-10”"),
        ("indicators", lambda f: f["terms"][1].update(services=["NM-01-99"]), "IND-02：服务项目中没有代码“NM-01-99”"),
        ("indicators", lambda f: f["terms"][2]["baseline"]["citation"].update(quote=None), "IND-03：基期值须照录原文"),
        ("indicators", lambda f: f["terms"][0].update(target_value="many"), "IND-01"),
        ("projects", lambda f: f["terms"][0]["projects"][0].update(code="P9"), "P9：格式不符"),
        ("domains", lambda f: f["terms"][0]["citation"].update(quote=None), "原文"),
        ("sources", lambda f: f["terms"][0].update(date="2021-02-30"), "seed-plan：没有 2021-02-30"),
        ("sources", lambda f: f["terms"][0].update(title=[{}]), "seed-plan：title 应是文字"),
        ("sources", lambda f: f["terms"][0].update(title="　"), "seed-plan"),
        ("departments", lambda f: f["terms"][0].update(code=7), "code 应是文字"),
        ("departments", lambda f: f["terms"][0]["citation"].update(source={}), "依据文件中没有代码"),
        ("domains", lambda f: f["terms"][0].update(tasks=None), "NM-01：tasks 应是列表"),
        ("projects", lambda f: f["terms"][0].update(projects=7), "BOX-1：projects 应是列表"),
        ("indicators", lambda f: f["terms"][1].update(services=[[]]), "IND-02：services 应是文字的列表"),
        ("target_groups", lambda f: f["terms"][0].update(definition={"a": "\0"}), "不允许空字符"),
        ("departments", lambda f: f.update(terms=5), "terms 应是列表"),
        ("synonyms", lambda f: f["terms"][0].update(services=["NM-07-99"]), "低保：服务项目中没有代码“NM-07-99”"),
        ("synonyms", lambda f: f["terms"][0].update(services=["NM-07-01"] * 2), "低保：services 应是不重复的代码"),
        ("synonyms", lambda f: f["terms"][0].update(services=[]), "低保：services 应是不重复的代码，至少一个"),
        ("synonyms", lambda f: f["terms"][0].update(services="NM-07-01"), "低保：services 应是文字的列表"),
        ("synonyms", lambda f: f["terms"].insert(1, f["terms"][0]), "低保：词语重复"),
        ("synonyms", lambda f: f["terms"][0].pop("word"), "缺少 word"),
        ("synonyms", lambda f: f["terms"][0].update(word=" 低保"), "前后不能有空格"),
        ("synonyms", lambda f: f["terms"][0].update(word="ｔｂ"), "请用半角的字母和数字，写作“tb”"),
        ("synonyms", lambda f: f["terms"][0].update(word="tb"), "tb：已有这个词语（字母不分大小写）"),
        ("synonyms", lambda f: f["terms"][0].update(word="—"), "至少要有一个汉字、字母或数字"),
        ("synonyms", lambda f: f["terms"][0].update(word="低" * 31), "30"),
        ("synonyms", lambda f: f["terms"][0].update(citation=None), "低保：没有来源"),
    ],
)
def test_a_faulty_vocabulary_stops_the_load_and_nothing_is_written(db, folder, file, alter, words):
    before = counts()
    change(folder / "vocabularies" / f"{file}.json", lambda f: f["terms"][-1].update(name_en="changed"))
    change(folder / "vocabularies" / f"{file}.json", alter)

    with pytest.raises(FixtureError) as fault:
        load_catalogue(folder, report=lambda sentence: None)

    assert words in str(fault.value)
    assert f"{file}.json" in str(fault.value)
    assert counts() == before
    assert not Department.objects.filter(name_en="changed").exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"of": "banner"}, "150000：of 可用：region、department、service"),
        ({"of": []}, "150000：of 可用：region、department、service"),
        ({"of": "service"}, "服务项目中没有代码“150000”"),
        ({"identifiers": {}}, "identifiers 应是"),
        ({"identifiers": [{"scheme": "GB/T 2260", "value": "150000"}]}, "缺少 citation"),
        ({"identifiers": "twice"}, "150000：identifiers 每一编码规则至多一个"),
        ({"identifiers": "number"}, "150000：value 应是文字"),
    ],
)
def test_a_faulty_official_code_stops_the_load(db, folder, changes, words):
    def alter(file: dict) -> None:
        (given,) = file["terms"][0]["identifiers"]
        made = {"twice": [given, given], "number": [given | {"value": 150000}]}
        values = changes | ({"identifiers": made.get(str(changes.get("identifiers")), changes.get("identifiers"))})
        file["terms"][0].update({key: value for key, value in values.items() if key in changes})

    change(folder / "vocabularies" / "identifiers.json", alter)

    with pytest.raises(FixtureError) as fault:
        load_catalogue(folder, report=lambda sentence: None)

    assert words in str(fault.value)
    assert list(Identifier.objects.values_list("value", flat=True)) == ["150000"]


def first(file: dict) -> dict:
    return file["services"][0]


def with_citation(**values: object) -> Callable[[dict], object]:
    return lambda file: first(file)["citations"][0].update(values)


@pytest.mark.parametrize(
    ("alter", "words"),
    [
        (lambda f: first(f).update(lead_department="helth"), "NM-01-01：部门中没有代码“helth”"),
        (lambda f: first(f).update(domain="NM-1"), "NM-01-01：领域中没有代码“NM-1”"),
        (lambda f: first(f).update(code="NM-01-99"), "NM-01-99：服务项目中没有代码"),
        (lambda f: first(f)["target_groups"].append("martians"), "NM-01-01：服务对象中没有代码“martians”"),
        (lambda f: first(f)["target_groups"].append(first(f)["target_groups"][0]), "target_groups 应是不重复"),
        (lambda f: first(f).update(citations=[]), "NM-01-01：“名称”有值而没有来源"),
        (with_citation(source="no-such"), "NM-01-01.*依据文件中没有代码“no-such”"),
        (with_citation(quote=None), "标为“原文核对”的来源 seed-plan 没有照录原文"),
        (with_citation(quote="另一句原文"), "NM-01-01：“名称”标为“原文核对”，但“.+”不在所引原文之中"),
        (with_citation(field="price"), "来源的 field 是“price”"),
        (with_citation(verification="certain"), "来源的 verification 是“certain”"),
        (with_citation(jurisdiction="moon"), "来源的 jurisdiction 是“moon”"),
        (with_citation(quote=""), "quote 应是文字；未知请写 null"),
        (with_citation(quote="\u3000"), "quote 应是文字；未知请写 null"),
        (lambda f: first(f).update(content=" "), "content 应是文字"),
        (
            lambda f: first(f)["verification"].update(name_en="verbatim"),
            "NM-01-01：“英文名称”标为“原文核对”，高于其来源",
        ),
        (lambda f: first(f)["verification"].update(price="verbatim"), "verification 中没有字段“price”"),
        (lambda f: first(f)["verification"].update(name="sure"), "verification 的 name 是“sure”"),
        (lambda f: first(f)["basis"].pop("name"), "没有核实情况和依据类别"),
        (lambda f: first(f).update(content=""), "content 应是文字"),
        (lambda f: first(f).update(content=7), "content 应是文字"),
        (lambda f: first(f).update(name=None), "name 应是文字"),
        (lambda f: first(f).update(number="1"), "number 应是从 1 起的整数"),
        (lambda f: first(f).update(number=2), "2：number 重复"),
        (lambda f: first(f).update(price=0), "NM-01-01：多出 price"),
        (lambda f: first(f).pop("standard"), "NM-01-01：缺少 standard"),
        (lambda f: f["services"].append(first(f)), "NM-01-01：code 重复"),
        (lambda f: f["services"][-1].update(number=82), "不是从 1 起连续"),
        (lambda f: f["services"].insert(0, "NM-01-01"), "应是一个对象"),
        (lambda f: f["edition"].update(region="000000"), "行政区划中没有代码"),
        (lambda f: f["edition"].update(effective_from="2021-13-05"), "2021.json，edition"),
        (lambda f: f["edition"].update(effective_from="2021-11-04"), "晚于版本的施行日期 2021-11-04"),
        (lambda f: f["edition"].update(published_at="2026-11-23T12:00:00"), "没有写明时区"),
        (lambda f: f["edition"].update(previous="2019"), "没有上一版本“2019”"),
        (lambda f: f["edition"].update(digest="0" * 64), "内容的摘要是"),
        (lambda f: f["edition"].pop("note"), "缺少 note"),
        (lambda f: f["edition"].update(note=5), "edition：note 应是文字"),
        (lambda f: f["edition"].update(title=[{}]), "edition：title 应是文字"),
        (lambda f: f["edition"].update(number="1"), "edition：number 应是整数"),
        (lambda f: f.update(services=None), "services 应是列表"),
        (lambda f: first(f)["target_groups"].append(5), "target_groups 应是文字的列表"),
        (lambda f: first(f).update(citations={}), "citations 应是列表"),
        (with_citation(source=[]), "source 应是文字"),
        # Values too long or too large for their column are refused on both databases.
        (
            lambda f: (first(f).update(name="名" * 201), with_citation(quote="名" * 201)(f)),
            "NM-01-01：“名称”不合要求",
        ),
        (lambda f: first(f).update(name_en="n" * 301), "NM-01-01：“英文名称”不合要求"),
        (with_citation(locator="n" * 201), "NM-01-01：“位置”不合要求"),
        (lambda f: first(f).update(number=40000), "NM-01-01：“序号”不合要求"),
    ],
)
def test_a_faulty_edition_stops_the_load_and_nothing_is_written(empty_catalogue, folder, alter, words):
    change(folder / "vocabularies" / "departments.json", lambda f: f["terms"][0].update(name_en="changed"))
    change(folder / "editions" / "2021.json", alter)

    with pytest.raises(FixtureError, match=words) as fault:
        load_catalogue(folder, report=lambda sentence: None)

    assert "editions/2021.json" in str(fault.value)
    assert not Edition.objects.exists()
    assert not Department.objects.filter(name_en="changed").exists()


def test_a_source_later_than_the_edition_is_refused(empty_catalogue, folder):
    change(folder / "editions" / "2021.json", with_citation(source="seed-daily"))

    with pytest.raises(FixtureError, match="来源 seed-daily 自 2023-12-25 起方可引用，晚于版本的施行日期 2021-11-05"):
        load_catalogue(folder, report=lambda sentence: None)


@pytest.mark.parametrize(
    ("alter", "words"),
    [
        (lambda f: first(f).update(content="改写"), "NM-01-01：版本已发布，条目不能改动"),
        (lambda f: f["services"].pop(), "NM-09-09：版本已发布，条目不能删去"),
        (lambda f: f["edition"].update(note="改写"), "版本已发布，note 不能改动"),
        (lambda f: f["edition"].update(effective_from="2026-11-02"), "版本已发布，effective_from 不能改动"),
        (lambda f: f["edition"].update(digest="0" * 64), "与已发布的"),
    ],
)
def test_a_changed_file_of_a_published_edition_is_refused(db, folder, alter, words):
    change(folder / "editions" / "2026.json", alter)

    with pytest.raises(FixtureError, match=words):
        load_catalogue(folder, report=lambda sentence: None)


def test_a_draft_on_the_desk_is_not_overwritten_by_a_file(empty_catalogue, folder, make_edition):
    draft = make_edition("2021", "2021-11-05", at=None)

    with pytest.raises(FixtureError, match="编辑台上已有草稿“2021”"):
        load_catalogue(folder, report=lambda sentence: None)

    assert draft.entries.get().service.code == "NM-05-01"


def test_a_synonym_removed_from_its_file_is_kept(db, folder):
    change(folder / "vocabularies" / "synonyms.json", lambda f: f["terms"].pop(0))
    messages = []

    load_catalogue(folder, report=messages.append)

    assert messages[0] == "词表：没有变化。"
    assert list(Synonym.objects.filter(word="低保").pairs()) == [("低保", "NM-07-01")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "第 1 行第 2 列：不是有效的 JSON"),
        ("[]", "最外层应是一个对象"),
        ('{"about": 1, "about": 2}', "“about”出现了两次"),
        ("\udcff", "不是 UTF-8 编码"),
        ('{"about": "\\ud800", "terms": []}', "半个代理字符"),
        (None, "没有这个文件"),
    ],
)
def test_an_unreadable_file_is_reported_by_name(db, folder, text, words):
    path = folder / "vocabularies" / "regions.json"
    if text is None:
        path.unlink()
    else:
        path.write_bytes(text.encode(errors="surrogateescape"))

    with pytest.raises(FixtureError, match=words) as fault:
        load_catalogue(folder, report=lambda sentence: None)

    assert "vocabularies/regions.json" in str(fault.value)


def test_the_command_reports_that_nothing_was_loaded(db, folder):
    (folder / "vocabularies" / "regions.json").write_text("{")

    with pytest.raises(CommandError, match="没有装入任何内容。vocabularies/regions.json"):
        call_command("load_catalogue", folder=folder)


def test_the_unchanged_file_of_a_published_edition_is_not_read_again(db, folder):
    messages = []
    assert load_catalogue(folder, report=messages.append) is False
    assert messages[-1] == "版本：3 个文件没有变化。"
    (folder / "editions" / "2026.json").write_text((folder / "editions" / "2026.json").read_text() + "\n")

    load_catalogue(folder, report=messages.append)

    assert messages[-2:] == ["版本 2026：没有变化。", "版本：2 个文件没有变化。"]


def test_a_missing_edition_is_loaded_from_an_unchanged_file(empty_catalogue, folder):
    for slug in ("2023", "2026"):
        (folder / "editions" / f"{slug}.json").unlink()
        (folder / "cases" / f"{slug}.json").unlink()

    assert load_catalogue(folder, report=lambda sentence: None) is True

    assert Edition.objects.published().get().slug == "2021"
