"""Proposals: drafted, assessed, approved by another person and taken up into an edition."""

import datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from catalogue.audit.log import AuditContext
from catalogue.editions import drafts, merge
from catalogue.models import Assessment, Entry, Event, Proposal
from catalogue.workflow import proposals, publishing
from catalogue.workflow.steps import assessments
from services.models import Department, Region, Service
from tests.conftest import make_user
from tests.support.editions import SHORT_LIST
from tests.support.entries import (
    ASSESSMENT_FIGURES,
    ASSESSMENT_LINE,
    NEXT_YEAR,
    NOTE_CHANGE,
    PROPOSED_AT,
    STANDARD,
    addition,
    make_citation,
    make_entry,
    standard_change,
    withdrawal,
)

pytestmark = pytest.mark.usefixtures("short_list")


def test_a_proposal_goes_from_draft_to_a_published_edition(make_proposal, act, next_edition, client):
    proposal = make_proposal(to="approved")

    proposals.include_in_edition(proposal, next_edition, context=act("root"))
    published = publishing.publish(next_edition, context=act("root"))

    proposal.refresh_from_db()
    assert (proposal.state, proposal.edition) == ("published", published)
    answer = client.get("/api/v1/services/NM-01-07/?edition=2027").json()
    assert (answer["standard"], answer["verification"]["standard"]) == (STANDARD, "verbatim")
    changes = client.get("/api/v1/editions/2027/changes/").json()["results"]
    assert [change["service"]["code"] for change in changes] == ["NM-01-07"]
    verbs = list(Event.objects.filter(proposal=proposal.number).order_by("number").values_list("verb", flat=True))
    assert verbs == ["drafted", "submitted", "assessed", "approved", "taken-up"]


@pytest.mark.parametrize(
    ("kind", "entries", "assessed"),
    [
        ("change", [standard_change()], True),  # a standard may cost
        ("change", [NOTE_CHANGE], False),
        ("add", [addition()], True),  # an addition is always assessed
        ("withdraw", [withdrawal("NM-09-09")], False),
        ("split", [withdrawal("NM-09-09", "NM-09-10", "NM-09-11"), addition("NM-09-10"), addition("NM-09-11")], True),
    ],
)
def test_a_proposal_that_may_raise_the_cost_is_assessed_first(make_proposal, kind, entries, assessed):
    proposal = make_proposal(*entries, kind=kind, to="assessing")

    assert proposal.state == ("assessing" if assessed else "approving")


def test_a_proposal_marked_as_raising_the_cost_is_assessed(make_proposal):
    assert make_proposal(NOTE_CHANGE, raises_cost=True, to="assessing").state == "assessing"


def test_total_and_increment_are_computed_for_each_line_and_level(make_proposal, act):
    lines = [ASSESSMENT_LINE, ASSESSMENT_LINE | {"label": "农村牧区", "beneficiaries": 100, "periods": 1}]

    assessment = proposals.assess(
        make_proposal(to="assessing"), figures=ASSESSMENT_FIGURES | {"lines": lines}, context=act("li")
    )

    first, second = assessment.lines.all()
    assert (first.total, first.increment) == (Decimal("155312640.00"), Decimal("7280280.00"))  # 6,741 × 90.00 × 12
    assert first.by_level(first.increment) == {
        "share_centre": Decimal("2426517.32"),
        "share_region": Decimal("2426517.32"),
        "share_league": Decimal("2427245.36"),  # the last with a share takes the remainder
        "share_banner": Decimal("0.00"),
    }
    assert sum(first.by_level(first.total).values()) == first.total
    said = assessments.snapshot(assessment)
    assert (said["total"], said["increment"]) == ("155504640.00", "7289280.00")
    assert said["added_league"] == "2430245.96"
    assert sum(Decimal(said[f"borne_{level}"]) for level in assessments.LEVELS) == Decimal(said["total"])


def test_a_lowered_standard_costs_less(make_proposal, act):
    line = ASSESSMENT_LINE | {"old_standard": Decimal("2000.00")}

    assessment = proposals.assess(
        make_proposal(to="assessing"), figures=ASSESSMENT_FIGURES | {"lines": [line]}, context=act("li")
    )

    assert assessments.snapshot(assessment)["increment"] == "-6471360.00"  # 6,741 × −80.00 × 12


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ({"conclusion": "perhaps"}, "perhaps"),
        ({"funding_source": ""}, "空|必"),
        ({"lines": []}, "请至少写一行"),
        ({"lines": [ASSESSMENT_LINE, ASSESSMENT_LINE]}, "同一范围只写一行"),
        ({"attachments": [{"name": "评估报告.pdf", "digest": "xyz"}]}, "格式不符"),
    ],
)
def test_an_invalid_assessment_is_refused(make_proposal, act, figures, words):
    refuse_to_assess(make_proposal(to="assessing"), ASSESSMENT_FIGURES | figures, words, act("li"))


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ({"share_league": Decimal("33.33")}, "应正好是 100%"),  # 99.99
        ({"share_league": Decimal("33.35")}, "应正好是 100%"),  # 100.01
        ({"share_centre": Decimal("-33.33"), "share_region": Decimal("99.99")}, "share_centre"),
        ({"beneficiaries": -1}, "大于|最小|不"),
        ({"old_standard": Decimal("-0.01")}, "大于或等于"),
        ({"new_standard": Decimal("-0.01")}, "大于或等于"),
        ({"new_standard": Decimal("0.001")}, "小数"),
        ({"old_standard": "NaN"}, "数字|小数"),
        ({"periods": 0}, "大于或等于"),
        ({"period": "week"}, "week"),
        ({"label": ""}, "空|必"),
    ],
)
def test_invalid_figures_of_any_line_are_refused(make_proposal, act, figures, words):
    lines = [ASSESSMENT_LINE | {"label": "城市"}, ASSESSMENT_LINE | figures]
    refuse_to_assess(make_proposal(to="assessing"), ASSESSMENT_FIGURES | {"lines": lines}, words, act("li"))


def refuse_to_assess(proposal: Proposal, figures: dict, words: str, context) -> None:
    with pytest.raises(proposals.TransitionError, match=words):
        proposals.assess(proposal, figures=figures, context=context)

    proposal.refresh_from_db()
    assert proposal.state == "assessing"
    assert not Assessment.objects.exists()


@pytest.mark.parametrize("who", ["wang", "li"])  # the proposer and the assessor
@pytest.mark.parametrize("verb", [proposals.approve, proposals.decline])
def test_proposer_and_assessor_cannot_decide(make_proposal, act, who, verb):
    proposal = make_proposal(to="approving")

    with pytest.raises(proposals.TransitionError, match="请由另一人审批"):
        verb(proposal, context=act(who, "理由"))

    proposal.refresh_from_db()
    assert proposal.state == "approving"


def test_the_proposer_cannot_assess(make_proposal, act):
    proposal = make_proposal(to="assessing")

    with pytest.raises(proposals.TransitionError, match="不能评估它"):
        proposals.assess(proposal, figures=ASSESSMENT_FIGURES, context=act("wang"))


@pytest.mark.parametrize("verb", [proposals.approve, proposals.decline])
def test_a_decision_has_a_person(make_proposal, verb):
    with pytest.raises(proposals.TransitionError, match="请由另一人审批"):
        verb(make_proposal(to="approving"), context=AuditContext(at=PROPOSED_AT, reason="理由"))


def test_an_unaffordable_proposal_is_not_approved(make_proposal, act):
    proposal = make_proposal(to="assessing")
    proposals.assess(proposal, figures=ASSESSMENT_FIGURES | {"conclusion": "unaffordable"}, context=act("li"))

    with pytest.raises(proposals.TransitionError, match="不可承受"):
        proposals.approve(proposal, context=act("zhao"))


def test_a_proposal_is_declined_with_a_reason_and_can_be_submitted_again(make_proposal, act):
    proposal = make_proposal(to="approving")
    with pytest.raises(proposals.TransitionError, match="请写明理由"):
        proposals.decline(proposal, context=act("zhao"))

    proposals.decline(proposal, context=act("zhao", "缺少测算依据"))

    proposal.refresh_from_db()
    assert (proposal.state, proposal.approvals.get().reason) == ("declined", "缺少测算依据")
    proposals.amend(proposal, entries=[standard_change(standard_as_of="2027年")], context=act(), title="改过的标题")
    proposal.refresh_from_db()
    assert (proposal.state, proposal.title) == ("draft", "改过的标题")
    assert not Assessment.objects.filter(proposal=proposal).exists()  # it must be assessed again
    proposals.submit(proposal, context=act())
    proposals.assess(proposal, figures=ASSESSMENT_FIGURES, context=act("li"))
    proposals.approve(proposal, context=act("zhao"))


@pytest.mark.parametrize(
    ("kind", "entries", "words"),
    [
        ("change", [], "请先加入要调整的项目"),
        ("change", [addition()], "“调整”建议不能有要新增的项目，现有 1 个"),
        ("add", [standard_change()], "请先加入要新增的项目"),
        ("withdraw", [NOTE_CHANGE], "请先加入要取消的项目"),
        ("merge", [withdrawal("NM-09-09", "NM-09-08")], "合并后应只有一个项目"),
        ("merge", [withdrawal("NM-09-09"), NOTE_CHANGE], "由它承接"),
        ("split", [withdrawal("NM-09-09", "NM-09-10"), addition("NM-09-10")], "至少有两个项目"),
        # One service more or less than each kind may add, change or withdraw.
        ("add", [addition(), NOTE_CHANGE], "不能有要调整的项目"),
        ("change", [NOTE_CHANGE, withdrawal("NM-09-09")], "不能有要取消的项目"),
        ("merge", [addition()], "请先加入要取消的项目"),
        ("merge", [withdrawal("NM-09-09"), addition(), addition("NM-05-06")], "至多新增 1 个项目，现有 2 个"),
        ("merge", [withdrawal("NM-09-09"), NOTE_CHANGE, NOTE_CHANGE | {"service": "NM-01-05"}], "至多调整 1 个项目"),
        ("split", [withdrawal("NM-09-09"), withdrawal("NM-09-08"), addition()], "至多取消 1 个项目"),
        ("split", [addition(), NOTE_CHANGE, NOTE_CHANGE | {"service": "NM-01-05"}], "至多调整 1 个项目"),
        ("split", [withdrawal("NM-09-09"), NOTE_CHANGE], "请先加入要新增的项目"),
        ("change", [NOTE_CHANGE | {"entry_data": {"name": None}}], "“名称”必须写明"),
        ("add", [addition(domain=None)], "NM-05-05：“领域”必须写明"),
        ("change", [standard_change(citations=[])], "没有来源"),
        ("change", [standard_change(verification={})], "没有核实情况"),
        ("change", [standard_change(citations=[make_citation("standard", quote=None)])], "没有照录原文"),
        (
            "change",
            [standard_change(citations=[make_citation("standard", quote="每人每月2300元")])],
            "不在所引原文之中",
        ),
        ("change", [standard_change(citations=[make_citation("standard", source="no-such")])], "依据文件中没有代码"),
        ("change", [standard_change(colour="red")], "不能更改 colour"),
        ("change", [standard_change(number=3)], "不能更改 number"),
        ("change", [NOTE_CHANGE | {"service": "NM-09-99"}], "现行清单中没有"),
        ("change", [NOTE_CHANGE | {"entry_data": {"lead_department": "no-such"}}], "部门中没有代码"),
        ("add", [addition("NM-05-01")], "代码已经用过"),
        ("add", [addition() | {"entry_data": {"name": "只有名称"}}], "写明全部字段"),
        ("add", [addition(colour="red")], "写明全部字段"),
        ("withdraw", [withdrawal("NM-09-09", "NM-09-98")], "承接项目 NM-09-98 不在清单中"),
        ("withdraw", [withdrawal("NM-09-09", "NM-09-09")], "承接项目 NM-09-09 不在清单中"),
    ],
)
def test_a_faulty_proposal_stays_a_draft(make_proposal, act, kind, entries, words):
    proposal = make_proposal(*entries, kind=kind) if entries else make_proposal(kind=kind)
    if not entries:
        proposals.amend(proposal, entries=[], context=act())

    with pytest.raises(proposals.TransitionError, match=words):
        proposals.submit(proposal, context=act())

    proposal.refresh_from_db()
    assert proposal.state == "draft"


def test_a_change_without_effect_is_not_submitted(make_proposal, act):
    note = Entry.objects.get(edition__slug="2026", service__code="NM-01-07").note
    proposal = make_proposal(NOTE_CHANGE | {"entry_data": {"note": note}})

    with pytest.raises(proposals.TransitionError, match="没有任何调整"):
        proposals.submit(proposal, context=act())

    proposal.refresh_from_db()
    assert proposal.state == "draft"


@pytest.mark.parametrize(
    "entries",
    [
        [NOTE_CHANGE, NOTE_CHANGE],
        [NOTE_CHANGE | {"action": "dance"}],
        [NOTE_CHANGE | {"service": "NM-5"}],
        [withdrawal("NM-09-09") | {"entry_data": {}}],
    ],
)
def test_an_invalid_draft_is_refused_and_writes_nothing(make_proposal, entries):
    count = Event.objects.count()

    with pytest.raises((proposals.TransitionError, IntegrityError)), transaction.atomic():
        make_proposal(*entries)

    assert not Proposal.objects.exists()
    assert Event.objects.count() == count


def test_after_a_merger_the_entries_are_renumbered(make_proposal, act, next_edition):
    proposal = make_proposal(
        withdrawal("NM-09-08", "NM-09-10"),
        withdrawal("NM-09-09", "NM-09-10"),
        addition("NM-09-10", domain="NM-09"),
        kind="merge",
        to="approved",
    )

    proposals.include_in_edition(proposal, next_edition, context=act("root"))

    entries = list(next_edition.entries.order_by("number").values_list("number", "service__code"))
    assert [number for number, _ in entries] == list(range(1, len(SHORT_LIST)))
    assert entries[-1][1] == "NM-09-10"
    publishing.publish(next_edition, context=act("root"))


def test_an_added_service_is_last_in_its_domain(make_proposal, act, next_edition):
    proposals.include_in_edition(
        make_proposal(addition(), kind="add", to="approved"), next_edition, context=act("root")
    )

    codes = list(next_edition.entries.order_by("number").values_list("service__code", flat=True))
    assert codes[codes.index("NM-05-04") + 1] == "NM-05-05"
    assert codes[codes.index("NM-05-05") + 1] == "NM-06-01"
    assert Service.objects.filter(code="NM-05-05").exists()


@pytest.mark.parametrize("to", ["draft", "assessing", "approving"])
def test_only_an_approved_proposal_is_taken_up(make_proposal, act, next_edition, to):
    with pytest.raises(proposals.TransitionError, match="不能这样处理"):
        proposals.include_in_edition(make_proposal(to=to), next_edition, context=act("root"))


def test_a_change_of_a_withdrawn_service_is_not_taken_up(make_proposal, act, next_edition):
    withdrawn = make_proposal(withdrawal("NM-01-07"), kind="withdraw", to="approved")
    changed = make_proposal(NOTE_CHANGE | {"service": "NM-01-05"}, standard_change(), to="approved")
    proposals.include_in_edition(withdrawn, next_edition, context=act("root"))

    with pytest.raises(proposals.TransitionError, match="版本 2027 中已没有服务项目 NM-01-07"):
        proposals.include_in_edition(changed, next_edition, context=act("root"))

    changed.refresh_from_db()
    assert changed.edition is None
    assert not next_edition.entries.filter(note=NOTE_CHANGE["entry_data"]["note"]).exists()


def test_a_proposal_is_taken_up_once(make_proposal, act, next_edition):
    proposal = make_proposal(to="approved")
    proposals.include_in_edition(proposal, next_edition, context=act("root"))

    with pytest.raises(proposals.TransitionError, match="已编入版本 2027"):
        proposals.include_in_edition(proposal, next_edition, context=act("root"))


def test_a_proposal_is_not_taken_up_into_an_edition_before_its_effective_day(make_proposal, act, next_edition):
    proposal = make_proposal(to="approved", effective_from=NEXT_YEAR + datetime.timedelta(days=1))

    with pytest.raises(proposals.TransitionError, match="早于建议的施行日期"):
        proposals.include_in_edition(proposal, next_edition, context=act("root"))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"note": "夹带"}, "note"),
        ({"content": None}, "content"),
        ({"verification": {"lead_department": "verbatim"}}, "lead_department"),
        ({"citations": [make_citation("mention")]}, "mention"),
    ],
)
def test_a_change_without_approval_is_not_published(make_proposal, act, next_edition, terms, change, field):
    proposals.include_in_edition(make_proposal(to="approved"), next_edition, context=act("root"))
    entry = next_edition.entries.get(service__code="NM-01-05")
    unapproved = merge.apply_change(drafts.current_data(entry), change)
    if field == "lead_department":
        unapproved = drafts.current_data(entry) | {
            "basis": drafts.current_data(entry)["basis"] | {"lead_department": "plan"}
        }
    if field == "content":
        unapproved["citations"] = [c for c in unapproved["citations"] if c["field"] != "content"]
    drafts.save_entry(next_edition, unapproved, terms=terms, context=act("root"))

    with pytest.raises(publishing.NotPublishableError, match="没有经批准的调整建议") as refusal:
        publishing.publish(next_edition, context=act("root"))

    assert ("NM-01-05", field) in {(fault.service, fault.field) for fault in refusal.value.faults}


def test_a_withdrawal_without_approval_is_not_published(act, next_edition):
    drafts.withdraw_entry(next_edition, "NM-09-09", context=act("root"))

    with pytest.raises(publishing.NotPublishableError, match="增减这一项目没有经批准的调整建议"):
        publishing.publish(next_edition, context=act("root"))


def test_an_edition_effective_in_the_past_is_not_published(act, next_edition):
    late = AuditContext(at=PROPOSED_AT.replace(year=2027, month=1, day=2), user=act().user)

    with pytest.raises(publishing.NotPublishableError, match="已经过去"):
        publishing.publish(next_edition, context=late)


def test_the_preview_shows_the_public_changes_of_a_draft(make_proposal, act, next_edition):
    proposals.include_in_edition(make_proposal(to="approved"), next_edition, context=act("root"))

    ((document, comparison),) = publishing.preview(next_edition)

    assert (document["code"], comparison["kind"]) == ("NM-01-07", "changed")
    assert {"standard", "citations"} <= {field["field"] for field in comparison["fields"]}


def test_a_new_draft_equals_the_previous_edition(next_edition):
    assert publishing.preview(next_edition) == []
    assert next_edition.entries.count() == len(SHORT_LIST)


@pytest.mark.parametrize(
    ("belongs", "department", "entries", "reason"),
    [
        ("civil-affairs", "finance", [NOTE_CHANGE], "不能以它的名义提出建议"),
        ("finance", "finance", [NOTE_CHANGE], "由内蒙古自治区民政厅牵头，您不属于这个部门"),
        (
            "finance",
            "finance",
            [
                addition(
                    lead_department="civil-affairs",
                    verification={"name": "verbatim", "domain": "verbatim", "lead_department": "unverified"},
                )
            ],
            "由内蒙古自治区民政厅牵头",
        ),
    ],
)
def test_an_editor_proposes_only_for_the_own_departments(db, belongs, department, entries, reason):
    outsider = make_user("sun", "编辑", departments=[belongs])

    with pytest.raises(proposals.TransitionError, match=reason):
        proposals.draft(
            kind="change",
            region=Region.objects.get(code="150000"),
            department=Department.objects.get(code=department),
            title="调整",
            reason="理由",
            effective_from=NEXT_YEAR,
            entries=entries,
            context=AuditContext(at=PROPOSED_AT, user=outsider),
        )

    assert not Proposal.objects.exists()


def test_a_blank_entry_has_every_field_and_no_value():
    unknown = {"name": None, "domain": None, "verification": {}, "basis": {}, "citations": []}

    assert drafts.blank_entry("NM-05-05") == make_entry("NM-05-05", **unknown)
    assert drafts.blank_entry("NM-05-05", 7) == make_entry("NM-05-05", **unknown, number=7)
