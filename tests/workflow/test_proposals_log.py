"""What proposals leave in the audit log and in the public change; a step that cannot be logged changes nothing."""

import json

import pytest
from django.db import OperationalError, connection

from catalogue.models import Approval, Assessment, Edition, Entry, Event, Proposal, ProposedEntry
from catalogue.workflow import proposals, publishing
from tests.support.entries import (
    ASSESSMENT_FIGURES,
    NOTE_CHANGE,
    addition,
    standard_change,
    withdrawal,
)

pytestmark = pytest.mark.usefixtures("short_list")


def test_a_comment_is_in_the_audit_log_and_changes_nothing(make_proposal, act):
    proposal = make_proposal(to="approving")

    proposals.comment(proposal, context=act("zhao", reason="请补充去年的人数。"))

    event = Event.objects.order_by("number").last()
    assert (event.verb, event.proposal, event.reason) == ("commented", proposal.number, "请补充去年的人数。")
    assert Proposal.objects.get().state == "approving"
    with pytest.raises(proposals.TransitionError, match="请写下意见"):
        proposals.comment(proposal, context=act("zhao"))


def test_the_audit_log_has_every_figure_of_an_assessment(make_proposal):
    make_proposal(to="approving")

    after = json.loads(Event.objects.get(verb="assessed").after)

    line = after["lines"][0]
    assert (line["label"], line["beneficiaries"], line["old_standard"], line["new_standard"], line["share_league"]) == (
        "全区", 6741, "1830.00", "1920.00", "33.34",
    )  # fmt: skip
    assert (after["total"], after["increment"], after["added_league"], after["funding_source"]) == (
        "155312640.00", "7280280.00", "2427245.36", "一般公共预算",
    )  # fmt: skip


def test_the_audit_log_has_the_whole_draft(make_proposal):
    make_proposal(standard_change(), withdrawal("NM-09-09", "NM-09-08"), raises_cost=True)

    assert json.loads(Event.objects.get(verb="drafted").after) == {
        "kind": "change",
        "title": "提高孤儿基本生活费标准",
        "department": "civil-affairs",
        "reason": "落实常务会议决定",
        "document_number": None,
        "effective_from": "2027-01-01",
        "raises_cost": True,
        "entries": [
            {"service": "NM-01-07", "action": "change", "successors": [], "stated": standard_change()["entry_data"]},
            {"service": "NM-09-09", "action": "withdraw", "successors": ["NM-09-08"], "stated": None},
        ],
    }


def test_the_public_change_has_the_reason_of_the_proposal(make_proposal, act, next_edition, client):
    proposal = make_proposal(to="approved", document_number="内民政发〔2026〕1号")
    proposals.include_in_edition(proposal, next_edition, context=act("root"))
    publishing.publish(next_edition, context=act("root"))

    change = client.get("/api/v1/changes/?page_size=500").json()["results"][-1]

    assert (change["service"]["code"], change["reason"]) == ("NM-01-07", "落实常务会议决定")
    assert Event.objects.order_by("number").last().document_number == "内民政发〔2026〕1号"


def test_the_event_of_a_withdrawn_service_has_its_proposal_and_successors(make_proposal, publish):
    proposal = make_proposal(
        withdrawal("NM-09-09", "NM-09-10", "NM-09-01"), addition("NM-09-10"), addition("NM-09-11"),
        kind="split", to="approved",
    )  # fmt: skip
    publish("2027", proposal)

    event = Event.objects.get(verb="service-withdrawn", edition="2027")

    after = json.loads(event.after)
    assert (event.service, event.reason, event.document_number) == ("NM-09-09", "落实常务会议决定", None)
    assert (after["name"], after["effective_from"]) == ("全民健身服务", "2027-01-01")
    assert after["proposals"] == [proposal.number]
    assert [service["code"] for service in after["successors"]] == ["NM-09-10", "NM-09-01"]


def test_a_change_by_two_documents_has_both_reasons_and_no_document_number(make_proposal, publish):
    first = make_proposal(to="approved", document_number="内民政发〔2026〕1号")
    second = make_proposal(NOTE_CHANGE, to="approved", document_number="内民政发〔2026〕2号", reason="统一用语")
    publish("2027", first, second)

    event = Event.objects.get(verb="service-changed", edition="2027")

    assert (event.service, event.reason) == ("NM-01-07", "统一用语；落实常务会议决定")  # the newest first
    assert event.document_number is None


def without_events(execute, sql, *arguments):
    if sql.startswith("INSERT") and Event._meta.db_table in sql:
        raise OperationalError("disk full")
    return execute(sql, *arguments)


@pytest.mark.parametrize(
    ("to", "step", "name"),
    [
        ("draft", lambda proposal, **rest: proposals.amend(proposal, entries=[NOTE_CHANGE], **rest), "wang"),
        ("draft", proposals.submit, "wang"),
        ("assessing", lambda proposal, **rest: proposals.assess(proposal, figures=ASSESSMENT_FIGURES, **rest), "li"),
        ("approving", proposals.approve, "zhao"),
        ("approving", proposals.decline, "zhao"),
        (
            "approved",
            lambda proposal, **rest: proposals.include_in_edition(proposal, Edition.objects.get(slug="2027"), **rest),
            "root",
        ),
    ],
)
def test_a_step_that_cannot_be_logged_changes_nothing(make_proposal, act, next_edition, to, step, name):
    def rows() -> list:
        return [list(model.objects.values()) for model in (Proposal, ProposedEntry, Assessment, Approval, Entry)]

    proposal = make_proposal(to=to)
    rows_before = rows()

    with connection.execute_wrapper(without_events), pytest.raises(OperationalError):
        step(proposal, context=act(name, "理由"))

    assert rows() == rows_before


def test_a_draft_that_cannot_be_logged_is_not_made(make_proposal):
    with connection.execute_wrapper(without_events), pytest.raises(OperationalError):
        make_proposal()

    assert not Proposal.objects.exists()
