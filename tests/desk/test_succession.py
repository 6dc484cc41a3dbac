"""A department is renamed or merged on one page: its successor, the clause, and one proposal for all its entries."""

import dataclasses
import datetime

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from catalogue.audit import snapshots
from catalogue.audit.models import Event
from catalogue.models import Edition, Proposal
from catalogue.workflow import proposals, publishing
from catalogue.workflow.steps import reversals
from services.models import Department
from services.sources import Source
from tests.conftest import make_user
from tests.support.admin_forms import visible_text
from tests.support.departments import NEW_NAME, NEW_SHORT, department, make_department, replace
from tests.support.entries import make_entry

OLD = "health-commission"
DAY = datetime.date(2027, 1, 1)
QUOTE = f"内蒙古自治区卫生健康委员会更名为{NEW_NAME}，简称{NEW_SHORT}。"
MERGED = "内蒙古自治区卫生健康委员会并入内蒙古自治区教育厅。"
RENAMED = {"name": NEW_NAME, "short_name": NEW_SHORT, "name_en": "", "into": "", "day": "2027年1月1日"}


def address(code: str = OLD) -> str:
    return reverse("admin:services_department_succession", args=[department(code).pk])


@pytest.fixture
def publisher(client, people):
    """Somebody who publishes and belongs to no department."""
    user = make_user("qian", "发布")
    client.force_login(user)
    return client


def sent(publisher, quote: str = QUOTE, **changes: object) -> dict:
    clause = {"clause-locator": "第一条", "clause-quote": quote, "clause-document-title": "关于机构改革的通知"}
    document = {
        "clause-document-document_number": "内政发【2026】9号", "clause-document-date": "2026-11-01",
        "clause-document-kind": "regional-policy", "clause-document-read_in": "official", "clause-source": "",
    }  # fmt: skip
    return {"seen": publisher.get(address()).context["seen"], **RENAMED, **clause, **document} | changes


def naming(code: str) -> set[str]:
    """The services of the last published edition that name a department."""
    documents = Edition.objects.get(slug="2026").documents()
    return {
        document["code"]
        for document in documents
        if code
        in {(document["lead_department"] or {}).get("code")}
        | {term["code"] for column in ("co_departments", "lead_department_alternatives") for term in document[column]}
    }


def test_a_renamed_department_has_a_successor_with_its_clause_and_a_proposal_for_every_entry(publisher, db):
    named = naming(OLD)

    saved = publisher.post(address(), sent(publisher))

    assert saved.status_code == 302, visible_text(saved)
    old, new = department(OLD), Department.objects.get(name=NEW_NAME)
    source = Source.objects.get(document_number="内政发〔2026〕9号")
    assert (new.code, new.short_name, new.level, new.kind, new.source) == (
        "dept-1", NEW_SHORT, old.level, old.kind, source,
    )  # fmt: skip
    assert (old.replaced_by, old.replaced_from, old.replaced_source) == (new, DAY, source)
    assert (old.replaced_locator, old.replaced_quote, old.replaced_verification) == ("第一条", QUOTE, "verbatim")
    proposal = Proposal.objects.get()
    assert (proposal.kind, proposal.department, proposal.effective_from) == ("change", new, DAY)
    assert set(proposal.entries.values_list("service", flat=True)) == named and len(named) > 20
    assert proposals.faults(proposal) == [] and not proposals.needs_assessment(proposal)
    verbs = Event.objects.filter(term__in=[snapshots.term_reference(row) for row in (old, new)])
    assert {event.verb for event in verbs} == {"created", "revised"}


def test_each_entry_cites_the_clause_and_no_label_rises(publisher, db):
    before = {document["code"]: document for document in Edition.objects.get(slug="2026").documents()}

    publisher.post(address(), sent(publisher))

    for entry in Proposal.objects.get().entries.all():
        change = entry.entry_data
        for field, label in change["verification"].items():
            cited = [citation for citation in change["citations"] if citation["field"] == field]
            assert (cited[0]["quote"], cited[0]["locator"]) == (QUOTE, "第一条")
            assert label == before[entry.service]["verification"][field]
            assert change["basis"][field] == before[entry.service]["basis"][field]


def test_the_publisher_submits_it_and_it_is_approved_and_sealed_as_any_other(publisher, act, publish):
    digests = dict(Edition.objects.values_list("slug", "digest"))
    publisher.post(address(), sent(publisher))
    proposal = Proposal.objects.get()
    page = reverse("admin:catalogue_proposal_change", args=[proposal.pk])

    step = reverse("admin:catalogue_proposal_step", args=[proposal.pk, "submit"])
    publisher.post(step, {"seen": publisher.get(page).context["seen"]})

    proposal.refresh_from_db()
    assert proposal.state == "approving"
    proposals.approve(proposal, context=act("zhao"))
    edition = publish("2027", proposal, effective_from=DAY)
    leads = {document["lead_department"]["code"] for document in edition.documents() if document["lead_department"]}
    assert "dept-1" in leads and OLD not in leads
    assert dict(Edition.objects.exclude(slug="2027").values_list("slug", "digest")) == digests
    assert [publishing.verify_edition(row) for row in Edition.objects.all()] == [[]] * 4


def test_a_declined_proposal_can_be_mended_by_the_publisher(publisher, act):
    publisher.post(address(), sent(publisher))
    proposal = proposals.submit(Proposal.objects.get(), context=_context_of("qian", act))
    proposals.decline(proposal, context=act("zhao", "理由太短"))
    edit = reverse("admin:catalogue_proposal_edit", args=[proposal.pk])
    page = publisher.get(edit)
    values = {box.html_name: box.value() for box in page.context["form"] if box.value() not in (None, False)}

    publisher.post(edit, values | {"seen": page.context["seen"], "reason": "机构改革，名称有变。"})

    proposal.refresh_from_db()
    assert (proposal.state, proposal.reason) == ("draft", "机构改革，名称有变。")


def test_a_department_is_merged_into_another_without_a_new_one(publisher, db):
    into = department("education")
    count = Department.objects.count()

    publisher.post(address(), sent(publisher, MERGED, name="", short_name="", into=into.pk))

    proposal = Proposal.objects.get()
    assert (department(OLD).replaced_by, Department.objects.count()) == (into, count)
    assert proposal.title == "内蒙古自治区卫生健康委员会并入内蒙古自治区教育厅"
    assert proposals.faults(proposal) == []
    for entry in proposal.entries.all():
        change = entry.entry_data
        assert change.get("lead_department", "education") == "education"
        assert OLD not in change.get("co_departments", [])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "", "short_name": ""}, "两者只取其一"),
        ({"name": "内蒙古自治区教育厅"}, "请在“并入的部门”里选它"),
        ({"name": "内蒙古自治区卫生健康委员会"}, "不必更名"),
        ({"clause-quote": "内蒙古自治区卫生健康委员会改了名称。"}, f"原文里没有“{NEW_NAME}”"),
        ({"clause-quote": ""}, "请照录写明更名或并入的原文"),
        ({"day": "2026-10-01"}, "这份文件自 2026-11-01 起方可引用"),
        ({"day": "明年"}, "请写年月日"),
        ({"into": "99999999999999999999"}, "选择一个有效的选项"),
        ({"clause-document-title": ""}, "标题"),
    ],
    ids=[
        "neither",
        "taken",
        "its own name",
        "not quoted",
        "no quote",
        "too early",
        "no day",
        "no department",
        "no title",
    ],
)
def test_what_does_not_fit_is_told_at_its_box_and_nothing_is_written(publisher, db, changes, words):
    counts = (Department.objects.count(), Source.objects.count(), Event.objects.count())

    refused = publisher.post(address(), sent(publisher) | changes)

    assert refused.status_code == 422 and words in visible_text(refused)
    assert (Department.objects.count(), Source.objects.count(), Event.objects.count()) == counts
    assert department(OLD).replaced_by is None and not Proposal.objects.exists()


def test_a_department_is_not_merged_into_itself_or_into_one_that_is_gone(publisher, db):
    replace("education", "finance", "2026-12-01")
    itself = publisher.post(address(), sent(publisher, name="", short_name="", into=department(OLD).pk))
    gone = publisher.post(address(), sent(publisher, MERGED, name="", short_name="", into=department("education").pk))

    assert itself.status_code == 422 and "不能并入自己" in visible_text(itself)
    assert gone.status_code == 409 and "已由自治区财政厅接替；请选接替它的部门" in visible_text(gone)
    assert not Proposal.objects.exists()


def test_a_second_press_of_the_button_changes_nothing(publisher, db):
    data = sent(publisher)
    publisher.post(address(), data)

    again = publisher.post(address(), data)

    assert again.status_code == 409 and f"已由{NEW_SHORT}接替" in visible_text(again)
    assert Proposal.objects.count() == 1 and Department.objects.filter(name=NEW_NAME).count() == 1


def test_a_department_without_entries_is_renamed_without_a_proposal(publisher, make_edition, db):
    make_edition("2027", "2027-01-01", entries=[make_entry()])

    saved = publisher.post(address(), sent(publisher), follow=True)

    assert department(OLD).replaced_by.name == NEW_NAME and not Proposal.objects.exists()
    assert "不必调整" in visible_text(saved)


def test_a_quote_that_does_not_name_the_old_department_is_second_hand(publisher, db):
    publisher.post(address(), sent(publisher, f"组建{NEW_NAME}。"))

    assert department(OLD).replaced_verification == "secondary"


@pytest.mark.parametrize("role", ["编辑", "评估", "审批", "审计"])
def test_others_cannot_rename_a_department(client, db, role):
    client.force_login(make_user("sun", role))

    assert client.get(address()).status_code == 403
    assert client.post(address(), {}).status_code == 403


def test_the_page_of_the_department_leads_there_and_then_to_its_successor(publisher, db):
    page = reverse("admin:services_department_change", args=[department(OLD).pk])
    assert address() in publisher.get(page).content.decode()

    replace(OLD, "education", "2027-01-01")

    shown = publisher.get(page)
    assert f'"{address()}"' not in shown.content.decode()
    assert "自 2027-01-01 起由\n自治区教育厅\n接替" in visible_text(shown)


def test_a_member_of_the_old_department_begins_proposals_in_the_name_of_the_new_one(client, db):
    replace(OLD, "education", "2026-01-01")
    client.force_login(make_user("sun", "编辑", departments=[OLD]))

    form = client.get(reverse("admin:catalogue_proposal_add")).context["form"]

    assert [row.code for row in form.fields["department"].queryset] == ["education"]


# Taking it back


def undo_address(code: str = OLD) -> str:
    return reverse("admin:services_department_undo_succession", args=[department(code).pk])


def test_a_succession_is_taken_back_after_a_page_that_says_what_happens(publisher, db):
    publisher.post(address(), sent(publisher))
    department_page = reverse("admin:services_department_change", args=[department(OLD).pk])
    assert undo_address() in publisher.get(department_page).content.decode()

    page = publisher.get(undo_address())

    text = visible_text(page)
    assert f"自 2027-01-01 起不再由{NEW_NAME}接替" in text and "第 1 号建议（草稿）作废" in text
    assert "留在词表中" in text and "原部门的账号照旧有效" in text
    done = publisher.post(undo_address(), {"seen": page.context["seen"], "reason": "更名暂缓。"}, follow=True)
    assert "已撤销：" in visible_text(done) and undo_address() not in done.content.decode()
    assert department(OLD).replaced_by is None and Proposal.objects.get().state == "void"
    assert {event.actor for event in Event.objects.filter(reason="更名暂缓。")} == {"qian"}
    again = publisher.post(undo_address(), {"seen": page.context["seen"], "reason": "更名暂缓。"}, follow=True)
    assert "没有更名，也没有并入别的部门" in visible_text(again)


def test_a_new_department_that_goes_is_announced(publisher, make_edition, db):
    make_edition("2027", "2027-01-01", entries=[make_entry()])
    publisher.post(address(), sent(publisher))
    page = publisher.get(undo_address())
    assert f"{NEW_NAME}没有别处写着它，从词表中删去。" in visible_text(page)

    publisher.post(undo_address(), {"seen": page.context["seen"], "reason": "更名暂缓。"})

    assert not Department.objects.filter(name=NEW_NAME).exists()


def test_without_a_reason_nothing_is_taken_back(publisher, db):
    replace(OLD, "education", "2027-01-01")

    refused = publisher.post(undo_address(), {"seen": publisher.get(undo_address()).context["seen"], "reason": " "})

    assert refused.status_code == 422 and department(OLD).replaced_by is not None


def test_what_prevents_it_is_told_before_one_asks(publisher, act):
    publisher.post(address(), sent(publisher))
    page = publisher.get(undo_address())
    proposals.submit(Proposal.objects.get(), context=_context_of("qian", act))

    shown = publisher.get(undo_address())
    refused = publisher.post(undo_address(), {"seen": page.context["seen"], "reason": "更名暂缓。"})

    assert "第 1 号建议现在是“待审批”；请先作废，然后撤销。" in visible_text(shown)
    assert 'name="reason"' not in shown.content.decode()
    assert refused.status_code == 409 and department(OLD).replaced_by is not None


def test_it_is_not_taken_back_otherwise_than_was_said(publisher, act):
    publisher.post(address(), sent(publisher))
    page = publisher.get(undo_address())
    reversals.void(Proposal.objects.get(), context=dataclasses.replace(_context_of("qian", act), reason="写错了"))

    refused = publisher.post(undo_address(), {"seen": page.context["seen"], "reason": "更名暂缓。"})

    assert refused.status_code == 409 and "打开本页之后又有了变化" in visible_text(refused)
    assert department(OLD).replaced_by is not None


def test_a_department_in_no_edition_leads_there_too(publisher, db):
    make_department("in-no-edition", "内蒙古自治区某某局", "自治区某某局")
    replace("in-no-edition", "education", "2027-01-01")
    page = publisher.get(reverse("admin:services_department_change", args=[department("in-no-edition").pk]))

    assert undo_address("in-no-edition") in page.content.decode()


@pytest.mark.parametrize("role", ["编辑", "评估", "审批", "审计"])
def test_others_cannot_take_it_back(client, db, role):
    replace(OLD, "education", "2027-01-01")
    client.force_login(make_user("sun", role))

    assert client.get(undo_address()).status_code == 403
    assert client.post(undo_address(), {"reason": "更名暂缓。"}).status_code == 403
    assert (
        undo_address()
        not in client.get(reverse("admin:services_department_change", args=[department(OLD).pk])).content.decode()
    )


def _context_of(name: str, act):
    return dataclasses.replace(act(), user=User.objects.get(username=name))
