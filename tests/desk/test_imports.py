"""The import page (导入表格): dry run, confirmation and permissions."""

import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from catalogue.audit.log import AuditContext
from catalogue.models import Attachment, Proposal
from catalogue.workflow import proposals
from catalogue.workflow.steps import reversals
from tests.conftest import make_user
from tests.support import spreadsheets
from tests.support.admin_forms import visible_text
from tests.support.entries import STANDARD
from tests.support.spreadsheets import (
    CITATION_CELLS,
    CONFIRM,
    UPLOAD,
    confirm,
    list_row,
    make_csv,
    make_workbook,
    upload,
)


@pytest.fixture
def editor(db):
    return make_user("bian", "编辑", departments=["civil-affairs"])


@pytest.fixture
def desk(client, editor):
    client.force_login(editor)
    return client


def a_change() -> bytes:
    return make_csv(list_row(服务标准=STANDARD, **CITATION_CELLS))


def test_a_dry_run_shows_each_row_and_only_stores_the_file(desk, editor):
    before = spreadsheets.row_counts()

    page = upload(desk, "清单.csv", a_change())

    text = visible_text(page)
    for text_part in ("NM-01-07", "服务标准", STANDARD, "“服务标准”的来源", "确认，提出 1 项"):
        assert text_part in text
    assert spreadsheets.row_counts() == before | {"Attachment": before["Attachment"] + 1}
    attachment = Attachment.objects.get()
    assert (attachment.name, bytes(attachment.content), attachment.uploader) == ("清单.csv", a_change(), editor)


def test_confirming_drafts_a_proposal_without_changing_entries(desk, editor):
    page = upload(desk, "清单.csv", a_change())

    response = confirm(desk, page)

    assert (response.status_code, response["Location"]) == (302, UPLOAD)
    proposal = Proposal.objects.get()
    assert (proposal.state, proposal.kind, proposal.proposer) == ("draft", "change", editor)
    assert proposal.imported_from == Attachment.objects.get().digest
    assert (proposal.title, proposal.document_number) == ("提高孤儿基本生活费标准", "内民政发〔2026〕1号")
    assert proposals.faults(proposal) == []
    assert spreadsheets.list_row()["服务标准"] != STANDARD


def test_a_second_confirmation_changes_nothing(desk):
    page = upload(desk, "清单.csv", a_change())
    confirm(desk, page)
    before = spreadsheets.row_counts()

    response = confirm(desk, page)

    assert "情况有了变化" in visible_text(response)
    assert f"建议第 {Proposal.objects.get().number} 号" in visible_text(response)
    assert spreadsheets.row_counts() == before


def test_a_file_that_was_imported_before_names_its_proposal(desk):
    confirm(desk, upload(desk, "清单.csv", a_change()))

    page = upload(desk, "清单.csv", a_change())

    assert page.context["seen"] is None
    assert f"这个文件已经导入过，是建议第 {Proposal.objects.get().number} 号" in visible_text(page)


def test_an_outdated_plan_is_shown_again_and_not_proposed(desk, editor):
    page = upload(desk, "清单.csv", make_csv(list_row(编者说明="注"), list_row("NM-01-08", 编者说明="注")))
    other_page = upload(desk, "别的.csv", make_csv(list_row(编者说明="注")))
    confirm(desk, other_page)

    response = confirm(desk, page)

    assert "情况有了变化，什么都没有提出" in visible_text(response)
    assert "已有建议第" in visible_text(response)
    assert Proposal.objects.count() == 1
    assert confirm(desk, response).status_code == 302


def test_another_user_cannot_confirm_a_dry_run(desk, client):
    page = upload(desk, "清单.csv", a_change())
    client.force_login(make_user("bie", "编辑", departments=["civil-affairs"]))

    response = confirm(client, page)

    assert response.status_code == 403
    assert "只有上传的人可以确认" in visible_text(response)
    assert not Proposal.objects.exists()


def test_another_editor_can_import_the_same_file(desk, client):
    upload(desk, "清单.csv", a_change())
    user = make_user("bie", "编辑", departments=["civil-affairs"])
    client.force_login(user)

    confirm(client, upload(client, "清单.csv", a_change()))

    assert Proposal.objects.get().proposer == user


@pytest.mark.parametrize("seen", ["", "x", "x:y:z"])
def test_a_confirmation_without_a_dry_run_is_refused(desk, seen):
    response = desk.post(CONFIRM, spreadsheets.PROPOSAL_DETAILS | {"seen": seen})

    assert response.status_code == 403
    assert "请先上传表格" in visible_text(response)


@pytest.mark.parametrize("roles", [["评估"], ["审批"], ["发布"], ["审计"], []])
def test_only_editors_can_import(client, db, roles):
    client.force_login(make_user("other", *roles, departments=["civil-affairs"]))

    assert client.get(UPLOAD).status_code == 403
    assert upload(client, "清单.csv", a_change()).status_code == 403
    assert client.post(CONFIRM).status_code == 403


def test_an_upload_over_the_limit_is_dropped(desk):
    page = upload(desk, "清单.csv", b"a" * (6 * 1024 * 1024))

    # An error of the form field: the upload was dropped, so the size check of ``importer.dry_run()`` never ran.
    assert "文件超过 5 MB" in str(page.context["form"].errors["file"])
    assert page.context["faults"] == []
    assert not Attachment.objects.exists()


def test_an_upload_without_csrf_token_is_refused(editor, settings):
    csrf_client = Client(enforce_csrf_checks=True)
    csrf_client.force_login(editor)

    assert upload(csrf_client, "清单.csv", a_change()).status_code == 403


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
def test_invalid_details_are_shown_at_their_fields(desk, details, words):
    page = upload(desk, "清单.csv", a_change(), **details)

    assert words in "".join(str(page.context["form"][name].errors) for name in details)
    assert not Proposal.objects.exists()


def send_again(desk, page, **details):
    """Send the form of a page again, with the file that it has kept."""
    return desk.post(UPLOAD, spreadsheets.PROPOSAL_DETAILS | {"kept": page.context["kept"].token} | details)


@pytest.mark.parametrize("details", [{"title": ""}, {"effective_from": "明年"}])
def test_a_file_need_not_be_chosen_again_for_an_error_of_the_form(desk, details):
    page = upload(desk, "清单.csv", a_change(), **details)
    assert page.context["seen"] is None and "已保留 清单.csv，不必再选" in visible_text(page)

    again = send_again(desk, page)

    assert "确认，提出 1 项" in visible_text(again)
    assert confirm(desk, again).status_code == 302 and Proposal.objects.count() == 1


def test_another_file_takes_the_place_of_the_kept_one(desk):
    page = upload(desk, "清单.csv", a_change(), title="")

    other = SimpleUploadedFile("别的.csv", make_csv(list_row(编者说明="注")))
    again = send_again(desk, page, file=other)

    assert "别的.csv" in visible_text(again) and "编者说明" in visible_text(again)


def test_a_file_that_must_change_is_not_kept(desk):
    page = upload(desk, "清单.csv", "甲,乙".encode())

    assert page.status_code == 422 and "已保留" not in visible_text(page)


def test_an_error_on_confirmation_keeps_the_file_and_the_details(desk):
    page = upload(desk, "清单.csv", a_change())

    refused = confirm(desk, page, title="")

    assert "已保留 清单.csv" in visible_text(refused)
    assert "确认，提出 1 项" in visible_text(send_again(desk, refused))


@pytest.mark.parametrize("kept", ["", "x", "x:y:z"])
def test_a_kept_file_that_the_browser_invents_is_none(desk, kept):
    page = desk.post(UPLOAD, spreadsheets.PROPOSAL_DETAILS | {"kept": kept})

    assert "必填" in str(page.context["form"].errors["file"])


def test_the_token_of_a_plan_is_none_of_a_file_and_the_other_way_round(desk):
    plan = upload(desk, "清单.csv", a_change())
    kept = upload(desk, "清单.csv", a_change(), title="")

    as_file = desk.post(UPLOAD, spreadsheets.PROPOSAL_DETAILS | {"kept": plan.context["seen"]})
    as_plan = desk.post(CONFIRM, spreadsheets.PROPOSAL_DETAILS | {"seen": kept.context["kept"].token})

    assert "必填" in str(as_file.context["form"].errors["file"])
    assert as_plan.status_code == 403


def test_details_are_validated_again_on_confirmation(desk):
    page = upload(desk, "清单.csv", a_change())

    response = confirm(desk, page, department="finance")

    assert response.status_code == 200
    assert not Proposal.objects.exists()


def test_a_source_that_is_not_yet_citable_is_a_fault(desk):
    page = upload(desk, "清单.csv", a_change(), effective_from="2020-01-01")

    assert page.context["seen"] is None
    assert any("起方可引用" in str(fault) for fault in page.context["faults"])


def test_the_pages_contain_no_english(desk):
    pages = [desk.get(UPLOAD), upload(desk, "清单.csv", make_csv(list_row(编者说明="注")))]

    for page in pages:
        text = visible_text(page).replace("NM-01-07", "")
        assert not [word for word in ("CSV", "UTF", "xlsx", "MB") if word in text and page is pages[1]]
        assert "Import" not in text and "Upload" not in text and "None" not in text


def test_the_list_of_entries_links_to_the_import(desk):
    assert f'href="{UPLOAD}"' in desk.get(reverse("admin:catalogue_entry_changelist")).content.decode()


def test_a_file_can_be_imported_again_after_its_proposal_is_void(desk, editor):
    confirm(desk, upload(desk, "清单.csv", a_change()))
    at = datetime.datetime(2026, 12, 1, tzinfo=datetime.UTC)
    reversals.void(Proposal.objects.get(), context=AuditContext(at=at, user=editor, reason="导错了"))

    confirm(desk, upload(desk, "清单.csv", a_change()))

    assert Proposal.objects.count() == 2


def test_the_preview_counts_the_clauses_that_it_did_not_read(desk):
    def change(book):
        sheet = book.create_sheet("字段来源")
        sheet.append(["服务项目代码", "字段"])
        for _ in range(3):
            sheet.append(["NM-01-05", "名称"])

    page = upload(desk, "清单.xlsx", make_workbook(list_row(编者说明="注"), change=change))

    assert "其他工作表中有 3 行属于“清单”里没有列出的项目，没有读取" in visible_text(page)
    assert "确认，提出 1 项" in visible_text(page)
