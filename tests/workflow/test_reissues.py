"""An urgent correction comes into force before an edition that is sealed already, which is then published again."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalogue.audit.log import AuditContext
from catalogue.editions import drafts, merge
from catalogue.editions.document import entry_data
from catalogue.integrity.checks import cross_check
from catalogue.models import Edition, Event, Proposal
from catalogue.workflow import proposals, publishing
from catalogue.workflow.checks import dates
from catalogue.workflow.steps import proposed_cases, reissues
from services.vocabularies import Terms
from tests.support.entries import (
    NEXT_YEAR,
    PROPOSED_AT,
    addition,
    make_citation,
    make_entry,
    quoted_standard,
    standard_change,
    withdrawal,
)  # fmt: skip
from tests.support.triggers import without_triggers
from tests.workflow.test_proposed_cases import older

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


def test_what_follows_an_edition_that_was_published_again_is_found_too(sealed, publish, make_proposal, corrected):
    with without_triggers():
        Edition.objects.filter(slug="2023").update(previous=sealed)

    assert "版本 2023：接在版本 2027 之后，后者已重新发布，它却没有。" in cross_check()


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


def older_case(age: int) -> dict:
    """A case of NM-05-01 that rests on a clause of its rule."""
    document = entry(Edition.objects.get(slug="2026"), "NM-05-01")
    cited = merge.citations_of(document, "eligibility")[0]
    return {
        "circumstances": {"age": age, "months_resident": 12},
        "expected": {"NM-05-01": "eligible"},
        "because": {"NM-05-01": {"source": cited["source"]["code"], "locator": cited["locator"]}},
    }


def test_the_cases_of_the_sealed_edition_go_along(make_proposal, publish, make_correction, act):
    changes = {"NM-05-01-new": proposed_cases.make_change(None, older_case(90))}
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


def test_what_both_added_cannot_be_published_again(make_proposal, publish, make_correction, act):
    publish("2027", make_proposal(addition(), kind="add", to="approved"))
    urgent = make_proposal(withdrawal("NM-09-08"), kind="withdraw", is_urgent=True, effective_from=SOON, to="approved")
    draft = make_correction(urgent)
    # As if the correction had added the service too, which no proposal can: the code is used.
    drafts.insert_entry(draft, make_entry("NM-05-05"), terms=Terms(), context=act("root"))

    with pytest.raises(drafts.DraftError, match="都是新增的，不能重新发布"):
        reissues.merged(Edition.objects.get(slug="2027"), drafts.current_entries(draft))


def test_if_it_cannot_be_published_again_it_is_told_and_nothing_is_published(
    make_proposal, publish, make_correction, act
):
    changes = {"NM-05-01-new": proposed_cases.make_change(None, older_case(66))}
    sealed = publish("2027", make_proposal(standard_change(), to="approved", case_changes=changes))
    # Its case is contradicted by the rule of the correction.
    urgent = make_proposal(older(70), is_urgent=True, effective_from=SOON, to="approved")
    draft, events = make_correction(urgent), Event.objects.count()

    reasons = [fault.reason for fault in publishing.faults(draft, on=SOON)]

    assert len(reasons) == 1 and reasons[0].startswith("版本 2027 要随本版本重新发布，不能发布：案例 NM-05-01-new")
    with pytest.raises(publishing.NotPublishableError, match="NM-05-01-new"):
        publishing.publish(draft, context=act("root"))
    draft.refresh_from_db()
    assert not draft.is_published and Event.objects.count() == events
    assert not Edition.objects.filter(reissue_of=sealed).exists()


def test_a_service_withdrawn_by_the_correction_stays_withdrawn(make_proposal, publish, make_correction, act):
    publish("2027", make_proposal(standard_change(), to="approved"))
    gone = make_proposal(withdrawal("NM-01-07"), kind="withdraw", is_urgent=True, effective_from=SOON, to="approved")

    corrected = publishing.publish(make_correction(gone), context=act("root"))

    assert "NM-01-07" not in codes(corrected) | codes(Edition.objects.get(slug="2027-2"))


def test_a_service_withdrawn_by_both_is_withdrawn_once(sealed, make_proposal, make_correction, act):
    gone = make_proposal(withdrawal(WITHDRAWN), kind="withdraw", is_urgent=True, effective_from=SOON, to="approved")

    corrected = publishing.publish(make_correction(gone), context=act("root"))

    assert codes(corrected) == codes(Edition.objects.get(slug="2027-2")) == codes(sealed)


def test_a_sealed_edition_of_the_same_day_is_published_again_too(sealed, make_proposal, publish, make_correction, act):
    publish("2027b", make_proposal(withdrawal("NM-01-05"), kind="withdraw", to="approved"))
    urgent = make_proposal(standard_change(**CORRECTION), is_urgent=True, effective_from=SOON, to="approved")

    publishing.publish(make_correction(urgent), context=act("root"))

    last = Edition.objects.in_force(NEXT_YEAR).get()
    assert last.slug == "2027b-2" and last == last.region.editions.last_sealed().get()
    assert codes(last).isdisjoint({WITHDRAWN, "NM-01-05"}) and standard(last) == RIGHT


def entry(edition: Edition, code: str) -> dict:
    return next(document for document in edition.documents() if document["code"] == code)


def test_what_an_edition_of_the_files_says_is_kept(make_edition, make_proposal, make_correction, act):
    entries = [entry_data(document) for document in Edition.objects.get(slug="2026").documents()]
    changed = [row | ({"note": "汇编时所写"} if row["code"] == "NM-01-05" else {}) for row in entries]
    make_edition("2027", "2027-01-01", entries=changed)
    urgent = make_proposal(standard_change(**CORRECTION), is_urgent=True, effective_from=SOON, to="approved")

    publishing.publish(make_correction(urgent), context=act("root"))

    last = Edition.objects.in_force(NEXT_YEAR).get()
    assert (entry(last, "NM-01-05")["note"], standard(last)) == ("汇编时所写", RIGHT)


def test_an_edition_of_the_files_does_not_overtake_another(make_edition):
    draft = make_edition("2025", "2026-11-02", at=None)
    draft.previous, draft.effective_from = Edition.objects.get(slug="2023"), datetime.date(2025, 6, 1)
    draft.save()

    reasons = " ".join(map(str, publishing.faults(draft, on=SOON, from_fixtures=True)))
    assert "上一版本 2023 之后已发布了版本 2026" in reasons


def lead(source: str, quote: str, verification: str, **columns: object) -> dict:
    clause = make_citation("lead_department", source=source, quote=quote, locator="第3条", verification=verification)
    return columns | {
        "verification": {"lead_department": verification}, "basis": {"lead_department": "regulation"},
        "citations": [clause],
    }  # fmt: skip


FIELDS = [
    # The sealed edition has another clause for the old value: the corrected value keeps its own.
    (
        lead("seed-plan", "民政部门牵头", "secondary"),
        lead("seed-daily", "由教育部门牵头", "secondary", lead_department="education"),
        "lead_department", "correction",
    ),
    # Both change a column of the field: the later state holds as a whole.
    (standard_change()["entry_data"], standard_change(**CORRECTION)["entry_data"], "standard", "sealed"),
]  # fmt: skip


@pytest.mark.parametrize(("later", "correction", "field", "holds"), FIELDS, ids=["label", "value"])
def test_a_field_is_that_of_one_of_them_with_its_label_and_clauses(
    make_proposal, publish, make_correction, act, later, correction, field, holds
):
    later, correction = ({"service": "NM-01-07", "action": "change", "entry_data": data, "successors": []}
                         for data in (later, correction))  # fmt: skip
    sealed = publish("2027", make_proposal(later, to="approved"))
    urgent = make_proposal(correction, is_urgent=True, effective_from=SOON, to="approved")
    draft = make_correction(urgent)
    notices = " ".join(dates.edition_notices(draft, on=SOON))

    corrected = publishing.publish(draft, context=act("root"))

    again = Edition.objects.get(slug="2027-2")
    states = {
        name: [*(entry(edition, "NM-01-07")[column] for column in merge.columns_of(field)),
               entry(edition, "NM-01-07")["verification"].get(field),
               merge.citations_of(entry(edition, "NM-01-07"), field)]
        for name, edition in {"sealed": sealed, "correction": corrected, "again": again}.items()
    }  # fmt: skip
    assert states["again"] == states[holds] and states["sealed"] != states["correction"]
    assert "本版本和版本 2027 都改了" in notices


def test_a_day_that_is_over_is_refused_for_an_urgent_correction(sealed, make_proposal, act):
    over = PROPOSED_AT.date() - datetime.timedelta(1)

    with pytest.raises(proposals.TransitionError, match="已经过去"):
        make_proposal(standard_change(**CORRECTION), is_urgent=True, effective_from=over)
    proposal = make_proposal(standard_change(**CORRECTION), is_urgent=True, effective_from=SOON)
    later = AuditContext(at=PROPOSED_AT + datetime.timedelta(30), user=act().user)
    with pytest.raises(proposals.TransitionError, match="已经过去"):
        proposals.submit(proposal, context=later)


def test_an_edition_without_an_urgent_correction_does_not_overtake(sealed, make_correction):
    assert "没有编入紧急更正" in " ".join(map(str, publishing.faults(make_correction(), on=SOON)))


def test_a_long_slug_is_cut(make_proposal, publish, make_correction, act):
    publish("a" * 50, make_proposal(withdrawal(WITHDRAWN), kind="withdraw", to="approved"))
    urgent = make_proposal(standard_change(**CORRECTION), is_urgent=True, effective_from=SOON, to="approved")

    publishing.publish(make_correction(urgent), context=act("root"))

    assert Edition.objects.in_force(NEXT_YEAR).get().slug == "a" * 48 + "-2"


def test_the_history_of_a_service_compares_each_edition_with_the_one_it_follows(client, sealed, corrected):
    history = client.get("/api/v1/services/NM-01-07/history/").json()["results"]

    fields = {row["edition"]: {change["field"] for change in row["fields"]} for row in history}
    assert "standard" in fields["2026-a"]
    assert "standard" not in fields["2027"] | fields["2027-2"]


def test_a_draft_on_the_edition_that_was_published_again_is_refused(sealed, urgent, make_correction, act):
    next_year = drafts.create_draft(
        sealed, slug="2028", title="清单", effective_from=datetime.date(2028, 1, 1), context=act("root")
    )
    publishing.publish(make_correction(urgent), context=act("root"))

    assert "已重新发布为 2027-2，请接在它之后" in str(publishing.faults(next_year, on=SOON)[0])


def test_looking_for_faults_writes_nothing(urgent, make_correction):
    draft = make_correction(urgent)
    events, editions = Event.objects.count(), Edition.objects.count()

    assert publishing.faults(draft, on=SOON) == []
    assert (Event.objects.count(), Edition.objects.count()) == (events, editions)


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has no row locks")
def test_looking_for_faults_locks_in_the_order_of_publishing(urgent, make_correction):
    draft = make_correction(urgent)

    with CaptureQueriesContext(connection) as queries:
        publishing.faults(draft, on=SOON)

    locked = [query["sql"].partition(" FROM ")[2].split()[0] for query in queries if "FOR UPDATE" in query["sql"]]
    assert locked[:3] == ['"catalogue_proposal"', '"services_region"', '"catalogue_edition"']


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

    assert "请接在版本 other 之后" in str(publishing.faults(next_edition, on=NEXT_YEAR)[0])


def test_a_correction_follows_the_edition_in_force_on_its_day(sealed, corrected, urgent, act):
    draft = drafts.create_draft(
        Edition.objects.get(slug="2026"), slug="2026-b", title="更正", effective_from=SOON + datetime.timedelta(1),
        context=act("root"),
    )  # fmt: skip

    assert "请接在版本 2026-a 之后" in str(publishing.faults(draft, on=SOON)[0])


def test_an_edition_of_the_same_day_follows_the_sealed_one(sealed, act):
    draft = drafts.create_draft(
        sealed.previous, slug="other", title="清单", effective_from=NEXT_YEAR, context=act("root")
    )

    assert "请接在版本 2027 之后" in str(publishing.faults(draft, on=SOON)[0])
