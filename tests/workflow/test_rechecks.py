"""Rechecks: a checked service is not due for a year, and the audit log has the user who checked it."""

import datetime

import pytest
from django.urls import reverse

from catalogue.audit.log import AuditContext
from catalogue.models import Entry, Event
from catalogue.workflow.maintenance import rechecks
from tests.conftest import make_user
from tests.support.admin_forms import visible_text

LOADED = datetime.date(2026, 11, 23)


@pytest.fixture
def entry(db) -> Entry:
    return Entry.objects.get(edition__slug="2026", service__code="NM-01-07")


@pytest.mark.parametrize(
    ("days", "is_due"),
    [
        (0, False),
        (364, False),  # the last day of the year after the edition that last changed it
        (365, True),
        (3650, True),
    ],
)
def test_a_service_unchecked_for_a_year_is_due(entry, days, is_due):
    on = LOADED + datetime.timedelta(days=days)

    assert (entry in [due.entry for due in rechecks.due_entries(on)]) == is_due


def test_a_checked_service_is_not_due_for_a_year(entry, admin_user):
    checked = datetime.datetime(2027, 11, 22, 20, 0, tzinfo=datetime.UTC)  # the 23rd in Inner Mongolia
    rechecks.record_check(entry, context=AuditContext(at=checked, user=admin_user, reason="内民政发〔2027〕1号"))

    due = {
        due_entry.entry.pk: due_entry.last_checked for due_entry in rechecks.due_entries(datetime.date(2028, 11, 21))
    }
    later = {
        due_entry.entry.pk: due_entry.last_checked for due_entry in rechecks.due_entries(datetime.date(2028, 11, 22))
    }

    assert entry.pk not in due
    assert later[entry.pk] == datetime.date(2027, 11, 23)


def test_nothing_is_due_without_an_edition_in_force(db):
    assert rechecks.due_entries(datetime.date(2020, 1, 1)) == []


def test_a_check_by_an_editor_is_in_the_audit_log(client, entry):
    client.force_login(make_user("sun", "编辑", departments=["civil-affairs"]))
    page = client.get(reverse("admin:catalogue_entry_change", args=[entry.pk]))
    assert "核对无误" in visible_text(page) and "提出调整建议" in visible_text(page)

    client.post(reverse("admin:catalogue_entry_check", args=[entry.pk]), {"against": "内民政发〔2026〕1号第三条"})

    event = Event.objects.order_by("number").last()
    assert (event.verb, event.service, event.actor, event.reason) == (
        "checked", "NM-01-07", "sun", "内民政发〔2026〕1号第三条",
    )  # fmt: skip


@pytest.mark.parametrize(("against", "code"), [("", "NM-01-07"), ("  ", "NM-01-07"), ("文件", "NM-05-01")])
def test_a_check_without_document_or_of_another_department_is_refused(client, db, against, code):
    client.force_login(make_user("sun", "编辑", departments=["civil-affairs"]))
    entry = Entry.objects.get(edition__slug="2026", service__code=code)
    count = Event.objects.count()

    client.post(reverse("admin:catalogue_entry_check", args=[entry.pk]), {"against": against})

    assert Event.objects.count() == count


def test_an_auditor_is_offered_no_actions(client, entry):
    client.force_login(make_user("sun", "审计"))

    page = visible_text(client.get(reverse("admin:catalogue_entry_change", args=[entry.pk])))

    assert "核对无误" not in page and "提出调整建议" not in page
