"""What the desk tells of figures without a quote, of clauses that stay and of numbers that only move."""

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from catalogue.models import FigureReason
from catalogue.workflow import proposals, publishing
from catalogue.workflow.checks import explanations
from tests.desk.test_proposals import page, take
from tests.support.admin_forms import visible_text
from tests.support.entries import ASSESSMENT_FIGURES, NOTE_CHANGE, addition, make_citation, standard_change, withdrawal
from tests.workflow.test_figures import REASON, decide, unquoted_change

pytestmark = pytest.mark.usefixtures("short_list")


@pytest.fixture
def login(client, people):
    """Log a person in with a role."""

    def log_in(name: str, role: str):
        people[name].groups.add(Group.objects.get(name=role))
        client.force_login(people[name])
        return client

    return log_in


@pytest.fixture
def explained(make_proposal, act):
    proposal = make_proposal(unquoted_change())
    explanations.explain_figures(proposal, service="NM-01-07", field="standard", context=act(reason=REASON))
    return proposal


def test_the_proposer_is_told_and_gives_the_reason_on_the_page(login, make_proposal):
    client, proposal = login("wang", "编辑"), make_proposal(unquoted_change())
    assert "“服务标准”中的 2300 不在所引原文之中" in visible_text(client.get(page(proposal)))
    assert take(client, proposal, "submit").status_code == 409

    empty = take(client, proposal, "explain", service="NM-01-07", field="standard", reason="")
    given = take(client, proposal, "explain", service="NM-01-07", field="standard", reason=REASON)

    assert (empty.status_code, given.status_code) == (409, 302)
    assert REASON in visible_text(client.get(page(proposal)))
    assert take(client, proposal, "submit").status_code == 302


def test_a_field_that_the_browser_invents_is_refused(login, make_proposal):
    client, proposal = login("wang", "编辑"), make_proposal(unquoted_change())

    for field in ("", "password", "standard\\0"):
        answer = take(client, proposal, "explain", service="NM-01-07", field=field, reason=REASON)
        assert answer.status_code == 409, field


@pytest.mark.parametrize(("name", "role", "to"), [("li", "评估", "assessing"), ("zhao", "审批", "approving")])
def test_assessor_and_approver_see_the_reason_and_cannot_change_it(login, explained, act, name, role, to):
    proposals.submit(explained, context=act())
    if to == "approving":
        proposals.assess(explained, figures=ASSESSMENT_FIGURES, context=act("root"))
    client = login(name, role)

    shown = visible_text(client.get(page(explained)))

    assert "2300 不在所引原文之中" in shown and REASON in shown and "wang" in shown
    assert "记下理由" not in shown
    assert take(client, explained, "explain", service="NM-01-07", field="standard", reason="我的").status_code == 403
    assert FigureReason.objects.get().reason == REASON


def test_an_approval_of_another_reason_than_was_shown_is_refused(login, explained, act):
    proposals.submit(explained, context=act())
    proposals.assess(explained, figures=ASSESSMENT_FIGURES, context=act("li"))
    client = login("zhao", "审批")
    seen = client.get(page(explained)).context["seen"]
    FigureReason.objects.update(reason="换过的理由")

    answer = client.post(reverse("admin:catalogue_proposal_step", args=[explained.pk, "approve"]), {"seen": seen})

    assert answer.status_code == 409


def test_the_publisher_sees_the_reason_before_and_after_sealing(login, explained, act, next_edition):
    proposals.submit(explained, context=act())
    decide(explained, act)
    proposals.include_in_edition(explained, next_edition, context=act("root"))
    client = login("root", "发布")

    before = visible_text(client.get(reverse("admin:catalogue_edition_publish", args=[next_edition.pk])))
    publishing.publish(next_edition, context=act("root"))
    after = visible_text(client.get(reverse("admin:catalogue_edition_diff", args=[next_edition.pk])))

    for shown in (before, after):
        assert "凭理由批准" in shown and REASON in shown


def test_a_clause_that_stays_beside_a_new_one_is_shown(login, make_proposal, published_entry):
    old = [
        make_citation("standard", source=citation.source.code, locator=citation.locator, quote=citation.quote,
                      verification=citation.verification, jurisdiction=citation.jurisdiction)
        for citation in published_entry.edition.entries.get(service__code="NM-01-07").citations.filter(field="standard")
    ]  # fmt: skip
    new = standard_change()["entry_data"]["citations"]

    shown = visible_text(login("wang", "编辑").get(page(make_proposal(standard_change(citations=[*old, *new])))))

    assert "新的条文（1 条）" in shown and f"沿用的条文（{len(old)} 条" in shown
    assert old[0]["quote"][:20] in shown


def test_renumbered_services_are_one_line(login, make_proposal, act, next_edition):
    merged = make_proposal(withdrawal("NM-01-02"), kind="withdraw", to="approved")
    proposals.include_in_edition(merged, next_edition, context=act("root"))
    client = login("root", "发布")

    proposal_page = visible_text(client.get(page(merged)))
    publish_page = client.get(reverse("admin:catalogue_edition_publish", args=[next_edition.pk]))
    diff_page = client.get(reverse("admin:catalogue_edition_diff", args=[next_edition.pk]))

    assert "序号顺延 11 项" in proposal_page
    assert "序号顺延 11 项" in visible_text(publish_page) and "调整 0 项" in visible_text(publish_page)
    assert [change.code for change in publish_page.context["changed"]] == ["NM-01-02"]
    assert [change.code for change in diff_page.context["changed"]] == ["NM-01-02"]
    assert ("序号", 11) not in publish_page.context["fields"]


def test_a_proposal_that_adds_nothing_renumbers_nothing(login, make_proposal):
    client = login("wang", "编辑")

    assert "序号顺延" not in visible_text(client.get(page(make_proposal(NOTE_CHANGE))))
    assert "序号顺延" in visible_text(client.get(page(make_proposal(addition(), kind="add"))))


def test_the_feed_says_that_a_renumbering_is_no_change_of_a_service(client, make_proposal, publish):
    edition = publish("2027", make_proposal(withdrawal("NM-01-02"), kind="withdraw", to="approved"))

    feed = client.get("/api/v1/changes/", {"substance": "true", "page_size": 500}).json()["results"]
    moved = client.get("/api/v1/changes/", {"substance": "false", "page_size": 500}).json()["results"]

    assert [row["service"]["code"] for row in feed if row["edition"] == edition.slug] == ["NM-01-02"]
    assert [row["fields"][0]["field"] for row in moved if row["edition"] == edition.slug] == ["number"] * 11


def test_two_open_proposals_on_one_service_name_each_other(login, make_proposal):
    first, second = make_proposal(standard_change(), to="assessing"), make_proposal(standard_change())
    client = login("wang", "编辑")

    assert f"第 {first.number} 号" in visible_text(client.get(page(second)))
    assert f"第 {second.number} 号" in visible_text(client.get(page(first)))


def test_an_assessment_is_shown_with_grouped_money_and_as_done(login, make_proposal):
    proposal = make_proposal(standard_change(), to="approving")

    shown = visible_text(login("zhao", "审批").get(page(proposal)))

    assert (
        "1.55亿元（155,312,640.00元）" in shown and "增加 728.03万元（7,280,280.00元）" in shown and "12 个月" in shown
    )
    assert "已评估：可以承受" in shown and "须评估" not in shown
