"""A draft on the editors' desk: nothing is changed without a source, and nothing typed is lost."""

import pytest
from django.urls import reverse

from catalogue import editing
from catalogue.desk.entry_form import EntryForm
from catalogue.models import Citation, Edition, Entry, Event
from catalogue.recording import Act
from services.models import Department, Domain, Service, Source
from tests.conftest import AT
from tests.desk import added, as_typed, entry_page, rich_state, row_of, stated, visible
from tests.stating import state


@pytest.fixture
def entry(make_edition) -> Entry:
    """An entry of a draft that is in force from the first day of 2027."""
    return make_edition("2027", "2027-01-01", entries=[rich_state(), state("NM-05-02")], at=None).entries.get(number=1)


@pytest.fixture
def typed(admin_client, entry):
    """What a browser would send for the entry's page, nothing touched."""
    return as_typed(admin_client.get(entry_page(entry)), _continue="保存并继续编辑")


def errors(page) -> list[str]:
    return [error for list_ in page.context["errors"] for error in list_]


def test_a_draft_saved_untouched_stays_what_it_was(admin_client, entry, typed):
    before = stated(entry)

    page = admin_client.post(entry_page(entry), typed, follow=True)

    assert "errors" not in page.context or not errors(page)
    assert stated(entry) == before
    assert entry.edition.entries.get(number=1).content == "每年一次健康管理。"


def test_a_changed_field_without_a_new_source_is_refused_and_keeps_what_was_typed(admin_client, entry, typed):
    before = stated(entry)

    page = admin_client.post(entry_page(entry), typed | {"content": "每年两次健康管理。"})

    assert errors(page) == ["“服务内容”改动了，请同时为它新增或更改一条来源。"]
    assert page.context["adminform"].form.errors == {"content": errors(page)}
    assert "每年两次健康管理。" in page.content.decode()
    assert stated(entry) == before


def test_a_changed_field_with_a_new_source_is_saved(admin_client, entry, typed):
    law = Source.objects.get(code="law-elderly")
    typed = added(typed | {"content": "每年两次健康管理。"}, "citations", field="content", source=law.pk,
        locator="第五十条", quote="逐字照录的原文。", verification="verbatim", jurisdiction="national",
    )  # fmt: skip

    page = admin_client.post(entry_page(entry), typed, follow=True)

    assert page.redirect_chain
    after = stated(entry)
    assert after["content"] == "每年两次健康管理。"
    assert after["citations"][-1] == {
        "field": "content", "source": "law-elderly", "locator": "第五十条", "quote": "逐字照录的原文。",
        "verification": "verbatim", "jurisdiction": "national",
    }  # fmt: skip
    # Their order is sealed, so that no two may have the same place.
    assert list(entry.citations.order_by("position").values_list("position", flat=True)) == [1, 2, 3, 4, 5, 6, 7]


def test_a_changed_field_with_a_changed_source_is_saved(admin_client, entry, typed):
    row = row_of(typed, "citations", field="content")

    admin_client.post(entry_page(entry), typed | {"content": "每年两次健康管理。", f"{row}-quote": "每年两次。"})

    assert stated(entry)["content"] == "每年两次健康管理。"


@pytest.mark.parametrize(
    ("box", "value", "field"),
    [
        ("name", "老年健康", "name"),
        ("standard", "收费。", "standard"),
        ("standard_as_of", "2026", "standard"),
        ("target_group_text", "老年人", "target_groups"),
        ("lead_department", "civil-affairs", "lead_department"),
        ("co_departments", "civil-affairs", "co_departments"),
        ("lead_department_alternatives", "civil-affairs", "lead_department"),
        ("expenditure_responsibility", "中央承担", "expenditure_responsibility"),
        ("legal_basis", "law-elderly", "legal_basis"),
    ],
)
def test_another_fields_source_does_not_do(admin_client, entry, typed, box, value, field):
    other = "content" if field != "content" else "name"
    model = {"lead_department": Department, "co_departments": Department, "lead_department_alternatives": Department,
        "legal_basis": Source}.get(box)  # fmt: skip
    sent = str(model.objects.get(code=value).pk) if model else value
    typed |= {box: sent, f"{row_of(typed, 'citations', field=other)}-locator": "第一章"}

    page = admin_client.post(entry_page(entry), typed)

    assert box in page.context["adminform"].form.errors
    assert stated(entry)[box] != value


def test_what_the_form_lets_by_the_verb_refuses_and_nothing_is_written(admin_client, entry, typed, monkeypatch):
    monkeypatch.setattr(EntryForm, "clean", lambda form: form.cleaned_data)
    before = stated(entry)

    page = admin_client.post(entry_page(entry), typed | {"content": "每年两次健康管理。"})

    assert page.status_code == 409
    assert "“服务内容”改动了，请同时为它新增或更改一条来源。" in visible(page)
    assert stated(entry) == before


def test_what_rests_on_nothing_is_changed_freely(admin_client, entry, typed):
    admin_client.post(entry_page(entry), typed | {"note": "已核实。", "number": "3"})

    assert (stated(entry)["note"], stated(entry)["number"]) == ("已核实。", 3)


def test_a_value_is_taken_back_with_its_sources(admin_client, entry, typed):
    typed |= {"content": "", f"{row_of(typed, 'citations', field='content')}-DELETE": "on"}
    typed |= {f"{row_of(typed, 'findings', field='content')}-DELETE": "on"}

    admin_client.post(entry_page(entry), typed)

    after = stated(entry)
    assert after["content"] is None
    assert "content" not in after["verification"]
    assert "content" not in [citation["field"] for citation in after["citations"]]


def test_a_value_without_its_source_is_refused(admin_client, entry, typed):
    page = admin_client.post(
        entry_page(entry), typed | {f"{row_of(typed, 'citations', field='standard')}-DELETE": "on"}
    )

    assert errors(page) == ["“服务标准”有值而没有来源，请补充来源，或留空表示未知。"]


def row_errors(page, prefix: str) -> dict[str, list[str]]:
    """The errors beside the rows of a table of the form, by the row's field."""
    (formset,) = (i.formset for i in page.context["inline_admin_formsets"] if i.formset.prefix == prefix)
    return {form["field"].value(): form.non_field_errors() for form in formset.forms if form.errors}


def test_a_label_above_its_sources_is_refused_beside_it(admin_client, entry, typed):
    row = row_of(typed, "findings", field="standard")

    page = admin_client.post(entry_page(entry), typed | {f"{row}-verification": "verbatim"})

    assert row_errors(page, "findings") == {"standard": ["“服务标准”标为“原文核对”，高于其来源的核实情况，不能上调。"]}
    assert stated(entry)["verification"]["standard"] == "secondary"


def test_a_source_younger_than_the_edition_is_refused_beside_it(admin_client, entry, typed):
    young = Source.objects.create(
        code="law-2028",
        title="2028年的法律",
        date="2028-01-01",
        kind="law",
        jurisdiction="national",
        extent_read="full",
    )

    page = admin_client.post(
        entry_page(entry), typed | {f"{row_of(typed, 'citations', field='name')}-source": young.pk}
    )

    assert row_errors(page, "citations") == {
        "name": ["来源 law-2028 自 2028-01-01 起方可引用，晚于版本的施行日期 2027-01-01。"]
    }


def test_verbatim_without_the_words_is_refused_beside_it(admin_client, entry, typed):
    page = admin_client.post(entry_page(entry), typed | {f"{row_of(typed, 'citations', field='name')}-quote": ""})

    assert row_errors(page, "citations") == {"name": ["标为“原文核对”的，必须照录原文。"]}


def test_a_number_that_is_taken_is_refused(admin_client, entry, typed):
    page = admin_client.post(entry_page(entry), typed | {"number": "2"})

    assert errors(page) == ["此版本中已有条目使用这一序号。"]


def test_a_second_finding_of_a_field_is_refused(admin_client, entry, typed):
    page = admin_client.post(
        entry_page(entry), added(typed, "findings", field="name", verification="unverified", basis="plan")
    )

    assert "同一字段只能有一条核实情况，请删去重复的。" in visible(page)
    assert stated(entry)["verification"]["name"] == "verbatim"


def test_a_new_entry_needs_its_sources_at_once(admin_client, entry):
    new = as_typed(admin_client.get("/admin/catalogue/entry/add/")) | {
        "edition": entry.edition_id, "service": Service.objects.get(code="NM-05-03").pk, "number": "3",
        "name": "新的服务", "domain": Domain.objects.get(code="NM-05").pk,
    }  # fmt: skip
    plan = Source.objects.get(code="seed-plan").pk

    refused = admin_client.post("/admin/catalogue/entry/add/", new)
    for field in ("name", "domain"):
        new = added(new, "findings", field=field, verification="unverified", basis="plan")
        new = added(new, "citations", field=field, source=plan, verification="unverified")
    admin_client.post("/admin/catalogue/entry/add/", new)

    assert errors(refused) == [
        "“名称”有值而没有来源，请补充来源，或留空表示未知。", "“名称”改动了，请同时为它新增或更改一条来源。",
        "“领域”有值而没有来源，请补充来源，或留空表示未知。", "“领域”改动了，请同时为它新增或更改一条来源。",
    ]  # fmt: skip
    made = Entry.objects.get(edition=entry.edition, number=3)
    assert stated(made)["content"] is None
    assert list(made.citations.values_list("field", "position")) == [("name", 1), ("domain", 2)]


def test_unknown_is_stored_as_unknown(admin_client, entry, typed):
    admin_client.post(entry_page(entry), typed | {"note": "  \r\n "})

    assert Entry.objects.get(pk=entry.pk).note is None


def test_an_entry_of_a_draft_can_be_deleted(admin_client, entry):
    admin_client.post(reverse("admin:catalogue_entry_delete", args=[entry.pk]), {"post": "yes"})

    assert not Entry.objects.filter(pk=entry.pk).exists()
    assert not Citation.objects.filter(entry_id=entry.pk).exists()


def test_an_entry_of_every_domain_can_be_saved_untouched(admin_client, db):
    """No quote of the committed editions is changed by being shown in a form and sent back."""
    new = as_typed(admin_client.get("/admin/catalogue/edition/add/"))
    new |= {"slug": "2027", "title": "清单", "effective_from": "2027-01-01", "carry_over": "on"}
    admin_client.post("/admin/catalogue/edition/add/", new)
    changed = []

    # All 81 pass, in half a minute.
    for entry in Edition.objects.get(slug="2027").entries.filter(service__code__endswith="-02"):
        before = stated(entry)
        page = admin_client.post(entry_page(entry), as_typed(admin_client.get(entry_page(entry))))
        if page.status_code != 302 or stated(entry) != before:
            changed.append(entry)

    assert changed == []


# The verb behind the form


def test_recording_refuses_a_change_that_nothing_was_cited_for(entry):
    before = editing.state(entry)
    entry.content = "改写"
    entry.save()

    with pytest.raises(editing.Refused, match="“服务内容”改动了，请同时为它新增或更改一条来源。") as refused:
        editing.record(entry, before=before, act=Act(at=AT))

    assert [fault.field for fault in refused.value.faults] == ["content"]


def test_recording_takes_what_became_unknown(entry):
    before = editing.state(entry)
    entry.content = None
    entry.save()
    entry.citations.filter(field="content").delete()
    entry.findings.filter(field="content").delete()

    editing.record(entry, before=before, act=Act(at=AT))

    assert Event.objects.filter(field="content").last().after is None


# What is recorded


def test_a_save_is_recorded_with_who_and_each_field_before_and_after(admin_client, admin_user, entry, typed):
    count = Event.objects.count()

    admin_client.post(entry_page(entry), typed | {"note": "改写"})

    (event,) = Event.objects.filter(number__gt=count)
    assert (event.actor, event.verb, event.edition, event.service) == (
        admin_user.username,
        "revised",
        "2027",
        "NM-05-01",
    )
    assert (event.field, event.after) == ("note", '"改写"')


def test_what_is_refused_is_not_recorded(admin_client, entry, typed):
    count = Event.objects.count()

    admin_client.post(entry_page(entry), typed | {"content": "没有新的来源"})

    assert Event.objects.count() == count


def test_a_new_draft_and_its_end_are_recorded(admin_client, db):
    count = Event.objects.count()
    new = as_typed(admin_client.get("/admin/catalogue/edition/add/"))
    admin_client.post(
        "/admin/catalogue/edition/add/", new | {"slug": "2027", "title": "清单", "effective_from": "2027-01-01"}
    )
    draft = Edition.objects.get(slug="2027")
    entry = draft.entries.get(number=80)

    admin_client.post(reverse("admin:catalogue_entry_delete", args=[entry.pk]), {"post": "yes"})
    admin_client.post(reverse("admin:catalogue_edition_delete", args=[draft.pk]), {"post": "yes"})

    events = Event.objects.filter(number__gt=count).values_list("verb", "edition", "service")
    assert list(events) == [
        ("created", "2027", None),
        ("deleted", "2027", entry.service.code),
        ("deleted", "2027", None),
    ]
