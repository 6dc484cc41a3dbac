"""What changed in a proposal since one's own last look: on its page, once, and marked on the start page."""

import dataclasses

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalogue.models import Event, Look
from catalogue.workflow import proposals
from catalogue.workflow.steps import looks
from tests.conftest import make_user
from tests.support.admin_forms import visible_text
from tests.support.entries import NOTE_CHANGE, STANDARD, standard_change, withdrawal

pytestmark = pytest.mark.usefixtures("short_list")
HOME = reverse("admin:index")
HIGHER = standard_change(standard=STANDARD.replace("2300", "2400"))


@pytest.fixture
def approver(client, db):
    client.force_login(make_user("chen", "审批"))
    return client


def address(proposal) -> str:
    return reverse("admin:catalogue_proposal_change", args=[proposal.pk])


def section(html: str, name: str) -> str:
    return html.partition(f'id="{name}-heading"')[2].partition("</section>")[0]


def since_look(client, proposal, **headers: str) -> str:
    """Open the page of a proposal; return what it says of the changes since the last look."""
    return section(client.get(address(proposal), headers=headers).content.decode(), "look")


def test_the_page_says_once_what_changed_since_the_last_look_and_who_changed_it(approver, make_proposal, act):
    proposal = make_proposal()
    assert since_look(approver, proposal) == ""
    proposals.amend(proposal, entries=[HIGHER], context=act("li"), title="再提")

    text = since_look(approver, proposal)

    assert "2026-12-01 17:00 由li修改建议" in text
    assert "［删去：</span>2300<span" in text and "［新增：</span>2400<span" in text
    assert "标题" in text and "上次查看时" in text and "建议施行日期" not in text
    assert since_look(approver, proposal) == ""


def test_it_stands_above_the_facts(approver, make_proposal, act):
    proposal = make_proposal()
    since_look(approver, proposal)
    proposals.comment(proposal, context=act("li", "请补充去年的人数。"))

    html = approver.get(address(proposal)).content.decode()

    assert "请补充去年的人数。" in section(html, "look") and "内容没有改动" not in section(html, "look")
    assert html.index("look-heading") < html.index("desk-facts")


def test_a_step_without_a_change_of_content_is_told_too(approver, make_proposal, act):
    proposal = make_proposal()
    since_look(approver, proposal)
    proposals.submit(proposal, context=act())

    text = since_look(approver, proposal)

    assert "由wang提交建议" in text and "<table" not in text


def test_what_one_did_oneself_is_no_news(client, make_proposal, act, people):
    User.objects.filter(username="li").update(is_staff=True, is_superuser=True)
    client.force_login(people["li"])
    proposal = make_proposal()
    since_look(client, proposal)
    proposals.amend(proposal, entries=[standard_change()], context=act("wang"), title="由wang改的")
    proposals.amend(proposal, entries=[HIGHER], context=act("li"), title="由li改的")

    text = since_look(client, proposal)

    assert "由wang修改建议" in text and "由li修改" not in text and "<table" not in text
    proposals.comment(proposal, context=act("li", "已改。"))
    assert since_look(client, proposal) == ""


def test_a_decline_since_the_last_look_is_told_once(approver, make_proposal, act):
    proposal = make_proposal(to="assessing")
    since_look(approver, proposal)
    proposals.decline(proposal, context=act("zhao", "标准请再核"))
    proposals.amend(proposal, entries=[HIGHER], context=act())

    html = approver.get(address(proposal)).content.decode()

    assert "由zhao退回：标准请再核" in section(html, "look") and "2400" in section(html, "look")
    assert section(html, "round") == ""
    again = approver.get(address(proposal)).content.decode()
    assert section(again, "look") == "" and "2400" in section(again, "round")


def test_the_reason_of_a_decline_that_stands_on_top_is_not_repeated(approver, make_proposal, act):
    proposal = make_proposal(to="assessing")
    since_look(approver, proposal)
    proposals.decline(proposal, context=act("zhao", "标准请再核"))

    html = approver.get(address(proposal)).content.decode()

    assert "标准请再核" in section(html, "halted") and "由zhao退回" in section(html, "look")
    assert "标准请再核" not in section(html, "look")


def test_who_declined_it_reads_the_reason_with_what_changed_since(client, make_proposal, act, people):
    User.objects.filter(username="zhao").update(is_staff=True, is_superuser=True)
    client.force_login(people["zhao"])
    proposal = make_proposal(to="assessing")
    proposals.decline(proposal, context=act("zhao", "标准请再核"))
    since_look(client, proposal)
    proposals.amend(proposal, entries=[HIGHER], context=act())

    html = client.get(address(proposal)).content.decode()

    text = section(html, "look")
    assert text.index("由zhao退回：标准请再核") < text.index("由wang修改建议") < text.index("2400")
    assert section(html, "round") == ""


def test_what_changed_before_the_look_stays_with_the_decline(approver, make_proposal, act):
    proposal = make_proposal(to="assessing")
    proposals.decline(proposal, context=act("zhao", "标准请再核"))
    proposals.amend(proposal, entries=[HIGHER], context=act())
    since_look(approver, proposal)
    proposals.amend(proposal, entries=[HIGHER], context=act(), title="再提")

    html = approver.get(address(proposal)).content.decode()

    assert "再提" in section(html, "look") and "2400" not in section(html, "look")
    assert "2400" in section(html, "round")


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Purpose": "prefetch;prerender"}, {"Purpose": "prefetch"}, {"X-Moz": "prefetch"}, {"X-Purpose": "preview"}],
)
def test_a_page_that_is_fetched_ahead_is_not_a_look(approver, make_proposal, act, headers):
    proposal = make_proposal()
    since_look(approver, proposal)
    proposals.comment(proposal, context=act("li", "请补充。"))

    assert "请补充。" in since_look(approver, proposal, **headers)

    assert "请补充。" in since_look(approver, proposal)


def test_a_head_request_is_not_a_look(approver, make_proposal, act):
    proposal = make_proposal()
    approver.head(address(proposal))
    assert not Look.objects.exists()
    since_look(approver, proposal)
    proposals.comment(proposal, context=act("li", "请补充。"))
    approver.head(address(proposal))

    assert "请补充。" in since_look(approver, proposal)


def test_a_look_never_moves_back(make_proposal, people):
    proposal = make_proposal()
    looks.look(people["li"], proposal, 12)

    looks.look(people["li"], proposal, 11)

    assert looks.last_seen(people["li"], proposal) == 12
    looks.look(people["li"], proposal, 13)
    assert looks.last_seen(people["li"], proposal) == 13


def test_a_look_is_of_one_person_and_one_proposal_and_in_no_event(approver, make_proposal, act):
    seen, other = make_proposal(), make_proposal(NOTE_CHANGE)
    count = Event.objects.count()
    since_look(approver, seen)
    proposals.comment(seen, context=act("li", "一"))
    proposals.comment(other, context=act("li", "二"))

    assert since_look(approver, other) == "" and "一" in since_look(approver, seen)
    approver.force_login(make_user("sun", "审计"))
    assert since_look(approver, seen) == ""
    assert Event.objects.count() == count + 2


def test_the_looks_of_an_account_go_with_it_and_are_told_to_nobody(client, make_proposal):
    reader = make_user("chen", "审计")
    looks.look(reader, make_proposal(), 12)
    client.force_login(User.objects.create_superuser("admin"))

    page = client.get(reverse("admin:auth_user_delete", args=[reader.pk]))

    assert "上次查看" not in visible_text(page)
    client.post(reverse("admin:auth_user_delete", args=[reader.pk]), {"post": "yes"})
    assert not User.objects.filter(username="chen").exists() and not Look.objects.exists()


def test_other_successors_of_a_withdrawal_are_named(approver, make_proposal, act):
    proposal = make_proposal(withdrawal("NM-01-07", "NM-01-05"), kind="withdraw")
    since_look(approver, proposal)
    proposals.amend(proposal, entries=[withdrawal("NM-01-07", "NM-01-06")], context=act())

    text = since_look(approver, proposal)

    assert "承接项目：NM-01-05→NM-01-06" in text and "内容没有改动" not in text


def test_a_change_of_a_case_that_is_taken_out_is_named(approver, make_proposal, act):
    case = {"action": "withdraw", "circumstances": None, "expected": {}, "because": {}}
    proposal = make_proposal(case_changes={"NM-01-07-a": case})
    since_look(approver, proposal)
    proposals.amend(proposal, entries=[standard_change()], context=act(), case_changes={"NM-01-07-a": None})

    text = since_look(approver, proposal)

    assert "案例的改动" in text and "撤下案例 NM-01-07-a" in text


def test_a_page_with_many_steps_since_takes_no_more_queries(approver, make_proposal, act):
    proposal = make_proposal()
    since_look(approver, proposal)

    def queries(steps: int) -> int:
        for _ in range(steps):
            proposals.amend(proposal, entries=[HIGHER], context=act(), title=f"第{Event.objects.count()}稿")
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert since_look(approver, proposal).count("修改建议") == steps
        return len(captured)

    assert queries(1) == queries(6)


# The start page


def test_the_start_page_marks_what_changed_since_the_last_look(approver, make_proposal, act):
    seen, unopened = make_proposal(to="approving"), make_proposal(NOTE_CHANGE, to="approving")
    since_look(approver, seen)
    looks.look(make_user("sun", "审计"), unopened, 1)
    assert "有更新" not in visible_text(approver.get(HOME))
    for proposal in (seen, unopened):
        proposals.comment(proposal, context=act("li", "请补充。"))

    lines = visible_text(approver.get(HOME)).splitlines()

    assert lines.count("有更新") == 1 and seen.title in lines[lines.index("有更新") - 1]
    assert f"第 {seen.number} 号" in lines[lines.index("有更新") - 1]
    since_look(approver, seen)
    assert "有更新" not in visible_text(approver.get(HOME))


def test_what_one_said_oneself_is_not_marked(approver, make_proposal, act):
    proposal = make_proposal(to="approving")
    since_look(approver, proposal)
    said = dataclasses.replace(act("li", "请补充。"), user=User.objects.get(username="chen"))
    proposals.comment(proposal, context=said)

    assert "有更新" not in visible_text(approver.get(HOME))


def test_the_marks_take_no_query_for_a_row(approver, make_proposal, act):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            approver.get(HOME)
        return len(captured)

    def changed_since() -> None:
        proposal = make_proposal(NOTE_CHANGE, to="approving")
        since_look(approver, proposal)
        proposals.comment(proposal, context=act("li", "请补充。"))

    changed_since()
    few = queries()
    for _ in range(3):
        changed_since()

    assert visible_text(approver.get(HOME)).splitlines().count("有更新") == 4
    assert queries() == few
