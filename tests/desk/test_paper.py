"""What the desk shows to print and to compare: the form of an approval, the changes since a proposal was sent back."""

import io
import re

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from catalogue.workflow import proposals
from tests.conftest import make_user
from tests.support.admin_forms import visible_text
from tests.support.entries import NOTE_CHANGE, STANDARD, addition, standard_change

pytestmark = pytest.mark.usefixtures("short_list")


def shown(client, proposal) -> str:
    return client.get(reverse("admin:catalogue_proposal_change", args=[proposal.pk])).content.decode()


@pytest.fixture
def approver(client, db):
    client.force_login(make_user("chen", "审批"))
    return client


def test_the_form_of_an_approval_has_who_approved_when_and_room_to_sign(approver, make_proposal):
    html = shown(approver, make_proposal(to="approved"))

    assert "基本公共服务清单调整审批单" in html and "data-print" in html and "签字" in html
    approvals = html.partition('id="approvals-heading"')[2].partition("</section>")[0]
    assert "zhao" in approvals and "批准" in approvals and "2026-12-01" in approvals


def test_an_addition_is_shown_without_an_old_value(approver, make_proposal):
    html = shown(approver, make_proposal(addition(), kind="add", to="assessing"))

    added = html.partition('id="service-NM-05-05"')[2].partition("</section>")[0]
    assert "基本殡葬服务" in added
    assert "原来" not in added and "<del>" not in added


def sent_back_and_amended(make_proposal, act, *entries: dict, **changes: object):
    proposal = make_proposal(to="assessing")
    proposals.decline(proposal, context=act("zhao", "标准请再核"))
    proposals.amend(proposal, entries=entries, context=act(), **changes)
    return proposal


def round_of(client, proposal) -> str:
    return shown(client, proposal).partition('id="round-heading"')[2].partition("</section>")[0]


def test_a_second_round_shows_by_field_what_changed_since_the_proposal_was_sent_back(approver, make_proposal, act):
    amended = standard_change(standard=STANDARD.replace("2300", "2400"))
    proposal = sent_back_and_amended(make_proposal, act, amended, title="再提")

    text = round_of(approver, proposal)

    assert "标准请再核" in text and "zhao" in text
    assert "［删去：</span>2300<span" in text and "［新增：</span>2400<span" in text
    assert "再提<span" in text
    assert "标题" in text and "建议施行日期" not in text


def test_a_service_added_to_or_removed_from_a_proposal_is_named(approver, make_proposal, act):
    proposal = sent_back_and_amended(make_proposal, act, NOTE_CHANGE | {"service": "NM-09-09"})

    text = round_of(approver, proposal)

    assert "NM-01-07 特殊儿童群体基本生活保障（移出了建议）" in text and re.search(r"NM-09-09 \w+（加入了建议）", text)


def test_a_proposal_sent_in_again_as_it_was_says_so(approver, make_proposal, act):
    assert "内容没有改动" in round_of(approver, sent_back_and_amended(make_proposal, act, standard_change()))


@pytest.mark.parametrize("to", ["draft", "assessing"])
def test_a_first_round_has_nothing_to_compare(approver, make_proposal, to):
    assert "自上次退回以来" not in visible_text(
        approver.get(reverse("admin:catalogue_proposal_change", args=[make_proposal(to=to).pk]))
    )


# Comparisons


def compared(client, edition, **query: str):
    return client.get(reverse("admin:catalogue_edition_diff", args=[edition.pk]), query)


@pytest.fixture
def second_edition(make_proposal, publish):
    return publish("2027", make_proposal(to="approved"))


def test_any_two_editions_are_compared(approver, second_edition, next_year_after):
    page = compared(approver, next_year_after, **{"from": "2026"})

    assert [change.code for change in page.context["changed"]] == ["NM-01-07"]
    assert "左为版本 2026，右为版本 2028" in visible_text(page)
    assert not compared(approver, next_year_after).context["changed"]


@pytest.fixture
def next_year_after(second_edition, publish):
    return publish("2028")


def test_a_comparison_is_downloaded_as_a_workbook(approver, second_edition):
    response = compared(approver, second_edition, **{"from": "2026", "format": "xlsx"})

    sheet = load_workbook(io.BytesIO(b"".join(response)))["对照"]
    header, *rows = sheet.iter_rows(values_only=True)
    assert header == ("服务项目代码", "名称", "变化", "字段", "原来", "现在", "条文")
    standard = next(row for row in rows if row[3] == "服务标准")
    assert standard[:3] == ("NM-01-07", "特殊儿童群体基本生活保障", "调整")
    assert standard[5] == STANDARD and STANDARD in standard[6]
    assert "2027.xlsx" in response["Content-Disposition"]


@pytest.mark.parametrize("slug", ["1999", "no\0slug"])
def test_an_unknown_edition_to_compare_with_is_not_found(approver, second_edition, slug):
    assert compared(approver, second_edition, **{"from": slug}).status_code == 404
