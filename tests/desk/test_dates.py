"""Date boxes of the desk: dates as people write them are accepted and shown back in ISO 8601."""

import pytest
from django.urls import reverse

from catalogue.models import Edition, Proposal
from services.models import Department
from services.sources import Source
from tests.conftest import make_user
from tests.support.admin_forms import form_data, visible_text

PROPOSAL, EDITION, SOURCE = (
    reverse(f"admin:{name}_add") for name in ("catalogue_proposal", "catalogue_edition", "services_source")
)


@pytest.mark.parametrize("written", ["2027年1月1日", "2027-1-1", "2027/1/1", "2027.1.1", "２０２７年１月１日"])
def test_a_day_is_accepted_as_people_write_it(client, db, written):
    client.force_login(make_user("wang", "编辑", departments=["civil-affairs"]))
    department = Department.objects.get(code="civil-affairs").pk
    data = {
        "kind": "change",
        "department": department,
        "title": "提高标准",
        "reason": "落实",
        "effective_from": written,
    }

    client.post(PROPOSAL, data)

    assert str(Proposal.objects.get().effective_from) == "2027-01-01"


def test_a_day_is_shown_back_in_iso_beside_another_error(admin_client):
    page = admin_client.post(EDITION, form_data(admin_client.get(EDITION), effective_from="2027年1月1日", title=""))

    assert form_data(page)["effective_from"] == "2027-01-01"


@pytest.mark.parametrize(
    ("written", "message"),
    [("2027年2月30日", "没有 2027-02-30 这个日期"), ("明年", "请写年月日。例：2027-01-01、2027年1月1日")],
)
def test_a_day_that_does_not_exist_is_refused_by_a_sentence(admin_client, written, message):
    page = admin_client.post(EDITION, form_data(admin_client.get(EDITION), effective_from=written))

    assert message in visible_text(page)
    assert not Edition.objects.drafts()


@pytest.mark.parametrize(
    ("written", "date"), [("2026年11月20日", "2026-11-20"), ("2026年11月", "2026-11"), ("2026年", "2026")]
)
def test_a_document_is_dated_as_far_as_it_is_known(admin_client, written, date):
    data = form_data(
        admin_client.get(SOURCE), code="doc-x", title="通知", date=written, kind="guide", jurisdiction="inner-mongolia",
        extent_read="full",
    )  # fmt: skip

    admin_client.post(SOURCE, data)

    assert Source.objects.get(code="doc-x").date == date


def test_a_document_of_no_day_is_refused_by_a_sentence(admin_client):
    page = admin_client.post(SOURCE, form_data(admin_client.get(SOURCE), date="2026年11月31日"))

    assert "没有 2026-11-31 这个日期" in visible_text(page)


def test_a_list_shows_days_as_forms_take_them(admin_client, next_edition):
    page = admin_client.get(reverse("admin:catalogue_edition_changelist"))

    assert f"{next_edition.effective_from:%Y-%m-%d}" in visible_text(page)
