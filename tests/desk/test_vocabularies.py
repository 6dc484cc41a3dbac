"""Vocabularies on the editors' desk: a code is given once, a sealed name stays, a used term is not deleted."""

import pytest
from django.contrib import admin
from django.urls import reverse

from catalogue.models import Edition
from catalogue.workflow import publishing
from services.models import Department, Domain, Indicator, ProjectGroup, Region, Service, Source, TargetGroup, Task
from tests.support.admin_forms import column_texts, filter_counts, form_data, visible_text

SEALED = {
    Domain: ("NM-05", ["name", "name_en"]),
    Department: ("health-commission", ["name", "short_name", "name_en", "position"]),
    TargetGroup: ("older-65-plus", ["name", "name_en", "position"]),
    Source: ("seed-plan", ["title", "document_number", "position"]),
    Region: ("150000", ["name"]),
}
VOCABULARIES = [Domain, Department, TargetGroup, Source, Region, Indicator, ProjectGroup]


def page_of(term, view: str = "change") -> str:
    return reverse(f"admin:services_{term._meta.model_name}_{view}", args=[term.pk])


@pytest.mark.parametrize("model", SEALED, ids=lambda model: model.__name__)
def test_a_name_that_an_edition_has_sealed_stays(admin_client, db, model):
    code, sealed = SEALED[model]
    term = model.objects.get(code=code)

    page = admin_client.get(page_of(term))
    admin_client.post(page_of(term), form_data(page) | dict.fromkeys(["code", *sealed], "99"))

    after = model.objects.get(pk=term.pk)
    assert "已写入已发布的版本（2021、2023、2026）" in visible_text(page)
    assert "请另立新的代码" in visible_text(page)
    assert [getattr(after, column) for column in ["code", *sealed]] == [
        getattr(term, column) for column in ["code", *sealed]
    ]
    assert [publishing.verify_edition(edition) for edition in Edition.objects.all()] == [[], [], []]


def test_every_name_that_a_sealed_document_holds_is_kept():
    """Of the terms of ``entry_document()`` and ``edition_header()``."""
    screens = admin.site._registry

    assert {model: list(screens[model].sealed) for model in SEALED} == {
        model: names for model, (_, names) in SEALED.items()
    }


def test_what_no_edition_has_sealed_is_an_editors_to_change(admin_client, db):
    department = Department.objects.get(code="health-commission")

    admin_client.post(page_of(department), form_data(admin_client.get(page_of(department)), note="新的说明。"))

    assert Department.objects.get(pk=department.pk).note == "新的说明。"
    assert [publishing.verify_edition(edition) for edition in Edition.objects.all()] == [[], [], []]


def test_a_name_that_no_published_edition_holds_can_be_changed(admin_client, db):
    unused = Department.objects.create(
        code="new-one", name="新部门", level="autonomous-region", kind="government-department",
        source=Source.objects.get(code="seed-plan"), verification="unverified",
    )  # fmt: skip

    page = admin_client.get(page_of(unused))
    admin_client.post(page_of(unused), form_data(page) | {"name": "更名的部门", "code": "other"})

    after = Department.objects.get(pk=unused.pk)
    assert (after.name, after.code) == ("更名的部门", "new-one")
    assert "已写入" not in visible_text(page)


def test_the_code_of_a_task_or_project_is_kept_too(admin_client, db):
    domain = Domain.objects.get(code="NM-05")
    typed = form_data(admin_client.get(page_of(domain)))
    before = list(Task.objects.filter(domain=domain).values_list("code", flat=True))

    admin_client.post(page_of(domain), typed | {"tasks-0-code": "T09-9", "tasks-0-heading": "改写的标题"})

    task = Task.objects.filter(domain=domain).first()
    assert list(Task.objects.filter(domain=domain).values_list("code", flat=True)) == before
    assert task.heading == "改写的标题"


@pytest.mark.parametrize(
    ("model", "code"),
    [
        (Domain, "NM-05"),
        (Department, "finance"),  # on a list of supporting departments only
        (TargetGroup, "older-65-plus"),
        (Source, "seed-plan"),
        (Service, "NM-05-01"),
        (Region, "150000"),
    ],
)
def test_a_term_that_is_used_is_not_deleted(admin_client, db, model, code):
    term = model.objects.get(code=code)

    page = admin_client.get(page_of(term, "delete"))
    admin_client.post(page_of(term, "delete"), {"post": "yes"})

    assert "将要求删除以下受保护的相关对象" in visible_text(page)
    assert model.objects.filter(pk=term.pk).exists()


def test_a_service_that_an_indicator_names_is_not_deleted(admin_client, db):
    service = Service.objects.create(code="NM-09-99")
    Indicator.objects.first().services.add(service)

    admin_client.post(page_of(service, "delete"), {"post": "yes"})

    assert Service.objects.filter(pk=service.pk).exists()


def test_a_term_that_nothing_names_can_be_deleted(admin_client, db):
    service = Service.objects.create(code="NM-09-99")

    admin_client.post(page_of(service, "delete"), {"post": "yes"})

    assert not Service.objects.filter(pk=service.pk).exists()


@pytest.mark.parametrize("model", VOCABULARIES, ids=lambda model: model.__name__)
def test_a_term_saved_untouched_stays_what_it_was(admin_client, db, model):
    before = list(model.objects.values())

    for term in model.objects.all()[:20]:
        page = admin_client.post(page_of(term), form_data(admin_client.get(page_of(term))))
        assert page.status_code == 302

    assert list(model.objects.values()) == before


def test_what_is_emptied_is_unknown(admin_client, db):
    # One that no published edition cites: its date is nobody's ground.
    said = {"title": "新文件", "kind": "law", "jurisdiction": "national", "extent_read": "full"}
    known = {"note": "说明", "url": "https://a.cn/", "date": "2020"}
    source = Source.objects.create(code="new", **said, **known)
    group = TargetGroup.objects.exclude(definition=None).first()

    admin_client.post(page_of(source), form_data(admin_client.get(page_of(source)), note="", url="", date=""))
    admin_client.post(page_of(group), form_data(admin_client.get(page_of(group)), definition=""))

    source.refresh_from_db()
    assert (source.note, source.url, source.date) == (None, None, None)
    assert TargetGroup.objects.get(pk=group.pk).definition is None


def test_an_unknown_definition_is_an_empty_box(admin_client, db):
    group = TargetGroup.objects.first()
    TargetGroup.objects.update(definition=None)

    assert ">null<" not in admin_client.get(page_of(group)).content.decode()


@pytest.mark.parametrize(
    ("model", "name", "value"),
    [
        (Source, "kind", "law"),
        (Source, "jurisdiction", "national"),
        (Source, "extent_read", "full"),
        (Department, "level", "central-agency-in-region"),
        (Department, "kind", "people-organisation"),
        (Department, "verification", "unverified"),
        (TargetGroup, "verification", "unverified"),
        (Indicator, "nature", "binding"),
        (Indicator, "verification", "verbatim"),
        (Indicator, "domain", "NM-05"),
        (ProjectGroup, "domain", "NM-05"),
    ],
)
def test_a_filter_leaves_as_many_rows_as_it_said(admin_client, db, model, name, value):
    address = f"/admin/services/{model._meta.model_name}/"
    path = f"{name}__code" if name == "domain" else name
    expected = model.objects.filter(**{path: value}).count()

    page = admin_client.get(address, {name: value})

    assert page.context["cl"].result_count == expected
    assert expected in filter_counts(page, model._meta.get_field(name).verbose_name).values()


@pytest.mark.parametrize("model", [*VOCABULARIES, Service], ids=lambda model: model.__name__)
def test_a_vocabulary_is_searched_by_code(admin_client, db, model):
    term = model.objects.last()

    page = admin_client.get(f"/admin/services/{model._meta.model_name}/", {"q": term.code})

    assert term.code in column_texts(page, "code")


def test_lists_count_what_the_edition_in_force_says(admin_client, db):
    assert column_texts(admin_client.get("/admin/services/domain/"), "entry_count") == [
        "9",
        "9",
        "12",
        "16",
        "4",
        "3",
        "15",
        "4",
        "9",
    ]
