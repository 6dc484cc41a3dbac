"""The desk's page 导入表格: a dry run, a press, and who may."""

import datetime

import pytest
from django.test import Client
from django.urls import reverse

from catalogue.audit.log import AuditContext
from catalogue.models import Attachment, Proposal
from catalogue.workflow import proposals
from tests.conftest import make_user
from tests.support import spreadsheets
from tests.support.admin_forms import visible_text
from tests.support.entries import STANDARD
from tests.support.spreadsheets import CITATION_CELLS, CONFIRM, UPLOAD, confirm, list_row, make_csv, upload


@pytest.fixture
def editor(db):
    return make_user("bian", "编辑", departments=["civil-affairs"])


@pytest.fixture
def desk(client, editor):
    client.force_login(editor)
    return client


def a_change() -> bytes:
    return make_csv(list_row(服务标准=STANDARD, **CITATION_CELLS))


def test_a_dry_run_shows_each_row_and_changes_nothing_but_keeps_the_file(desk, editor):
    before = spreadsheets.row_counts()

    page = upload(desk, "清单.csv", a_change())

    text = visible_text(page)
    for words in ("NM-01-07", "服务标准", STANDARD, "“服务标准”的来源", "确认，提出 1 项"):
        assert words in text
    assert spreadsheets.row_counts() == before | {"Attachment": before["Attachment"] + 1}
    kept = Attachment.objects.get()
    assert (kept.name, bytes(kept.content), kept.uploader) == ("清单.csv", a_change(), editor)


def test_confirming_drafts_a_proposal_and_edits_nothing(desk, editor):
    page = upload(desk, "清单.csv", a_change())

    answer = confirm(desk, page)

    assert (answer.status_code, answer["Location"]) == (302, UPLOAD)
    proposal = Proposal.objects.get()
    assert (proposal.state, proposal.kind, proposal.proposer) == ("draft", "change", editor)
    assert proposal.imported_from == Attachment.objects.get().digest
    assert (proposal.title, proposal.document_number) == ("提高孤儿基本生活费标准", "内民政发〔2026〕1号")
    assert proposals.faults(proposal) == []
    assert spreadsheets.list_row()["服务标准"] != STANDARD


def test_pressing_twice_makes_nothing_the_second_time(desk):
    page = upload(desk, "清单.csv", a_change())
    confirm(desk, page)
    before = spreadsheets.row_counts()

    again = confirm(desk, page)

    assert "情况有了变化" in visible_text(again)
    assert f"建议第 {Proposal.objects.get().number} 号" in visible_text(again)
    assert spreadsheets.row_counts() == before


def test_the_same_file_again_says_which_proposal_has_it(desk):
    confirm(desk, upload(desk, "清单.csv", a_change()))

    page = upload(desk, "清单.csv", a_change())

    assert page.context["seen"] is None
    assert f"这个文件已经导入过，是建议第 {Proposal.objects.get().number} 号" in visible_text(page)


def test_what_changed_since_is_shown_again_and_not_proposed(desk, editor):
    """Another proposal has the change meanwhile."""
    page = upload(desk, "清单.csv", make_csv(list_row(编者说明="注"), list_row("NM-01-08", 编者说明="注")))
    other = upload(desk, "别的.csv", make_csv(list_row(编者说明="注")))
    confirm(desk, other)

    shown = confirm(desk, page)

    assert "情况有了变化，什么都没有提出" in visible_text(shown)
    assert "已有建议第" in visible_text(shown)
    assert Proposal.objects.count() == 1
    assert confirm(desk, shown).status_code == 302


def test_only_who_saw_the_dry_run_confirms_it(desk, client):
    page = upload(desk, "清单.csv", a_change())
    client.force_login(make_user("bie", "编辑", departments=["civil-affairs"]))

    answer = confirm(client, page)

    assert answer.status_code == 403
    assert "只有上传的人可以确认" in visible_text(answer)
    assert not Proposal.objects.exists()


def test_another_editor_may_bring_the_same_file(desk, client):
    upload(desk, "清单.csv", a_change())
    other = make_user("bie", "编辑", departments=["civil-affairs"])
    client.force_login(other)

    confirm(client, upload(client, "清单.csv", a_change()))

    assert Proposal.objects.get().proposer == other


@pytest.mark.parametrize("seen", ["", "x", "x:y:z"])
def test_a_press_without_a_dry_run_is_refused(desk, seen):
    answer = desk.post(CONFIRM, spreadsheets.PROPOSAL_DETAILS | {"seen": seen})

    assert answer.status_code == 403
    assert "请先上传表格" in visible_text(answer)


@pytest.mark.parametrize("roles", [["评估"], ["审批"], ["发布"], ["审计"], []])
def test_only_editors_import(client, db, roles):
    client.force_login(make_user("other", *roles, departments=["civil-affairs"]))

    assert client.get(UPLOAD).status_code == 403
    assert upload(client, "清单.csv", a_change()).status_code == 403
    assert client.post(CONFIRM).status_code == 403


def test_a_file_over_the_limit_is_let_go_before_it_is_read(desk):
    page = upload(desk, "清单.csv", b"a" * (6 * 1024 * 1024))

    # Said beside the box: what came in was let go, and the guards, which would say the same, never saw it.
    assert "文件超过 5 MB" in str(page.context["form"].errors["file"])
    assert page.context["faults"] == []
    assert not Attachment.objects.exists()


def test_a_press_from_another_site_is_refused(editor, settings):
    from_elsewhere = Client(enforce_csrf_checks=True)
    from_elsewhere.force_login(editor)

    assert upload(from_elsewhere, "清单.csv", a_change()).status_code == 403


@pytest.mark.parametrize(
    ("details", "words"),
    [
        ({"title": ""}, "该字段是必填项"),
        ({"effective_from": "2027-02-30"}, "日期"),
        ({"department": "finance"}, "选择一个有效的选项"),
        ({"department": "nobody"}, "选择一个有效的选项"),
        ({"region": "0\0"}, "空字符"),
        ({"title": "长" * 201}, "200"),
        ({"reason": "甲\0乙"}, "空字符"),
    ],
)
def test_details_that_do_not_hold_are_said_beside_their_box(desk, details, words):
    page = upload(desk, "清单.csv", a_change(), **details)

    assert words in "".join(str(page.context["form"][name].errors) for name in details)
    assert not Attachment.objects.exists()


def test_details_changed_on_the_way_are_refused_too(desk):
    page = upload(desk, "清单.csv", a_change())

    answer = confirm(desk, page, department="finance")

    assert answer.status_code == 200
    assert not Proposal.objects.exists()


def test_a_clause_younger_than_the_day_proposed_is_a_fault(desk):
    page = upload(desk, "清单.csv", a_change(), effective_from="2020-01-01")

    assert page.context["seen"] is None
    assert any("起方可引用" in str(fault) for fault in page.context["faults"])


def test_there_is_no_english_word_on_the_pages(desk):
    pages = [desk.get(UPLOAD), upload(desk, "清单.csv", make_csv(list_row(编者说明="注")))]

    for page in pages:
        words = visible_text(page).replace("NM-01-07", "")
        assert not [word for word in ("CSV", "UTF", "xlsx", "MB") if word in words and page is pages[1]]
        assert "Import" not in words and "Upload" not in words and "None" not in words


def test_the_list_leads_here(desk):
    assert f'href="{UPLOAD}"' in desk.get(reverse("admin:catalogue_entry_changelist")).content.decode()


def test_a_taken_back_import_may_be_brought_again(desk, editor):
    confirm(desk, upload(desk, "清单.csv", a_change()))
    at = datetime.datetime(2026, 12, 1, tzinfo=datetime.UTC)
    proposals.retract(Proposal.objects.get(), context=AuditContext(at=at, user=editor))

    confirm(desk, upload(desk, "清单.csv", a_change()))

    assert Proposal.objects.count() == 2
