"""An edition that is sealed and not yet in force: one meaning in list, entry page, export, import and proposal."""

import datetime

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from catalogue.editions import drafts
from catalogue.models import Edition, Entry, Proposal
from catalogue.workflow import proposals, publishing
from catalogue.workflow.base import base_edition, base_of
from catalogue.workflow.checks import dates
from services.models import Department, Region
from tests.desk.test_field_forms import sent
from tests.support.admin_forms import column_texts, entry_change_url, filter_counts, visible_text
from tests.support.entries import NEXT_YEAR, standard_change, withdrawal

pytestmark = pytest.mark.usefixtures("short_list")
LIST = "/admin/catalogue/entry/"
AHEAD = datetime.date(2100, 1, 1)


@pytest.fixture
def sealed(make_proposal, publish) -> Edition:
    """The edition of 2100, sealed long before its day, without NM-01-02."""
    gone = make_proposal(withdrawal("NM-01-02"), kind="withdraw", to="approved")
    return publish("2100", gone, effective_from=AHEAD)


def entry_of(edition: str, code: str) -> Entry:
    return Entry.objects.get(edition__slug=edition, service__code=code)


@pytest.mark.parametrize("slug", ["2026", "2100"])
def test_a_change_is_proposed_from_both_pages_and_they_say_on_which_edition(editor, sealed, slug):
    page = editor.get(entry_change_url(entry_of(slug, "NM-01-07")))

    assert page.context["proposable"]
    assert "在版本 2100 上调整：它已封存，2100-01-01 起施行" in visible_text(page)


def test_no_change_is_proposed_for_older_editions_and_for_services_that_are_gone(editor, sealed):
    older = editor.get(entry_change_url(entry_of("2023", "NM-01-07")))
    gone = editor.get(entry_change_url(entry_of("2026", "NM-01-02")))

    assert not older.context["proposable"] and not gone.context["proposable"] and not older.context["choices"]
    assert "版本 2100（2100-01-01 起施行）已没有这个项目" in visible_text(gone)


def test_while_nothing_is_sealed_ahead_the_page_says_nothing_of_it(editor):
    page = editor.get(entry_change_url(entry_of("2026", "NM-01-07")))

    assert page.context["proposable"] and "上调整：" not in visible_text(page)


def test_the_list_says_which_edition_is_in_force_and_which_is_sealed(editor, sealed):
    page = editor.get(LIST)

    assert set(column_texts(page, "edition_slug")) == {"2026"}
    assert {"2026（在用）", "2100（已封存，2100-01-01 起施行）"} <= filter_counts(page, "版本").keys()


def test_the_export_that_the_list_offers_can_be_imported(editor, sealed):
    page = editor.get(LIST, {"domain": "NM-01"})
    address = {words: address for address, words in page.context["links"]}["导出 2100 CSV（可导入）"]
    assert "导出 2100 CSV（可导入）" in visible_text(page) and "domain=NM-01" in address

    answers = {}
    for slug, url in {"2100": address, "2026": reverse("admin:catalogue_entry_export", args=["csv"])}.items():
        details = {
            "region": "150000", "department": "civil-affairs", "title": "表格", "reason": "试", "kind": "change",
            "effective_from": "2100-06-01",
        }  # fmt: skip
        file = SimpleUploadedFile("list.csv", editor.get(url).content)
        answers[slug] = editor.post(reverse("admin:import"), details | {"file": file})

    assert answers["2100"].context["faults"] == []
    assert "请导出版本“2100”" in str(answers["2026"].context["faults"][0])


def test_the_list_offers_one_export_when_that_can_be_imported(editor, sealed):
    assert "可导入" not in visible_text(editor.get(LIST, {"edition": "2100"}))


def test_the_import_page_names_the_edition_it_accepts(editor, sealed):
    assert "只接受由最后发布的版本 2100（2100-01-01 起施行）导出的表格" in visible_text(
        editor.get(reverse("admin:import"))
    )


def test_a_proposal_says_on_which_edition_it_builds(editor, sealed, make_proposal):
    proposal = make_proposal(standard_change())

    page = editor.get(reverse("admin:catalogue_proposal_change", args=[proposal.pk]))

    assert base_edition(Region.objects.get(code="150000")) == sealed
    assert "2100（2100-01-01 起施行，尚未施行）" in visible_text(page)


def test_before_sealing_the_publisher_is_told_that_only_urgent_corrections_come_into_force_earlier(
    client, people, act, make_proposal
):
    people["root"].groups.add(Group.objects.get(name="发布"))
    client.force_login(people["root"])
    draft = drafts.create_draft(
        Edition.objects.get(slug="2026"), slug="2100", title="清单", effective_from=AHEAD, context=act("root")
    )
    urgent = make_proposal(effective_from=datetime.date(2026, 12, 15))

    proposals.submit(urgent, context=act())
    text = visible_text(client.get(reverse("admin:catalogue_edition_publish", args=[draft.pk])))

    assert "封存之后，在 2100-01-01 之前施行的只能是紧急更正" in text
    assert (
        f"第 {urgent.number} 号建议（待评估）要在 2026-12-15 施行；"
        "封存本版本之后，不是紧急更正就最早到 2100-01-01 才能施行" in text
    )


def test_an_edition_in_force_at_once_closes_nothing(next_edition):
    assert list(dates.edition_notices(next_edition, on=NEXT_YEAR)) == []
    assert len(list(dates.edition_notices(next_edition, on=NEXT_YEAR - datetime.timedelta(1)))) == 1


def test_an_edition_before_the_one_sealed_last_is_refused(sealed, act):
    with pytest.raises(Exception, match="施行日期不能早于上一版本的施行日期"):
        drafts.create_draft(
            sealed, slug="early", title="早", effective_from=datetime.date(2026, 12, 15), context=act("root")
        )


def test_an_urgent_correction_is_offered_where_something_is_wrong_now(editor, sealed):
    in_force, ahead = (editor.get(entry_change_url(entry_of(slug, "NM-01-07"))) for slug in ("2026", "2100"))

    assert in_force.context["correctable"] and "作紧急更正：更正先施行，版本 2100 随后带着它重新发布" in visible_text(
        in_force
    )
    assert not ahead.context["correctable"] and "紧急更正" not in visible_text(ahead)


def test_while_nothing_is_sealed_ahead_no_urgent_correction_is_offered(editor):
    assert "紧急更正" not in visible_text(editor.get(entry_change_url(entry_of("2026", "NM-01-07"))))
    assert "紧急更正" not in visible_text(editor.get(reverse("admin:catalogue_proposal_add")))


def test_the_form_of_an_urgent_correction_is_of_the_edition_in_force(editor, sealed):
    address = f"{reverse('admin:catalogue_proposal_add')}?service=NM-01-02&field=standard&urgent=1"

    page = editor.get(address)

    assert "紧急更正：以在用的版本 2026" in visible_text(page)
    assert editor.get(address.replace("&urgent=1", "")).status_code == 404  # the edition of 2100 has no such service


def test_an_urgent_correction_is_proposed_by_field_and_builds_on_the_edition_in_force(editor, sealed):
    address = f"{reverse('admin:catalogue_proposal_add')}?service=NM-01-07&field=note&urgent=1"
    page = editor.get(address)
    data = sent(page, fate=None) | {"note": "更正说明", "effective_from": "2026-12-10", "reason": "原来写错了"}

    response = editor.post(address, data)

    proposal = Proposal.objects.order_by("number").last()
    assert response.status_code == 302, visible_text(response)
    assert proposal.is_urgent and base_of(proposal).slug == "2026"
    shown = visible_text(editor.get(reverse("admin:catalogue_proposal_change", args=[proposal.pk])))
    assert "紧急更正" in shown and "2026（2026-11-01 起施行）" in shown


def test_a_whole_proposal_is_marked_as_an_urgent_correction(editor, sealed):
    page = editor.get(reverse("admin:catalogue_proposal_add"))

    response = editor.post(
        reverse("admin:catalogue_proposal_add"),
        {
            "kind": "change", "department": Department.objects.get(code="civil-affairs").pk, "title": "更正",
            "reason": "原来写错了", "effective_from": "2026-12-10", "is_urgent": "on", "seen": page.context["seen"],
        },
    )  # fmt: skip

    assert response.status_code == 302, visible_text(response)
    assert Proposal.objects.get(title="更正").is_urgent


@pytest.fixture
def correction(client, sealed, people, act, make_proposal) -> Edition:
    """The draft of an urgent correction before the sealed edition; its publisher is signed in."""
    people["root"].groups.add(Group.objects.get(name="发布"))
    client.force_login(people["root"])
    day = datetime.date(2090, 1, 1)
    urgent = make_proposal(standard_change(), is_urgent=True, effective_from=day, to="approved")
    draft = drafts.create_draft(
        Edition.objects.get(slug="2026"), slug="2090", title="更正", effective_from=day, context=act("root")
    )
    proposals.include_in_edition(urgent, draft, context=act("root"))
    return draft


def test_the_publisher_is_told_which_edition_is_published_again_and_then_where_it_is(client, correction):
    address = reverse("admin:catalogue_edition_publish", args=[correction.pk])

    page = client.get(address)
    response = client.post(address, {"seen": page.context["seen"]}, follow=True)

    assert "它同时重新发布为版本 2100-2，施行日期不变" in visible_text(page)
    assert "版本 2100 已以“2100-2”重新发布" in visible_text(response)
    editions = filter_counts(client.get(LIST), "版本").keys()
    assert {"2100（已由 2100-2 重新发布）", "2100-2（已封存，2100-01-01 起施行）"} <= editions


def test_what_was_sealed_after_the_page_was_shown_is_shown_before_it_is_published_again(client, correction, publish):
    address = reverse("admin:catalogue_edition_publish", args=[correction.pk])
    seen = client.get(address).context["seen"]
    publish("2101", effective_from=datetime.date(2101, 1, 1))

    response = client.post(address, {"seen": seen})

    assert response.status_code == 409 and "版本 2101 已封存" in visible_text(response)
    correction.refresh_from_db()
    assert not correction.is_published


def test_readers_are_told_which_edition_took_the_place_of_which(client, correction, act):
    publishing.publish(correction, context=act("root"))

    old, new = (client.get(f"/api/v1/editions/{slug}/").json() for slug in ("2100", "2100-2"))

    assert (old["reissue_of"], old["reissued_as"]) == (None, "2100-2")
    assert (new["reissue_of"], new["reissued_as"], new["previous"]) == ("2100", None, "2090")
    page = visible_text(client.get("/changes/"))
    assert "接替 2100 版，与 2090 版相比" in page and "后由 2100-2 版接替，与 2026 版相比" in page
