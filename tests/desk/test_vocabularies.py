"""Vocabularies on the desk: codes and published names are read-only, and a term in use cannot be deleted."""

import json
import re
from html.parser import HTMLParser

import pytest
from django.contrib import admin
from django.http import HttpResponse
from django.urls import reverse

from catalogue.desk.base.history import VocabularyNames, in_words
from catalogue.models import Edition, Entry, Event
from catalogue.workflow import publishing
from services.models import Department, Domain, Indicator, ProjectGroup, Region, Service, TargetGroup, Task, Topic
from services.sources import Source
from tests.conftest import make_user
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
def test_a_name_in_a_published_edition_is_read_only(admin_client, db, model):
    code, columns = SEALED[model]
    term = model.objects.get(code=code)

    page = admin_client.get(page_of(term))
    admin_client.post(page_of(term), form_data(page) | dict.fromkeys(["code", *columns], "99"))

    saved = model.objects.get(pk=term.pk)
    assert "已写入已发布的版本（2021、2023、2026）" in visible_text(page)
    assert ("请办理\n更名或并入" if model is Department else "请另立新的代码") in visible_text(page)
    assert [getattr(saved, column) for column in ["code", *columns]] == [
        getattr(term, column) for column in ["code", *columns]
    ]
    assert [publishing.verify_edition(edition) for edition in Edition.objects.all()] == [[], [], []]


def test_all_names_in_published_documents_are_sealed():
    """The names of terms in ``entry_document()`` and ``edition_header()``."""
    screens = admin.site._registry

    assert {model: list(screens[model].frozen_fields) for model in SEALED} == {
        model: names for model, (_, names) in SEALED.items()
    }


def test_columns_outside_published_documents_can_be_changed(admin_client, db):
    department = Department.objects.get(code="health-commission")

    admin_client.post(page_of(department), form_data(admin_client.get(page_of(department)), note="新的说明。"))

    assert Department.objects.get(pk=department.pk).note == "新的说明。"
    assert [publishing.verify_edition(edition) for edition in Edition.objects.all()] == [[], [], []]


def test_the_name_of_an_unused_term_can_be_changed(admin_client, db):
    unused = Department.objects.create(
        code="new-one", name="新部门", level="autonomous-region", kind="government-department",
        source=Source.objects.get(code="seed-plan"), verification="unverified",
    )  # fmt: skip

    page = admin_client.get(page_of(unused))
    admin_client.post(page_of(unused), form_data(page) | {"name": "更名的部门", "code": "other"})

    saved = Department.objects.get(pk=unused.pk)
    assert (saved.name, saved.code) == ("更名的部门", "new-one")
    assert "已写入" not in visible_text(page)


def test_the_code_of_an_inline_term_is_read_only(admin_client, db):
    domain = Domain.objects.get(code="NM-05")
    data = form_data(admin_client.get(page_of(domain)))
    codes = list(Task.objects.filter(domain=domain).values_list("code", flat=True))

    admin_client.post(page_of(domain), data | {"tasks-0-code": "T09-9", "tasks-0-heading": "改写的标题"})

    task = Task.objects.filter(domain=domain).first()
    assert list(Task.objects.filter(domain=domain).values_list("code", flat=True)) == codes
    assert task.heading == "改写的标题"


@pytest.mark.parametrize(
    ("model", "code"),
    [
        (Domain, "NM-05"),
        (Department, "finance"),  # only a supporting department
        (TargetGroup, "older-65-plus"),
        (Source, "seed-plan"),
        (Service, "NM-05-01"),
        (Region, "150000"),
    ],
)
def test_a_term_in_use_cannot_be_deleted(admin_client, db, model, code):
    term = model.objects.get(code=code)

    page = admin_client.get(page_of(term, "delete"))
    admin_client.post(page_of(term, "delete"), {"post": "yes"})

    assert "将要求删除以下受保护的相关对象" in visible_text(page)
    assert model.objects.filter(pk=term.pk).exists()


def test_a_service_of_an_indicator_cannot_be_deleted(admin_client, db):
    service = Service.objects.create(code="NM-09-99")
    Indicator.objects.first().services.add(service)

    admin_client.post(page_of(service, "delete"), {"post": "yes"})

    assert Service.objects.filter(pk=service.pk).exists()


def test_an_unused_term_can_be_deleted(admin_client, db):
    service = Service.objects.create(code="NM-09-99")

    admin_client.post(page_of(service, "delete"), {"post": "yes"})

    assert not Service.objects.filter(pk=service.pk).exists()


@pytest.mark.parametrize("model", VOCABULARIES, ids=lambda model: model.__name__)
def test_saving_an_unchanged_term_changes_nothing(admin_client, db, model):
    before = list(model.objects.values())

    for term in model.objects.all()[:20]:
        page = admin_client.post(page_of(term), form_data(admin_client.get(page_of(term))))
        assert page.status_code == 302

    assert list(model.objects.values()) == before


def test_an_empty_field_is_stored_as_null(admin_client, db):
    # No published edition cites the new source, so its date can be removed.
    required_values = {"title": "新文件", "kind": "law", "jurisdiction": "national", "extent_read": "full"}
    optional_values = {"note": "说明", "url": "https://a.cn/", "date": "2020"}
    source = Source.objects.create(code="new", **required_values, **optional_values)
    group = TargetGroup.objects.exclude(definition=None).first()

    admin_client.post(page_of(source), form_data(admin_client.get(page_of(source)), note="", url="", date=""))
    admin_client.post(page_of(group), form_data(admin_client.get(page_of(group)), definition=""))

    source.refresh_from_db()
    assert (source.note, source.url, source.date) == (None, None, None)
    assert TargetGroup.objects.get(pk=group.pk).definition is None


def test_a_definition_is_shown_and_edited_as_the_words_of_its_clause(admin_client, db):
    group = TargetGroup.objects.get(code="older-60-plus")
    page = admin_client.get(page_of(group))
    assert form_data(page)["definition"] == "本法所称老年人是指六十周岁以上的公民。"
    listed = column_texts(admin_client.get(reverse("admin:services_targetgroup_changelist")), "defined")
    assert "本法所称老年人是指六十周岁以上的公民。" in listed
    assert not [text for text in listed if "{" in text]

    assert admin_client.post(page_of(group), form_data(page, definition="六十周岁\r\n以上。")).status_code == 302

    group.refresh_from_db()
    assert group.definition == {"text": "六十周岁\n以上。"}
    refused = admin_client.post(page_of(group), form_data(admin_client.get(page_of(group)), definition="甲\0"))
    assert "空字符" in visible_text(refused)


def test_an_unknown_definition_is_an_empty_field(admin_client, db):
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
def test_a_filter_returns_as_many_rows_as_its_count(admin_client, db, model, name, value):
    url = f"/admin/services/{model._meta.model_name}/"
    path = f"{name}__code" if name == "domain" else name
    expected = model.objects.filter(**{path: value}).count()

    page = admin_client.get(url, {name: value})

    assert page.context["cl"].result_count == expected
    assert expected in filter_counts(page, model._meta.get_field(name).verbose_name).values()


@pytest.mark.parametrize("model", [*VOCABULARIES, Service], ids=lambda model: model.__name__)
def test_a_vocabulary_is_searched_by_code(admin_client, db, model):
    term = model.objects.last()

    page = admin_client.get(f"/admin/services/{model._meta.model_name}/", {"q": term.code})

    assert term in page.context["cl"].result_list


def term_codes() -> set[str]:
    """Return the codes of departments, target groups, documents and life events that are no words of their own."""
    models = (Department, TargetGroup, Source, Topic)
    return {code for model in models for code in model.objects.values_list("code", flat=True) if "-" in code}


def codes_on(page: HttpResponse) -> set[str]:
    """Return the codes of terms that a page shows as text or in a box, but for examples."""
    parser = _Boxes()
    parser.feed(page.content.decode())
    texts = "\n".join([*visible_text(page).splitlines(), *parser.values])
    return set(re.findall(r"(?<![\w/.-])[a-z0-9]+(?:-[a-z0-9]+)+(?![\w.-])", texts)) & term_codes()


class _Boxes(HTMLParser):
    """Collects what stands in the boxes of a page."""

    def __init__(self):
        super().__init__()
        self.values: list[str] = []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "input" and attributes.get("type", "text") == "text":
            self.values.append(attributes.get("value") or "")


@pytest.mark.parametrize(
    ("logged", "words"),
    [
        ({"legal_basis": [{"code": "seed-plan", "title": "规划", "document_number": None}]}, "法律法规依据：规划"),
        ({"legal_basis": ["no-such-term", "seed-daily"]}, "法律法规依据：no-such-term、{seed-daily}"),
        ({"legal_basis": [], "source": None}, "法律法规依据：未知\n来源文件：未知"),
    ],
)
def test_logged_terms_are_named_in_whatever_shape_they_are(db, logged, words):
    title = Source.objects.get(code="seed-daily").title

    text = in_words(json.dumps(logged), terms=VocabularyNames())

    assert text == words.replace("{seed-daily}", title)


@pytest.mark.parametrize("model", [Department, TargetGroup, Source, Topic], ids=lambda model: model.__name__)
def test_a_list_of_terms_has_names_alone(admin_client, db, model):
    page = admin_client.get(f"/admin/services/{model._meta.model_name}/")

    assert page.context["cl"].result_count > 5
    assert codes_on(page) == set()


def test_the_record_of_a_proposal_names_departments_and_documents(admin_client, make_proposal):
    proposal = make_proposal()

    page = admin_client.get(reverse("admin:catalogue_proposal_change", args=[proposal.pk]))

    assert "部门：自治区民政厅" in visible_text(page)
    assert codes_on(page) == set()


def test_the_history_of_an_entry_names_documents(admin_client, db):
    entry = Entry.objects.get(edition__slug="2023", service__code="NM-01-02")

    page = admin_client.get(reverse("admin:catalogue_entry_history", args=[entry.pk]))

    assert "来源文件：" in visible_text(page)
    assert codes_on(page) == set()


@pytest.mark.parametrize("model", [Department, TargetGroup, Source, Topic], ids=lambda model: model.__name__)
def test_the_code_of_a_term_is_folded_away(admin_client, db, model):
    page = admin_client.get(page_of(model.objects.first()))

    folded = [options for title, options in page.context["adminform"].fieldsets if "code" in options["fields"]]
    assert [options["classes"] for options in folded] == [["collapse"]]


@pytest.mark.parametrize(
    ("model", "given", "codes"),
    [
        (Department, {"level": "autonomous-region", "kind": "government-department"}, ["dept-1", "dept-2"]),
        (TargetGroup, {}, ["group-1", "group-2"]),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_term_without_a_code_gets_one_that_no_term_had(admin_client, db, model, given, codes):
    add = reverse(f"admin:services_{model._meta.model_name}_add")
    clause = {"source": Source.objects.get(code="seed-plan").pk, "quote": "牧民", "verification": "verbatim"}
    data = form_data(admin_client.get(add)) | given | clause

    for number in range(2):
        page = admin_client.post(add, data | {"name": f"牧民服务中心{number}"})
        assert page.status_code == 302, visible_text(page)
        term = model.objects.get(name=f"牧民服务中心{number}")
        assert term.code == codes[number]
        # Its code is not given again.
        admin_client.post(page_of(term, "delete"), {"post": "yes"})
        assert not model.objects.filter(pk=term.pk).exists()


def test_lists_count_the_entries_of_the_edition_in_force(admin_client, db):
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


@pytest.mark.parametrize(("model", "code"), [(Region, "150000"), (Department, "finance"), (Service, "NM-05-01")])
def test_an_official_code_is_kept_with_its_clause(client, db, model, code):
    term, source = model.objects.get(code=code), Source.objects.get(code="seed-plan")
    client.force_login(make_user("sun", "发布"))
    data = form_data(client.get(page_of(term)))
    number = int(data["identifiers-TOTAL_FORMS"])
    row = {"scheme": "名录", "value": "A-1", "source": source.pk, "verification": "verbatim", "quote": "编号A-1"}
    added = {f"identifiers-{number}-{name}": value for name, value in row.items()}

    client.post(page_of(term), data | added | {"identifiers-TOTAL_FORMS": number + 1})

    saved = term.identifiers.get(scheme="名录")
    assert (saved.value, saved.source, saved.quote) == ("A-1", source, "编号A-1")
    event = Event.objects.filter(term=f"{model._meta.model_name}/{code}").last()
    assert (event.field, "A-1" in event.after) == ("identifiers", True)
