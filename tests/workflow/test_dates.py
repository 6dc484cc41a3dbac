"""Days that do not fit are told before the step: when drafting, taking up, changing an edition and publishing."""

import datetime

import pytest
from django.urls import reverse

from catalogue.editions import drafts
from catalogue.workflow import proposals
from catalogue.workflow.checks import dates
from tests.conftest import make_user
from tests.support.admin_forms import form_data, visible_text
from tests.support.entries import NEXT_YEAR, NOTE_CHANGE, PROPOSED_AT

pytestmark = pytest.mark.usefixtures("short_list")

TODAY = PROPOSED_AT.date()
DAY = datetime.timedelta(days=1)


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (TODAY - DAY, ["建议施行日期 2026-11-30 已经过去"]),
        (TODAY, []),
        (NEXT_YEAR, []),
        (NEXT_YEAR - DAY, []),
    ],
)
def test_a_proposed_day_that_is_over_is_told(make_proposal, day, words):
    notices = list(dates.proposal_notices(make_proposal(effective_from=day), on=TODAY))

    assert len(notices) == len(words)
    assert all(word in notice for word, notice in zip(words, notices, strict=True))


@pytest.mark.parametrize(("day", "told"), [(NEXT_YEAR - DAY, True), (NEXT_YEAR, False)])
def test_a_proposed_day_before_the_last_published_edition_is_told(make_proposal, publish, day, told):
    publish("2027")

    notices = list(dates.proposal_notices(make_proposal(NOTE_CHANGE, effective_from=day), on=TODAY))

    assert bool(notices) == told
    assert all("最后发布的版本 2027 自 2027-01-01 施行" in notice for notice in notices)


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (NEXT_YEAR + DAY, "草稿版本 2027 自 2027-01-01 施行，早于建议施行日期 2027-01-02，不能编入。"),
        (NEXT_YEAR, None),
        (NEXT_YEAR - DAY, "比建议施行日期 2026-12-31 晚施行"),
    ],
)
@pytest.mark.usefixtures("next_edition")
def test_an_edition_of_another_day_is_told_before_it_is_chosen(make_proposal, day, words):
    proposal = make_proposal(to="approved", effective_from=day)

    notices = list(dates.proposal_notices(proposal, on=TODAY))

    assert [words in notice for notice in notices] == ([True] if words else [])


def test_the_page_of_a_proposal_tells_its_days(client, make_proposal, next_edition):
    proposal = make_proposal(to="approved", effective_from=NEXT_YEAR + DAY)
    page = reverse("admin:catalogue_proposal_change", args=[proposal.pk])
    client.force_login(make_user("sun", "发布"))

    text = visible_text(client.get(page))

    assert "草稿版本 2027 自 2027-01-01 施行，早于建议施行日期 2027-01-02，不能编入。" in text
    assert "没有能编入的草稿版本：施行日期须不早于 2027-01-02" in text


def test_a_later_edition_is_told_on_every_page_until_it_is_published(client, make_proposal, next_edition, act):
    proposal = make_proposal(to="approved", effective_from=NEXT_YEAR - DAY)
    client.force_login(make_user("sun", "发布"))
    page = reverse("admin:catalogue_proposal_change", args=[proposal.pk])
    assert "2027（2027-01-01 起施行，晚于建议的 2026-12-31）" in visible_text(client.get(page))

    proposals.include_in_edition(proposal, next_edition, context=act("root"))

    assert "编入的版本 2027 自 2027-01-01 施行，晚于建议施行日期 2026-12-31。" in visible_text(client.get(page))
    for name in ("change", "publish"):
        text = visible_text(client.get(reverse(f"admin:catalogue_edition_{name}", args=[next_edition.pk])))
        assert "第 1 号建议批准自 2026-12-31 施行，随本版本到 2027-01-01 才施行。" in text
    assert "它的施行日期不能早于 2027-01-01" in text


def test_a_day_with_which_an_edition_could_not_be_published_is_refused_where_it_is_typed(
    client, make_proposal, next_edition, act
):
    later = drafts.create_draft(
        next_edition.previous, slug="later", title="清单", effective_from=NEXT_YEAR + 60 * DAY, context=act()
    )
    proposal = make_proposal(to="approved", effective_from=NEXT_YEAR + 30 * DAY)
    proposals.include_in_edition(proposal, later, context=act("root"))
    client.force_login(make_user("sun", "发布"))
    url = reverse("admin:catalogue_edition_change", args=[later.pk])
    opened = client.get(url)

    refused = client.post(url, form_data(opened, effective_from=NEXT_YEAR.isoformat()))
    over = client.post(url, form_data(opened, effective_from="2020-01-01"))

    assert (refused.status_code, over.status_code) == (200, 200)
    assert "第 1 号建议批准自 2027-01-31 施行，版本不能更早施行" in visible_text(refused)
    assert "施行日期 2020-01-01 已经过去，不能发布" in visible_text(over)
    later.refresh_from_db()
    assert later.effective_from == NEXT_YEAR + 60 * DAY
