"""An urgent correction comes into force before an edition that is sealed already, which is then published again."""

import datetime

import pytest

from catalogue.editions import drafts
from catalogue.integrity.checks import cross_check
from catalogue.models import Edition, Event, Proposal
from catalogue.workflow import proposals, publishing
from catalogue.workflow.steps import proposed_cases, reissues
from tests.support.entries import NEXT_YEAR, PROPOSED_AT, quoted_standard, standard_change, withdrawal
from tests.support.triggers import without_triggers

pytestmark = pytest.mark.usefixtures("short_list")
SOON = datetime.date(2026, 12, 10)
RIGHT = "自治区平均标准：孤儿集中供养每人每月1999元。"
CORRECTION = {
    "standard": RIGHT,
    "standard_as_of": "2026",
    "citations": [
        {
            "field": "standard", "source": "seed-daily", "locator": "第2条", "quote": quoted_standard(RIGHT, "2026"),
            "verification": "verbatim", "jurisdiction": "inner-mongolia",
        }
    ],
}  # fmt: skip
WITHDRAWN = "NM-01-02"


@pytest.fixture
def sealed(make_proposal, publish) -> Edition:
    """The edition of 2027, sealed a month before its day: it withdraws a service and raises nothing."""
    return publish("2027", make_proposal(withdrawal(WITHDRAWN), kind="withdraw", to="approved"))


@pytest.fixture
def urgent(sealed, make_proposal) -> Proposal:
    return make_proposal(standard_change(**CORRECTION), is_urgent=True, effective_from=SOON, to="approved")


@pytest.fixture
def make_correction(act):
    """Draft the edition that comes into force first, with some proposals."""

    def make(*included: Proposal, slug: str = "2026-a", day: datetime.date = SOON) -> Edition:
        in_force = Edition.objects.in_force(day).get()
        edition = drafts.create_draft(in_force, slug=slug, title="更正", effective_from=day, context=act("root"))
        for proposal in included:
            proposals.include_in_edition(proposal, edition, context=act("root"))
        return edition

    return make


@pytest.fixture
def corrected(urgent, make_correction, act) -> Edition:
    return publishing.publish(make_correction(urgent), context=act("root"))


def standard(edition: Edition) -> str:
    return next(entry for entry in edition.documents() if entry["code"] == "NM-01-07")["standard"]


def codes(edition: Edition) -> set[str]:
    return {entry["code"] for entry in edition.documents()}


def test_the_correction_comes_into_force_first_and_the_sealed_edition_again_on_its_day(sealed, corrected):
    before = [Edition.objects.in_force(day).get() for day in (SOON, NEXT_YEAR - datetime.timedelta(1))]
    after = Edition.objects.in_force(NEXT_YEAR).get()

    assert before == [corrected, corrected]
    assert (after.slug, after.effective_from, after.title) == ("2027-2", NEXT_YEAR, sealed.title)
    assert (after.reissue_of, after.previous) == (sealed, corrected)
    assert standard(corrected) == standard(after) == RIGHT != standard(sealed)
    assert WITHDRAWN in codes(corrected) and codes(after) == codes(sealed) == codes(corrected) - {WITHDRAWN}


def test_the_sealed_edition_stays_as_it_was_and_answers_what_was_known_then(sealed, corrected):
    digest = sealed.digest
    sealed.refresh_from_db()

    assert (sealed.digest, publishing.verify_edition(sealed)) == (digest, [])
    known = Edition.objects.in_force(NEXT_YEAR, known_at=PROPOSED_AT - datetime.timedelta(1)).get()
    assert known.slug == "2026"


def test_all_editions_and_the_audit_log_verify(corrected):
    again = Edition.objects.get(slug="2027-2")

    assert publishing.verify_edition(corrected) == publishing.verify_edition(again) == []
    # The test has cut the edition of 2026.
    assert [fault for fault in cross_check() if not fault.startswith("版本 2026：")] == []


def test_a_second_edition_after_the_same_one_is_found_when_nothing_took_its_place(sealed, corrected):
    with without_triggers():
        Edition.objects.filter(slug="2027-2").update(reissue_of=None)

    assert "版本 2027：与版本 2026-a 都接在版本 2026 之后，又没有重新发布。" in cross_check()


def test_the_seal_says_whose_place_an_edition_takes(sealed, corrected):
    again = Edition.objects.get(slug="2027-2")

    assert f'"reissue_of":{{"digest":"{sealed.digest}","slug":"2027"}}' in again.canonical_json
    assert "reissue_of" not in sealed.canonical_json + corrected.canonical_json


def test_what_the_sealed_edition_changed_is_recorded_again_with_its_reasons(sealed, corrected):
    first, again = (Event.objects.changes().get(edition=slug, service=WITHDRAWN) for slug in ("2027", "2027-2"))

    assert (again.verb, again.reason, again.state["proposals"]) == (
        "service-withdrawn", first.reason, first.state["proposals"],
    )  # fmt: skip


def test_next_proposals_build_on_the_edition_that_was_published_again(corrected):
    assert corrected.region.editions.last_sealed().get().slug == "2027-2"


def test_a_change_of_the_sealed_edition_holds_against_the_correction(make_proposal, publish, make_correction, act):
    raised = publish("2027", make_proposal(standard_change(), to="approved"))
    urgent = make_proposal(standard_change(**CORRECTION), is_urgent=True, effective_from=SOON, to="approved")

    corrected = publishing.publish(make_correction(urgent), context=act("root"))

    again = Edition.objects.get(slug="2027-2")
    assert standard(corrected) == RIGHT
    assert standard(again) == standard(raised)


def test_several_sealed_editions_are_published_again_one_after_another(
    sealed, make_proposal, publish, make_correction, act
):
    later = publish(
        "2028", make_proposal(withdrawal("NM-01-05"), kind="withdraw", to="approved"),
        effective_from=datetime.date(2028, 1, 1),
    )  # fmt: skip
    urgent = make_proposal(standard_change(**CORRECTION), is_urgent=True, effective_from=SOON, to="approved")

    publishing.publish(make_correction(urgent), context=act("root"))

    last = Edition.objects.in_force(later.effective_from).get()
    assert [edition.slug for edition in last.lineage()][:4] == ["2028-2", "2027-2", "2026-a", "2026"]
    assert codes(last) == codes(later)
    assert standard(last) == RIGHT


def test_the_cases_of_the_sealed_edition_go_along(make_proposal, publish, make_correction, act):
    entry = next(entry for entry in Edition.objects.get(slug="2026").documents() if entry["code"] == "NM-05-01")
    cited = next(citation for citation in entry["citations"] if citation["field"] == "eligibility")
    case = {
        "circumstances": {"age": 90, "months_resident": 12},
        "expected": {"NM-05-01": "eligible"},
        "because": {"NM-05-01": {"source": cited["source"]["code"], "locator": cited["locator"]}},
    }
    changes = {"NM-05-01-new": proposed_cases.make_change(None, case)}
    sealed = publish("2027", make_proposal(standard_change(), to="approved", case_changes=changes))
    urgent = make_proposal(withdrawal("NM-01-05"), kind="withdraw", is_urgent=True, effective_from=SOON, to="approved")

    corrected = publishing.publish(make_correction(urgent), context=act("root"))

    again = Edition.objects.get(slug="2027-2")
    counts = [edition.cases.filter(code="NM-05-01-new").count() for edition in (sealed, corrected, again)]
    assert counts == [1, 0, 1]


def test_a_second_correction_publishes_it_a_third_time(corrected, make_proposal, make_correction, act):
    day = SOON + datetime.timedelta(1)
    urgent = make_proposal(withdrawal("NM-01-05"), kind="withdraw", is_urgent=True, effective_from=day, to="approved")

    publishing.publish(make_correction(urgent, slug="2026-b", day=day), context=act("root"))

    last = Edition.objects.in_force(NEXT_YEAR).get()
    assert (last.slug, last.reissue_of.slug, last.original.slug) == ("2027-3", "2027-2", "2027")
    assert [edition.slug for edition in last.lineage()][:4] == ["2027-3", "2026-b", "2026-a", "2026"]
    assert "NM-01-05" not in codes(last) and standard(last) == RIGHT


def test_a_correction_that_the_sealed_edition_does_not_go_with_is_told_and_publishes_nothing(
    make_proposal, publish, make_correction, act
):
    publish("2027", make_proposal(standard_change(), to="approved"))
    gone = make_proposal(withdrawal("NM-01-07"), kind="withdraw", is_urgent=True, effective_from=SOON, to="approved")
    draft = make_correction(gone)
    events = Event.objects.count()

    (fault,) = publishing.faults(draft, on=SOON)

    assert "版本 2027 要随本版本重新发布" in fault.reason and "已没有服务项目 NM-01-07" in fault.reason
    with pytest.raises(publishing.NotPublishableError, match="NM-01-07"):
        publishing.publish(draft, context=act("root"))
    draft.refresh_from_db()
    assert not draft.is_published and Event.objects.count() == events
    assert not Edition.objects.filter(slug="2027-2").exists()


def test_looking_for_faults_writes_nothing(urgent, make_correction):
    draft = make_correction(urgent)
    events, editions = Event.objects.count(), Edition.objects.count()

    assert publishing.faults(draft, on=SOON) == []
    assert (Event.objects.count(), Edition.objects.count()) == (events, editions)


def test_an_urgent_correction_changes_the_edition_in_force(sealed, make_proposal):
    urgent = make_proposal(withdrawal(WITHDRAWN), kind="withdraw", is_urgent=True, effective_from=SOON)
    other = make_proposal(withdrawal(WITHDRAWN), kind="withdraw")

    assert proposals.faults(urgent) == []
    assert [fault.reason for fault in proposals.faults(other)] == ["现行清单中没有这一项目。"]


@pytest.mark.parametrize("day", [NEXT_YEAR, NEXT_YEAR + datetime.timedelta(1)])
def test_a_correction_that_is_not_before_a_sealed_edition_is_not_urgent(sealed, make_proposal, day):
    proposal = make_proposal(standard_change(), is_urgent=True, effective_from=day)

    with pytest.raises(proposals.TransitionError, match="不必作紧急更正"):
        make_proposal(standard_change(), is_urgent=True, effective_from=day, to="approved")
    assert proposals.faults(proposal)[0].field == "is_urgent"


def test_only_urgent_corrections_are_taken_up_before_a_sealed_edition(sealed, urgent, make_correction, make_proposal):
    ordinary = make_proposal(standard_change(), effective_from=SOON, to="approved")

    with pytest.raises(proposals.TransitionError, match="只能编入紧急更正"):
        make_correction(ordinary)


def test_an_urgent_correction_is_not_taken_up_after_the_sealed_edition(sealed, urgent, act):
    later = drafts.create_draft(
        sealed, slug="2028", title="清单", effective_from=datetime.date(2028, 1, 1), context=act("root")
    )

    with pytest.raises(proposals.TransitionError, match="不在已封存的版本之前施行"):
        proposals.include_in_edition(urgent, later, context=act("root"))


def test_two_editions_do_not_follow_the_same_one(next_edition, publish):
    publish("other", effective_from=NEXT_YEAR)

    assert "请接在它之后" in str(publishing.faults(next_edition, on=NEXT_YEAR)[0])


def test_a_correction_follows_the_edition_in_force_on_its_day(sealed, corrected, urgent, act):
    draft = drafts.create_draft(
        Edition.objects.get(slug="2026"), slug="2026-b", title="更正", effective_from=SOON + datetime.timedelta(1),
        context=act("root"),
    )  # fmt: skip

    assert "应接在那一天在用的版本 2026-a 之后" in str(publishing.faults(draft, on=SOON)[0])


def test_an_edition_is_overtaken_only_by_what_comes_into_force_before_it(sealed, make_correction):
    same_day = Edition(region=sealed.region, previous=sealed.previous, effective_from=NEXT_YEAR)

    assert reissues.overtaken(same_day) == []
    assert reissues.overtaken(make_correction()) == [sealed]
