"""Figures of a proposed text without a quote: answered by a clause or by a reason that another person approves."""

import json

import pytest

from catalogue.editions import sourcing
from catalogue.integrity import checks
from catalogue.models import Edition, Event, FigureReason, Proposal
from catalogue.workflow import proposals, publishing
from catalogue.workflow.checks import explanations, figures
from catalogue.workflow.steps import reversals
from services.vocabularies import source_identities
from tests.support.entries import (
    ASSESSMENT_FIGURES,
    NOTE_CHANGE,
    STANDARD,
    make_citation,
    make_entry,
    standard_change,
)

pytestmark = pytest.mark.usefixtures("short_list")

REASON = "2300元是第三条的2200元加第五条的100元。"


def unquoted_change(**changes: object) -> dict:
    """A paraphrased standard of 2300 yuan, whose clause says 2200."""
    citation = make_citation("standard", source="seed-daily", quote="自2027年起每月2200元", verification="secondary")
    sourced = {"verification": {"standard": "secondary"}, "citations": [citation]}
    return standard_change(**(sourced | changes))


def reasons_of(proposal: Proposal) -> list[str]:
    return [str(fault) for fault in proposals.faults(proposal)]


def explain(proposal: Proposal, context, field: str = "standard") -> FigureReason:
    return explanations.explain_figures(proposal, service="NM-01-07", field=field, context=context)


def decide(proposal: Proposal, act) -> None:
    proposals.assess(proposal, figures=ASSESSMENT_FIGURES, context=act("li"))
    proposals.approve(proposal, context=act("zhao"))


def test_a_figure_in_none_of_the_quotes_blocks_the_submission(make_proposal, act):
    proposal = make_proposal(unquoted_change())

    (fault,) = reasons_of(proposal)
    assert "NM-01-07：“服务标准”中的 2300 不在所引原文之中" in fault
    with pytest.raises(proposals.TransitionError, match="2300"):
        proposals.submit(proposal, context=act())


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"standard": "每人每月两千二百元", "standard_as_of": "2027"}, []),
        ({"standard": "每人每月2,200元", "standard_as_of": "2027"}, []),
        ({"standard": "每人每月2200元", "standard_as_of": "2028"}, ["2028"]),  # the time of the standard counts
        ({"standard": "每人每月2200元", "standard_as_of": None}, []),
        ({"standard": "每人每月2200元，每月25日发放", "standard_as_of": "2027"}, ["25日"]),
    ],
)
def test_the_notation_of_a_figure_makes_no_difference(make_proposal, changes, missing):
    rows = figures.of_proposal(make_proposal(unquoted_change(**changes)), Edition.objects.get(slug="2026"))

    assert [figure for row in rows for figure in row.figures] == missing


def test_the_time_of_a_standard_may_be_that_of_the_document(db):
    entry = make_entry(
        standard="免费", standard_as_of="2021", citations=[make_citation("standard", quote="免费", source="seed-plan")]
    )

    assert sourcing.unquoted_figures(entry, {"seed-plan": "规划\n2021-11-05"}) == {}
    assert sourcing.unquoted_figures(entry, {"seed-plan": "规划\n2020"}) == {"standard": ["2021"]}
    assert "2021" in source_identities()["seed-plan"]


def test_an_old_clause_that_stays_does_not_answer_for_a_new_figure(make_proposal):
    """The import replaces clauses, the form keeps them."""
    old = make_citation("standard", source="seed-daily", quote="每月2200元", verification="secondary")
    proposal = make_proposal(
        standard_change(
            citations=[old, old | {"quote": "自2027年起提高到2290元"}], verification={"standard": "secondary"}
        )
    )

    assert "2300" in reasons_of(proposal)[0]


def test_a_proposal_is_not_asked_about_what_it_does_not_change(make_proposal):
    """The compiled standard of NM-05-02 has figures without a quote."""
    edition = Edition.objects.get(slug="2026")
    (compiled,) = (document for document in edition.documents() if document["code"] == "NM-05-02")
    assert sourcing.unquoted_figures(
        {**compiled, "citations": [row | {"source": row["source"]["code"]} for row in compiled["citations"]]}, {}
    )["standard"]

    assert reasons_of(make_proposal(NOTE_CHANGE | {"service": "NM-05-02"})) == []


def test_removing_the_clause_of_a_figure_is_asked_about_too(make_proposal):
    """The text of the standard stays; its quote had the figures."""
    entry = {
        "verification": {"standard": "secondary"},
        "basis": {"standard": "regulation"},
        "citations": [make_citation("standard", quote="另有规定", source="seed-daily", verification="secondary")],
    }

    proposal = make_proposal({"service": "NM-01-07", "action": "change", "entry_data": entry, "successors": []})

    assert any("服务标准" in reason and "不在所引原文之中" in reason for reason in reasons_of(proposal))


def test_the_reason_of_the_proposer_approved_by_another_is_sealed_and_on_record(make_proposal, act, next_edition):
    proposal = make_proposal(unquoted_change())
    explain(proposal, act(reason=REASON))
    proposals.submit(proposal, context=act())
    decide(proposal, act)
    proposals.include_in_edition(proposal, next_edition, context=act("root"))

    publishing.publish(next_edition, context=act("root"))

    events = {event.verb: event for event in Event.objects.filter(proposal=proposal.number)}
    explained = events["explained"]
    assert (explained.actor, explained.service, explained.field) == ("wang", "NM-01-07", "standard")
    assert (explained.reason, json.loads(explained.after)["figures"]) == (REASON, ["2300"])
    assert json.loads(events["approved"].after)["figure_reasons"] == [
        {"service": "NM-01-07", "field": "standard", "figures": ["2300"], "reason": REASON}
    ]
    assert [fault for fault in checks.cross_check() if "号建议" in fault] == []


def test_a_reason_answers_for_one_text_alone(make_proposal, act):
    proposal = make_proposal(unquoted_change())
    explain(proposal, act(reason=REASON))
    assert reasons_of(proposal) == []

    proposals.amend(proposal, entries=[unquoted_change(standard=STANDARD.replace("2300", "2400"))], context=act())
    assert "2400" in reasons_of(proposal)[0]

    proposals.amend(proposal, entries=[unquoted_change()], context=act())
    assert reasons_of(proposal) == []


def test_a_reason_does_not_answer_for_a_figure_that_lost_its_quote_later(make_proposal, act):
    proposal = make_proposal(unquoted_change())
    explain(proposal, act(reason=REASON))

    citation = make_citation("standard", source="seed-daily", quote="每月2200元", verification="secondary")
    proposals.amend(proposal, entries=[unquoted_change(citations=[citation])], context=act())

    assert "2300、2027" in reasons_of(proposal)[0]


@pytest.mark.parametrize(
    ("name", "reason", "field", "message"),
    [
        ("wang", None, "standard", "请写明"),
        ("bao", REASON, "standard", "只有自治区民政厅的人"),
        ("wang", REASON, "content", "没有需要说明的数字"),
        ("wang", REASON, "nonsense", "没有需要说明的数字"),
    ],
)
def test_a_reason_is_refused(make_proposal, act, name, reason, field, message):
    proposal = make_proposal(unquoted_change())

    with pytest.raises(proposals.TransitionError, match=message):
        explain(proposal, act(name, reason), field)

    assert not FigureReason.objects.exists()


def test_a_submitted_proposal_takes_no_reason_and_a_recalled_one_does(make_proposal, act):
    proposal = make_proposal(unquoted_change())
    explain(proposal, act(reason=REASON))
    proposals.submit(proposal, context=act())
    with pytest.raises(proposals.TransitionError, match="待评估"):
        explain(proposal, act(reason="另一个"))

    reversals.recall(proposal, context=act(reason="更正"))
    explain(proposal, act(reason="另一个"))

    assert proposal.figure_reasons.get().reason == "另一个"


def test_an_edition_with_a_figure_without_clause_or_reason_is_not_sealed(make_proposal, act, next_edition):
    """Two approved proposals on one field: the text of the first loses the clause by the second."""
    proposals.include_in_edition(make_proposal(to="approved"), next_edition, context=act("root"))
    clause = make_citation("standard", source="seed-daily", quote="另一处也有2300元，2027年", verification="secondary")
    same = standard_change(citations=[clause], verification={"standard": "secondary"})
    later = make_proposal(same, to="approved")
    proposals.include_in_edition(later, next_edition, context=act("root"))
    with_clause = publishing.faults(next_edition, on=act().at.date())
    next_edition.entries.get(service__code="NM-01-07").citations.filter(field="standard").update(quote="另有规定")

    faults = publishing.faults(next_edition, on=act().at.date())

    assert with_clause == []
    assert any("2300" in fault.reason and "也没有经批准的理由" in fault.reason for fault in faults)


def test_a_tampered_reason_contradicts_the_record(make_proposal, act):
    proposal = make_proposal(unquoted_change())
    explain(proposal, act(reason=REASON))
    assert [fault for fault in checks.cross_check() if "号建议" in fault] == []

    FigureReason.objects.update(reason="改过的理由")

    assert any("数字说明与记录不符" in fault for fault in checks.cross_check())


def test_quoted_figures_need_no_reason(make_proposal):
    assert reasons_of(make_proposal(standard_change())) == []
