"""The start page: the main job first, and only what waits, with its number and age."""

import datetime

from django.urls import reverse

from catalogue.desk import dashboard
from catalogue.models import Edition, FieldVerification
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


def test_a_task_says_how_many_days_it_waits(make_proposal, people):
    make_proposal(to="approving")
    (section,) = [
        section
        for title, section in sections(make_user("sun", "审批"), PROPOSED_AT.date() + datetime.timedelta(9)).items()
        if title == "待我审批"
    ]

    assert section.count == 1 and section.items[0].days == 9


def test_the_number_of_fields_to_verify_is_that_of_the_fields(db):
    edition = Edition.objects.get(slug="2026")
    user = make_user("sun", "编辑", departments=["civil-affairs"])
    fields = FieldVerification.objects.unverified().filter(
        entry__edition=edition, entry__lead_department__code="civil-affairs"
    )

    assert sections(user, datetime.date(2026, 12, 1))["待核实的字段"].count == fields.count() > 1
