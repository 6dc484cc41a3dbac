"""The start page: the main job first, and only what waits, with its number and age."""

import datetime

from django.contrib.auth.models import Group
from django.urls import reverse

from catalogue.desk import dashboard
from catalogue.feedback import answers
from catalogue.models import Edition, FieldVerification
from catalogue.workflow import proposals
from services.models import Service
from services.text import dates
from tests.conftest import make_user
from tests.support.admin_forms import visible_text
from tests.support.entries import PROPOSED_AT

HOME = reverse("admin:index")


def sections(user, on: datetime.date) -> dict[str, dashboard.Section]:
    return {section.title: section for section in dashboard.waiting_for(user, on=on)}


def test_an_editor_begins_the_main_job_with_one_button(client, db):
    client.force_login(make_user("sun", "编辑", departments=["civil-affairs"]))

    page = client.get(HOME)

    text = visible_text(page)
    assert "提出调整建议" in text.splitlines()
    assert text.index("提出调整建议") < text.index("待核实的字段")
    assert f'action="{reverse("admin:catalogue_entry_changelist")}"' in page.content.decode()


def test_what_is_empty_is_left_out(client, db):
    client.force_login(make_user("zhao", "审批"))

    text = visible_text(client.get(HOME))

    assert "待我审批" not in text and "提出调整建议" not in text
    assert "没有等待您办理的事项。" in text


def test_a_task_says_how_many_working_days_it_waits_and_who_proposed_it(make_proposal, people):
    make_proposal(to="approving")
    (section,) = [
        section
        for title, section in sections(make_user("sun", "审批"), PROPOSED_AT.date() + datetime.timedelta(9)).items()
        if title == "待我审批"
    ]

    assert section.count == 1 and section.items[0].days == dates.working_days_between(
        PROPOSED_AT.date(), PROPOSED_AT.date() + datetime.timedelta(9)
    )
    assert (section.who, section.items[0].who) == ("提出人", "wang")
    assert section.items[0].left.startswith("还有")


def test_a_proposer_reads_what_others_said_and_did_and_who_has_the_proposal(make_proposal, act, people):
    people["wang"].groups.add(Group.objects.get(name="编辑"))
    make_user("qian", "审批")
    proposal = make_proposal(to="approving")
    proposals.comment(proposal, context=act("zhao", "请补充去年的人数。"))
    proposals.comment(proposal, context=act("wang", "已补充。"))
    on = PROPOSED_AT.date() + datetime.timedelta(1)

    shown = sections(people["wang"], on)

    said = shown["近两周别人对我的建议"]
    assert (said.who, said.items[0].who, said.items[0].note) == ("谁", "zhao", "请补充去年的人数。")
    assert "已补充。" not in [item.note for item in said.items]
    pending = shown["我提交、正在办理的建议"]
    assert (pending.who, pending.items[0].who) == ("现在由谁办", "审批：qian")
    later = sections(people["wang"], on + datetime.timedelta(dashboard.NOTICE_DAYS))
    assert "近两周别人对我的建议" not in later


def test_the_proposer_is_told_of_the_approval_and_of_the_edition(make_proposal, next_edition, act, people):
    people["wang"].groups.add(Group.objects.get(name="编辑"))
    proposal = make_proposal(to="approved")
    proposals.include_in_edition(proposal, next_edition, context=act("root"))

    said = sections(people["wang"], PROPOSED_AT.date())["近两周别人对我的建议"]

    words = [item.words.partition("：")[0] for item in said.items]
    assert words[:2] == [f"第 {proposal.number} 号编入版本", f"第 {proposal.number} 号批准"]


def test_feedback_has_its_deadline_on_the_home_page(client, db):
    service = Service.objects.get(code="NM-01-07")
    feedback = answers.receive_feedback(service, message="标准偏低。", at=PROPOSED_AT)
    client.force_login(make_user("sun", "编辑", departments=["civil-affairs"]))

    text = visible_text(client.get(HOME))

    assert "限办日期" in text and str(answers.deadline(feedback, working_days=15)) in text


def test_the_number_of_fields_to_verify_is_that_of_the_fields(db):
    edition = Edition.objects.get(slug="2026")
    user = make_user("sun", "编辑", departments=["civil-affairs"])
    fields = FieldVerification.objects.unverified().filter(
        entry__edition=edition, entry__lead_department__code="civil-affairs"
    )

    assert sections(user, datetime.date(2026, 12, 1))["待核实的字段"].count == fields.count() > 1
